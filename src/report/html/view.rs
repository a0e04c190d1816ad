//! Which map a finding is drawn on. A few views are shared by all findings, so that the outlines, the largest
//! part of the page, are written once per view and not once per finding.

use super::route::{Link, Spot};
use crate::report::geometry::{Frame, Point, Projection, Scale, cut, direction, distance, great_circle, unit};

/// Width of every map in pixels.
pub(super) const WIDTH: f64 = 960.0;
/// Height of a regional map in pixels.
const REGION_HEIGHT: f64 = 520.0;
/// Half the width of a regional map in degrees of a great circle: a few fixed sizes, so that views are shared.
const HALF_WIDTHS: [u8; 8] = [13, 17, 21, 26, 32, 39, 48, 63];
/// Pixels that no hop may come nearer to the edge of a regional map.
const MARGIN: (f64, f64) = (70.0, 45.0);
/// Paths whose hops lie within this many degrees of their middle get a regional map.
const REGION_RADIUS: f64 = 55.0;
/// The central meridians of the world maps: 11 degrees east cuts the Bering Strait, 160 the Atlantic.
const MERIDIANS: [i16; 2] = [11, 160];

/// A map view; equal keys show the same outlines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum View {
    /// Equal Earth.
    World {
        /// Central meridian, degrees east.
        lon0: i16,
        /// From pole to pole (only if a hop is near one)?
        whole: bool,
    },
    /// Lambert azimuthal equal-area.
    Region {
        /// Centre, degrees east.
        lon0: i16,
        /// Centre, degrees north.
        lat0: i16,
        /// Half the width, degrees.
        half: u8,
    },
}

impl View {
    /// The view that suits these hops best; `None` without any.
    pub(super) fn choose(spots: &[Spot], links: &[Link]) -> Option<Self> {
        spots.first()?;
        Some(Self::region(spots, links).unwrap_or_else(|| Self::world(spots, links)))
    }

    /// The world map that cuts the fewest links.
    pub(super) fn world(spots: &[Spot], links: &[Link]) -> Self {
        let at = |hop: usize| spots.iter().find(|s| s.hop == hop).map(|s| s.at);
        let cuts = |lon0: i16| {
            let ends = links.iter().filter_map(|l| at(l.from).zip(at(l.to)));
            ends.filter(|&(a, b)| cut(&great_circle(a, b), f64::from(lon0)).len() > 1).count()
        };
        let lon0 = MERIDIANS.into_iter().min_by_key(|&m| cuts(m)).unwrap_or(MERIDIANS[0]);
        Self::World { lon0, whole: spots.iter().any(|s| !(-56.0..=82.0).contains(&s.at.1)) }
    }

    fn region(spots: &[Spot], links: &[Link]) -> Option<Self> {
        let sum = spots.iter().map(|s| unit(s.at)).fold([0.0; 3], |a, b| [a[0] + b[0], a[1] + b[1], a[2] + b[2]]);
        // The middle of the box around the hops, not their mean: a path with nine hops in one city and one far away
        // must not be pulled to the city. The box depends on where the projection is centred, hence the rounds.
        let mut centre = direction(sum)?;
        for _ in 0..4 {
            let flat = Projection::Azimuthal { lon0: centre.0, lat0: centre.1 };
            let (mut low, mut high) = ((f64::MAX, f64::MAX), (f64::MIN, f64::MIN));
            for s in spots {
                if distance(s.at, centre) > 80.0 {
                    return None;
                }
                let p = flat.project(s.at);
                low = (low.0.min(p.0), low.1.min(p.1));
                high = (high.0.max(p.0), high.1.max(p.1));
            }
            centre = flat.unproject(((low.0 + high.0) / 2.0, (low.1 + high.1) / 2.0))?;
        }
        if centre.1.abs() > 68.0 || spots.iter().any(|s| distance(s.at, centre) > REGION_RADIUS) {
            return None;
        }
        let at = |hop: usize| spots.iter().find(|s| s.hop == hop).map(|s| s.at);
        let ends = links.iter().filter_map(|l| at(l.from).zip(at(l.to)));
        // Great circles bulge: they have to be in the picture too, though the margin is for hops only.
        let ways: Vec<Point> = ends.flat_map(|(a, b)| great_circle(a, b)).collect();
        HALF_WIDTHS.into_iter().find_map(|half| {
            // The wider the view, the coarser the grid its centre sits on.
            let grid = (f64::from(half) / 12.0).round().max(1.0);
            let snapped = |v: f64| ((v / grid).round() * grid) as i16;
            let view = Self::Region { lon0: snapped(centre.0), lat0: snapped(centre.1), half };
            let frame = view.frame();
            let inside = |p: Point| {
                (MARGIN.0..=frame.size.0 - MARGIN.0).contains(&p.0) && (MARGIN.1..=frame.size.1 - MARGIN.1).contains(&p.1)
            };
            let fits = spots.iter().all(|s| inside(frame.place(s.at))) && ways.iter().all(|&p| frame.shows(frame.place(p)));
            fits.then_some(view)
        })
    }

