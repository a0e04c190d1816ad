//! Router names: operators write the place of a router into its name, each in a way of its own.
//!
//! Rules are per operator (`data/names/router-hostname-rules.tsv`) and count only where the table says that the same
//! operator announces the address: whoever holds an address may give it any PTR name. An address that nobody announces
//! (operators' unannounced link networks) keeps the answer at lower probability.
//!
//! A rule is compiled when a name first needs it. One that cannot be compiled (a build of `regex` may lack a feature
//! that its pattern needs) is passed over, and [`RouterNames::broken`] counts it, so that a run can say so.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex::Regex;

use super::airports::{Airports, Spot};
use super::cities::Cities;
use super::countries::Countries;
use super::embedded::ROUTER_NAMES;
use crate::model::net::{Asn, StateCode};

/// Longest name that DNS allows.
const LONGEST: usize = 253;

/// Where a rule finds its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// `code` rows of this table, by group 1.
    Codes(&'static str),
    /// Airport and metropolitan codes, by group 1.
    Iata,
    /// Group 2 names the state: it must agree, and answers alone where no table knows the code.
    StateSecond,
    /// Group 1 names the state, group 2 an airport code in it.
    StateFirst,
    /// Group 1 names the state; nothing else is read.
    StateOnly,
    /// The operator has these routers in one state.
    Always(StateCode),
}

#[derive(Debug)]
struct Rule {
    suffix: &'static str,
    pattern: &'static str,
    regex: OnceLock<Option<Regex>>,
    steps: Vec<Step>,
    asns: Vec<Asn>,
    /// Was it tried on names whose places are known?
    measured: bool,
}

impl Rule {
    /// Compiled at first use; `None` if it cannot be.
    fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| Regex::new(self.pattern).ok()).as_ref()
    }
}

/// How the operator of a rule relates to whoever announces the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    /// The same.
    Matches,
    /// Nobody announces it.
    Unannounced,
    /// Somebody else: the name proves nothing.
    Differs,
}

/// What a name says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Decoded {
    /// Suffix of the rule.
    pub(super) suffix: &'static str,
    /// The place.
    pub(super) spot: Spot,
    /// Does the operator match?
    pub(super) operator: Operator,
    /// Was the rule tried on names whose places are known?
    pub(super) measured: bool,
}

/// State and point by table and code.
type Codes = BTreeMap<(&'static str, &'static str), (StateCode, (f32, f32))>;

/// All rules.
#[derive(Debug)]
pub(super) struct RouterNames {
    rules: Vec<Rule>,
    codes: Codes,
    /// Lines of the file, or steps of a rule, that say nothing this program knows.
    unread: usize,
}

impl RouterNames {
    /// Reads the shipped rules.
    pub(super) fn shipped() -> Self {
        Self::read(ROUTER_NAMES.text())
    }

