//! From the detector's map to slanted rectangles, after DB (Liao et al. 2020, "Real-time scene
//! text detection with differentiable binarization"): patches above a threshold, each widened
//! by the margin that training took off.

/// A pixel is text from here on.
const TEXT: f32 = 0.3;
/// A patch is text when its pixels' mean reaches this.
const PATCH: f64 = 0.6;
/// Area × this ÷ perimeter is the margin of a patch.
const MARGIN: f64 = 1.6;
/// The smallest side of a patch, in pixels of the map.
const SMALLEST: f64 = 3.0;
/// From this ratio of height to width on, text stands upright and reads downwards.
const UPRIGHT: f64 = 1.5;

type Point = (f64, f64);

/// A rectangle in a picture, in pixels; text runs along `along`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Region {
    pub(crate) centre: Point,
    /// Unit vector of the reading direction.
    pub(crate) along: Point,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Region {
    /// The point at `(x, y)` of the rectangle, each from 0 to 1, from its top left.
    pub(crate) fn at(&self, x: f64, y: f64) -> Point {
        let (right, down) = ((x - 0.5) * self.width, (y - 0.5) * self.height);
        let (ax, ay) = self.along;
        (
            self.centre.0 + right * ax - down * ay,
            self.centre.1 + right * ay + down * ax,
        )
    }

    /// The part between two fractions of the width.
    pub(crate) fn part(&self, from: f64, to: f64) -> Self {
        Self {
            centre: self.at((from + to) / 2.0, 0.5),
            width: self.width * (to - from),
            ..*self
        }
    }

    /// Top left, top right, bottom right, bottom left, as the text reads.
    pub(crate) fn corners(&self) -> [Point; 4] {
        [
            self.at(0.0, 0.0),
            self.at(1.0, 0.0),
            self.at(1.0, 1.0),
            self.at(0.0, 1.0),
        ]
    }
}

/// The regions of a map of `width` × `height` values, in the order that a person reads; `scale`
/// leads from the map's pixels to the picture's.
pub(crate) fn find(map: &[f32], size: (usize, usize), scale: Point) -> Vec<Region> {
    let mut seen = vec![false; map.len()];
    let mut regions: Vec<_> = (0..map.len())
        .filter_map(|start| region(&patch(map, size, start, &mut seen)?, scale))
        .collect();
    sort_for_reading(&mut regions);
    regions
}

/// The connected pixels of text around `start`, unless they were seen or are too faint.
fn patch(
    map: &[f32],
    (width, height): (usize, usize),
    start: usize,
    seen: &mut [bool],
) -> Option<Vec<Point>> {
    if seen[start] || map[start] <= TEXT {
        return None;
    }
    seen[start] = true;
    let mut open = vec![start];
    let mut points = Vec::new();
    let mut sum = 0.0;
    while let Some(place) = open.pop() {
        let (x, y) = (place % width, place / width);
        points.push((x as f64 + 0.5, y as f64 + 0.5));
        sum += f64::from(map[place]);
        for near_y in y.saturating_sub(1)..=(y + 1).min(height - 1) {
            for near_x in x.saturating_sub(1)..=(x + 1).min(width - 1) {
                let near = near_y * width + near_x;
                if !seen[near] && map[near] > TEXT {
                    seen[near] = true;
                    open.push(near);
                }
            }
        }
    }
    (sum / points.len() as f64 >= PATCH).then_some(points)
}

fn region(points: &[Point], scale: Point) -> Option<Region> {
    let scaled = points.iter().map(|(x, y)| (x * scale.0, y * scale.1));
    let pixel = f64::midpoint(scale.0, scale.1);
    let tight = smallest_rectangle(&hull(scaled.collect()), pixel);
    if tight.width.min(tight.height) < SMALLEST * pixel {
        return None;
    }
    let margin = tight.width * tight.height * MARGIN / (2.0 * (tight.width + tight.height));
    Some(Region {
        width: tight.width + 2.0 * margin,
        height: tight.height + 2.0 * margin,
        ..tight
    })
}

/// Convex hull by the monotone chain (Andrew 1979).
fn hull(mut points: Vec<Point>) -> Vec<Point> {
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut hull = half_hull(points.iter());
    hull.extend(half_hull(points.iter().rev()));
    hull
}

fn half_hull<'a>(points: impl Iterator<Item = &'a Point>) -> Vec<Point> {
    let mut half: Vec<Point> = Vec::new();
    for point in points {
        while let [.., a, b] = half[..] {
            let turn = (b.0 - a.0) * (point.1 - a.1) - (b.1 - a.1) * (point.0 - a.0);
            if turn > 0.0 {
                break;
            }
            half.pop();
        }
        half.push(*point);
    }
    half.pop();
    half
}

/// The smallest rectangle around a hull; one of its sides lies on a side of the hull. `pixel` is
/// added to both sides because points are the middles of pixels.
fn smallest_rectangle(hull: &[Point], pixel: f64) -> Region {
    let next = hull.iter().cycle().skip(1);
    hull.iter()
        .zip(next)
        .map(|(a, b)| (b.0 - a.0, b.1 - a.1))
        .filter(|(x, y)| x.hypot(*y) > 0.0)
        // a single point or a straight line still has a level rectangle
        .chain([(1.0, 0.0)])
        .map(|side| rectangle(hull, reading_direction(side), pixel))
        .min_by(|a, b| (a.width * a.height).total_cmp(&(b.width * b.height)))
        .map_or_else(|| rectangle(hull, (1.0, 0.0), pixel), turned_if_upright)
}

