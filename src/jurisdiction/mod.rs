//! Stage `jurisdiction`.
