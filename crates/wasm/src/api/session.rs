//! The way to what computes: graphs go out as bytes, replies come in.

use super::promise::promise;
use crate::api::dataset::Stored;
use crate::api::list::TensorList;
use crate::api::tensor::Tensor;
use crate::error::{Result, Thrown};
use crate::js::bytes;
use gradbook_core::device::LocalFuture;
use gradbook_core::remote::{Item, RemoteRunner, Transport};
use gradbook_core::{self as core, Runner};
use js_sys::{Array, Function, Promise, Uint8Array};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// A connection to an engine.
#[wasm_bindgen]
pub struct Session(RemoteRunner);

#[wasm_bindgen]
impl Session {
    /// `send` gets every message as a `Uint8Array` of its own; what the engine answers is to be handed to `receive`.
    #[wasm_bindgen(constructor)]
    pub fn new(send: Function) -> Self {
        Self(RemoteRunner::new(Sender(send)))
    }

    /// Takes a message of the engine.
    pub fn receive(&self, message: &Uint8Array) {
        match bytes(message, "a reply") {
            // Whoever waits hears of a message that cannot be read.
            Ok(message) => drop(self.0.receive(&message)),
            Err(error) => self.0.missed(&error),
        }
    }

    /// Ends every wait with an error: the engine is gone.
    pub fn fail(&self, message: String) {
        self.0.fail(core::Error::Device { device: "the compute worker".into(), message });
    }

    /// Sends the computation of tensors ahead and makes them leaves.
    pub fn evaluate(&self, tensors: &TensorList) -> Promise {
        let sent = now(self.0.evaluate(&tensors.tensors()));
        promise(async move {
            sent??;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// A tensor's elements as a typed array: Float32Array, Int32Array, Uint32Array, or Uint8Array of 0 and 1.
    pub fn read(&self, tensor: &Tensor) -> Promise {
        let (runner, tensor) = (self.0.clone(), tensor.0.clone());
        promise(async move { crate::api::tensor::typed_array(&runner.read(&tensor).await?) })
    }

    /// Settles once the tensors were computed op by op; an error names the first op that made NaN or infinity.
    pub fn check(&self, tensors: &TensorList) -> Promise {
        let (runner, tensors) = (self.0.clone(), tensors.tensors());
        promise(async move {
            runner.check(&tensors).await?;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Wants these tensors, and samples that stay where they are, kept for the session that comes after this one, with a word about
    /// them, in place of what was kept before.
    pub fn keep(&self, what: String, tensors: &TensorList, stored: Vec<Stored>) -> Result<()> {
        let stored: Vec<_> = stored.into_iter().map(|stored| stored.0).collect();
        Ok(self.0.keep(what, &tensors.tensors(), &stored)?)
    }

    /// What the session before this one wanted kept, as `[what, tensors, stored]`.
    pub fn kept(&self) -> Promise {
        let runner = self.0.clone();
        promise(async move {
            let (what, tensors, stored) = runner.kept().await?;
            let stored: Array = stored.into_iter().map(|stored| JsValue::from(Stored(stored))).collect();
            Ok(Array::of3(&what.into(), &TensorList::from(tensors).into(), &stored).into())
        })
    }

    /// Says that this side knows of a stop: what is asked for from here on is not meant by it.
    #[wasm_bindgen(js_name = heardStop)]
    pub fn heard_stop(&self) -> Result<()> {
        Ok(self.0.heard_stop()?)
    }

    /// What to wait for before more calls of steps are sent ahead; nothing most of the time.
    #[wasm_bindgen(js_name = caughtUp)]
    pub fn caught_up(&self) -> Option<Promise> {
        let runner = self.0.clone();
        self.0.is_ahead().then(|| promise(async move { Ok(runner.caught_up().await.map(|()| JsValue::UNDEFINED)?) }))
    }

    /// Hands tensors by label to the engine's host, to be stored as the text says; a promise of what it says to that.
    pub fn save(&self, what: String, labels: Vec<String>, tensors: &TensorList) -> Promise {
        let (runner, tensors) = (self.0.clone(), tensors.tensors());
        let named: Vec<(String, core::Tensor)> = labels.into_iter().zip(tensors).collect();
        promise(async move { Ok(runner.save(&what, &named).await?.into()) })
    }

    /// A collection that the engine's host has, as pairs of a label and a tensor, or samples that stay there.
    pub fn load(&self, what: String) -> Promise {
        let runner = self.0.clone();
        promise(async move {
            let pair = |(label, item): (String, Item)| {
                let item = match item {
                    Item::Tensor(tensor) => Tensor(tensor).into(),
                    Item::Stored(stored) => Stored(stored).into(),
                };
                Array::of2(&label.into(), &item)
            };
            Ok(runner.load(&what).await?.into_iter().map(pair).collect::<Array>().into())
        })
    }
}

impl Session {
    /// A runner for one run, which a stop ends.
    pub(crate) fn runner(&self) -> RemoteRunner {
        self.0.until_stop()
    }
}

/// What a future gives at once: a session sends ahead and waits only for reads.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> Result<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Ok(value),
        Poll::Pending => Err(Thrown::argument("the session does not send ahead")),
    }
}

struct Sender(Function);

impl Transport for Sender {
    fn send(&self, message: Vec<u8>) {
        // What is posted to a port that was closed is lost, as is whatever waits for it; whoever closed it says so.
        let _ = self.0.call1(&JsValue::UNDEFINED, &Uint8Array::from(&message[..]));
    }

    fn spawn(&self, task: LocalFuture<'static, ()>) {
        spawn_local(task);
    }
}
