//! Capture writers: classic pcap (microseconds) and pcapng.

use std::fs::File;
use std::io::{BufWriter, Result, Write};

pub(crate) enum Format {
    Pcap,
    Pcapng,
}

pub(crate) struct Writer {
    w: BufWriter<File>,
    ng: bool,
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
}

impl Writer {
    pub(crate) fn create(path: &str, f: Format) -> Result<Self> {
        let mut w = BufWriter::with_capacity(4 << 20, File::create(path)?);
        let ng = matches!(f, Format::Pcapng);
        if ng {
            // section header block, then one Ethernet interface in microseconds
            w.write_all(&0x0A0D_0D0Au32.to_le_bytes())?;
            w.write_all(&28u32.to_le_bytes())?;
            w.write_all(&0x1A2B_3C4Du32.to_le_bytes())?;
            w.write_all(&[1, 0, 0, 0])?;
            w.write_all(&(-1i64).to_le_bytes())?;
            w.write_all(&28u32.to_le_bytes())?;
            for v in [1u32, 20, 1, 65535, 20] {
                w.write_all(&v.to_le_bytes())?;
            }
        } else {
            w.write_all(&0xa1b2_c3d4u32.to_le_bytes())?;
            w.write_all(&[2, 0, 4, 0])?;
            for v in [0u32, 0, 65535, 1] {
                w.write_all(&v.to_le_bytes())?;
            }
        }
        Ok(Writer { w, ng, packets: 0, bytes: 0 })
    }

    pub(crate) fn packet(&mut self, us: u64, b: &[u8]) -> Result<()> {
        self.packets += 1;
        self.bytes += b.len() as u64;
        let n = b.len() as u32;
        if self.ng {
            let pad = (4 - b.len() % 4) % 4;
            let total = 32 + n + pad as u32;
            for v in [6u32, total, 0, (us >> 32) as u32, us as u32, n, n] {
                self.w.write_all(&v.to_le_bytes())?;
            }
            self.w.write_all(b)?;
            self.w.write_all(&[0u8; 3][..pad])?;
            self.w.write_all(&total.to_le_bytes())
        } else {
            for v in [(us / 1_000_000) as u32, (us % 1_000_000) as u32, n, n] {
                self.w.write_all(&v.to_le_bytes())?;
            }
            self.w.write_all(b)
        }
    }

    pub(crate) fn finish(mut self) -> Result<(u64, u64)> {
        self.w.flush()?;
        Ok((self.packets, self.bytes))
    }
}
