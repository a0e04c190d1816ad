//! Logs and flow exports, whole processes: `rutter trace` with one thread in records per CPU second (user and system), beside
//! GoAccess with countries on the web server's log and DuckDB on the JSON logs where they are there.
//!
//! ```text
//! cargo bench --bench logs                smaller inputs (50 MB, 500,000 flows), written into the target folder
//! cargo bench --bench logs -- --full      1 GB of each log, 5 M flows
//! cargo bench --bench logs -- eve nginx   these inputs only
//! RUTTER_BENCH_DUCKDB=/path/to/python     a Python that has the module duckdb, or a binary named duckdb
//! ```
//! Commands about one input run three times in turn; the median counts. Goals: a million flows per CPU second; 15 times as
//! many lines as GoAccess; at most 1.5 times DuckDB's CPU time for the same group-by (lines, packets and bytes by opener and
//! target), without location. What DuckDB needs to count the lines of each source, one column of the twenty, stands beside it.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

#[path = "cost.rs"]
mod cost;
#[path = "../xtask/src/perfgen/mod.rs"]
mod perfgen;

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use cost::Cost;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const KINDS: [&str; 5] = ["nginx", "eve", "zeek-json", "zeek-tsv", "netflow9"];

/// Lines that GoAccess is given: it needs ten times as long as the rest together.
const GOACCESS_LINES: u64 = 200_000;

/// Flows come so many at a time.
const DATAGRAM: u64 = 24;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let full = args.iter().any(|a| a == "--full");
    let wanted: Vec<&str> = KINDS.into_iter().filter(|kind| args.iter().any(|a| a == kind)).collect();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-inputs");
    std::fs::create_dir_all(&folder)?;
    println!("{:<34} {:>11} {:>9} {:>13} {:>9} {:>9}", "median of 3", "records", "CPU s", "per CPU s", "wall s", "peak MiB");
    for kind in if wanted.is_empty() { KINDS.to_vec() } else { wanted } {
        let (input, records) = input(&folder, kind, full)?;
        match kind {
            "nginx" => {
                measure(&mut [("rutter trace, nginx".into(), trace(&input), records)])?;
                beside_goaccess(&folder, &input)?;
            }
            "eve" | "zeek-json" => beside_duckdb(kind, &input, records)?,
            _ => measure(&mut [(format!("rutter trace, {kind}"), trace(&input), records)]).map(drop)?,
        }
    }
    Ok(())
}

fn trace(input: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rutter"));
    command.args(["trace", "--threads", "1", "--quiet"]).arg(input);
    command
}

/// Writes an input unless it is there from the last time. With its number of lines or flows.
fn input(folder: &Path, kind: &str, full: bool) -> Result<(PathBuf, u64)> {
    let flows = kind == "netflow9";
    let size = match (flows, full) {
        (true, true) => 5_000_000,
        (true, false) => 500_000,
        (false, true) => 1_000_000_000,
        (false, false) => 50_000_000,
    };
    let path = folder.join(if full { format!("{kind}.log") } else { format!("{kind}-{size}.log") });
    if !path.exists() {
        let part = path.with_extension("part");
        println!("{}", perfgen::run(&[kind.to_owned(), part.display().to_string(), size.to_string()])?);
        std::fs::rename(&part, &path)?;
    }
    let records = if flows { u64::next_multiple_of(size, DATAGRAM) } else { lines(&path)? };
    Ok((path, records))
}

fn lines(path: &Path) -> Result<u64> {
    let mut file = BufReader::with_capacity(1 << 20, File::open(path)?);
    let mut lines = 0;
    loop {
        let block = file.fill_buf()?;
        if block.is_empty() {
            return Ok(lines);
        }
        lines += memchr::memchr_iter(b'\n', block).count() as u64;
        let read = block.len();
        file.consume(read);
    }
}

