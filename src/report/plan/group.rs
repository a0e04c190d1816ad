//! What a hop's operator can be asked for: it depends on what the machine did on the path.

use serde::Serialize;

use crate::model::channel::AskedData;
use crate::model::hop::HopRole;

/// What a hop's operator can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// An origin: who used the address.
    Subscriber,
    /// A proxy, or an end of a tunnel.
    SteppingStone,
    /// A server that passed a mail on.
    Mail,
    /// An address that a device rewrote.
    Translation,
    /// A router on the way.
    Transit,
    /// A host that answered forged packets.
    Reflector,
    /// The host that was addressed. Kept apart.
    VictimEnd,
}

impl Group {
    /// What is asked for, as a heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Subscriber => "subscriber data of an origin",
            Self::SteppingStone => "connection logs of a stepping stone",
            Self::Mail => "mail logs",
            Self::Translation => "translation (NAT) logs",
            Self::Transit => "traffic data of a transit provider",
            Self::Reflector => "logs of a reflector",
            Self::VictimEnd => "evidence at the victim's end",
        }
    }

    /// The data, a line each.
    #[must_use]
    pub fn data(self) -> &'static [&'static str] {
        match self {
            Self::Subscriber => &[
                "subscriber data of whoever used the address with the source port at the exact time; behind a shared address (carrier-grade NAT) address and time without the port point to many",
                "log-in and session records of that use, and the addresses that were used to log in",
            ],
            Self::SteppingStone => &[
                "connection and log-in records of the machine: who connected to it, from which address and port, when",
                "flow records of its provider for the address around that time",
                "an image of disk and memory, before the machine is reinstalled; whoever runs it may be a victim too",
            ],
            Self::Mail => &[
                "mail logs: queue numbers, client addresses and ports, names given in HELO, accounts that logged in",
                "the message as it was received, if it is still kept",
            ],
            Self::Translation => {
                &["translation logs for the address, port and time: which inner address and port stood behind it"]
            }
            Self::Transit => &[
                "traffic data that shows from which neighbour the traffic came and to whom it went: flow records (NetFlow, IPFIX, sFlow), no content",
                "translation (NAT) logs, where the provider translates",
                "the name of the next provider on the way, so that it can be asked too",
            ],
            Self::Reflector => &[
                "logs and flow records only: the sender's address in the queries was forged, and whoever runs the machine was abused",
                "from which neighbour the forged queries came",
            ],
            Self::VictimEnd => &[
                "logs, captures and images of the system that was addressed, from whoever runs it, with their consent where that is enough",
            ],
        }
    }

    /// The data that a rule on retention has to cover.
    #[must_use]
    pub fn asked(self) -> AskedData {
        match self {
            Self::Subscriber => AskedData::Subscriber,
            Self::SteppingStone => AskedData::Connection,
            Self::Mail => AskedData::Mail,
            Self::Translation => AskedData::Translation,
            Self::Transit => AskedData::Flow,
            Self::Reflector => AskedData::Reflector,
            Self::VictimEnd => AskedData::Victim,
        }
    }

    pub(super) fn of(role: HopRole, finding: &str) -> Self {
        match role {
            HopRole::Origin => Self::Subscriber,
            HopRole::Transit => Self::Transit,
            HopRole::TunnelEntry | HopRole::TunnelExit => Self::SteppingStone,
            HopRole::Proxy if finding == "mail" => Self::Mail,
            HopRole::Proxy => Self::SteppingStone,
            HopRole::Translator => Self::Translation,
            HopRole::Reflector => Self::Reflector,
            HopRole::Target => Self::VictimEnd,
        }
    }

    /// Does norm 13(c) speak to it? It is about territory that is used, not about wires that are crossed.
    pub(super) fn may_be_notified(self) -> bool {
        matches!(self, Self::Subscriber | Self::SteppingStone | Self::Mail | Self::Reflector)
    }
}