    fn read(text: &'static str) -> Self {
        let mut rules = Vec::new();
        let mut codes = BTreeMap::new();
        let mut asns: BTreeMap<&str, Vec<Asn>> = BTreeMap::new();
        let mut unread = 0;
        for line in text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#')) {
            let fields: Vec<&'static str> = line.split('\t').collect();
            match *fields.as_slice() {
                [kind @ ("rule" | "unmeasured"), suffix, pattern, steps] => {
                    let words = steps.split('+').count();
                    let steps: Vec<Step> = steps.split('+').filter_map(step).collect();
                    unread += words - steps.len();
                    let measured = kind == "rule";
                    rules.push(Rule { suffix, pattern, regex: OnceLock::new(), steps, asns: Vec::new(), measured });
                }
                ["asn", suffix, list] => {
                    for number in list.split(',') {
                        match number.trim().parse() {
                            Ok(number) => asns.entry(suffix).or_default().push(Asn(number)),
                            Err(_) => unread += 1,
                        }
                    }
                }
                ["code", table, code, state, lat, lon] => match (StateCode::new(state), lat.parse(), lon.parse()) {
                    (Some(state), Ok(lat), Ok(lon)) => {
                        codes.insert((table, code), (state, (lat, lon)));
                    }
                    _ => unread += 1,
                },
                _ => unread += 1,
            }
        }
        for rule in &mut rules {
            rule.asns = asns.get(rule.suffix).cloned().unwrap_or_default();
        }
        Self { rules, codes, unread }
    }

    /// Rules that cannot be compiled, and lines or steps that cannot be read: 0 unless the program was built wrongly.
    /// Compiles what was not needed before (a few milliseconds, once).
    pub(super) fn broken(&self) -> usize {
        self.unread + self.rules.iter().filter(|r| r.regex().is_none()).count()
    }

    /// Reads `name` (lower case, without final dot) of an address that `announcer` announces.
    pub(super) fn decode(&self, name: &str, announcer: Option<Asn>, world: &World<'_>) -> Option<Decoded> {
        let lower = name.to_ascii_lowercase();
        let name = lower.trim_end_matches('.');
        if name.len() > LONGEST {
            return None;
        }
        for rule in &self.rules {
            if !name.strip_suffix(rule.suffix).is_some_and(|head| head.ends_with('.')) {
                continue;
            }
            let Some(groups) = rule.regex().and_then(|r| r.captures(name)) else { continue };
            let group = |i: usize| groups.get(i).map(|m| m.as_str());
            if let Some(spot) = self.follow(rule, group(1).unwrap_or_default(), group(2), world) {
                let operator = match announcer {
                    None => Operator::Unannounced,
                    Some(asn) if rule.asns.contains(&asn) => Operator::Matches,
                    Some(_) => Operator::Differs,
                };
                return Some(Decoded { suffix: rule.suffix, spot, operator, measured: rule.measured });
            }
        }
        None
    }

    fn follow(&self, rule: &Rule, first: &str, second: Option<&str>, world: &World<'_>) -> Option<Spot> {
        let state_only = |state| Spot { state, city: None, at: None };
        let authority = rule.steps.iter().find_map(|step| match step {
            Step::StateSecond => Some(second.and_then(|s| world.state(s))),
            Step::StateFirst | Step::StateOnly => Some(world.state(first)),
            Step::Always(state) => Some(Some(*state)),
            Step::Codes(_) | Step::Iata => None,
        });
        // A rule with an authority that cannot be read says nothing at all.
        let authority = match authority {
            Some(None) => return None,
            Some(found) => found,
            None => None,
        };
        let spot = rule.steps.iter().find_map(|step| match step {
            Step::Codes(table) => self.code(table, first, world.cities),
            Step::Iata => world.airports.spot(first, world.cities),
            Step::StateFirst => world.airports.spot(second?, world.cities),
            Step::StateSecond | Step::StateOnly | Step::Always(_) => None,
        });
        match (spot, authority) {
            (Some(spot), None) => Some(spot),
            (Some(spot), Some(state)) if spot.state == state => Some(spot),
            (_, state) => state.map(state_only),
        }
    }

    fn code(&self, table: &str, code: &str, cities: &Cities) -> Option<Spot> {
        let &(state, at) = self.codes.get(&(table, code))?;
        let city = cities.near(state, at).map(|c| std::sync::Arc::clone(&c.name));
        Some(Spot { state, city, at: Some(at) })
    }
}

/// Tables that rules refer to.
pub(super) struct World<'a> {
    /// Cities.
    pub(super) cities: &'a Cities,
    /// Airport codes.
    pub(super) airports: &'a Airports,
    /// State codes in use.
    pub(super) countries: &'a Countries,
}

impl World<'_> {
    /// Two letters as operators write states: ISO 3166-1, and `uk`.
    fn state(&self, text: &str) -> Option<StateCode> {
        let code = if text == "uk" { "gb" } else { text };
        StateCode::new(code).filter(|&s| self.countries.has(s))
    }
}

