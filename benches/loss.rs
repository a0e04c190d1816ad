//! What live capture loses at full speed, and what tcpdump loses beside it: packets of 60 bytes from one sender to the capture
//! alone, in either mode, then from two senders through a whole run. It prints what was sent, what arrived and what was
//! counted as lost, and takes no side.
//!
//! ```text
//! cargo bench --bench loss       Linux, as root, with `ip`; without them it says why it measured nothing
//! ```

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

#[cfg(target_os = "linux")]
#[expect(clippy::unwrap_used, clippy::print_stderr, reason = "shared with the tests")]
#[path = "../tests/it/live/network.rs"]
mod network;

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("Nothing measured: live capture needs Linux.");
}

#[cfg(target_os = "linux")]
fn main() {
    measurement::run_all();
}

#[cfg(target_os = "linux")]
#[expect(clippy::unwrap_used, reason = "a measurement that cannot be made may stop")]
mod measurement {
    use std::process::{Command, Stdio};
    use std::sync::atomic::Ordering;
    use std::time::{Duration, Instant};

    use rutter::pipeline::live::{Options, run};
    use rutter::pipeline::replay::Progress;
    use rutter::pipeline::study::Census;
    use rutter::source::live::{CaptureMode, LiveCapture, LiveOptions};

    use super::network::{PORT, collect, in_private_network, send, sender};

    pub(super) fn run_all() {
        const COUNT: u32 = 200_000;
        let arrived = || {
            let table = std::fs::read_to_string("/proc/thread-self/net/dev").unwrap();
            let line = table.lines().find_map(|l| l.trim().strip_prefix("vb:")).unwrap();
            line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
        };
        in_private_network(|| {
            for (mode, buffer) in
                [(CaptureMode::Ring, 64 << 20), (CaptureMode::Channel, 64 << 20), (CaptureMode::Channel, 208 << 10)]
            {
                let mut capture = LiveCapture::open("vb", &LiveOptions { mode, buffer, ..LiveOptions::default() }).unwrap();
                let blocks = capture.take_blocks().unwrap();
                let before = arrived();
                let (seen, elapsed) = std::thread::scope(|scope| {
                    let taking = scope.spawn(move || collect(&blocks, COUNT as usize).len());
                    let begun = Instant::now();
                    send(&sender("10.99.0.2"), COUNT);
                    let elapsed = begun.elapsed();
                    (taking.join().unwrap(), elapsed)
                });
                let _ = capture.finish();
                println!(
                    "{mode:?} {} KiB: sent {COUNT} in {elapsed:?} ({:.0} kpps), on vb {}, in blocks {seen}, {:?}",
                    buffer >> 10,
                    f64::from(COUNT) / elapsed.as_secs_f64() / 1000.0,
                    arrived() - before,
                    capture.counters()
                );
            }
            let progress = Progress::default();
            let capture = LiveOptions { mode: CaptureMode::Ring, buffer: 64 << 20, ..LiveOptions::default() };
            let options = Options { interval: Duration::from_millis(500), signals: false, capture, ..Options::default() };
            let mut digests = 0;
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    std::thread::sleep(Duration::from_millis(200));
                    let begun = Instant::now();
                    std::thread::scope(|senders| {
                        for _ in 0..2 {
                            senders.spawn(|| {
                                for _ in 0..COUNT / 100 {
                                    send(&sender("10.99.0.2"), 100);
                                }
                            });
                        }
                    });
                    let kpps = f64::from(2 * COUNT) / begun.elapsed().as_secs_f64() / 1000.0;
                    println!("whole run, ring, two senders, {} flows: {kpps:.0} kpps", 2 * COUNT / 100);
                    std::thread::sleep(Duration::from_millis(500));
                    progress.stop.store(true, Ordering::Relaxed);
                });
                run(&["vb"], &options, Census::default(), &progress, &mut |digest, counts, counters, last| {
                    digests += 1;
                    if last {
                        let packets =
                            digest.conversations.iter().filter(|c| c.port == PORT).map(|c| c.forward.packets).sum::<u64>();
                        println!("  sent {}, in the digest {packets}, {counters:?}, {counts:?}, {digests} digests", 2 * COUNT);
                    }
                })
                .unwrap();
            });
            let Ok(tcpdump) = Command::new("tcpdump")
                .args(["-i", "vb", "-n", "-B", "65536", "-w", "/dev/null", "udp"])
                .stderr(Stdio::piped())
                .spawn()
            else {
                println!("skipped: no tcpdump to compare with");
                return;
            };
            std::thread::sleep(Duration::from_millis(1500));
            send(&sender("10.99.0.2"), COUNT);
            std::thread::sleep(Duration::from_millis(1500));
            // SAFETY: takes no pointer; the child has not been waited for, so the number is still its own.
            unsafe { libc::kill(tcpdump.id() as i32, libc::SIGINT) };
            let said = tcpdump.wait_with_output().unwrap();
            println!("tcpdump -B 65536: {}", String::from_utf8_lossy(&said.stderr).replace('\n', "; "));
        });
    }
}
