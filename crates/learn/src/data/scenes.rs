//! Scenes to detect, segment and describe things in: cut-outs pasted on photographs, and where they lie. All of it is arithmetic on
//! whole numbers and counter-based random words, so a seed gives the same pixels on every machine.

use crate::{Error, Result};
use gradbook_core::rng;

/// What may be pasted: cut-outs of one size, each of a class.
#[derive(Clone, Copy, Debug)]
pub struct Sprites<'a> {
    /// Height and width of each.
    pub side: usize,
    /// \[N, 3, side, side\]: what they look like over white; none if they are white themselves.
    pub colours: Option<&'a [u8]>,
    /// \[N, side, side\]: how much of each pixel is covered.
    pub alpha: &'a [u8],
    /// Which of them may be taken, and the class of each.
    pub chosen: &'a [(usize, i32)],
}

/// A photograph \[3, height, width\] to paste on.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// Height and width.
    pub size: [usize; 2],
    /// Red, green and blue, one plane after the other.
    pub pixels: &'a [u8],
}

/// What the scenes are like.
#[derive(Clone, Copy, Debug)]
pub struct SceneSpec {
    /// How many.
    pub count: usize,
    /// Height and width of each.
    pub size: usize,
    /// The fewest and the most things in one.
    pub objects: [usize; 2],
    /// The least and the greatest height of a thing before it is turned.
    pub sides: [usize; 2],
    /// Things are turned by whole degrees up to this, either way.
    pub turn: usize,
    /// Things lie in the middle.
    pub centred: bool,
    /// What all of it follows from.
    pub seed: u32,
}

/// Scenes, and where things lie in them. The places of things that are not there have class −1 and zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenes {
    /// \[count, 3, size, size\]
    pub images: Vec<u8>,
    /// \[count, most, 4\]: left, top, right and bottom of what is seen of a thing, in pixels; right and bottom lie outside.
    pub boxes: Vec<i32>,
    /// \[count, most\]
    pub classes: Vec<i32>,
    /// \[count, most\]: degrees, counter-clockwise.
    pub angles: Vec<i32>,
    /// \[count, size, size\]: the thing at each pixel, from 1; 0 is the ground.
    pub masks: Vec<i32>,
}

/// Draws scenes. A thing that would hide half of another is put elsewhere; where no place is found for it, a scene has fewer things.
///
/// # Errors
/// When a number is out of its range, or an array has not the size that it should have.
pub fn scenes(spec: &SceneSpec, sprites: &Sprites, grounds: &[Ground]) -> Result<Scenes> {
    check(spec, sprites, grounds)?;
    let (area, most) = (spec.size * spec.size, spec.objects[1]);
    let mut made = Scenes { images: vec![], boxes: vec![], classes: vec![], angles: vec![], masks: vec![] };
    for number in 0..spec.count {
        let mut random = Random { key: [spec.seed, KEY], stream: number as u32, index: 0 };
        let mut scene = Scene::on(ground(spec, grounds, &mut random), spec.size);
        let wanted = spec.objects[0] + random.below(most - spec.objects[0] + 1);
        for _ in 0..wanted {
            scene.place(spec, sprites, &mut random);
        }
        made.images.extend(&scene.pixels);
        made.masks.extend(&scene.mask);
        for place in 0..most {
            let thing = scene.things.get(place);
            made.classes.push(thing.map_or(-1, |thing| thing.class));
            made.angles.push(thing.map_or(0, |thing| thing.angle));
            made.boxes.extend(thing.map_or([0; 4], |_| scene.extent(place as i32 + 1)));
        }
        debug_assert_eq!(scene.mask.len(), area);
    }
    Ok(made)
}

/// Sets these random words apart from those of other uses of a seed.
const KEY: u32 = 0x5343_454e;
const MOST_COUNT: usize = 20_000;
const MOST_SIZE: usize = 256;
const MOST_OBJECTS: usize = 32;
/// Pixels of all scenes together.
const MOST_PIXELS: usize = 1 << 26;
/// Pixels of all scenes together, times the most things in one.
const MOST_WORK: usize = 1 << 27;
/// Places that are tried for a thing.
const TRIES: usize = 12;
/// A thing that is smaller is not there.
const LEAST_AREA: usize = 8;
/// From here on a pixel belongs to a thing.
const COVERED: u8 = 128;

