//! Prefixes that cloud operators assign to a region in their published feeds, and where those regions are.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use super::embedded::{CLOUD_PLACES, CLOUD_REGIONS};
use super::prefixes::{self, Prefixes};
use crate::model::net::StateCode;

/// A region as the feed names it, and its place if the project knows one.
#[derive(Clone, Debug)]
pub(super) struct Region {
    /// `aws`, `azure`, `gcp`, `oracle`, `digitalocean`.
    provider: Cow<'static, str>,
    /// The provider's name for it.
    region: Cow<'static, str>,
    /// State; `None` for a global range or a region that nobody placed.
    pub(super) state: Option<StateCode>,
    /// Metropolitan area; degrees north, east.
    pub(super) at: Option<(f32, f32)>,
}

impl Region {
    /// `cloud:aws/eu-central-1`.
    pub(super) fn flag(&self) -> String {
        format!("cloud:{}/{}", self.provider, self.region)
    }

    /// A range that the provider itself assigns to no region: served from its edge, anywhere.
    pub(super) fn is_global(&self) -> bool {
        self.region.eq_ignore_ascii_case("global")
    }
}

/// The look-up table.
#[derive(Debug)]
pub(super) struct CloudRegions(Prefixes<u32>, Vec<Region>);

impl CloudRegions {
    /// Reads the shipped feeds: prefix, provider, region.
    pub(super) fn shipped() -> Self {
        let places = places();
        let text = CLOUD_REGIONS.unpacked_text(16 << 20);
        let mut regions: Vec<Region> = Vec::new();
        let mut known: BTreeMap<(&str, &str), u32> = BTreeMap::new();
        let mut nets = Vec::new();
        for line in text.lines() {
            let mut fields = line.split('\t');
            let (Some(net), Some(provider), Some(region)) =
                (fields.next().and_then(prefixes::parse), fields.next(), fields.next())
            else {
                continue;
            };
            let id = *known.entry((provider, region)).or_insert_with(|| {
                regions.push(place(&places, provider, region));
                regions.len() as u32 - 1
            });
            nets.push((net, id));
        }
        drop(known);
        Self(Prefixes::new(nets), regions)
    }

    /// Region of the most specific prefix that holds `addr`.
    pub(super) fn get(&self, addr: IpAddr) -> Option<&Region> {
        self.1.get(*self.0.get(addr)? as usize)
    }
}

type Places = BTreeMap<(&'static str, &'static str), (StateCode, Option<(f32, f32)>)>;

/// provider, region, state, latitude, longitude.
fn places() -> Places {
    let row = |line: &'static str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let number = |i: usize| fields.get(i).and_then(|t| t.trim().parse::<f32>().ok());
        let state = StateCode::new(fields.get(2)?)?;
        Some(((*fields.first()?, *fields.get(1)?), (state, number(3).zip(number(4)))))
    };
    CLOUD_PLACES.text().lines().filter(|l| !l.starts_with('#')).filter_map(row).collect()
}

fn place(places: &Places, provider: &str, region: &str) -> Region {
    // Oracle numbers several regions of one city: uk-london-1 is listed as uk-london.
    let bare = region.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-');
    let found = places.get(&(provider, region)).or_else(|| places.get(&(provider, bare)).filter(|_| provider == "oracle"));
    // DigitalOcean publishes ISO 3166-2 subdivisions instead of regions.
    let subdivision = (provider == "digitalocean").then(|| region.split('-').next().and_then(StateCode::new)).flatten();
    Region {
        provider: provider.to_owned().into(),
        region: region.to_owned().into(),
        state: found.map(|p| p.0).or(subdivision),
        at: found.and_then(|p| p.1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_have_places_where_the_project_knows_them() {
        let places = places();
        let at = |p, r| place(&places, p, r);
        assert_eq!(at("aws", "eu-central-1").state, StateCode::new("DE"));
        assert_eq!(at("oracle", "uk-london-1").state, StateCode::new("GB"));
        assert_eq!(at("digitalocean", "NL-NH").state, StateCode::new("NL"));
        assert_eq!(at("aws", "GLOBAL").state, None);
        assert!(at("aws", "GLOBAL").is_global());
        assert_eq!(at("azure", "southeastus5").state, None, "not placed: never guessed from the name");
        assert_eq!(at("aws", "eu-central-1").flag(), "cloud:aws/eu-central-1");
    }

    #[test]
    fn most_prefixes_lie_in_a_region_that_has_a_place() {
        let table = CloudRegions::shipped();
        let placed = table.1.iter().filter(|r| r.state.is_some()).count();
        assert!(placed * 10 > table.1.len() * 8, "{placed} of {}", table.1.len());
        assert_eq!(table.get("3.5.140.1".parse().unwrap()).unwrap().state, StateCode::new("KR"));
        assert!(table.get("192.0.2.1".parse().unwrap()).is_none());
    }
}
