//! What can be wrong with bytes. A hostile capture makes millions of these, so they are `Copy` and own nothing.

/// Why a header could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The capture ends inside a header.
    #[error("{layer}: cut off, {have} of {need} bytes are there")]
    Truncated {
        /// Which header.
        layer: &'static str,
        /// Bytes that it takes.
        need: u32,
        /// Bytes that are there.
        have: u32,
    },
    /// A header contradicts itself or its specification.
    #[error("{layer}: {what}")]
    Malformed {
        /// Which header.
        layer: &'static str,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A link type that Rutter does not read: the frame is whole, and skipped.
    #[error("link type {link} is not read")]
    Unsupported {
        /// LINKTYPE number; 0x8000 and more are snoop's own numbers.
        link: u16,
    },
}

impl DecodeError {
    /// `have` bytes of a header that takes `need`; counts above 2^32 are capped.
    #[must_use]
    pub(crate) fn truncated(layer: &'static str, need: usize, have: usize) -> Self {
        let cap = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self::Truncated { layer, need: cap(need), have: cap(have) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_name_the_layer_and_the_lack() {
        assert_eq!(DecodeError::truncated("udp", 8, 3).to_string(), "udp: cut off, 3 of 8 bytes are there");
        assert_eq!(DecodeError::Unsupported { link: 189 }.to_string(), "link type 189 is not read");
        assert!(size_of::<DecodeError>() <= 40, "it travels with every packet");
    }
}
