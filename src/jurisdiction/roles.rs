//! Which provisions speak to what a hop does on the path.
//!
//! A reader of a hop asks what may be asked there, and of whom. That depends on the hop's role: a router that passed
//! traffic on holds other data than a host that was logged in to. The table below is an editor's choice with a reason
//! beside every line. In order: what speaks of a path before everything else (Convention on Cybercrime, articles 17, 30,
//! 29, 35), the other articles of that convention, their twins in the UN convention, orders straight to providers, then
//! the law of the Union and of regions.
//!
//! A bundle of agreements of one state with others binds two at a time: it is listed only where the state that asks is the
//! other end of an agreement with the state of the hop, and left out where nobody is said to ask.
//!
//! Only what is in force for the state on the day is given. Two exceptions are marked as what they are: an answer that
//! the tables do not settle stays and says `unknown`, and an instrument that nobody is bound by yet stays for those who
//! signed or ratified it, as "not in force". That an article speaks to a role says nothing of what anybody did there.

use std::sync::Arc;

use super::Law;
use super::coverage::home_of_bundle;
use super::instruments::{Force, Provision};
use super::status::StatusOn;
use crate::model::hop::HopRole;
use crate::model::law::{ProvisionTouch, Status};
use crate::model::net::StateCode;
use crate::model::time::Day;

use HopRole::{Origin, Proxy, Reflector, Target, Transit, Translator, TunnelEntry, TunnelExit};

/// An article, the roles that it speaks to, and why.
struct Speaks {
    instrument: &'static str,
    provision: &'static str,
    roles: &'static [HopRole],
    why: &'static str,
}

/// Everybody on the way who may hold traffic data for somebody else.
const ON_THE_WAY: &[HopRole] = &[Origin, Transit, TunnelEntry, TunnelExit, Proxy, Translator, Reflector];
/// All of them, and the host at the end.
const ANY: &[HopRole] = &[Origin, Transit, TunnelEntry, TunnelExit, Proxy, Translator, Reflector, Target];
/// Hosts with a holder who can be asked about them: a stepping stone, a relay of mails, a bounced-off server, an origin.
const HOSTS: &[HopRole] = &[Origin, TunnelEntry, TunnelExit, Proxy, Translator, Reflector];
/// Hosts that somebody may have used without right.
const USED: &[HopRole] = &[Origin, Proxy, TunnelExit, Reflector];
/// Where traffic still flows, it can be watched.
const CARRIERS: &[HopRole] = &[Transit, TunnelEntry, TunnelExit, Proxy];
/// The victim.
const VICTIM: &[HopRole] = &[Target];

const fn speaks(instrument: &'static str, provision: &'static str, roles: &'static [HopRole], why: &'static str) -> Speaks {
    Speaks { instrument, provision, roles, why }
}

