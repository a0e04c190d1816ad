//! Logs and flow exports, whole processes: `rutter trace` with one thread in records per CPU second (user and system), beside
//! GoAccess on the web server's log and DuckDB on the JSON logs where they are there.
//!
//! ```text
//! cargo bench --bench logs                smaller inputs (50 MB, 500,000 flows), written into the target folder
//! cargo bench --bench logs -- --full      1 GB of each log, 5 M flows
//! cargo bench --bench logs -- eve nginx   these inputs only
//! RUTTER_BENCH_DUCKDB=/path/to/python     a Python that has the module duckdb, or a binary named duckdb
//! ```
//! Commands about one input run three times in turn; the median counts. Goals: a million flows per CPU second; 15 times as
//! many lines as GoAccess; at most 1.5 times DuckDB's CPU time for counting the lines of each source (one column of the
//! twenty, and no tables to load).

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
    let mut goaccess = Command::new("goaccess");
    goaccess.arg(&some).args(["--log-format=COMBINED", "--no-global-config", "-o"]).arg(&report);
    println!("{goaccess:?}");
    let costs = measure(&mut [
        ("goaccess, the beginning of nginx".into(), goaccess, lines),
        ("rutter trace, the same".into(), trace(&some), lines),
    ])?;
    if let [theirs, ours] = costs.as_slice() {
        println!("nginx: {:.1} times as many lines per CPU second as goaccess (goal: 15)", theirs.cpu / ours.cpu);
    }
    Ok(())
}

/// DuckDB counts the lines of each source.
fn beside_duckdb(kind: &str, input: &Path, records: u64) -> Result<()> {
    let ours = (format!("rutter trace, {kind}"), trace(input), records);
    let column = if kind == "eve" { "src_ip" } else { "id.orig_h" };
    let path = input.display().to_string().replace('\'', "''");
    let query = format!(
        "set threads=1; select \"{column}\", count(*) n from read_json('{path}', format='newline_delimited', \
         columns={{'{column}': 'VARCHAR'}}, ignore_errors=true) group by 1 order by n desc limit 10"
    );
    let program = std::env::var_os("RUTTER_BENCH_DUCKDB").map_or_else(|| PathBuf::from("duckdb"), PathBuf::from);
    let python = program.file_stem().is_some_and(|name| name.to_string_lossy().starts_with("python"));
    let mut duckdb = Command::new(&program);
    if python {
        duckdb.args(["-c", "import duckdb, sys; print(duckdb.connect().execute(sys.argv[1]).fetchall())", &query]);
    } else {
        duckdb.args(["-c", &query]);
    }
    if !duckdb.output().is_ok_and(|out| out.status.success()) {
        println!("duckdb: not there");
        return measure(&mut [ours]).map(drop);
    }
    let costs = measure(&mut [(format!("duckdb, group by {column}"), duckdb, records), ours])?;
    if let [theirs, ours] = costs.as_slice() {
        println!("{kind}: {:.2} times the CPU time of duckdb (goal: at most 1.5)", ours.cpu / theirs.cpu);
    }
    Ok(())
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
