//! Live capture: frames of interfaces, block by block, as if they came out of a file.
//!
//! ```text
//! kernel ring or queue -> capture thread -> bounded queue of blocks -> whoever decodes
//!        |                                        |
//!        dropped by the kernel                    full: dropped here, at the one place where this program drops
//! ```
//! A capture thread does nothing but copy frames into blocks, so that it keeps up; it never waits for the one who
//! decodes. Both kinds of loss are counted in packets and can be read at any time.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::block::{Block, LinkType, Record};
use super::error::SourceError;
use crate::model::evidence::InputId;
use crate::model::time::Timestamp;

/// Bytes kept of a frame: more than any frame has, even one that the kernel put together from many (as tcpdump).
pub const SNAP_LENGTH: usize = 262_144;
/// Bytes of a block.
const BLOCK: usize = 1 << 20;
/// Frames of a block.
const RECORDS: usize = 1 << 15;
/// A block goes on when its first frame is so old. With [`PATIENCE`] that is at most 100 ms.
const HAND_OVER_AFTER: Duration = Duration::from_millis(80);
/// Longest wait for a frame.
pub(super) const PATIENCE: Duration = Duration::from_millis(20);
/// After a stop, what the kernel still holds is taken for at most this long.
const LAST_LOOK: Duration = Duration::from_millis(100);
/// How often to see whether an interface that is down is still there.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
const ETHERNET: LinkType = LinkType(1);
/// A packet that begins with its IP header.
const RAW: LinkType = LinkType(101);

/// How frames get from the kernel to us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CaptureMode {
    /// Memory shared with the kernel (`TPACKET_V3`); where there is none, [`CaptureMode::Channel`].
    #[default]
    Ring,
    /// The datalink channel of `pnet`: one system call per packet.
    Channel,
}

/// How to capture.
#[derive(Clone, Copy, Debug)]
pub struct LiveOptions {
    /// From kernel to program.
    pub mode: CaptureMode,
    /// Frames for other stations too.
    pub promiscuous: bool,
    /// Capture threads per interface, 1 to 64; several share the traffic as a fanout group, by flow.
    pub threads: usize,
    /// Bytes of kernel memory per capture thread: the ring, or the socket's receive buffer.
    pub buffer: usize,
    /// Most blocks (1 MiB each, or 100 ms of traffic) that wait for the one who decodes.
    pub queue: usize,
}

impl Default for LiveOptions {
    fn default() -> Self {
        Self { mode: CaptureMode::Ring, promiscuous: true, threads: 1, buffer: 64 << 20, queue: 64 }
    }
}

/// Packets captured and lost since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LiveCounters {
    /// Taken from the kernel.
    pub captured: u64,
    /// Dropped by the kernel, because the ring or the socket's buffer was full.
    pub kernel_dropped: u64,
    /// Of the captured: dropped at the hand-over, because the queue of blocks was full.
    pub handover_dropped: u64,
}

impl LiveCounters {
    /// Packets that were on the interface and are in no result.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.kernel_dropped + self.handover_dropped
    }
}

/// A frame as a source hands it over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    /// Captured bytes.
    pub(super) bytes: &'a [u8],
    /// Length on the wire.
    pub(super) wirelen: u32,
    /// Kernel time.
    pub(super) ts: Timestamp,
    /// A VLAN tag that was taken off on the way: protocol, and priority with number.
    pub(super) vlan: Option<(u16, u16)>,
}

