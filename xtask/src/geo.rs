//! `cargo run --release -p xtask -- geo SOURCE_DIR data/geo`: turns the collected location tables into the files that
//! the program carries. Layouts: `data/geo/FORMAT.md`.
//!
//! A run asks these tables for a few hundred addresses out of millions of ranges. So they are cut into pages, each
//! packed alone, and whatever can be worked out once is worked out here. Nothing else changes: a test of the library
//! compares the answers with those of the sources.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::net::IpAddr;
use std::path::Path;

type Failure = Box<dyn Error>;

/// Rows of a page of states or cells: an answer unpacks a few kilobytes.
const ROWS: usize = 1024;
/// Rows of a page of autonomous systems.
const SYSTEMS: usize = 128;
/// Strongest level of zstd.
const LEVEL: i32 = 22;
/// In the column of delta numbers: this delta is not in the list, take the next of the rare ones.
const RARE: u8 = 255;

/// Reads all sources in `src` and writes the tables into `dir`; says what it wrote.
pub(crate) fn convert(src: &Path, dir: &Path) -> Result<String, Failure> {
    let known = known_states(&fs::read_to_string(src.join("countries.tsv"))?);
    let mut said = String::new();
    let mut write = |name: &str, bytes: Vec<u8>| -> Result<(), Failure> {
        said += &format!("{name}: {} bytes\n", bytes.len());
        Ok(fs::write(dir.join(name), bytes)?)
    };
    for family in [4, 6] {
        let source = unpack(src, &format!("jurisdiction-v{family}.jtbl.zst"))?;
        write(&format!("jurisdiction-v{family}.pages"), states(&source, family, &known)?)?;
        let source = unpack(src, &format!("city-v{family}.jtcy.zst"))?;
        write(&format!("city-v{family}.pages"), cells(&source, family)?)?;
    }
    write("as-info.pages", systems(&unpack_text(src, "as-info.tsv.zst")?)?)?;
    write("cities15000.pages", cities(&unpack_text(src, "cities15000.tsv.zst")?)?)?;
    write("airports-iata.pages", airports(&unpack_text(src, "airports-iata.tsv.zst")?)?)?;
    write("cloud-regions.ranges.zst", cloud(&unpack_text(src, "cloud-regions.tsv.zst")?)?)?;
    Ok(said.trim_end().to_owned())
}

fn unpack(src: &Path, name: &str) -> Result<Vec<u8>, Failure> {
    let path = src.join(name);
    let packed = fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    Ok(zstd::bulk::decompress(&packed, 64 << 20)?)
}

fn unpack_text(src: &Path, name: &str) -> Result<String, Failure> {
    Ok(String::from_utf8(unpack(src, name)?)?)
}

// ---------------------------------------------------------------- the container

fn put_varint(out: &mut Vec<u8>, mut n: u128) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn varints(numbers: impl IntoIterator<Item = u128>) -> Vec<u8> {
    let mut out = Vec::new();
    numbers.into_iter().for_each(|n| put_varint(&mut out, n));
    out
}

fn put_number(out: &mut Vec<u8>, n: usize) -> Result<(), Failure> {
    out.extend(u32::try_from(n)?.to_le_bytes());
    Ok(())
}

fn columns(columns: &[&[u8]]) -> Result<Vec<u8>, Failure> {
    let mut out = Vec::new();
    for column in columns {
        put_number(&mut out, column.len())?;
        out.extend(*column);
    }
    Ok(out)
}

/// One file of pages: each with its first key.
fn paged(magic: &[u8; 5], family: u8, rows: usize, head: &[u8], pages: &[(u64, Vec<u8>)]) -> Result<Vec<u8>, Failure> {
    if !pages.windows(2).all(|w| w[0].0 < w[1].0) {
        return Err("pages out of order".into());
    }
    let packed: Vec<Vec<u8>> = pages.iter().map(|p| zstd::bulk::compress(&p.1, LEVEL)).collect::<Result<_, _>>()?;
    let mut out = magic.to_vec();
    out.push(family);
    put_number(&mut out, rows)?;
    put_number(&mut out, pages.len())?;
    out.extend(columns(&[
        &zstd::bulk::compress(head, LEVEL)?,
        &varints(differences(pages.iter().map(|p| u128::from(p.0)))),
        &varints(packed.iter().map(|p| p.len() as u128)),
        &packed.concat(),
    ])?);
    Ok(out)
}

fn differences(sorted: impl IntoIterator<Item = u128>) -> Vec<u128> {
    let mut last = 0;
    sorted.into_iter().map(|n| n - std::mem::replace(&mut last, n)).collect()
}

