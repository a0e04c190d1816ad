//! Natural Earth outlines as TopoJSON (Bostock's specification, 2013): shared arcs, quantised, delta-coded.
//! Neighbours share the arc of their border, so simplifying an arc once keeps both sides together.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Point;
use crate::model::net::StateCode;

/// Largest unpacked outline file that is read; the larger of the embedded ones has 0.76 MB.
const UNPACKED_CAP: usize = 4 << 20;

const WORLD: &[u8] = include_bytes!("../../../data/geo/ne-countries-110m.topojson.zst");
const REGION: &[u8] = include_bytes!("../../../data/geo/ne-countries-50m.topojson.zst");
/// First columns: alpha-2, alpha-3, numeric code. Outlines carry the numeric code.
const CODES: &str = include_str!("../../../data/geo/countries.tsv");

/// The embedded outlines cannot be read: a fault of the build, not of a report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(in crate::report) enum GeometryError {
    /// Not a Zstandard frame, or too large.
    #[error("embedded outlines do not unpack: {0}")]
    Unpack(std::io::Error),
    /// Not the TopoJSON that was expected.
    #[error("embedded outlines do not parse: {0}")]
    Parse(#[from] serde_json::Error),
}

/// Natural Earth's two scales that are embedded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::report) enum Scale {
    /// 1:110 million.
    World,
    /// 1:50 million.
    Region,
}

#[derive(Deserialize)]
struct File {
    transform: Transform,
    arcs: Vec<Vec<(i64, i64)>>,
    objects: Objects,
}

#[derive(Deserialize)]
struct Transform {
    scale: Point,
    translate: Point,
}

#[derive(Deserialize)]
struct Objects {
    countries: Collection,
}

#[derive(Deserialize)]
struct Collection {
    geometries: Vec<Shape>,
}

#[derive(Deserialize)]
struct Shape {
    id: Option<String>,
    properties: Properties,
    #[serde(flatten)]
    rings: Rings,
}

#[derive(Deserialize)]
struct Properties {
    name: String,
}

#[derive(Deserialize)]
#[serde(tag = "type")]
enum Rings {
    Polygon { arcs: Vec<Vec<i64>> },
    MultiPolygon { arcs: Vec<Vec<Vec<i64>>> },
}

/// An area of the map.
pub(in crate::report) struct Area {
    /// Its code; `None` for areas that have none (Northern Cyprus, Somaliland, Siachen Glacier).
    pub(in crate::report) state: Option<StateCode>,
    /// Rings as arc references: `n` forwards, `!n` backwards.
    pub(in crate::report) rings: Vec<Vec<i64>>,
}

/// Outlines in degrees.
pub(in crate::report) struct Topology {
    /// Lines; consecutive longitudes never differ by more than 180 (they may leave -180..180 instead).
    pub(in crate::report) arcs: Vec<Vec<Point>>,
    /// How often each arc bounds an area: 1 is coast, 2 a border.
    pub(in crate::report) uses: Vec<u8>,
    /// Areas, in the order of the file.
    pub(in crate::report) areas: Vec<Area>,
}

impl Topology {
    /// Reads the embedded outlines of one scale.
    pub(in crate::report) fn read(scale: Scale) -> Result<Self, GeometryError> {
        let packed = match scale {
            Scale::World => WORLD,
            Scale::Region => REGION,
        };
        let bytes = zstd::bulk::decompress(packed, UNPACKED_CAP).map_err(GeometryError::Unpack)?;
        Ok(Self::from_file(serde_json::from_slice(&bytes)?))
    }

