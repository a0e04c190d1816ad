//! Writes the first inputs of every target to `corpus/`: the fixtures, and what is in them. Further files and folders may be
//! given.
//!
//! ```sh
//! cargo run --example seed [FILE_OR_FOLDER ...]
//! ```

mod made;
mod packets;

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use rutter::decode::format::{self, Format};
use rutter::decode::{flow, list, log, mail, routing, trace};

/// Longest input; the targets are run with this length.
const LONGEST: usize = 8192;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Where seeds go, and which are there.
struct Corpus {
    root: PathBuf,
    written: BTreeSet<(&'static str, u64)>,
}

impl Corpus {
    /// Adds a seed: the bytes that choose, and the input.
    fn add(&mut self, target: &'static str, choices: &[u8], input: &[u8]) -> Outcome {
        let whole = [choices, input].concat();
        let whole = &whole[..whole.len().min(LONGEST)];
        let mut hash = DefaultHasher::new();
        whole.hash(&mut hash);
        let hash = hash.finish();
        if self.written.insert((target, hash)) {
            let folder = self.root.join(target);
            fs::create_dir_all(&folder)?;
            fs::write(folder.join(format!("{hash:016x}")), whole)?;
        }
        Ok(())
    }

    /// Everything that a file can be a seed for.
    fn file(&mut self, path: &Path) -> Outcome {
        let bytes = fs::read(path)?;
        self.add("recognise", &[], &bytes)?;
        self.add("whole", &[], &bytes)?;
        packets::add(self, path, &bytes)?;
        packets::bgp(self, &bytes)?;
        for portion in [0, 5] {
            self.records(&bytes, portion)?;
        }
        Ok(())
    }

    fn records(&mut self, bytes: &[u8], portion: u8) -> Outcome {
        let place = |at: Option<usize>| at.and_then(|n| u8::try_from(n).ok()).unwrap_or_default();
        let beginning = &bytes[..bytes.len().min(format::BEGINNING)];
        let (target, which) = match format::recognise(beginning) {
            Some(Format::Log(f)) => {
                let json = [log::Format::Eve, log::Format::ZeekJson, log::Format::Caddy, log::Format::Gcp, log::Format::Azure];
                if let Some(at) = json.iter().position(|&j| j == f) {
                    self.add("json", &[place(Some(at)), portion], bytes)?;
                }
                if let Some(line) = bytes.split(|&b| b == b'\n').find(|line| !line.is_empty()) {
                    self.add("custom", b"^(?P<src>\\S+) .*?(?P<dst>[0-9a-f.:]+)?\n", line)?;
                    self.add("custom", b"(?P<time>.{20}).*?(?P<src>\\d+\\.\\d+\\.\\d+\\.\\d+)[:/]?(?P<sport>\\d*)\n", line)?;
                }
                ("log", place(log::Format::ALL.iter().position(|&a| a == f)))
            }
            Some(Format::Flow(f)) => {
                self.add("flow", &[portion.wrapping_mul(31), portion.wrapping_mul(57)], bytes)?;
                ("flow_file", place(flow::Format::ALL.iter().position(|&a| a == f)))
            }
            Some(Format::Trace(f)) => ("trace", place(trace::Format::ALL.iter().position(|&a| a == f))),
            Some(Format::Mail(f)) => {
                self.add("mail", &[3, portion], bytes)?;
                ("mail", place(mail::Format::ALL.iter().position(|&a| a == f)))
            }
            Some(Format::Routing(f)) => ("routing", place(routing::Format::ALL.iter().position(|&a| a == f))),
            Some(Format::List(f)) => ("list", place(list::Format::ALL.iter().position(|&a| a == f))),
            _ => return Ok(()),
        };
        self.add(target, &[which, portion], bytes)
    }
}

/// Files below `path`, in order.
fn files(path: &Path, out: &mut Vec<PathBuf>) -> Outcome {
    if path.is_dir() {
        let mut entries: Vec<PathBuf> = fs::read_dir(path)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
        entries.sort();
        entries.iter().try_for_each(|entry| files(entry, out))?;
    } else {
        out.push(path.to_owned());
    }
    Ok(())
}

fn main() -> Outcome {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    files(&here.join("../fixtures"), &mut paths)?;
    std::env::args_os().skip(1).try_for_each(|path| files(Path::new(&path), &mut paths))?;
    let mut corpus = Corpus { root: here.join("corpus"), written: BTreeSet::new() };
    paths.iter().try_for_each(|path| corpus.file(path))?;
    made::add(&mut corpus)
}
