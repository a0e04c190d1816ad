//! Logs: one file per family of formats, recognised by content.
//!
//! * `zeek`, `eve`: network monitors, tab-separated or JSON
//! * `web`: nginx and Apache; `haproxy`, `w3c` (IIS, CloudFront), `caddy`, `alb`
//! * `syslog`: the envelope (RFC 3164, 5424) and who reads what is in it; `auth` (sshd, PAM), `netfilter` (iptables, nftables),
//!   `pf`, `asa`, `fortinet`, `paloalto`, `cef` (and LEEF), `wireguard`, `openvpn`
//! * `cloud` (AWS VPC, GCP, Azure flow logs), `windows` (firewall log)
//! * `custom`: a regular expression of the user's
//!
//! Whoever attacks writes part of the log: user names, request lines, host names. Fields are therefore found from the side that the attacker does not write, never by
//! searching the line for something that looks like an address.

mod alb;
mod asa;
mod auth;
mod caddy;
mod cef;
mod cloud;
pub mod custom;
mod eve;
mod fortinet;
mod haproxy;
mod json;
mod netfilter;
mod openvpn;
mod paloalto;
mod pf;
mod syslog;
mod w3c;
mod web;
mod windows;
mod wireguard;
mod zeek;

use super::clock::Clock;
use super::record::{LineFormat, Lines, RecordFormat, Reject};
use crate::model::record::Said;
use crate::model::time::Timestamp;

/// How a log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Zeek, tab-separated with `#fields`.
    Zeek,
    /// Zeek, an object a line.
    ZeekJson,
    /// Suricata EVE.
    Eve,
    /// Common and combined log format (nginx, Apache), with what is usually put before and behind it.
    Web,
    /// HAProxy's HTTP and TCP logs without a syslog envelope.
    Haproxy,
    /// W3C extended log format: IIS, CloudFront.
    W3c,
    /// Caddy's JSON.
    Caddy,
    /// AWS Application Load Balancer.
    Alb,
    /// Syslog files, whatever the programs in them.
    Syslog,
    /// pf's text (tcpdump on pflog) and CSV (pfSense's filterlog) without an envelope.
    Pf,
    /// Fortinet's key=value lines without an envelope.
    Fortinet,
    /// Palo Alto's CSV without an envelope.
    PaloAlto,
    /// CEF and LEEF without an envelope.
    Cef,
    /// AWS VPC flow logs.
    AwsVpc,
    /// GCP VPC flow logs, JSON.
    Gcp,
    /// Azure NSG and virtual network flow logs, JSON.
    Azure,
    /// Windows firewall log.
    WindowsFirewall,
    /// OpenVPN's own log file.
    OpenVpn,
}

impl Format {
    /// Every format, in the order in which they are tried and listed: the narrow ones first.
    pub const ALL: [Self; 18] = [
        Self::Zeek,
        Self::ZeekJson,
        Self::Eve,
        Self::Caddy,
        Self::Gcp,
        Self::Azure,
        Self::W3c,
        Self::WindowsFirewall,
        Self::AwsVpc,
        Self::Alb,
        Self::Cef,
        Self::Fortinet,
        Self::PaloAlto,
        Self::Pf,
        Self::Haproxy,
        Self::Web,
        Self::OpenVpn,
        Self::Syslog,
    ];

