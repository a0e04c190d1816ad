//! An inspection for a terminal.

use std::fmt::Write as _;

use super::escape::visible;
use super::inspect::Inspection;
use super::terminal::{Look, grouped, place_of};

/// Rows of every list that are shown; all are in the JSON form.
const ROWS: usize = 12;

/// What is in one input.
#[must_use]
pub fn render(i: &Inspection, look: Look) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", look.head(&visible(&i.path)));
    let links = if i.link_types.is_empty() { "none".to_owned() } else { i.link_types.join(", ") };
    let _ = writeln!(out, "  format       {}, link types {links}{}", i.format, if i.truncated { ", truncated" } else { "" });
    let _ = writeln!(out, "  packets      {} ({} other records)", grouped(i.packets), grouped(i.records));
    if let (Some(first), Some(last)) = (i.first, i.last) {
        let _ = writeln!(out, "  time         {first} to {last}");
    }
    if let Some(hash) = &i.sha256 {
        let _ = writeln!(out, "  sha256       {hash}");
    }
    let mut list = |name: &str, total: usize, rows: &mut dyn Iterator<Item = String>| {
        if total == 0 {
            return;
        }
        let _ = writeln!(out, "  {name:<12} {}", grouped(total as u64));
        for row in rows.take(ROWS) {
            let _ = writeln!(out, "    {}", visible(&row));
        }
        if total > ROWS {
            let _ = writeln!(out, "    … and {} more (all: --format json)", grouped((total - ROWS) as u64));
        }
    };
    list("addresses", i.addresses.len(), &mut i.addresses.iter().cloned());
    let mut flows: Vec<_> = i.flows.iter().collect();
    flows.sort_by(|a, b| b.packets.cmp(&a.packets).then_with(|| a.community_id.cmp(&b.community_id)));
    list(
        "flows",
        flows.len(),
        &mut flows.iter().map(|f| {
            let host = f.host.as_deref().map(|h| format!(" {h}")).unwrap_or_default();
            format!(
                "{} {} {} -> {} {}  {} packets, {} bytes, {}{host}",
                f.proto,
                f.src,
                f.sport,
                f.dst,
                f.dport,
                grouped(f.packets),
                grouped(f.bytes),
                f.trust.as_str()
            )
        }),
    );
    list(
        "ICMP errors",
        i.icmp_errors.len(),
        &mut i.icmp_errors.iter().map(|e| {
            let q = &e.quoted;
            format!("{} type {} code {} quotes {} {} -> {} TTL {}", e.from, e.icmp_type, e.code, q.proto, q.src, q.dst, q.ttl)
        }),
    );
    list(
        "traceroutes",
        i.traceroutes.len(),
        &mut i.traceroutes.iter().map(|t| {
            let end = if t.complete { "reached" } else { "not reached" };
            format!("{} -> {} ({end}): {}", t.src, t.dst, t.hops.iter().map(trace_hop).collect::<Vec<_>>().join("  "))
        }),
    );
    list(
        "tunnels",
        i.tunnels.len(),
        &mut i.tunnels.iter().map(|t| {
            let id = t.id.map(|id| format!(" id {id}")).unwrap_or_default();
            let ([oa, ob], [ia, ib]) = (&t.outer, &t.inner);
            let inside = if t.encrypted { ", encrypted inside".to_owned() } else { format!(" carries {ia} -> {ib}") };
            format!("{}{id} {oa} -> {ob}{inside}, {} packets", t.kind, grouped(t.packets))
        }),
    );
    list(
        "chains",
        i.chains.len(),
        &mut i.chains.iter().map(|c| format!("{} {} -> {}: {}", c.kind, c.peer, c.server, c.entries.join(", "))),
    );
    list("names", i.names.len(), &mut i.names.iter().map(|n| format!("{} {} ({})", n.addr, n.name, n.how)));
    list("rejected", i.rejected_total as usize, &mut i.rejected.iter().map(|r| format!("{}: {}", place_of(r.at), r.why)));
    out
}

fn trace_hop(hop: &super::inspect::TraceHopRow) -> String {
    let ttl = hop.ttl.map_or_else(|| "?".to_owned(), |t| t.to_string());
    if hop.addrs.is_empty() { format!("{ttl} *") } else { format!("{ttl} {}", hop.addrs.join("|")) }
}
