//! Autonomous systems: registered name and state.

use std::borrow::Cow;

use super::columns::TableError;
use super::embedded::AS_INFO;
use super::pages::Pages;
use crate::model::net::{Asn, StateCode};

/// The table: pages of text, by number.
#[derive(Debug)]
pub(super) struct AsInfo(Pages<Page>);

/// A page as text, with the place of each line.
#[derive(Debug)]
struct Page {
    text: String,
    /// Number, and byte offset of what follows it, by number.
    lines: Vec<(u32, usize)>,
}

impl AsInfo {
    /// Reads the index of the shipped table.
    pub(super) fn shipped() -> Self {
        Self::new(AS_INFO.bytes.into()).unwrap_or_else(|_| Self(Pages::empty()))
    }

    fn new(bytes: Cow<'static, [u8]>) -> Result<Self, TableError> {
        Ok(Self(Pages::read(bytes, b"JTAS1", 0)?.0))
    }

    /// State of registration and name; either may be missing.
    pub(super) fn get(&self, asn: Asn) -> Option<(Option<StateCode>, &str)> {
        let (_, page) = self.0.get(u64::from(asn.0), |_, bytes| String::from_utf8(bytes).ok().map(Page::new))?;
        let at = page.lines.binary_search_by_key(&asn.0, |l| l.0).ok()?;
        let line = page.text.get(page.lines.get(at)?.1..)?.lines().next()?;
        let (state, name) = line.split_once('\t')?;
        Some((StateCode::new(state), name))
    }

    /// Number of systems.
    #[cfg(test)]
    fn len(&self) -> usize {
        self.0.rows()
    }
}

impl Page {
    /// Number, state, name.
    fn new(text: String) -> Self {
        let mut lines = Vec::new();
        let mut offset = 0;
        for line in text.split_inclusive('\n') {
            if let Some((number, _)) = line.split_once('\t')
                && let Ok(parsed) = number.parse()
            {
                lines.push((parsed, offset + number.len() + 1));
            }
            offset += line.len();
        }
        lines.sort_unstable();
        Self { text, lines }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pages::tests::file;
    use super::*;

    #[test]
    fn names_states_and_gaps() {
        let table = AsInfo::shipped();
        assert!(table.len() > 86_000);
        assert_eq!(table.get(Asn(1)).unwrap(), (StateCode::new("US"), "LVLT-1"));
        assert_eq!(table.get(Asn(3320)).unwrap().0, StateCode::new("DE"));
        assert_eq!(table.get(Asn(4_200_000_000)), None);
        let small =
            AsInfo::new(file(b"JTAS1", 0, 2, b"", &[(7, b"7\t\tNO STATE\n9\tFR\tX\nnot a row".to_vec())]).into()).unwrap();
        assert_eq!(small.get(Asn(7)), Some((None, "NO STATE")));
        assert_eq!(small.get(Asn(9)), Some((StateCode::new("FR"), "X")));
        assert_eq!(small.get(Asn(8)), None);
    }
}
