//! What can end a run. A bad record cannot: it is counted, and the run goes on.

use std::io;

use crate::source::error::SourceError;

/// Each message is one line that names the input, the place and the way out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An input could not be read at all.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The command line or the configuration is wrong.
    #[error("{0}")]
    Usage(String),
    /// A table could not be used.
    #[error("{0}")]
    Data(String),
    /// The output could not be written.
    #[error("{path}: cannot write: {source}")]
    Output {
        /// Where to.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The report could not be rendered.
    #[error("cannot render the report: {0}")]
    Render(String),
}

impl Error {
    /// Did the reader of a pipe go away? That is no error of ours: `rutter … | head` ends cleanly.
    #[must_use]
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }
}
