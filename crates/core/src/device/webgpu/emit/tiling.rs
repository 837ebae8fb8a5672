//! How the results of a product are shared among threads, and the text of the loop over its depth.

use super::template::repeat;
use crate::{Error, Result};
use std::{fmt, str::FromStr};

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

/// Which tiling products of each kind get.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tuning {
    /// Of matrices.
    pub matmul: Tiling,
    /// Of weights and patches.
    pub conv: Tiling,
    /// Of weights and output gradients.
    pub conv_input_grad: Tiling,
    /// Of output gradients and patches.
    pub conv_weight_grad: Tiling,
}

impl Tuning {
    /// The same for all.
    pub const fn all(tiling: Tiling) -> Self {
        Self { matmul: tiling, conv: tiling, conv_input_grad: tiling, conv_weight_grad: tiling }
    }
}

/// The names of its tilings, in the order of its fields: what is parsed.
impl fmt::Display for Tuning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [self.matmul, self.conv, self.conv_input_grad, self.conv_weight_grad];
        f.write_str(&all.map(Tiling::name).join(" "))
    }
}

impl FromStr for Tuning {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let named = |name: &str| Tiling::ALL.into_iter().find(|tiling| tiling.name() == name);
        let tilings: Option<Vec<Tiling>> = text.split(' ').map(named).collect();
        match tilings.as_deref() {
            Some(&[matmul, conv, conv_input_grad, conv_weight_grad]) => {
                Ok(Self { matmul, conv, conv_input_grad, conv_weight_grad })
            }
            _ => Err(Error::argument("tuning", format!("\"{text}\" does not name four tilings"))),
        }
    }
}

/// Rows and columns of results that are made together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Threads of a workgroup along m and n; one, where each has a tile of its own.
    pub threads: [usize; 2],
    /// Results of a thread along m and n.
    pub patch: [usize; 2],
    /// Depth of what is staged.
    pub depth: usize,
}

/// Threads of a workgroup where each has a tile of its own.
pub const DIRECT_THREADS: usize = 4;

impl Tiling {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Small, Self::Large, Self::Direct];

    /// In one word.
    fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Large => "large",
            Self::Direct => "direct",
        }
    }

    /// Workgroups that keep a device busy; a product of fewer is split along k.
    pub fn busy(self) -> usize {
        match self {
            Self::Small | Self::Large => 64,
            // A core takes one at a time, and few have work for a second pass over what they made.
            Self::Direct => 2,
        }
    }

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

    /// Its template, with a line for each result of a thread and for each vector that it stages.
    pub fn template(&self) -> String {
        let [tall, wide] = self.threads;
        let [rows, vectors] = [self.patch[0], self.patch[1] / 4];
        let slots = |vectors: usize| (self.depth * vectors).div_ceil(tall * wide);
        let lists = [
            ("rows", [rows, 1]),
            ("each", [rows, vectors]),
            ("vectors_m", [rows / 4, 1]),
            ("vectors_n", [vectors, 1]),
            ("sums", [rows / 4, vectors]),
            ("slots_a", [slots(self.rows() / 4), 1]),
            ("slots_b", [slots(self.columns() / 4), 1]),
        ];
        let template = if self.is_direct() {
            include_str!("../kernels/gemm_direct.wgsl")
        } else {
            include_str!("../kernels/gemm_staged.wgsl")
        };
        repeat(template, &lists)
    }

    /// Numbers for the template; `along_k` says of A and B whether neighbours along k lie closer in memory than free ones, for
    /// neighbouring threads stage neighbours in memory.
    pub fn numbers(&self, along_k: [bool; 2]) -> [(&'static str, usize); 14] {
        let [a, b] = [self.rows() / 4, self.columns() / 4];
        let steps = |along_k: bool, vectors| if along_k { [1, self.depth] } else { [vectors, 1] };
        let [[k_step_a, r_step_a], [k_step_b, r_step_b]] = [steps(along_k[0], a), steps(along_k[1], b)];
        [
            ("rows", self.rows()),
            ("columns", self.columns()),
            ("tall", self.threads[0]),
            ("wide", self.threads[1]),
            ("vectors_a", a),
            ("vectors_b", b),
            ("words_a", self.depth * a),
            ("words_b", self.depth * b),
            ("vectors", self.patch[1] / 4),
            ("sums", self.patch[0] * self.patch[1] / 4),
            ("k_step_a", k_step_a),
            ("r_step_a", r_step_a),
            ("k_step_b", k_step_b),
            ("r_step_b", r_step_b),
        ]
    }
}
