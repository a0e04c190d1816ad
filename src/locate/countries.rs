//! States and territories with a code: name, and a point to draw them at.

use std::collections::BTreeMap;

use super::embedded::COUNTRIES;
use crate::model::net::StateCode;

/// One row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Country {
    /// Name in the language of the source (English).
    pub(super) name: &'static str,
    /// Population-weighted centre of its cities; degrees north, east.
    pub(super) centre: Option<(f32, f32)>,
}

/// All rows by code.
#[derive(Debug)]
pub(super) struct Countries(BTreeMap<StateCode, Country>);

impl Countries {
    /// Reads `countries.tsv`: code, two more codes, name, capital, …, latitude and longitude in columns 10 and 11.
    pub(super) fn shipped() -> Self {
        Self(COUNTRIES.text().lines().filter_map(row).collect())
    }

    /// The row of `state`.
    pub(super) fn get(&self, state: StateCode) -> Option<&Country> {
        self.0.get(&state)
    }

    /// Is it a code in use?
    pub(super) fn has(&self, state: StateCode) -> bool {
        self.0.contains_key(&state)
    }

    /// Code of a name, for sources that write names only. Exact, without regard to case.
    pub(super) fn by_name(&self, name: &str) -> Option<StateCode> {
        self.0.iter().find(|(_, c)| c.name.eq_ignore_ascii_case(name.trim())).map(|(&code, _)| code)
    }
}

fn row(line: &'static str) -> Option<(StateCode, Country)> {
    let fields: Vec<&str> = line.split('\t').collect();
    let code = StateCode::new(fields.first()?)?;
    let number = |i: usize| fields.get(i).and_then(|t| t.parse::<f32>().ok());
    Some((code, Country { name: fields.get(3)?, centre: number(9).zip(number(10)) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_centres() {
        let all = Countries::shipped();
        assert!(all.0.len() > 240);
        let de = all.get(StateCode::new("DE").unwrap()).unwrap();
        assert_eq!(de.name, "Germany");
        let (lat, lon) = de.centre.unwrap();
        assert!((47.0..55.1).contains(&lat) && (5.8..15.1).contains(&lon));
        assert_eq!(all.by_name("germany"), StateCode::new("DE"));
        for gone in ["EU", "ZZ", "FX", "AN", "AP"] {
            assert!(!all.has(StateCode::new(gone).unwrap()), "{gone} is no state");
        }
    }
}
