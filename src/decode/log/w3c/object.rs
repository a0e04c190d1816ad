//! CloudFront's standard logs, version 2, as objects: the columns are keys, all values texts.

use std::borrow::Cow;

use serde::Deserialize;

use super::columns::{Values, is_edge};

/// A line. Other keys are passed over.
#[derive(Debug, Deserialize)]
pub(super) struct Object<'a> {
    #[serde(borrow)]
    date: Cow<'a, str>,
    #[serde(borrow)]
    time: Cow<'a, str>,
    #[serde(borrow, rename = "x-edge-location")]
    edge: Cow<'a, str>,
    #[serde(borrow, rename = "c-ip")]
    src: Cow<'a, str>,
    #[serde(borrow, default, rename = "c-port")]
    sport: Cow<'a, str>,
    #[serde(borrow, default, rename = "x-forwarded-for")]
    forwarded: Cow<'a, str>,
    #[serde(borrow, default, rename = "sc-status")]
    status: Cow<'a, str>,
    #[serde(borrow, default, rename = "sc-bytes")]
    sent: Cow<'a, str>,
    #[serde(borrow, default, rename = "cs-bytes")]
    received: Cow<'a, str>,
    #[serde(borrow, default, rename = "x-host-header")]
    host: Cow<'a, str>,
    #[serde(borrow, default, rename = "cs(Host)")]
    host_header: Cow<'a, str>,
    #[serde(borrow, default, rename = "cs-protocol-version")]
    version: Cow<'a, str>,
}

/// Reads a line; `None` if it is none of these.
pub(super) fn read(line: &[u8]) -> Option<Object<'_>> {
    if !line.starts_with(b"{") {
        return None;
    }
    serde_json::from_slice::<Object<'_>>(line).ok().filter(|o| is_edge(o.edge.as_bytes()))
}

impl Object<'_> {
    pub(super) fn values(&self) -> Values<'_> {
        Values {
            date: self.date.as_bytes(),
            time: self.time.as_bytes(),
            src: self.src.as_bytes(),
            sport: self.sport.as_bytes(),
            forwarded: self.forwarded.as_bytes(),
            status: self.status.as_bytes(),
            sent: self.sent.as_bytes(),
            received: self.received.as_bytes(),
            host: self.host.as_bytes(),
            host_header: self.host_header.as_bytes(),
            version: self.version.as_bytes(),
            ..Values::default()
        }
    }
}