    /// The word in reports and behind `--as`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Zeek => "zeek",
            Self::ZeekJson => "zeek-json",
            Self::Eve => "eve",
            Self::Web => "web",
            Self::Haproxy => "haproxy",
            Self::W3c => "w3c",
            Self::Caddy => "caddy",
            Self::Alb => "alb",
            Self::Syslog => "syslog",
            Self::Pf => "pf",
            Self::Fortinet => "fortinet",
            Self::PaloAlto => "paloalto",
            Self::Cef => "cef",
            Self::AwsVpc => "aws-vpc",
            Self::Gcp => "gcp-flow",
            Self::Azure => "azure-flow",
            Self::WindowsFirewall => "windows-firewall",
            Self::OpenVpn => "openvpn",
        }
    }

    /// Does a file that begins like this have this format? `beginning` is the first 64 KiB at most, without a byte-order
    /// mark; its last line may be cut off.
    fn looks_like(self, beginning: &[u8]) -> bool {
        match self {
            Self::Zeek => zeek::looks_like_tsv(beginning),
            Self::ZeekJson => zeek::looks_like_json(beginning),
            Self::Eve => eve::looks_like(beginning),
            Self::Web => web::looks_like(beginning),
            Self::Haproxy => haproxy::looks_like(beginning),
            Self::W3c => w3c::looks_like(beginning),
            Self::Caddy => caddy::looks_like(beginning),
            Self::Alb => alb::looks_like(beginning),
            Self::Syslog => syslog::looks_like(beginning),
            Self::Pf => pf::looks_like(beginning),
            Self::Fortinet => fortinet::looks_like(beginning),
            Self::PaloAlto => paloalto::looks_like(beginning),
            Self::Cef => cef::looks_like(beginning),
            Self::AwsVpc => cloud::looks_like_aws(beginning),
            Self::Gcp => cloud::looks_like_gcp(beginning),
            Self::Azure => cloud::looks_like_azure(beginning),
            Self::WindowsFirewall => windows::looks_like(beginning),
            Self::OpenVpn => openvpn::looks_like(beginning),
        }
    }
}

/// Which log a file is, from its first bytes.
#[must_use]
pub fn recognise(beginning: &[u8]) -> Option<Format> {
    Format::ALL.into_iter().find(|format| format.looks_like(beginning))
}

/// A decoder for one input.
#[must_use]
pub fn open(format: Format, clock: Clock) -> Box<dyn RecordFormat> {
    fn lines(format: impl LineFormat + 'static) -> Box<dyn RecordFormat> {
        Box::new(Lines(format))
    }
    match format {
        Format::Zeek => lines(zeek::Tsv::new(clock)),
        Format::ZeekJson => lines(zeek::Json::new(clock)),
        Format::Eve => lines(eve::Eve::new(clock)),
        Format::Web => lines(web::Web::new(clock)),
        Format::Haproxy => lines(haproxy::Haproxy::new(clock)),
        Format::W3c => lines(w3c::W3c::new(clock)),
        Format::Caddy => lines(caddy::Caddy::new(clock)),
        Format::Alb => lines(alb::Alb::new(clock)),
        Format::Syslog => lines(syslog::Syslog::new(clock)),
        Format::Pf => lines(pf::Pf::new(clock)),
        Format::Fortinet => lines(fortinet::Fortinet::new(clock)),
        Format::PaloAlto => lines(paloalto::PaloAlto::new(clock)),
        Format::Cef => lines(cef::Cef::new(clock)),
        Format::AwsVpc => lines(cloud::Aws::new(clock)),
        Format::Gcp => cloud::gcp(clock),
        Format::Azure => cloud::azure(clock),
        Format::WindowsFirewall => lines(windows::Firewall::new(clock)),
        Format::OpenVpn => lines(openvpn::OpenVpn::new(clock)),
    }
}

/// What a syslog envelope says of the message in it.
#[derive(Debug)]
struct Envelope<'a> {
    /// Time of the line.
    time: Option<Timestamp>,
    /// Program without its number (`sshd`, `kernel`); empty if the line names none.
    program: &'a [u8],
    /// What it says, trimmed.
    message: &'a [u8],
}

/// A reader of messages within syslog. `None`: not one of its messages.
type MessageReader = fn(&Envelope<'_>, &mut Clock, &mut Vec<Said>) -> Option<Result<(), Reject>>;

/// Who reads the messages of which program, in the order in which they are asked.
const MESSAGE_READERS: [MessageReader; 11] = [
    auth::message,
    netfilter::message,
    haproxy::message,
    pf::message,
    asa::message,
    cef::message,
    fortinet::message,
    paloalto::message,
    wireguard::message,
    openvpn::message,
    web::message,
];
