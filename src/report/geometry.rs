//! Map geometry: two equal-area projections, clipping and simplification of Natural Earth outlines.
//!
//! Equal area matters because states are shaded: a projection that inflates high latitudes would give the
//! same probability a larger patch of ink. The world is drawn in Equal Earth, a region in Lambert azimuthal
//! equal-area centred on it. Everything is plain arithmetic on what is handed in; nothing here does I/O.

mod outline;
mod topology;

pub(in crate::report) use outline::{Frame, Land, SUBPIXELS, draw, write_line};
pub(in crate::report) use topology::{GeometryError, Scale, Topology};

/// A point in degrees (longitude east, latitude north) or, after projection, in the plane.
pub(in crate::report) type Point = (f64, f64);

/// How the sphere is laid flat. Output is in radii of the sphere, x to the right, y up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::report) enum Projection {
    /// Equal Earth (Šavrič, Patterson and Jenny, IJGIS 33(3), 2019, equations 5 to 8) around a central meridian.
    EqualEarth {
        /// Central meridian, degrees east.
        lon0: f64,
    },
    /// Lambert azimuthal equal-area, spherical form (Snyder, USGS Professional Paper 1395, equations 24-2 to 24-4).
    Azimuthal {
        /// Centre, degrees east.
        lon0: f64,
        /// Centre, degrees north.
        lat0: f64,
    },
}

/// Coefficients of the Equal Earth polynomial.
const EE: [f64; 4] = [1.340264, -0.081106, 0.000893, 0.003796];

impl Projection {
    /// Longitude of the centre, degrees east.
    pub(in crate::report) fn lon0(self) -> f64 {
        match self {
            Self::EqualEarth { lon0 } | Self::Azimuthal { lon0, .. } => lon0,
        }
    }

    /// Projects a longitude that is already relative to the centre, so that both edges of the world stay apart.
    pub(in crate::report) fn project_relative(self, (dlon, lat): Point) -> Point {
        let (l, f) = (dlon.to_radians(), lat.clamp(-90.0, 90.0).to_radians());
        match self {
            Self::EqualEarth { .. } => {
                let t = (3f64.sqrt() / 2.0 * f.sin()).asin();
                let (t2, t6) = (t * t, t.powi(6));
                let [a, b, c, d] = EE;
                let slope = a + 3.0 * b * t2 + t6 * (7.0 * c + 9.0 * d * t2);
                let x = 2.0 * 3f64.sqrt() * l * t.cos() / (3.0 * slope);
                (x, t * (a + b * t2 + t6 * (c + d * t2)))
            }
            Self::Azimuthal { lat0, .. } => {
                let f0 = lat0.to_radians();
                let cosine = f0.sin() * f.sin() + f0.cos() * f.cos() * l.cos();
                // The antipode has no image: it is drawn on the rim (radius 2).
                let k = (2.0 / (1.0 + cosine).max(1e-9)).sqrt();
                (k * f.cos() * l.sin(), k * (f0.cos() * f.sin() - f0.sin() * f.cos() * l.cos()))
            }
        }
    }

    /// Projects a point in degrees.
    pub(in crate::report) fn project(self, (lon, lat): Point) -> Point {
        self.project_relative((wrap(lon - self.lon0()), lat))
    }

    /// The point in degrees that has this image; only for the azimuthal projection, and only inside its disc.
    pub(in crate::report) fn unproject(self, (x, y): Point) -> Option<Point> {
        let Self::Azimuthal { lon0, lat0 } = self else { return None };
        let rho = x.hypot(y);
        if rho < 1e-12 {
            return Some((lon0, lat0));
        }
        if rho > 2.0 {
            return None;
        }
        let (c, f0) = (2.0 * (rho / 2.0).asin(), lat0.to_radians());
        let lat = (c.cos() * f0.sin() + y * c.sin() * f0.cos() / rho).clamp(-1.0, 1.0).asin();
        let dlon = (x * c.sin()).atan2(rho * f0.cos() * c.cos() - y * f0.sin() * c.sin());
        Some((wrap(lon0 + dlon.to_degrees()), lat.to_degrees()))
    }
}

/// A longitude in -180..180.
pub(in crate::report) fn wrap(lon: f64) -> f64 {
    (lon + 180.0).rem_euclid(360.0) - 180.0
}

/// Angle between two points seen from the centre of the Earth, degrees.
pub(in crate::report) fn distance(a: Point, b: Point) -> f64 {
    let (p, q) = (unit(a), unit(b));
    let cross = [p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]];
    let sine = cross.iter().map(|v| v * v).sum::<f64>().sqrt();
    sine.atan2(p.iter().zip(q).map(|(u, v)| u * v).sum()).to_degrees()
}

/// The point on the unit sphere.
pub(in crate::report) fn unit((lon, lat): Point) -> [f64; 3] {
    let (l, f) = (lon.to_radians(), lat.to_radians());
    [f.cos() * l.cos(), f.cos() * l.sin(), f.sin()]
}

/// The direction of a vector, degrees; `None` for one that is almost zero.
pub(in crate::report) fn direction([x, y, z]: [f64; 3]) -> Option<Point> {
    let flat = x.hypot(y);
    (flat.hypot(z) > 1e-6).then(|| (y.atan2(x).to_degrees(), z.atan2(flat).to_degrees()))
}

