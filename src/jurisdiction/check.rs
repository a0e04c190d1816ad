//! Everything that can be found wrong with the files without reading a source: what the loaders refuse, all of it and not
//! only the first; published numbers; entry into force by the instrument's own clause; files that contradict each other;
//! age. An error makes the check fail; a warning is for somebody to read.

use super::Law;
use crate::model::time::Day;

mod agreement;
mod arithmetic;
mod loading;
mod numbers;

/// Something that is wrong or weak.
#[derive(Clone, Debug, PartialEq)]
pub struct Complaint {
    /// File below `data/law` or the overlay.
    pub file: String,
    /// Line or entry; blank for the file as a whole.
    pub at: String,
    /// What.
    pub what: String,
    /// Does it make the check fail?
    pub is_error: bool,
}

impl Complaint {
    fn error(file: impl Into<String>, at: impl Into<String>, what: impl Into<String>) -> Self {
        Self { file: file.into(), at: at.into(), what: what.into(), is_error: true }
    }

    fn warning(file: impl Into<String>, at: impl Into<String>, what: impl Into<String>) -> Self {
        Self { is_error: false, ..Self::error(file, at, what) }
    }
}

/// Checks all files; `on` is the day that staleness is counted to. Memberships are compared as they were on the day of the
/// revision: most lists say who is a member, not since when, so that on an older day they would contradict treaties.
///
/// The law is `None` if a loader refused anything. Then what it refused is left out and the rest is compared all the same,
/// so that one run shows everything.
#[must_use]
pub fn check(files: &[(&str, &str)], on: Day) -> (Option<Law>, Vec<Complaint>) {
    let (law, mut complaints) = loading::load(files);
    let refused = !complaints.is_empty();
    if let Some(law) = &law {
        complaints.extend(compare(law, on));
    }
    sort(&mut complaints);
    (law.filter(|_| !refused), complaints)
}

/// The part of [`check`] that needs no files: what a law that was loaded contradicts.
#[must_use]
pub fn compare(law: &Law, on: Day) -> Vec<Complaint> {
    let revised = super::Law::dataset().date.parse().unwrap_or(on);
    let mut out = numbers::published(law);
    out.extend(numbers::roll_calls(law));
    out.extend(numbers::age(law, on));
    out.extend(arithmetic::entry_into_force(law));
    out.extend(agreement::territories(law));
    out.extend(agreement::unions(law, revised));
    out.extend(agreement::network(law, revised));
    out.extend(agreement::memberships(law));
    sort(&mut out);
    out
}

