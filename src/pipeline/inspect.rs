//! What is in one input: the census of its packets, and what the hops stage makes of them.

use std::path::PathBuf;

use super::assemble::skipped;
use super::extract::milliseconds;
use super::inputs;
use super::replay::{self, Options, Progress, Reading};
use super::study::Census;
use crate::evidence::community_id::community_id;
use crate::hops;
use crate::model::digest::Digest;
use crate::model::evidence::{Evidence, Flow, Quote};
use crate::model::hop::HopRole;
use crate::model::record::{Alert, Endpoint, Indicator, Pattern, Received, Translation, UNNAMED};
use crate::model::route::Route;
use crate::model::traceroute::{TracedHop, Traceroute};
use crate::report::inspect as report;
use crate::source::error::SourceError;

/// An inspection, if the input could be opened.
pub struct Seen {
    /// What is in it.
    pub inspection: Option<report::Inspection>,
    /// What went wrong with the input as a whole.
    pub failures: Vec<SourceError>,
    /// Was it stopped before the end?
    pub interrupted: bool,
}

/// Reads one input and lists everything in it.
#[must_use]
pub fn inspect(file: PathBuf, options: &Options, progress: &Progress) -> Seen {
    let sorted = inputs::sort(vec![file], &options.recognition, &options.open);
    let mut reading = replay::replay(sorted, options, Census::default(), progress);
    let failures = std::mem::take(&mut reading.failures);
    let interrupted = reading.interrupted;
    Seen { inspection: list(&reading), failures, interrupted }
}

fn list(reading: &Reading<Census>) -> Option<report::Inspection> {
    let input = reading.inputs.first()?;
    let digest = &reading.digest;
    let mut out = report::Inspection {
        schema: report::SCHEMA,
        path: input.path.clone(),
        sha256: input.sha256.clone(),
        format: input.format.to_owned(),
        link_types: input.link_types.clone(),
        packets: input.packets,
        records: input.records + reading.counts.exported,
        skipped: skipped(input),
        first: input.first,
        last: input.last,
        truncated: input.truncated,
        addresses: reading.study.addresses.iter().map(ToString::to_string).collect(),
        flows: reading.study.flows.values().map(flow).collect(),
        icmp_errors: Vec::new(),
        traceroutes: hops::traces(digest).iter().map(|route| traceroute(digest, route)).collect(),
        tunnels: Vec::new(),
        chains: Vec::new(),
        received: Vec::new(),
        banners: Vec::new(),
        names: Vec::new(),
        routes: reading.counts.routes,
        alerts: Vec::new(),
        translations: Vec::new(),
        indicators: Vec::new(),
        warnings: reading.warnings.clone(),
        rejected: reading.rejected.iter().map(|r| report::RejectedRow { at: r.from.at, why: r.why.clone() }).collect(),
        rejected_total: reading.counts.rejected,
        left_out: reading.study.left_out,
        stream_gaps: reading.counts.stream_gaps,
        contradictory_fragments: reading.counts.contradictory,
        forgotten_templates: reading.counts.forgotten_templates,
    };
    for item in &digest.items {
        match &item.fact {
            Evidence::Quote(quote) => out.icmp_errors.push(icmp_error(quote, item.from.at)),
            Evidence::Tunnel(t) => out.tunnels.push(report::TunnelRow {
                kind: t.kind.as_str(),
                outer: texts(t.outer),
                inner: texts(t.inner),
                id: t.id,
                packets: t.packets,
                encrypted: t.kind.is_sealed(),
            }),
            Evidence::Chain(c) => out.chains.push(report::ChainRow {
                kind: c.kind.as_str(),
                peer: named(c.peer),
                server: named(c.server),
                host: c.host.as_ref().map(ToString::to_string),
                entries: c.entries.iter().map(|e| e.text.to_string()).collect(),
            }),
            Evidence::Name(n) => {
                out.names.push(report::NameRow { addr: n.addr.to_string(), name: n.name.to_string(), how: n.how.as_str() });
            }
            Evidence::Banner(b) => out.banners.push(report::BannerRow {
                kind: b.kind.as_str(),
                who: b.who.to_string(),
                to: b.to.to_string(),
                port: b.port,
                text: b.text.to_string(),
            }),
            Evidence::Mail(mail) => {
                out.received.extend(mail.received.iter().map(received));
                out.left_out += mail.left_out;
            }
            Evidence::Trace(trace) => out.traceroutes.push(written(trace)),
            Evidence::Alert(alert, times) => out.alerts.push(alert_row(alert, *times)),
            Evidence::Translation(t) => out.translations.push(translation(t)),
            Evidence::Indicator(i) => out.indicators.push(indicator(i)),
            // Routes are counted: a table has a million of them.
            Evidence::Flow(_) | Evidence::Reached(_) | Evidence::Route(_) | Evidence::Join(_) | Evidence::Listed(_) => {}
        }
    }
    out.tunnels.sort();
    out.chains.sort();
    out.banners.sort();
    out.banners.dedup();
    out.names.sort();
    out.names.dedup();
    // A firewall says it when a translation begins and when it ends.
    out.translations.sort();
    out.translations.dedup();
    Some(out)
}

fn named(addr: std::net::IpAddr) -> String {
    if addr == UNNAMED { String::new() } else { addr.to_string() }
}

fn received(r: &Received) -> report::ReceivedRow {
    let text = |name: &Option<std::sync::Arc<str>>| name.as_ref().map(ToString::to_string);
    report::ReceivedRow {
        from: text(&r.name).or_else(|| text(&r.helo)).unwrap_or_default(),
        by: text(&r.by).unwrap_or_default(),
        addr: r.addr.map(|a| a.to_string()),
        by_addr: r.by_addr.map(|a| a.to_string()),
        time: r.time,
    }
}

