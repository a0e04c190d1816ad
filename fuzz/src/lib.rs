//! What the fuzz targets share: how records are driven through a decoder, and what must hold for whatever comes out.

pub mod drive;
pub mod layers;
pub mod say;
pub mod spaced;

/// Takes one byte off the front of an input: it chooses a format. 0 where there is none.
pub fn choice(data: &[u8]) -> (usize, &[u8]) {
    data.split_first().map_or((0, data), |(&byte, rest)| (usize::from(byte), rest))
}