/// In order of display.
const TABLE: &[Speaks] = &[
    // What speaks of a path.
    speaks("ETS185", "art. 17", ANY, "providers on the path hold the traffic data that shows the next hop"),
    speaks("ETS185", "art. 30", ON_THE_WAY, "who keeps the data may find another state's provider in the path, and then says so"),
    speaks("ETS185", "art. 29", ON_THE_WAY, "another state's data on this hop can be kept before anything is asked about it"),
    speaks("ETS185", "art. 35", ANY, "the contact point through which the first request goes"),
    // The rest of the same convention.
    speaks("ETS185", "art. 16", HOSTS, "the host's own records can be kept by order of its state"),
    speaks("ETS185", "art. 18", HOSTS, "whoever rents or holds the host can be named by its provider"),
    speaks("ETS185", "art. 31", HOSTS, "what is stored on the host can be asked for"),
    speaks("ETS185", "art. 33", CARRIERS, "if the traffic goes on, its data can be collected as it passes"),
    speaks("ETS185", "art. 26", VICTIM, "the victim's state may tell others what it knows without being asked"),
    speaks("ETS185", "art. 2", USED, "if the host was used without right, its state has made that an offence"),
    speaks("ETS185", "art. 2", VICTIM, "if it was entered without right, its state has made that an offence"),
    speaks("ETS185", "art. 5", &[Reflector, Target], "if it was hindered seriously, its state has made that an offence"),
    speaks("ETS185", "art. 22", &[Origin, Target], "several states may claim jurisdiction, and then consult"),
    // Additional to it, for its parties.
    speaks("CETS224", "art. 7", HOSTS, "subscriber data straight from a provider of another party"),
    speaks("CETS224", "art. 8", ON_THE_WAY, "an order for traffic data that the other party gives effect to"),
    speaks("CETS224", "art. 9", ON_THE_WAY, "stored data at once in an emergency, through the contact points"),
    // The same in the UN convention.
    speaks("UNCC", "art. 26", ANY, "the twin of article 17 of the Convention on Cybercrime"),
    speaks("UNCC", "art. 43", ON_THE_WAY, "the twin of article 30"),
    speaks("UNCC", "art. 42", ON_THE_WAY, "the twin of article 29"),
    speaks("UNCC", "art. 41", ANY, "the twin of article 35"),
    // Straight to providers.
    speaks(
        "EEVID",
        "art. 11",
        ON_THE_WAY,
        "a provider that serves the Union can be ordered to keep data by another Member State",
    ),
    speaks(
        "EEVID",
        "art. 10",
        ON_THE_WAY,
        "a provider that serves the Union can be ordered to hand data over by another Member State",
    ),
    speaks("CLOUDACT", "whole", ON_THE_WAY, "providers answer orders of the other side of an agreement"),
    speaks("EIO", "art. 32", ANY, "evidence can be secured in another Member State within a day"),
    speaks("EIO", "arts 1, 9", HOSTS, "measures of investigation in another Member State"),
    speaks(
        "NIS2",
        "art. 26",
        ON_THE_WAY,
        "which Member State supervises a provider follows from its establishment, not from the server",
    ),
    // Duties of the victim.
    speaks("NIS2", "art. 23(1),(4)", VICTIM, "a victim that is an essential or important entity reports the incident"),
    speaks("NIS2", "art. 23(1)", VICTIM, "other Member States hear of it through their contact points"),
    speaks("GDPR", "art. 33", VICTIM, "a victim whose personal data were breached reports it"),
    // Regions.
    speaks("MALABO", "arts 25-31", ANY, "the regional text on offences, powers and cooperation"),
    speaks("ARAB2010", "arts 23-28, 32-43", ANY, "the regional text on powers and cooperation"),
    speaks("CIS2018", "arts 3, 5-9", ANY, "the regional text on offences and requests"),
    speaks("SCO2009", "arts 2-5", ANY, "the regional text on information security"),
    speaks("ECOWAS2011", "arts 4-23, 33", ANY, "the regional text on offences and requests"),
];

impl Law {
    /// The provisions that speak to a hop of this role which `state` can claim by territory, on a day, in order of display.
    /// Empty where nothing is in force. Nobody is said to ask: bundles of bilateral agreements are left out.
    #[must_use]
    pub fn provisions_for(&self, role: HopRole, state: StateCode, on: Day) -> Vec<ProvisionTouch> {
        self.provisions_asked(role, state, on, None)
    }

