//! The WebGPU device of the `gpu` build, seen from this module.

use crate::js::out_of_memory;
use gradbook_core::device::{
    BufferId, Counters, Device, DeviceInfo, ExecutableId, Life, LocalFuture, Passes, Place, Position, Realisation,
};
use gradbook_core::{Error, Result, plan::Program, remote};
use js_sys::{Object, Promise, Reflect, Uint8Array, Uint32Array};
use std::ops::Range;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    /// What the `gpu` build calls `Gpu`.
    pub type Gpu;

    #[wasm_bindgen(method)]
    fn info(this: &Gpu) -> Object;
    #[wasm_bindgen(method)]
    fn counters(this: &Gpu) -> Object;
    #[wasm_bindgen(method)]
    fn lost(this: &Gpu) -> Option<String>;
    /// A promise that settles when the device is lost.
    #[wasm_bindgen(method)]
    pub fn until_lost(this: &Gpu) -> Promise;
    #[wasm_bindgen(method, catch)]
    fn alloc(this: &Gpu, words: u32, what: &str) -> Result<u32, JsValue>;
    #[wasm_bindgen(method)]
    fn free_buffer(this: &Gpu, buffer: u32);
    #[wasm_bindgen(method, catch)]
    fn write(this: &Gpu, buffer: u32, offset: u32, words: &[u32]) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn copy(this: &Gpu, from: u32, from_offset: u32, to: u32, to_offset: u32, words: u32) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    fn read(this: &Gpu, buffer: u32, start: u32, end: u32) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn prepare(this: &Gpu, program: &[u8]) -> Result<u32, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn realisation(this: &Gpu, executable: u32) -> Result<Vec<f64>, JsValue>;
    #[wasm_bindgen(method)]
    fn release(this: &Gpu, executable: u32);
    #[wasm_bindgen(method, catch)]
    fn run(
        this: &Gpu,
        executable: u32,
        externals: &[u32],
        done: u32,
        iterations: u32,
        pause: &mut dyn FnMut() -> bool,
    ) -> Result<u32, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn ready(this: &Gpu) -> Result<JsValue, JsValue>;
}

/// Words that are handed over at a time: the other module copies them.
const CHUNK: usize = 1 << 20;

impl Device for Gpu {
    fn info(&self) -> DeviceInfo {
        let info = Gpu::info(self);
        let detail = field(&info, "detail").as_string().unwrap_or_default();
        DeviceInfo { name: "webgpu", detail, software: field(&info, "software").is_truthy() }
    }

    fn counters(&self) -> Counters {
        let counters = Gpu::counters(self);
        let count = |name| field(&counters, name).as_f64().unwrap_or_default() as u64;
        Counters {
            dispatches: count("dispatches"),
            submits: count("submits"),
            buffers_created: count("buffersCreated"),
            bind_groups_created: count("bindGroupsCreated"),
            pipelines_created: count("pipelinesCreated"),
            reads: count("reads"),
            emitted: count("emitted"),
            live_bytes: count("liveBytes"),
        }
    }

    fn life(&self) -> Life {
        self.lost().map_or(Life::Open, Life::Lost)
    }

    fn alloc(&self, words: usize, what: &str) -> Result<BufferId> {
        Gpu::alloc(self, words as u32, what).map(BufferId).map_err(caught)
    }

    fn free(&self, buffer: BufferId) {
        self.free_buffer(buffer.0);
    }

    fn write(&self, buffer: BufferId, offset: usize, words: &[u32]) -> Result<()> {
        for (i, chunk) in words.chunks(CHUNK).enumerate() {
            Gpu::write(self, buffer.0, (offset + i * CHUNK) as u32, chunk).map_err(caught)?;
        }
        Ok(())
    }

    fn copy(&self, from: Place, to: Place, words: usize) -> Result<()> {
        Gpu::copy(self, from.buffer.0, from.offset as u32, to.buffer.0, to.offset as u32, words as u32).map_err(caught)
    }

    fn read(&self, buffer: BufferId, words: Range<usize>) -> LocalFuture<'_, Result<Vec<u32>>> {
        let read = Gpu::read(self, buffer.0, words.start as u32, words.end as u32);
        Box::pin(async {
            let words: Uint32Array = settled(read).await?.unchecked_into();
            let length = words.length() as usize;
            let mut copy = Vec::new();
            copy.try_reserve_exact(length).map_err(|_| out_of_memory(4 * length, "a value of the GPU"))?;
            copy.resize(length, 0);
            words.copy_to(&mut copy);
            Ok(copy)
        })
    }

    fn prepare(&self, program: &Program) -> Result<ExecutableId> {
        let program = postcard::to_allocvec(program).map_err(|error| Error::Wire(error.to_string()))?;
        Gpu::prepare(self, &program).map(ExecutableId).map_err(caught)
    }

    fn realisation(&self, executable: ExecutableId) -> Result<Realisation> {
        let numbers = Gpu::realisation(self, executable.0).map_err(caught)?;
        let mut numbers = numbers.iter().map(|&number| number as usize);
        let mut next = || numbers.next().unwrap_or_default();
        let (submits, scratch, steps) = (next(), next(), next());
        let steps = (0..steps).map(|_| Passes { dispatches: next(), read: next(), written: next() }).collect();
        Ok(Realisation { submits, scratch, steps })
    }

    fn release(&self, executable: ExecutableId) {
        Gpu::release(self, executable.0);
    }

    fn run(
        &self,
        executable: ExecutableId,
        externals: &[BufferId],
        from: Position,
        iterations: usize,
        mut pause: &mut dyn FnMut() -> bool,
    ) -> Result<Position> {
        let externals: Vec<u32> = externals.iter().map(|buffer| buffer.0).collect();
        let (from, iterations) = (from.iteration as u32, iterations as u32);
        let done = Gpu::run(self, executable.0, &externals, from, iterations, &mut pause);
        done.map(|done| Position { iteration: done as usize, step: 0 }).map_err(caught)
    }

    fn ready(&self) -> LocalFuture<'_, Result<()>> {
        let ready = Gpu::ready(self);
        Box::pin(async { settled(ready).await.map(drop) })
    }
}

/// What was promised, or was there at once.
async fn settled(answer: Result<JsValue, JsValue>) -> Result<JsValue> {
    let answer = answer.map_err(caught)?;
    match answer.dyn_into::<Promise>() {
        Ok(promise) => JsFuture::from(promise).await.map_err(caught),
        Err(answer) => Ok(answer),
    }
}

fn field(object: &Object, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or_default()
}

/// The device throws errors as bytes; anything else comes of a fault in it, or of its loading.
pub fn caught(thrown: JsValue) -> Error {
    let message = match thrown.dyn_into::<Uint8Array>() {
        Ok(bytes) => match remote::error_from_bytes(&bytes.to_vec()) {
            Ok(error) | Err(error) => return error,
        },
        Err(other) => field(other.unchecked_ref(), "message").as_string().unwrap_or_default(),
    };
    Error::Device { device: "webgpu".into(), message }
}
