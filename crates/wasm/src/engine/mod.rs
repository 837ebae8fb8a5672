//! The other end of a session: owns a device and runs what comes as bytes, in the same thread or at the end of a port.

mod datasets;
mod gpu;
pub mod linker;

use crate::clock;
use crate::error::{Result, Thrown};
use crate::js::{bytes, device_counters, device_info, object};
use gradbook_core::device::{
    Device, LocalFuture,
    cpu::Cpu,
    lasting::{Lasting, Surroundings},
};
use gradbook_core::remote::{self, Loaded, Server};
use gradbook_core::{self as core, Data, LocalRunner};
use js_sys::{Function, Object, Promise, Reflect, Uint8Array};
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::rc::{Rc, Weak};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise, spawn_local};

/// This thread helps the devices of all engines that share its memory. It never returns.
#[cfg(target_feature = "atomics")]
#[wasm_bindgen]
pub fn help() {
    core::device::cpu::set_linker(linker::link);
    core::device::cpu::help();
}

/// A device and what runs on it. Which device may change at any time: what runs moves between two of its steps and goes on.
#[wasm_bindgen]
pub struct Engine {
    runner: Rc<LocalRunner>,
    device: Rc<Lasting>,
    cpu: Rc<Cpu>,
    /// What opens a `Gpu`, as [`Self::move_to_gpu`] got it last.
    opener: Opener,
    offer: Rc<RefCell<Option<Offer>>>,
    /// Data sets that were asked for; they stay, so that running a cell again costs nothing.
    loaded: Rc<RefCell<FxHashMap<String, Loaded>>>,
}

/// A GPU that is open, for programs that are faster there.
#[derive(Clone)]
struct Offer {
    gpu: Rc<dyn Device>,
    opener: Function,
    /// Called when everything has moved there.
    moved: Function,
}

/// Opens a `Gpu` of the `gpu` build: a function that gives a promise of it.
type Opener = Rc<RefCell<Option<Function>>>;

#[wasm_bindgen]
impl Engine {
    /// On the CPU, on so many threads if others that share the memory have called [`help`]. `turn` gives a promise that
    /// settles after whatever else waits in the thread has had its turn, messages above all. `told` gets
    /// `{ reason, repeated, device, detail, software }` after a GPU was lost and everything goes on, on that device.
    #[wasm_bindgen(constructor)]
    pub fn new(threads: u32, turn: Function, told: Function) -> Self {
        core::device::cpu::set_linker(linker::link);
        let cpu = Rc::new(Cpu::with_threads(threads as usize));
        let opener = Opener::default();
        let offer: Rc<RefCell<Option<Offer>>> = Rc::default();
        let host = core::Host { now: Box::new(clock::now), turn: turns(turn.clone()) };
        let heavy: Rc<RefCell<Box<dyn Fn()>>> = Rc::new(RefCell::new(Box::new(|| ())));
        let told_heavy = heavy.clone();
        let device = Rc::new_cyclic(|device: &Weak<Lasting>| {
            let (device, refuge, opener) = (device.clone(), cpu.clone(), opener.clone());
            Lasting::new(
                cpu.clone(),
                Surroundings {
                    now: Box::new(clock::now),
                    turn: turns(turn),
                    reopen: Box::new(move || {
                        // What may be lost is a GPU, which came with an opener.
                        let (opener, device) = (opener.borrow().clone().unwrap_or_default(), device.clone());
                        Box::pin(async move { open(&opener, device).await.map_err(gpu::caught) })
                    }),
                    refuge: Box::new(move || refuge.clone()),
                    told: Box::new(move |recovery| {
                        let message = device_info(&recovery.device);
                        let set = |name: &str, value: JsValue| Reflect::set(&message, &name.into(), &value);
                        // A new object takes every property, and whoever is told may throw as it likes.
                        let _ = set("reason", recovery.reason.into());
                        let _ = set("repeated", (recovery.repeated as f64).into());
                        let _ = told.call1(&JsValue::UNDEFINED, &message);
                    }),
                    heavy: Box::new(move || heavy.borrow()()),
                },
            )
        });
        let runner = Rc::new(LocalRunner::new(device.clone(), host));
        let parts = (Rc::downgrade(&runner), Rc::downgrade(&device), offer.clone(), opener.clone());
        *told_heavy.borrow_mut() = Box::new(move || {
            let (runner, device, offer, opener) = parts.clone();
            if let (Some(runner), Some(device)) = (runner.upgrade(), device.upgrade()) {
                spawn_local(async move { consider(&runner, &device, &offer, &opener).await });
            }
        });
        Self { runner, device, cpu, opener, offer, loaded: Rc::default() }
    }

