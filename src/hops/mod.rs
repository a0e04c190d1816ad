//! Stage `hops`.