fn check(spec: &SceneSpec, sprites: &Sprites, grounds: &[Ground]) -> Result<()> {
    let range = |name: &str, value: usize, least: usize, most: usize| {
        if (least..=most).contains(&value) {
            return Ok(());
        }
        Err(Error::argument("scenes", format!("{name} is {value}; it must be from {least} to {most}")))
    };
    range("count", spec.count, 1, MOST_COUNT)?;
    range("size", spec.size, 8, MOST_SIZE)?;
    range("the fewest objects", spec.objects[0], 1, MOST_OBJECTS)?;
    range("the most objects", spec.objects[1], spec.objects[0], MOST_OBJECTS)?;
    let (area, most) = (spec.size * spec.size, spec.objects[1]);
    let fitting = (MOST_PIXELS / area).min(MOST_WORK / (area * most));
    if spec.count > fitting {
        let (count, size) = (spec.count, spec.size);
        let message =
            format!("count is {count}; of {size} x {size} pixels with up to {most} things it may be {fitting}");
        return Err(Error::argument("scenes", message));
    }
    range("the least side", spec.sides[0], 4, 2 * MOST_SIZE)?;
    range("the greatest side", spec.sides[1], spec.sides[0], 2 * MOST_SIZE)?;
    range("turn", spec.turn, 0, 180)?;
    let pixels = sprites.side * sprites.side;
    let count = sprites.alpha.len().checked_div(pixels).unwrap_or(0);
    let fits = count * pixels == sprites.alpha.len()
        && sprites.colours.is_none_or(|colours| colours.len() == 3 * sprites.alpha.len())
        && sprites.chosen.iter().all(|&(sprite, _)| sprite < count)
        && grounds.iter().all(|ground| {
            let [height, width] = ground.size;
            height * width > 0 && ground.pixels.len() == 3 * height * width
        });
    if !fits || sprites.chosen.is_empty() {
        return Err(Error::argument("scenes", "there is nothing to paste, or its sizes do not agree"));
    }
    Ok(())
}

struct Random {
    key: [u32; 2],
    stream: u32,
    index: u32,
}

impl Random {
    /// A whole number below `end`, which is at least 1.
    fn below(&mut self, end: usize) -> usize {
        let word = rng::bits(self.key, self.stream, self.index);
        self.index += 1;
        ((u64::from(word) * end as u64) >> 32) as usize
    }

    fn between(&mut self, [least, most]: [usize; 2]) -> usize {
        least + self.below(most - least + 1)
    }
}

/// A square of a photograph, made as small as the scene: the mean of the pixels that lie under one. Black if there is no photograph.
fn ground(spec: &SceneSpec, grounds: &[Ground], random: &mut Random) -> Vec<u8> {
    let size = spec.size;
    if grounds.is_empty() {
        return vec![0; 3 * size * size];
    }
    let Ground { size: [height, width], pixels } = grounds[random.below(grounds.len())];
    let short = height.min(width);
    let side = random.between([size.min(short), short]);
    let (top, left) = (random.below(height - side + 1), random.below(width - side + 1));
    // Of a photograph that is smaller than the scene each pixel lies under several.
    let span = |at: usize| (at * side / size, ((at + 1) * side / size).max(at * side / size + 1));
    let mut made = Vec::with_capacity(3 * size * size);
    for plane in pixels.chunks_exact(height * width) {
        for y in 0..size {
            let (y0, y1) = span(y);
            for x in 0..size {
                let (x0, x1) = span(x);
                let rows = (y0..y1).map(|row| &plane[(top + row) * width + left..][x0..x1]);
                let sum: usize = rows.flatten().map(|&byte| usize::from(byte)).sum();
                let count = (y1 - y0) * (x1 - x0);
                made.push(((sum + count / 2) / count) as u8);
            }
        }
    }
    made
}

struct Thing {
    class: i32,
    angle: i32,
    /// Pixels that it covered when it was pasted.
    area: usize,
}

struct Scene {
    size: usize,
    /// \[3, size, size\]
    pixels: Vec<u8>,
    mask: Vec<i32>,
    things: Vec<Thing>,
}