/// GoAccess on the first lines, its report as JSON into a file; where its package has no database it places nobody, which
/// rutter does.
fn beside_goaccess(folder: &Path, input: &Path) -> Result<()> {
    if Command::new("goaccess").arg("--version").output().is_err() {
        println!("goaccess: not there");
        return Ok(());
    }
    let (some, report) = (folder.join("nginx-beginning.log"), folder.join("goaccess.json"));
    let mut out = BufWriter::new(File::create(&some)?);
    let (mut file, mut line, mut lines) = (BufReader::new(File::open(input)?), Vec::new(), 0);
    while lines < GOACCESS_LINES && file.read_until(b'\n', &mut line)? > 0 {
        out.write_all(&line)?;
        line.clear();
        lines += 1;
    }
    out.flush()?;
    // With countries, out of the database that the tables were made from.
    let countries = folder.join("country.mmdb");
    let packed = File::open(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/geo/dbip-country-lite-2026-09.mmdb.zst"))?;
    zstd::stream::copy_decode(packed, File::create(&countries)?)?;
    let mut goaccess = Command::new("goaccess");
    goaccess.arg(&some).args(["--log-format=COMBINED", "--no-global-config", "-o"]).arg(&report);
    goaccess.arg("--geoip-database").arg(&countries);
    println!("{goaccess:?}");
    let costs = measure(&mut [
        ("goaccess with countries, a part".into(), goaccess, lines),
        ("rutter trace, the same".into(), trace(&some), lines),
    ])?;
    if let [theirs, ours] = costs.as_slice() {
        println!("nginx: {:.1} times as many lines per CPU second as goaccess (goal: 15)", theirs.cpu / ours.cpu);
    }
    Ok(())
}

/// DuckDB groups by address what `rutter trace` groups by address: lines, packets and bytes of each opener and target. Beside
/// it, the least that a group-by can be: lines of each source, one column of the twenty.
fn beside_duckdb(kind: &str, input: &Path, records: u64) -> Result<()> {
    let ours = (format!("rutter trace, {kind}"), trace(input), records);
    let path = input.display().to_string().replace('\'', "''");
    let (source, ends, columns) = if kind == "eve" {
        (
            "src_ip",
            "src_ip, dest_ip, flow.pkts_toserver + flow.pkts_toclient, flow.bytes_toserver + flow.bytes_toclient",
            "'src_ip': 'VARCHAR', 'dest_ip': 'VARCHAR', \
             'flow': 'STRUCT(pkts_toserver BIGINT, bytes_toserver BIGINT, pkts_toclient BIGINT, bytes_toclient BIGINT)'",
        )
    } else {
        (
            "id.orig_h",
            "\"id.orig_h\", \"id.resp_h\", orig_pkts + resp_pkts, orig_bytes + resp_bytes",
            "'id.orig_h': 'VARCHAR', 'id.resp_h': 'VARCHAR', 'orig_pkts': 'BIGINT', 'resp_pkts': 'BIGINT', \
             'orig_bytes': 'BIGINT', 'resp_bytes': 'BIGINT'",
        )
    };
    let read =
        |columns: &str| format!("read_json('{path}', format='newline_delimited', columns={{{columns}}}, ignore_errors=true)");
    let same = format!(
        "set threads=1; select s, d, count(*) n, sum(p), sum(b) from (select {ends} from {}) t(s, d, p, b) \
         group by 1, 2 order by n desc limit 10",
        read(columns)
    );
    let least = format!(
        "set threads=1; select \"{source}\", count(*) n from {} group by 1 order by n desc limit 10",
        read(&format!("'{source}': 'VARCHAR'"))
    );
    let mut commands = Vec::new();
    for (words, query) in [("duckdb, the same group-by", same), ("duckdb, lines by source only", least)] {
        let mut command = duckdb(&query);
        match command.output() {
            Ok(out) if out.status.success() => commands.push((words.to_owned(), command, records)),
            Ok(out) => return Err(format!("duckdb: {}", String::from_utf8_lossy(&out.stderr)).into()),
            Err(_) => {
                println!("duckdb: not there");
                return measure(&mut [ours]).map(drop);
            }
        }
    }
    commands.push(ours);
    let costs = measure(&mut commands)?;
    if let [same, least, ours] = costs.as_slice() {
        let (same, least) = (ours.cpu / same.cpu, ours.cpu / least.cpu);
        println!(
            "{kind}: {same:.2} times the CPU time of the same group-by (goal: at most 1.5), {least:.2} times that of the least"
        );
    }
    Ok(())
}

fn duckdb(query: &str) -> Command {
    let program = std::env::var_os("RUTTER_BENCH_DUCKDB").map_or_else(|| PathBuf::from("duckdb"), PathBuf::from);
    let python = program.file_stem().is_some_and(|name| name.to_string_lossy().starts_with("python"));
    let mut command = Command::new(&program);
    if python {
        command.args(["-c", "import duckdb, sys; print(duckdb.connect().execute(sys.argv[1]).fetchall())", query]);
    } else {
        command.args(["-c", query]);
    }
    command
}

/// Runs all commands in turn, three times, and prints the median of each.
fn measure(commands: &mut [(String, Command, u64)]) -> Result<Vec<Cost>> {
    let mut costs = vec![Vec::new(); commands.len()];
    for _ in 0..3 {
        for ((_, command, _), costs) in commands.iter_mut().zip(&mut costs) {
            costs.push(cost::run(command)?);
        }
    }
    let mut medians = Vec::new();
    for ((name, _, records), mut costs) in commands.iter().zip(costs) {
        costs.sort_by(|a, b| a.cpu.total_cmp(&b.cpu));
        let c = costs[1];
        let rate = *records as f64 / c.cpu;
        println!("{name:<34} {records:>11} {:>9.3} {rate:>13.0} {:>9.3} {:>9.0}", c.cpu, c.wall, c.peak);
        medians.push(c);
    }
    Ok(medians)
}
