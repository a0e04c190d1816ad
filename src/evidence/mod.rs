//! Stage `evidence`.
