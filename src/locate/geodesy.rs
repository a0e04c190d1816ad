//! Distances on the sphere, and how far a round trip can reach.

/// Mean radius of the Earth (IUGG), km.
const EARTH_KM: f64 = 6371.0088;
/// Light in fibre: two thirds of c, there and back, so 100 km per ms of round trip (METHODS D.2).
pub(super) const FIBRE_KM_PER_MS: f64 = 100.0;
/// Light in vacuum, there and back: no medium beats this.
pub(super) const VACUUM_KM_PER_MS: f64 = 150.0;

/// Great-circle distance in km between two points in degrees (north, east).
#[must_use]
pub(super) fn distance_km(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (lat1, lat2) = (a.0.to_radians(), b.0.to_radians());
    let (dlat, dlon) = (lat2 - lat1, (b.1 - a.1).to_radians());
    let h = (dlat / 2.0).sin().powi(2) + lat1.cos() * lat2.cos() * (dlon / 2.0).sin().powi(2);
    2.0 * EARTH_KM * h.clamp(0.0, 1.0).sqrt().asin()
}

/// A point as tables hold it, widened.
#[must_use]
pub(super) fn wide(point: (f32, f32)) -> (f64, f64) {
    (f64::from(point.0), f64::from(point.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_distances() {
        let (frankfurt, new_york) = ((50.11, 8.68), (40.71, -74.0));
        assert!((distance_km(frankfurt, new_york) - 6206.0).abs() < 15.0);
        assert!((distance_km((0.0, 179.0), (0.0, -179.0)) - 222.4).abs() < 1.0);
        assert!((distance_km((90.0, 0.0), (-90.0, 0.0)) - 20_015.0).abs() < 1.0);
    }
}
