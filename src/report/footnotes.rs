//! Remarks of the channels of a pair, below them, under numbers: what several say alike (who is bound since when, where the name
//! of a body comes from) stands once.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::channel::Channel;

/// The remarks of some channels, those in common apart.
#[derive(Debug, Default)]
pub struct Footnotes {
    /// Remarks, in the order in which they come; the first has number 1.
    pub notes: Vec<Arc<str>>,
    /// For every channel: remarks that stay with it, and the numbers of the others.
    pub of: Vec<(Vec<Arc<str>>, Vec<usize>)>,
}

impl Footnotes {
    /// Those that two or more of `channels` have in common get a number; the others stay where they are.
    #[must_use]
    pub fn common(channels: &[Channel]) -> Self {
        Self::of_at_least(2, channels)
    }

    /// All get a number.
    #[must_use]
    pub fn all(channels: &[Channel]) -> Self {
        Self::of_at_least(1, channels)
    }

    fn of_at_least(least: usize, channels: &[Channel]) -> Self {
        let mut count: BTreeMap<&str, usize> = BTreeMap::new();
        for caveat in channels.iter().flat_map(|c| &c.caveats) {
            *count.entry(caveat).or_default() += 1;
        }
        let mut all = Self::default();
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        for channel in channels {
            let (mut own, mut common) = (Vec::new(), Vec::new());
            for caveat in &channel.caveats {
                if count.get(&**caveat).is_none_or(|n| *n < least) {
                    own.push(caveat.clone());
                    continue;
                }
                let number = *numbers.entry(caveat).or_insert_with(|| {
                    all.notes.push(caveat.clone());
                    all.notes.len()
                });
                if !common.contains(&number) {
                    common.push(number);
                }
            }
            common.sort_unstable();
            all.of.push((own, common));
        }
        all
    }

    /// `note 1`, `notes 1, 3`; blank for none.
    #[must_use]
    pub fn words(numbers: &[usize]) -> String {
        let all: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        match all.as_slice() {
            [] => String::new(),
            [one] => format!("note {one}"),
            _ => format!("notes {}", all.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::channel::Usable;
    use crate::model::law::Grade;

    fn channel(caveats: &[&str]) -> Channel {
        Channel {
            kind: "MLA".into(),
            purposes: Vec::new(),
            instrument: None,
            article: "".into(),
            limit: "".into(),
            body: "".into(),
            usable: Usable::Yes,
            caveats: caveats.iter().map(|c| Arc::from(*c)).collect(),
            grade: Grade::Confirmed,
            as_of: "".into(),
            source: "".into(),
        }
    }

    #[test]
    fn nothing_is_lost_and_nothing_stands_twice() {
        let channels = [channel(&["own", "both", "all"]), channel(&["all", "both", "both"]), channel(&["all"])];
        let notes = Footnotes::common(&channels);
        assert_eq!(notes.notes.iter().map(|n| &**n).collect::<Vec<_>>(), ["both", "all"]);
        assert_eq!(notes.of[0].0.iter().map(|n| &**n).collect::<Vec<_>>(), ["own"]);
        assert_eq!(notes.of.iter().map(|(_, n)| Footnotes::words(n)).collect::<Vec<_>>(), ["notes 1, 2", "notes 1, 2", "note 2"]);
        let notes = Footnotes::all(&channels);
        assert_eq!(notes.notes.iter().map(|n| &**n).collect::<Vec<_>>(), ["own", "both", "all"]);
        assert_eq!(notes.of[0], (Vec::new(), vec![1, 2, 3]));
    }
}