/// Points of the great circle from `a` to `b`, both included, at most two degrees apart.
///
/// Antipodal ends have no single great circle; the way over the larger latitude is as good as any and is taken.
pub(in crate::report) fn great_circle(a: Point, b: Point) -> Vec<Point> {
    let angle = distance(a, b).to_radians();
    let steps = (angle.to_degrees() / 2.0).ceil().clamp(1.0, 90.0) as usize;
    let (p, q) = (unit(a), unit(b));
    let sine = angle.sin();
    if sine < 1e-9 {
        return vec![a, b];
    }
    let mut line = Vec::with_capacity(steps + 1);
    line.push(a);
    for i in 1..steps {
        let t = i as f64 / steps as f64;
        let (u, v) = (((1.0 - t) * angle).sin() / sine, (t * angle).sin() / sine);
        line.extend(direction([u * p[0] + v * q[0], u * p[1] + v * q[1], u * p[2] + v * q[2]]));
    }
    line.push(b);
    line
}

/// Cuts a line in degrees where it leaves one edge of a world map around `lon0` and comes back at the other.
/// Longitudes of the pieces are relative to `lon0`, in -180..=180.
pub(in crate::report) fn cut(line: &[Point], lon0: f64) -> Vec<Vec<Point>> {
    let mut pieces = Vec::new();
    let mut piece: Vec<Point> = Vec::new();
    for &(lon, lat) in line {
        let x = wrap(lon - lon0);
        if let Some(&(px, plat)) = piece.last()
            && (x - px).abs() > 180.0
        {
            let edge = 180f64.copysign(px);
            let run = x + 360f64.copysign(px) - px;
            let y = if run.abs() < 1e-12 { lat } else { plat + (lat - plat) * (edge - px) / run };
            piece.push((edge, y));
            pieces.push(std::mem::take(&mut piece));
            piece.push((-edge, y));
        }
        piece.push((x, lat));
    }
    pieces.push(piece);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: Point, b: Point, eps: f64) -> bool {
        (a.0 - b.0).abs() < eps && (a.1 - b.1).abs() < eps
    }

    #[test]
    fn equal_earth_has_the_published_extent() {
        let p = Projection::EqualEarth { lon0: 0.0 };
        // Šavrič et al.: the map is 2 x 2.70663 wide and 2 x 1.31736 high.
        assert!(near(p.project_relative((180.0, 0.0)), (2.706_63, 0.0), 1e-5));
        assert!(near(p.project((0.0, 90.0)), (0.0, 1.317_36), 1e-5));
    }

    #[test]
    fn both_projections_keep_areas() {
        let projections = [Projection::EqualEarth { lon0: 11.0 }, Projection::Azimuthal { lon0: 10.0, lat0: 50.0 }];
        for p in projections {
            for (lon, lat) in [(10.0, 0.0), (40.0, 60.0), (-60.0, -30.0), (12.0, 50.0)] {
                let d = 0.01;
                let (a, b, c) = (p.project((lon, lat)), p.project((lon + d, lat)), p.project((lon, lat + d)));
                let area = ((b.0 - a.0) * (c.1 - a.1) - (c.0 - a.0) * (b.1 - a.1)).abs();
                let sphere = d.to_radians().powi(2) * (lat + d / 2.0).to_radians().cos();
                assert!((area / sphere - 1.0).abs() < 1e-3, "{p:?} at {lon},{lat}: {}", area / sphere);
            }
        }
    }

    #[test]
    fn azimuthal_projection_comes_back() {
        let p = Projection::Azimuthal { lon0: 170.0, lat0: 35.0 };
        for point in [(170.0, 35.0), (-170.0, 40.0), (139.7, 35.7), (-122.4, 37.8)] {
            assert!(near(p.unproject(p.project(point)).unwrap_or((999.0, 0.0)), point, 1e-9));
        }
        assert_eq!(p.unproject((2.1, 0.0)), None);
    }

    #[test]
    fn great_circles_are_short_steps_on_the_shortest_way() {
        let line = great_circle((139.7, 35.7), (-122.4, 37.8));
        assert!(line.windows(2).all(|w| distance(w[0], w[1]) <= 2.0 + 1e-9));
        let length: f64 = line.windows(2).map(|w| distance(w[0], w[1])).sum();
        assert!((length - distance((139.7, 35.7), (-122.4, 37.8))).abs() < 1e-6);
        // It bends north of both ends.
        assert!(line.iter().any(|p| p.1 > 45.0));
        assert_eq!(great_circle((1.0, 2.0), (1.0, 2.0)).len(), 2);
    }

    #[test]
    fn a_line_over_the_edge_is_cut_at_the_edge() {
        let pieces = cut(&[(170.0, 10.0), (-170.0, 20.0)], 0.0);
        assert_eq!(pieces, [vec![(170.0, 10.0), (180.0, 15.0)], vec![(-180.0, 15.0), (-170.0, 20.0)]]);
        assert_eq!(cut(&[(170.0, 10.0), (-170.0, 20.0)], 180.0).len(), 1);
        assert_eq!(cut(&[(-170.0, 0.0), (170.0, 0.0)], 0.0)[0][1], (-180.0, 0.0));
    }
}