/// Where frames come from: a ring, a channel, or a port on which somebody sends us datagrams.
pub(super) trait FrameSource: Send {
    /// Waits for frames and hands each to `take`; their number, 0 if none came in time. Returns now and then even
    /// if frames keep coming.
    ///
    /// # Errors
    /// Those of the system calls; `ENETDOWN` while the interface is down.
    fn wait(&mut self, patience: Duration, take: &mut dyn FnMut(&Frame<'_>)) -> io::Result<usize>;
    /// Packets that the kernel dropped since the last question.
    ///
    /// # Errors
    /// Those of the system call.
    fn drops(&mut self) -> io::Result<u64>;
    /// Lets the first packet in.
    ///
    /// # Errors
    /// Those of the system call.
    fn release(&mut self) -> io::Result<()>;
}

/// A block of an interface.
#[derive(Debug)]
pub struct Captured {
    /// Index of the interface in the list that was opened.
    pub input: InputId,
    /// Its frames. Numbers count the frames of the interface, offsets its bytes; what was dropped at the hand-over
    /// leaves a gap in both.
    pub block: Block,
}

/// What waiting for a block came to.
#[derive(Debug)]
pub enum Next {
    /// A block.
    Block(Captured),
    /// Nothing in time.
    Quiet,
    /// All capture threads have ended.
    Ended,
}

/// What capture threads and everybody else share.
#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    captured: AtomicU64,
    kernel_dropped: AtomicU64,
    handover_dropped: AtomicU64,
    /// Emptied blocks, whose memory is used again.
    spare: Mutex<Vec<Block>>,
    failures: Mutex<Vec<SourceError>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn give_back(&self, mut block: Block, most: usize) {
        block.clear();
        let mut spare = lock(&self.spare);
        if spare.len() < most {
            spare.push(block);
        }
    }

    fn empty_block(&self) -> Block {
        let mut block = lock(&self.spare).pop().unwrap_or_default();
        // Unlike `resize`, this asks the system for zeroed pages instead of writing them.
        if block.data.len() < BLOCK {
            block.data = vec![0; BLOCK];
        }
        block
    }
}

/// Running numbers of one interface, shared by its capture threads.
#[derive(Debug, Default)]
struct Numbers {
    frames: AtomicU64,
    bytes: AtomicU64,
}

/// Fills blocks and hands them over.
struct Gather {
    block: Block,
    /// When the block's first frame was taken.
    since: Option<Instant>,
    link: LinkType,
    input: InputId,
    numbers: Arc<Numbers>,
    shared: Arc<Shared>,
    full: SyncSender<Captured>,
    spares: usize,
}

impl Gather {
    fn take(&mut self, frame: &Frame<'_>) {
        let bytes = frame.bytes.get(..SNAP_LENGTH).unwrap_or(frame.bytes);
        // The tag goes back to where it was, behind the two addresses.
        let tag = frame.vlan.filter(|_| self.link == ETHERNET && bytes.len() >= 12);
        let caplen = bytes.len() + if tag.is_some() { 4 } else { 0 };
        if self.block.filled + caplen > self.block.data.len() || self.block.records.len() >= RECORDS {
            self.hand_over();
        }
        let start = self.block.filled;
        let Some(room) = self.block.data.get_mut(start..start + caplen) else { return };
        match (tag, bytes.split_at_checked(12)) {
            (Some((protocol, control)), Some((addresses, rest))) => {
                let (front, back) = room.split_at_mut(16);
                let [p0, p1] = protocol.to_be_bytes();
                let [c0, c1] = control.to_be_bytes();
                front.iter_mut().zip(addresses.iter().copied().chain([p0, p1, c0, c1])).for_each(|(to, from)| *to = from);
                back.copy_from_slice(rest);
            }
            _ => room.copy_from_slice(bytes),
        }
        self.block.filled += caplen;
        self.block.records.push(Record {
            ts: frame.ts,
            start: start as u32,
            caplen: caplen as u32,
            wirelen: (frame.wirelen as usize + caplen - bytes.len()) as u32,
            link: self.link,
        });
    }

    /// Hands over a block that is old enough.
    fn tick(&mut self, now: Instant) {
        if self.block.records.is_empty() {
            return;
        }
        let since = *self.since.get_or_insert(now);
        if now.saturating_duration_since(since) >= HAND_OVER_AFTER {
            self.hand_over();
        }
    }

