//! Stage 8: one [`model::ReportModel`], many renderers.
//!
//! * [`model`], [`inspect`], [`lookup`]: what is rendered; the machine-readable contracts
//! * [`json`]: documents and JSON Lines
//! * [`terminal`], [`inspect_text`]: text for people
//! * [`html`]: a self-contained page; its map out of [`geometry`]
//! * [`law`]: what the rule book answers, as documents, text and pages
//! * [`plan`], [`letters`]: what to ask of whom out of a report, and drafts of it
//! * [`law_map`]: a world map of one value per state
//! * [`footnotes`]: what several channels say alike, once
//! * [`escape`]: what attackers chose, made harmless
//! * [`claims`]: what no report may say, as a linter

pub mod claims;
pub mod escape;
pub mod explain;
pub mod footnotes;
pub mod geometry;
pub mod html;
pub mod inspect;
pub mod inspect_text;
pub mod json;
pub mod law;
pub mod law_map;
pub mod letters;
pub mod lookup;
pub mod model;
pub mod plan;
pub mod terminal;
