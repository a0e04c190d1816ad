use std::collections::VecDeque;

use super::*;

fn gather(queue: usize) -> (Gather, Blocks) {
    let (full, receiver) = sync_channel(queue);
    let shared = Arc::new(Shared::default());
    let gather = Gather {
        block: shared.empty_block(),
        since: None,
        link: ETHERNET,
        input: InputId(3),
        numbers: Arc::default(),
        shared: shared.clone(),
        full,
        spares: queue + 2,
    };
    (gather, Blocks { full: receiver, shared, spares: queue + 2 })
}

fn frame(bytes: &[u8], ts: i64) -> Frame<'_> {
    Frame { bytes, wirelen: bytes.len() as u32, ts: Timestamp(ts), vlan: None }
}

fn ready(blocks: &Blocks) -> Block {
    match blocks.next(Duration::ZERO) {
        Next::Block(captured) => {
            assert_eq!(captured.input, InputId(3));
            captured.block
        }
        other => panic!("no block: {other:?}"),
    }
}

#[test]
fn a_block_goes_on_when_its_first_frame_is_old_and_not_before() {
    let (mut g, blocks) = gather(4);
    let start = Instant::now();
    g.tick(start);
    g.take(&frame(b"first", 1));
    g.tick(start);
    g.take(&frame(b"second frame", 2));
    g.tick(start + HAND_OVER_AFTER - Duration::from_millis(1));
    assert!(matches!(blocks.next(Duration::ZERO), Next::Quiet));
    g.tick(start + HAND_OVER_AFTER);
    let block = ready(&blocks);
    let seen: Vec<_> = block.records.iter().map(|r| (block.bytes(r), r.ts.0, r.wirelen, r.link.0)).collect();
    assert_eq!(seen, [(&b"first"[..], 1, 5, 1), (b"second frame", 2, 12, 1)]);
    assert_eq!((block.first_frame, block.base, block.filled), (1, 0, 17));
    // The next block's age begins with its own first frame.
    g.take(&frame(b"third", 3));
    g.tick(start + HAND_OVER_AFTER * 2);
    assert!(matches!(blocks.next(Duration::ZERO), Next::Quiet));
    g.hand_over();
    let block = ready(&blocks);
    assert_eq!((block.first_frame, block.base), (3, 17));
}

#[test]
fn a_full_block_goes_on_at_once_and_no_frame_is_torn() {
    let (mut g, blocks) = gather(8);
    let big = vec![7; 200_000];
    for i in 0..11 {
        g.take(&frame(&big, i));
    }
    let (one, two) = (ready(&blocks), ready(&blocks));
    assert_eq!((one.records.len(), two.records.len()), (5, 5), "five of 200,000 bytes fit into 1 MiB");
    assert!(one.records.iter().all(|r| one.bytes(r) == big));
    assert_eq!(two.first_frame, 6);
    assert!(matches!(blocks.next(Duration::ZERO), Next::Quiet));
    for i in 0..RECORDS as i64 {
        g.take(&frame(b"", i));
    }
    assert_eq!(ready(&blocks).records.len(), RECORDS, "frames are capped too, not only bytes");
}

#[test]
fn a_full_queue_drops_whole_blocks_counts_their_packets_and_leaves_a_gap_in_the_numbers() {
    let (mut g, blocks) = gather(1);
    for (n, count) in [3, 5, 7].into_iter().enumerate() {
        for _ in 0..count {
            g.take(&frame(&[n as u8; 10], 0));
        }
        g.hand_over();
    }
    assert_eq!(g.shared.captured.load(Ordering::Relaxed), 15);
    assert_eq!(g.shared.handover_dropped.load(Ordering::Relaxed), 12);
    assert_eq!(ready(&blocks).records.len(), 3);
    assert!(matches!(blocks.next(Duration::ZERO), Next::Quiet));
    g.take(&frame(b"x", 0));
    g.hand_over();
    let after = ready(&blocks);
    assert_eq!((after.first_frame, after.base), (16, 150));
    assert!(lock(&g.shared.spare).len() <= 3, "the memory of dropped blocks is kept, up to a number");
}

#[test]
fn nobody_listening_any_more_is_a_counted_loss_and_no_panic() {
    let (mut g, blocks) = gather(1);
    drop(blocks);
    g.take(&frame(b"x", 0));
    g.hand_over();
    assert_eq!(g.shared.handover_dropped.load(Ordering::Relaxed), 1);
}

#[test]
fn a_vlan_tag_goes_back_behind_the_addresses() {
    let (mut g, blocks) = gather(1);
    let bytes = *b"ddddddssssss\x08\x00payload";
    g.take(&Frame { bytes: &bytes, wirelen: 1000, ts: Timestamp(0), vlan: Some((0x88a8, 0x2064)) });
    g.take(&Frame { bytes: b"short", wirelen: 5, ts: Timestamp(0), vlan: Some((0x8100, 1)) });
    g.link = LinkType(101);
    g.take(&Frame { bytes: &bytes, wirelen: 21, ts: Timestamp(0), vlan: Some((0x8100, 1)) });
    g.hand_over();
    let block = ready(&blocks);
    assert_eq!(block.bytes(&block.records[0]), b"ddddddssssss\x88\xa8\x20\x64\x08\x00payload");
    assert_eq!(block.records[0].wirelen, 1004);
    assert_eq!(block.bytes(&block.records[1]), b"short");
    assert_eq!(block.bytes(&block.records[2]), bytes);
}

