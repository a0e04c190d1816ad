//! Stage 8: one [`model::ReportModel`], many renderers.

pub mod model;