    /// The same, and of bundles of bilateral agreements those between `state` and the one that asks.
    #[must_use]
    pub fn provisions_asked(
        &self,
        role: HopRole,
        state: StateCode,
        on: Day,
        requesting: Option<StateCode>,
    ) -> Vec<ProvisionTouch> {
        let mut touches = Vec::new();
        let mut known: Option<(&'static str, Option<StatusOn>)> = None;
        for line in TABLE.iter().filter(|line| line.roles.contains(&role)) {
            if known.as_ref().is_none_or(|(id, _)| *id != line.instrument) {
                let status = match home_of_bundle(line.instrument) {
                    Some(home) => self.agreement(line.instrument, home, state, on, requesting),
                    None => self.book.status(line.instrument, state, on),
                };
                known = Some((line.instrument, status));
            }
            let Some((_, Some(status))) = &known else { continue };
            let Some(instrument) = self.book.instrument(line.instrument) else { continue };
            let Some(pending) = shown(status, instrument.force) else { continue };
            if let Some(provision) = instrument.provisions.iter().find(|p| p.provision == line.provision) {
                touches.push(touch(line, provision, status, pending));
            }
        }
        touches
    }

    /// How the agreement between two states stands: by the row of the partner. `None` if neither is the home of the bundle,
    /// or both are, or it is not in force.
    fn agreement(
        &self,
        instrument: &str,
        home: StateCode,
        state: StateCode,
        on: Day,
        requesting: Option<StateCode>,
    ) -> Option<StatusOn> {
        let (state, asking) = (self.book.canonical(state), self.book.canonical(requesting?));
        let partner = match (state == home, asking == home) {
            (true, false) => asking,
            (false, true) => state,
            _ => return None,
        };
        let mut status = self.book.status(instrument, partner, on).filter(|s| s.status == Status::Party)?;
        status.note = format!("agreement between {home} and {partner}; {}", status.note).trim_end_matches([' ', ';']).to_owned();
        Some(status)
    }
}

/// Is it shown, and if so, is that only because it may come into force?
fn shown(status: &StatusOn, force: Force) -> Option<bool> {
    match status.status {
        Status::Party if !status.non_binding => Some(false),
        Status::Signatory | Status::Ratified if force == Force::NotInForce => Some(true),
        // Without a row nobody has looked; that is no news except for the convention that speaks of paths.
        Status::Unknown if status.row_of.is_some() || &*status.instrument == "ETS185" => Some(false),
        _ => None,
    }
}

fn touch(line: &Speaks, provision: &Provision, status: &StatusOn, pending: bool) -> ProvisionTouch {
    let mut notes = Vec::new();
    if pending {
        notes.push("not in force: binds nobody".to_owned());
    }
    if status.status == Status::Unknown {
        notes.push("whether it is in force for this state on this day is unknown".to_owned());
    }
    if !status.note.is_empty() {
        notes.push(status.note.clone());
    }
    if status.stale {
        notes.push(format!("as of {}: a later change is not excluded", status.as_of));
    }
    let checked: Arc<str> = match &status.official {
        Some(page) => page.clone(),
        None if status.source.is_empty() || status.source.starts_with("unconfirmed") => Arc::from("no source read"),
        None => status.source.clone(),
    };
    let read = provision.source.as_str();
    let read = if read.starts_with("unconfirmed") { "text not read" } else { read };
    ProvisionTouch {
        instrument: status.instrument.clone(),
        title: status.title.clone(),
        provision: provision.provision.as_str().into(),
        effect: provision.effect.as_str().into(),
        time_limit: provision.time_limit.as_deref().map(Arc::from),
        who: provision.who.as_deref().map(Arc::from),
        why: line.why.into(),
        status: status.status,
        in_force: status.in_force,
        grade: status.grade.max(provision.grade),
        as_of: status.as_of.to_string().into(),
        source: checked,
        text_source: read.into(),
        note: notes.join("; ").into(),
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::model::law::Grade;

    const ROLES: [HopRole; 8] = [Origin, Transit, TunnelEntry, TunnelExit, Proxy, Translator, Reflector, Target];

    fn at(role: HopRole, state: &str, on: &str) -> Vec<ProvisionTouch> {
        Law::shipped().unwrap().provisions_for(role, StateCode::new(state).unwrap(), on.parse().unwrap())
    }

    /// `ETS185 art. 17`, in order.
    fn list(role: HopRole, state: &str, on: &str) -> Vec<String> {
        at(role, state, on).iter().map(|t| format!("{} {}", t.instrument, t.provision)).collect()
    }

    fn has(role: HopRole, state: &str, on: &str, what: &str) -> bool {
        list(role, state, on).iter().any(|t| t.starts_with(what))
    }

    #[test]
    fn what_speaks_of_a_path_comes_first() {
        let germany = list(Transit, "DE", "2026-11-22");
        assert_eq!(germany.get(..4).unwrap(), ["ETS185 art. 17", "ETS185 art. 30", "ETS185 art. 29", "ETS185 art. 35"]);
        assert!(has(Transit, "DE", "2026-11-22", "EEVID art. 10"));
        for t in at(Transit, "DE", "2026-11-22").iter().take(4) {
            assert_eq!(t.status, Status::Party);
            assert_eq!(t.in_force.unwrap().to_string(), "2009-07-01");
            assert!(t.source.starts_with("https://www.coe.int") && !t.effect.is_empty() && !t.as_of.is_empty());
        }
    }

    #[test]
    fn nothing_of_it_where_it_is_not_in_force() {
        for role in ROLES {
            // Outside.
            assert!(!has(role, "RU", "2026-11-22", "ETS185"), "{role:?}");
            assert!(!has(role, "RU", "2026-11-22", "CLOUDACT"), "{role:?}");
            // A party's territory that it does not reach.
            assert!(!has(role, "FO", "2026-11-22", "ETS185"), "{role:?}");
            assert!(!has(role, "FO", "2026-11-22", "EEVID"), "{role:?}");
            // A party on the last day before, and on the day.
            assert!(!has(role, "DE", "2009-06-30", "ETS185"), "{role:?}");
            assert!(has(role, "DE", "2009-07-01", "ETS185 art. 17"), "{role:?}");
            // A signatory.
            assert!(!has(role, "IE", "2020-01-01", "ETS185"), "{role:?}");
        }
        assert!(has(Transit, "DK", "2026-11-22", "ETS185 art. 30"));
        assert!(!has(Transit, "DK", "2026-11-22", "EEVID"));
        assert!(!has(Transit, "DE", "2026-08-17", "EEVID") && has(Transit, "DE", "2026-08-18", "EEVID art. 11"));
        assert!(!has(Proxy, "CW", "2024-09-30", "ETS185") && has(Proxy, "CW", "2024-10-01", "ETS185 art. 17"));
    }

    /// An agreement with the United States is law between the two only.
    #[test]
    fn a_bundle_speaks_only_if_its_other_end_asks() {
        let law = Law::shipped().unwrap();
        let listed = |state: &str, on: &str, asking: Option<&str>| {
            let asking = asking.map(|a| a.parse().unwrap());
            let all = law.provisions_asked(Proxy, state.parse().unwrap(), on.parse().unwrap(), asking);
            all.into_iter().find(|t| &*t.instrument == "CLOUDACT")
        };
        let is = |state, on, asking| listed(state, on, asking).is_some();
        assert!(is("GB", "2026-01-01", Some("US")) && is("US", "2026-01-01", Some("GB")) && is("US", "2026-01-01", Some("UK")));
        for (state, asking) in [("GB", None), ("US", None), ("GB", Some("FR")), ("US", Some("FR")), ("GB", Some("AU"))] {
            assert!(!is(state, "2026-01-01", asking), "{state} {asking:?}");
        }
        // Nobody asks himself, and whether an agreement reaches a territory of the home is not in the tables.
        assert!(
            !is("US", "2026-01-01", Some("US")) && !is("GB", "2026-01-01", Some("GB")) && !is("GB", "2026-01-01", Some("PR"))
        );
        assert!(!is("AU", "2024-01-30", Some("US")) && is("AU", "2024-01-31", Some("US")));
        let there = listed("US", "2026-01-01", Some("GB")).unwrap();
        assert_eq!(there.in_force.unwrap().to_string(), "2022-10-03", "the day of the agreement, not that of the first");
        assert!(there.note.starts_with("agreement between US and GB"), "{}", there.note);
    }

    #[test]
    fn the_twins_are_shown_to_who_signed_and_marked() {
        let twins: Vec<ProvisionTouch> =
            at(Transit, "RU", "2026-05-31").into_iter().filter(|t| &*t.instrument == "UNCC").collect();
        assert_eq!(twins.iter().map(|t| &*t.provision).collect::<Vec<_>>(), ["art. 26", "art. 43", "art. 42", "art. 41"]);
        for t in &twins {
            assert_ne!(t.status, Status::Party);
            assert!(t.in_force.is_none() && t.note.starts_with("not in force: binds nobody"), "{}", t.note);
        }
        assert!(!has(Transit, "RU", "2025-10-24", "UNCC"), "before it was open for signature");
    }

    #[test]
    fn roles_differ() {
        let on = "2026-11-22";
        assert!(has(Target, "DE", on, "GDPR art. 33") && !has(Transit, "DE", on, "GDPR"));
        assert!(has(Target, "DE", on, "NIS2 art. 23(1),(4)") && has(Transit, "DE", on, "NIS2 art. 26"));
        assert!(has(Reflector, "DE", on, "ETS185 art. 5") && !has(Transit, "DE", on, "ETS185 art. 5"));
        assert!(has(Proxy, "DE", on, "ETS185 art. 18") && !has(Transit, "DE", on, "ETS185 art. 18"));
        assert!(!has(Target, "DE", on, "ETS185 art. 30"));
    }

    /// What the tables do not settle is there and says so, and nothing else has an unknown status.
    #[test]
    fn unknown_is_shown_as_unknown() {
        // A list that ends before the day, and a state that is not on it.
        let later = at(Transit, "IN", "2026-11-22");
        let of = |id: &str| later.iter().filter(|t| &*t.instrument == id).count();
        let ets: Vec<&ProvisionTouch> = later.iter().filter(|t| &*t.instrument == "ETS185").collect();
        for t in &ets {
            assert_eq!(t.status, Status::Unknown);
            assert!(t.note.contains("unknown"), "{}", t.note);
        }
        assert_eq!(of("MALABO") + of("CIS2018"), 0, "nobody looked: no news");
    }

    /// Every line of the table finds its article, and every state on any day gets rows that can be checked.
    #[test]
    fn the_table_and_the_rule_book_agree() {
        let law = Law::shipped().unwrap();
        for line in TABLE {
            let instrument = law.book.instrument(line.instrument).unwrap();
            let found = instrument.provisions.iter().filter(|p| p.provision == line.provision).count();
            assert_eq!(found, 1, "{} {}", line.instrument, line.provision);
        }
        for (state, _) in law.book.states() {
            for on in ["2001-01-01", "2012-06-01", "2026-11-22"] {
                for role in ROLES {
                    let touches = law.provisions_for(role, state, on.parse().unwrap());
                    for t in &touches {
                        assert!(!t.source.is_empty() && !t.text_source.is_empty() && !t.why.is_empty());
                        assert!(t.in_force.is_none_or(|d| d <= on.parse().unwrap()));
                        assert!(t.status != Status::Party || t.in_force.is_some() || !t.note.is_empty(), "{state} {t:?}");
                        assert!(t.grade >= Grade::Confirmed);
                    }
                }
            }
        }
    }
}
