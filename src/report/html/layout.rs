//! Where labels go so that they do not cover each other.

use crate::report::geometry::Point;

/// A box in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    /// Left edge.
    pub(super) x: f64,
    /// Upper edge.
    pub(super) y: f64,
    /// Width.
    pub(super) w: f64,
    /// Height.
    pub(super) h: f64,
}

impl Area {
    /// A box around its middle.
    pub(super) fn around((x, y): Point, w: f64, h: f64) -> Self {
        Self { x: x - w / 2.0, y: y - h / 2.0, w, h }
    }

    /// Do the two share more than their edges?
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.x < other.x + other.w && other.x < self.x + self.w && self.y < other.y + other.h && other.y < self.y + self.h
    }

    /// Is the point inside?
    pub(super) fn holds(&self, (x, y): Point) -> bool {
        (self.x..=self.x + self.w).contains(&x) && (self.y..=self.y + self.h).contains(&y)
    }

    fn within(&self, (w, h): Point) -> bool {
        self.x >= 2.0 && self.y >= 2.0 && self.x + self.w <= w - 2.0 && self.y + self.h <= h - 2.0
    }
}

/// What already lies on a map.
pub(super) struct Layout {
    size: Point,
    taken: Vec<Area>,
    /// Points of lines: better not covered, but they may be.
    lines: Vec<Point>,
}

impl Layout {
    /// An empty map of this size, with lines on it.
    pub(super) fn new(size: Point, lines: Vec<Point>) -> Self {
        Self { size, taken: Vec::new(), lines }
    }

    /// Puts something where it must be.
    pub(super) fn take(&mut self, area: Area) {
        self.taken.push(area);
    }

    /// Takes the place among `choices` that is free and covers the fewest lines; earlier ones win ties.
    pub(super) fn find(&mut self, choices: impl IntoIterator<Item = Area>) -> Option<Area> {
        let free = choices.into_iter().filter(|c| c.within(self.size) && !self.taken.iter().any(|t| t.meets(c)));
        let best = free.min_by_key(|c| self.lines.iter().filter(|&&p| c.holds(p)).count())?;
        self.taken.push(best);
        Some(best)
    }
}

/// Places around `what` for a label of this size: right, left, below, above, then the corners.
pub(super) fn beside(what: Area, w: f64, h: f64) -> [Area; 8] {
    let gap = 3.0;
    let (left, right) = (what.x - gap - w, what.x + what.w + gap);
    let (above, below) = (what.y - h - 1.0, what.y + what.h + 1.0);
    let (cx, cy) = (what.x + what.w / 2.0 - w / 2.0, what.y + what.h / 2.0 - h / 2.0);
    [(right, cy), (left, cy), (cx, below), (cx, above), (right, above), (right, below), (left, above), (left, below)]
        .map(|(x, y)| Area { x, y, w, h })
}

/// Width in pixels that a text takes at a font size, roughly; East Asian characters count as wide.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    text.chars().map(|c| if u32::from(c) >= 0x1100 { 1.0 } else { 0.56 }).sum::<f64>() * size
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_takes_the_first_free_place_and_avoids_lines() {
        let dot = Area::around((50.0, 50.0), 10.0, 10.0);
        let mut layout = Layout::new((200.0, 100.0), vec![(70.0, 50.0)]);
        layout.take(dot);
        // Right of the dot runs a line, left of it is no room: below.
        assert_eq!(layout.find(beside(dot, 60.0, 12.0)), Some(beside(dot, 60.0, 12.0)[2]));
        // Now the place below is taken: above.
        assert_eq!(layout.find(beside(dot, 60.0, 12.0)), Some(beside(dot, 60.0, 12.0)[3]));
        assert_eq!(layout.find([Area::around((50.0, 50.0), 4.0, 4.0)]), None);
    }
}
