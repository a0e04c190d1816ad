//! Routes; the first byte chooses the format, or BGP messages out of a stream, the second one the portions.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use libfuzzer_sys::fuzz_target;
use rutter::decode::routing::{self, Session};
use rutter::model::record::Said;
use rutter::model::time::Timestamp;
use rutter_fuzz::{choice, drive, say};

/// Everything that a stream says, given in portions as segments of TCP come.
fn stream(data: &[u8], portion: usize) -> (Vec<Said>, Session, usize) {
    let (mut said, mut session, mut start, mut end) = (Vec::new(), Session::default(), 0, 0);
    while end < data.len() {
        end = data.len().min(end + portion);
        while let Ok(bytes @ 1..) = routing::messages(&data[start..end], &mut session, PEER, Timestamp(0), &mut said) {
            assert!(bytes <= end - start, "{bytes} of {} bytes", end - start);
            start += bytes;
        }
    }
    (said, session, start)
}

const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

fuzz_target!(|data: &[u8]| {
    let (which, data) = choice(data);
    let (portion, data) = choice(data);
    match routing::Format::ALL.get(which % 3) {
        Some(&word) => drop(drive::both_ways(|| routing::open(word), data, portion)),
        None => {
            let whole = stream(data, data.len().max(1));
            assert!(whole.0.len() <= 16 + data.len(), "{} statements of {} bytes", whole.0.len(), data.len());
            whole.0.iter().for_each(say::check);
            assert_eq!(whole, stream(data, portion + 1), "in portions of {} bytes it says something else", portion + 1);
        }
    }
    let _ = routing::recognise(data);
});