impl Scene {
    fn on(pixels: Vec<u8>, size: usize) -> Self {
        Self { size, pixels, mask: vec![0; size * size], things: vec![] }
    }

    /// Pastes a thing where it hides no other one, if such a place is found.
    fn place(&mut self, spec: &SceneSpec, sprites: &Sprites, random: &mut Random) {
        for _ in 0..TRIES {
            let (sprite, class) = sprites.chosen[random.below(sprites.chosen.len())];
            let side = random.between(spec.sides);
            let angle = random.below(2 * spec.turn + 1) as i32 - spec.turn as i32;
            let mut middle = || {
                if spec.centred || side >= self.size {
                    self.size / 2
                } else {
                    side / 2 + random.below(self.size - side + 1)
                }
            };
            let centre = [middle(), middle()];
            let drawn = turned(sprites, sprite, side, angle, centre, self.size);
            let area = drawn.iter().filter(|pixel| pixel[3] >= COVERED).count();
            if area < LEAST_AREA || !self.leaves_others(&drawn) {
                continue;
            }
            self.things.push(Thing { class, angle, area });
            self.paste(&drawn);
            return;
        }
    }

    /// Whether at least half of every thing would still be seen.
    fn leaves_others(&self, drawn: &[[u8; 4]]) -> bool {
        let mut seen = vec![0; self.things.len()];
        for (&thing, pixel) in self.mask.iter().zip(drawn) {
            if thing > 0 && pixel[3] < COVERED {
                seen[thing as usize - 1] += 1;
            }
        }
        self.things.iter().zip(seen).all(|(thing, seen)| 2 * seen >= thing.area)
    }

    fn paste(&mut self, drawn: &[[u8; 4]]) {
        let area = self.size * self.size;
        for (at, &[red, green, blue, alpha]) in drawn.iter().enumerate() {
            for (plane, colour) in [red, green, blue].into_iter().enumerate() {
                let under = &mut self.pixels[plane * area + at];
                let through = (u32::from(255 - alpha) * u32::from(*under) + 127) / 255;
                *under = (u32::from(colour) + through).min(255) as u8;
            }
            if alpha >= COVERED {
                self.mask[at] = self.things.len() as i32;
            }
        }
    }

    /// The smallest rectangle around what is seen of a thing.
    fn extent(&self, thing: i32) -> [i32; 4] {
        let mut extent = [self.size as i32, self.size as i32, 0, 0];
        for (at, _) in self.mask.iter().enumerate().filter(|&(_, &own)| own == thing) {
            let (x, y) = ((at % self.size) as i32, (at / self.size) as i32);
            extent = [extent[0].min(x), extent[1].min(y), extent[2].max(x + 1), extent[3].max(y + 1)];
        }
        extent
    }
}

/// A sprite on a canvas of its own: colours times alpha, and alpha. Each pixel is the mean of four points in it, each point between
/// four pixels of the sprite.
fn turned(
    sprites: &Sprites,
    sprite: usize,
    side: usize,
    angle: i32,
    [cx, cy]: [usize; 2],
    size: usize,
) -> Vec<[u8; 4]> {
    let (sine, cosine) = (sine(angle), sine(angle + 90));
    let (from, to) = (sprites.side as i64, side as i64);
    let mut drawn = vec![[0; 4]; size * size];
    let reach = side; // Its diagonal is less than three halves of it, so half of that is.
    for y in cy.saturating_sub(reach)..(cy + reach).min(size) {
        for x in cx.saturating_sub(reach)..(cx + reach).min(size) {
            let mut sums = [0; 4];
            for point in 0..4 {
                // Quarters of a pixel from the centre.
                let dx = 4 * (x as i64 - cx as i64) + 1 + 2 * (point % 2);
                let dy = 4 * (y as i64 - cy as i64) + 1 + 2 * (point / 2);
                // Where that lies in the sprite, in 1/65536 of a pixel.
                let u = ((cosine * dx - sine * dy) * from).div_euclid(4 * to) + (from << 15) - (1 << 15);
                let v = ((sine * dx + cosine * dy) * from).div_euclid(4 * to) + (from << 15) - (1 << 15);
                for (sum, value) in sums.iter_mut().zip(between(sprites, sprite, u, v)) {
                    *sum += value;
                }
            }
            drawn[y * size + x] = sums.map(|sum: i64| ((sum + (1 << 17)) >> 18).clamp(0, 255) as u8);
        }
    }
    drawn
}

