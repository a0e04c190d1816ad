//! The law that a run uses, and reading a user's folder.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::jurisdiction::check::{Complaint, check};
use crate::jurisdiction::overlay::{MOST_BYTES, MOST_BYTES_IN_ALL, MOST_FILES};
use crate::jurisdiction::{Law, overlay};
use crate::report::escape::visible;
use crate::report::terminal::plural;

/// Contradictions of a user's rows that are told at once.
const MOST_COMPLAINTS: usize = 3;

/// The shipped law, or the shipped law with the files of `folder` laid over it. It lives as long as the run.
///
/// # Errors
/// A folder that cannot be read or whose files are refused; the first refusal, with file, line and column.
pub fn law(folder: Option<&Path>) -> Result<&'static Law, Error> {
    let Some(folder) = folder else { return Law::shipped().map_err(|e| Error::Data(e.to_string())) };
    let files = read(folder)?;
    let name = name(folder, &files);
    tracing::info!("law folder {}", visible(&name));
    let failed = |e| Error::Data(format!("{}: {e}; rutter law check --law tells everything", folder.display()));
    let law = Law::with_overlay(&name, &files).map_err(failed)?;
    let merged = overlay::merge(&files);
    let (_, found) = check(&merged.as_files(), Law::revised());
    let errors: Vec<Complaint> = found.into_iter().filter(|c| c.is_error).collect();
    for c in errors.iter().take(MOST_COMPLAINTS) {
        let at = merged.place(&c.file, &c.at);
        crate::cli::complain(&format!("rutter: {}: {} {at}: {}", folder.display(), c.file, c.what));
    }
    if errors.len() > MOST_COMPLAINTS {
        crate::cli::complain(&format!(
            "rutter: and {} more; rutter law check --law tells everything",
            errors.len() - MOST_COMPLAINTS
        ));
    }
    // Once per run, for as long as the run lasts.
    Ok(Box::leak(Box::new(law)))
}

/// How reports name the folder: as it was given, with the number of its files and the beginning of a SHA-256 over their
/// names and texts, so that another reader can tell whether they have the same.
#[must_use]
pub fn name(folder: &Path, files: &[(String, String)]) -> String {
    let mut hash = Sha256::new();
    for part in files.iter().flat_map(|(name, text)| [name, text]) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let digest: String = hash.finalize().iter().take(8).map(|b| format!("{b:02x}")).collect();
    let count = plural(files.len() as u64, "file");
    format!("{} ({count}, SHA-256 {digest}…)", folder.display())
}

/// Names and texts of the folder and of `instruments` in it, by name. Names that begin with a dot are not looked at.
///
/// # Errors
/// What cannot be read, is no plain file, is no UTF-8, or is too much.
pub fn read(folder: &Path) -> Result<Vec<(String, String)>, Error> {
    let mut files = Vec::new();
    let mut bytes = 0;
    listed(folder, "", &mut files, &mut bytes)?;
    if folder.join("instruments").is_dir() {
        listed(&folder.join("instruments"), "instruments/", &mut files, &mut bytes)?;
    }
    files.sort();
    Ok(files)
}

fn listed(folder: &Path, prefix: &str, files: &mut Vec<(String, String)>, bytes: &mut usize) -> Result<(), Error> {
    let failed = |path: &Path, why: &dyn std::fmt::Display| Error::Data(format!("{}: {why}", path.display()));
    let entries = std::fs::read_dir(folder).map_err(|e| failed(folder, &format!("cannot read: {e}")))?;
    for entry in entries {
        let path = entry.map_err(|e| failed(folder, &format!("cannot read: {e}")))?.path();
        let Some(name) = path.file_name().and_then(|n| n.to_str()) else {
            return Err(failed(&path, &"the name is no UTF-8"));
        };
        if name.starts_with('.') || (prefix.is_empty() && name == "instruments") {
            continue;
        }
        // Before it is opened: a pipe would wait for a writer.
        let is_file = path.metadata().map_err(|e| failed(&path, &format!("cannot read: {e}")))?.is_file();
        if !is_file {
            return Err(failed(&path, &"no plain file; a law folder has the files of data/law, and instruments/"));
        }
        if files.len() >= MOST_FILES {
            return Err(failed(folder, &format!("more than {MOST_FILES} files")));
        }
        let mut text = Vec::new();
        let file = File::open(&path).map_err(|e| failed(&path, &format!("cannot read: {e}")))?;
        file.take(MOST_BYTES as u64 + 1).read_to_end(&mut text).map_err(|e| failed(&path, &format!("cannot read: {e}")))?;
        *bytes += text.len();
        if text.len() > MOST_BYTES || *bytes > MOST_BYTES_IN_ALL {
            return Err(failed(&path, &format!("more than {MOST_BYTES} bytes, or {MOST_BYTES_IN_ALL} in all")));
        }
        let text = String::from_utf8(text).map_err(|_| failed(&path, &"no UTF-8"))?;
        files.push((format!("{prefix}{name}"), text));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_with_care() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        std::fs::create_dir(folder.path().join("instruments")).unwrap();
        write("wcit12.csv", b"state\n");
        write("instruments/X.toml", b"id = 1");
        write(".hidden", b"\xff");
        let names: Vec<String> = read(folder.path()).unwrap().into_iter().map(|(n, _)| n).collect();
        assert_eq!(names, ["instruments/X.toml", "wcit12.csv"]);
        write("groups.csv", b"\xff\xfe");
        assert!(read(folder.path()).unwrap_err().to_string().contains("no UTF-8"));
        std::fs::remove_file(folder.path().join("groups.csv")).unwrap();
        std::fs::create_dir(folder.path().join("more")).unwrap();
        assert!(read(folder.path()).unwrap_err().to_string().contains("no plain file"));
        assert!(read(&folder.path().join("none")).is_err());
    }
}