/// The most frequent deltas, at most 255, for which a row needs one byte.
fn frequent(deltas: &[u64]) -> Vec<u64> {
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    deltas.iter().for_each(|&d| *counts.entry(d).or_default() += 1);
    let mut list: Vec<(u64, usize)> = counts.into_iter().collect();
    list.sort_by_key(|&(delta, count)| (std::cmp::Reverse(count), delta));
    list.into_iter().take(usize::from(RARE)).map(|e| e.0).collect()
}

/// Number of each delta in `list`, and the rare ones as they are.
fn numbered(deltas: &[u64], list: &[u64]) -> (Vec<u8>, Vec<u8>) {
    let number: BTreeMap<u64, u8> = list.iter().copied().zip(0..RARE).collect();
    let numbers: Vec<u8> = deltas.iter().map(|d| number.get(d).copied().unwrap_or(RARE)).collect();
    let rare = varints(deltas.iter().filter(|d| !number.contains_key(d)).map(|&d| u128::from(d)));
    (numbers, rare)
}

/// Byte `i` of every number, for each `i` below `width`: the upper ones are nearly all alike and pack to nothing.
fn planes(numbers: &[u32], width: usize) -> Vec<u8> {
    (0..width).flat_map(|i| numbers.iter().map(move |n| n.to_le_bytes()[i])).collect()
}

// ---------------------------------------------------------------- sources with columns

struct Source<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Source<'a> {
    fn open(bytes: &'a [u8], magic: &[u8; 5], family: u8) -> Result<Self, Failure> {
        if bytes.get(..5) != Some(magic) || bytes.get(5) != Some(&family) {
            return Err("not a table of this kind".into());
        }
        Ok(Self { bytes, at: 6 })
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], Failure> {
        let out = self.bytes.get(self.at..self.at + n).ok_or("the file ends early")?;
        self.at += n;
        Ok(out)
    }

    fn number(&mut self) -> Result<usize, Failure> {
        Ok(self.take(4)?.iter().rev().fold(0, |n, &b| n << 8 | usize::from(b)))
    }

    fn column(&mut self) -> Result<&'a [u8], Failure> {
        let n = self.number()?;
        self.take(n)
    }

    /// A column of LEB128 numbers.
    fn numbers(&mut self) -> Result<Vec<u64>, Failure> {
        let (mut out, mut n, mut shift) = (Vec::new(), 0u64, 0);
        for &b in self.column()? {
            n |= u64::from(b & 0x7f) << shift;
            shift += 7;
            if b < 0x80 {
                out.push(n);
                (n, shift) = (0, 0);
            }
        }
        Ok(out)
    }
}

fn sums(deltas: &[u64]) -> Vec<u64> {
    let mut sum = 0;
    let add = |delta| {
        sum += delta;
        sum
    };
    deltas.iter().map(add).collect()
}

fn known_states(countries: &str) -> BTreeSet<[u8; 2]> {
    countries.lines().filter_map(|l| l.split('\t').next()?.as_bytes().try_into().ok()).collect()
}

/// Space that nobody registered and nobody announces, named by a single source: old allocations such as 6bone's
/// 3ffe::/16 (RFC 3701). Such rows were right for 10 of 38 exchange LANs (truth set) and are no evidence, so their
/// states are taken out here.
fn states(source: &[u8], family: u8, known: &BTreeSet<[u8; 2]>) -> Result<Vec<u8>, Failure> {
    let mut source = Source::open(source, b"JTBL1", family)?;
    let n = source.number()?;
    let deltas = source.numbers()?;
    let (mut location, registration, confidence) = (source.column()?.to_vec(), source.column()?, source.column()?);
    let (mut second, index, codes) = (source.column()?.to_vec(), source.numbers()?, source.column()?);
    let announcers = source.numbers()?;
    if [deltas.len(), location.len(), registration.len(), confidence.len(), second.len(), index.len()] != [n; 6]
        || !codes.starts_with(b"--")
    {
        return Err("columns of different lengths".into());
    }
    let asn: Vec<u32> =
        index.iter().map(|&i| u32::try_from(*announcers.get(i as usize).unwrap_or(&0))).collect::<Result<_, _>>()?;
    let registered = |i: usize| codes.chunks_exact(2).nth(usize::from(registration[i])).is_some_and(|c| known.contains(c));
    for i in 0..n {
        if asn[i] == 0 && confidence[i] <= 1 && !registered(i) {
            (location[i], second[i]) = (0, 0);
        }
    }
    let list = frequent(&deltas);
    let (numbers, rare) = numbered(&deltas, &list);
    let head = columns(&[&location, codes, &varints(list.iter().map(|&d| u128::from(d))), &numbers, &rare])?;
    let pages: Vec<(u64, Vec<u8>)> = (0..n)
        .step_by(ROWS)
        .map(|from| {
            let rows = from..n.min(from + ROWS);
            let page =
                [&registration[rows.clone()], &confidence[rows.clone()], &second[rows.clone()], &planes(&asn[rows], 4)].concat();
            (from as u64, page)
        })
        .collect();
    paged(b"JTBL2", family, n, &head, &pages)
}