#[test]
fn frames_are_cut_at_the_snap_length() {
    let (mut g, blocks) = gather(1);
    g.take(&frame(&vec![1; SNAP_LENGTH + 50], 0));
    g.hand_over();
    let record = ready(&blocks).records[0];
    assert_eq!((record.caplen as usize, record.wirelen as usize), (SNAP_LENGTH, SNAP_LENGTH + 50));
}

/// Plays back what a kernel might do: `Ok` is a number of frames, `Err` an error number.
struct Script {
    steps: VecDeque<Result<usize, i32>>,
    drops: VecDeque<u64>,
    pause: Duration,
}

impl FrameSource for Script {
    fn wait(&mut self, _: Duration, take: &mut dyn FnMut(&Frame<'_>)) -> io::Result<usize> {
        std::thread::sleep(self.pause);
        let n = self.steps.pop_front().unwrap_or(Ok(0)).map_err(io::Error::from_raw_os_error)?;
        for _ in 0..n {
            take(&frame(b"frame", 0));
        }
        Ok(n)
    }

    fn drops(&mut self) -> io::Result<u64> {
        Ok(self.drops.pop_front().unwrap_or(0))
    }

    fn release(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn script(steps: &[Result<usize, i32>]) -> Script {
    Script { steps: steps.iter().copied().collect(), drops: [1, 0, 41].into(), pause: Duration::from_millis(1) }
}

#[test]
fn kernel_drops_add_up_and_a_stop_still_hands_over_what_is_there() {
    let (mut g, blocks) = gather(4);
    g.shared.stop.store(true, Ordering::Relaxed);
    capture(&mut script(&[Ok(2), Ok(3), Ok(4), Ok(0), Ok(5)]), &mut g, &|| false).unwrap();
    assert_eq!(g.shared.kernel_dropped.load(Ordering::Relaxed), 42);
    assert_eq!(ready(&blocks).records.len(), 9, "until the kernel has nothing more");
}

#[test]
fn endless_traffic_does_not_keep_a_stopped_capture_alive() {
    let (mut g, _blocks) = gather(4);
    g.shared.stop.store(true, Ordering::Relaxed);
    let begun = Instant::now();
    capture(&mut script(&[Ok(1); 10_000]), &mut g, &|| false).unwrap();
    assert!(begun.elapsed() < Duration::from_millis(200), "{:?}", begun.elapsed());
}

#[test]
fn an_interface_that_goes_down_is_waited_for_and_one_that_disappears_ends_the_capture() {
    let (mut g, blocks) = gather(4);
    let error = capture(&mut script(&[Ok(1), Err(libc::ENETDOWN), Ok(0), Ok(2), Err(libc::EIO)]), &mut g, &|| true).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EIO), "frames came again, so it was not gone");
    assert_eq!(ready(&blocks).records.len(), 3);
    let error = capture(&mut script(&[Err(libc::ENETDOWN)]), &mut g, &|| true).unwrap_err();
    assert_eq!(error.to_string(), "the interface has disappeared");
}

#[test]
fn an_unknown_interface_is_answered_with_those_that_there_are() {
    match LiveCapture::open("no-such-if0", &LiveOptions::default()) {
        Err(SourceError::NoInterface { interface, there_are }) => {
            assert_eq!(interface, "no-such-if0");
            assert!(there_are.split(", ").any(|name| name == "lo"), "{there_are}");
        }
        other => panic!("{other:?}"),
    }
}

/// A network of its own for this thread; `false`, with the reason printed, where that is not allowed.
#[cfg(target_os = "linux")]
#[expect(clippy::print_stderr, reason = "says why the test is skipped")]
fn private_loopback() -> bool {
    // SAFETY: takes no pointer; changes the network namespace of this thread only.
    if unsafe { libc::unshare(libc::CLONE_NEWNET) } != 0 {
        eprintln!("skipped: no network namespace: {}", io::Error::last_os_error());
        return false;
    }
    let up = std::process::Command::new("ip").args(["link", "set", "lo", "up"]).status();
    if !up.is_ok_and(|status| status.success()) {
        eprintln!("skipped: `ip link set lo up` failed");
        return false;
    }
    true
}

#[cfg(target_os = "linux")]
#[test]
fn the_kernel_tells_what_it_dropped_because_nobody_read() {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            if !private_loopback() {
                return;
            }
            for mode in [CaptureMode::Ring, CaptureMode::Channel] {
                // The smallest ring has 4 MiB; the smallest receive buffer some kilobytes.
                let options = LiveOptions { mode, buffer: 4096, ..LiveOptions::default() };
                let mut device = device::open("lo", &options).unwrap();
                assert_eq!(device.mode, mode);
                let source = device.sources.first_mut().unwrap();
                let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
                let to = socket.local_addr().unwrap();
                let bytes = vec![0; 60_000];
                for _ in 0..200 {
                    socket.send_to(&bytes, to).unwrap();
                }
                let dropped = source.drops().unwrap();
                let mut taken = 0;
                while source.wait(PATIENCE, &mut |_| taken += 1).unwrap() > 0 {}
                assert!(dropped > 0 && taken > 0, "{mode:?}: {dropped} dropped, {taken} taken");
                assert_eq!(dropped + taken, 200, "{mode:?}: nothing disappears without a count");
                assert_eq!(source.drops().unwrap(), 0, "{mode:?}: a drop is told once");
            }
        });
    });
}
