//! What begins with a payload, and how it is read on, segment by segment.

use super::{BGP, MARKER, Out, ROUTES};
use crate::decode::{banner, http, mail, proxy_protocol, routing, sip, smtp, socks, tls};
use crate::evidence::batch::Meta;
use crate::model::evidence::{ChainEntry, ChainKind, Provenance};
use crate::model::net::PackedAddr;
use crate::model::record::{Handover, Saying};
use crate::model::time::Timestamp;

/// The circumstances of a head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Where {
    /// Who opened the connection, and whom.
    pub(super) ends: (PackedAddr, PackedAddr),
    /// Who sent this, and to whom.
    pub(super) way: (PackedAddr, PackedAddr),
    /// Port that was addressed.
    pub(super) port: u16,
    /// Its first segment.
    pub(super) from: Provenance,
    /// When that came.
    pub(super) time: Timestamp,
}

/// What is being read, and how far it was looked through.
#[derive(Debug)]
pub(super) enum Kind {
    Proxy,
    Http {
        seen: usize,
    },
    /// Its name often stands in the first segment; after that it is looked for once all is there.
    Hello {
        extent: tls::Extent,
        tried: bool,
    },
    /// A request of version 4 waits for the answer that makes it one.
    Socks {
        asked: Option<socks::Request>,
    },
    /// The answer to a request that was read: what was asked for, and the number of its host.
    SocksReply {
        version: u8,
        target: ChainEntry,
        host: Option<u32>,
    },
    Banner,
    Sip {
        seen: usize,
    },
    Smtp(Box<smtp::Session>),
    Bgp {
        session: routing::Session,
        lost: bool,
    },
}

/// What reading came to.
pub(super) enum Step {
    /// So many bytes are done with; more are needed.
    More(usize),
    /// Nothing more is to be read here.
    Done,
    /// So many bytes are done with; behind them is a beginning again.
    Again(usize),
}

/// What a step found besides.
#[derive(Default)]
pub(super) struct Found {
    pub(super) host: Option<u32>,
    /// The other side will answer, and that is to be read too.
    pub(super) answer: Option<Kind>,
}

/// Where in a flow a payload stands.
#[derive(Clone, Copy)]
pub(super) struct Start {
    /// The opener speaks.
    pub(super) forward: bool,
    /// Nothing of this direction came before, whoever speaks.
    pub(super) opening: bool,
    /// Nothing of this direction came before, and the opener speaks.
    pub(super) first_bytes: bool,
    /// That, or something began anew.
    pub(super) beginning: bool,
    /// No head of the opener was looked at before.
    pub(super) first_head: bool,
}

impl Start {
    /// What begins here, if it is something that is read.
    pub(super) fn kind(self, bytes: &[u8], m: &Meta) -> Option<Kind> {
        if (m.sport == BGP || m.dport == BGP) && bytes.starts_with(&MARKER) {
            // Without an OPEN it is not known how AS numbers are written. Two bytes have gone out of use.
            let session = routing::Session { four_byte_as: bytes.get(18) != Some(&1), ..routing::Session::default() };
            return Some(Kind::Bgp { session, lost: false });
        }
        if sip::is_whole(bytes).is_some() {
            return Some(Kind::Sip { seen: 0 });
        }
        // What a client of FTP or SMTP says first is no greeting, whatever it looks like.
        if self.opening && banner::looks_like(bytes) && !(self.forward && banner::is_greeting(bytes)) {
            return Some(Kind::Banner);
        }
        if !self.forward {
            return None;
        }
        if self.first_bytes && proxy_protocol::looks_like(bytes) {
            // Not at any later beginning: there it is what the client says, whom the proxy does not check.
            return Some(Kind::Proxy);
        }
        if http::looks_like_request(bytes) {
            return Some(Kind::Http { seen: 0 });
        }
        if (self.first_head || self.beginning) && tls::looks_like_client_hello(bytes) {
            return Some(Kind::Hello { extent: tls::Extent::default(), tried: false });
        }
        if self.beginning && socks::looks_like(bytes) {
            return Some(Kind::Socks { asked: None });
        }
        (self.beginning && smtp::looks_like(bytes)).then(|| Kind::Smtp(Box::default()))
    }
}

/// Bytes of the header of a BGP message.
pub(super) const BGP_HEADER: usize = 19;

