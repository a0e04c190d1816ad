//! Settings from `rutter.toml`. Flag over environment (`RUTTER_*`) over file over default.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::Error;

/// Name of the file that is looked for in the working folder.
pub const FILE: &str = "rutter.toml";

/// What a configuration file may set. Every key is optional.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Threads; 0 is one per processor.
    pub threads: Option<usize>,
    /// Cap on live flows.
    pub max_flows: Option<usize>,
    /// Most bytes that an archive may unpack to.
    pub unpack_cap: Option<u64>,
    /// Findings shown.
    pub top: Option<usize>,
    /// Proxies whose forwarded headers are believed.
    pub trust: Option<Vec<String>>,
    /// Further MMDB files.
    pub mmdb: Option<Vec<PathBuf>>,
    /// Names files.
    pub names: Option<Vec<PathBuf>>,
    /// A list of anycast prefixes.
    pub anycast: Option<PathBuf>,
    /// State of the victim.
    pub victim_state: Option<String>,
    /// Place of the sensor, `LAT,LON` in degrees.
    pub sensor_at: Option<String>,
    /// Zone of times that are written without one.
    pub tz: Option<String>,
    /// The user's own formats, by name: a regular expression with named groups for each.
    pub format: Option<BTreeMap<String, OwnFormat>>,
}

/// A format of the user's.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnFormat {
    /// Regular expression over a line, with the named groups `time`, `src`, `sport`, `dst`, `dport`, `proto`, `host`, `bytes`,
    /// `bytes_back`, `xff`, `outcome`, `user`.
    pub line: String,
}

/// A file with every key, commented out.
pub const TEMPLATE: &str = "\
# rutter.toml: settings of Rutter. A flag wins over the environment (RUTTER_…), the environment over this file.

# threads = 0                      # 0: one per processor
# max-flows = 4194304              # flows kept at a time, 150 bytes each; this is the default, of rutter live it is 1048576
# unpack-cap = 1099511627776       # most bytes that an archive may unpack to
# top = 10                         # findings shown
# trust = [\"10.0.0.0/8\"]           # proxies whose forwarded headers are believed
# mmdb = [\"/var/lib/GeoIP/own.mmdb\"]
# names = [\"routers.csv\"]          # ADDRESS,NAME lines or a hosts file
# anycast = \"anycast.csv\"          # prefixes that are announced from many places
# victim-state = \"EE\"              # ISO 3166-1 alpha-2
# tz = \"Europe/Tallinn\"            # zone of times that are written without one
# sensor-at = \"59.44,24.75\"        # where the sensor stands: round-trip times then exclude places

# [format.myproxy]                 # a log that Rutter does not know: named groups time, src, sport, dst, dport, proto, host, bytes, bytes_back, xff, outcome
# line = '^(?<time>\\S+) (?<src>\\S+) asked (?<host>\\S+) (?<bytes>\\d+)$'
";

impl Config {
    /// Reads `path`, or `rutter.toml` in the working folder if there is one. Returns the path that was read.
    ///
    /// # Errors
    /// When a named file can't be read, or any file says something that Rutter does not know.
    pub fn load(path: Option<&Path>) -> Result<(Self, Option<PathBuf>), Error> {
        let file = match path {
            Some(path) => path.to_owned(),
            None if Path::new(FILE).is_file() => PathBuf::from(FILE),
            None => return Ok((Self::default(), None)),
        };
        let text = std::fs::read_to_string(&file).map_err(|e| Error::Usage(format!("{}: cannot read: {e}", file.display())))?;
        let config = toml::from_str(&text).map_err(|e| {
            let line = e.span().map_or(1, |s| text.get(..s.start).unwrap_or_default().matches('\n').count() + 1);
            let message = e.message().lines().collect::<Vec<_>>().join(" ");
            Error::Usage(format!("{}: line {line}: {message} (rutter config --template shows every key)", file.display()))
        })?;
        Ok((config, Some(file)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn template_holds_every_key_and_only_such() {
        let uncommented: String = TEMPLATE.lines().skip(1).map(|l| format!("{}\n", l.trim_start_matches("# "))).collect();
        let config: Result<Config, _> = toml::from_str(&uncommented);
        let config = config.unwrap_or_default();
        assert_eq!(config.threads, Some(0));
        assert_eq!(config.trust.as_deref(), Some(&["10.0.0.0/8".to_owned()][..]));
        assert!(config.sensor_at.is_some() && config.anycast.is_some() && config.victim_state.is_some());
        assert!(toml::from_str::<Config>("thread = 3").is_err());
    }
}