/// Cells are put in the order of state and place, and each page numbers those that it names: neighbours share cells.
fn cells(source: &[u8], family: u8) -> Result<Vec<u8>, Failure> {
    let mut source = Source::open(source, b"JTCY1", family)?;
    let (n, _) = (source.number()?, source.number()?);
    let (deltas, ids, cells) = (source.numbers()?, source.numbers()?, source.column()?);
    let cells: Vec<&[u8]> = cells.chunks_exact(6).collect();
    let mut order: Vec<usize> = (0..cells.len()).collect();
    order.sort_by_key(|&i| cells[i]);
    let place: BTreeMap<u64, u32> = order.iter().map(|&i| i as u64).zip(0..).collect();
    let ids: Vec<u32> = ids.iter().filter_map(|id| place.get(id).copied()).collect();
    if [deltas.len(), ids.len()] != [n; 2] {
        return Err("columns of different lengths".into());
    }
    let starts = sums(&deltas);
    let list = frequent(&deltas);
    let page = |from: usize| {
        let rows = from..n.min(from + ROWS);
        // The first delta of a page is 0: its first key is in the index.
        let mut deltas = deltas[rows.clone()].to_vec();
        deltas[0] = 0;
        let (numbers, rare) = numbered(&deltas, &list);
        let ids = &ids[rows];
        let own: BTreeSet<u32> = ids.iter().copied().collect();
        let number: BTreeMap<u32, u32> = own.iter().copied().zip(0..).collect();
        let own_numbers: Vec<u32> = ids.iter().map(|id| number[id]).collect();
        let mut page = (ids.len() as u16).to_le_bytes().to_vec();
        page.extend((own.len() as u16).to_le_bytes());
        page.extend(numbers);
        page.extend(planes(&own_numbers, 2));
        page.extend(varints(differences(own.iter().map(|&id| u128::from(id)))));
        page.extend(rare);
        (starts[from], page)
    };
    let pages: Vec<(u64, Vec<u8>)> = (0..n).step_by(ROWS).map(page).collect();
    let sorted: Vec<u8> = order.iter().flat_map(|&i| cells[i]).copied().collect();
    let head = columns(&[&sorted, &varints(list.iter().map(|&d| u128::from(d)))])?;
    paged(b"JTCY2", family, n, &head, &pages)
}

/// By number; the text of a line is the state and the name.
fn systems(text: &str) -> Result<Vec<u8>, Failure> {
    let number = |line: &str| line.split('\t').next().and_then(|n| n.parse::<u64>().ok());
    let rows: BTreeMap<u64, &str> = text.lines().filter_map(|l| Some((number(l)?, l))).collect();
    let lines: Vec<(u64, &str)> = rows.into_iter().collect();
    let pages: Vec<(u64, Vec<u8>)> = lines.chunks(SYSTEMS).map(|c| (c[0].0, text_of(c.iter().map(|l| l.1)))).collect();
    paged(b"JTAS1", 0, lines.len(), &[], &pages)
}

fn text_of<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<u8> {
    lines.flat_map(|l| l.bytes().chain(*b"\n")).collect()
}

/// Key of a state or an IATA code: its bytes as a number.
fn key(code: &str) -> u64 {
    code.bytes().fold(0, |n, b| n << 8 | u64::from(b))
}

/// A page for each state, the largest city first: name, latitude, longitude, inhabitants.
fn cities(text: &str) -> Result<Vec<u8>, Failure> {
    let mut states: BTreeMap<String, Vec<(u32, &str, String)>> = BTreeMap::new();
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [_, name, ascii, state, _, lat, lon, population, ..] = fields[..] else { return Err(line.into()) };
        let name = if ascii.is_empty() { name } else { ascii };
        let population: u32 = population.trim().parse()?;
        let (_, _) = (lat.parse::<f32>()?, lon.parse::<f32>()?);
        states.entry(state.to_ascii_uppercase()).or_default().push((
            population,
            name,
            format!("{name}\t{lat}\t{lon}\t{population}"),
        ));
    }
    let rows = states.values().map(Vec::len).sum();
    let page = |(state, mut cities): (String, Vec<(u32, &str, String)>)| {
        cities.sort_by(|a, b| (b.0, a.1).cmp(&(a.0, b.1)));
        (key(&state), text_of(cities.iter().map(|c| c.2.as_str())))
    };
    paged(b"JTCT1", 0, rows, &[], &states.into_iter().map(page).collect::<Vec<_>>())
}

