//! A prepared program: pipelines, offsets and workgroups of its dispatches, and the bind groups for the buffers it was run with.

use super::{WebGpu, buffers, device_error, emit, pipelines::Pipeline};
use crate::{
    Result,
    device::{BufferId, Passes, Realisation},
    plan::{ALIGNMENT, Buffer, External, Program, Walk},
};
use rustc_hash::FxHashMap;
use std::{
    cell::RefCell,
    hash::Hash,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

/// A program ready to be replayed.
pub struct Executable {
    externals: Vec<External>,
    arena_words: usize,
    dispatches: Vec<Dispatch>,
    /// The distinct lists of buffers that dispatches bind.
    lists: Vec<Vec<Buffer>>,
    /// Where operands lie, one slot for each distinct set of offsets.
    offsets: wgpu::Buffer,
    /// What each step of the program came to.
    passes: Vec<Passes>,
    /// Bind groups for the externals of recent runs, latest first.
    recent: RefCell<Vec<Bound>>,
    pace: Arc<Pace>,
}

struct Dispatch {
    pipeline: Rc<Pipeline>,
    list: usize,
    offset: u32,
    workgroups: [u32; 2],
}

/// A dispatch of a step before it is known on which trip.
struct Ready {
    pipeline: Rc<Pipeline>,
    list: usize,
    offsets: Vec<u32>,
    /// What each loop around the step adds to the offsets a trip.
    moves: Vec<(usize, Vec<u32>)>,
    workgroups: [u32; 2],
}

impl Ready {
    fn offsets_on(&self, walk: &Walk) -> Vec<u32> {
        let mut offsets = self.offsets.clone();
        for (l, by) in &self.moves {
            let trip = walk.trip(*l) as u32;
            offsets.iter_mut().zip(by).for_each(|(offset, by)| *offset = offset.wrapping_add(by.wrapping_mul(trip)));
        }
        offsets
    }
}

struct Bound {
    externals: Vec<BufferId>,
    arena: u32,
    groups: Rc<Vec<wgpu::BindGroup>>,
}

/// How many sets of bind groups a program keeps.
const RECENT: usize = 4;
/// Bytes of a slot of offsets: up to 15 reads.
const SLOT: usize = 64;

impl Executable {
    pub fn new(gpu: &WebGpu, program: &Program) -> Result<Self> {
        let scratch = program.arena.next_multiple_of(ALIGNMENT);
        let mut arena_words = program.arena;
        let mut lists: Distinct<Vec<Buffer>> = Distinct::default();
        let mut slots: Distinct<Vec<u32>> = Distinct::default();
        let slot_bytes = SLOT.max(gpu.limits.min_uniform_buffer_offset_alignment as usize);
        let mut walk = Walk::new(program);
        let mut ready: Vec<Vec<Ready>> = Vec::with_capacity(program.steps.len());
        let mut passes = Vec::with_capacity(program.steps.len());
        for (number, step) in program.steps.iter().enumerate() {
            let emitted = emit::step(step, &gpu.tuning(), scratch);
            if emitted.scratch > 0 {
                arena_words = arena_words.max(scratch + emitted.scratch);
            }
            passes.push(emitted.passes(step));
            // Offsets are sums of what each loop around the step adds a trip, which its second trip tells.
            let around = if walk.moves(number) { walk.around(number).collect() } else { Vec::new() };
            let second = |&l: &usize| (l, emit::step(&walk.second(number, l, step), &gpu.tuning(), scratch).dispatches);
            let second: Vec<(usize, Vec<emit::Dispatch>)> = around.iter().map(second).collect();
            let mut dispatches = Vec::with_capacity(emitted.dispatches.len());
            for (i, dispatch) in emitted.dispatches.into_iter().enumerate() {
                if dispatch.operands.len() > SLOT / 4 {
                    return Err(device_error("a step has more operands than fit its offsets"));
                }
                let pipeline = gpu.pipelines.borrow_mut().get(gpu, &dispatch.wgsl, dispatch.buffers.len())?;
                let offsets = dispatch.offsets();
                let list = lists.index_of(dispatch.buffers);
                let moves = second.iter().map(|(l, second)| {
                    let by =
                        second[i].offsets().into_iter().zip(&offsets).map(|(there, &here)| there.wrapping_sub(here));
                    (*l, by.collect())
                });
                dispatches.push(Ready {
                    pipeline,
                    list,
                    moves: moves.collect(),
                    offsets,
                    workgroups: dispatch.workgroups,
                });
            }
            ready.push(dispatches);
        }
        // The loops unrolled: a dispatch is recorded for every step of every trip anyway.
        let mut dispatches = Vec::new();
        while let Some(step) = walk.step() {
            for dispatch in &ready[step] {
                let offset = (slot_bytes * slots.index_of(dispatch.offsets_on(&walk))) as u32;
                let (pipeline, list, workgroups) = (dispatch.pipeline.clone(), dispatch.list, dispatch.workgroups);
                dispatches.push(Dispatch { pipeline, list, offset, workgroups });
            }
            walk.advance();
        }
        let (slots, lists) = (slots.into_list(), lists.into_list());
        let mut words = vec![0u32; slots.len() * slot_bytes / 4];
        for (slot, target) in slots.iter().zip(words.chunks_mut(slot_bytes / 4)) {
            target[..slot.len()].copy_from_slice(slot);
        }
        let usage = wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST;
        let offsets = gpu.buffer(4 * words.len(), usage, "a program's offsets")?;
        if !words.is_empty() {
            gpu.queue.write_buffer(&offsets, 0, bytemuck::cast_slice(&words));
        }
        let externals = program.externals.clone();
        Ok(Self {
            externals,
            arena_words,
            dispatches,
            lists,
            offsets,
            passes,
            recent: RefCell::default(),
            pace: Arc::default(),
        })
    }

    pub fn release(&self, gpu: &WebGpu) {
        gpu.drop_buffer(&self.offsets);
    }

    pub fn arena_words(&self) -> usize {
        self.arena_words
    }

    pub fn realisation(&self) -> Realisation {
        // A run goes to the queue as a whole.
        let submits = usize::from(!self.is_empty());
        Realisation { submits, scratch: self.arena_words, steps: self.passes.clone() }
    }

    pub fn is_empty(&self) -> bool {
        self.dispatches.is_empty()
    }

    /// Drops bind groups that name a buffer which goes.
    pub fn forget(&self, buffer: BufferId) {
        self.recent.borrow_mut().retain(|bound| !bound.externals.contains(&buffer));
    }

    /// The bind groups for these buffers; made only if they are not among the recent ones.
    pub fn bind(&self, gpu: &WebGpu, externals: &[BufferId]) -> Result<Rc<Vec<wgpu::BindGroup>>> {
        let mut arena = gpu.arena.borrow_mut();
        arena.grow(gpu, self.arena_words)?;
        let mut recent = self.recent.borrow_mut();
        recent.retain(|bound| bound.arena == arena.generation);
        if let Some(index) = recent.iter().position(|bound| bound.externals == externals) {
            recent[..=index].rotate_right(1);
            return Ok(recent[0].groups.clone());
        }
        let groups =
            self.lists.iter().map(|list| self.group(gpu, externals, list, &arena)).collect::<Result<Vec<_>>>()?;
        gpu.counters.borrow_mut().bind_groups_created += groups.len() as u64;
        let groups = Rc::new(groups);
        recent.truncate(RECENT - 1);
        recent.insert(0, Bound { externals: externals.to_vec(), arena: arena.generation, groups: groups.clone() });
        Ok(groups)
    }

    fn group(&self, gpu: &WebGpu, externals: &[BufferId], list: &[Buffer], arena: &Arena) -> Result<wgpu::BindGroup> {
        let buffers = gpu.buffers.borrow();
        let mut entries = Vec::with_capacity(list.len() + 1);
        let slot = std::num::NonZeroU64::new(SLOT as u64);
        let offsets = wgpu::BufferBinding { buffer: &self.offsets, offset: 0, size: slot };
        entries.push(wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::Buffer(offsets) });
        for (i, buffer) in list.iter().enumerate() {
            let found = match *buffer {
                Buffer::Arena => arena.buffer.as_ref().ok_or_else(|| device_error("a program lacks its arena"))?,
                Buffer::External(e) => {
                    let missing = || device_error("a run lacks one of its program's buffers");
                    let id = *externals.get(e).ok_or_else(missing)?;
                    if i > 0 && list[0] != *buffer && is_external(list[0], externals, id) {
                        return Err(device_error("a step reads a buffer under one name and writes it under another"));
                    }
                    buffers.range(id, 0..self.externals.get(e).ok_or_else(missing)?.words)?
                }
            };
            entries.push(wgpu::BindGroupEntry { binding: i as u32 + 1, resource: found.as_entire_binding() });
        }
        let mut pipelines = gpu.pipelines.borrow_mut();
        let layout = &pipelines.layout(gpu, list.len())?.0;
        Ok(gpu.device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries: &entries }))
    }

    /// How many repetitions make a slice of so many milliseconds, as far as is known.
    pub fn batch(&self, slice: f64) -> usize {
        let pace = f64::from(f32::from_bits(self.pace.milliseconds.load(Relaxed)));
        if pace > 0.0 { (slice / pace).clamp(1.0, MOST as f64) as usize } else { 1 }
    }

    /// Records so many repetitions and hands them to the queue.
    pub fn submit(&self, gpu: &WebGpu, groups: &[wgpu::BindGroup], repetitions: usize) {
        let record = |encoder: &mut wgpu::CommandEncoder| {
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            for _ in 0..repetitions {
                for dispatch in &self.dispatches {
                    pass.set_pipeline(dispatch.pipeline.get(gpu));
                    pass.set_bind_group(0, &groups[dispatch.list], &[dispatch.offset]);
                    pass.dispatch_workgroups(dispatch.workgroups[0], dispatch.workgroups[1], 1);
                }
            }
        };
        let pace = self.pace.clone();
        gpu.submit(record, move |taken| pace.observe(taken / repetitions as f64));
        gpu.counters.borrow_mut().dispatches += (repetitions * self.dispatches.len()) as u64;
    }
}

