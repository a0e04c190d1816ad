//! A world map of one value per state: how states stand to an instrument, or where they stand on a line of argument.
//!
//! Equal Earth, so that a large state in the north gets no more ink than its area; Natural Earth at 1:110 million, with a
//! dot for every state that this scale has no outline of. What is unknown is hatched and never has the colour of "no".
//! Colours are told apart by people who see fewer of them (blue to sand by lightness; ColorBrewer's `PuOr` for the
//! two-sided scale, Harrower and Brewer, The Cartographic Journal 40(1), 2003), and hold on a light and on a dark page.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use super::escape::{entities, visible};
use super::geometry::{Frame, Land, Point, Projection, SUBPIXELS, Scale, Topology, draw, write_line};
use super::html::{Atlas, HtmlError};
use crate::model::faultline::Line;
use crate::model::law::{Grade, Status};
use crate::model::net::StateCode;

/// Width in pixels.
const WIDTH: f64 = 960.0;
/// Space at the sides of texts, in pixels.
const SIDE: f64 = 24.0;
/// Central meridian: it cuts the Bering Strait and no state's mainland.
const MERIDIAN: f64 = 11.0;
/// Radius of the dot for a state without an outline, in pixels.
const DOT: f64 = 4.2;
/// Longest text that is drawn, in characters.
const LONGEST: usize = 400;

/// What stands on the map for a state. A state that is not in the map of values has no data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MapValue {
    /// How it stands to an instrument.
    Status {
        /// On the day.
        status: Status,
        /// How well that is known.
        grade: Grade,
    },
    /// Where it stands on a line, from -1 to +1.
    Score {
        /// `None`: not enough items.
        score: Option<f32>,
        /// How many items.
        n: usize,
    },
    /// The state with which all agreements of a bundle are made.
    Home,
}

/// A place that no outline has for itself: part of a state that the outlines draw as they find it held.
#[derive(Clone, Debug, PartialEq)]
pub struct Spot {
    /// Its code, which may have more than two letters (`UA-43`).
    pub code: String,
    /// Its name.
    pub name: String,
    /// Latitude and longitude in degrees, north and east.
    pub centre: (f32, f32),
    /// Radius in pixels.
    pub radius: f32,
    /// `None`: no data.
    pub value: Option<MapValue>,
}

impl Spot {
    /// `Crimea and Sevastopol (UA-43): unknown`.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{} ({}): {}", self.name, self.code, words(self.value.as_ref()))
    }
}

/// Which legend the map has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Legend {
    /// Status of an instrument.
    Status,
    /// Scores on a line.
    Line(Line),
}

/// The words around the map.
#[derive(Clone, Debug)]
pub struct MapText<'a> {
    /// For example `Convention on Cybercrime (ETS185)`.
    pub title: &'a str,
    /// The day whose law is shown, and as of when the rows were read: in words.
    pub as_of: &'a str,
    /// More that a reader must know, a paragraph each; may be empty.
    pub notes: &'a [String],
    /// Where the rows were read.
    pub sources: &'a [Arc<str>],
    /// Places drawn over the outlines and named under the map, with values of their own. They are not counted in the legend.
    pub spots: &'a [Spot],
}

/// What stands under every map.
pub const DISCLAIMER: &str = "Boundaries and names are those of Natural Earth, which draws lines as they are held; they show no position on \
the status of any territory. A colour says what a table lists for a state, never what that state did.";

/// A class of the legend: CSS class, label.
struct Class {
    css: &'static str,
    label: &'static str,
}

const fn class(css: &'static str, label: &'static str) -> Class {
    Class { css, label }
}

/// Only a bundle of bilateral agreements has it.
const HOME: &str = "s7";

const STATUS: [Class; 8] = [
    class("s0", "party"),
    class("s1", "ratified, not yet in force for it"),
    class("s2", "signed, not ratified"),
    class("s3", "left or suspended"),
    class("s4", "not a party"),
    class("s5", "not extended to this territory"),
    class(HOME, "home of the bundle: every agreement is with it"),
    class("s6", "unknown, or not in the tables"),
];

const SCORE: [Class; 6] = [
    class("d0", "-1.0 to -0.6"),
    class("d1", "-0.6 to -0.2"),
    class("d2", "-0.2 to +0.2, between the poles"),
    class("d3", "+0.2 to +0.6"),
    class("d4", "+0.6 to +1.0"),
    class("s6", "no data: fewer than three items, or of one family only"),
];

