//! Live capture against a real kernel: in a network namespace of its own, so nothing leaves the machine and nothing
//! of the machine's traffic is seen. Needs root (or `CAP_NET_RAW`, `CAP_NET_ADMIN` and `CAP_SYS_ADMIN`) and `ip`;
//! without them each test prints why it is skipped.

#![expect(clippy::print_stderr, clippy::unwrap_used, reason = "tests: they say why they skip and what they measured")]
#![cfg(target_os = "linux")]

use std::net::UdpSocket;
use std::process::Stdio;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rutter::pipeline::live::{Options, run};
use rutter::pipeline::replay::Progress;
use rutter::pipeline::study::Census;
use rutter::source::error::SourceError;
use rutter::source::live::{CaptureMode, LiveCapture, LiveCounters, LiveOptions, Next};

use self::network::{PORT, collect, in_private_network, ip, ours, send, sender};
use super::support::{repo, rutter};

mod network;

const BOTH: [CaptureMode; 2] = [CaptureMode::Ring, CaptureMode::Channel];
fn options(mode: CaptureMode) -> LiveOptions {
    LiveOptions { mode, buffer: 16 << 20, ..LiveOptions::default() }
}

fn clock() -> i64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: writes one timespec to a valid address.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut now) }, 0);
    now.tv_sec * 1_000_000_000 + now.tv_nsec
}

#[test]
fn every_packet_on_a_wire_is_captured_once_in_order_with_the_kernels_time() {
    in_private_network(|| {
        for mode in BOTH {
            let mut capture = LiveCapture::open("vb", &options(mode)).unwrap();
            assert_eq!(capture.mode(), mode);
            assert_eq!(capture.interfaces()[0].1.0, 1);
            let blocks = capture.take_blocks().unwrap();
            let before = clock();
            send(&sender("10.99.0.2"), 5000);
            let after = clock();
            let seen = collect(&blocks, 5000);
            assert!(seen.iter().map(|s| s.0).eq(0..5000), "{mode:?}: {} of 5000", seen.len());
            assert!(seen.iter().all(|s| (before..=after).contains(&s.1)), "{mode:?}: times of sending, not of reading");
            let failures = capture.finish();
            assert!(failures.is_empty(), "{failures:?}");
            let LiveCounters { captured, kernel_dropped, handover_dropped } = capture.counters();
            assert!((5000..5100).contains(&captured), "{captured}");
            assert_eq!((kernel_dropped, handover_dropped), (0, 0));
        }
    });
}

#[test]
fn loopback_packets_are_seen_once_although_they_pass_twice() {
    in_private_network(|| {
        for mode in BOTH {
            let mut capture = LiveCapture::open("lo", &options(mode)).unwrap();
            let blocks = capture.take_blocks().unwrap();
            send(&sender("127.0.0.1"), 300);
            // More than were sent would show doubles.
            let seen = collect(&blocks, 301);
            assert!(seen.iter().map(|s| s.0).eq(0..300), "{mode:?}: {} of 300", seen.len());
        }
    });
}

#[test]
fn several_threads_share_an_interface_without_losing_or_doubling() {
    in_private_network(|| {
        for mode in BOTH {
            let mut capture = LiveCapture::open("vb", &LiveOptions { threads: 2, ..options(mode) }).unwrap();
            let blocks = capture.take_blocks().unwrap();
            // Many flows, so that both threads get some.
            for _ in 0..64 {
                send(&sender("10.99.0.2"), 20);
            }
            let mut frames = Vec::new();
            let mut numbers = Vec::new();
            for _ in 0..10 {
                if let Next::Block(captured) = blocks.next(Duration::from_millis(100)) {
                    numbers.extend(ours(&captured.block).map(|s| s.0));
                    frames.push((captured.block.first_frame, captured.block.records.len() as u64));
                }
            }
            numbers.sort_unstable();
            assert!(numbers.iter().copied().eq((0..20).flat_map(|n| std::iter::repeat_n(n, 64))), "{mode:?}: {}", numbers.len());
            frames.sort_unstable();
            assert!(frames.len() > 1, "{mode:?}: both threads hand over");
            assert!(frames.windows(2).all(|w| w[0].0 + w[0].1 == w[1].0), "{mode:?}: frame numbers are shared: {frames:?}");
        }
    });
}

