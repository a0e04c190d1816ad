//! IATA codes as router names use them: of an airport or of a metropolitan area, meaning the city.
//!
//! "Any three letters are an airport" is wrong more often than right (DATA.md), so only operator rules come here, and
//! a code counts only if a city of 100,000 lies within 60 km: an operator's own code that happens to be that of an
//! airfield (Torrington, Nashua) is not taken for it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::cities::Cities;
use super::embedded::{AIRPORTS_IATA, IATA_METRO};
use super::geodesy::{distance_km, wide};
use crate::model::net::StateCode;

/// The place that a code stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spot {
    /// State.
    pub(super) state: StateCode,
    /// City, if a name is known.
    pub(super) city: Option<Arc<str>>,
    /// Degrees north, east.
    pub(super) at: Option<(f32, f32)>,
}

#[derive(Debug)]
struct Airport {
    state: StateCode,
    city: String,
    at: (f32, f32),
}

/// Airports, and metropolitan codes resolved to the first airport of the area.
#[derive(Debug)]
pub(super) struct Airports(BTreeMap<String, Airport>);

impl Airports {
    /// Reads the shipped tables.
    pub(super) fn shipped() -> Self {
        let text = AIRPORTS_IATA.unpacked_text(4 << 20);
        let mut all: BTreeMap<String, Airport> = text.lines().filter_map(airport).collect();
        for record in csv::Reader::from_reader(IATA_METRO.bytes).records().flatten() {
            let (Some(metro), Some(city), Some(member)) = (record.get(1), record.get(2), record.get(3)) else { continue };
            let key = metro.to_ascii_lowercase();
            if all.contains_key(&key) {
                continue;
            }
            if let Some(a) = all.get(&member.to_ascii_lowercase()) {
                let area = Airport { state: a.state, city: city.to_owned(), at: a.at };
                all.insert(key, area);
            }
        }
        Self(all)
    }

    /// What `code` (lower case) stands for.
    pub(super) fn spot(&self, code: &str, cities: &Cities) -> Option<Spot> {
        let airport = self.0.get(code)?;
        let near = |c: &super::cities::City| distance_km(wide(c.at), wide(airport.at)) <= 60.0;
        if !cities.of(airport.state).iter().take_while(|c| c.population >= 100_000).any(near) {
            return None;
        }
        let named = (!airport.city.is_empty()).then(|| cities.named(airport.state, &airport.city, airport.at, 80.0)).flatten();
        let (city, at) = match named.or_else(|| cities.near(airport.state, airport.at)) {
            Some(city) => (Some(Arc::clone(&city.name)), city.at),
            None => (None, airport.at),
        };
        Some(Spot { state: airport.state, city, at: Some(at) })
    }
}

/// iata, icao, city, subdivision, state, latitude, longitude.
fn airport(line: &str) -> Option<(String, Airport)> {
    let fields: Vec<&str> = line.split('\t').collect();
    let code = fields.first().filter(|c| c.len() == 3)?.to_ascii_lowercase();
    let at = (fields.get(5)?.parse().ok()?, fields.get(6)?.trim().parse().ok()?);
    Some((code, Airport { state: StateCode::new(fields.get(4)?)?, city: (*fields.get(2)?).to_owned(), at }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stand_for_cities() {
        let (airports, cities) = (Airports::shipped(), Cities::shipped());
        let spot = |code| airports.spot(code, &cities).map(|s| format!("{} {}", s.state, s.city.unwrap_or_default()));
        assert_eq!(spot("fra").as_deref(), Some("DE Frankfurt am Main"));
        assert_eq!(spot("muc").as_deref(), Some("DE Munich"), "not the town at the airport");
        assert_eq!(spot("lon").as_deref(), Some("GB London"));
        assert_eq!(spot("jfk").as_deref(), Some("US New York City"));
        assert_eq!(spot("tor"), None, "an airfield in Wyoming is not what operators mean");
        assert_eq!(spot("ash").map(|s| s[..2].to_owned()).as_deref().unwrap_or("US"), "US");
        assert_eq!(spot("zzz"), None);
    }
}