impl Legend {
    fn classes(self) -> &'static [Class] {
        match self {
            Self::Status => &STATUS,
            Self::Line(_) => &SCORE,
        }
    }

    /// Class of a value, by index; what does not fit the legend has no data.
    fn class_of(self, value: Option<&MapValue>) -> usize {
        let last = self.classes().len() - 1;
        match (self, value) {
            (Self::Status, Some(MapValue::Status { status, .. })) => match status {
                Status::Party => 0,
                Status::Ratified => 1,
                Status::Signatory => 2,
                Status::Denounced | Status::Suspended => 3,
                Status::NotParty => 4,
                Status::NotExtended => 5,
                Status::Unknown => last,
            },
            (Self::Status, Some(MapValue::Home)) => 6,
            (Self::Line(_), Some(MapValue::Score { score: Some(s), .. })) if s.is_finite() => match *s {
                s if s < -0.6 => 0,
                s if s < -0.2 => 1,
                s if s <= 0.2 => 2,
                s if s <= 0.6 => 3,
                _ => 4,
            },
            _ => last,
        }
    }

    /// What the ends of the scale stand for.
    fn poles(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Status => None,
            Self::Line(Line::F1) => Some(("this is reserved or denied", "existing law applies")),
            Self::Line(Line::F2) => Some(("a state may block", "no right to block")),
            Self::Line(Line::F3) => Some(("states govern it alone", "others take part beside states")),
        }
    }
}

/// Value in words, for the text that appears on a state and is read out.
fn words(value: Option<&MapValue>) -> String {
    match value {
        None => "no data".to_owned(),
        Some(MapValue::Status { status: Status::Unknown, .. }) => "unknown".to_owned(),
        Some(MapValue::Home) => "home of the bundle, every agreement is with it".to_owned(),
        Some(MapValue::Status { status, grade }) => format!("{} ({grade})", status.as_str()),
        Some(MapValue::Score { score: Some(s), n }) if s.is_finite() => format!("{s:+.2} ({n} items)"),
        Some(MapValue::Score { n, .. }) => format!("no data ({n} item{})", if *n == 1 { "" } else { "s" }),
    }
}

/// The map as one SVG document, which also stands as it is within an HTML page. The same input gives the same bytes.
///
/// # Errors
/// Only if the outlines embedded in the program are damaged.
pub fn map(
    text: &MapText<'_>,
    values: &BTreeMap<StateCode, MapValue>,
    legend: Legend,
    atlas: &Atlas<'_>,
) -> Result<String, HtmlError> {
    let topology = Topology::read(Scale::World)?;
    let frame = frame();
    let land = draw(&topology, &frame, &|_| true);
    let outlined: BTreeSet<StateCode> = land.states.keys().copied().collect();

    let mut out = Sheet::default();
    out.text("t", text.title, 21.0);
    if let Legend::Line(line) = legend {
        out.text("b", &format!("{}: {}?", line.as_str(), line.question()), 14.0);
    }
    out.text("m", text.as_of, 13.0);
    out.y += 8.0;
    let top = out.y;
    let mut tally = vec![0usize; legend.classes().len()];
    let mut picture = String::new();
    outlines(&mut picture, &land, &frame, values, legend, atlas);
    dots(&mut picture, &frame, values, legend, atlas, &outlined);
    spots(&mut picture, &frame, text.spots, legend);
    for value in values.values() {
        if let Some(count) = tally.get_mut(legend.class_of(Some(value))) {
            *count += 1;
        }
    }
    out.y += frame.size.1 + 16.0;
    if let Some((minus, plus)) = legend.poles() {
        out.text("m", &format!("-1: {minus}. +1: {plus}."), 13.0);
        out.y += 9.0;
    }
    key(&mut out, legend, &tally);
    out.y += 6.0;
    for note in text.notes {
        out.text("n", note, 12.0);
    }
    if let Some(words) = spotted(text.spots) {
        out.text("n", &words, 12.0);
    }
    if !text.sources.is_empty() {
        let sources: Vec<&str> = text.sources.iter().map(AsRef::as_ref).collect();
        out.text("n", &format!("Sources: {}", sources.join("; ")), 12.0);
    }
    out.text("n", DISCLAIMER, 12.0);
    let height = (out.y + 14.0).ceil();
    let described = described(text, values, legend, &tally);
    let mut svg = String::with_capacity(picture.len() + out.body.len() + 4096);
    // Writing into a String cannot fail.
    let _ = write!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"lawmap\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\" aria-labelledby=\"lawmap-t lawmap-d\"><title id=\"lawmap-t\">{}</title><desc id=\"lawmap-d\">{}</desc>\
         <style>{STYLE}</style><defs>{PATTERNS}</defs><rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\"/>\
         <g transform=\"translate(0 {top:.1})\">{picture}</g>{}</svg>",
        xml(text.title),
        xml(&described),
        out.body
    );
    svg.push('\n');
    Ok(svg)
}

