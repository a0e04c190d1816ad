//! `rutter.lookup/1`: everything known of one address.

use serde::Serialize;

use super::model::{LocusRow, SourceRow};
use crate::model::net::{Asn, StateCode};

/// Version of the contract.
pub const SCHEMA: &str = "rutter.lookup/1";

/// One address.
#[derive(Clone, Debug, Serialize)]
pub struct Lookup {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The address.
    pub addr: String,
    /// The name that was given with it.
    pub name: Option<String>,
    /// Where it is.
    pub locus: Vec<LocusRow>,
    /// What is left.
    pub unknown_p: f32,
    /// Why it has no place.
    pub why_unplaced: Option<String>,
    /// On the anycast list.
    pub anycast: bool,
    /// `hosting`, `cloud:…`.
    pub flags: Vec<String>,
    /// Autonomous system.
    pub asn: Option<Asn>,
    /// Its name.
    pub as_name: Option<String>,
    /// State of its registration.
    pub as_state: Option<StateCode>,
    /// State under which a registry lists the prefix.
    pub registered_in: Option<StateCode>,
    /// What each table said.
    pub sources: Vec<SourceRow>,
}