    /// Passes the block on, without waiting. This is the one place where the program drops packets.
    fn hand_over(&mut self) {
        self.since = None;
        let count = self.block.records.len() as u64;
        if count == 0 {
            return;
        }
        let mut block = std::mem::replace(&mut self.block, self.shared.empty_block());
        block.first_frame = self.numbers.frames.fetch_add(count, Ordering::Relaxed) + 1;
        block.base = self.numbers.bytes.fetch_add(block.filled as u64, Ordering::Relaxed);
        self.shared.captured.fetch_add(count, Ordering::Relaxed);
        match self.full.try_send(Captured { input: self.input, block }) {
            Ok(()) => {}
            Err(TrySendError::Full(c) | TrySendError::Disconnected(c)) => {
                self.shared.handover_dropped.fetch_add(count, Ordering::Relaxed);
                self.shared.give_back(c.block, self.spares);
            }
        }
    }
}

/// The life of a capture thread. `gone` tells whether the interface has disappeared for good.
fn capture(source: &mut dyn FrameSource, gather: &mut Gather, gone: &dyn Fn() -> bool) -> io::Result<()> {
    let shared = gather.shared.clone();
    let mut ending: Option<Instant> = None;
    // Since when the interface has been down; it is told only once.
    let mut down: Option<Instant> = None;
    let mut result = Ok(());
    loop {
        let taken = source.wait(PATIENCE, &mut |frame| gather.take(frame));
        shared.kernel_dropped.fetch_add(source.drops().unwrap_or(0), Ordering::Relaxed);
        let now = Instant::now();
        gather.tick(now);
        let taken = match taken {
            Ok(n) => n,
            // An interface that was taken down may come back, and then goes on by itself.
            Err(e) if e.raw_os_error() == Some(libc::ENETDOWN) => {
                down = Some(now);
                0
            }
            Err(e) => {
                result = Err(e);
                break;
            }
        };
        if taken > 0 {
            down = None;
        } else if down.is_some_and(|since| now.saturating_duration_since(since) >= LOOK_AGAIN) {
            if gone() {
                result = Err(io::Error::other("the interface has disappeared"));
                break;
            }
            down = Some(now);
        }
        if shared.stop.load(Ordering::Relaxed) {
            let since = *ending.get_or_insert(now);
            if taken == 0 || now.saturating_duration_since(since) >= LAST_LOOK {
                break;
            }
        }
    }
    gather.hand_over();
    result
}

/// Running capture threads. Dropping it stops them.
#[derive(Debug)]
pub struct LiveCapture {
    interfaces: Vec<(String, LinkType)>,
    mode: CaptureMode,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    blocks: Option<Blocks>,
}

/// The receiving end: blocks in the order in which they were handed over.
#[derive(Debug)]
pub struct Blocks {
    full: Receiver<Captured>,
    shared: Arc<Shared>,
    spares: usize,
}

impl Blocks {
    /// Waits for the next block.
    pub fn next(&self, patience: Duration) -> Next {
        match self.full.recv_timeout(patience) {
            Ok(captured) => Next::Block(captured),
            Err(RecvTimeoutError::Timeout) => Next::Quiet,
            Err(RecvTimeoutError::Disconnected) => Next::Ended,
        }
    }

    /// Gives a block's memory back for the next one.
    pub fn recycle(&self, block: Block) {
        self.shared.give_back(block, self.spares);
    }
}

impl LiveCapture {
    /// Captures on one interface.
    ///
    /// # Errors
    /// As [`Self::open_all`].
    pub fn open(interface: &str, options: &LiveOptions) -> Result<Self, SourceError> {
        Self::open_all(&[interface], options)
    }

