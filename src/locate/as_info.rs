//! Autonomous systems: registered name and state.

use super::embedded::AS_INFO;
use crate::model::net::{Asn, StateCode};

/// The table as text, with the place of each line.
#[derive(Debug)]
pub(super) struct AsInfo {
    text: String,
    /// Number and byte offset of its line, by number.
    lines: Vec<(u32, u32)>,
}

impl AsInfo {
    /// Reads the shipped table: number, state, name.
    pub(super) fn shipped() -> Self {
        Self::new(AS_INFO.unpacked_text(16 << 20))
    }

    fn new(text: String) -> Self {
        let mut lines = Vec::new();
        let mut offset = 0;
        for line in text.split_inclusive('\n') {
            if let Some(number) = line.split('\t').next().and_then(|n| n.parse().ok()) {
                lines.push((number, offset as u32));
            }
            offset += line.len();
        }
        lines.sort_unstable();
        Self { text, lines }
    }

    /// State of registration and name; either may be missing.
    pub(super) fn get(&self, asn: Asn) -> Option<(Option<StateCode>, &str)> {
        let at = self.lines.binary_search_by_key(&asn.0, |l| l.0).ok()?;
        let line = self.text.get(self.lines.get(at)?.1 as usize..)?.lines().next()?;
        let mut fields = line.splitn(3, '\t').skip(1);
        Some((StateCode::new(fields.next()?), fields.next().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_states_and_gaps() {
        let table = AsInfo::shipped();
        assert!(table.lines.len() > 86_000);
        assert_eq!(table.get(Asn(1)).unwrap(), (StateCode::new("US"), "LVLT-1"));
        assert_eq!(table.get(Asn(3320)).unwrap().0, StateCode::new("DE"));
        assert_eq!(table.get(Asn(4_200_000_000)), None);
        let small = AsInfo::new("7\t\tNO STATE\n9\tFR\tX".into());
        assert_eq!(small.get(Asn(7)), Some((None, "NO STATE")));
        assert_eq!(small.get(Asn(9)), Some((StateCode::new("FR"), "X")));
    }
}
