//! A ZIP archive without compression, the same bytes every time (PKWARE APPNOTE 6.3.10): all that a document of a few
//! kilobytes needs.

/// 1980-01-01 00:00:00 in the format of MS-DOS: the archive tells nothing of when it was made.
const DATE: u16 = (1 << 5) | 1;
const TIME: u16 = 0;
/// 2.0: directories and DEFLATE, the least that readers expect.
const VERSION: u16 = 20;
/// Names are UTF-8 (general purpose bit 11).
const FLAGS: u16 = 1 << 11;

/// An archive of named files, in the order given. Files and archive have to stay below 4 GiB, which letters do.
#[must_use]
pub fn archive(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let at = out.len() as u32;
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let mut common = Vec::new();
        for number in [VERSION, FLAGS, 0, TIME, DATE] {
            common.extend(number.to_le_bytes());
        }
        for number in [crc.sum(), content.len() as u32, content.len() as u32] {
            common.extend(number.to_le_bytes());
        }
        common.extend((name.len() as u16).to_le_bytes());
        common.extend(0_u16.to_le_bytes());
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(content);
        directory.extend(b"PK\x01\x02");
        directory.extend(VERSION.to_le_bytes());
        directory.extend(&common);
        // Comment length, disk, internal and external attributes.
        directory.extend([0; 10]);
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let at = out.len() as u32;
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    for _ in 0..2 {
        out.extend((files.len() as u16).to_le_bytes());
    }
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(at.to_le_bytes());
    out.extend([0, 0]);
    out
}