/// A page for each first letter: code, state, latitude, longitude, city.
fn airports(text: &str) -> Result<Vec<u8>, Failure> {
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [code, _, city, _, state, lat, lon, ..] = fields[..] else { return Err(line.into()) };
        let (_, _) = (lat.parse::<f32>()?, lon.trim().parse::<f32>()?);
        if code.len() == 3 && state.len() == 2 {
            let code = code.to_ascii_lowercase();
            let line = format!("{code}\t{state}\t{lat}\t{}\t{city}", lon.trim());
            all.insert(code, line);
        }
    }
    let mut pages: BTreeMap<u8, (u64, Vec<u8>)> = BTreeMap::new();
    for (code, line) in &all {
        let page = pages.entry(code.as_bytes()[0]).or_insert_with(|| (key(code), Vec::new()));
        page.1.extend(text_of(std::iter::once(line.as_str())));
    }
    paged(b"JTAP1", 0, all.len(), &[], &pages.into_values().collect::<Vec<_>>())
}

// ---------------------------------------------------------------- cloud prefixes

/// Nested prefixes become ranges, so that the program need not sort them. Region 0: none.
fn cloud(text: &str) -> Result<Vec<u8>, Failure> {
    let mut regions: BTreeMap<&str, u32> = BTreeMap::new();
    let mut names = Vec::new();
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    for line in text.lines() {
        let (net, region) = line.split_once('\t').ok_or(line)?;
        let id = *regions.entry(region).or_insert_with(|| {
            names.push(region);
            names.len() as u32
        });
        let (addr, length) = net.split_once('/').map_or((net, None), |(a, l)| (a, Some(l)));
        let (addr, bits, nets) = match addr.parse()? {
            IpAddr::V4(a) => (u128::from(u32::from(a)), 32, &mut v4),
            IpAddr::V6(a) => (u128::from(a), 128, &mut v6),
        };
        let length: u32 = length.map_or(Ok(bits), str::parse)?;
        let hosts = match bits - length {
            128 => u128::MAX,
            free => (1 << free) - 1,
        };
        nets.push((addr & !hosts, addr | hosts, id));
    }
    let (v4, v6) = (flatten(v4, u128::from(u32::MAX)), flatten(v6, u128::MAX));
    let mut out = b"JTCL1\0".to_vec();
    put_number(&mut out, v4.len())?;
    put_number(&mut out, v6.len())?;
    let split = |ranges: &[(u128, u32)]| {
        (varints(differences(ranges.iter().map(|r| r.0))), varints(ranges.iter().map(|r| u128::from(r.1))))
    };
    let ((a, b), (c, d)) = (split(&v4), split(&v6));
    out.extend(columns(&[&text_of(names.into_iter()), &a, &b, &c, &d])?);
    Ok(zstd::bulk::compress(&out, LEVEL)?)
}

/// Starts of ranges and who holds them: the most specific prefix, and of two equal ones the later.
fn flatten(mut nets: Vec<(u128, u128, u32)>, end: u128) -> Vec<(u128, u32)> {
    // Stable: of equal prefixes the later stays behind.
    nets.sort_by_key(|&(first, last, _)| (first, std::cmp::Reverse(last)));
    let mut out: Vec<(u128, u32)> = Vec::new();
    let mut open: Vec<(u128, u32)> = Vec::new();
    let close = |open: &mut Vec<(u128, u32)>, out: &mut Vec<(u128, u32)>, before: Option<u128>| {
        while let Some((last, _)) = open.pop_if(|o| before.is_none_or(|b| o.0 < b)) {
            if last < end {
                out.push((last + 1, open.last().map_or(0, |o| o.1)));
            }
        }
    };
    for (first, last, id) in nets {
        close(&mut open, &mut out, Some(first));
        out.push((first, id));
        open.push((last, id));
    }
    close(&mut open, &mut out, None);
    // What was said last of a start counts; a range that goes on is one.
    let by_start: BTreeMap<u128, u32> = out.into_iter().collect();
    let mut ranges: Vec<(u128, u32)> = by_start.into_iter().collect();
    ranges.dedup_by_key(|r| r.1);
    ranges
}
