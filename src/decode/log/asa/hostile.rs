//! No bytes may end a run: random and damaged input through the decoders of firewalls and clouds.

use proptest::prelude::*;

use super::testing::{clock, records, run, told};
use crate::decode::log::{self, Format, MessageReader, cef, fortinet, paloalto};

const FORMATS: [Format; 7] =
    [Format::Fortinet, Format::PaloAlto, Format::Cef, Format::AwsVpc, Format::Gcp, Format::Azure, Format::WindowsFirewall];
const READERS: [MessageReader; 4] = [super::message, cef::message, fortinet::message, paloalto::message];
const FIXTURES: [&str; 9] = [
    "asa.log",
    "fortinet.log",
    "paloalto.log",
    "cef.log",
    "leef.log",
    "windows-firewall.log",
    "aws-vpc.log",
    "gcp-flow.json",
    "azure-flow.json",
];

fn read(bytes: &[u8]) {
    for format in FORMATS {
        run(log::open(format, clock()), bytes);
    }
    let _ = log::recognise(bytes);
    for line in bytes.split(|&b| b == b'\n') {
        // As it stands, and from behind the envelope of the fixture.
        let at = memchr::memmem::find(line, b" : ").map_or(0, |at| at + 3);
        for reader in READERS {
            let _ = told(reader, "", line);
            let _ = told(reader, "", &line[at..]);
        }
    }
}

proptest! {
    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        read(&bytes);
    }

    #[test]
    fn random_tokens(tokens in proptest::collection::vec(
        prop::sample::select(vec![
            "%ASA-6-302013: ", "%ASA-4-106023: ", "%SEC-6-IPACCESSLOGP: ", "Built inbound TCP connection ", "for ", "to ", " from ", " src ",
            " dst ", "outside:", "203.0.113.5", "/80", "(", ")", "->", "CEF:0|", "LEEF:2.0|", "|", "=", "\\", "\"", ",", " ", "\t", "\n",
            "date=", "srcip=", "{", "}", "[", "]", "\"records\":[", "\"flowTuples\":", "\"jsonPayload\":", "2024-03-12 08:00:00", "é", "\0", "1",
            "#Fields: ", "srcaddr dstaddr protocol ",
        ]),
        0..40,
    )) {
        read(tokens.concat().as_bytes());
    }

    #[test]
    fn damaged_fixtures(file in 0..FIXTURES.len(), from in any::<prop::sample::Index>(), len in 0_usize..900,
        at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let bytes = std::fs::read(records().join(FIXTURES[file])).unwrap();
        let from = from.index(bytes.len());
        // From a place of any kind, or from the beginning of a line.
        let from = if cut { from } else { bytes[..from].iter().rposition(|&b| b == b'\n').map_or(0, |n| n + 1) };
        let mut piece = bytes[from..].to_vec();
        piece.truncate(len);
        if !piece.is_empty() {
            let at = at.index(piece.len());
            piece[at] = byte;
        }
        read(&piece);
    }
}