    fn from_file(file: File) -> Self {
        let (scale, shift) = (file.transform.scale, file.transform.translate);
        let arcs: Vec<Vec<Point>> = file
            .arcs
            .iter()
            .map(|arc| {
                let (mut x, mut y) = (0i64, 0i64);
                let degrees = arc.iter().map(|&(dx, dy)| {
                    x = x.saturating_add(dx);
                    y = y.saturating_add(dy);
                    (x as f64 * scale.0 + shift.0, y as f64 * scale.1 + shift.1)
                });
                unwrapped(degrees)
            })
            .collect();
        let codes = numeric_codes();
        let mut uses = vec![0u8; arcs.len()];
        let areas = file.objects.countries.geometries.into_iter().map(|shape| {
            let rings = match shape.rings {
                Rings::Polygon { arcs } => arcs,
                Rings::MultiPolygon { arcs } => arcs.into_iter().flatten().collect(),
            };
            for &reference in rings.iter().flatten() {
                if let Some(count) = uses.get_mut(arc_index(reference)) {
                    *count = count.saturating_add(1);
                }
            }
            let state = match shape.id.as_deref() {
                Some(number) => codes.get(number).copied(),
                // Kosovo has no ISO code; XK is the user-assigned one.
                None => (shape.properties.name == "Kosovo").then(|| StateCode::new("XK")).flatten(),
            };
            Area { state, rings }
        });
        let areas = areas.collect();
        Self { arcs, uses, areas }
    }

    /// A ring as one closed line in degrees (the last point is not repeated), out of arcs that were perhaps
    /// simplified. A ring around a pole is closed over that pole.
    pub(in crate::report) fn ring(arcs: &[Vec<Point>], references: &[i64]) -> Vec<Point> {
        let mut points: Vec<Point> = Vec::new();
        for &reference in references {
            let Some(arc) = arcs.get(arc_index(reference)) else { continue };
            let skip = usize::from(!points.is_empty());
            if reference < 0 {
                points.extend(arc.iter().rev().skip(skip));
            } else {
                points.extend(arc.iter().skip(skip));
            }
        }
        let mut points = unwrapped(points.into_iter());
        if let (Some(&first), Some(&last)) = (points.first(), points.last()) {
            if (last.0 - first.0).abs() > 180.0 {
                let pole = 90f64.copysign(first.1);
                points.extend([(last.0, pole), (first.0, pole)]);
            } else {
                points.pop();
            }
        }
        points
    }
}

/// Arc that a reference means: TopoJSON writes a reversed arc as its one's complement.
pub(in crate::report) fn arc_index(reference: i64) -> usize {
    usize::try_from(if reference < 0 { !reference } else { reference }).unwrap_or(usize::MAX)
}

/// Adds or takes whole turns so that no step is longer than half a turn.
fn unwrapped(points: impl Iterator<Item = Point>) -> Vec<Point> {
    let mut turn = 0.0;
    let mut before: Option<f64> = None;
    points
        .map(|(lon, lat)| {
            if let Some(b) = before {
                while lon + turn - b > 180.0 {
                    turn -= 360.0;
                }
                while lon + turn - b < -180.0 {
                    turn += 360.0;
                }
            }
            before = Some(lon + turn);
            (lon + turn, lat)
        })
        .collect()
}

fn numeric_codes() -> BTreeMap<&'static str, StateCode> {
    CODES
        .lines()
        .filter_map(|line| {
            let mut columns = line.split('\t');
            let (alpha2, _, number) = (columns.next()?, columns.next()?, columns.next()?);
            Some((number, StateCode::new(alpha2)?))
        })
        .filter(|(number, _)| number.len() == 3 && number.bytes().all(|b| b.is_ascii_digit()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_scales_read_and_name_their_states() {
        for (scale, areas, nameless) in [(Scale::World, 177, 2), (Scale::Region, 241, 4)] {
            let t = Topology::read(scale).unwrap();
            assert_eq!(t.areas.len(), areas);
            assert_eq!(t.areas.iter().filter(|a| a.state.is_none()).count(), nameless, "{scale:?}");
            for code in ["DE", "FR", "XK", "US", "FJ", "AQ", "TW", "PS"] {
                assert!(t.areas.iter().any(|a| a.state == StateCode::new(code)), "{code} at {scale:?}");
            }
        }
    }

    #[test]
    fn no_ring_jumps_across_the_map() {
        let t = Topology::read(Scale::World).unwrap();
        for area in &t.areas {
            for ring in &area.rings {
                let points = Topology::ring(&t.arcs, ring);
                let pole = points.iter().any(|p| p.1 <= -90.0);
                assert!(points.windows(2).all(|w| pole || (w[0].0 - w[1].0).abs() < 90.0), "{:?}", area.state);
                assert_eq!(pole, area.state == StateCode::new("AQ") && points.len() > 100, "{:?}", area.state);
            }
        }
    }
}
