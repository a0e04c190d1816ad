//! Short labels of hops, the same in the map, the diagram and the tables: the rank, and a letter for branches.

use std::collections::BTreeMap;

use crate::report::model::Path;

/// Labels of a path's hops, by index: `4`, or `4a`, `4b` where several hops share a rank.
pub(super) fn labels(path: &Path) -> Vec<String> {
    let mut of_rank: BTreeMap<u16, usize> = BTreeMap::new();
    for hop in &path.hops {
        *of_rank.entry(hop.rank).or_default() += 1;
    }
    let mut seen: BTreeMap<u16, usize> = BTreeMap::new();
    path.hops
        .iter()
        .map(|hop| {
            let nth = seen.entry(hop.rank).or_default();
            let label = if of_rank.get(&hop.rank).copied().unwrap_or(0) > 1 {
                format!("{}{}", hop.rank, letters(*nth))
            } else {
                hop.rank.to_string()
            };
            *nth += 1;
            label
        })
        .collect()
}

/// `a` to `z`, then `aa`, `ab` …
fn letters(mut n: usize) -> String {
    let mut out = Vec::new();
    loop {
        out.push(char::from(b'a' + (n % 26) as u8));
        if n < 26 {
            break;
        }
        n = n / 26 - 1;
    }
    out.iter().rev().collect()
}

/// Several labels of one point: runs of plain numbers as `3–5`, the rest listed.
pub(super) fn merged<'a>(labels: impl Iterator<Item = &'a str>) -> String {
    let mut parts: Vec<(String, String, Option<u32>)> = Vec::new();
    for label in labels {
        let number: Option<u32> = label.parse().ok();
        match (parts.last_mut(), number) {
            (Some((_, end, Some(last))), Some(n)) if *last + 1 == n => {
                *end = label.into();
                *last = n;
            }
            _ => parts.push((label.into(), label.into(), number)),
        }
    }
    let runs = parts.into_iter().map(|(a, b, _)| if a == b { a } else { format!("{a}–{b}") });
    runs.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_merged() {
        assert_eq!(merged(["3", "4", "5"].into_iter()), "3–5");
        assert_eq!(merged(["0", "2", "3", "7a", "7b"].into_iter()), "0, 2–3, 7a, 7b");
        assert_eq!(merged(std::iter::empty()), "");
    }

    #[test]
    fn letters_go_on_after_z() {
        assert_eq!([letters(0), letters(25), letters(26), letters(27), letters(702)], ["a", "z", "aa", "ab", "aaa"]);
    }
}
