//! Prefixes that cloud operators assign to a region in their published feeds, and where those regions are.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use super::columns::{Columns, TableError, varint, varint_wide};
use super::embedded::{CLOUD_PLACES, CLOUD_REGIONS};
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

/// Disjoint ranges: start, and number of the region from 1; 0 for none.
type Ranges<K> = Vec<(K, u32)>;

/// The look-up table.
#[derive(Debug, Default)]
pub(super) struct CloudRegions {
    regions: Vec<Region>,
    v4: Ranges<u32>,
    v6: Ranges<u128>,
}

impl CloudRegions {
    /// Reads the shipped ranges.
    pub(super) fn shipped() -> Self {
        Self::decode(&CLOUD_REGIONS.unpacked(16 << 20)).unwrap_or_default()
    }

    fn decode(bytes: &[u8]) -> Result<Self, TableError> {
        let mut columns = Columns::open(bytes, b"JTCL1", 0)?;
        let (four, six) = (columns.number()?, columns.number()?);
        let names = columns.column(0)?;
        let [v4_starts, v4_regions] = [columns.column(four)?, columns.column(four)?];
        let [v6_starts, v6_regions] = [columns.column(six)?, columns.column(six)?];
        let slice = |range| bytes.get(range).unwrap_or_default();
        let places = places();
        let names = std::str::from_utf8(slice(names)).unwrap_or_default();
        let region = |line: &str| line.split_once('\t').map(|(provider, region)| place(&places, provider, region));
        Ok(Self {
            regions: names.lines().filter_map(region).collect(),
            v4: ranges(slice(v4_starts), slice(v4_regions), four)?,
            v6: ranges(slice(v6_starts), slice(v6_regions), six)?,
        })
    }

    /// Region of the most specific prefix that holds `addr`. IPv4-mapped addresses are IPv6 here.
    pub(super) fn get(&self, addr: IpAddr) -> Option<&Region> {
        let number = match addr {
            IpAddr::V4(a) => find(&self.v4, u32::from(a))?,
            IpAddr::V6(a) => find(&self.v6, u128::from(a))?,
        };
        self.regions.get((number as usize).checked_sub(1)?)
    }
}

/// Distances between the starts, and numbers of the regions.
fn ranges<K: TryFrom<u128>>(starts: &[u8], regions: &[u8], n: usize) -> Result<Ranges<K>, TableError> {
    let (mut at, mut region_at, mut start) = (0, 0, 0u128);
    let row = |i| {
        let delta = varint_wide(starts, &mut at).ok_or(TableError::Short(2))?;
        start = start.checked_add(delta).filter(|_| i == 0 || delta > 0).ok_or(TableError::Order)?;
        let region = varint(regions, &mut region_at).and_then(|r| u32::try_from(r).ok()).ok_or(TableError::Short(3))?;
        Ok((K::try_from(start).map_err(|_| TableError::Order)?, region))
    };
    (0..n).map(row).collect()
}

fn find<K: Copy + Ord>(ranges: &Ranges<K>, key: K) -> Option<u32> {
    ranges.get(ranges.partition_point(|r| r.0 <= key).checked_sub(1)?).map(|r| r.1)
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
    use super::super::columns::tests::put_column;
    use super::*;
    use proptest::prelude::*;

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
        let placed = table.regions.iter().filter(|r| r.state.is_some()).count();
        assert!(placed * 10 > table.regions.len() * 8, "{placed} of {}", table.regions.len());
        assert_eq!(table.get("3.5.140.1".parse().unwrap()).unwrap().state, StateCode::new("KR"));
        assert!(table.get("192.0.2.1".parse().unwrap()).is_none());
    }

    fn file() -> Vec<u8> {
        let mut bytes = b"JTCL1\0\x02\0\0\0\x01\0\0\0".to_vec();
        for column in [b"aws\teu-central-1\n".as_slice(), &[9, 3], &[1, 0], &[0], &[1]] {
            put_column(&mut bytes, column);
        }
        bytes
    }

    #[test]
    fn ranges_end_where_the_next_begins() {
        let table = CloudRegions::decode(&file()).unwrap();
        let at = |addr: &str| table.get(addr.parse().unwrap()).map(Region::flag);
        assert_eq!(at("0.0.0.8"), None);
        assert_eq!(at("0.0.0.9").as_deref(), Some("cloud:aws/eu-central-1"));
        assert_eq!(at("0.0.0.12"), None);
        assert_eq!(at("ffff::").as_deref(), Some("cloud:aws/eu-central-1"));
        let ranges = |starts| ranges::<u32>(starts, &[1, 1], 2).unwrap_err();
        assert_eq!((ranges(&[5]), ranges(&[5, 0])), (TableError::Short(2), TableError::Order));
        assert_eq!(ranges(&[1, 0xff, 0xff, 0xff, 0xff, 0x0f]), TableError::Order, "above IPv4");
    }

    proptest! {
        #[test]
        fn damaged_files_never_panic(cut in 0usize..70, flip in 0usize..70, to: u8) {
            let mut bytes = file();
            if let Some(b) = bytes.get_mut(flip) { *b = to; }
            bytes.truncate(cut);
            if let Ok(t) = CloudRegions::decode(&bytes) { let _ = t.get("0.0.0.9".parse().unwrap()); }
        }
    }
}
