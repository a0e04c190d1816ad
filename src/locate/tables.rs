//! All shipped tables behind one door, each read at first use, and most of them only where they are asked.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::OnceLock;

use super::airports::Airports;
use super::anycast::{self, AnycastError, Origin};
use super::as_info::AsInfo;
use super::cities::Cities;
use super::city_table::{Cell, CityTable};
use super::cloud::CloudRegions;
use super::countries::Countries;
use super::embedded::{self, Shipped};
use super::jurisdiction_table::JurisdictionTable;
pub use super::jurisdiction_table::Row;
use super::prefixes::{Blocks, Prefixes};
use super::router_names::{RouterNames, World};
use super::special::{self, Special};
use crate::model::net::{Asn, StateCode};
use crate::model::place::Dataset;
use crate::model::time::Day;

/// The shipped tables, with the user's anycast list if there is one. Nothing is decoded before it is asked for: the
/// IPv6 tables cost nothing in a run without IPv6.
#[derive(Debug)]
pub struct Tables {
    anycast: Prefixes<Origin>,
    /// The user's list.
    lists: Vec<Dataset>,
    special: Prefixes<Special>,
    /// Blocks of 16 bits that hold a special-purpose or anycast prefix; all others skip both lists.
    v4: Blocks,
    v6: Blocks,
}

macro_rules! lazy {
    ($(#[$doc:meta] $name:ident: $type:ty = $make:expr;)*) => {
        $(#[$doc] pub(super) fn $name() -> &'static $type {
            static CELL: OnceLock<$type> = OnceLock::new();
            CELL.get_or_init(|| $make)
        })*
    };
}

lazy! {
    /// States by IPv4 address.
    states_v4: JurisdictionTable = states(&embedded::JURISDICTION_V4, 4);
    /// States by IPv6 prefix.
    states_v6: JurisdictionTable = states(&embedded::JURISDICTION_V6, 6);
    /// Cells by IPv4 address.
    cells_v4: CityTable = cells(&embedded::CITY_V4, 4);
    /// Cells by IPv6 prefix.
    cells_v6: CityTable = cells(&embedded::CITY_V6, 6);
    /// Names and centres.
    countries: Countries = Countries::shipped();
    /// Cities.
    cities: Cities = Cities::shipped();
    /// Airport codes.
    airports: Airports = Airports::shipped();
    /// Router names.
    router_names: RouterNames = RouterNames::shipped();
    /// Cloud prefixes.
    cloud: CloudRegions = CloudRegions::shipped();
    /// Autonomous systems.
    as_info: AsInfo = AsInfo::shipped();
}

fn states(shipped: &Shipped, family: u8) -> JurisdictionTable {
    // An embedded table that cannot be decoded does not get past the tests.
    JurisdictionTable::decode(shipped.bytes.into(), family, |s| countries().has(s)).unwrap_or_else(|_| JurisdictionTable::empty())
}

fn cells(shipped: &Shipped, family: u8) -> CityTable {
    CityTable::decode(shipped.bytes.into(), family).unwrap_or_else(|_| CityTable::empty())
}

/// Key of an IPv6 address: its upper 64 bits.
#[inline]
fn upper(addr: Ipv6Addr) -> u64 {
    (u128::from(addr) >> 64) as u64
}

/// Tables that router-name rules refer to.
pub(super) fn world() -> World<'static> {
    World { cities: cities(), airports: airports(), countries: countries() }
}

