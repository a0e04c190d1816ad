//! Cities of 15,000 and more: a name for a point, a point for a name, and how near a state comes to a point.

use std::sync::Arc;

use super::embedded::CITIES;
use super::geodesy::{distance_km, wide};
use super::pages::Pages;
use crate::model::net::StateCode;

/// A city of some state.
#[derive(Debug)]
pub(super) struct City {
    /// Its name, in Latin letters where the source has such a form.
    pub(super) name: Arc<str>,
    /// Degrees north, east.
    pub(super) at: (f32, f32),
    /// Inhabitants.
    pub(super) population: u32,
}

/// All cities: a page for each state, largest first.
#[derive(Debug)]
pub(super) struct Cities(Pages<Vec<City>>);

impl Cities {
    /// Reads the index of the shipped table.
    pub(super) fn shipped() -> Self {
        Self(Pages::read(CITIES.bytes.into(), b"JTCT1", 0).map_or_else(|_| Pages::empty(), |(pages, _)| pages))
    }

    /// Cities of one state, largest first.
    pub(super) fn of(&self, state: StateCode) -> &[City] {
        let key = state.as_str().bytes().fold(0, |key, b| key << 8 | u64::from(b));
        let open = |_, bytes| Some(String::from_utf8(bytes).ok()?.lines().filter_map(row).collect());
        match self.0.get(key, open) {
            Some((first, cities)) if first == key => cities,
            _ => &[],
        }
    }

    /// Name for a point: the city of `state` within 50 km with the best of size and nearness. One e-fold of
    /// inhabitants weighs as much as 3 km, so that a cell at the edge of a metropolis gets its name and a point in a
    /// town of its own keeps that one's.
    pub(super) fn near(&self, state: StateCode, at: (f32, f32)) -> Option<&City> {
        let mut best: Option<(f64, &City)> = None;
        for city in self.of(state) {
            // A degree of latitude is 111 km: no arc has to be computed for most.
            if (city.at.0 - at.0).abs() > 0.5 {
                continue;
            }
            let km = distance_km(wide(city.at), wide(at));
            let score = f64::from(city.population.max(1)).ln() - km / 3.0;
            if km <= 50.0 && best.is_none_or(|(s, _)| score > s) {
                best = Some((score, city));
            }
        }
        best.map(|(_, city)| city)
    }

    /// The largest city of `state` within `km` whose name begins with `name`.
    pub(super) fn named(&self, state: StateCode, name: &str, at: (f32, f32), km: f64) -> Option<&City> {
        self.of(state).iter().find(|c| {
            c.name.get(..name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name)) && distance_km(wide(c.at), wide(at)) <= km
        })
    }

    /// Distance in km from `point` to the nearest city of `state`; `None` if it has none in the table.
    pub(super) fn nearest_km(&self, state: StateCode, point: (f64, f64)) -> Option<f64> {
        self.of(state).iter().map(|c| distance_km(wide(c.at), point)).min_by(f64::total_cmp)
    }
}

/// Name, latitude, longitude, inhabitants.
fn row(line: &str) -> Option<City> {
    let mut fields = line.split('\t');
    let name = fields.next()?.into();
    let at = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(City { name, at, population: fields.next()?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_get_the_name_people_use() {
        let cities = Cities::shipped();
        let name = |cc: &str, lat, lon| cities.near(StateCode::new(cc).unwrap(), (lat, lon)).map(|c| c.name.to_string());
        assert_eq!(name("DE", 50.1, 8.7).as_deref(), Some("Frankfurt am Main"));
        assert_eq!(name("GB", 51.5, -0.1).as_deref(), Some("London"));
        assert_eq!(name("US", 39.04, -77.49).as_deref(), Some("Ashburn"));
        assert_eq!(name("US", 40.73, -74.17).as_deref(), Some("Newark"));
        assert_eq!(name("NL", 50.1, 8.7), None, "the state must match");
        assert_eq!(name("US", 48.0, -108.5), None, "nothing within 50 km");
    }

    #[test]
    fn a_state_is_as_near_as_its_nearest_city() {
        let cities = Cities::shipped();
        let tokyo = (35.68, 139.69);
        assert!(cities.nearest_km(StateCode::new("JP").unwrap(), tokyo).unwrap() < 10.0);
        assert!(cities.nearest_km(StateCode::new("DE").unwrap(), tokyo).unwrap() > 8000.0);
        assert_eq!(cities.nearest_km(StateCode::new("AQ").unwrap(), tokyo), None);
    }
}