    /// Captures on several interfaces, into one queue. All of them are opened before the first thread starts.
    ///
    /// # Errors
    /// [`SourceError::NoInterface`], [`SourceError::NoPermission`] (without `CAP_NET_RAW`),
    /// [`SourceError::Unsupported`] on systems other than Linux, [`SourceError::Io`] for an interface that is down and for
    /// what else the system refuses.
    pub fn open_all<N: AsRef<str>>(interfaces: &[N], options: &LiveOptions) -> Result<Self, SourceError> {
        let devices = interfaces.iter().map(|name| device::open(name.as_ref(), options)).collect::<Result<Vec<_>, _>>()?;
        let (full, blocks) = sync_channel(options.queue.clamp(1, 1 << 12));
        let shared = Arc::new(Shared::default());
        // As many as can be under way at once: waiting, being filled, being decoded.
        let spares = options.queue.clamp(1, 1 << 12) + 2;
        let blocks = Blocks { full: blocks, shared: shared.clone(), spares };
        let mut out = Self { interfaces: Vec::new(), mode: options.mode, shared, threads: Vec::new(), blocks: Some(blocks) };
        for (number, device) in devices.into_iter().enumerate() {
            let numbers = Arc::new(Numbers::default());
            if device.mode == CaptureMode::Channel {
                out.mode = CaptureMode::Channel;
            }
            for mut source in device.sources {
                let mut gather = Gather {
                    block: out.shared.empty_block(),
                    since: None,
                    link: device.link,
                    input: InputId(u16::try_from(number).unwrap_or(u16::MAX)),
                    numbers: numbers.clone(),
                    shared: out.shared.clone(),
                    full: full.clone(),
                    spares,
                };
                let (name, index) = (device.name.clone(), device.index);
                let life = move || {
                    if let Err(source) = capture(&mut *source, &mut gather, &|| device::is_gone(&name, index)) {
                        lock(&gather.shared.failures).push(SourceError::Io { path: name, what: "capture", source });
                    }
                };
                let thread = std::thread::Builder::new().name(format!("capture {}", device.name)).spawn(life);
                out.threads.push(thread.map_err(|source| SourceError::Io {
                    path: device.name.clone(),
                    what: "capture",
                    source,
                })?);
            }
            out.interfaces.push((device.name, device.link));
        }
        Ok(out)
    }

    /// Names and link types of the interfaces, in the order in which they were given.
    #[must_use]
    pub fn interfaces(&self) -> &[(String, LinkType)] {
        &self.interfaces
    }

    /// How frames come in, which may be other than was asked for.
    #[must_use]
    pub fn mode(&self) -> CaptureMode {
        self.mode
    }

    /// The receiving end; there is one.
    pub fn take_blocks(&mut self) -> Option<Blocks> {
        self.blocks.take()
    }

    /// The counters as of now.
    #[must_use]
    pub fn counters(&self) -> LiveCounters {
        let read = |n: &AtomicU64| n.load(Ordering::Relaxed);
        LiveCounters {
            captured: read(&self.shared.captured),
            kernel_dropped: read(&self.shared.kernel_dropped),
            handover_dropped: read(&self.shared.handover_dropped),
        }
    }

    /// Asks the threads to end, which they do within 200 ms. What they hold by then is still handed over.
    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }

    /// Stops, waits for the threads, and says what went wrong with which interface. The counters stay.
    pub fn finish(&mut self) -> Vec<SourceError> {
        self.end();
        std::mem::take(&mut *lock(&self.shared.failures))
    }

    fn end(&mut self) {
        self.stop();
        for thread in self.threads.drain(..) {
            let name = thread.thread().name().unwrap_or_default().to_owned();
            if thread.join().is_err() {
                let source = io::Error::other("the capture thread ended early");
                lock(&self.shared.failures).push(SourceError::Io { path: name, what: "capture", source });
            }
        }
    }
}

impl Drop for LiveCapture {
    fn drop(&mut self) {
        self.end();
    }
}

/// An interface, opened.
struct Device {
    name: String,
    index: u32,
    link: LinkType,
    mode: CaptureMode,
    /// One per capture thread.
    sources: Vec<Box<dyn FrameSource>>,
}

#[cfg(target_os = "linux")]
mod device {
    use std::io;

    use pnet::datalink::{self, NetworkInterface};

    use super::super::channel::PnetChannel;
    use super::super::error::SourceError;
    use super::super::listener::{self, Listener};
    use super::super::packet_socket::{self, PacketSocket};
    use super::super::ring::Ring;
    use super::{CaptureMode, Device, FrameSource, LiveOptions};