impl Kind {
    /// Reads on. `full`: there is no room for more, so what is there is all. `now` is the segment at hand.
    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        full: bool,
        w: &Where,
        now: (Provenance, Timestamp),
        out: &mut Out<'_>,
        found: &mut Found,
    ) -> Step {
        match self {
            Self::Proxy => match proxy_protocol::header(bytes) {
                Ok(None) => Step::More(0),
                Ok(Some(header)) => {
                    if let Some(client) = header.client {
                        out.heads.proxied(ChainKind::ProxyProtocol, (client, None), w.ends, (w.time, w.from));
                    }
                    Step::Again(header.len)
                }
                Err(_) => Step::Done,
            },
            Self::Http { seen } => {
                let end = http::head_end(bytes, *seen);
                if end.is_none() && !full && (*seen > 0 || http::goes_on(bytes)) {
                    if *seen == 0 {
                        found.host = out.heads.host_asked_for(bytes);
                    }
                    *seen = bytes.len();
                    return Step::More(0);
                }
                found.host = out.heads.http(bytes, w.ends, w.time, &|| w.from);
                match end {
                    Some(end) if bytes.starts_with(b"CONNECT ") => Step::Again(end),
                    _ => Step::Done,
                }
            }
            Self::Hello { extent, tried } => {
                let over = full || extent.is_whole(bytes) != Some(false);
                if over || !std::mem::replace(tried, true) {
                    found.host = out.heads.hello(bytes);
                }
                if over || found.host.is_some() { Step::Done } else { Step::More(0) }
            }
            Self::Socks { asked: Some(_) } => Step::More(0),
            Self::Socks { asked } => match socks::request(bytes) {
                Ok(None) => Step::More(0),
                Ok(Some(request)) if request.version == 4 && w.port != SOCKS => {
                    *asked = Some(request);
                    Step::More(0)
                }
                Ok(Some(request)) => {
                    let len = request.len;
                    (found.host, found.answer) = socks_fact(request, w, out);
                    Step::Again(len)
                }
                Err(_) => Step::Done,
            },
            Self::SocksReply { version, target, host } => match socks::reply(*version, bytes) {
                Ok(None) => Step::More(0),
                Ok(Some(reply)) => {
                    if reply.granted {
                        out.heads.went_on((target.clone(), reply.bound), *host, w.ends, (now.1, now.0));
                    }
                    Step::Done
                }
                Err(_) => Step::Done,
            },
            Self::Banner => match banner::read(bytes, w.port, full) {
                None => Step::More(0),
                Some(said) => {
                    if let Some(said) = said {
                        out.heads.banner(said, w.way, w.port, (w.time, w.from));
                    }
                    Step::Done
                }
            },
            Self::Sip { seen } => {
                let whole = if *seen == 0 { sip::is_whole(bytes) } else { Some(http::head_end(bytes, *seen).is_some()) };
                if whole == Some(false) && !full {
                    *seen = bytes.len();
                    return Step::More(0);
                }
                out.heads.sip(bytes, w.way, w.time, w.from);
                Step::Done
            }
            Self::Smtp(session) => {
                let mut mails = Vec::new();
                let progress = session.read(bytes, full, &mut |head| mails.push(mail::head(head)));
                for mut mail in mails {
                    // What names nothing was no head: a mail without one, or a command.
                    if mail.message_id.is_none() && mail.from.is_none() && mail.received.is_empty() && mail.originating.is_empty()
                    {
                        continue;
                    }
                    let (peer, server) = (w.ends.0.unpack(), w.ends.1.unpack());
                    mail.session = Some(Handover { peer, server, helo: session.helo.as_deref().map(Into::into) });
                    out.heads.mail(mail, now.1, now.0);
                }
                match progress {
                    smtp::Progress::More(done) => Step::More(done),
                    smtp::Progress::Other(done) => Step::Again(done),
                    smtp::Progress::Over => Step::Done,
                }
            }
            Self::Bgp { session, lost } => match bgp(bytes, session, w, now, out) {
                Some(done) => Step::More(done),
                // The other end closes such a session. It may begin again with a message of its own.
                None => {
                    *lost = true;
                    Step::More(bytes.len())
                }
            },
        }
    }
}

/// Port of SOCKS by registration.
pub(super) const SOCKS: u16 = 1080;

/// Notes where a proxy is asked to go on to; the number of that host, and the answer that is to be read.
pub(super) fn socks_fact(request: socks::Request, w: &Where, out: &mut Out<'_>) -> (Option<u32>, Option<Kind>) {
    if !request.leads_on() {
        return (None, None);
    }
    let target = request.target.clone();
    let host = out.heads.proxied(ChainKind::Socks, (request.target, request.name.as_deref()), w.ends, (w.time, w.from));
    (host, Some(Kind::SocksReply { version: request.version, target, host }))
}

/// Hands on the BGP messages that are there in full; how many bytes they take, or `None` if these are none.
pub(super) fn bgp(
    bytes: &[u8],
    session: &mut routing::Session,
    w: &Where,
    (at, ts): (Provenance, Timestamp),
    out: &mut Out<'_>,
) -> Option<usize> {
    let mut whole = 0;
    while let Some(header) = bytes.get(whole..).and_then(|rest| rest.first_chunk::<BGP_HEADER>()) {
        let len = usize::from(u16::from_be_bytes([header[16], header[17]]));
        if !header.starts_with(&MARKER) || len < BGP_HEADER {
            return None;
        }
        if bytes.len() - whole < len {
            break;
        }
        whole += len;
    }
    if whole == 0 {
        return Some(0);
    }
    let mut said = Vec::new();
    let read = routing::messages(bytes.get(..whole)?, session, w.way.0.unpack(), ts, &mut said);
    for statement in said {
        if let Saying::Announcement(route) = statement.fact {
            *out.routes_seen += 1;
            if out.routes.len() < ROUTES {
                out.routes.push((at, ts, *route));
            }
        }
    }
    // Nothing read of whole messages would be asked for again with every segment.
    read.ok().filter(|&done| done > 0).map(|done| done.min(whole))
}
