//! What the integration tests share: where things lie, and how the program is run.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A file of the repository.
pub(crate) fn repo(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The program with an environment of its own.
pub(crate) fn rutter() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rutter"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("RUTTER_") || name == "COLUMNS" {
            command.env_remove(name);
        }
    }
    command
}

/// Runs it and gives exit code, standard output, standard error.
pub(crate) fn run(args: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = rutter().args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

/// Runs it with `--format json` and reads what it says.
pub(crate) fn json(args: &[&str]) -> Value {
    let args: Vec<&str> = args.iter().copied().chain(["--format", "json"]).collect();
    let (code, out, err) = run(&args);
    assert!(matches!(code, 0 | 3), "{args:?} ended with {code}: {err}");
    serde_json::from_str(&out).unwrap_or_else(|e| panic!("{args:?}: no JSON: {e}\n{out}"))
}

/// The strings of a JSON array.
pub(crate) fn strings(array: &Value) -> Vec<String> {
    array.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
}