impl Tables {
    /// The tables inside the program.
    #[must_use]
    pub fn shipped() -> &'static Self {
        static SHIPPED: OnceLock<Tables> = OnceLock::new();
        SHIPPED.get_or_init(|| Self::new(anycast::shipped(), Vec::new()))
    }

    /// The shipped tables and a user's list of anycast prefixes (`--anycast FILE`): a prefix or an address in the first
    /// field of each line; `#` begins a comment. `name` stands in source claims, data sets and errors. The tables
    /// themselves are shared, so this is cheap.
    ///
    /// # Errors
    /// A line that holds no prefix, by number.
    pub fn with_anycast(list: &str, name: &str) -> Result<Self, AnycastError> {
        let mut entries = anycast::shipped();
        entries.extend(anycast::parse(list, name)?);
        Ok(Self::new(entries, vec![anycast::dataset(list, name)]))
    }

    fn new(entries: Vec<(ipnet::IpNet, Origin)>, lists: Vec<Dataset>) -> Self {
        let mut masked: Vec<_> = special::shipped().into_iter().map(|e| e.0).collect();
        masked.extend(entries.iter().map(|e| e.0));
        let (v4, v6) = Prefixes::new(masked.into_iter().map(|net| (net, ()))).blocks();
        Self { anycast: anycast::table(entries), lists, special: special::table(), v4, v6 }
    }

    /// State in which an address is used, for overviews: as an end point, without names, clouds or round-trip times.
    /// `None` for special-purpose and anycast addresses and where no source says. An IPv4-mapped address is the IPv4
    /// address that it is. Below 60 ns once the table is decoded (`benches/lookup.rs`).
    #[inline]
    #[must_use]
    pub fn state(&self, addr: IpAddr) -> Option<StateCode> {
        match addr {
            IpAddr::V4(v4) => {
                let key = u32::from(v4);
                if self.v4.has((key >> 16) as u16) && self.is_masked(addr) {
                    return None;
                }
                states_v4().state(u64::from(key))
            }
            IpAddr::V6(v6) => {
                if let Some(v4) = v6.to_ipv4_mapped() {
                    return self.state(IpAddr::V4(v4));
                }
                let key = upper(v6);
                if self.v6.has((key >> 48) as u16) && self.is_masked(addr) {
                    return None;
                }
                states_v6().state(key)
            }
        }
    }

    /// Asks the processor to fetch what [`Self::state`] will need. Worth it for a few dozen addresses at once.
    #[inline]
    pub fn prefetch(&self, addr: IpAddr) {
        match addr {
            IpAddr::V4(v4) => states_v4().prefetch(u64::from(u32::from(v4))),
            IpAddr::V6(v6) => states_v6().prefetch(upper(v6)),
        }
    }

    #[cold]
    fn is_masked(&self, addr: IpAddr) -> bool {
        self.anycast.get(addr).is_some() || self.special.get(addr).is_some()
    }

    /// The fused table's row, whether or not the address is special or anycast. IPv4-mapped as in [`Self::state`].
    #[must_use]
    pub fn row(&self, addr: IpAddr) -> Option<Row> {
        match crate::model::net::unmapped(addr) {
            IpAddr::V4(v4) => states_v4().row(u64::from(u32::from(v4))),
            IpAddr::V6(v6) => states_v6().row(upper(v6)),
        }
    }

    /// Name (English) of a state or territory.
    #[must_use]
    pub fn state_name(&self, state: StateCode) -> Option<&'static str> {
        countries().get(state).map(|c| c.name)
    }

    /// Where to draw a state on a map: the population-weighted centre of its cities, degrees north and east. It is no
    /// location of any hop.
    #[must_use]
    pub fn state_centre(&self, state: StateCode) -> Option<(f32, f32)> {
        countries().get(state).and_then(|c| c.centre)
    }

    /// State in which an autonomous system is registered, and its name.
    #[must_use]
    pub fn autonomous_system(&self, asn: Asn) -> Option<(Option<StateCode>, &'static str)> {
        as_info().get(asn)
    }

    /// Day of the tables that place most addresses.
    #[must_use]
    pub fn as_of(&self) -> Day {
        embedded::JURISDICTION_V4.date.parse().unwrap_or_default()
    }

    /// Every shipped table that answers may rest on, by name; then the user's list of anycast prefixes.
    #[must_use]
    pub fn datasets(&self) -> Vec<Dataset> {
        embedded::ALL.iter().map(|s| s.dataset()).chain(self.lists.iter().cloned()).collect()
    }

    /// Router-name rules inside the program that it cannot use: 0 unless it was built wrongly. Names that such a rule
    /// would have read say nothing then, so a report has to tell.
    #[must_use]
    pub fn broken_rules(&self) -> usize {
        router_names().broken()
    }

    /// The special-purpose block that holds `addr`.
    pub(super) fn special(&self, addr: IpAddr) -> Option<&Special> {
        self.special.get(addr)
    }

    /// Name of the anycast list that holds `addr`.
    pub(super) fn anycast(&self, addr: IpAddr) -> Option<&Origin> {
        anycast::listed(&self.anycast, addr)
    }
}

