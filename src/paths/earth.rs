//! Distances on the globe and what light in fibre can cover.

/// Latitude and longitude in degrees, north and east positive.
pub(super) type Point = (f32, f32);

/// Kilometres per millisecond of round trip: light in glass at 2/3 c, one way of the round trip (METHODS D.2).
pub(super) const KM_PER_MS: f64 = 100.0;

/// Great-circle distance in kilometres (haversine, mean radius 6,371 km). NaN for coordinates that are none.
pub(super) fn distance_km(a: Point, b: Point) -> f64 {
    let rad = |d: f32| f64::from(d).to_radians();
    let (lat_a, lat_b) = (rad(a.0), rad(b.0));
    let half = |d: f64| (d / 2.0).sin().powi(2);
    let h = half(lat_b - lat_a) + lat_a.cos() * lat_b.cos() * half(rad(b.1) - rad(a.1));
    2.0 * 6_371.0 * h.clamp(0.0, 1.0).sqrt().asin()
}

/// Are these coordinates on the globe?
pub(super) fn on_globe(p: Point) -> bool {
    p.0.is_finite() && p.1.is_finite() && p.0.abs() <= 90.0 && p.1.abs() <= 180.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_distances() {
        let (frankfurt, tokyo, auckland, suva) = ((50.11, 8.68), (35.68, 139.69), (-36.85, 174.76), (-18.14, 178.44));
        assert!((distance_km(frankfurt, tokyo) - 9_330.0).abs() < 40.0);
        assert!(distance_km((0.0, 179.9), (0.0, -179.9)) < 23.0, "the antimeridian is no wall");
        assert!((distance_km(auckland, suva) - 2_110.0).abs() < 40.0);
        assert_eq!(distance_km(tokyo, tokyo), 0.0);
        assert!(!on_globe((f32::NAN, 0.0)) && !on_globe((91.0, 0.0)) && on_globe((-90.0, 180.0)));
    }
}
