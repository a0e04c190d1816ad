//! Rewrites a flat MMDB (country_code, city, latitude, ... as the ip-location-db packages have them)
//! into the GeoIP2 layout that tshark, GoAccess, pmacct and nfdump expect. The search tree is kept,
//! only widened to 32-bit records; the data section is written anew.

use std::collections::HashMap;
use std::io::{Error, Result};

#[derive(Default, Clone)]
struct Flat {
    s: HashMap<String, String>,
    f: HashMap<String, f32>,
}

struct Dec<'a> {
    b: &'a [u8],
}

enum Val {
    Str(String),
    F32(f32),
    F64(f64),
    Num(u64),
    Map(Vec<(String, Val)>),
    Arr,
}

impl Dec<'_> {
    fn value(&self, mut at: usize) -> (Val, usize) {
        let c = self.b[at];
        at += 1;
        let mut ty = c >> 5;
        if ty == 1 {
            let ss = (c >> 3) & 3;
            let v = (c & 7) as usize;
            let b = |i: usize| self.b[at + i] as usize;
            let (p, n) = match ss {
                0 => (v << 8 | b(0), 1),
                1 => ((v << 16 | b(0) << 8 | b(1)) + 2048, 2),
                2 => ((v << 24 | b(0) << 16 | b(1) << 8 | b(2)) + 526_336, 3),
                _ => (b(0) << 24 | b(1) << 16 | b(2) << 8 | b(3), 4),
            };
            return (self.value(p).0, at + n);
        }
        if ty == 0 {
            ty = 7 + self.b[at];
            at += 1;
        }
        let mut n = (c & 31) as usize;
        if n >= 29 {
            let k = n - 28;
            let mut x = 0usize;
            for i in 0..k {
                x = x << 8 | self.b[at + i] as usize;
            }
            at += k;
            n = x + [29, 285, 65821][k - 1];
        }
        match ty {
            2 => (Val::Str(String::from_utf8_lossy(&self.b[at..at + n]).into_owned()), at + n),
            3 => (Val::F64(f64::from_be_bytes(self.b[at..].first_chunk().copied().unwrap_or_default())), at + 8),
            15 => (Val::F32(f32::from_be_bytes(self.b[at..].first_chunk().copied().unwrap_or_default())), at + 4),
            5 | 6 | 8 | 9 | 10 => {
                let v = self.b[at..at + n].iter().fold(0u64, |a, &b| a << 8 | b as u64);
                (Val::Num(v), at + n)
            }
            14 => (Val::Num(n as u64), at),
            7 => {
                let mut m = Vec::new();
                for _ in 0..n {
                    let (k, a) = self.value(at);
                    let (v, a) = self.value(a);
                    at = a;
                    if let Val::Str(k) = k {
                        m.push((k, v));
                    }
                }
                (Val::Map(m), at)
            }
            11 => {
                for _ in 0..n {
                    at = self.value(at).1;
                }
                (Val::Arr, at)
            }
            _ => (Val::Arr, at + n),
        }
    }
    fn flat(&self, at: usize) -> Flat {
        let mut o = Flat::default();
        if let (Val::Map(m), _) = self.value(at) {
            for (k, v) in m {
                match v {
                    Val::Str(s) => drop(o.s.insert(k, s)),
                    Val::F32(x) => drop(o.f.insert(k, x)),
                    Val::F64(x) => drop(o.f.insert(k, x as f32)),
                    _ => {}
                }
            }
        }
        o
    }
}

struct Enc {
    b: Vec<u8>,
    seen: HashMap<String, usize>,
}

impl Enc {
    fn head(&mut self, ty: u8, n: usize) {
        let (lo, ext): (u8, Option<Vec<u8>>) = match n {
            0..=28 => (n as u8, None),
            29..=284 => (29, Some(vec![(n - 29) as u8])),
            _ => (30, Some(((n - 285) as u16).to_be_bytes().to_vec())),
        };
        if ty > 7 {
            self.b.push(lo);
            self.b.push(ty - 7);
        } else {
            self.b.push(ty << 5 | lo);
        }
        if let Some(e) = ext {
            self.b.extend_from_slice(&e);
        }
    }
    /// A string: written once, pointed to afterwards.
    fn s(&mut self, s: &str) {
        if s.len() > 4 {
            if let Some(&p) = self.seen.get(s) {
                self.b.push(1 << 5 | 3 << 3);
                self.b.extend_from_slice(&(p as u32).to_be_bytes());
                return;
            }
            self.seen.insert(s.to_string(), self.b.len());
        }
        self.head(2, s.len());
        self.b.extend_from_slice(s.as_bytes());
    }
    fn map(&mut self, n: usize) {
        self.head(7, n);
    }
    fn u(&mut self, ty: u8, v: u64) {
        let be = v.to_be_bytes();
        let skip = be.iter().take_while(|b| **b == 0).count();
        self.head(ty, 8 - skip);
        self.b.extend_from_slice(&be[skip..]);
    }
    fn f64(&mut self, v: f64) {
        self.head(3, 8);
        self.b.extend_from_slice(&v.to_be_bytes());
    }
}

