//! What a process costs, in CPU seconds (user and system), wall-clock seconds and memory.

use std::error::Error;
use std::process::{Command, Stdio};
use std::time::Instant;

/// What one process cost.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) cpu: f64,
    pub(crate) wall: f64,
    /// MiB, largest resident set.
    pub(crate) peak: f64,
}

/// Runs it to its end, without what it prints.
///
/// # Errors
/// When it can't be started, or ends otherwise than with 0 or 3 (inputs with damage).
#[cfg(unix)]
pub(crate) fn run(command: &mut Command) -> Result<Cost, Box<dyn Error>> {
    let start = Instant::now();
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let mut status = 0;
    // SAFETY: wait4 (BSD, Linux) writes into the two places given to it; zeroed rusage is valid.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        if libc::wait4(child.id() as libc::pid_t, &raw mut status, 0, &raw mut usage) < 0 {
            return Err(std::io::Error::last_os_error().into());
        }
        usage
    };
    if !libc::WIFEXITED(status) || !matches!(libc::WEXITSTATUS(status), 0 | 3) {
        return Err(format!("{command:?} failed").into());
    }
    let seconds = |t: libc::timeval| t.tv_sec as f64 + t.tv_usec as f64 / 1e6;
    let cpu = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    Ok(Cost { cpu, wall: start.elapsed().as_secs_f64(), peak: usage.ru_maxrss as f64 / 1024.0 })
}

/// # Errors
/// Always.
#[cfg(not(unix))]
pub(crate) fn run(_: &mut Command) -> Result<Cost, Box<dyn Error>> {
    Err("CPU seconds of a process are read with wait4, which this system does not have".into())
}
