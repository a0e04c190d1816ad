//! IATA codes as router names use them: of an airport or of a metropolitan area, meaning the city.
//!
//! "Any three letters are an airport" is wrong more often than right (DATA.md), so only operator rules come here, and
//! a code counts only if a city of 100,000 lies within 60 km: an operator's own code that happens to be that of an
//! airfield (Torrington, Nashua) is not taken for it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::cities::Cities;
use super::embedded::{AIRPORTS_IATA, IATA_METRO};
use super::geodesy::{distance_km, wide};
use super::pages::Pages;
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

#[derive(Clone, Debug, PartialEq)]
struct Airport {
    state: StateCode,
    city: String,
    at: (f32, f32),
}

/// Airports, and metropolitan codes, which stand for the first airport of the area.
#[derive(Debug)]
pub(super) struct Airports {
    /// By code.
    airports: Pages<BTreeMap<String, Airport>>,
    /// Code and name of the area, code of an airport in it.
    areas: Vec<[String; 3]>,
}

impl Airports {
    /// Reads the index of the shipped airports, and the areas.
    pub(super) fn shipped() -> Self {
        let area = |record: csv::StringRecord| {
            let (code, city, member) = (record.get(1)?, record.get(2)?, record.get(3)?);
            Some([code.to_ascii_lowercase(), city.to_owned(), member.to_ascii_lowercase()])
        };
        let areas = csv::Reader::from_reader(IATA_METRO.bytes).records().flatten().filter_map(area).collect();
        let pages = Pages::read(AIRPORTS_IATA.bytes.into(), b"JTAP1", 0);
        Self { airports: pages.map_or_else(|_| Pages::empty(), |(pages, _)| pages), areas }
    }

    fn airport(&self, code: &str) -> Option<&Airport> {
        if code.len() != 3 {
            return None;
        }
        let key = code.bytes().fold(0, |key, b| key << 8 | u64::from(b));
        let open = |_, bytes| Some(String::from_utf8(bytes).ok()?.lines().filter_map(row).collect());
        self.airports.get(key, open)?.1.get(code)
    }

    /// An airport's own code comes before that of an area.
    fn get(&self, code: &str) -> Option<Cow<'_, Airport>> {
        if let Some(airport) = self.airport(code) {
            return Some(Cow::Borrowed(airport));
        }
        self.areas.iter().filter(|[area, ..]| area == code).find_map(|[_, city, member]| {
            let Airport { state, at, .. } = *self.airport(member)?;
            Some(Cow::Owned(Airport { state, city: city.clone(), at }))
        })
    }

    /// What `code` (lower case) stands for.
    pub(super) fn spot(&self, code: &str, cities: &Cities) -> Option<Spot> {
        let airport = self.get(code)?;
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

/// Code, state, latitude, longitude, city.
fn row(line: &str) -> Option<(String, Airport)> {
    let mut fields = line.splitn(5, '\t');
    let (code, state) = (fields.next()?.to_owned(), StateCode::new(fields.next()?)?);
    let at = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((code, Airport { state, city: fields.next()?.to_owned(), at }))
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

    #[test]
    fn codes_stand_for_what_the_collected_table_says() {
        let Some(text) = super::super::converted::text("airports-iata.tsv") else { return };
        let row = |line: &str| {
            let f: Vec<&str> = line.split('\t').collect();
            let at = (f[5].parse().unwrap(), f[6].parse().unwrap());
            (f[0].to_ascii_lowercase(), Airport { state: StateCode::new(f[4]).unwrap(), city: f[2].to_owned(), at })
        };
        let mut all: BTreeMap<String, Airport> = text.lines().skip(1).map(row).collect();
        for record in csv::Reader::from_reader(IATA_METRO.bytes).records().flatten() {
            let key = record[1].to_ascii_lowercase();
            if let Some(a) = all.get(&record[3].to_ascii_lowercase()).filter(|_| !all.contains_key(&key)).cloned() {
                all.insert(key, Airport { city: record[2].to_owned(), ..a });
            }
        }
        let table = Airports::shipped();
        let letters = || (b'a'..=b'z').map(char::from);
        for code in letters().flat_map(|a| letters().flat_map(move |b| letters().map(move |c| String::from_iter([a, b, c])))) {
            assert_eq!(table.get(&code).as_deref(), all.get(&code), "{code}");
        }
        assert!(all.keys().all(|code| code.bytes().all(|b| b.is_ascii_lowercase())), "all codes were asked");
    }
}