#[test]
fn what_nobody_takes_is_dropped_at_the_hand_over_and_counted() {
    in_private_network(|| {
        for mode in BOTH {
            let mut capture = LiveCapture::open("vb", &LiveOptions { queue: 1, ..options(mode) }).unwrap();
            let blocks = capture.take_blocks().unwrap();
            let socket = sender("10.99.0.2");
            for _ in 0..4 {
                send(&socket, 100);
                std::thread::sleep(Duration::from_millis(150));
            }
            assert!(capture.counters().handover_dropped >= 200, "{mode:?}: readable while it runs: {:?}", capture.counters());
            let _ = capture.finish();
            let counters = capture.counters();
            let mut kept = 0;
            while let Next::Block(captured) = blocks.next(Duration::ZERO) {
                kept += captured.block.records.len() as u64;
            }
            assert!(kept >= 1 && counters.captured >= 400, "{mode:?}: {counters:?}");
            assert_eq!(counters.captured - counters.handover_dropped, kept, "{mode:?}: every packet is in a block or counted");
            assert_eq!(counters.lost(), counters.handover_dropped);
        }
    });
}

#[test]
fn a_stop_ends_the_threads_at_once_idle_or_not() {
    in_private_network(|| {
        for mode in BOTH {
            for busy in [false, true] {
                let mut capture = LiveCapture::open("vb", &options(mode)).unwrap();
                let blocks = capture.take_blocks().unwrap();
                let end = &std::sync::atomic::AtomicBool::new(!busy);
                let elapsed = std::thread::scope(|scope| {
                    scope.spawn(move || {
                        let socket = sender("10.99.0.2");
                        let latest = Instant::now() + Duration::from_secs(5);
                        while !end.load(Ordering::Relaxed) && Instant::now() < latest {
                            send(&socket, 100);
                        }
                    });
                    std::thread::sleep(Duration::from_millis(100));
                    let begun = Instant::now();
                    capture.stop();
                    while !matches!(blocks.next(Duration::from_millis(50)), Next::Ended) {}
                    let elapsed = begun.elapsed();
                    end.store(true, Ordering::Relaxed);
                    elapsed
                });
                // 200 ms are promised; the rest is for a busy machine.
                assert!(elapsed < Duration::from_millis(600), "{mode:?}, busy {busy}: {elapsed:?}");
            }
        }
    });
}

#[test]
fn an_interface_that_is_down_or_removed_is_told() {
    in_private_network(|| {
        assert!(ip("link set vb down"));
        let error = LiveCapture::open("vb", &LiveOptions::default()).unwrap_err().to_string();
        assert!(error.contains("ip link set dev vb up"), "{error}");
        assert!(ip("link set vb up"));
        for mode in BOTH {
            let mut capture = LiveCapture::open("vb", &options(mode)).unwrap();
            let blocks = capture.take_blocks().unwrap();
            // Down and up again is no end.
            assert!(ip("link set vb down") && ip("link set vb up"));
            std::thread::sleep(Duration::from_millis(300));
            let socket = sender("10.99.0.2");
            send(&socket, 10);
            assert_eq!(collect(&blocks, 10).len(), 10, "{mode:?}: goes on");
            if mode == CaptureMode::Channel {
                assert!(ip("link del va"));
                let begun = Instant::now();
                while !matches!(blocks.next(Duration::from_millis(100)), Next::Ended) {
                    assert!(begun.elapsed() < Duration::from_secs(3), "ends by itself");
                }
                let failures = capture.finish();
                assert_eq!(failures.len(), 1);
                assert_eq!(failures[0].to_string(), "vb: cannot capture: the interface has disappeared");
            }
        }
    });
}

#[test]
fn without_permission_the_way_out_is_named() {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // SAFETY: takes no pointer; the raw call changes this thread only, unlike setresuid(3).
            if unsafe { libc::syscall(libc::SYS_setresuid, 65_534, 65_534, 65_534) } != 0 {
                eprintln!("skipped: cannot become another user: {}", std::io::Error::last_os_error());
                return;
            }
            for mode in BOTH {
                let error = LiveCapture::open("lo", &options(mode)).unwrap_err();
                assert!(matches!(error, SourceError::NoPermission { .. }), "{error}");
                assert!(error.to_string().contains("setcap cap_net_raw"), "{error}");
            }
        });
    });
}

