//! A line on standard error while long work goes on, and Ctrl-C.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::pipeline::replay::Progress;

/// Work that is done before this time shows no progress.
const SHORT: Duration = Duration::from_millis(1_500);

/// Shows a bar until it is dropped.
pub struct Bar {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Bar {
    /// Starts showing `progress`, of `total` bytes (0: unknown). Nothing is shown with `quiet` or without a terminal.
    #[must_use]
    pub fn start(progress: &Arc<Progress>, total: u64, quiet: bool) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let thread = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let (progress, over) = (progress.clone(), over.clone());
            std::thread::spawn(move || show(&progress, total, &over))
        });
        Self { over, thread }
    }
}

fn show(progress: &Progress, total: u64, over: &AtomicBool) {
    std::thread::park_timeout(SHORT);
    if over.load(Ordering::Relaxed) {
        return;
    }
    let (bar, template) = if total == 0 {
        (ProgressBar::new_spinner(), "{spinner} {bytes} read, {msg}, {bytes_per_sec}")
    } else {
        (ProgressBar::new(total), "{bar:30} {bytes} of {total_bytes}, {msg}, {bytes_per_sec}, {eta} left")
    };
    bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(5));
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    while !over.load(Ordering::Relaxed) {
        bar.set_position(progress.bytes.load(Ordering::Relaxed));
        bar.set_message(format!("{} packets", crate::report::terminal::grouped(progress.packets.load(Ordering::Relaxed))));
        std::thread::park_timeout(Duration::from_millis(200));
    }
    bar.finish_and_clear();
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // A bar that panicked is no reason to lose the report.
            let _ = thread.join();
        }
    }
}

/// From now on Ctrl-C (and SIGTERM) stops reading, and what was read is reported. A second one ends at once.
pub fn stop_on_interrupt(progress: &Arc<Progress>) {
    let progress = progress.clone();
    std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async {
            interrupted().await;
            progress.stop.store(true, Ordering::Relaxed);
            super::complain("rutter: interrupted; reporting what was read (once more to end at once)");
            interrupted().await;
            leave();
        });
    });
}

#[expect(clippy::exit, reason = "the user asked twice")]
fn leave() {
    std::process::exit(130);
}

/// Waits for Ctrl-C or SIGTERM. If neither can be waited for, waits for ever: the default action then ends us.
pub async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let (Ok(mut int), Ok(mut term)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate())) {
            tokio::select! {
                _ = int.recv() => {}
                _ = term.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
