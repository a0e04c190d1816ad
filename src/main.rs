//! `rutter`: parse the command line, run it, turn the outcome into an exit code.

fn main() -> std::process::ExitCode {
    rutter::cli::run(std::env::args_os())
}
