//! Cities of 15,000 and more: a name for a point, a point for a name, and how near a state comes to a point.

use std::sync::Arc;

use super::embedded::CITIES;
use super::geodesy::{distance_km, wide};
use crate::model::net::StateCode;

/// A city.
#[derive(Debug)]
pub(super) struct City {
    /// In which state.
    pub(super) state: StateCode,
    /// Its name, in Latin letters where the source has such a form.
    pub(super) name: Arc<str>,
    /// Degrees north, east.
    pub(super) at: (f32, f32),
    /// Inhabitants.
    pub(super) population: u32,
}

/// All cities, by state, largest first.
#[derive(Debug)]
pub(super) struct Cities(Vec<City>);

impl Cities {
    /// Reads the shipped table.
    pub(super) fn shipped() -> Self {
        let text = CITIES.unpacked_text(8 << 20);
        let mut cities: Vec<City> = text.lines().filter_map(row).collect();
        cities.sort_by(|a, b| (a.state, b.population, &a.name).cmp(&(b.state, a.population, &b.name)));
        Self(cities)
    }

    /// Cities of one state, largest first.
    pub(super) fn of(&self, state: StateCode) -> &[City] {
        let from = self.0.partition_point(|c| c.state < state);
        let to = self.0.partition_point(|c| c.state <= state);
        self.0.get(from..to).unwrap_or_default()
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

/// geonameid, name, ASCII name (empty if the same), state, admin1, latitude, longitude, population.
fn row(line: &str) -> Option<City> {
    let mut fields = line.split('\t').skip(1);
    let (name, ascii) = (fields.next()?, fields.next()?);
    let state = StateCode::new(fields.next()?)?;
    let mut fields = fields.skip(1);
    let at = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    let population = fields.next()?.trim().parse().ok()?;
    Some(City { state, name: if ascii.is_empty() { name } else { ascii }.into(), at, population })
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
