//! Stage `locate`.