fn step(word: &'static str) -> Option<Step> {
    Some(match word {
        "iata" => Step::Iata,
        "cc2" => Step::StateSecond,
        "cc-first" => Step::StateFirst,
        "cc-only" => Step::StateOnly,
        word => match word.strip_prefix("const:") {
            Some(state) => Step::Always(StateCode::new(state)?),
            None => Step::Codes(word),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(name: &str, asn: u32) -> Option<(String, Operator)> {
        let (cities, airports, countries) = (Cities::shipped(), Airports::shipped(), Countries::shipped());
        let world = World { cities: &cities, airports: &airports, countries: &countries };
        let found = RouterNames::shipped().decode(name, Some(Asn(asn)).filter(|a| a.0 != 0), &world)?;
        Some((format!("{} {}", found.spot.state, found.spot.city.as_deref().unwrap_or("-")), found.operator))
    }

    #[test]
    fn every_line_is_read_and_every_rule_has_an_operator() {
        let names = RouterNames::shipped();
        let lines = |kind: &str| ROUTER_NAMES.text().lines().filter(|l| l.split('\t').next() == Some(kind)).count();
        assert_eq!(names.rules.len(), lines("rule") + lines("unmeasured"));
        assert_eq!(names.rules.iter().filter(|r| r.measured).count(), lines("rule"));
        assert_eq!(names.codes.len(), lines("code"), "no code twice, none unreadable");
        for rule in &names.rules {
            assert!(Regex::new(rule.pattern).is_ok(), "{}", rule.pattern);
            assert!(!rule.asns.is_empty(), "{}", rule.suffix);
            for step in &rule.steps {
                if let Step::Codes(table) = step {
                    assert!(names.codes.keys().any(|k| k.0 == *table), "{table} has no codes");
                }
            }
        }
        let named: Vec<&str> = names
            .rules
            .iter()
            .flat_map(|r| &r.steps)
            .filter_map(|s| if let Step::Codes(t) = s { Some(*t) } else { None })
            .collect();
        assert!(names.codes.keys().all(|k| named.contains(&k.0)), "codes of a table that no rule uses");
    }

    #[test]
    fn every_shipped_rule_compiles_and_a_broken_one_is_counted() {
        assert_eq!(RouterNames::shipped().broken(), 0);
        let good = "# a comment\n\nrule\tex.net\t^([a-z]{3})\\.ex\\.net$\tiata\nasn\tex.net\t64512\n";
        assert_eq!(RouterNames::read(good).broken(), 0);
        for (bad, why) in [
            ("rule\tex.net\t^([a-z]{3}\tiata\n", "no regular expression"),
            ("rule\tex.net\t^([a-z]{3})$\tconst:?\n", "no such step"),
            ("rule\tex.net\t^([a-z]{3})$\n", "a field is missing"),
            ("asn\tex.net\t64512,x\n", "no number"),
            ("code\tt\tfra\tDE\tnorth\t8\n", "no degrees"),
        ] {
            assert_eq!(RouterNames::read(bad).broken(), 1, "{why}");
        }
        // The others go on working.
        let (cities, airports, countries) = (Cities::shipped(), Airports::shipped(), Countries::shipped());
        let world = World { cities: &cities, airports: &airports, countries: &countries };
        let both = "rule\tex.net\t^(x\tiata\nrule\tex.net\t^([a-z]{3})[.]ex[.]net$\tiata\nasn\tex.net\t64512\n";
        let names = RouterNames::read(both);
        assert_eq!(names.broken(), 1);
        let found = names.decode("fra.ex.net", Some(Asn(64512)), &world).unwrap();
        assert_eq!(found.spot.state.as_str(), "DE");
    }

    #[test]
    fn operators_conventions() {
        for (name, asn, place) in [
            ("be2845.ccr41.fra03.atlas.cogentco.com", 174, "DE Frankfurt am Main"),
            ("ae-1.r20.frnkge13.de.bb.gin.ntt.net", 2914, "DE Frankfurt am Main"),
            ("ae-3.r01.zzzzxx01.es.bb.gin.ntt.net", 2914, "ES -"),
            ("prs-bb3-link.ip.twelve99.net", 1299, "FR Paris"),
            ("if-ae-2-2.tcore1.fnm-frankfurt.as6453.net", 6453, "DE Frankfurt am Main"),
            ("ear3.Frankfurt1.Level3.net", 3356, "DE Frankfurt am Main"),
            ("100ge16-1.core1.tor1.he.net", 6939, "CA Toronto"),
            ("100ge16-1.core1.fra1.he.net", 6939, "DE Frankfurt am Main"),
            ("ae8.mpr1.lhr15.uk.zip.zayo.com", 6461, "GB London"),
            ("f-ed11-i.F.DE.NET.DTAG.DE", 3320, "DE Frankfurt am Main"),
            ("nyc-sa3-i.NYC.US.NET.DTAG.DE", 3320, "US New York City"),
            ("ae0-1.rt.irx.fkt.de.retn.net", 9002, "DE Frankfurt am Main"),
            ("ae5-2072.nbg40.core-backbone.com", 33891, "DE Nuernberg"),
            ("p4-0-0.rar1.vienna-va.us.xo.net", 2828, "US -"),
            ("de-hmb.nordu.net", 2603, "DE -"),
        ] {
            let found = decode(name, asn);
            let (spot, operator) = found.expect(name);
            assert!(spot == place || (place.ends_with("Nuernberg") && spot.starts_with("DE N")), "{name}: {spot}");
            assert_eq!(operator, Operator::Matches, "{name}");
        }
    }

    #[test]
    fn traps() {
        // Looks like Singapore, is registered in New Zealand, stands in Sydney.
        assert_eq!(decode("xe5-0-0.sgbr3.global-gateway.net.nz", 4648).unwrap().0, "AU Sydney");
        assert_eq!(decode("et-5-0-0-1276.rtr.clev.net.internet2.edu", 10886).unwrap().0, "US Cleveland");
        // The right pattern on somebody else's address.
        assert_eq!(decode("ear3.Frankfurt1.Level3.net", 64512).unwrap().1, Operator::Differs);
        assert_eq!(decode("ear3.Frankfurt1.Level3.net", 0).unwrap().1, Operator::Unannounced);
        // A suffix has to end at a label, and three letters alone are no airport.
        assert_eq!(decode("core1.fra1.evilhe.net", 6939), None);
        assert_eq!(decode("core1.fra1.example.org", 6939), None);
        assert_eq!(decode("ae1.mx1.fra.xx.geant.net", 20965), None, "no such state");
        assert_eq!(decode(&"a".repeat(4000), 174), None);
    }
}
