//! The WebGPU device as an object, for the engine in another module: a page loads it only where it uses a GPU. Programs come
//! as bytes, and errors are thrown as bytes, so that the other side has them whole.

mod compile;

use crate::clock;
use crate::error::Thrown;
use crate::js::{device_counters, device_info};
use gradbook_core::device::{
    BufferId, Device, ExecutableId, Life, Place, Position, Realisation,
    webgpu::{Options, WebGpu},
};
use gradbook_core::{Error, remote};
use js_sys::{Function, Object, Promise, Uint8Array, Uint32Array};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

/// An open WebGPU device. Buffers, offsets and lengths count words.
#[wasm_bindgen]
pub struct Gpu(Rc<WebGpu>);

#[wasm_bindgen]
impl Gpu {
    /// Opens the browser's adapter. Errors: there is none, or it gives no device; readers are told, so in words.
    pub fn open() -> Promise {
        future_to_promise(async {
            let options = Options { compile: Some(compile::compile), ..Options::new(clock::now) };
            let device = WebGpu::new(options).await.map_err(Thrown::from)?;
            Ok(Self(Rc::new(device)).into())
        })
    }

    /// Takes tilings that `tune` has found, for programs to come. Errors: such are unknown.
    #[wasm_bindgen(js_name = useTuning)]
    pub fn use_tuning(&self, tuning: &str) -> Result<(), Thrown> {
        self.0.set_tuning(tuning.parse()?);
        Ok(())
    }

    /// Measures which tilings are fastest, for programs to come; a promise of their names.
    pub fn tune(&self) -> Promise {
        let device = self.0.clone();
        future_to_promise(async move {
            let tuning = device.tune().await.map_err(Thrown::from)?;
            Ok(tuning.to_string().into())
        })
    }

    /// `{ device, detail, software }`
    pub fn info(&self) -> Object {
        device_info(&self.0.info())
    }

    /// What it has done since it was opened, by name.
    pub fn counters(&self) -> Object {
        device_counters(&self.0.counters())
    }

    /// As if the system had taken the device away.
    pub fn lose(&self) {
        self.0.lose();
    }

    /// Why it was lost, if it is.
    pub fn lost(&self) -> Option<String> {
        match self.0.life() {
            Life::Lost(reason) => Some(reason),
            Life::Safe | Life::Open => None,
        }
    }

    /// A promise that settles when it is lost. It does not keep the device alive.
    pub fn until_lost(&self) -> Promise {
        let lost = self.0.until_lost();
        future_to_promise(async { Ok(lost.await.into()) })
    }

    /// A new buffer, all 0.
    pub fn alloc(&self, words: u32, what: &str) -> Result<u32, JsValue> {
        self.0.alloc(words as usize, what).map(|buffer| buffer.0).map_err(thrown)
    }

    /// Gives a buffer back.
    pub fn free_buffer(&self, buffer: u32) {
        self.0.free(BufferId(buffer));
    }

    /// Words from the host.
    pub fn write(&self, buffer: u32, offset: u32, words: &[u32]) -> Result<(), JsValue> {
        self.0.write(BufferId(buffer), offset as usize, words).map_err(thrown)
    }

    /// A copy from one place to another.
    pub fn copy(&self, from: u32, from_offset: u32, to: u32, to_offset: u32, words: u32) -> Result<(), JsValue> {
        let place = |buffer, offset: u32| Place { buffer: BufferId(buffer), offset: offset as usize };
        self.0.copy(place(from, from_offset), place(to, to_offset), words as usize).map_err(thrown)
    }

    /// A promise of a `Uint32Array`.
    pub fn read(&self, buffer: u32, start: u32, end: u32) -> Result<JsValue, JsValue> {
        let device = self.0.clone();
        begun(async move {
            let words = device.read(BufferId(buffer), start as usize..end as usize).await?;
            Ok(Uint32Array::from(&words[..]).into())
        })
    }

    /// Makes a program ready, which was encoded by `postcard`.
    pub fn prepare(&self, program: &[u8]) -> Result<u32, JsValue> {
        let program = postcard::from_bytes(program).map_err(|error| thrown(Error::Wire(error.to_string())))?;
        self.0.prepare(&program).map(|executable| executable.0).map_err(thrown)
    }

    /// How a program is done: submits, words of scratch memory, the number of steps; then of each step the dispatches and the words
    /// that it reads and writes besides.
    pub fn realisation(&self, executable: u32) -> Result<Vec<f64>, JsValue> {
        let Realisation { submits, scratch, steps } = self.0.realisation(ExecutableId(executable)).map_err(thrown)?;
        let steps_of = steps.iter().flat_map(|step| [step.dispatches, step.read, step.written]);
        Ok([submits, scratch, steps.len()].into_iter().chain(steps_of).map(|number| number as f64).collect())
    }

    /// Forgets a program.
    pub fn release(&self, executable: u32) {
        self.0.release(ExecutableId(executable));
    }

    /// Runs a program from repetition `done` until `iterations` are done or `pause` gives true; returns how many are.
    pub fn run(
        &self,
        executable: u32,
        externals: &[u32],
        done: u32,
        iterations: u32,
        pause: &Function,
    ) -> Result<u32, JsValue> {
        let externals: Vec<BufferId> = externals.iter().copied().map(BufferId).collect();
        let from = Position { iteration: done as usize, step: 0 };
        let mut pause = || pause.call0(&JsValue::UNDEFINED).is_ok_and(|answer| answer.is_truthy());
        let reached = self.0.run(ExecutableId(executable), &externals, from, iterations as usize, &mut pause);
        reached.map(|at| at.iteration as u32).map_err(thrown)
    }

    /// A promise that settles when the device wants more work, or nothing if it does now.
    pub fn ready(&self) -> Result<JsValue, JsValue> {
        let device = self.0.clone();
        begun(async move { device.ready().await.map(|()| JsValue::UNDEFINED) })
    }
}

/// What a future gives if it has it at once, else a promise of it. Its first part is done now: what is asked of the device later
/// comes after it.
fn begun(future: impl Future<Output = gradbook_core::Result<JsValue>> + 'static) -> Result<JsValue, JsValue> {
    let mut future: Pin<Box<dyn Future<Output = _>>> = Box::pin(future);
    // The promise asks again before anything can have happened.
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result.map_err(thrown),
        Poll::Pending => Ok(future_to_promise(async { future.await.map_err(thrown) }).into()),
    }
}

fn thrown(error: Error) -> JsValue {
    Uint8Array::from(&remote::error_to_bytes(&error)[..]).into()
}
