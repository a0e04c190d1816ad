//! Seeds of what no fixture holds.

use std::io::{Cursor, Write};

use crate::{Corpus, Outcome};

const FILTERS: [&str; 7] = [
    "state:DE",
    "state:\"IN\" and not src:10.0.0.0/8",
    "(port:22 or port:1000-2000) proto:tcp",
    "asn:3320 trust:proved finding:brute-force",
    "name:*.ex?mple.org or host:192.0.2.1",
    "not (net:2001:db8::/32 or dst:198.51.100.7)",
    "((((not not state:US))))",
];

const EXPRESSIONS: [&str; 3] = [
    "^(?P<time>\\S+) (?P<src>\\S+) (?P<dst>\\S+) (?P<proto>\\w+) (?P<bytes>\\d+)/(?P<bytes_back>\\d+) (?P<outcome>\\w+)$\n2026-05-04T03:02:01Z 192.0.2.1:40000 [2001:db8::1]:443 tcp 10/20 denied\n",
    "xff=\"(?P<xff>[^\"]*)\" host=(?P<host>\\S+) user=(?P<user>.*)\nxff=\"192.0.2.1, 198.51.100.1\" host=www.example.org user=a\n",
    "(?P<src>.+)\\|(?P<sport>.*)\\|(?P<dport>.*)\n192.0.2.1|1024|22\n::ffff:192.0.2.1|x|99999\n",
];

pub(crate) fn add(corpus: &mut Corpus) -> Outcome {
    FILTERS.iter().try_for_each(|f| corpus.add("filter", &[], f.as_bytes()))?;
    EXPRESSIONS.iter().try_for_each(|e| corpus.add("custom", &[], e.as_bytes()))?;
    for wide in [false, true] {
        corpus.add("mail", &[0, 255], &message(wide)?)?;
    }
    corpus.add("mmdb", &[], &database())
}

/// An Outlook message with the head of a mail in it, as text of one or of two bytes a character.
fn message(wide: bool) -> Outcome<Vec<u8>> {
    let head = "Received: from mx.example.org ([192.0.2.1]) by mail.example.net with ESMTPS id 1;\r\n Mon, 4 May 2026 03:02:01 +0000\r\n\
Message-ID: <1@example.org>\r\nFrom: a@example.org\r\nX-Originating-IP: [198.51.100.1]\r\n\r\n";
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new()))?;
    let (name, bytes) = if wide {
        ("/__substg1.0_007D001F", head.encode_utf16().flat_map(u16::to_le_bytes).collect())
    } else {
        ("/__substg1.0_007D001E", head.as_bytes().to_vec())
    };
    file.create_stream("/__properties_version1.0")?.write_all(&[0; 32])?;
    file.create_stream(name)?.write_all(&bytes)?;
    file.flush()?;
    Ok(file.into_inner().into_inner())
}

/// A MaxMind database (specification 2.0) with one record.
fn database() -> Vec<u8> {
    let text = |s: &str| [&[2 << 5 | s.len() as u8], s.as_bytes()].concat();
    let map = |entries: &[(&str, Vec<u8>)]| {
        let mut out = vec![7 << 5 | entries.len() as u8];
        entries.iter().for_each(|(key, value)| out.extend([text(key), value.clone()].concat()));
        out
    };
    let double = |d: f64| [&[3 << 5 | 8][..], &d.to_be_bytes()].concat();
    let record = map(&[
        ("country", map(&[("iso_code", text("DE"))])),
        ("registered_country", map(&[("iso_code", text("US"))])),
        ("city", map(&[("names", map(&[("en", text("Berlin"))]))])),
        ("location", map(&[("latitude", double(52.52)), ("longitude", double(13.4))])),
        ("asn", text("AS64496")),
    ]);
    let metadata = map(&[
        ("binary_format_major_version", vec![5 << 5 | 1, 2]),
        ("binary_format_minor_version", vec![5 << 5]),
        ("build_epoch", vec![4, 2, 0x6a, 0, 0, 0]),
        ("database_type", text("City")),
        ("description", map(&[])),
        ("ip_version", vec![5 << 5 | 1, 4]),
        ("languages", vec![0, 4]),
        ("node_count", vec![6 << 5 | 1, 1]),
        ("record_size", vec![5 << 5 | 1, 24]),
    ]);
    [&[0, 0, 17, 0, 0, 1][..], &[0; 16], &record, b"\xab\xcd\xefMaxMind.com", &metadata].concat()
}