/// The four channels at a point, in 1/65536.
fn between(sprites: &Sprites, sprite: usize, u: i64, v: i64) -> [i64; 4] {
    let (x, y) = (u >> 16, v >> 16);
    let (fx, fy) = ((u >> 8) & 255, (v >> 8) & 255);
    let mut sums = [0; 4];
    for (dx, dy, weight) in
        [(0, 0, (256 - fx) * (256 - fy)), (1, 0, fx * (256 - fy)), (0, 1, (256 - fx) * fy), (1, 1, fx * fy)]
    {
        for (sum, value) in sums.iter_mut().zip(pixel(sprites, sprite, x + dx, y + dy)) {
            *sum += weight * value;
        }
    }
    sums
}

/// Colours times alpha, and alpha; nothing outside of the sprite.
fn pixel(sprites: &Sprites, sprite: usize, x: i64, y: i64) -> [i64; 4] {
    let side = sprites.side;
    let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return [0; 4] };
    if x >= side || y >= side {
        return [0; 4];
    }
    let (area, at) = (side * side, y * side + x);
    let alpha = i64::from(sprites.alpha[sprite * area + at]);
    // What is seen over white has the white that shines through.
    let colour = |plane: usize| {
        sprites.colours.map_or(alpha, |colours| {
            (i64::from(colours[(3 * sprite + plane) * area + at]) - (255 - alpha)).clamp(0, alpha)
        })
    };
    [colour(0), colour(1), colour(2), alpha]
}

