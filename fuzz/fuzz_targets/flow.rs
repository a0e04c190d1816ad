//! Datagrams of flow exports, one behind the other, from several exporters: which of them sent the next one is in the bits of
//! the first two bytes.
#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use libfuzzer_sys::fuzz_target;
use rutter::decode::flow::Exporters;
use rutter::model::record::UNNAMED;
use rutter::model::time::Timestamp;
use rutter_fuzz::{choice, say};

fuzz_target!(|data: &[u8]| {
    let (low, data) = choice(data);
    let (high, data) = choice(data);
    let mut senders = low | high << 8;
    let exporters = [
        UNNAMED,
        IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
        IpAddr::V6(Ipv4Addr::new(192, 0, 2, 2).to_ipv6_mapped()),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
    ];
    let mut kept = Exporters::default();
    let mut again = Exporters::default();
    let mut rest = data;
    while !rest.is_empty() {
        let exporter = exporters[senders & 3];
        senders >>= 2;
        let received = (senders & 1 == 1).then_some(Timestamp(1_700_000_000_000_000_000));
        let (mut out, mut same) = (Vec::new(), Vec::new());
        let read = kept.datagram(exporter, rest, received, &mut out);
        assert_eq!(read, again.datagram(exporter, rest, received, &mut same));
        assert_eq!(out, same);
        let Ok(read) = read else {
            assert!(out.is_empty(), "a rejected datagram that says something");
            break;
        };
        assert!((1..=rest.len()).contains(&read.bytes), "a datagram of {} of {} bytes", read.bytes, rest.len());
        assert!(out.len() <= 16 + rest.len(), "{} statements of {} bytes", out.len(), rest.len());
        assert!(read.records as usize <= 16 + rest.len() && read.rejected as usize <= 16 + rest.len());
        out.iter().for_each(say::check);
        let _ = Exporters::recognise(rest);
        rest = &rest[read.bytes..];
    }
    assert_eq!(kept.evicted(), again.evicted());
});