/// Errors first, then by file and place.
fn sort(complaints: &mut [Complaint]) {
    complaints.sort_by(|a, b| b.is_error.cmp(&a.is_error).then_with(|| (&a.file, &a.at).cmp(&(&b.file, &b.at))));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> Vec<(&'static str, &'static str)> {
        Law::shipped_files().collect()
    }

    fn on() -> Day {
        super::super::Law::dataset().date.parse().unwrap()
    }

    /// `file` with `from` replaced by `to`, and what is then found wrong.
    fn broken(file: &str, from: &str, to: &str) -> Vec<Complaint> {
        let text = shipped().iter().find(|(n, _)| *n == file).unwrap().1;
        assert!(text.contains(from), "{file} has no {from}");
        let text = text.replacen(from, to, 1);
        let files: Vec<(&str, &str)> =
            shipped().iter().map(|&(n, t)| if n == file { (n, text.as_str()) } else { (n, t) }).collect();
        check(&files, on()).1.into_iter().filter(|c| c.is_error).collect()
    }

    fn row(file: &str, state: &str) -> String {
        let text = shipped().iter().find(|(n, _)| *n == file).unwrap().1;
        text.lines().find(|l| l.starts_with(&format!("{state},"))).unwrap().to_owned()
    }

    #[test]
    fn the_shipped_law_has_no_errors() {
        let (law, complaints) = check(&shipped(), on());
        let errors: Vec<_> = complaints.iter().filter(|c| c.is_error).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        assert!(law.is_some());
    }

    #[test]
    fn every_refused_row_is_told_and_the_rest_is_still_compared() {
        let file = "instruments/ETS185.csv";
        let (de, fr, al) = (row(file, "DE"), row(file, "FR"), row(file, "AL"));
        let text = shipped().iter().find(|(n, _)| *n == file).unwrap().1;
        let blank_grade = de.replace(",confirmed,", ",,").replace(",partly,", ",,");
        let odd_status = fr.replacen(",party,", ",friend,", 1);
        let late = al.replacen("2004-07-01", "2004-09-01", 1);
        let text = text.replace(&de, &blank_grade).replace(&fr, &odd_status).replace(&al, &late);
        let files: Vec<(&str, &str)> =
            shipped().iter().map(|&(n, t)| if n == file { (n, text.as_str()) } else { (n, t) }).collect();
        let (law, complaints) = check(&files, on());
        assert!(law.is_none());
        let line = |state: &str| text.lines().position(|l| l.starts_with(&format!("{state},"))).unwrap() + 1;
        let found = |at: &str, word: &str| complaints.iter().any(|c| c.is_error && c.at == at && c.what.contains(word));
        assert!(found(&format!("line {}", line("DE")), "grade"), "{complaints:#?}");
        assert!(found(&format!("line {}", line("FR")), "friend"), "{complaints:#?}");
        assert!(found("AL", "2004-09-01"), "{complaints:#?}");
        assert!(
            !complaints.iter().any(|c| c.is_error && c.at.starts_with("count")),
            "rows that were refused are not missed as well"
        );
    }

    #[test]
    fn a_wrong_day_of_entry_into_force_is_an_error() {
        let file = "instruments/ETS185.csv";
        let ad = row(file, "AD");
        let found = broken(file, &ad, &ad.replacen("2017-03-01", "2017-04-01", 1));
        assert!(found.iter().any(|c| c.at == "AD" && c.what.contains("2017-03-01")), "{found:#?}");
    }

    #[test]
    fn contradictions_between_files_are_errors() {
        let found = broken("instruments/NIS2.csv", &row("instruments/NIS2.csv", "AT"), "");
        assert!(found.iter().any(|c| c.at == "AT" && c.what.contains("EU")), "{found:#?}");
        let found = broken("instruments/NIS2.csv", "\nAT,", "\nCH,");
        assert!(found.iter().any(|c| c.at == "CH"), "{found:#?}");
        let found = broken("rollcall_items.csv", "94-59-33", "95-59-33");
        assert!(found.iter().any(|c| c.file == "rollcall_items.csv" && c.at == "A/RES/73/187"), "{found:#?}");
        let found = broken("territories.toml", "code = \"CW\"", "code = \"CW\"\nexcludes = [\"ETS185\"]");
        assert!(!found.is_empty());
    }

    #[test]
    fn a_missing_or_broken_file_does_not_hide_the_others() {
        let files: Vec<(&str, &str)> = shipped()
            .iter()
            .filter(|(n, _)| *n != "groups.csv")
            .map(|&(n, t)| match n {
                "instruments/ETS189.toml" => (n, "id = 7"),
                "wcit12.csv" => (n, "state,item,value,date,note,source,grade,confidence\nDE,x,signed\n"),
                _ => (n, t),
            })
            .collect();
        let (law, complaints) = check(&files, on());
        assert!(law.is_none());
        for file in ["groups.csv", "instruments/ETS189.toml", "wcit12.csv"] {
            assert!(complaints.iter().any(|c| c.is_error && c.file == file), "{file}: {complaints:#?}");
        }
    }

    #[test]
    fn age_is_a_warning() {
        let files = shipped();
        let stale = |on: &str| {
            let all = check(&files, on.parse().unwrap()).1;
            all.iter().filter(|c| c.file == "instruments/ETS185.csv" && c.what.contains("180 days")).count()
        };
        assert_eq!(stale("2030-01-01"), 1);
        assert!(check(&files, "2001-01-01".parse().unwrap()).0.is_some());
        assert!(!check(&files, "2001-01-01".parse().unwrap()).1.iter().any(|c| c.is_error), "no error comes from the day asked");
    }
}
