//! A file, of whatever kind, to its report: evidence, hops, places, law and words.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rutter::locate::{Locator, Tables};
use rutter::pipeline::answer::{self, Ask, Means};
use rutter::pipeline::assemble::{self, Frame};
use rutter::pipeline::inputs;
use rutter::pipeline::replay::{self, Options, Progress};
use rutter::pipeline::study::Overview;
use rutter::report::{json, terminal};

static LOCATOR: LazyLock<Locator> = LazyLock::new(|| Locator::new(Tables::shipped(), Vec::new()));

fuzz_target!(|data: &[u8]| {
    let path = std::env::temp_dir().join(format!("rutter-fuzz-{}", std::process::id()));
    std::fs::write(&path, data).expect("a temporary file");
    let mut options = Options { threads: 1, max_flows: 256, ..Options::default() };
    options.open.unpack_cap = 1 << 20;
    let inputs = inputs::sort(vec![path], &options.recognition, &options.open);
    if inputs.captures.is_empty() && inputs.records.is_empty() {
        return;
    }
    let reading = replay::replay(inputs, &options, Overview::new(Tables::shipped()), &Progress::default());
    let last = reading.inputs.iter().filter_map(|input| input.last).max();
    let means = Means { locator: &LOCATOR, law: answer::law().expect("the shipped law"), resolve: None };
    let ask = Ask::default();
    let found = answer::answer(&reading.digest, last, &ask, &means);
    let frame = Frame { reproduce: String::new(), names: &[] };
    let report = assemble::report(&reading, &reading.digest, &found, &ask, &means, &frame);
    for path in &report.paths {
        let sum: f32 = path.states.iter().map(|s| s.p).fold(0.0, f32::max);
        assert!(sum <= 0.99, "nothing is certain: {sum}");
    }
    let text = terminal::render(&report, terminal::Look::default());
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "control characters on a terminal");
    let lines = json::lines(&report).expect("JSON");
    assert!(lines.lines().all(|line| serde_json::from_str::<serde::de::IgnoredAny>(line).is_ok()), "no JSON");
    // A page takes longest to make.
    if data.len().is_multiple_of(32) {
        assert!(assemble::html(&report, Tables::shipped()).is_ok());
    }
});
