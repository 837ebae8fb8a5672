//! Direct correlation over a padded copy, by register blocks of channels and vectors of outputs.

use super::padded::Padded;
use crate::device::cpu::{gemm::Axes, simd::Simd};

/// Taps summed before a block of the output is stored: their weights stay in the cache.
const TAPS: usize = 512;

/// A vector of outputs, neighbours in a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    /// Where the first lane reads the padded copy, at a tap of offset 0.
    pub(super) from: u32,
    /// Where the first lane goes in a plane of the output.
    pub(super) to: u32,
    /// Lanes that are outputs.
    pub(super) lanes: u32,
}

/// The outputs of a plane cut into slots; `to` says where an output (row, column) goes.
pub(super) fn slots(
    padded: &Padded,
    lanes: usize,
    [rows, columns]: [usize; 2],
    to: impl Fn(usize, usize) -> usize,
) -> Vec<Slot> {
    let mut slots = Vec::with_capacity(rows * columns.div_ceil(lanes));
    for r in 0..rows {
        slots.extend((0..columns).step_by(lanes).map(|c| Slot {
            from: padded.at(0, [0, 0], [r, c]) as u32,
            to: to(r, c) as u32,
            lanes: lanes.min(columns - c) as u32,
        }));
    }
    slots
}

/// The farthest place that a slot reads at a tap.
pub(super) fn reach(taps: &[u32], slots: &[Slot]) -> usize {
    let from = slots.iter().map(|slot| slot.from as usize).max();
    taps.iter().map(|&tap| tap as usize).max().zip(from).map_or(0, |(tap, from)| tap + from)
}

/// The outputs of one phase: `out[i, slot] = Σ_k weights[i, k] · padded[taps[k] + slot.from]`.
#[derive(Debug)]
pub(super) struct Correlation {
    pub(super) taps: Vec<u32>,
    slots: Vec<Slot>,
    reach: usize,
    /// Distance of neighbouring lanes in the output.
    step: usize,
    /// Where the weight of the first tap lies, and of all taps from there.
    pub(super) first_weight: usize,
    pub(super) weights: Axes,
}

impl Correlation {
    pub(super) fn new(taps: Vec<u32>, slots: Vec<Slot>, step: usize, first_weight: usize, weights: Axes) -> Self {
        Self { reach: reach(&taps, &slots), taps, slots, step, first_weight, weights }
    }

    /// All slots and targets of a group of one image. `packed` are panels of `MR` rows of weights.
    #[inline(always)]
    pub(super) fn run<S: Simd, const MR: usize, const NV: usize>(
        &self,
        padded: &[f32],
        packed: &[f32],
        targets: usize,
        plane: usize,
        out: &mut [f32],
    ) {
        let k = self.taps.len();
        if k == 0 {
            for (i, slot) in (0..targets).flat_map(|i| self.slots.iter().map(move |slot| (i, slot))) {
                let to = &mut out[i * plane + slot.to as usize..];
                put::<S>(S::splat(0.0), to, slot.lanes as usize, self.step, false);
            }
            return;
        }
        assert!(self.reach + S::LANES <= padded.len(), "padded image too small");
        for first in (0..k).step_by(TAPS) {
            let last = (first + TAPS).min(k);
            let taps = &self.taps[first..last];
            for slots in self.slots.chunks(NV) {
                // Where slots run out, the last one is repeated and dropped.
                let from = core::array::from_fn(|j| slots[j.min(slots.len() - 1)].from as usize);
                for (panel, i) in packed.chunks_exact(k * MR).zip((0..targets).step_by(MR)) {
                    let weights = &panel[first * MR..last * MR];
                    // SAFETY: the assertion above.
                    let block = unsafe { block::<S, MR, NV>(padded, weights, taps, from) };
                    for (row, i) in block.iter().zip(i..targets.min(i + MR)) {
                        for (slot, &value) in slots.iter().zip(row) {
                            let to = &mut out[i * plane + slot.to as usize..];
                            put::<S>(value, to, slot.lanes as usize, self.step, first > 0);
                        }
                    }
                }
            }
        }
    }
}

/// The register block: `block[i][j] = Σ_k weights[k][i] · padded[taps[k] + from[j]]`.
///
/// # Safety
/// Every `taps[k] + from[j] + LANES` is at most `padded.len()`.
#[inline(always)]
unsafe fn block<S: Simd, const MR: usize, const NV: usize>(
    padded: &[f32],
    weights: &[f32],
    taps: &[u32],
    from: [usize; NV],
) -> [[S::V; NV]; MR] {
    let mut block = [[S::splat(0.0); NV]; MR];
    for (weights, &tap) in weights.as_chunks::<MR>().0.iter().zip(taps) {
        // SAFETY: the caller promises that every vector is inside.
        let b = from.map(|from| unsafe { S::load_at(padded, from + tap as usize) });
        for (row, a) in block.iter_mut().zip(weights) {
            let a = S::broadcast(a);
            for (sum, &b) in row.iter_mut().zip(&b) {
                *sum = S::mul_add(a, b, *sum);
            }
        }
    }
    block
}

/// Writes or adds the first lanes of a vector, `step` apart.
#[inline(always)]
fn put<S: Simd>(value: S::V, out: &mut [f32], lanes: usize, step: usize, add: bool) {
    if lanes == S::LANES && step == 1 {
        S::store(out, if add { S::add(S::load(out), value) } else { value });
    } else {
        let mut values = [0.0; 8];
        S::store(&mut values, value);
        for (to, &value) in out.iter_mut().step_by(step).zip(&values[..lanes]) {
            *to = if add { *to + value } else { value };
        }
    }
}
