//! Deterministic random numbers (xoshiro256**) and address drawing.

pub(crate) struct Rng([u64; 4]);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        // splitmix64 expands one seed to the whole state
        let mut z = seed;
        let mut s = [0u64; 4];
        for v in &mut s {
            z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut x = z;
            x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            *v = x ^ (x >> 31);
        }
        Rng(s)
    }
    pub(crate) fn u64(&mut self) -> u64 {
        let s = &mut self.0;
        let r = s[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        r
    }
    pub(crate) fn u32(&mut self) -> u32 {
        (self.u64() >> 32) as u32
    }
    /// Uniform in 0..n (n > 0).
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        ((self.u64() as u128 * n as u128) >> 64) as u64
    }
    /// Uniform in a..=b.
    pub(crate) fn range(&mut self, a: u64, b: u64) -> u64 {
        a + self.below(b - a + 1)
    }
    pub(crate) fn f64(&mut self) -> f64 {
        (self.u64() >> 11) as f64 / (1u64 << 53) as f64
    }
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.f64() < p
    }
    pub(crate) fn exp(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.f64()).ln()
    }
    pub(crate) fn fill(&mut self, b: &mut [u8]) {
        for c in b.chunks_mut(8) {
            let v = self.u64().to_le_bytes();
            c.copy_from_slice(&v[..c.len()]);
        }
    }
    /// Approximate Zipf(s = 1) rank in 0..n.
    pub(crate) fn zipf(&mut self, n: u64) -> u64 {
        let h = ((n as f64) + 1.0).ln();
        let r = (self.f64() * h).exp() - 1.0;
        (r as u64).min(n - 1)
    }
    /// A global unicast IPv4 address (no special-purpose block of RFC 6890).
    pub(crate) fn v4(&mut self) -> u32 {
        loop {
            let a = self.u32();
            if !bogon4(a) {
                return a;
            }
        }
    }
    /// An IPv6 address in the blocks that the registries allot from.
    pub(crate) fn v6(&mut self) -> u128 {
        const TOP: [u16; 5] = [0x2400, 0x2600, 0x2800, 0x2a00, 0x2c00];
        const MASK: [u16; 5] = [0x000f, 0x000f, 0x0007, 0x000f, 0x0003];
        let i = self.below(5) as usize;
        let first = TOP[i] | (self.u32() as u16 & MASK[i]);
        let rest = ((self.u64() as u128) << 64 | self.u64() as u128) & ((1u128 << 112) - 1);
        ((first as u128) << 112) | rest
    }
}

pub(crate) fn bogon4(a: u32) -> bool {
    let b = a.to_be_bytes();
    matches!(
        b,
        [0, ..]
            | [10, ..]
            | [127, ..]
            | [169, 254, ..]
            | [192, 168, ..]
            | [192, 0, 0, _]
            | [192, 0, 2, _]
            | [192, 88, 99, _]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
            | [224..=255, ..]
    ) || (b[0] == 100 && b[1] & 0xc0 == 64)
        || (b[0] == 172 && b[1] & 0xf0 == 16)
        || (b[0] == 198 && b[1] & 0xfe == 18)
}