/// The frame without the empty south: nobody's law is drawn for Antarctica.
fn frame() -> Frame {
    let projection = Projection::EqualEarth { lon0: MERIDIAN };
    let right = projection.project_relative((180.0, 0.0)).0;
    let top = projection.project_relative((0.0, 84.5)).1;
    let bottom = projection.project_relative((0.0, -58.0)).1;
    let zoom = WIDTH / (2.0 * right);
    Frame { projection, corner: (-right, top), zoom, size: (WIDTH, ((top - bottom) * zoom).ceil()) }
}

fn outlines(
    svg: &mut String,
    land: &Land,
    frame: &Frame,
    values: &BTreeMap<StateCode, MapValue>,
    legend: Legend,
    atlas: &Atlas<'_>,
) {
    let scale = 1.0 / SUBPIXELS;
    let (w, h) = frame.size;
    let side = |x: f64| (-45..=45).map(move |lat| (x, f64::from(lat) * 2.0));
    let ring: Vec<Point> =
        side(-180.0).chain(side(180.0).rev()).map(|p| frame.pixel(frame.projection.project_relative(p))).collect();
    let mut sea = String::new();
    write_line(&ring, &mut sea);
    let _ = write!(
        svg,
        "<clipPath id=\"lawmap-c\"><rect width=\"{w}\" height=\"{h}\"/></clipPath><g clip-path=\"url(#lawmap-c)\">\
         <g transform=\"scale({scale})\"><path class=\"sea\" d=\"{sea}z\"/><path class=\"s6\" d=\"{}\"/>",
        land.all
    );
    for (n, class) in legend.classes().iter().enumerate() {
        // Hatched states lie under everything already; they still get their words.
        let css = if class.css == "s6" { "no" } else { class.css };
        let _ = write!(svg, "<g class=\"{css}\">");
        for (state, data) in &land.states {
            let value = values.get(state);
            if legend.class_of(value) == n {
                let _ = write!(svg, "<path d=\"{data}\"><title>{}</title></path>", xml(&label(*state, value, atlas)));
            }
        }
        svg.push_str("</g>");
    }
    let _ = write!(svg, "<path class=\"line\" d=\"{}\"/><path class=\"coast\" d=\"{}\"/></g></g>", land.borders, land.coast);
}

/// States that the scale has no outline of.
fn dots(
    svg: &mut String,
    frame: &Frame,
    values: &BTreeMap<StateCode, MapValue>,
    legend: Legend,
    atlas: &Atlas<'_>,
    outlined: &BTreeSet<StateCode>,
) {
    for (state, value) in values.iter().filter(|(s, _)| !outlined.contains(s)) {
        let Some((north, east)) = (atlas.state_centres)(*state) else { continue };
        let (x, y) = frame.place((f64::from(east), f64::from(north)));
        let Some(class) = legend.classes().get(legend.class_of(Some(value))) else { continue };
        if frame.shows((x, y)) {
            let _ = write!(
                svg,
                "<circle class=\"dot {}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{DOT}\"><title>{}</title></circle>",
                class.css,
                xml(&label(*state, Some(value), atlas))
            );
        }
    }
}

/// Places with a value of their own within the outline of a state, which has another.
fn spots(svg: &mut String, frame: &Frame, spots: &[Spot], legend: Legend) {
    for spot in spots {
        let (north, east) = spot.centre;
        let (x, y) = frame.place((f64::from(east), f64::from(north)));
        let Some(class) = legend.classes().get(legend.class_of(spot.value.as_ref())) else { continue };
        if frame.shows((x, y)) {
            let _ = write!(
                svg,
                "<circle class=\"dot {}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{:.1}\"><title>{}</title></circle>",
                class.css,
                spot.radius,
                xml(&spot.words())
            );
        }
    }
}