/// Repetitions per submit at most: recording takes time, too.
const MOST: usize = 64;

/// What one repetition takes, in milliseconds as bits of an f32; 0 while that is not known.
#[derive(Default)]
struct Pace {
    milliseconds: AtomicU32,
}

impl Pace {
    fn observe(&self, milliseconds: f64) {
        let before = f32::from_bits(self.milliseconds.load(Relaxed));
        let new = milliseconds.max(1e-3) as f32;
        let smoothed = if before > 0.0 { 0.5 * (before + new) } else { new };
        self.milliseconds.store(smoothed.to_bits(), Relaxed);
    }
}

/// The scratch memory, which all programs share because they run one after the other.
#[derive(Default)]
pub struct Arena {
    buffer: Option<wgpu::Buffer>,
    words: usize,
    /// Which buffer it is: bind groups hold only as long as that does.
    generation: u32,
}

impl Arena {
    /// At least so many words.
    fn grow(&mut self, gpu: &WebGpu, words: usize) -> Result<()> {
        if words <= self.words {
            return Ok(());
        }
        let buffer = gpu.buffer(words.saturating_mul(4), buffers::USAGE, "intermediate results")?;
        self.replace(gpu, Some(buffer), words);
        Ok(())
    }

    /// Gives the memory back if no program needs more than half of it; it grows again at the next run.
    pub fn shrink(&mut self, gpu: &WebGpu, needed: usize) {
        if 2 * needed < self.words {
            self.replace(gpu, None, 0);
        }
    }

    fn replace(&mut self, gpu: &WebGpu, buffer: Option<wgpu::Buffer>, words: usize) {
        if let Some(old) = std::mem::replace(&mut self.buffer, buffer) {
            gpu.drop_buffer(&old);
        }
        self.words = words;
        self.generation += 1;
    }
}

fn is_external(buffer: Buffer, externals: &[BufferId], id: BufferId) -> bool {
    matches!(buffer, Buffer::External(e) if externals.get(e) == Some(&id))
}

/// Items that are numbered as they come, each once.
struct Distinct<T>(FxHashMap<T, usize>);

impl<T> Default for Distinct<T> {
    fn default() -> Self {
        Self(FxHashMap::default())
    }
}

impl<T: Eq + Hash> Distinct<T> {
    fn index_of(&mut self, item: T) -> usize {
        let next = self.0.len();
        *self.0.entry(item).or_insert(next)
    }

    fn into_list(self) -> Vec<T> {
        let mut list: Vec<Option<T>> = self.0.iter().map(|_| None).collect();
        self.0.into_iter().for_each(|(item, index)| list[index] = Some(item));
        list.into_iter().flatten().collect()
    }
}
