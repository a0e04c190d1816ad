//! `rutter law check`.

use super::{Context, Outcome, Shared, no_page, source};
use crate::cli::output::{self, Format};
use crate::error::Error;
use crate::jurisdiction::check::{Complaint, check};
use crate::jurisdiction::{Law, overlay};
use crate::model::time::Day;
use crate::report::json;
use crate::report::law::{self as views, Basis, CheckView, ComplaintRow, schema};

/// Everything that is wrong with the shipped files and the overlay.
pub(super) fn run(shared: &Shared, on: Day, context: &Context) -> Result<Outcome, Error> {
    let format = Format::pick(shared.format, shared.output.as_deref())?;
    if format == Format::Html {
        return Err(no_page());
    }
    let own = shared.overlay.law.as_deref().map(|folder| source::read(folder).map(|files| (folder, files))).transpose()?;
    let merged = overlay::merge(own.as_ref().map_or(&[], |(_, files)| files.as_slice()));
    let mut complaints: Vec<Complaint> = merged
        .refused
        .iter()
        .map(|e| Complaint { file: "overlay".to_owned(), at: String::new(), what: e.to_string(), is_error: true })
        .collect();
    let (_, found) = check(&merged.as_files(), on);
    complaints.extend(found.into_iter().map(|c| Complaint { at: merged.place(&c.file, &c.at), ..c }));
    let errors = complaints.iter().filter(|c| c.is_error).count();
    let dataset = Law::dataset();
    let view = CheckView {
        schema: schema::CHECK,
        on,
        files: merged.files.len(),
        errors,
        warnings: complaints.len() - errors,
        complaints: complaints
            .into_iter()
            .map(|c| ComplaintRow {
                file: c.file,
                at: c.at,
                severity: if c.is_error { "error" } else { "warning" },
                what: c.what,
            })
            .collect(),
        basis: Basis {
            revised: dataset.date,
            sha256: dataset.sha256,
            overlay: own.map(|(folder, files)| source::name(folder, &files)),
            on_given: shared.on.is_some(),
        },
    };
    let failed = |e: serde_json::Error| Error::Render(e.to_string());
    let text = match format {
        Format::Jsonl => views::check_lines(&view).map_err(failed)?,
        Format::Json => json::pretty(&view).map_err(failed)?,
        Format::Text | Format::Html => views::text(&view, crate::cli::trace::look(context)),
    };
    output::write(shared.output.as_deref(), text.as_bytes())?;
    Ok(if errors > 0 { Outcome::Failed } else { Outcome::Done })
}
