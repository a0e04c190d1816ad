//! How the logs of web servers, proxies and load balancers say what they say.

use std::net::IpAddr;
use std::sync::Arc;

use crate::decode::{http, text};
use crate::model::evidence::{Chain, ChainKind};
use crate::model::net::IpProtocol;
use crate::model::record::{Act, Contact, Outcome, Said, Saying, UNNAMED, Volume};
use crate::model::time::Timestamp;

/// The last host name that was read. The same one stands in most lines, and is then not made again.
#[derive(Debug, Default)]
pub(in crate::decode::log) struct Host {
    raw: Vec<u8>,
    name: Option<Arc<str>>,
}

impl Host {
    /// The name in `raw`; `None` for nothing, `-` and nginx's `_`.
    pub(in crate::decode::log) fn name(&mut self, raw: &[u8]) -> Option<Arc<str>> {
        if matches!(raw, b"" | b"-" | b"_" | b"*") || raw.len() > text::MAX_NAME + 8 {
            return None;
        }
        if self.raw != raw {
            self.raw.clear();
            self.raw.extend_from_slice(raw);
            self.name = text::host_name(raw).map(Arc::from);
        }
        self.name.clone()
    }
}

/// A request of a client that the unnamed server got.
#[inline]
pub(in crate::decode::log) fn request((src, sport): (IpAddr, u16), outcome: Outcome, sent: u64) -> Contact {
    Contact {
        src,
        sport,
        proto: IpProtocol::TCP,
        backward: Volume { packets: 0, bytes: sent },
        outcome,
        act: Act::Request,
        ..Contact::default()
    }
}

/// The unnamed proxy went on to a server.
pub(in crate::decode::log) fn onward((dst, dport): (IpAddr, u16), outcome: Outcome) -> Contact {
    Contact { dst, dport, proto: IpProtocol::TCP, outcome, act: Act::Request, ..Contact::default() }
}

#[inline]
pub(in crate::decode::log) fn contact(out: &mut Vec<Said>, time: Option<Timestamp>, contact: Contact) {
    out.push(Said { time, fact: Saying::Contact(contact) });
}

/// The lines of a forwarding header, if there is an entry in them.
pub(in crate::decode::log) fn chain<'b>(
    out: &mut Vec<Said>,
    time: Option<Timestamp>,
    (peer, server): (IpAddr, IpAddr),
    host: Option<&Arc<str>>,
    kind: ChainKind,
    lines: impl Iterator<Item = &'b [u8]>,
) {
    if let Some(read) = http::chain(kind, lines) {
        let chain = Chain { kind, peer, server, host: host.cloned(), entries: read.entries };
        out.push(Said { time, fact: Saying::Chain(Box::new(chain)) });
    }
}

/// One `X-Forwarded-For` that the unnamed server got from `peer`.
pub(in crate::decode::log) fn forwarded_for(
    out: &mut Vec<Said>,
    time: Option<Timestamp>,
    peer: IpAddr,
    host: Option<&Arc<str>>,
    value: &[u8],
) {
    chain(out, time, (peer, UNNAMED), host, ChainKind::XForwardedFor, std::iter::once(value));
}
