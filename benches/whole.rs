//! Whole processes side by side, in CPU seconds (user and system) and peak memory: the floor, and `rutter trace` on the
//! realistic mix and on the flood of small packets. Start-up on an empty capture.
//!
//! ```text
//! cargo bench --bench whole               smaller inputs (1.2 M and 2 M packets), written into the target folder
//! cargo bench --bench whole -- --full     the inputs of the goals (12 M packets, 2.67 GB; 20 M SYNs of 5 M sources)
//! ```
//! Every command runs three times in turn; the median counts. Goals, one thread, loading of tables included: mix at most
//! 2.5 times the floor, small at most 1 GB, two threads at least 1.5 times one, start-up under 150 ms.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

#[path = "cost.rs"]
mod cost;
#[path = "floor.rs"]
mod floor;
#[path = "../xtask/src/perfgen/mod.rs"]
mod perfgen;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use cost::Cost;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, file] = args.as_slice()
        && mode == "floor"
    {
        let (packets, flows) = floor::run(file)?;
        println!("{packets} packets, {flows} five-tuples");
        return Ok(());
    }
    let full = args.iter().any(|a| a == "--full");
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-inputs");
    std::fs::create_dir_all(&folder)?;
    let mix = input(&folder, "mix", if full { &[] } else { &["1_000_000", "60_000"] })?;
    let small = input(&folder, "small", if full { &[] } else { &["2_000_000", "500_000"] })?;
    let empty = folder.join("empty.pcap");
    std::fs::write(&empty, [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 1, 0, 0, 0])?;

    let this = std::env::current_exe()?;
    let rutter = Path::new(env!("CARGO_BIN_EXE_rutter"));
    let trace = |threads: &'static str, file: &Path, more: &[&str]| {
        let mut command = Command::new(rutter);
        command.args(["trace", "--threads", threads, "--quiet"]).args(more).arg(file);
        command
    };
    println!("{:<44} {:>9} {:>9} {:>9}", "median of 3", "CPU s", "wall s", "peak MiB");
    let base = [Command::new(&this), trace("1", &mix, &[]), trace("1", &mix, &["--hash"]), trace("2", &mix, &[])];
    let [mut floor, one, hashed, two] = base;
    floor.arg("floor").arg(&mix);
    let mix_costs = measure(&mut [
        ("floor, mix", floor),
        ("rutter trace, mix, 1 thread", one),
        ("the same with --hash", hashed),
        ("rutter trace, mix, 2 threads", two),
    ])?;
    let mut floor = Command::new(&this);
    floor.arg("floor").arg(&small);
    let small_costs = measure(&mut [("floor, small", floor), ("rutter trace, small, 1 thread", trace("1", &small, &[]))])?;
    let start = measure(&mut [
        ("start-up: trace of an empty capture", trace("1", &empty, &[])),
        ("start-up: the same as HTML", trace("1", &empty, &["--format", "html"])),
        ("start-up: lookup of one address", {
            let mut command = Command::new(rutter);
            command.args(["lookup", "8.8.8.8"]);
            command
        }),
    ])?;
    println!();
    println!(
        "mix: {:.2} times the floor (goal: at most 2.5); {:.2} with --hash",
        mix_costs[1].cpu / mix_costs[0].cpu,
        mix_costs[2].cpu / mix_costs[0].cpu
    );
    println!("mix, two threads: {:.2} times as fast as one (goal: at least 1.5)", mix_costs[1].wall / mix_costs[3].wall);
    println!(
        "small: {:.2} times the floor, peak {:.0} MiB (goal: at most 1024)",
        small_costs[1].cpu / small_costs[0].cpu,
        small_costs[1].peak
    );
    println!("start-up: {:.0} ms (goal: under 150)", start.iter().map(|c| c.wall * 1000.0).fold(0.0, f64::max));
    Ok(())
}

/// Writes an input unless it is there from the last time.
fn input(folder: &Path, kind: &str, numbers: &[&str]) -> Result<PathBuf> {
    let path = folder.join(format!("{kind}{}.pcap", numbers.concat()));
    if !path.exists() {
        let part = path.with_extension("part");
        let args: Vec<String> = [kind, &part.display().to_string()].iter().chain(numbers).map(ToString::to_string).collect();
        println!("{}", perfgen::run(&args)?);
        std::fs::rename(&part, &path)?;
    }
    Ok(path)
}

/// Runs all commands in turn, three times, and prints the median of each.
fn measure(commands: &mut [(&str, Command)]) -> Result<Vec<Cost>> {
    let mut costs = vec![Vec::new(); commands.len()];
    for _ in 0..3 {
        for ((_, command), costs) in commands.iter_mut().zip(&mut costs) {
            costs.push(cost::run(command)?);
        }
    }
    let mut medians = Vec::new();
    for ((name, _), mut costs) in commands.iter().zip(costs) {
        costs.sort_by(|a, b| a.cpu.total_cmp(&b.cpu));
        let c = costs[1];
        println!("{name:<44} {:>9.3} {:>9.3} {:>9.0}", c.cpu, c.wall, c.peak);
        medians.push(c);
    }
    Ok(medians)
}
