//! An event as it stands in its line: slices, taken apart once.

use super::super::super::record::Reject;
use super::super::json::{Reader, Text, Value, unsigned};
use super::dns;
use crate::model::record::Volume;

/// The counters of a flow: object `flow`, or `netflow`, which counts one direction.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flow<'a> {
    /// Is there one?
    pub(super) given: bool,
    /// From the client.
    pub(super) forward: Volume,
    /// To the client.
    pub(super) backward: Volume,
    /// First packet.
    pub(super) start: &'a [u8],
    /// Last packet.
    pub(super) end: &'a [u8],
    /// `new`, `established`, `closed`, `bypassed`.
    pub(super) state: &'a [u8],
    /// Who opened it (since version 7, in alerts), to whom.
    pub(super) src: &'a [u8],
    pub(super) dst: &'a [u8],
    pub(super) sport: &'a [u8],
    pub(super) dport: &'a [u8],
}

/// Object `tcp`: flags as two hexadecimal digits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tcp<'a> {
    /// Of the client.
    pub(super) client: &'a [u8],
    /// Of the server.
    pub(super) server: &'a [u8],
}

/// Object `alert`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Alert<'a> {
    /// Is there one?
    pub(super) given: bool,
    pub(super) action: &'a [u8],
    pub(super) signature: Text<'a>,
    pub(super) signature_id: &'a [u8],
    pub(super) severity: &'a [u8],
}

/// Object `http`: what matters of a request.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Http<'a> {
    /// Is there one?
    pub(super) given: bool,
    pub(super) hostname: Text<'a>,
    pub(super) method: &'a [u8],
    pub(super) url: Text<'a>,
    pub(super) status: &'a [u8],
    pub(super) xff: Text<'a>,
    pub(super) via: Text<'a>,
    pub(super) true_client_ip: Text<'a>,
    /// All headers, where the sensor was told to keep them: an array of `{"name", "value"}`.
    pub(super) headers: &'a [u8],
}

/// What encrypted protocols show.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hello<'a> {
    /// Name of the server that the client asked for.
    pub(super) sni: Text<'a>,
    /// Version that the server chose; there is none before it has answered.
    pub(super) version: &'a [u8],
}

/// Object `tunnel`: the outermost packet.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outer<'a> {
    pub(super) src: &'a [u8],
    pub(super) dst: &'a [u8],
    pub(super) proto: &'a [u8],
}

/// An event. What is not there is empty.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Event<'a> {
    pub(super) kind: &'a [u8],
    pub(super) timestamp: &'a [u8],
    pub(super) src_ip: &'a [u8],
    pub(super) dest_ip: &'a [u8],
    pub(super) src_port: &'a [u8],
    pub(super) dest_port: &'a [u8],
    pub(super) proto: &'a [u8],
    pub(super) icmp_type: &'a [u8],
    pub(super) icmp_code: &'a [u8],
    /// Of the packet: `to_server`, `to_client`.
    pub(super) direction: &'a [u8],
    /// What the packet was found in: `gre tunnel` and the like.
    pub(super) pkt_src: &'a [u8],
    /// Client that a proxy in front of the server named.
    pub(super) xff: Text<'a>,
    pub(super) flow: Flow<'a>,
    pub(super) tcp: Tcp<'a>,
    pub(super) alert: Alert<'a>,
    pub(super) http: Http<'a>,
    pub(super) hello: Hello<'a>,
    pub(super) outer: Outer<'a>,
    /// Object `ssh`: did client and server say which software they are?
    pub(super) banners: (bool, bool),
    pub(super) dns: dns::Message<'a>,
    /// Objects `smtp` and `email`, whole.
    pub(super) smtp: &'a [u8],
    pub(super) email: &'a [u8],
}

impl<'a> Event<'a> {
    /// Takes a line apart, into an event in which nothing is yet.
    ///
    /// # Errors
    /// When it is no JSON object, or one without `event_type`.
    #[inline]
    pub(super) fn read(&mut self, object: &'a [u8]) -> Result<(), Reject> {
        let mut reader = Reader::object(object)?;
        while let Some(key) = reader.key()? {
            self.member(key.raw, &mut reader)?;
        }
        reader.end()?;
        if self.kind.is_empty() { Err(Reject("no event_type")) } else { Ok(()) }
    }

    /// One key of the outermost level. By length first: that leaves few to compare with.
    #[inline(always)]
    fn member(&mut self, key: &[u8], reader: &mut Reader<'a>) -> Result<(), Reject> {
        let plain = match key.len() {
            3 => match key {
                b"tcp" => return self.tcp(reader),
                b"dns" => return self.dns.read(reader),
                b"tls" => return self.hello(reader),
                b"ssh" => return self.ssh(reader),
                b"xff" => {
                    self.xff = reader.any_scalar()?.text();
                    return Ok(());
                }
                _ => return reader.skip(),
            },
            4 => match key {
                b"flow" => return self.flow(reader),
                b"http" => return self.http(reader),
                b"smtp" => return raw_object(reader, &mut self.smtp),
                b"quic" => return self.hello(reader),
                _ => return reader.skip(),
            },
            5 => match key {
                b"proto" => &mut self.proto,
                b"alert" => return self.alert(reader),
                b"email" => return raw_object(reader, &mut self.email),
                _ => return reader.skip(),
            },
            6 if key == b"src_ip" => &mut self.src_ip,
            6 if key == b"tunnel" => return self.outer(reader),
            7 => match key {
                b"dest_ip" => &mut self.dest_ip,
                b"pkt_src" => &mut self.pkt_src,
                b"netflow" => return self.flow(reader),
                _ => return reader.skip(),
            },
            8 if key == b"src_port" => &mut self.src_port,
            9 => match key {
                b"timestamp" => &mut self.timestamp,
                b"dest_port" => &mut self.dest_port,
                b"icmp_type" => &mut self.icmp_type,
                b"icmp_code" => &mut self.icmp_code,
                b"direction" => &mut self.direction,
                _ => return reader.skip(),
            },
            10 if key == b"event_type" => &mut self.kind,
            _ => return reader.skip(),
        };
        *plain = reader.plain()?;
        Ok(())
    }