/// Cell of `addr` in the city tables.
pub(super) fn cell(addr: IpAddr) -> Option<Cell> {
    match addr {
        IpAddr::V4(v4) => cells_v4().cell(u64::from(u32::from(v4))),
        IpAddr::V6(v6) => cells_v6().cell(upper(v6)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(addr: &str) -> Option<String> {
        Tables::shipped().state(addr.parse().unwrap()).map(|s| s.to_string())
    }

    #[test]
    fn shipped_tables_decode() {
        assert_eq!((states_v4().len(), states_v6().len()), (714_451, 623_108));
        assert_eq!((cells_v4().check(), cells_v6().check()), ((3_247_550, true), (3_740_124, true)));
        assert!(cell("62.115.187.118".parse().unwrap()).is_some_and(|c| c.state.as_str() == "DE"));
        assert!(cell("2a00:1450::1".parse().unwrap()).is_some());
    }

    #[test]
    fn states_of_addresses() {
        assert_eq!(state("62.115.187.118").as_deref(), Some("DE"));
        assert_eq!(state("::ffff:62.115.187.118").as_deref(), Some("DE"), "mapped");
        assert_eq!(state("2a01:4f8::1").as_deref(), Some("DE"));
        for unplaced in
            ["10.0.0.1", "192.168.1.1", "203.0.113.9", "127.0.0.1", "240.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1"]
        {
            assert_eq!(state(unplaced), None, "{unplaced}");
        }
        for unplaced in
            ["2001:db8::1", "fe80::1", "fd00::1", "::1", "::", "ff02::1", "2002:808:808::1", "3ffe:501::1", "4000::1", "ffff::"]
        {
            assert_eq!(state(unplaced), None, "{unplaced}");
        }
        for many in ["1.1.1.1", "8.8.8.8", "9.9.9.9", "198.41.0.4", "2606:4700:4700::1111", "2001:4860:4860::8888"] {
            assert_eq!(state(many), None, "{many} is anycast");
        }
    }

    #[test]
    fn fast_path_and_row_agree() {
        let tables = Tables::shipped();
        let mut seen = 0;
        for n in (0x0100_0000u32..0xe000_0000).step_by(7_919_993) {
            let addr = IpAddr::V4(n.into());
            if let Some(state) = tables.state(addr) {
                assert_eq!(tables.row(addr).unwrap().location, Some(state));
                seen += 1;
            }
        }
        assert!(seen > 300, "{seen}");
    }

    #[test]
    fn a_users_list_is_added() {
        let more = Tables::with_anycast("62.115.0.0/16\n", "mine").unwrap();
        let addr = "62.115.187.118".parse().unwrap();
        assert_eq!(more.state(addr), None);
        assert_eq!(more.anycast(addr).unwrap().as_ref(), "mine");
        assert!(Tables::shipped().state(addr).is_some(), "the shipped tables are as they were");
        assert!(Tables::with_anycast("x", "mine").is_err());
        // So that a report can be repeated, it says which list it was.
        let own = more.datasets().pop().unwrap();
        assert_eq!((own.name.as_str(), own.date.as_str(), own.licence.as_str()), ("mine", "", "the user's own"));
        assert_eq!(own.sha256, "a5f3c1494e85560d3efe83207f3d299a48814998a549f1e2f5f55d7ff7eeb062");
        assert_eq!(more.datasets().len(), Tables::shipped().datasets().len() + 1);
    }

    #[test]
    fn names_centres_and_datasets() {
        let tables = Tables::shipped();
        let de = StateCode::new("DE").unwrap();
        assert_eq!(tables.state_name(de), Some("Germany"));
        assert!(tables.state_centre(de).is_some());
        let names: Vec<String> = tables.datasets().into_iter().map(|d| d.name).collect();
        assert!(names.windows(2).all(|w| w[0] < w[1]) && names.iter().any(|n| n == "jurisdiction-v4"));
        assert!(tables.datasets().iter().filter(|d| d.licence == "CC-BY-4.0").all(|d| !d.attribution.is_empty()));
    }
}
