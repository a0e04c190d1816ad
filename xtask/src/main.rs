//! Chores of the repository: everything here is run by a person, nothing by the product.
//!
//! ```text
//! cargo run -p xtask -- fixtures fixtures            rebuild the constructed captures and their expected answers
//! cargo run --release -p xtask -- geo ../shared/geo/ship data/geo   convert the collected location tables into data/geo
//! cargo run --release -p xtask -- perfgen mix OUT    write a benchmark input (see perfgen/mod.rs)
//! ```

mod fixtures;
mod geo;
mod perfgen;

use std::error::Error;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

const USAGE: &str = "usage: xtask fixtures DIR | geo SRC DIR | perfgen KIND OUT [...]";

fn run(args: &[String]) -> Result<String, Box<dyn Error>> {
    match args {
        [task, dir] if task == "fixtures" => fixtures::build(Path::new(dir)),
        [task, src, dir] if task == "geo" => geo::convert(Path::new(src), Path::new(dir)),
        [task, rest @ ..] if task == "perfgen" => perfgen::run(rest),
        _ => Err(format!("{USAGE}\n       xtask {}", perfgen::USAGE).into()),
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match run(&args) {
        Ok(done) => {
            // A closed pipe is no failure of the chore.
            let _ = writeln!(std::io::stdout(), "{done}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