    fn flow(&mut self, reader: &mut Reader<'a>) -> Result<(), Reject> {
        let mut flow = Flow { given: true, ..Flow::default() };
        let mut counts: [&[u8]; 4] = [b""; 4];
        let object = members(reader, |key, reader| {
            let plain = match key {
                b"pkts_toserver" | b"pkts" => &mut counts[0],
                b"bytes_toserver" | b"bytes" => &mut counts[1],
                b"pkts_toclient" => &mut counts[2],
                b"bytes_toclient" => &mut counts[3],
                b"start" => &mut flow.start,
                b"end" => &mut flow.end,
                b"state" => &mut flow.state,
                b"src_ip" => &mut flow.src,
                b"dest_ip" => &mut flow.dst,
                b"src_port" => &mut flow.sport,
                b"dest_port" => &mut flow.dport,
                _ => return reader.skip(),
            };
            *plain = reader.plain()?;
            Ok(())
        })?;
        if object {
            let [packets, bytes, packets_back, bytes_back] = counts.map(|count| unsigned(count).unwrap_or(0));
            flow.forward = Volume { packets, bytes };
            flow.backward = Volume { packets: packets_back, bytes: bytes_back };
            self.flow = flow;
        }
        Ok(())
    }

    fn tcp(&mut self, reader: &mut Reader<'a>) -> Result<(), Reject> {
        members(reader, |key, reader| {
            let plain = match key {
                b"tcp_flags_ts" => &mut self.tcp.client,
                b"tcp_flags_tc" => &mut self.tcp.server,
                _ => return reader.skip(),
            };
            *plain = reader.plain()?;
            Ok(())
        })
        .map(drop)
    }

    fn alert(&mut self, reader: &mut Reader<'a>) -> Result<(), Reject> {
        let mut alert = Alert { given: true, ..Alert::default() };
        let object = members(reader, |key, reader| {
            let plain = match key {
                b"signature" => {
                    alert.signature = reader.any_scalar()?.text();
                    return Ok(());
                }
                b"action" => &mut alert.action,
                b"signature_id" => &mut alert.signature_id,
                b"severity" => &mut alert.severity,
                _ => return reader.skip(),
            };
            *plain = reader.plain()?;
            Ok(())
        })?;
        if object {
            self.alert = alert;
        }
        Ok(())
    }

    fn http(&mut self, reader: &mut Reader<'a>) -> Result<(), Reject> {
        let mut http = Http { given: true, ..Http::default() };
        let object = members(reader, |key, reader| {
            let text = match key {
                b"hostname" => &mut http.hostname,
                b"url" => &mut http.url,
                b"xff" => &mut http.xff,
                b"via" => &mut http.via,
                b"true_client_ip" => &mut http.true_client_ip,
                b"http_method" => return reader.plain().map(|v| http.method = v),
                b"status" => return reader.plain().map(|v| http.status = v),
                b"request_headers" => return reader.raw().map(|raw| http.headers = raw),
                _ => return reader.skip(),
            };
            *text = reader.any_scalar()?.text();
            Ok(())
        })?;
        if object {
            self.http = http;
        }
        Ok(())
    }

    fn hello(&mut self, reader: &mut Reader<'a>) -> Result<(), Reject> {
        members(reader, |key, reader| {
            match key {
                b"sni" => self.hello.sni = reader.any_scalar()?.text(),
                b"version" => self.hello.version = reader.plain()?,
                _ => reader.skip()?,
            }
            Ok(())
        })
        .map(drop)
    }

    fn ssh(&mut self, reader: &mut Reader<'a>) -> Result<(), Reject> {
        members(reader, |key, reader| {
            let side = match key {
                b"client" => &mut self.banners.0,
                b"server" => &mut self.banners.1,
                _ => return reader.skip(),
            };
            members(reader, |key, reader| {
                let value = reader.any_scalar()?;
                *side |= key == b"software_version" && !value.text().raw.is_empty();
                Ok(())
            })
            .map(drop)
        })
        .map(drop)
    }

    fn outer(&mut self, reader: &mut Reader<'a>) -> Result<(), Reject> {
        members(reader, |key, reader| {
            let plain = match key {
                b"src_ip" => &mut self.outer.src,
                b"dest_ip" => &mut self.outer.dst,
                b"proto" => &mut self.outer.proto,
                _ => return reader.skip(),
            };
            *plain = reader.plain()?;
            Ok(())
        })
        .map(drop)
    }
}

/// Takes the members of an object one by one; `take` must take each value. A value that is no object is left. Was it one?
#[inline]
pub(super) fn members<'a>(
    reader: &mut Reader<'a>,
    mut take: impl FnMut(&'a [u8], &mut Reader<'a>) -> Result<(), Reject>,
) -> Result<bool, Reject> {
    match reader.value()? {
        Value::Object => {
            while let Some(key) = reader.key()? {
                take(key.raw, reader)?;
            }
            Ok(true)
        }
        Value::Array => reader.leave().map(|()| false),
        _ => Ok(false),
    }
}

/// Takes an object to be read later.
fn raw_object<'a>(reader: &mut Reader<'a>, place: &mut &'a [u8]) -> Result<(), Reject> {
    let raw = reader.raw()?;
    if raw.first() == Some(&b'{') {
        *place = raw;
    }
    Ok(())
}