    /// Opens a GPU, and goes on there as soon as a program has run for long here and is faster there, which is measured: then
    /// `moved` is called. Errors: it does not open.
    #[wasm_bindgen(js_name = offerGpu)]
    pub fn offer_gpu(&self, opener: Function, moved: Function) -> Promise {
        let (device, offer) = (self.device.clone(), self.offer.clone());
        future_to_promise(async move {
            let gpu = open(&opener, Rc::downgrade(&device)).await?;
            offer.replace(Some(Offer { gpu, opener, moved }));
            device.watch(true);
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Opens a GPU and goes on there: `open` gives a promise of a `Gpu`. While its pipelines are made, what runs goes on where it
    /// is. Errors: it does not open, or has no room; then nothing has changed.
    #[wasm_bindgen(js_name = moveToGpu)]
    pub fn move_to_gpu(&self, opening: Function) -> Promise {
        self.withdraw();
        let (runner, device, opener) = (self.runner.clone(), self.device.clone(), self.opener.clone());
        future_to_promise(async move {
            let gpu = open(&opening, Rc::downgrade(&device)).await?;
            let warm = device.warm(gpu).await.map_err(Thrown::from)?;
            opener.replace(Some(opening));
            runner.between_steps(device.move_to(warm)).await.map_err(Thrown::from)?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Goes on on the CPU.
    #[wasm_bindgen(js_name = moveToCpu)]
    pub fn move_to_cpu(&self) -> Promise {
        self.withdraw();
        let (runner, device, cpu) = (self.runner.clone(), self.device.clone(), self.cpu.clone());
        future_to_promise(async move {
            // A move to a GPU may be under way.
            runner.between_steps(async {}).await;
            if device.info().name != "cpu" {
                let warm = device.warm(cpu).await.map_err(Thrown::from)?;
                runner.between_steps(device.move_to(warm)).await.map_err(Thrown::from)?;
            }
            Ok(JsValue::UNDEFINED)
        })
    }

    fn withdraw(&self) {
        self.device.watch(false);
        drop(self.offer.take());
    }

    /// A new client. `send` gets every reply as a `Uint8Array`; `load` gets the name of a collection and gives a promise
    /// of `[label, bytes]`, the bytes being IDX files or residual images, and `[label, elements, shape]`, typed arrays with their sizes.
    /// `save` gets a text that says where to, and such triples; it gives a promise of a text. Collections are remembered by
    /// their names; those of a reader's own, whose names have a `:`, may change.
    pub fn connect(&self, send: Function, load: Function, save: Function) -> Connection {
        Connection(Server::new(self.runner.clone(), Host { send, load, save, loaded: self.loaded.clone() }))
    }

    /// The client that comes after another one: it gets what that one wanted kept.
    #[wasm_bindgen(js_name = connectAfter)]
    pub fn connect_after(&self, before: &Connection, send: Function, load: Function, save: Function) -> Connection {
        let host = Host { send, load, save, loaded: self.loaded.clone() };
        Connection(before.0.successor(self.runner.clone(), host))
    }

    /// A collection is another one from now on: who asks for it gets it anew.
    pub fn forget(&self, what: &str) {
        self.loaded.borrow_mut().remove(what);
    }

    /// Ends all loops and evaluations that are under way. Nothing is handed to the device after this.
    pub fn stop(&self) {
        self.runner.stop();
    }

    /// `{ device, detail, software }`
    pub fn info(&self) -> Object {
        device_info(&self.runner.device().info())
    }

    /// What the device has done since it was opened, by name.
    pub fn counters(&self) -> Object {
        device_counters(&self.runner.device().counters())
    }
}

/// One client of an engine.
#[wasm_bindgen]
pub struct Connection(Server<LocalRunner, Host>);

#[wasm_bindgen]
impl Connection {
    /// Takes a message of the client.
    pub fn receive(&self, message: &Uint8Array) {
        match bytes(message, "a request") {
            Ok(message) => self.0.receive(&message),
            Err(error) => self.0.missed(error),
        }
    }

    /// Puts off what waits; to be called together with the engine's `stop`.
    pub fn stop(&self) {
        self.0.stop();
    }

    /// The same where the client is told by another way: what it asks for until it calls `heardStop` is put off, too.
    #[wasm_bindgen(js_name = stopUntilHeard)]
    pub fn stop_until_heard(&self) {
        self.0.stop_until_heard();
    }

    /// `{ running, steps, held }`: requests and runs under way, training steps done so far, values that the client holds.
    pub fn activity(&self) -> Object {
        let activity = self.0.activity();
        object(&[
            ("running", (activity.running as f64).into()),
            ("steps", (activity.steps as f64).into()),
            ("held", (self.0.held() as f64).into()),
        ])
    }
}

struct Host {
    send: Function,
    load: Function,
    save: Function,
    loaded: Rc<RefCell<FxHashMap<String, Loaded>>>,
}

impl remote::Host for Host {
    fn send(&self, message: Vec<u8>) {
        // A client that is gone needs no answer.
        let _ = self.send.call1(&JsValue::UNDEFINED, &Uint8Array::from(&message[..]));
    }

    fn spawn(&self, task: LocalFuture<'static, ()>) {
        spawn_local(task);
    }

    fn load(&self, what: String) -> LocalFuture<'static, core::Result<Loaded>> {
        let (load, loaded) = (self.load.clone(), self.loaded.clone());
        Box::pin(async move {
            if let Some(known) = loaded.borrow().get(&what) {
                return Ok(known.clone());
            }
            let files = files(&load, &what).await.map_err(|error| failed(&what, &error))?;
            let tensors = datasets::items(&what, files)?;
            if !what.contains(':') {
                loaded.borrow_mut().insert(what, tensors.clone());
            }
            Ok(tensors)
        })
    }

    fn save(&self, what: String, values: Vec<(String, Data)>) -> LocalFuture<'static, core::Result<String>> {
        let save = self.save.clone();
        Box::pin(async move {
            let saved = store(&save, &what, &values)
                .await
                .map_err(|error| core::Error::Load { what: "what was to be saved".into(), message: message(&error) })?;
            Ok(saved.as_string().unwrap_or_default())
        })
    }
}

fn failed(what: &str, error: &JsValue) -> core::Error {
    core::Error::Load { what: what.into(), message: message(error) }
}

fn message(error: &JsValue) -> String {
    Reflect::get(error, &"message".into()).ok().and_then(|message| message.as_string()).unwrap_or_default()
}

async fn store(save: &Function, what: &str, values: &[(String, Data)]) -> Result<JsValue, JsValue> {
    let triples: js_sys::Array = values.iter().map(|(label, data)| datasets::triple(label, data)).collect();
    let promise: Promise = save.call2(&JsValue::UNDEFINED, &what.into(), &triples)?.dyn_into()?;
    JsFuture::from(promise).await
}

/// The files of a collection as the program around us has them.
async fn files(load: &Function, what: &str) -> Result<Vec<(String, datasets::File)>, JsValue> {
    let promise: Promise = load.call1(&JsValue::UNDEFINED, &what.into())?.dyn_into()?;
    let pairs: js_sys::Array = JsFuture::from(promise).await?.dyn_into()?;
    let pair = |pair: JsValue| {
        let pair: js_sys::Array = pair.dyn_into()?;
        let label = pair.get(0).as_string().unwrap_or_default();
        if pair.length() == 3 {
            let data = datasets::array(&label, &pair.get(1), &pair.get(2)).map_err(Thrown::from)?;
            return Ok((label, datasets::File::Array(data)));
        }
        let bytes: Uint8Array = pair.get(1).dyn_into()?;
        let bytes = crate::js::bytes(&bytes, &label).map_err(Thrown::from)?;
        Ok((label, datasets::File::Packed(bytes)))
    };
    pairs.iter().map(pair).collect()
}

/// Weighs the program that has run for long against the same on the GPU that is offered, and moves there if it is faster.
async fn consider(runner: &LocalRunner, device: &Lasting, offer: &RefCell<Option<Offer>>, opener: &Opener) {
    let Some(Offer { gpu, opener: opening, moved }) = offer.borrow().clone() else { return };
    // A GPU that fails is no gain: everything stays where it is.
    let Ok(warm) = device.warm(gpu.clone()).await else {
        device.watch(false);
        return drop(offer.take());
    };
    let weighed = runner.between_steps(device.weigh(&warm)).await;
    if !matches!(weighed, Ok(Some((here, there))) if there < here) {
        return warm.cool();
    }
    let moving = async {
        // Another device may have been chosen until it is our turn.
        if offer.borrow_mut().take_if(|offer| Rc::ptr_eq(&offer.gpu, &gpu)).is_none() {
            warm.cool();
            return false;
        }
        device.watch(false);
        opener.replace(Some(opening));
        device.move_to(warm).await.is_ok()
    };
    if runner.between_steps(moving).await {
        // Whoever is told may throw as it likes.
        let _ = moved.call0(&JsValue::UNDEFINED);
    }
}

/// Opens a GPU; when it is lost, what was on it goes on elsewhere at once. Errors: what the function throws.
async fn open(opener: &Function, lasting: Weak<Lasting>) -> Result<Rc<dyn Device>, JsValue> {
    let promise: Promise = opener.call0(&JsValue::UNDEFINED)?.dyn_into()?;
    let gpu: gpu::Gpu = JsFuture::from(promise).await?.unchecked_into();
    let lost = gpu.until_lost();
    spawn_local(async move {
        let told = JsFuture::from(lost).await;
        if let (Ok(_), Some(lasting)) = (told, lasting.upgrade()) {
            // Whoever waits for the device hears of what does not work.
            let _ = lasting.attend().await;
        }
    });
    Ok(Rc::new(gpu))
}

/// Lets others have their turn.
fn turns(turn: Function) -> Box<dyn Fn() -> LocalFuture<'static, ()>> {
    Box::new(move || {
        let promise = turn.call0(&JsValue::UNDEFINED).and_then(JsCast::dyn_into::<Promise>);
        Box::pin(async move {
            if let Ok(promise) = promise {
                // Whether it was kept or broken, the turn is over.
                let _ = JsFuture::from(promise).await;
            }
        })
    })
}
