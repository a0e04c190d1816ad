//! An inspection for a terminal.

use std::fmt::Write as _;

use super::escape::visible;
use super::inspect::Inspection;
use super::terminal::{Look, grouped, place_of, plural};

/// Rows of every list that are shown; all are in the JSON form.
const ROWS: usize = 12;

/// What is in one input.
#[must_use]
pub fn render(i: &Inspection, look: Look) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{}", look.head(&visible(&i.path)));
    let links = if i.link_types.is_empty() { "none".to_owned() } else { i.link_types.join(", ") };
    let truncated = if i.truncated { ", truncated" } else { "" };
    if i.packets == 0 && i.link_types.is_empty() {
        let _ = writeln!(out, "  format       {}{truncated}", i.format);
        let _ = writeln!(out, "  records      {}", grouped(i.records));
    } else {
        let _ = writeln!(out, "  format       {}, link types {links}{truncated}", i.format);
        let _ = writeln!(out, "  packets      {} ({} other records)", grouped(i.packets), grouped(i.records));
    }
    for s in &i.skipped {
        let _ = writeln!(out, "  skipped      {}: {}", s.link_type, plural(s.packets, "packet"));
    }
    if i.routes > 0 {
        let _ = writeln!(out, "  routes       {}", grouped(i.routes));
    }
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
                "{} {} {} -> {} {}  {} packets, {} bytes, {}{}{host}",
                f.proto,
                end(&f.src),
                f.sport,
                end(&f.dst),
                f.dport,
                grouped(f.packets),
                grouped(f.bytes),
                f.trust.as_str(),
                if f.recorded { ", as a record says" } else { "" }
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
        &mut i.chains.iter().map(|c| format!("{} {} -> {}: {}", c.kind, end(&c.peer), end(&c.server), c.entries.join(", "))),
    );
    list(
        "banners",
        i.banners.len(),
        &mut i.banners.iter().map(|b| format!("{} {} to {} (port {}): {}", b.kind, b.who, b.to, b.port, b.text)),
    );
    list(
        "received",
        i.received.len(),
        &mut i.received.iter().map(|r| {
            let addr = r.addr.as_deref().map(|a| format!(" [{a}]")).unwrap_or_default();
            let time = r.time.map(|t| format!(" at {t}")).unwrap_or_default();
            format!("from {}{addr} by {}{time}", r.from, r.by)
        }),
    );
    list(
        "alerts",
        i.alerts.len(),
        &mut i.alerts.iter().map(|a| {
            let side = |e: &Option<super::inspect::EndRow>| e.as_ref().map_or("?", |e| end(&e.addr)).to_owned();
            let blocked = if a.blocked { ", blocked" } else { "" };
            format!("{} -> {}: {} ({} times{blocked})", side(&a.src), side(&a.dst), a.signature, grouped(a.times))
        }),
    );
    list(
        "translations",
        i.translations.len(),
        &mut i.translations.iter().map(|t| {
            let [a, b] = &t.src;
            let [c, d] = &t.dst;
            format!(
                "{} {} -> {} {} became {} {} -> {} {}",
                end(&a.addr),
                a.port,
                end(&c.addr),
                c.port,
                end(&b.addr),
                b.port,
                end(&d.addr),
                d.port
            )
        }),
    );
    list("indicators", i.indicators.len(), &mut i.indicators.iter().map(|i| format!("{} {}", i.pattern, i.label)));
    list("names", i.names.len(), &mut i.names.iter().map(|n| format!("{} {} ({})", n.addr, n.name, n.how)));
    list("rejected", i.rejected_total as usize, &mut i.rejected.iter().map(|r| format!("{}: {}", place_of(r.at), r.why)));
    for (n, noun, what) in [
        (i.stream_gaps, "TCP stream", "with a segment missing at its beginning"),
        (i.contradictory_fragments, "datagram", "whose fragments contradict each other"),
        (i.forgotten_templates, "export template", "forgotten, as there were too many"),
    ] {
        if n > 0 {
            let _ = writeln!(out, "  note         {} {what}", plural(n, noun));
        }
    }
    for warning in &i.warnings {
        let _ = writeln!(out, "  note         {}", visible(warning));
    }
    out
}

/// An address, or the host that wrote the record.
fn end(addr: &str) -> &str {
    if addr.is_empty() { "(recorder)" } else { addr }
}

fn trace_hop(hop: &super::inspect::TraceHopRow) -> String {
    let ttl = hop.ttl.map_or_else(|| "?".to_owned(), |t| t.to_string());
    if hop.addrs.is_empty() { format!("{ttl} *") } else { format!("{ttl} {}", hop.addrs.join("|")) }
}
