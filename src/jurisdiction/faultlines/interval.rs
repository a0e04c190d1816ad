//! The 90 % interval of a mean of few items, by Bayesian bootstrap (Rubin 1981) over families.
//!
//! Items of one family are nearly the same vote, so families are drawn, not items. Each family gets a weight from Exp(1); a
//! neutral pseudo-family, all of whose items score 0 and of which there are as many as in an average family, gets half
//! the weight of a real one, from Gamma(1/2). Without it three families that agree would be given an interval of width zero.
//! A draw is the weighted mean of the items; the interval goes from the 5th to the 95th percentile of [`DRAWS`] draws,
//! rounded outwards to hundredths, and is stretched to the score itself where the pseudo-family has drawn it away.
//!
//! The draws come from SplitMix64 (Steele, Lea and Flood 2014), started from the state and the line, so that a state has the
//! same interval in every run and on every machine.

use crate::model::faultline::Line;
use crate::model::net::StateCode;

/// Draws per interval: the percentiles are good to about a hundredth.
pub(super) const DRAWS: usize = 4000;

/// Share of the draws beyond each end.
const LEFT_OUT: f64 = 0.05;

/// The start of the generator: the letters of the state and the line, `DEF1` as big-endian bytes.
pub(super) fn seed(state: StateCode, line: Line) -> u64 {
    state.as_str().bytes().chain(line.as_str().bytes()).fold(0, |n, byte| n << 8 | u64::from(byte))
}

struct SplitMix64(u64);

impl SplitMix64 {
    /// Uniform in (0, 1].
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ z >> 31) >> 11) as f64 / (1u64 << 53) as f64 + 1.0 / (1u64 << 54) as f64
    }

    /// Exp(1).
    fn exponential(&mut self) -> f64 {
        -self.unit().ln()
    }

    /// Gamma(1/2): half the square of a normal deviate (Box and Muller 1958).
    fn half_gamma(&mut self) -> f64 {
        let radius = -self.unit().ln();
        let angle = (2.0 * std::f64::consts::PI * self.unit()).cos();
        radius * angle * angle
    }
}

/// The interval around `mean`. `families` has the sum and the number of items of each.
pub(super) fn interval(mean: f64, families: &[(f64, usize)], seed: u64) -> (f32, f32) {
    let n: usize = families.iter().map(|(_, n)| n).sum();
    let average = n as f64 / families.len().max(1) as f64;
    let mut numbers = SplitMix64(seed);
    let mut draws: Vec<f64> = (0..DRAWS)
        .map(|_| {
            let (mut sum, mut items) = (0.0, numbers.half_gamma() * average);
            for (s, n) in families {
                let weight = numbers.exponential();
                sum += weight * s;
                items += weight * *n as f64;
            }
            if items > 0.0 { sum / items } else { 0.0 }
        })
        .collect();
    draws.sort_by(f64::total_cmp);
    let cut = (DRAWS as f64 * LEFT_OUT) as usize;
    let low = draws.get(cut).copied().unwrap_or(-1.0).min(mean);
    let high = draws.get(DRAWS - 1 - cut).copied().unwrap_or(1.0).max(mean);
    (hundredths(low, f64::floor), hundredths(high, f64::ceil))
}

/// Rounded, with a margin so that 0.07 as a sum of floats does not become 0.08.
fn hundredths(x: f64, round: fn(f64) -> f64) -> f32 {
    let inwards = if round(0.5) > 0.5 { -1e-9 } else { 1e-9 };
    ((round(x * 100.0 + inwards) / 100.0).clamp(-1.0, 1.0) + 0.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn width((low, high): (f32, f32)) -> f32 {
        high - low
    }

    #[test]
    fn families_that_agree_leave_doubt_on_one_side_only() {
        let (low, high) = interval(1.0, &[(3.0, 3), (3.0, 3), (2.0, 2)], 1);
        assert_eq!(high, 1.0);
        assert!((0.4..0.8).contains(&low), "{low}");
        let (low, high) = interval(-1.0, &[(-3.0, 3), (-3.0, 3), (-2.0, 2)], 1);
        assert_eq!(low, -1.0);
        assert!((-0.8..-0.4).contains(&high), "{high}");
    }

    /// Two equal families and no pseudo-family would have a uniform weight; with it both ends come nearer to 0.
    #[test]
    fn families_that_disagree_leave_doubt_on_both() {
        let (low, high) = interval(0.0, &[(3.0, 3), (-3.0, 3)], 2);
        assert!((-0.9..-0.7).contains(&low) && (0.7..0.9).contains(&high), "{low} {high}");
        assert!(width(interval(0.0, &[(1.0, 1), (-1.0, 1), (1.0, 1), (-1.0, 1), (1.0, 1), (-1.0, 1)], 2)) < high - low);
    }

    #[test]
    fn more_families_leave_less_doubt() {
        let widths: Vec<f32> = [2, 4, 8, 16].map(|k| width(interval(1.0, &vec![(1.0, 1); k], 3))).to_vec();
        assert!(widths.is_sorted_by(|a, b| a > b), "{widths:?}");
    }

    /// One family besides the pseudo-family: its share is Beta(1, 1/2), whose 5th percentile is 1 - 0.95².
    #[test]
    fn the_percentile_is_that_of_the_beta_distribution() {
        let exact = 1.0 - 0.95f32.powi(2);
        let lows: Vec<f32> = (0..20).map(|seed| interval(1.0, &[(1.0, 1)], seed).0).collect();
        let mean = lows.iter().sum::<f32>() / 20.0;
        assert!((mean - exact).abs() < 0.012, "{mean} {exact}");
        assert!(lows.iter().all(|l| (l - exact).abs() < 0.03), "{lows:?}");
    }

    #[test]
    fn the_same_seed_gives_the_same_interval() {
        let families = [(2.0, 3), (-1.0, 2), (1.0, 1)];
        let de = seed("DE".parse().unwrap(), Line::F1);
        assert_eq!(de, u64::from(u32::from_be_bytes(*b"DEF1")));
        assert_eq!(interval(0.33, &families, de), interval(0.33, &families, de));
    }
}
