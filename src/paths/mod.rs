//! Stage `paths`.
