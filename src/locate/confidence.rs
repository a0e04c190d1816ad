//! What a class of agreement is worth, by the role of the address. Measured, not assumed.
//!
//! Right answers of the fused table per class, IPv4, counted over the truth sets (`cargo test --lib
//! locate::accuracy -- --nocapture` prints them again):
//!
//! | class | cloud regions | M-Lab hosts | exchange LANs | backbone routers |
//! |---|---|---|---|---|
//! | 6 two sources agree, not the registration | 7,882 of 7,889 | 53 of 56 | 71 of 78 | 21 of 28 |
//! | 5 both repeat the registration: US | 13,491 of 13,689 | 52 of 59 | 174 of 174 | 53 of 67 |
//! | 5 both repeat the registration: another state | 1,655 of 1,800 | 38 of 48 | 892 of 909 | 4 of 16 |
//! | 3 they differ, own evidence | 713 of 714 | 1 of 3 | 116 of 119 | 2 of 3 |
//! | 2 they differ: first source | 20,383 of 21,254 | 7 of 36 | 4 of 53 | 6 of 95 |
//! | 2 they differ: registration | 372 of 21,254 | 13 of 36 | 43 of 53 | 30 of 95 |
//! | – of these, registration US | | | | 29 of 59 |
//! | – of these, registration elsewhere | | | | 1 of 36 |
//! | 1 one source, and registered or announced | | | 1 of 6 | |
//!
//! End points: each cell is smoothed (one success and one failure added) and the columns are weighed 2 : 1 : 1, because
//! the hosts that attack look like hosts in clouds more than like exchange LANs. That weighting is a judgement; the cells
//! are counts. Where a column is empty the others share its weight. Transit: the router column, smoothed. Databases know
//! hosts and do not know routers, so most routers come out "undetermined: A or B", with neither above one half.
//! The truth sets are small outside the clouds, hold no households and no mobile users, and the values were
//! fitted on the same rows that the accuracy test counts: they describe those rows, they do not predict others.

use crate::model::hop::HopRole;
use crate::model::net::StateCode;

use super::jurisdiction_table::Row;

/// Nothing is more certain than this.
pub(super) const MOST: f32 = 0.99;

/// A published region of a cloud operator for the prefix: the operator's own statement. Not measured: the truth set
/// is made of the same feeds.
pub(super) const CLOUD: f32 = 0.97;

/// A router name under an operator rule, and the operator announces the address. 43 of 43 unseen names were right
/// (DATA.md); one failure added and rounded down. That is a count for the first 12 rules.
pub(super) const NAME: f32 = 0.95;

/// The same under one of the 22 rules that were written from general knowledge and tried on nothing: less, by judgement.
pub(super) const NAME_UNMEASURED: f32 = 0.85;

/// The same where nobody announces the address, so that the operator cannot be checked.
pub(super) const NAME_UNANNOUNCED: f32 = 0.85;

/// A satellite operator's gateway is not its user: no claim about an end point above this.
pub(super) const SATELLITE: f32 = 0.5;

/// Probability of the row's location and of its second candidate.
#[must_use]
pub(super) fn of(row: &Row, role: HopRole) -> (f32, f32) {
    let is_us = |state: Option<StateCode>| state.is_some_and(|s| s.as_str() == "US");
    if role.is_endpoint() {
        return match row.confidence {
            6 => (0.95, 0.0),
            5 if is_us(row.location) => (0.95, 0.0),
            5 => (0.90, 0.0),
            3 => (0.84, 0.03),
            2 => (0.55, 0.30),
            1 => (0.25, 0.0),
            _ => (0.0, 0.0),
        };
    }
    match row.confidence {
        6 => (0.73, 0.0),
        5 if is_us(row.location) => (0.78, 0.0),
        5 => (0.28, 0.0),
        3 => (0.60, 0.05),
        2 => (0.07, if is_us(row.second) { 0.49 } else { 0.05 }),
        1 => (0.25, 0.0),
        _ => (0.0, 0.0),
    }
}
