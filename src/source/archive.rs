//! gzip, Zstandard and LZ4 around a capture, recognised by content. Whatever unpacks goes through [`Capped`].

use std::io::{self, BufReader, Cursor, Read};

/// Stops a reader after a number of bytes: archives that unpack without end are the oldest trick there is.
#[derive(Debug)]
pub struct Capped<R> {
    inner: R,
    left: u64,
    /// Did it stop for the cap and not for the end?
    pub exceeded: bool,
}

impl<R: Read> Capped<R> {
    /// Lets `cap` bytes through.
    pub fn new(inner: R, cap: u64) -> Self {
        Self { inner, left: cap, exceeded: false }
    }
}

impl<R: Read> Read for Capped<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        if self.left == 0 {
            // One byte more tells a full stop from an archive that ends here.
            self.exceeded = self.exceeded || self.inner.read(&mut [0])? > 0;
            return Ok(0);
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buf.len());
        let n = self.inner.read(buf.get_mut(..most).unwrap_or_default())?;
        self.left -= n as u64;
        Ok(n)
    }
}

/// Bytes that decide what a stream is.
pub const SNIFF: usize = 64;

/// Reads up to [`SNIFF`] bytes ahead.
///
/// # Errors
/// Those of the reader.
pub fn sniff(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(SNIFF);
    reader.take(SNIFF as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// What stands around the capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrapping {
    /// Nothing.
    Plain,
    /// gzip (RFC 1952), several members in a row included.
    Gzip,
    /// Zstandard (RFC 8878).
    Zstandard,
    /// LZ4 frame.
    Lz4,
}

impl Wrapping {
    /// By the first bytes, never by the name.
    #[must_use]
    pub fn of(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, 8, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstandard,
            // A skippable frame may stand first.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstandard,
            [0x04, 0x22, 0x4d, 0x18, ..] => Self::Lz4,
            _ => Self::Plain,
        }
    }
}

/// Bytes that are unpacked at once.
const PIECE: usize = 16 << 10;

/// Unpacks in small pieces: an unpacker that meets damage keeps what it unpacked in the same call to itself, and with room for
/// a whole block that was up to 256 KiB of sound packets.
struct Unpacked<R>(R);

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let most = buf.len().min(PIECE);
        self.0.read(buf.get_mut(..most).unwrap_or_default())
    }
}

/// Puts `head` back in front of `rest` and unpacks, if there is something to unpack.
///
/// # Errors
/// When the unpacker can't be set up.
#[expect(clippy::disallowed_types, reason = "the one place where archives are opened; callers wrap the result in Capped")]
pub fn unwrap(head: Vec<u8>, rest: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    let wrapping = Wrapping::of(&head);
    let whole = Cursor::new(head).chain(rest);
    Ok(match wrapping {
        Wrapping::Plain => Box::new(whole),
        Wrapping::Gzip => Box::new(Unpacked(flate2::read::MultiGzDecoder::new(BufReader::with_capacity(1 << 18, whole)))),
        Wrapping::Zstandard => Box::new(Unpacked(zstd::stream::read::Decoder::new(whole)?)),
        Wrapping::Lz4 => Box::new(Unpacked(lz4_flex::frame::FrameDecoder::new(BufReader::with_capacity(1 << 18, whole)))),
    })
}

/// In words, for somebody who gave the wrong file.
#[must_use]
pub fn looks_like(head: &[u8]) -> &'static str {
    match head {
        [0x7f, b'E', b'L', b'F', ..] => "an ELF program",
        [b'M', b'Z', ..] => "a Windows program",
        [0x89, b'P', b'N', b'G', ..] => "a PNG picture",
        [0xff, 0xd8, 0xff, ..] => "a JPEG picture",
        [b'%', b'P', b'D', b'F', ..] => "a PDF document",
        [b'P', b'K', 3 | 5, 4 | 6, ..] => "a ZIP archive",
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => "an xz archive",
        [b'B', b'Z', b'h', ..] => "a bzip2 archive",
        [b'7', b'z', 0xbc, 0xaf, ..] => "a 7-Zip archive",
        [b'S', b'Q', b'L', b'i', ..] => "an SQLite database",
        [b'N', b'C', b'F', b'X', ..] => "a CommView capture",
        [b'R', b'T', b'S', b'S', ..] | [b'G', b'M', b'B', b'U', ..] => "a Network Monitor capture",
        [b'{' | b'[', ..] => "text that looks like JSON",
        _ if !head.is_empty() && head.iter().all(|b| (0x20..0x7f).contains(b) || matches!(b, b'\t' | b'\r' | b'\n')) => {
            "plain text"
        }
        _ => "of an unknown format",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by fuzzing: of a damaged archive up to 256 KiB in front of the damage were lost.
    #[test]
    fn what_stands_before_damage_is_read() {
        const BLOCK: usize = 65_535;
        let (sound, last) = (3 * BLOCK, 100);
        // Stored blocks (RFC 1951 3.2.4), of which the last contradicts itself in its length.
        let mut packed = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
        for _ in 0..3 {
            packed.extend([0, 0xff, 0xff, 0, 0]);
            packed.extend([7; BLOCK]);
        }
        packed.extend([1, last as u8, 0, 0, 0]);
        packed.extend([7; 100]);
        let mut reader = unwrap(packed[..SNIFF].to_vec(), Box::new(Cursor::new(packed[SNIFF..].to_vec()))).unwrap();
        let (mut buf, mut read) = (vec![0; 256 << 10], 0);
        let failed = loop {
            match reader.read(&mut buf) {
                Ok(0) => break false,
                Ok(n) => read += n,
                Err(_) => break true,
            }
        };
        assert!(failed && read + PIECE >= sound && read <= sound, "{read} of {sound} bytes");
    }
}
