use std::net::IpAddr;

use super::*;
use crate::model::evidence::InputId;
use crate::pipeline::study::Census;
use crate::source::block::Record;

const S: i64 = 1_000_000_000;

fn pace() -> Pace {
    Pace::new(Duration::from_secs(10))
}

#[test]
fn digests_come_by_packet_time() {
    let mut p = pace();
    assert!(!p.is_due());
    p.saw(Timestamp(100 * S));
    p.saw(Timestamp(110 * S - 1));
    assert!(!p.is_due());
    p.saw(Timestamp(110 * S));
    assert!(p.is_due());
    p.told();
    assert!(!p.is_due());
    p.saw(Timestamp(119 * S));
    assert!(!p.is_due());
    p.saw(Timestamp(120 * S));
    assert!(p.is_due());
}

#[test]
fn what_came_before_a_silence_is_told_once() {
    let mut p = pace();
    p.silence(Duration::from_secs(60));
    assert!(!p.is_due(), "nothing came at all");
    p.saw(Timestamp(S));
    p.silence(Duration::from_secs(9));
    assert!(!p.is_due());
    p.silence(Duration::from_secs(10));
    assert!(p.is_due());
    p.told();
    p.silence(Duration::from_secs(20));
    assert!(!p.is_due());
}

#[test]
fn a_clock_that_is_set_back_does_not_silence_the_run() {
    let mut p = pace();
    p.saw(Timestamp(1_000_000 * S));
    p.saw(Timestamp(500 * S));
    p.saw(Timestamp(511 * S));
    assert!(p.is_due());
}

/// A block of frames, one a second from `from`.
fn block(frames: &[Vec<u8>], from: i64, first_frame: u64) -> Captured {
    let mut block = Block { first_frame, ..Block::default() };
    for (i, frame) in (0..).zip(frames) {
        let (start, caplen) = (block.data.len() as u32, frame.len() as u32);
        block.data.extend_from_slice(frame);
        block.records.push(Record { ts: Timestamp((from + i) * S), start, caplen, wirelen: caplen, link: LinkType(1) });
    }
    block.filled = block.data.len();
    Captured { input: InputId(0), block }
}

/// Ethernet and an IPv4 packet from 192.0.2.`from` to 198.51.100.`to`.
fn ipv4(proto: u8, from: u8, to: u8, body: &[u8]) -> Vec<u8> {
    let mut frame = vec![2; 12];
    frame.extend([8, 0, 0x45, 0]);
    frame.extend((20 + body.len() as u16).to_be_bytes());
    frame.extend([0, 1, 0, 0, 64, proto, 0, 0, 192, 0, 2, from, 198, 51, 100, to]);
    frame.extend(body);
    frame
}

fn udp(from: u8, to: u8) -> Vec<u8> {
    ipv4(17, from, to, &[0x13, 0x88, 0x13, 0x89, 0, 12, 0, 0, b'd', b'a', b't', b'a'])
}

/// Time exceeded, with a quote of a UDP packet whose IP identification is `id`.
fn time_exceeded(id: u16) -> Vec<u8> {
    let mut body = vec![11, 0, 0, 0, 0, 0, 0, 0];
    let mut quoted = udp(1, 2).split_off(14);
    quoted[4..6].copy_from_slice(&id.to_be_bytes());
    body.extend(quoted);
    ipv4(1, 9, 1, &body)
}

fn decoder(max_flows: usize) -> Decoder<Census> {
    let options = Options { max_flows, ..Options::default() };
    Decoder::new(&Census::default(), &[("eth9".to_owned(), LinkType(1))], &options)
}

#[test]
fn a_moment_shows_live_flows_and_leaves_them_alive() {
    let mut d = decoder(1 << 16);
    d.take(&block(&[udp(1, 2), udp(1, 2), b"no frame".to_vec()], 100, 1));
    for _ in 0..2 {
        let moment = d.moment();
        let [c] = moment.digest.conversations.as_slice() else { panic!("{:?}", moment.digest.conversations) };
        assert_eq!((c.origin, c.flows, c.forward.packets), (IpAddr::from([192, 0, 2, 1]), 1, 2));
        assert_eq!((moment.counts.packets, moment.counts.flows, moment.counts.rejected), (3, 1, 1));
    }
    d.take(&block(&[udp(1, 2), udp(2, 1)], 103, 4));
    let moment = d.moment();
    let reading = d.conclude(Census::default(), Vec::new(), true);
    for digest in [&moment.digest, &reading.digest] {
        let seen: Vec<_> = digest.conversations.iter().map(|c| (c.flows, c.forward.packets)).collect();
        assert_eq!(seen, [(1, 3), (1, 1)], "the last moment and the end say the same");
    }
    assert_eq!(moment.counts, reading.counts);
    assert_eq!(reading.rejected.len(), 1);
    assert_eq!(reading.study.flows.len(), 2);
}

#[test]
fn the_summary_of_an_input_is_that_of_its_packets() {
    let mut d = decoder(1 << 16);
    d.take(&block(&[udp(1, 2), udp(1, 2)], 100, 1));
    d.take(&block(&[udp(1, 2)], 99, 3));
    let reading = d.conclude(Census::default(), Vec::new(), false);
    let [input] = reading.inputs.as_slice() else { panic!("{:?}", reading.inputs) };
    assert_eq!((input.path.as_str(), input.format, input.packets), ("eth9", "live", 3));
    assert_eq!((input.first, input.last), (Some(Timestamp(99 * S)), Some(Timestamp(101 * S))));
    assert_eq!(input.link_types, ["EN10MB"]);
}

#[test]
fn a_run_without_end_keeps_the_newest_quotes_and_says_that_older_ones_went() {
    let mut d = decoder(1 << 16);
    let most = d.most_quotes as u16;
    for n in 0..most {
        d.take(&block(&[time_exceeded(n)], i64::from(n), u64::from(n) + 1));
    }
    let kept = d.shards.iter().flat_map(|s| &s.quotes).count();
    assert_eq!(kept, usize::from(most) - usize::from(most) / 2);
    let newest = d.shards.iter().flat_map(|s| &s.quotes).map(|q| q.1).max();
    assert_eq!(newest, Some(Timestamp(i64::from(most - 1) * S)));
    assert!(d.moment().digest.sampled);
    assert_eq!(d.moment().counts.quotes, u64::from(most), "all of them are counted");
}