    /// Opens all sockets of an interface, and lets packets in when the last one is ready.
    pub(super) fn open(name: &str, options: &LiveOptions) -> Result<Device, SourceError> {
        if let Some(address) = listener::address(name) {
            let failed = |source| SourceError::Io { path: name.to_owned(), what: "listen on", source };
            let address = address.map_err(|why| failed(io::Error::new(io::ErrorKind::InvalidInput, why)))?;
            let source = Listener::bind(address, options.buffer).map_err(failed)?;
            let sources: Vec<Box<dyn FrameSource>> = vec![Box::new(source)];
            return Ok(Device { name: name.to_owned(), index: 0, link: super::RAW, mode: options.mode, sources });
        }
        let mut all = datalink::interfaces();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        let Some(interface) = all.iter().find(|i| i.name == name) else {
            let there_are: Vec<&str> = all.iter().map(|i| i.name.as_str()).collect();
            return Err(SourceError::NoInterface { interface: name.to_owned(), there_are: there_are.join(", ") });
        };
        let failed = |source: io::Error| match source.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => SourceError::NoPermission { interface: name.to_owned() },
            _ => SourceError::Io { path: name.to_owned(), what: "capture", source },
        };
        let mut device = open_as(options.mode, interface, options).or_else(|error| match options.mode {
            CaptureMode::Ring if may_do_without_ring(&error) => open_as(CaptureMode::Channel, interface, options),
            _ => Err(error),
        });
        if let Ok(device) = &mut device {
            device.sources.iter_mut().try_for_each(|s| s.release()).map_err(failed)?;
        } else if !interface.is_up() {
            let source = io::Error::other(format!("the interface is down; bring it up first: ip link set dev {name} up"));
            return Err(SourceError::Io { path: name.to_owned(), what: "capture", source });
        }
        device.map_err(failed)
    }

    /// No memory for the ring, or a kernel without it: the channel may still do.
    fn may_do_without_ring(error: &io::Error) -> bool {
        matches!(error.raw_os_error(), Some(libc::ENOMEM | libc::EINVAL | libc::ENOPROTOOPT | libc::ENOBUFS | libc::EAGAIN))
    }

    fn open_as(mode: CaptureMode, interface: &NetworkInterface, options: &LiveOptions) -> io::Result<Device> {
        if !interface.is_up() {
            // The socket is opened all the same: whoever may not capture learns that first.
            PacketSocket::open(interface.index, false)?;
            return Err(io::Error::from_raw_os_error(libc::ENETDOWN));
        }
        let threads = options.threads.clamp(1, 64);
        let mut link = None;
        let mut sources: Vec<Box<dyn FrameSource>> = Vec::new();
        let group = if threads > 1 { Some(packet_socket::fresh_group(interface.index)?) } else { None };
        for _ in 0..threads {
            let socket = PacketSocket::open(interface.index, interface.is_loopback())?;
            link = Some(socket.link());
            sources.push(match mode {
                CaptureMode::Ring => {
                    if options.promiscuous {
                        socket.promiscuous(interface.index)?;
                    }
                    Box::new(Ring::new(socket, options.buffer, group)?)
                }
                CaptureMode::Channel => {
                    Box::new(PnetChannel::new(socket, interface, options.promiscuous, options.buffer, group)?)
                }
            });
        }
        let link = link.unwrap_or(super::ETHERNET);
        Ok(Device { name: interface.name.clone(), index: interface.index, link, mode, sources })
    }

    /// Has the interface been removed, or replaced by another one of its name?
    pub(super) fn is_gone(name: &str, index: u32) -> bool {
        listener::address(name).is_none() && !datalink::interfaces().iter().any(|i| i.name == name && i.index == index)
    }
}

#[cfg(not(target_os = "linux"))]
mod device {
    use super::super::error::SourceError;
    use super::{Device, LiveOptions};

    pub(super) fn open(name: &str, _: &LiveOptions) -> Result<Device, SourceError> {
        Err(SourceError::Unsupported { interface: name.to_owned() })
    }

    pub(super) fn is_gone(_: &str, _: u32) -> bool {
        true
    }
}

#[cfg(test)]
mod tests;
