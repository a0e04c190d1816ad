//! The user's own databases in MaxMind's format (`--mmdb FILE`), whatever layout the vendor chose.
//!
//! Read: GeoIP2 (`country.iso_code`, `city.names.en`, `location.latitude`, `registered_country`, …), flat
//! (`country_code`, `city`, `latitude` or `lat`, numbers or text), IPinfo (`country` as code or name, `asn` as `AS123`,
//! `loc`), DB-IP's and ip-location-db's. Records are few and look-ups are many, so decoded records are kept by their
//! offset in the file.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use maxminddb::{MaxMindDbError, Reader};
use sha2::{Digest as _, Sha256};

use super::countries::Countries;
use super::mmdb_record::{self, Record};
use crate::model::place::Dataset;
use crate::model::time::Timestamp;

/// Largest file that is read, bytes.
const LARGEST: u64 = 4 << 30;
/// Most decoded records that are kept.
const KEPT: usize = 1 << 16;

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// The file cannot be read.
    #[error("{file}: cannot read the database: {source}")]
    Read {
        /// As given.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Too large.
    #[error("{file}: {bytes} bytes; databases above {LARGEST} bytes are not read")]
    TooLarge {
        /// As given.
        file: String,
        /// Its size.
        bytes: u64,
    },
    /// Not in this format, or damaged.
    #[error("{file}: not a usable MaxMind database (.mmdb, unpacked): {source}")]
    Format {
        /// As given.
        file: String,
        /// What the reader said.
        source: MaxMindDbError,
    },
}

/// An open database. Look-ups may come from several threads.
pub struct UserDatabase {
    name: String,
    date: String,
    sha256: String,
    kind: String,
    bytes: Arc<[u8]>,
    /// Begin and end of the data section in `bytes`.
    data: Range<usize>,
    reader: Reader<Arc<[u8]>>,
    records: Mutex<BTreeMap<usize, Arc<Record>>>,
    undecodable: AtomicU64,
}

impl fmt::Debug for UserDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserDatabase").field("name", &self.name).field("kind", &self.kind).field("date", &self.date).finish()
    }
}

impl UserDatabase {
    /// Reads a file.
    ///
    /// # Errors
    /// The file cannot be read, is too large, or is no MaxMind database; the message names it.
    pub fn open(path: &Path) -> Result<Self, DatabaseError> {
        let file = path.display().to_string();
        let bytes =
            std::fs::metadata(path).map(|m| m.len()).map_err(|source| DatabaseError::Read { file: file.clone(), source })?;
        if bytes > LARGEST {
            return Err(DatabaseError::TooLarge { file, bytes });
        }
        let bytes = std::fs::read(path).map_err(|source| DatabaseError::Read { file: file.clone(), source })?;
        Self::from_bytes(bytes, &file)
    }

    /// Takes a database that the caller has read. `name` is shown in reports: its last path component is used.
    ///
    /// # Errors
    /// The bytes are no MaxMind database.
    pub fn from_bytes(bytes: Vec<u8>, name: &str) -> Result<Self, DatabaseError> {
        let sha256 = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
        let bytes: Arc<[u8]> = bytes.into();
        let reader =
            Reader::from_source(Arc::clone(&bytes)).map_err(|source| DatabaseError::Format { file: name.to_owned(), source })?;
        // Search tree, then 16 zero bytes, then the data (MaxMind DB 2.0); the reader has checked that both fit.
        let metadata = reader.metadata();
        let tree = (metadata.node_count as usize).saturating_mul(usize::from(metadata.record_size) / 4);
        let data = tree.saturating_add(16).min(bytes.len())..bytes.len();
        let seconds = i64::try_from(reader.metadata().build_epoch).unwrap_or(0).min(253_402_300_799);
        let date = Timestamp(seconds.saturating_mul(1_000_000_000)).day();
        let kind: String = reader.metadata().database_type.chars().filter(|c| !c.is_control()).take(80).collect();
        let short = Path::new(name).file_name().map_or_else(|| name.to_owned(), |n| n.to_string_lossy().into_owned());
        Ok(Self {
            name: short.chars().filter(|c| !c.is_control()).take(120).collect(),
            date: if seconds == 0 { String::new() } else { date.to_string() },
            sha256,
            kind,
            bytes,
            data,
            reader,
            records: Mutex::new(BTreeMap::new()),
            undecodable: AtomicU64::new(0),
        })
    }

