//! How the results of a product are shared among threads, as the text of the loop over its depth.

use std::fmt::Write;

/// A family of tilings. Which one is fastest is up to the device; results differ in nothing but rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tiling {
    /// Tiles in workgroup memory, 4 × 4 results a thread.
    Small,
    /// Tiles in workgroup memory, 8 × 8 results a thread: for many results, where a thread has many registers.
    Large,
    /// Straight from memory, up to 8 × 8 results a thread: where workgroup memory is no faster, as on processors.
    Direct,
}

/// Rows and columns of results that are made together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Threads of a workgroup along m and n; one, where each has a tile of its own.
    pub threads: [usize; 2],
    /// Results of a thread along m and n.
    pub patch: [usize; 2],
    /// Depth of what is staged.
    depth: usize,
}

/// Threads of a workgroup where each has a tile of its own.
pub const DIRECT_THREADS: usize = 32;

impl Tiling {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Small, Self::Large, Self::Direct];

    /// The tile that covers m × n results with the least waste, the larger one at a tie.
    pub fn tile(self, [m, n]: [usize; 2]) -> Tile {
        let covered = |tile: &Tile| m.next_multiple_of(tile.rows()) * n.next_multiple_of(tile.columns());
        let staged = |patch, depth| move |threads| Tile { threads, patch, depth };
        let direct = |patch| Tile { threads: [1, 1], patch, depth: 1 };
        let least = |tiles: &[Tile]| *tiles.iter().min_by_key(|tile| covered(tile)).expect("there are tiles");
        match self {
            Self::Small => least(&SHAPES.map(staged([4, 4], 16))),
            Self::Large => least(&SHAPES.map(staged([8, 8], 8))),
            Self::Direct => least(&[[8, 8], [4, 8], [8, 4], [4, 4], [2, 8], [1, 8], [1, 4]].map(direct)),
        }
    }
}

/// Threads of a workgroup along m and n, from the squarest to the flattest and tallest.
const SHAPES: [[usize; 2]; 7] = [[16, 16], [8, 16], [16, 8], [8, 8], [4, 16], [16, 4], [2, 32]];

/// An operand as its tile is staged.
struct Side {
    name: char,
    /// Where its tile begins, and how many free indices the operand has.
    first: &'static str,
    size: usize,
    /// Vectors of free indices in the tile.
    vectors: usize,
    /// Whether neighbours along k lie closer in memory than free ones.
    along_k: bool,
}

impl Tile {
    pub fn rows(&self) -> usize {
        self.threads[0] * self.patch[0]
    }

    pub fn columns(&self) -> usize {
        self.threads[1] * self.patch[1]
    }

    pub fn is_direct(&self) -> bool {
        self.threads == [1, 1]
    }

    /// Depth of what is staged: parts of a split sum are multiples of it.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// What the template of its kind asks for, for a product of these sizes.
    pub fn values(&self, [m, n, k]: [usize; 3], along_k: [bool; 2]) -> Vec<(&'static str, String)> {
        let number = |n: usize| format!("{n}u");
        let sums = self.sums();
        if self.is_direct() {
            let prepare = self.direct_places([m, n]) + &sums;
            return vec![
                ("prepare", prepare),
                ("multiply", self.direct_product()),
                ("finish", self.stores(|i| format!("m0 + {i}u"), |j| format!("n0 + {}u", 4 * j))),
            ];
        }
        let [tall, wide] = self.threads;
        let sides = [
            Side { name: 'a', first: "m0", size: m, vectors: self.rows() / 4, along_k: along_k[0] },
            Side { name: 'b', first: "n0", size: n, vectors: self.columns() / 4, along_k: along_k[1] },
        ];
        let places: String = sides.iter().map(|side| self.places(side)).collect();
        let stages: String = sides.iter().map(|side| self.stage(side, k)).collect();
        vec![
            ("prepare", places + &sums),
            ("stage", stages),
            ("multiply", self.product(&sides)),
            (
                "finish",
                self.stores(
                    |i| format!("m0 + 4u * (y + {}u) + {}u", i / 4 * tall, i % 4),
                    |j| format!("n0 + 4u * (x + {}u)", j * wide),
                ),
            ),
            ("depth", number(self.depth)),
            ("words_a", number(self.depth * sides[0].vectors)),
            ("words_b", number(self.depth * sides[1].vectors)),
            ("wide", number(wide)),
        ]
    }

    /// Variables for the results.
    fn sums(&self) -> String {
        self.each(|text, i, j| writeln!(text, "    var c{i}_{j} = vec4<f32>();"))
    }