/// Of the four directions of a rectangle with this side, the one nearest to rightwards.
fn reading_direction((x, y): Point) -> Point {
    let length = x.hypot(y);
    let (x, y) = (x / length, y / length);
    if x.abs() >= y.abs() {
        (x * x.signum(), y * x.signum())
    } else {
        (y * y.signum(), -x * y.signum())
    }
}

fn rectangle(hull: &[Point], along: Point, pixel: f64) -> Region {
    let (mut low, mut high) = ((f64::MAX, f64::MAX), (f64::MIN, f64::MIN));
    for (x, y) in hull {
        let (u, v) = (x * along.0 + y * along.1, y * along.0 - x * along.1);
        low = (low.0.min(u), low.1.min(v));
        high = (high.0.max(u), high.1.max(v));
    }
    let (u, v) = (f64::midpoint(low.0, high.0), f64::midpoint(low.1, high.1));
    Region {
        centre: (u * along.0 - v * along.1, u * along.1 + v * along.0),
        along,
        width: high.0 - low.0 + pixel,
        height: high.1 - low.1 + pixel,
    }
}

fn turned_if_upright(region: Region) -> Region {
    if region.height < UPRIGHT * region.width {
        return region;
    }
    Region {
        along: (-region.along.1, region.along.0),
        width: region.height,
        height: region.width,
        ..region
    }
}

/// Top to bottom; what overlaps by half a height is one row and goes from left to right.
fn sort_for_reading(regions: &mut [Region]) {
    regions.sort_by(|a, b| a.centre.1.total_cmp(&b.centre.1));
    let mut start = 0;
    while start < regions.len() {
        let row = regions[start];
        let same = |other: &Region| other.centre.1 - row.centre.1 < row.height / 2.0;
        let end = start
            + regions[start..]
                .iter()
                .take_while(|other| same(other))
                .count();
        regions[start..end].sort_by(|a, b| a.centre.0.total_cmp(&b.centre.0));
        start = end;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use proptest::prelude::*;

    use super::{Region, find};

    const SIZE: (usize, usize) = (160, 120);

    /// A map that is text inside the given regions.
    fn map(regions: &[Region]) -> Vec<f32> {
        let inside = |x: f64, y: f64| {
            regions.iter().any(|region| {
                let (dx, dy) = (x - region.centre.0, y - region.centre.1);
                let along = dx * region.along.0 + dy * region.along.1;
                let across = dy * region.along.0 - dx * region.along.1;
                along.abs() <= region.width / 2.0 && across.abs() <= region.height / 2.0
            })
        };
        (0..SIZE.0 * SIZE.1)
            .map(|place| {
                let (x, y) = (place % SIZE.0, place / SIZE.0);
                f32::from(u8::from(inside(x as f64 + 0.5, y as f64 + 0.5))) * 0.9
            })
            .collect()
    }

    fn level(x: f64, y: f64, width: f64, height: f64) -> Region {
        Region {
            centre: (x, y),
            along: (1.0, 0.0),
            width,
            height,
        }
    }

    #[test]
    fn rows_are_read_from_the_top_and_from_the_left() {
        let words = [
            level(120.0, 31.0, 40.0, 10.0),
            level(40.0, 30.0, 40.0, 10.0),
            level(80.0, 90.0, 60.0, 12.0),
        ];
        let centres: Vec<_> = find(&map(&words), SIZE, (2.0, 2.0))
            .iter()
            .map(|region| (region.centre.0.round(), region.centre.1.round()))
            .collect();
        assert_eq!(centres, [(80.0, 60.0), (240.0, 62.0), (160.0, 180.0)]);
    }

    #[test]
    fn upright_text_reads_downwards() {
        let found = find(&map(&[level(80.0, 60.0, 12.0, 80.0)]), SIZE, (1.0, 1.0));
        let [region] = found[..] else {
            panic!("{found:?}")
        };
        assert!(region.width > region.height);
        assert!((region.along.0.abs(), region.along.1) == (0.0, 1.0));
    }

    #[test]
    fn specks_and_faint_patches_are_no_text() {
        assert!(find(&map(&[level(80.0, 60.0, 40.0, 2.0)]), SIZE, (1.0, 1.0)).is_empty());
        let faint: Vec<_> = map(&[level(80.0, 60.0, 40.0, 10.0)])
            .iter()
            .map(|value| value * 0.5)
            .collect();
        assert!(find(&faint, SIZE, (1.0, 1.0)).is_empty());
    }

    proptest! {
        #[test]
        fn a_slanted_line_is_found_where_it_is(
            degrees in -40.0_f64..40.0,
            width in 50.0_f64..90.0,
            height in 8.0_f64..16.0,
        ) {
            let angle = degrees.to_radians();
            let line = Region { centre: (80.0, 60.0), along: (angle.cos(), angle.sin()), width, height };
            let found = find(&map(&[line]), SIZE, (1.0, 1.0));
            prop_assert_eq!(found.len(), 1);
            let region = found[0];
            prop_assert!((region.centre.0 - 80.0).hypot(region.centre.1 - 60.0) < 2.0);
            let turned = region.along.1.atan2(region.along.0) - angle;
            prop_assert!(turned.abs().to_degrees() < 6.0, "{region:?}");
            prop_assert!(region.width > width && region.height > height);
        }
    }
}