/// A traceroute as a tool wrote it down.
fn written(t: &Traceroute) -> report::TracerouteRow {
    let addrs = |hop: &TracedHop| {
        let mut addrs: Vec<_> = hop.replies.iter().map(|r| r.addr).collect();
        addrs.sort_unstable();
        addrs.dedup();
        addrs.iter().map(ToString::to_string).collect()
    };
    report::TracerouteRow {
        src: t.src.map(|a| a.to_string()).unwrap_or_default(),
        dst: t.dst.map(|a| a.to_string()).or_else(|| t.dst_name.as_ref().map(ToString::to_string)).unwrap_or_default(),
        proto: t.proto,
        hops: t
            .hops
            .iter()
            .map(|hop| report::TraceHopRow {
                ttl: Some(hop.ttl),
                addrs: addrs(hop),
                rtts_ms: hop.replies.iter().filter_map(|r| r.rtt_ns).map(milliseconds).collect(),
            })
            .collect(),
        complete: t.complete,
    }
}

fn alert_row(alert: &Alert, times: u64) -> report::AlertRow {
    let end = |e: Option<Endpoint>| e.map(|e| report::EndRow { addr: named(e.addr), port: e.port });
    report::AlertRow {
        src: end(alert.src),
        dst: end(alert.dst),
        proto: alert.proto,
        signature: alert.signature.to_string(),
        id: alert.id.as_ref().map(ToString::to_string),
        severity: alert.severity,
        blocked: alert.blocked,
        times,
    }
}

fn translation(t: &Translation) -> report::TranslationRow {
    let side =
        |(before, after): (Endpoint, Endpoint)| [before, after].map(|e| report::EndRow { addr: named(e.addr), port: e.port });
    report::TranslationRow { src: side(t.src), dst: side(t.dst), proto: t.proto }
}

fn indicator(i: &Indicator) -> report::IndicatorRow {
    let pattern = match &i.pattern {
        Pattern::Net(net) if net.prefix_len() == net.max_prefix_len() => net.addr().to_string(),
        Pattern::Net(net) => net.to_string(),
        Pattern::Name(name) => name.to_string(),
    };
    report::IndicatorRow { pattern, label: i.label.to_string() }
}

fn texts((a, b): (std::net::IpAddr, std::net::IpAddr)) -> [String; 2] {
    [a.to_string(), b.to_string()]
}

fn flow(f: &Flow) -> report::FlowRow {
    // A host without an address yet sends from the unspecified one (RFC 4862 5.4.2); in records that is the recorder.
    let end = |addr: std::net::IpAddr| if f.recorded { named(addr) } else { addr.to_string() };
    report::FlowRow {
        proto: f.tuple.proto,
        src: end(f.tuple.src),
        sport: f.tuple.sport,
        dst: end(f.tuple.dst),
        dport: f.tuple.dport,
        packets: f.forward.packets + f.backward.packets,
        bytes: f.forward.bytes + f.backward.bytes,
        community_id: community_id(&f.tuple),
        first: f.seen.first,
        last: f.seen.last,
        handshake: f.handshake,
        trust: f.trust,
        rtt_client_ms: f.rtt_client.map(milliseconds),
        rtt_server_ms: f.rtt_server.map(milliseconds),
        host: f.host.as_ref().map(ToString::to_string),
        recorded: f.recorded,
    }
}

fn icmp_error(quote: &Quote, at: crate::model::evidence::Position) -> report::IcmpErrorRow {
    let t = &quote.quoted.tuple;
    report::IcmpErrorRow {
        from: quote.from.to_string(),
        icmp_type: quote.icmp_type,
        code: quote.icmp_code,
        quoted: report::QuotedRow {
            proto: t.proto,
            src: t.src.to_string(),
            dst: t.dst.to_string(),
            sport: t.sport,
            dport: t.dport,
            ttl: quote.quoted.ttl,
        },
        mpls: quote.mpls.clone(),
        probe_ttls: quote.probe.as_ref().map(|p| p.ttls.clone()).unwrap_or_default(),
        at,
    }
}

/// The hops of a route by TTL. The prober itself is no hop of its traceroute; the target is, if it answered.
fn traceroute(digest: &Digest, route: &Route) -> report::TracerouteRow {
    let mut hops: Vec<report::TraceHopRow> = Vec::new();
    for hop in route.hops.iter().filter(|h| h.role != HopRole::Origin) {
        let (addr, rtts) = (hop.addr.map(|a| a.to_string()), hop.rtts.iter().map(|&ns| milliseconds(ns)));
        match hops.last_mut().filter(|last| last.ttl.is_some() && last.ttl == hop.ttl) {
            Some(last) => {
                last.addrs.extend(addr);
                last.addrs.sort();
                last.addrs.dedup();
                last.rtts_ms.extend(rtts);
            }
            // A target that never answered was asserted by the probes, not seen.
            None if hop.ttl.is_none() && hop.role == HopRole::Target && !route.complete => {}
            None => hops.push(report::TraceHopRow { ttl: hop.ttl, addrs: addr.into_iter().collect(), rtts_ms: rtts.collect() }),
        }
    }
    report::TracerouteRow {
        src: route.origin.map(|a| a.to_string()).unwrap_or_default(),
        dst: route.target.to_string(),
        proto: hops::protocol(digest, route),
        hops,
        complete: route.complete,
    }
}
