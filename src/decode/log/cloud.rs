//! Flow logs of the clouds.
//!
//! * `aws`: Amazon VPC and transit gateway flow logs, blank-separated ("Flow log records" of the VPC User Guide)
//! * `gcp`: Google VPC flow logs and firewall rules logging, JSON log entries ("VPC Flow Logs record format")
//! * `azure`: network security group flow logs, versions 1 and 2, and virtual network flow logs, JSON ("Flow logging for network
//!   security groups", "Virtual network flow logs" of Azure Network Watcher)
//! * `objects`: JSON files as a stream of objects
//!
//! A record of AWS and Google counts one direction: its source sent those packets, and need not be who opened the connection.
//! Where TCP flags tell, the two are put right; where they do not, the sender stands as the source.

mod aws;
mod azure;
mod gcp;
mod objects;
#[cfg(test)]
mod tests;

use super::super::clock::Clock;
use super::super::record::RecordFormat;

pub(super) use aws::Aws;

/// AWS: a heading with the names of fields, or a line of the default format.
pub(super) fn looks_like_aws(beginning: &[u8]) -> bool {
    aws::looks_like(beginning)
}

/// Google: the first object is a log entry of flows.
pub(super) fn looks_like_gcp(beginning: &[u8]) -> bool {
    gcp::looks_like(beginning)
}

/// Azure: the first object holds flow tuples of one of the two categories.
pub(super) fn looks_like_azure(beginning: &[u8]) -> bool {
    azure::looks_like(beginning)
}

/// Reads log entries one by one, from an object a line or an array of them. All times have a zone.
pub(super) fn gcp(_: Clock) -> Box<dyn RecordFormat> {
    Box::new(objects::Objects::new(gcp::entry))
}

/// Reads records one by one, from `{"records":[…]}` or an object a line. All times count from 1970.
pub(super) fn azure(_: Clock) -> Box<dyn RecordFormat> {
    Box::new(objects::Objects::new(azure::record))
}