#[test]
fn a_run_shows_live_flows_on_the_way_and_everything_at_the_end() {
    in_private_network(|| {
        let progress = Progress::default();
        let options = Options {
            interval: Duration::from_millis(300),
            signals: false,
            capture: options(CaptureMode::Ring),
            ..Options::default()
        };
        let mut moments = Vec::new();
        let reading = std::thread::scope(|scope| {
            scope.spawn(|| {
                let socket = sender("10.99.0.2");
                for _ in 0..12 {
                    std::thread::sleep(Duration::from_millis(100));
                    send(&socket, 50);
                }
                std::thread::sleep(Duration::from_millis(400));
                progress.stop.store(true, Ordering::Relaxed);
            });
            run(&["vb"], &options, Census::default(), &progress, &mut |digest, counts, counters, last| {
                let packets = digest.conversations.iter().filter(|c| c.port == PORT).map(|c| c.forward.packets).sum::<u64>();
                moments.push((packets, counts.packets, counters, last));
            })
            .unwrap()
        });
        assert!(moments.len() >= 3, "{moments:?}");
        assert!(moments[0].0 > 0, "the flow is alive and already shown: {moments:?}");
        assert!(moments.windows(2).all(|w| w[0].0 <= w[1].0 && w[0].1 <= w[1].1), "{moments:?}");
        assert_eq!(moments.iter().filter(|m| m.3).count(), 1);
        let (packets, total, counters, last) = *moments.last().unwrap();
        assert!(last && packets == 600, "{moments:?}");
        assert_eq!((counters.captured, counters.lost()), (total, 0));
        assert!(reading.interrupted && reading.failures.is_empty());
        assert_eq!(reading.inputs.len(), 1);
        let input = &reading.inputs[0];
        assert_eq!((input.path.as_str(), input.format.to_string().as_str(), input.packets), ("vb", "live", total));
        assert_eq!(input.link_types, ["EN10MB"]);
        assert!(input.first.is_some() && input.first < input.last);
        assert!(reading.study.addresses.contains(&std::net::IpAddr::from([10, 99, 0, 2])));
        assert!(reading.study.flows.values().any(|f| f.tuple.dport == PORT && f.forward.packets == 600));
    });
}

#[test]
fn a_run_that_cannot_open_one_of_its_interfaces_opens_none() {
    let mut called = false;
    let error = run(
        &["lo", "no-such-if0"],
        &Options { signals: false, ..Options::default() },
        Census::default(),
        &Progress::default(),
        &mut |_, _, _, _| {
            called = true;
        },
    );
    match error {
        Err(SourceError::NoInterface { interface, .. }) => assert_eq!(interface, "no-such-if0"),
        Err(SourceError::NoPermission { .. }) => eprintln!("skipped: no permission to capture"),
        other => panic!("{other:?}"),
    }
    assert!(!called);
}

/// The one test that sends a signal; all others do without signals.
#[test]
fn a_signal_ends_the_run_with_the_last_word() {
    in_private_network(|| {
        let progress = Progress::default();
        let options = Options { interval: Duration::from_millis(100), ..Options::default() };
        let mut last_words = 0;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let socket = sender("10.99.0.2");
                let begun = Instant::now();
                while !progress.stop.load(Ordering::Relaxed) && begun.elapsed() < Duration::from_secs(10) {
                    send(&socket, 1);
                    std::thread::sleep(Duration::from_millis(20));
                }
                // Without a signal the test must fail, not hang.
                progress.stop.store(true, Ordering::Relaxed);
            });
            let mut sent: Option<Instant> = None;
            let reading = run(&["vb"], &options, Census::default(), &progress, &mut |_, _, _, last| {
                last_words += u32::from(last);
                if !last && sent.is_none() {
                    sent = Some(Instant::now());
                    // SAFETY: takes no pointer. The run has been listening for this signal since before it began.
                    assert_eq!(unsafe { libc::kill(libc::getpid(), libc::SIGTERM) }, 0);
                }
            })
            .unwrap();
            assert!(reading.interrupted);
            assert!(sent.unwrap().elapsed() < Duration::from_secs(1), "{:?}", sent.unwrap().elapsed());
        });
        assert_eq!(last_words, 1);
    });
}

/// Flow exports on a port: no privilege, no interface.
#[test]
fn exports_that_are_sent_to_a_port_become_findings() {
    let free = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let bytes = std::fs::read(repo("fixtures/records/netflow5.bin")).unwrap();
    let child = rutter()
        .args(["live", "-i", &format!("udp:{free}"), "--duration", "3", "--interval", "1", "--format", "jsonl"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Version 5: a header of 24 bytes and records of 48.
    let first = 24 + 48 * usize::from(bytes[3]);
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..10 {
        // Until the port is open the datagrams are refused, which is no failure of the sender.
        let _ = sender.send_to(&bytes[..first], free);
        std::thread::sleep(Duration::from_millis(200));
    }
    let out = child.wait_with_output().unwrap();
    let (text, complaints) = (String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap());
    assert_eq!(out.status.code(), Some(0), "{complaints}");
    assert!(text.contains("as a record says"), "{text} {complaints}");
    assert!(text.contains("203.0.113."), "an address of the records: {text}");
}
