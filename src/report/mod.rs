//! Stage 8: one [`model::ReportModel`], many renderers.
//!
//! * [`model`], [`inspect`], [`lookup`]: what is rendered; the machine-readable contracts
//! * [`json`]: documents and JSON Lines
//! * [`terminal`], [`inspect_text`]: text for people
//! * [`html`]: a self-contained page; its map out of [`geometry`]
//! * [`escape`]: what attackers chose, made harmless

pub mod escape;
pub mod explain;
pub mod geometry;
pub mod html;
pub mod inspect;
pub mod inspect_text;
pub mod json;
pub mod lookup;
pub mod model;
pub mod terminal;