/// The sine of whole degrees in 1/65536: by its series, in whole numbers, as no two machines need have the same sine.
fn sine(degrees: i32) -> i64 {
    const ONE: i64 = 1 << 30;
    /// π/180 in 1/2³⁰.
    const DEGREE: i64 = 18_740_330;
    let turn = i64::from(degrees.rem_euclid(360));
    let (angle, sign) = if turn < 180 { (turn, 1) } else { (turn - 180, -1) };
    let x = angle.min(180 - angle) * DEGREE;
    let square = (x * x) >> 30;
    // x (1 − x²/(2·3) (1 − x²/(4·5) (1 − …)))
    let series = [110, 72, 42, 20, 6].into_iter().fold(ONE, |rest, divisor| ONE - ((square * rest) >> 30) / divisor);
    sign * ((((x * series) >> 30) + (1 << 13)) >> 14)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: SceneSpec =
        SceneSpec { count: 40, size: 32, objects: [1, 3], sides: [8, 14], turn: 30, centred: false, seed: 7 };

    /// A full square and a frame, 8 × 8, red over white.
    fn sprites() -> (Vec<u8>, Vec<u8>) {
        let frame = |at: usize| (at / 8).is_multiple_of(7) || (at % 8).is_multiple_of(7);
        let alpha: Vec<u8> = (0..128).map(|at| if at < 64 || frame(at - 64) { 255 } else { 0 }).collect();
        let plane = |n: usize, c: usize| {
            let alpha = &alpha[64 * n..64 * (n + 1)];
            alpha.iter().map(move |&a| if c == 0 { 255 } else { 255 - a })
        };
        let planes = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)];
        let colours = planes.into_iter().flat_map(|(n, c)| plane(n, c)).collect();
        (colours, alpha)
    }

    fn drawn(spec: &SceneSpec) -> Scenes {
        let (colours, alpha) = sprites();
        let sprites = Sprites { side: 8, colours: Some(&colours), alpha: &alpha, chosen: &[(0, 4), (1, 9)] };
        let photo: Vec<u8> = (0..3 * 40 * 50).map(|i| (i % 97) as u8).collect();
        scenes(spec, &sprites, &[Ground { size: [40, 50], pixels: &photo }]).unwrap()
    }

    #[test]
    fn boxes_are_those_of_masks_and_every_thing_is_seen() {
        let Scenes { images, boxes, classes, masks, .. } = drawn(&SPEC);
        assert_eq!((images.len(), masks.len()), (40 * 3 * 1024, 40 * 1024));
        for n in 0..40 {
            let mask = &masks[1024 * n..1024 * (n + 1)];
            for place in 0..3 {
                let own: Vec<usize> = (0..1024).filter(|&at| mask[at] == place as i32 + 1).collect();
                let class = classes[3 * n + place];
                assert_eq!(class == -1, own.is_empty(), "scene {n}, place {place}");
                if own.is_empty() {
                    continue;
                }
                assert!([4, 9].contains(&class));
                let (xs, ys) = (own.iter().map(|at| at % 32), own.iter().map(|at| at / 32));
                let expected = [
                    xs.clone().min().unwrap(),
                    ys.clone().min().unwrap(),
                    xs.max().unwrap() + 1,
                    ys.max().unwrap() + 1,
                ];
                assert_eq!(boxes[4 * (3 * n + place)..][..4], expected.map(|side| side as i32));
            }
            assert_ne!(classes[3 * n], -1, "scene {n} is empty");
        }
    }

    #[test]
    fn what_is_pasted_has_its_own_colour_and_the_ground_shines_through_where_it_is_not() {
        let spec = SceneSpec { objects: [1, 1], sides: [16, 16], turn: 0, centred: true, size: 32, ..SPEC };
        let Scenes { images, masks, classes, .. } = drawn(&spec);
        for n in 0..40 {
            let image = &images[3072 * n..];
            let inner = 16 * 32 + 16;
            let is_full = classes[n] == 4;
            assert_eq!(masks[1024 * n + inner] == 1, is_full);
            let pixel = [image[inner], image[1024 + inner], image[2048 + inner]];
            if is_full {
                assert_eq!(pixel, [255, 0, 0]);
            } else {
                assert!(pixel.iter().all(|&byte| byte < 97), "{pixel:?}");
            }
        }
    }

    #[test]
    fn a_seed_is_a_set_and_a_set_does_not_depend_on_its_length() {
        let few = drawn(&SceneSpec { count: 5, ..SPEC });
        assert_eq!(few.images, drawn(&SPEC).images[..few.images.len()]);
        assert_ne!(few.images, drawn(&SceneSpec { count: 5, seed: 8, ..SPEC }).images);
        // The same everywhere: FNV-1a of all bytes.
        let hash = few
            .images
            .iter()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        assert_eq!(format!("{hash:016x}"), "7ad6ac2257684f43");
    }

    #[test]
    fn the_sine_is_that_of_the_machine_to_its_last_digit() {
        for degrees in -360..=720 {
            let exact = f64::from(degrees).to_radians().sin() * 65536.0;
            assert!((sine(degrees) as f64 - exact).abs() < 1.0, "{degrees}: {} for {exact}", sine(degrees));
        }
        assert_eq!([sine(0), sine(90), sine(180), sine(-90)], [0, 65536, 0, -65536]);
    }

    #[test]
    fn says_what_is_wrong() {
        let (colours, alpha) = sprites();
        let refused = |spec: SceneSpec, side: usize, chosen: &[(usize, i32)]| {
            let sprites = Sprites { side, colours: Some(&colours), alpha: &alpha, chosen };
            scenes(&spec, &sprites, &[]).unwrap_err().to_string()
        };
        let fine = [(0, 0)];
        assert_eq!(refused(SceneSpec { count: 0, ..SPEC }, 8, &fine), "scenes: count is 0; it must be from 1 to 20000");
        let large = SceneSpec { count: 20_000, size: 256, ..SPEC };
        assert_eq!(
            refused(large, 8, &fine),
            "scenes: count is 20000; of 256 x 256 pixels with up to 3 things it may be 682"
        );
        assert!(refused(SceneSpec { objects: [3, 2], ..SPEC }, 8, &fine).contains("the most objects is 2"));
        for (side, chosen) in [(7, &fine[..]), (0, &fine[..]), (8, &[(2, 0)][..]), (8, &[][..])] {
            assert!(refused(SPEC, side, chosen).contains("sizes do not agree"), "{side} {chosen:?}");
        }
    }
}