fn names(e: &mut Enc, en: &str) {
    e.s("names");
    e.map(1);
    e.s("en");
    e.s(en);
}

/// Reads the flat database `input` and writes it to `output` as a city or country database; what was written, in words.
///
/// # Errors
/// When a file can't be read or written, or `input` has no MMDB metadata.
pub(crate) fn convert(input: &str, output: &str, city: bool) -> Result<String> {
    let d = std::fs::read(input)?;
    let bad = |m: &str| Error::other(m.to_string());
    let mark = b"\xab\xcd\xefMaxMind.com";
    let m = d.windows(mark.len()).rposition(|w| w == mark).ok_or_else(|| bad("no metadata"))? + mark.len();
    let meta = Dec { b: &d[m..] };
    let Val::Map(kv) = meta.value(0).0 else { return Err(bad("metadata")) };
    let num = |k: &str| {
        kv.iter().find(|x| x.0 == k).and_then(|x| if let Val::Num(n) = x.1 { Some(n as usize) } else { None }).unwrap_or(0)
    };
    let (nodes, bits, ver, epoch) = (num("node_count"), num("record_size"), num("ip_version"), num("build_epoch"));
    let tree = nodes * bits / 4;
    let data = Dec { b: &d[tree + 16..m - mark.len()] };
    let rec = |n: usize, right: usize| -> usize {
        let o = n * bits / 4;
        let b = |i: usize| d[o + i] as usize;
        match (bits, right) {
            (24, 0) => b(0) << 16 | b(1) << 8 | b(2),
            (24, _) => b(3) << 16 | b(4) << 8 | b(5),
            (28, 0) => (b(3) >> 4) << 24 | b(0) << 16 | b(1) << 8 | b(2),
            (28, _) => (b(3) & 15) << 24 | b(4) << 16 | b(5) << 8 | b(6),
            (_, 0) => b(0) << 24 | b(1) << 16 | b(2) << 8 | b(3),
            _ => b(4) << 24 | b(5) << 16 | b(6) << 8 | b(7),
        }
    };
    let mut e = Enc { b: Vec::new(), seen: HashMap::new() };
    let mut at: HashMap<usize, usize> = HashMap::new();
    let mut out = Vec::with_capacity(nodes * 8 + (64 << 20));
    for n in 0..nodes {
        for side in 0..2 {
            let v = rec(n, side);
            let w = if v <= nodes {
                v
            } else {
                let off = v - nodes - 16;
                let p = *at.entry(off).or_insert_with(|| {
                    let f = data.flat(off);
                    let p = e.b.len();
                    record(&mut e, &f, city);
                    p
                });
                p + nodes + 16
            };
            out.extend_from_slice(&(w as u32).to_be_bytes());
        }
    }
    out.extend_from_slice(&[0; 16]);
    out.extend_from_slice(&e.b);
    out.extend_from_slice(mark);
    let mut t = Enc { b: Vec::new(), seen: HashMap::new() };
    t.map(9);
    t.head(2, 10);
    t.b.extend_from_slice(b"node_count");
    t.u(6, nodes as u64);
    for (k, v, ty) in [
        ("record_size", 32, 5u8),
        ("ip_version", ver, 5),
        ("binary_format_major_version", 2, 5),
        ("binary_format_minor_version", 0, 5),
        ("build_epoch", epoch, 9),
    ] {
        t.s(k);
        t.u(ty, v as u64);
    }
    t.s("database_type");
    t.s(if city { "GeoLite2-City" } else { "GeoLite2-Country" });
    t.s("languages");
    t.head(11, 1);
    t.s("en");
    t.s("description");
    t.map(1);
    t.s("en");
    t.s("benchmark data in GeoIP2 layout");
    out.extend_from_slice(&t.b);
    std::fs::write(output, &out)?;
    Ok(format!("{output}: {nodes} nodes, {} records, {} bytes", at.len(), out.len()))
}

fn record(e: &mut Enc, f: &Flat, city: bool) {
    let cc = f.s.get("country_code").cloned().unwrap_or_default();
    let has_city = city && f.s.get("city").is_some_and(|s| !s.is_empty());
    let sub = f.s.get("state1").filter(|s| city && !s.is_empty());
    let loc = city && f.f.contains_key("latitude");
    e.map(2 + has_city as usize + sub.is_some() as usize + loc as usize);
    if has_city {
        e.s("city");
        e.map(1);
        names(e, &f.s["city"]);
    }
    e.s("continent");
    e.map(1);
    e.s("code");
    e.s("XX");
    e.s("country");
    e.map(2);
    e.s("iso_code");
    e.s(&cc);
    names(e, &cc);
    if loc {
        e.s("location");
        e.map(2);
        e.s("latitude");
        e.f64(f.f["latitude"] as f64);
        e.s("longitude");
        e.f64(*f.f.get("longitude").unwrap_or(&0.0) as f64);
    }
    if let Some(s) = sub {
        e.s("subdivisions");
        e.head(11, 1);
        e.map(1);
        names(e, s);
    }
}
