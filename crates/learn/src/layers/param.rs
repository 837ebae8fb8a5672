//! What a model learns, and what it remembers.

use super::trace;
use gradbook_core::{Shape, Tensor};
use std::{cell::RefCell, fmt, rc::Rc};

/// A handle to a value that training replaces: clones are the same parameter.
///
/// ```
/// use gradbook_core::Tensor;
/// use gradbook_learn::layers::Param;
/// let param = Param::weight(Tensor::zeros(&[3])?);
/// let shared = param.clone();
/// param.replace(Tensor::ones(&[3])?);
/// assert_eq!(shared.value().id(), param.value().id());
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
#[derive(Clone)]
pub struct Param(Rc<Inner>);

struct Inner {
    role: Role,
    value: RefCell<Tensor>,
    /// The tensor that programs change in place, once there is one: it holds the parameter's value whenever it is `value`.
    live: RefCell<Option<Tensor>>,
}

/// Who changes a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The optimiser, by its gradient.
    Weight,
    /// The forward pass in training, like running statistics.
    Buffer,
}

impl Param {
    /// A parameter that the optimiser changes.
    pub fn weight(value: Tensor) -> Self {
        Self::new(Role::Weight, value)
    }

    /// A value that the forward pass changes.
    pub fn buffer(value: Tensor) -> Self {
        Self::new(Role::Buffer, value)
    }

    fn new(role: Role, value: Tensor) -> Self {
        Self(Rc::new(Inner { role, value: RefCell::new(value), live: RefCell::default() }))
    }

    /// Who changes it.
    pub fn role(&self) -> Role {
        self.0.role
    }

    /// The present value. During and after training this is the run's live state. While a [`crate::train::Step`] is traced, it
    /// stands for the value that a call will find, or what the trace has put in its place.
    pub fn value(&self) -> Tensor {
        trace::value(self).unwrap_or_else(|| self.stored())
    }

    /// Puts another value of the same shape in its place and returns the old one. While a step is traced, calls will.
    pub fn replace(&self, value: Tensor) -> Tensor {
        debug_assert_eq!(value.shape(), &self.shape(), "a parameter keeps its shape");
        trace::replace(self, &value).unwrap_or_else(|| self.store(value))
    }

    /// The value outside of any trace.
    pub(crate) fn stored(&self) -> Tensor {
        self.0.value.borrow().clone()
    }

    pub(crate) fn store(&self, value: Tensor) -> Tensor {
        self.0.value.replace(value)
    }

    /// The tensor that programs change in place.
    pub(crate) fn live(&self) -> Option<Tensor> {
        self.0.live.borrow().clone()
    }

    pub(crate) fn set_live(&self, live: Tensor) {
        *self.0.live.borrow_mut() = Some(live);
    }

    /// Its sizes.
    pub fn shape(&self) -> Shape {
        self.0.value.borrow().shape().clone()
    }

    /// Whether both are the same parameter.
    pub fn same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.0.role, self.shape())
    }
}

/// Parameters by name, each once, in the order in which the model shows them.
#[derive(Clone, Debug, Default)]
pub struct Params(pub Vec<(String, Param)>);

impl Params {
    /// All parameters of a model; one that is shared keeps its first name.
    pub fn of(model: &dyn super::Layer) -> Self {
        let mut found = Self::default();
        model.visit(&mut |name, param| {
            if !found.0.iter().any(|(_, other)| other.same(param)) {
                found.0.push((name.to_owned(), param.clone()));
            }
        });
        found
    }

    /// The handles.
    pub fn handles(&self) -> impl Iterator<Item = &Param> {
        self.0.iter().map(|(_, param)| param)
    }

    /// The present values.
    pub fn values(&self) -> Vec<Tensor> {
        self.handles().map(Param::value).collect()
    }

    /// Replaces all values, in the same order.
    pub fn set(&self, values: &[Tensor]) {
        for (param, value) in self.handles().zip(values) {
            param.replace(value.clone());
        }
    }

    /// Runs something with other values in place, and puts the old ones back.
    pub fn with<T>(&self, values: &[Tensor], run: impl FnOnce() -> T) -> T {
        let before = self.values();
        self.set(values);
        let result = run();
        self.set(&before);
        result
    }

    /// How many numbers are learnt.
    pub fn count(&self) -> usize {
        self.handles().filter(|param| param.role() == Role::Weight).map(|param| param.shape().len()).sum()
    }
}
