//! One self-contained page: no script, nothing fetched, the same bytes for the same report.
//!
//! What an attacker may have chosen is spelled out and escaped at one place: the formatter of the template
//! engine, which every value passes, and the same function in the pictures ([`escape`]). Besides, a content
//! security policy forbids scripts and every load.

mod diagram;
mod escape;
mod hop;
mod label;
mod law;
mod layout;
mod map;
mod page;
mod path_law;
mod route;
mod view;
mod words;

use minijinja::{AutoEscape, Environment, Error, Output, State, UndefinedBehavior, Value};

use super::geometry::GeometryError;
use super::model::ReportModel;
use crate::model::net::StateCode;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");

/// Why there is no page. Neither depends on what the report says.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HtmlError {
    /// The embedded map outlines are damaged.
    #[error("map: {0}")]
    Map(String),
    /// The embedded template is wrong.
    #[error("page template: {0}")]
    Template(String),
}

impl From<GeometryError> for HtmlError {
    fn from(e: GeometryError) -> Self {
        Self::Map(e.to_string())
    }
}

impl From<Error> for HtmlError {
    fn from(e: Error) -> Self {
        Self::Template(format!("{e:#}"))
    }
}

/// What the page needs to know of states beyond their codes. The caller fills it from its tables.
#[derive(Clone, Copy)]
pub struct Atlas<'a> {
    /// Centre of a state in degrees north and degrees east: where a hop is drawn of which only the state is known.
    pub state_centres: &'a dyn Fn(StateCode) -> Option<(f32, f32)>,
    /// English short name of a state.
    pub state_names: &'a dyn Fn(StateCode) -> Option<String>,
}

impl std::fmt::Debug for Atlas<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Atlas")
    }
}

/// The report as one HTML page with inline style and pictures.
///
/// # Errors
/// Only if what is embedded in the program is damaged; no report can cause one.
pub fn render(report: &ReportModel, atlas: &Atlas<'_>) -> Result<String, HtmlError> {
    let mut env = Environment::new();
    env.set_auto_escape_callback(|_| AutoEscape::Html);
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_formatter(write_visible);
    env.add_template("page", PAGE)?;
    let page = page::page(report, atlas)?;
    let context = Value::from(minijinja::value::Serde(&page));
    Ok(env.get_template("page")?.render(context)?)
}

/// Every text of the report passes here on its way into the page.
fn write_visible(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.as_str() {
        Some(text) if !value.is_safe() => out.write_str(&escape::html(text, escape::LONGEST)).map_err(Error::from),
        _ if value.is_none() => Ok(()),
        _ => minijinja::escape_formatter(out, state, value),
    }
}

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
