//! What a traced function does to parameters: while a trace is under way in this thread, each parameter that is read is
//! represented by a stand-in, and what is put in its place is noted and not stored.

use super::Param;
use gradbook_core::{LoopSpec, Tensor};
use std::{cell::RefCell, rc::Rc};

/// A parameter in a trace.
#[derive(Clone, Debug)]
pub(crate) struct Traced {
    pub param: Param,
    /// What stands for the value that a call finds: a placeholder, or the live tensor itself.
    pub input: Tensor,
    /// The value after what has been traced so far.
    pub current: Tensor,
}

/// Random keys of a trace; each is given once.
pub(crate) type Keys = Rc<RefCell<dyn FnMut() -> crate::Result<Tensor>>>;

struct Trace {
    params: Vec<Traced>,
    keys: Keys,
    seed: u32,
}

thread_local!(static TRACE: RefCell<Option<Trace>> = const { RefCell::new(None) });

/// A trace under way; it ends when this is dropped, whatever happened.
pub(crate) struct Guard(());

/// Begins a trace; none if one is under way.
pub(crate) fn begin(keys: Keys, seed: u32) -> Option<Guard> {
    TRACE.with_borrow_mut(|trace| {
        trace.is_none().then(|| {
            *trace = Some(Trace { params: Vec::new(), keys, seed });
            Guard(())
        })
    })
}

impl Guard {
    /// The parameters that were read or changed, in the order in which they were met.
    pub fn finish(self) -> Vec<Traced> {
        TRACE.with_borrow_mut(|trace| trace.take().map_or_else(Vec::new, |trace| trace.params))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(TRACE.take());
    }
}

/// The parameter's value in the trace under way, if one is.
pub(crate) fn value(param: &Param) -> Option<Tensor> {
    with(param, |traced| traced.current.clone())
}

/// What stands for the value that a call finds.
pub(crate) fn input(param: &Param) -> Option<Tensor> {
    with(param, |traced| traced.input.clone())
}

/// Changes the value in the trace under way, and gives the one before.
pub(crate) fn replace(param: &Param, value: &Tensor) -> Option<Tensor> {
    with(param, |traced| std::mem::replace(&mut traced.current, value.clone()))
}

/// A random key that no other draw of the trace under way has.
pub(crate) fn key() -> Option<crate::Result<Tensor>> {
    let keys = TRACE.with_borrow(|trace| trace.as_ref().map(|trace| trace.keys.clone()))?;
    Some((keys.borrow_mut())())
}

/// The seed of the trace under way.
pub(crate) fn seed() -> Option<u32> {
    TRACE.with_borrow(|trace| trace.as_ref().map(|trace| trace.seed))
}

fn with<T>(param: &Param, act: impl FnOnce(&mut Traced) -> T) -> Option<T> {
    TRACE.with_borrow_mut(|trace| {
        let params = &mut trace.as_mut()?.params;
        let at = params.iter().position(|traced| traced.param.same(param)).unwrap_or_else(|| {
            let stored = param.stored();
            let input = param.live().unwrap_or_else(|| LoopSpec::placeholder(stored.shape(), stored.dtype()));
            params.push(Traced { param: param.clone(), current: input.clone(), input });
            params.len() - 1
        });
        Some(act(&mut params[at]))
    })
}