    /// File name without its folder, as in source claims.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Build date (`YYYY-MM-DD`), empty if the file gives none.
    #[must_use]
    pub fn date(&self) -> &str {
        &self.date
    }

    /// Look-ups so far whose record could not be decoded. They count as "not known", and the report should say so.
    #[must_use]
    pub fn undecodable(&self) -> u64 {
        self.undecodable.load(Ordering::Relaxed)
    }

    /// The entry for the report. Rutter does not know under which licence the user holds the file.
    #[must_use]
    pub fn dataset(&self) -> Dataset {
        Dataset {
            name: self.name.clone(),
            date: self.date.clone(),
            sha256: self.sha256.clone(),
            licence: "the user's own".to_owned(),
            attribution: format!("database type {}", self.kind),
        }
    }

    /// Is it another edition of a source that the shipped table was made from? Then it is no second opinion.
    pub(super) fn repeats_shipped(&self) -> bool {
        let kind = self.kind.to_ascii_lowercase();
        ["dbip", "db-ip"].iter().any(|word| kind.contains(word))
    }

    /// Record of `addr`.
    pub(super) fn get(&self, addr: IpAddr, countries: &Countries) -> Option<Arc<Record>> {
        if addr.is_ipv6() && self.reader.metadata().ip_version == 4 {
            return None;
        }
        let Ok(found) = self.reader.lookup(addr) else {
            self.undecodable.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        let offset = found.offset()?;
        if let Some(known) = self.lock().get(&offset) {
            return Some(Arc::clone(known));
        }
        let section = self.bytes.get(self.data.clone()).unwrap_or_default();
        let Some(node) = mmdb_record::decode(section, offset) else {
            self.undecodable.fetch_add(1, Ordering::Relaxed);
            return None;
        };
        let record = Arc::new(Record::read(&node, countries));
        let mut records = self.lock();
        if records.len() < KEPT {
            records.insert(offset, Arc::clone(&record));
        }
        Some(record)
    }

    /// The cache is only ever extended, so a panic elsewhere cannot have left it half-written.
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<usize, Arc<Record>>> {
        self.records.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::net::{Asn, StateCode};
    use proptest::prelude::*;

    /// A value for [`write`].
    pub(in crate::locate) enum V<'a> {
        S(&'a str),
        H(u16),
        N(u32),
        Q(u64),
        /// An empty array.
        A,
        D(f64),
        M(Vec<(&'a str, V<'a>)>),
    }

    fn put(out: &mut Vec<u8>, v: &V<'_>) {
        let mut head = |kind: u8, size: usize| {
            if kind > 7 {
                out.extend([size as u8, kind - 7]);
            } else if size < 29 {
                out.push(kind << 5 | size as u8);
            } else {
                out.extend([kind << 5 | 29, (size - 29) as u8]);
            }
        };
        match v {
            V::S(s) => {
                head(2, s.len());
                out.extend(s.bytes());
            }
            V::D(d) => {
                head(3, 8);
                out.extend(d.to_be_bytes());
            }
            V::H(n) => {
                head(5, 2);
                out.extend(n.to_be_bytes());
            }
            V::N(n) => {
                head(6, 4);
                out.extend(n.to_be_bytes());
            }
            V::A => head(11, 0),
            V::Q(n) => {
                head(9, 8);
                out.extend(n.to_be_bytes());
            }
            V::M(m) => {
                head(7, m.len());
                for (k, v) in m {
                    put(out, &V::S(k));
                    put(out, v);
                }
            }
        }
    }

    /// A MaxMind database (specification 2.0) with one IPv4 record: for 0.0.0.0/1 (below 128.0.0.0).
    pub(in crate::locate) fn write(kind: &str, record: &V<'_>) -> Vec<u8> {
        let mut out = vec![0, 0, 17, 0, 0, 1];
        out.extend([0; 16]);
        put(&mut out, record);
        out.extend(b"\xab\xcd\xefMaxMind.com");
        put(
            &mut out,
            &V::M(vec![
                ("binary_format_major_version", V::H(2)),
                ("binary_format_minor_version", V::H(0)),
                ("build_epoch", V::Q(1_780_000_000)),
                ("database_type", V::S(kind)),
                ("description", V::M(vec![])),
                ("ip_version", V::H(4)),
                ("languages", V::A),
                ("node_count", V::N(1)),
                ("record_size", V::H(24)),
            ]),
        );
        out
    }

    fn record(kind: &str, v: V<'_>) -> Record {
        let db = UserDatabase::from_bytes(write(kind, &v), "dir/test.mmdb").unwrap();
        assert_eq!(db.name(), "test.mmdb");
        assert_eq!(db.date(), "2026-05-28");
        let countries = Countries::shipped();
        assert!(db.get("200.0.0.1".parse().unwrap(), &countries).is_none());
        assert!(db.get("2001:4860::1".parse().unwrap(), &countries).is_none(), "an IPv4 database is asked for IPv4 only");
        let first = db.get("8.8.8.8".parse().unwrap(), &countries).unwrap();
        assert!(Arc::ptr_eq(&first, &db.get("9.9.9.9".parse().unwrap(), &countries).unwrap()), "kept by offset");
        assert_eq!(db.undecodable(), 0);
        (*first).clone()
    }

    fn geoip2() -> V<'static> {
        V::M(vec![
            ("country", V::M(vec![("iso_code", V::S("DE")), ("names", V::M(vec![("en", V::S("Germany"))]))])),
            ("registered_country", V::M(vec![("iso_code", V::S("US"))])),
            ("represented_country", V::M(vec![("iso_code", V::S("US")), ("type", V::S("military"))])),
            ("city", V::M(vec![("names", V::M(vec![("de", V::S("Frankfurt")), ("en", V::S("Frankfurt am Main"))]))])),
            ("location", V::M(vec![("latitude", V::D(50.11)), ("longitude", V::D(8.68)), ("time_zone", V::S("Europe/Berlin"))])),
        ])
    }

    #[test]
    fn geoip2_layout() {
        let r = record("GeoIP2-City", geoip2());
        assert_eq!((r.state, r.registered, r.represented), (StateCode::new("DE"), StateCode::new("US"), StateCode::new("US")));
        assert_eq!((r.city.as_deref(), r.at), (Some("Frankfurt am Main"), Some((50.11, 8.68))));
    }

    #[test]
    fn flat_layouts_with_numbers_or_text() {
        let r = record(
            "x",
            V::M(vec![
                ("country_code", V::S("fr")),
                ("city", V::S("Paris")),
                ("latitude", V::S("48.86")),
                ("longitude", V::S("2.35")),
            ]),
        );
        assert_eq!((r.state, r.city.as_deref(), r.at), (StateCode::new("FR"), Some("Paris"), Some((48.86, 2.35))));
        let r = record("x", V::M(vec![("country", V::S("Germany")), ("lat", V::D(50.0)), ("lng", V::D(8.0))]));
        assert_eq!((r.state, r.at), (StateCode::new("DE"), Some((50.0, 8.0))));
        let r = record("x", V::M(vec![("country_code", V::S("ZZ")), ("lat", V::D(500.0)), ("lon", V::D(8.0))]));
        assert_eq!(r, Record::default(), "no state of that code, no such latitude");
    }

    #[test]
    fn ipinfo_and_asn_layouts() {
        let r = record(
            "ipinfo",
            V::M(vec![
                ("country", V::S("Netherlands")),
                ("country_code", V::S("NL")),
                ("asn", V::S("AS3320")),
                ("as_name", V::S("Deutsche Telekom AG")),
                ("as_domain", V::S("telekom.de")),
            ]),
        );
        assert_eq!((r.state, r.asn, r.as_name.as_deref()), (StateCode::new("NL"), Some(Asn(3320)), Some("Deutsche Telekom AG")));
        let r = record(
            "GeoLite2-ASN",
            V::M(vec![("autonomous_system_number", V::N(174)), ("autonomous_system_organization", V::S("COGENT-174"))]),
        );
        assert_eq!((r.asn, r.as_name.as_deref()), (Some(Asn(174)), Some("COGENT-174")));
    }

    #[test]
    fn a_real_file_says_what_the_reader_says() {
        let packed = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/data/geo/dbip-country-lite-2026-09.mmdb.zst")).unwrap();
        let bytes = zstd::bulk::decompress(&packed, 64 << 20).unwrap();
        let reader = Reader::from_source(bytes.clone()).unwrap();
        let db = UserDatabase::from_bytes(bytes, "dbip.mmdb").unwrap();
        assert!(db.repeats_shipped(), "the table was made from it");
        let countries = Countries::shipped();
        let mut placed = 0;
        for n in (1u32..0xe000_0000).step_by(1_299_709) {
            let addr = IpAddr::from(n.to_be_bytes());
            let theirs: Option<&str> =
                reader.lookup(addr).unwrap().decode_path(&maxminddb::path!["country", "iso_code"]).unwrap();
            let ours = db.get(addr, &countries).and_then(|r| r.state);
            assert_eq!(ours, theirs.and_then(StateCode::new).filter(|&s| countries.has(s)), "{addr}");
            placed += u32::from(ours.is_some());
        }
        assert!(placed > 1000 && db.undecodable() == 0);
    }

    #[test]
    fn errors_name_the_file() {
        let missing = UserDatabase::open(Path::new("no/such/file.mmdb")).unwrap_err().to_string();
        assert!(missing.starts_with("no/such/file.mmdb: cannot read the database"), "{missing}");
        let text = UserDatabase::from_bytes(b"country,code\n".to_vec(), "list.csv").unwrap_err().to_string();
        assert!(text.starts_with("list.csv: not a usable MaxMind database"), "{text}");
        assert!(UserDatabase::from_bytes(Vec::new(), "empty").is_err());
        let dir = UserDatabase::open(Path::new("/")).unwrap_err().to_string();
        assert!(dir.starts_with("/: cannot read"), "{dir}");
    }

    #[test]
    fn a_record_that_cannot_be_decoded_is_counted() {
        let mut bytes = write("x", &V::M(vec![("country_code", V::S("FR"))]));
        // A pointer that points at itself in place of the record.
        bytes[22] = 0x20;
        bytes[23] = 0;
        let db = UserDatabase::from_bytes(bytes, "x").unwrap();
        assert_eq!(db.get("8.8.8.8".parse().unwrap(), &Countries::shipped()), None);
        assert_eq!(db.undecodable(), 1);
    }

    #[test]
    fn cyclic_metadata_and_deep_records_do_not_end_the_run() {
        let mut bytes = write("GeoIP2-City", &geoip2());
        // The value of "database_type" becomes a pointer to itself, counted from the start of the metadata.
        let at = bytes.windows(11).rposition(|w| w == b"GeoIP2-City").unwrap() - 1;
        let start = bytes.windows(14).rposition(|w| w == b"\xab\xcd\xefMaxMind.com").unwrap() + 14;
        let target = at - start;
        bytes.splice(at..at + 12, [0x20 | (target >> 8) as u8, target as u8]);
        assert!(UserDatabase::from_bytes(bytes, "x").is_err());

        let mut deep = V::S("DE");
        for _ in 0..40 {
            deep = V::M(vec![("country", deep)]);
        }
        let db = UserDatabase::from_bytes(write("x", &deep), "x").unwrap();
        assert_eq!(db.get("8.8.8.8".parse().unwrap(), &Countries::shipped()), None);
        assert_eq!(db.undecodable(), 1);
    }

    proptest! {
        #[test]
        fn hostile_files_never_panic(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6), cut in any::<prop::sample::Index>(), whole: bool) {
            let mut bytes = write("GeoIP2-City", &geoip2());
            for (at, to) in flips {
                let i = at.index(bytes.len());
                bytes[i] = to;
            }
            if !whole {
                let n = cut.index(bytes.len());
                bytes.truncate(n);
            }
            if let Ok(db) = UserDatabase::from_bytes(bytes, "x") {
                let countries = Countries::shipped();
                let _ = db.get("8.8.8.8".parse().unwrap(), &countries);
                let _ = db.get("250.0.0.1".parse().unwrap(), &countries);
            }
        }
    }
}