    /// Projection and scale of the view.
    pub(super) fn frame(self) -> Frame {
        match self {
            Self::World { lon0, whole } => {
                let projection = Projection::EqualEarth { lon0: f64::from(lon0) };
                let right = projection.project_relative((180.0, 0.0)).0;
                let top = projection.project_relative((0.0, if whole { 90.0 } else { 84.5 })).1;
                let bottom = projection.project_relative((0.0, if whole { -90.0 } else { -58.0 })).1;
                let zoom = WIDTH / (2.0 * right);
                Frame { projection, corner: (-right, top), zoom, size: (WIDTH, ((top - bottom) * zoom).ceil()) }
            }
            Self::Region { lon0, lat0, half } => {
                let projection = Projection::Azimuthal { lon0: f64::from(lon0), lat0: f64::from(lat0) };
                let right = 2.0 * (f64::from(half).to_radians() / 2.0).sin();
                let zoom = WIDTH / (2.0 * right);
                let corner = (-right, REGION_HEIGHT / 2.0 / zoom);
                Frame { projection, corner, zoom, size: (WIDTH, REGION_HEIGHT) }
            }
        }
    }

    /// Which outlines suit its scale.
    pub(super) fn scale(self) -> Scale {
        match self {
            Self::Region { half, .. } if half < 39 => Scale::Region,
            _ => Scale::World,
        }
    }

    /// Degrees between the lines of its graticule.
    pub(super) fn graticule(self) -> i16 {
        match self {
            Self::World { .. } => 30,
            Self::Region { half, .. } if half > 30 => 15,
            Self::Region { half, .. } if half > 12 => 10,
            Self::Region { .. } => 5,
        }
    }

    /// In words, for the caption.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::World { .. } => "World in Equal Earth projection (equal-area)",
            Self::Region { .. } => "Region in Lambert azimuthal equal-area projection",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::hop::Knowledge;

    fn spots(at: &[Point]) -> Vec<Spot> {
        at.iter().enumerate().map(|(hop, &at)| Spot { hop, at, exact: true }).collect()
    }

    #[test]
    fn a_path_within_europe_gets_a_region_that_shows_all_of_it() {
        let s = spots(&[(13.4, 52.5), (8.7, 50.1), (2.35, 48.86), (-3.7, 40.4)]);
        let view = View::choose(&s, &[]).unwrap();
        assert!(matches!(view, View::Region { half: ..=21, .. }), "{view:?}");
        assert!(s.iter().all(|s| view.frame().shows(view.frame().place(s.at))));
        assert_eq!(View::choose(&[], &[]), None);
    }

    #[test]
    fn a_path_over_the_atlantic_fills_its_map() {
        let s = spots(&[(4.9, 52.4), (-0.1, 51.5), (-74.0, 40.7), (-118.2, 34.1), (-99.1, 19.4)]);
        let link = |from, to| Link { from, to, kind: Knowledge::Observed };
        let view = View::choose(&s, &[link(0, 1), link(1, 2), link(2, 3), link(3, 4)]).unwrap();
        assert!(matches!(view, View::Region { .. }), "{view:?}");
        // Every point of every link is in the picture, not only the ends.
        assert!(great_circle(s[2].at, s[3].at).iter().all(|&p| view.frame().shows(view.frame().place(p))));
    }

    #[test]
    fn a_path_around_the_globe_gets_the_world_with_the_fewest_cuts() {
        let s = spots(&[(139.7, 35.7), (-122.4, 37.8), (13.4, 52.5), (-46.6, -23.5)]);
        let link = |from, to| Link { from, to, kind: Knowledge::Observed };
        assert_eq!(View::choose(&s, &[link(0, 1)]), Some(View::World { lon0: 160, whole: false }));
        assert_eq!(View::choose(&s, &[link(1, 2)]), Some(View::World { lon0: 11, whole: false }));
    }

    #[test]
    fn antipodes_and_poles_do_not_break_the_choice() {
        for at in [vec![(0.0, 0.0), (180.0, 0.0)], vec![(0.0, 90.0)], vec![(0.0, -90.0)], vec![(180.0, 10.0), (-180.0, 12.0)]] {
            let s = spots(&at);
            let view = View::choose(&s, &[]).unwrap();
            assert!(s.iter().all(|s| view.frame().shows(view.frame().place(s.at))), "{at:?} {view:?}");
        }
    }
}