/// The same in words, each place once.
fn spotted(spots: &[Spot]) -> Option<String> {
    let mut words: Vec<String> = spots.iter().map(Spot::words).collect();
    words.dedup();
    (!words.is_empty()).then(|| format!("Drawn over the outlines, whoever holds them: {}.", words.join("; ")))
}

fn label(state: StateCode, value: Option<&MapValue>, atlas: &Atlas<'_>) -> String {
    let name = (atlas.state_names)(state).unwrap_or_else(|| state.to_string());
    format!("{name} ({state}): {}", words(value))
}

/// The legend with the number of states in each class.
fn key(out: &mut Sheet, legend: Legend, tally: &[usize]) {
    let mut x = SIDE;
    for (class, count) in legend.classes().iter().zip(tally).filter(|(class, count)| class.css != HOME || **count > 0) {
        let label = format!("{} ({count})", class.label);
        let wide = 22.0 + 6.0 + width(&label, 13.0) + 20.0;
        if x > SIDE && x + wide > WIDTH - SIDE {
            x = SIDE;
            out.y += 21.0;
        }
        let _ = write!(
            out.body,
            "<rect class=\"box {}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"22\" height=\"13\"/><text class=\"m\" x=\"{:.1}\" y=\"{:.1}\" \
             font-size=\"13\">{}</text>",
            class.css,
            out.y,
            x + 28.0,
            out.y + 11.0,
            xml(&label)
        );
        x += wide;
    }
    out.y += 24.0;
}

/// What a reader hears who does not see the map: the classes with their numbers and, where a class is small, its states.
fn described(text: &MapText<'_>, values: &BTreeMap<StateCode, MapValue>, legend: Legend, tally: &[usize]) -> String {
    let mut words = format!("World map, one colour per state. {}.", text.as_of.trim_end_matches('.'));
    for (n, (class, count)) in legend.classes().iter().zip(tally).enumerate().filter(|(_, (_, count))| **count > 0) {
        let _ = write!(words, " {}: {count}", class.label);
        if *count <= 90 {
            let codes: Vec<String> =
                values.iter().filter(|(_, v)| legend.class_of(Some(v)) == n).map(|(s, _)| s.to_string()).collect();
            let _ = write!(words, " ({})", codes.join(" "));
        }
        words.push('.');
    }
    if let Some(spotted) = spotted(text.spots) {
        words.push(' ');
        words.push_str(&spotted);
    }
    words
}

/// Texts under one another.
#[derive(Default)]
struct Sheet {
    body: String,
    y: f64,
}

