//! What is left between two places where no treaty serves: the kinds of ways that rest on no instrument.

use std::sync::Arc;

use super::super::Law;
use crate::model::channel::Usable;
use crate::model::net::StateCode;
use crate::model::time::Day;

/// The kinds, in order, in either direction; one that is not known to be open in any says so. Empty between parts of one
/// state.
pub(in crate::jurisdiction) fn left_between(law: &Law, from: StateCode, to: StateCode, on: Day) -> Vec<Arc<str>> {
    let mut kinds: Vec<(Arc<str>, bool)> = Vec::new();
    for (a, b) in [(from, to), (to, from)] {
        // An arrangement within one state is no way between two.
        let between = law.channels(a, b, on).into_iter().filter(|c| c.instrument.is_none() && !c.kind.contains("within"));
        for c in between {
            let open = c.usable == Usable::Yes;
            match kinds.iter_mut().find(|(kind, _)| *kind == c.kind) {
                Some((_, known)) => *known |= open,
                None => kinds.push((c.kind, open)),
            }
        }
    }
    kinds.into_iter().map(|(kind, open)| if open { kind } else { format!("{kind} (unknown)").into() }).collect()
}
