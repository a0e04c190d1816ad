//! Files that speak of the same thing must not contradict each other.

use super::Complaint;
use crate::jurisdiction::Law;
use crate::jurisdiction::rows::Meaning;
use crate::jurisdiction::territories::Reach;
use crate::model::law::Status;
use crate::model::net::StateCode;
use crate::model::time::Day;

/// The group of contact points under article 35 of ETS 185.
const NETWORK: &str = "Budapest 24/7 network (art. 35)";

/// What a territory's entry says of an instrument, and the territory's own row there.
pub(super) fn territories(law: &Law) -> Vec<Complaint> {
    const FILE: &str = "territories.toml";
    let mut out = Vec::new();
    for t in law.book.territories() {
        if let Some(id) = t.extends.iter().find(|id| t.excludes.contains(id)) {
            out.push(Complaint::error(FILE, &t.code, format!("{id} both extends to it and does not")));
        }
        if t.parent.is_none() && t.responsible.is_empty() && t.character.is_empty() {
            out.push(Complaint::error(FILE, &t.code, "neither a state that answers for it nor words on why there is none"));
        }
        let Some(code) = StateCode::new(&t.code) else { continue };
        for i in law.book.instruments() {
            let Some(row) = i.rows.get(&code) else { continue };
            let says = if t.excludes.iter().any(|id| **id == *i.id) {
                Some((false, "excludes"))
            } else if t.extends.iter().any(|id| **id == *i.id) {
                Some((true, "extends"))
            } else if &*i.id == "ETS185" {
                of_reach(t.ets185).map(|reaches| (reaches, "ets185"))
            } else if i.is_eu_law() {
                of_reach(t.eu_law).map(|reaches| (reaches, "eu_law"))
            } else {
                None
            };
            let row_says = match row.relation.meaning {
                Meaning::Bound | Meaning::Extended => Some(true),
                Meaning::Excluded | Meaning::Outside => Some(false),
                _ => None,
            };
            if let (Some((territory, key)), Some(own)) = (says, row_says)
                && territory != own
                && row.left.is_none()
            {
                let what = format!(
                    "{key} says that {} {} it; its own row there says {}",
                    i.id,
                    if territory { "reaches" } else { "does not reach" },
                    row.relation.word
                );
                out.push(Complaint::error(FILE, &t.code, what));
            }
        }
    }
    out
}

fn of_reach(reach: Reach) -> Option<bool> {
    match reach {
        Reach::Inherits => Some(true),
        Reach::Excluded | Reach::Outside => Some(false),
        Reach::Unknown => None,
    }
}

/// Union law binds the members of the Union, and data protection those of the EEA too.
pub(super) fn unions(law: &Law, on: Day) -> Vec<Complaint> {
    let mut out = Vec::new();
    let belongs = |group: &str, state| law.tables.belongs(group, state, on).map(|(is, _)| is);
    for id in ["EEVID", "EIO", "GDPR", "NIS2"] {
        let Some(i) = law.book.instrument(id) else { continue };
        let file = format!("instruments/{id}.csv");
        for m in law.tables.groups.iter().filter(|m| &*m.group == "EU" && m.is_member(on) == Some(true)) {
            if !i.rows.contains_key(&m.state) {
                out.push(Complaint::error(&file, m.state.as_str(), format!("no row, but in the EU on {on} by groups.csv")));
            }
        }
        for state in i.rows.keys().copied() {
            // A territory is reached through its state.
            if law.book.territory(state.as_str()).is_some()
                || law.book.status(id, state, on).is_none_or(|s| s.status != Status::Party)
            {
                continue;
            }
            let listed = |group: &str| law.tables.groups.iter().any(|m| &*m.group == group && m.state == state);
            // What no date settles contradicts nothing.
            let may = |group: &str| belongs(group, state).unwrap_or_else(|| listed(group));
            let is_in = may("EU") || (id == "GDPR" && may("EEA"));
            if !is_in {
                out.push(Complaint::error(&file, state.as_str(), format!("bound on {on}, but not in the EU by groups.csv")));
            }
        }
    }
    out
}

/// Every party to ETS 185 names a contact point, and nobody else is in that network.
pub(super) fn network(law: &Law, on: Day) -> Vec<Complaint> {
    let mut out = Vec::new();
    let Some(convention) = law.book.instrument("ETS185") else { return out };
    let members = || law.tables.groups.iter().filter(|m| &*m.group == NETWORK);
    if members().next().is_none() {
        return out;
    }
    for m in members().filter(|m| m.is_member(on) == Some(true)) {
        let Some(status) = law.book.status("ETS185", m.state, on) else { continue };
        match status.status {
            Status::Party => {}
            Status::Unknown => {
                let what = format!("in {NETWORK}; its status under ETS185 on {on} is unknown");
                out.push(Complaint::warning("groups.csv", m.state.as_str(), what));
            }
            other => {
                let what = format!("in {NETWORK}, but to ETS185 on {on}: {}", other.as_str());
                out.push(Complaint::error("groups.csv", m.state.as_str(), what));
            }
        }
    }
    let missing: Vec<&str> = convention
        .bound()
        .filter(|row| law.book.status("ETS185", row.state, on).is_some_and(|s| s.status == Status::Party))
        .filter(|row| !members().any(|m| m.state == row.state))
        .map(|row| row.state.as_str())
        .collect();
    if !missing.is_empty() {
        let what = format!("parties to ETS185 on {on} without a row in {NETWORK}: {}", missing.join(", "));
        out.push(Complaint::warning("groups.csv", "", what));
    }
    out
}

/// Days in the wrong order, members twice, statements twice with different answers.
pub(super) fn memberships(law: &Law) -> Vec<Complaint> {
    let mut out = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for m in &law.tables.groups {
        if let (Some(joined), Some(left)) = (m.joined, m.left)
            && left.last < joined.first
        {
            out.push(Complaint::error("groups.csv", m.state.as_str(), format!("{}: left {left}, joined {joined}", m.group)));
        }
        if !seen.insert((&m.group, m.state)) {
            out.push(Complaint::error("groups.csv", m.state.as_str(), format!("{}: listed twice", m.group)));
        }
        if law.book.name_of(m.state).is_none() {
            out.push(Complaint::error("groups.csv", m.state.as_str(), "no state or territory of the rule book"));
        }
    }
    let t = &law.tables;
    for (file, rows) in [
        ("memberships.csv", &t.memberships),
        ("national_positions.csv", &t.positions),
        ("wcit12.csv", &t.wcit12),
        ("sanctions_regimes.csv", &t.sanctions),
        ("filtering_regimes.csv", &t.filtering),
        ("gge_membership.csv", &t.gge),
        ("poa_cosponsors.csv", &t.sponsors),
    ] {
        let mut seen = std::collections::BTreeMap::new();
        for row in rows {
            if seen.insert((&row.who, &row.item, &row.dated), &row.value).is_some_and(|before| *before != row.value) {
                out.push(Complaint::error(file, &*row.who, format!("{}: two answers of the same day", row.item)));
            }
        }
    }
    out
}