impl Sheet {
    /// A paragraph, broken over lines.
    fn text(&mut self, css: &str, text: &str, size: f64) {
        let mut short: String = text.chars().take(LONGEST * 3).collect();
        if short.len() < text.len() {
            short.push('\u{2026}');
        }
        let shown = visible(&short).into_owned();
        let mut line = String::new();
        let mut lines = Vec::new();
        for word in shown.split_whitespace() {
            // A word that is longer than a line is broken: addresses are.
            let mut rest = word;
            loop {
                let room = WIDTH - 2.0 * SIDE - width(&line, size) - if line.is_empty() { 0.0 } else { width(" ", size) };
                if width(rest, size) <= room {
                    if !line.is_empty() {
                        line.push(' ');
                    }
                    line.push_str(rest);
                    break;
                }
                if line.is_empty() {
                    let fits = ((WIDTH - 2.0 * SIDE) / width("m", size)) as usize;
                    let cut = rest.char_indices().nth(fits.max(1)).map_or(rest.len(), |(i, _)| i);
                    lines.push(rest.get(..cut).unwrap_or_default().to_owned());
                    rest = rest.get(cut..).unwrap_or_default();
                    if rest.is_empty() {
                        break;
                    }
                } else {
                    lines.push(std::mem::take(&mut line));
                }
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        for line in lines {
            self.y += size * 1.38;
            let _ = write!(
                self.body,
                "<text class=\"{css}\" x=\"{SIDE}\" y=\"{:.1}\" font-size=\"{size}\">{}</text>",
                self.y,
                xml(&line)
            );
        }
        self.y += 3.0;
    }
}

/// Width in pixels that a text takes, roughly.
fn width(text: &str, size: f64) -> f64 {
    text.chars().map(|c| if u32::from(c) >= 0x1100 { 1.0 } else { 0.55 }).sum::<f64>() * size
}

/// Escaped for content and attributes, with everything unseen spelled out.
fn xml(text: &str) -> String {
    entities(&visible(text))
}

const PATTERNS: &str = "<pattern id=\"lawmap-h\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
<rect class=\"hb\" width=\"6\" height=\"6\"/><rect class=\"hl\" width=\"1.7\" height=\"6\"/></pattern>\
<pattern id=\"lawmap-H\" width=\"60\" height=\"60\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\">\
<rect class=\"hb\" width=\"60\" height=\"60\"/><rect class=\"hl\" width=\"17\" height=\"60\"/></pattern>\
<pattern id=\"lawmap-p\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\"><rect width=\"5\" height=\"5\" fill=\"#efe3c6\"/>\
<circle cx=\"2.5\" cy=\"2.5\" r=\"1.1\" fill=\"#5b4a1f\"/></pattern>\
<pattern id=\"lawmap-P\" width=\"50\" height=\"50\" patternUnits=\"userSpaceOnUse\"><rect width=\"50\" height=\"50\" fill=\"#efe3c6\"/>\
<circle cx=\"25\" cy=\"25\" r=\"11\" fill=\"#5b4a1f\"/></pattern>";

/// Patterns are drawn in tenths of a pixel within outlines, so there are two of each.
const STYLE: &str = ".lawmap{--paper:#fff;--ink:#17222c;--dim:#4a5863;--sea:#e8eff4;--line:#b9c4cc;--coast:#66757f;--hb:#fdfdfd;--hl:#8b98a2;\
max-width:100%;height:auto;font-family:\"Helvetica Neue\",\"Segoe UI\",\"Liberation Sans\",Arial,sans-serif}\
@media (prefers-color-scheme:dark){.lawmap{--paper:#11181e;--ink:#eef3f6;--dim:#b4c0c9;--sea:#1c2a35;--line:#0b1116;--coast:#8fa0ac;--hb:#2a343c;--hl:#7d8b96}}\
@media print{.lawmap{--paper:#fff;--ink:#17222c;--dim:#4a5863;--sea:#e8eff4;--line:#b9c4cc;--coast:#66757f;--hb:#fdfdfd;--hl:#8b98a2}}\
.lawmap .paper{fill:var(--paper)}.lawmap .sea{fill:var(--sea)}.lawmap .hb{fill:var(--hb)}.lawmap .hl{fill:var(--hl)}\
.lawmap .t{font-weight:600;fill:var(--ink)}.lawmap .b,.lawmap .m{fill:var(--ink)}.lawmap .n{fill:var(--dim)}\
.lawmap .line{fill:none;stroke:var(--line);stroke-width:6;stroke-linejoin:round}.lawmap .coast{fill:none;stroke:var(--coast);stroke-width:4;stroke-linejoin:round}\
.lawmap .s0{fill:#1b5e8c}.lawmap .s1{fill:#5b9bc7}.lawmap .s2{fill:#a9cfea}.lawmap .s3{fill:#b3541e}.lawmap .s4{fill:#efe3c6}\
.lawmap .s5{fill:url(#lawmap-P)}.lawmap .s6{fill:url(#lawmap-H)}.lawmap .s7{fill:#6f6f6f}.lawmap .no{fill:transparent}\
.lawmap .d0{fill:#b35806}.lawmap .d1{fill:#f1a340}.lawmap .d2{fill:#ddd6e2}.lawmap .d3{fill:#998ec3}.lawmap .d4{fill:#542788}\
.lawmap .box,.lawmap .dot{stroke:var(--coast);stroke-width:.9}.lawmap .box.s5,.lawmap .dot.s5{fill:url(#lawmap-p)}.lawmap .box.s6,.lawmap .dot.s6{fill:url(#lawmap-h)}";

#[cfg(test)]
mod tests {
    use super::*;

    fn code(code: &str) -> StateCode {
        StateCode::new(code).unwrap()
    }

    fn centres(state: StateCode) -> Option<(f32, f32)> {
        match state.as_str() {
            "MT" => Some((35.9, 14.5)),
            "SG" => Some((1.35, 103.8)),
            "TV" => Some((-8.5, 179.2)),
            _ => None,
        }
    }

    fn names(state: StateCode) -> Option<String> {
        (state.as_str() == "DE").then(|| "Germany".to_owned())
    }

    const ATLAS: Atlas<'static> = Atlas { state_centres: &centres, state_names: &names };

    fn status(status: Status) -> MapValue {
        MapValue::Status { status, grade: Grade::Confirmed }
    }

    fn values() -> BTreeMap<StateCode, MapValue> {
        [
            ("DE", Status::Party),
            ("MT", Status::Party),
            ("JP", Status::Ratified),
            ("IE", Status::Signatory),
            ("RU", Status::NotParty),
            ("GL", Status::NotExtended),
            ("VE", Status::Denounced),
            ("IN", Status::Unknown),
            ("TV", Status::Unknown),
        ]
        .map(|(c, s)| (code(c), status(s)))
        .into()
    }

    fn text() -> MapText<'static> {
        MapText {
            title: "Convention on Cybercrime (ETS185)",
            as_of: "Law as of 2026-11-22",
            notes: &[],
            sources: &[],
            spots: &[],
        }
    }

    /// The path of a state in a group of a class.
    fn group<'a>(svg: &'a str, css: &str) -> &'a str {
        let from = svg.split_once(&format!("<g class=\"{css}\">")).unwrap().1;
        from.split_once("</g>").unwrap().0
    }

    #[test]
    fn each_state_has_the_colour_of_its_status() {
        let svg = map(&text(), &values(), Legend::Status, &ATLAS).unwrap();
        for (css, label) in [
            ("s0", "Germany (DE): party (confirmed)"),
            ("s1", "JP (JP): ratified (confirmed)"),
            ("s2", "IE (IE): signatory (confirmed)"),
            ("s3", "VE (VE): denounced (confirmed)"),
            ("s4", "RU (RU): not-party (confirmed)"),
            ("s5", "GL (GL): not-extended (confirmed)"),
            ("no", "IN (IN): unknown"),
            ("no", "FR (FR): no data"),
        ] {
            assert!(group(&svg, css).contains(&format!("<title>{label}</title>")), "{label} is not in {css}");
        }
        // Unknown and no data never have the colour of "not a party".
        assert!(!group(&svg, "s4").contains("unknown") && !group(&svg, "s4").contains("no data"));
        // A state without an outline is a dot, one without a centre is nowhere, and both are counted.
        assert!(svg.contains("<circle class=\"dot s0\"") && svg.contains("<circle class=\"dot s6\""));
        assert!(svg.contains("party (2)") && svg.contains("unknown, or not in the tables (2)"));
    }

    /// Crimea lies in the outline of Russia at this scale; what the rule book says of it is drawn over that and named.
    #[test]
    fn a_place_within_an_outline_has_a_value_of_its_own() {
        let spot = |value| Spot { code: "UA-43".into(), name: "Crimea".into(), centre: (45.3, 34.4), radius: 5.0, value };
        let svg_with = |value, legend| {
            let spots = [spot(value)];
            map(&MapText { spots: &spots, ..text() }, &values(), legend, &ATLAS).unwrap()
        };
        let svg = svg_with(Some(status(Status::Unknown)), Legend::Status);
        let circle = svg.split("<circle").find(|c| c.contains("<title>Crimea (UA-43): unknown</title>")).unwrap();
        assert!(circle.starts_with(" class=\"dot s6\""), "{circle}");
        // After the outlines, so that it is seen.
        assert!(svg.find("Crimea (UA-43)").unwrap() < svg.find("<title>Germany").unwrap(), "the description comes first");
        assert!(svg.rfind("<title>Crimea").unwrap() > svg.rfind("class=\"coast\"").unwrap());
        assert!(crate::report::claims::text_of(&svg).contains("Crimea (UA-43): unknown"));
        assert!(svg.contains("unknown, or not in the tables (2)"), "it is not counted");
        assert!(svg_with(None, Legend::Line(Line::F1)).contains("<title>Crimea (UA-43): no data</title>"));
        assert!(svg_with(Some(status(Status::NotExtended)), Legend::Status).contains("class=\"dot s5\""));
    }

    #[test]
    fn the_home_of_a_bundle_has_a_class_of_its_own() {
        let mut values = values();
        assert!(!map(&text(), &values, Legend::Status, &ATLAS).unwrap().contains("home of the bundle"));
        values.insert(code("US"), MapValue::Home);
        let svg = map(&text(), &values, Legend::Status, &ATLAS).unwrap();
        assert!(group(&svg, "s7").contains("US (US): home of the bundle"));
        assert!(svg.contains("home of the bundle: every agreement is with it (1)"));
    }

    #[test]
    fn scores_fall_into_classes_at_the_bounds() {
        let line = Legend::Line(Line::F1);
        let score = |s: f32| line.class_of(Some(&MapValue::Score { score: Some(s), n: 5 }));
        assert_eq!(
            [-1.0, -0.61, -0.6, -0.21, -0.2, 0.0, 0.2, 0.21, 0.6, 0.61, 1.0].map(score),
            [0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4]
        );
        assert_eq!(line.class_of(Some(&MapValue::Score { score: None, n: 2 })), 5);
        assert_eq!(line.class_of(Some(&MapValue::Score { score: Some(f32::NAN), n: 2 })), 5);
        assert_eq!((line.class_of(None), line.class_of(Some(&status(Status::Party)))), (5, 5));
        let values = [("DE", Some(0.8)), ("RU", Some(-0.9)), ("BR", Some(0.0)), ("TD", None)]
            .map(|(c, score)| (code(c), MapValue::Score { score, n: 4 }))
            .into();
        let svg = map(&text(), &values, line, &ATLAS).unwrap();
        assert!(group(&svg, "d4").contains("Germany (DE): +0.80 (4 items)"));
        assert!(group(&svg, "d0").contains("RU (RU): -0.90") && group(&svg, "d2").contains("BR (BR): +0.00"));
        assert!(group(&svg, "no").contains("TD (TD): no data (4 items)"));
        assert!(svg.contains("F1: does existing international law apply") && svg.contains("-1: this is reserved or denied"));
    }

    #[test]
    fn the_map_is_small_the_same_twice_and_says_what_it_is() {
        let notes = ["Grades: 60 confirmed, 21 partly.".to_owned()];
        let sources = [Arc::from("https://www.coe.int/en/web/conventions/")];
        let text = MapText { notes: &notes, sources: &sources, ..text() };
        let svg = map(&text, &values(), Legend::Status, &ATLAS).unwrap();
        assert_eq!(svg, map(&text, &values(), Legend::Status, &ATLAS).unwrap());
        assert!(svg.len() < 400_000, "{} bytes", svg.len());
        for part in [
            "role=\"img\"",
            "<title id=\"lawmap-t\">Convention on Cybercrime",
            "Law as of 2026-11-22",
            "60 confirmed",
            "Sources: https",
        ] {
            assert!(svg.contains(part), "no {part}");
        }
        let plain = crate::report::claims::text_of(&svg).split_whitespace().collect::<Vec<_>>().join(" ");
        for part in ["show no position on the status", "party: 2 (DE MT).", "left or suspended: 1 (VE)."] {
            assert!(plain.contains(part), "no {part}");
        }
        for outside in ["http://", "url(http", "<script", "<image", "@import"] {
            assert!(!svg.replace("http://www.w3.org/2000/svg", "").contains(outside), "{outside}");
        }
    }

    #[test]
    fn no_text_becomes_markup() {
        let evil = |_: StateCode| Some("<script>alert(1)</script>\"'&\u{202e}".to_owned());
        let atlas = Atlas { state_centres: &centres, state_names: &evil };
        let notes = ["</svg><script>x</script>".to_owned(), "w".repeat(5000)];
        let sources = [Arc::from("\"><script>")];
        let spot = Spot { code: "<i>".into(), name: "<script>".into(), centre: (45.3, 34.4), radius: 5.0, value: None };
        let spots =
            [spot, Spot { code: "\u{1b}".into(), name: String::new(), centre: (f32::NAN, 1e30), radius: f32::NAN, value: None }];
        let text = MapText { title: "<b>\u{1b}[31m", as_of: "&amp;<", notes: &notes, sources: &sources, spots: &spots };
        let svg = map(&text, &values(), Legend::Status, &atlas).unwrap();
        assert!(!svg.contains("<script") && !svg.contains("<b>") && !svg.contains(['\u{202e}', '\u{1b}']));
        assert!(svg.len() < 400_000);
        assert_eq!(svg.matches("</svg>").count(), 1);
    }

    #[test]
    fn long_texts_are_broken_within_the_sheet() {
        let mut sheet = Sheet::default();
        sheet.text("n", &"word ".repeat(200), 12.0);
        sheet.text("n", &"x".repeat(400), 12.0);
        for line in sheet.body.split("</text>").filter_map(|t| t.rsplit('>').next()) {
            assert!(width(line, 12.0) <= WIDTH - 2.0 * SIDE + 1e-6, "{line}");
        }
        assert!(sheet.y > 100.0);
    }
}
