//! Benchmark inputs (captures and logs). The same arguments give the same bytes, so that figures of different days
//! and machines speak of the same input.
//!
//! ```text
//! perfgen mix   OUT.pcap|OUT.pcapng [PACKETS] [FLOWS] [SEED]     the realistic mix (2.67 GB by default)
//! perfgen small OUT.pcap [PACKETS] [SOURCES] [SEED]              20 M SYNs of 5 M sources
//! perfgen lab   OUT.pcap [PACKETS]                               10.99.0.0/16 only: for replay inside a namespace
//! perfgen geo-city|geo-country OUT.mmdb IN.mmdb                  a flat MMDB into the GeoIP2 layout
//! perfgen zeek-tsv|zeek-json|eve|nginx OUT [BYTES] [SEED]        logs (1 GB by default)
//! perfgen netflow9|ipfix OUT [RECORDS] [SEED]                    bare datagrams (5 M records by default)
//! ```
//! Numbers may be grouped with `_`. Run it with `--release`.

mod flows;
mod geo2;
mod logs;
mod mix;
mod pcap;
pub(crate) mod rng;
mod wire;

use std::error::Error;

use pcap::{Format, Writer};

/// How to call it.
pub(crate) const USAGE: &str =
    "perfgen mix|small|lab|geo-city|geo-country|zeek-tsv|zeek-json|eve|nginx|netflow9|ipfix OUT [N|IN] [M] [SEED]";

/// Runs `perfgen KIND OUT …`; what was written, in words.
///
/// # Errors
/// When an argument is missing or no number, or the file can't be written.
pub(crate) fn run(args: &[String]) -> Result<String, Box<dyn Error>> {
    let [kind, out, rest @ ..] = args else { return Err(format!("usage: {USAGE}").into()) };
    let number = |at: usize, default: u64| -> Result<u64, Box<dyn Error>> {
        match rest.get(at) {
            Some(text) => text.replace('_', "").parse().map_err(|_| format!("{text:?} is no number").into()),
            None => Ok(default),
        }
    };
    let format = if out.ends_with(".pcapng") { Format::Pcapng } else { Format::Pcap };
    match kind.as_str() {
        "mix" => {
            let params = mix::Params { packets: number(0, 10_500_000)?, flows: number(1, 600_000)?, seed: number(2, 7)? };
            let mut writer = Writer::create(out, format)?;
            let stats = mix::run(&params, &mut writer)?;
            let (packets, bytes) = writer.finish()?;
            Ok(format!("{out} packets {packets} bytes {bytes} mean {:.1} {stats:?}", bytes as f64 / packets as f64))
        }
        "small" | "lab" => {
            let lab = kind == "lab";
            let (packets, sources) = if lab { (200_000, 30_000) } else { (20_000_000, 5_000_000) };
            let (packets, sources, seed) = (number(0, packets)?, number(1, sources)?, number(2, 11)?);
            let mut writer = Writer::create(out, format)?;
            mix::small(packets, sources, seed, lab, &mut writer)?;
            let (packets, bytes) = writer.finish()?;
            Ok(format!("{out} packets {packets} bytes {bytes}"))
        }
        "geo-city" | "geo-country" => {
            let input = rest.first().ok_or_else(|| format!("usage: {USAGE}"))?;
            Ok(geo2::convert(input, out, kind == "geo-city")?)
        }
        "netflow9" | "ipfix" => {
            let (records, bytes) = flows::write(kind == "ipfix", out, number(0, 5_000_000)?, number(1, 17)?)?;
            Ok(format!("{out} records {records} bytes {bytes}"))
        }
        _ => {
            let (lines, bytes) = logs::write(kind, out, number(0, 1_000_000_000)?, number(1, 13)?)?;
            Ok(format!("{out} lines {lines} bytes {bytes}"))
        }
    }
}