    /// A line for each row and each vector of columns of a thread.
    fn each(&self, line: impl Fn(&mut String, usize, usize) -> std::fmt::Result) -> String {
        let mut text = String::new();
        for i in 0..self.patch[0] {
            for j in 0..self.patch[1] / 4 {
                line(&mut text, i, j).expect("strings take all");
            }
        }
        text
    }

    fn stores(&self, row: impl Fn(usize) -> String, column: impl Fn(usize) -> String) -> String {
        self.each(|text, i, j| writeln!(text, "    store(part, b, {}, {}, c{i}_{j});", row(i), column(j)))
    }

    /// Where a thread's rows and columns lie. Those past the end read the last one; their results are not stored.
    fn direct_places(&self, [m, n]: [usize; 2]) -> String {
        let mut text = String::new();
        for (name, first, size, patch) in [('a', "m0", m, self.patch[0]), ('b', "n0", n, self.patch[1])] {
            for i in 0..patch {
                let last = size - 1;
                text.push_str(&format!("    let {name}{i} = free_{name}(b, min({first} + {i}u, {last}u));\n"));
            }
        }
        text
    }

    fn direct_product(&self) -> String {
        let mut text = "        let deep_in_a = deep_a(b, k);\n        let deep_in_b = deep_b(b, k);\n".to_owned();
        for j in 0..self.patch[1] / 4 {
            let four: Vec<String> = (4 * j..4 * j + 4).map(|j| format!("get_b(b{j} + deep_in_b)")).collect();
            text.push_str(&format!("        let right{j} = vec4<f32>({});\n", four.join(", ")));
        }
        for i in 0..self.patch[0] {
            text.push_str(&format!("        let left{i} = get_a(a{i} + deep_in_a);\n"));
        }
        text + &self.each(|text, i, j| writeln!(text, "        c{i}_{j} += left{i} * right{j};"))
    }

    /// Which vectors of a tile a thread stages, and where their elements lie but for the depth. Neighbouring threads take
    /// neighbours in memory.
    fn places(&self, side: &Side) -> String {
        let Side { name, first, size, vectors, along_k } = side;
        let (threads, depth, last) = (self.threads[0] * self.threads[1], self.depth, size - 1);
        let mut text = String::new();
        for s in 0..(depth * vectors).div_ceil(threads) {
            let (k, r) = if *along_k {
                (format!("i{name}{s} % {depth}u"), format!("i{name}{s} / {depth}u"))
            } else {
                (format!("i{name}{s} / {vectors}u"), format!("i{name}{s} % {vectors}u"))
            };
            let at = s * threads;
            text.push_str(&format!(
                "    let i{name}{s} = lid + {at}u;\n    let k{name}{s} = {k};\n    let r{name}{s} = {r};\n"
            ));
            for e in 0..4 {
                text.push_str(&format!(
                    "    let {name}{s}_{e} = free_{name}(b, min({first} + 4u * r{name}{s} + {e}u, {last}u));\n"
                ));
            }
        }
        text
    }

    fn stage(&self, side: &Side, k: usize) -> String {
        let Side { name, vectors, .. } = side;
        let (threads, words) = (self.threads[0] * self.threads[1], self.depth * vectors);
        let mut text = String::new();
        for s in 0..words.div_ceil(threads) {
            let four: Vec<String> = (0..4).map(|e| format!("get_{name}({name}{s}_{e} + deep)")).collect();
            // What lies past the end of the sum is 0 in both, since 0 times infinity is not.
            let staged = format!(
                "let deep = deep_{name}(b, min(k0 + k{name}{s}, {}u)); \
                 tile_{name}[k{name}{s} * {vectors}u + r{name}{s}] = \
                 select(vec4<f32>(), vec4<f32>({}), k0 + k{name}{s} < {k}u);",
                k.saturating_sub(1),
                four.join(", ")
            );
            let some = (s + 1) * threads > words;
            let condition = if some { format!("if (i{name}{s} < {words}u) ") } else { String::new() };
            text.push_str(&format!("        {condition}{{ {staged} }}\n"));
        }
        text
    }

    fn product(&self, [a, b]: &[Side; 2]) -> String {
        let [tall, wide] = self.threads;
        let mut text = String::new();
        for i in 0..self.patch[0] / 4 {
            text.push_str(&format!("            let left{i} = tile_a[k * {}u + y + {}u];\n", a.vectors, i * tall));
        }
        for j in 0..self.patch[1] / 4 {
            text.push_str(&format!("            let right{j} = tile_b[k * {}u + x + {}u];\n", b.vectors, j * wide));
        }
        let lane = |i: usize| ["x", "y", "z", "w"][i % 4];
        text + &self.each(|text, i, j| writeln!(text, "            c{i}_{j} += left{}.{} * right{j};", i / 4, lane(i)))
    }
}
