//! What a model learns, and what it remembers.

use super::trace;
use crate::{Error, Result};
use gradbook_core::{DType, Shape, Tensor};
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

    /// The type of its elements.
    pub fn dtype(&self) -> DType {
        self.0.value.borrow().dtype()
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

    /// Replaces all values by tensors of the same names, as they were saved. Whole numbers with a tensor `NAME.scale` beside them are
    /// weights that were quantised: each is multiplied by the scale of its place along the first axis.
    ///
    /// ```
    /// use gradbook_core::Tensor;
    /// use gradbook_learn::layers::{build, Linear, Params};
    /// let layer = Linear::new(2);
    /// build(&layer, &[1, 3], 7)?;
    /// let quantised = vec![
    ///     ("weight".to_owned(), Tensor::i32(&[2, 3], &[127, 0, -127, 1, 2, 3])?),
    ///     ("weight.scale".to_owned(), Tensor::f32(&[2], &[0.5, 2.0])?),
    ///     ("bias".to_owned(), Tensor::zeros(&[2])?),
    /// ];
    /// Params::of(&layer).load(&quantised)?;
    /// # Ok::<(), gradbook_learn::Error>(())
    /// ```
    ///
    /// Errors: a name is missing or left over, a shape or type differs; then nothing has changed.
    pub fn load(&self, named: &[(String, Tensor)]) -> Result<()> {
        let wrong = |message: String| Error::argument("load", message);
        if self.0.is_empty() {
            return Err(wrong("the model has no parameters yet: it draws them at its first call, or build()".into()));
        }
        let find = |wanted: &str| named.iter().find(|(name, _)| name == wanted).map(|(_, tensor)| tensor);
        let mut values = Vec::with_capacity(self.0.len());
        let mut scales = Vec::new();
        for (name, param) in &self.0 {
            let missing = || wrong(format!("there is no tensor {name}; there are {}", listed(named)));
            let found = find(name).ok_or_else(missing)?;
            let scaled = format!("{name}.scale");
            let quantised = found.dtype() == DType::I32 && param.dtype() == DType::F32;
            let value = match find(&scaled).filter(|_| quantised) {
                Some(scale) => {
                    scales.push(scaled);
                    multiplied(name, found, scale)?
                }
                None => found.clone(),
            };
            if *value.shape() != param.shape() {
                let message =
                    format!("{name} has shape {} in the model and {} in the file", param.shape(), value.shape());
                return Err(wrong(message));
            }
            if value.dtype() != param.dtype() {
                return Err(wrong(format!(
                    "{name} is {} in the model and {} in the file",
                    param.dtype(),
                    value.dtype()
                )));
            }
            values.push(value);
        }
        let ours = |name: &String| self.0.iter().any(|(own, _)| own == name) || scales.contains(name);
        let left: Vec<_> = named.iter().filter(|(name, _)| !ours(name)).cloned().collect();
        if !left.is_empty() {
            return Err(wrong(format!("the model has no parameters called {}", listed(&left))));
        }
        self.set(&values);
        Ok(())
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

/// Whole numbers times the scale of their place along the first axis.
fn multiplied(name: &str, whole: &Tensor, scale: &Tensor) -> Result<Tensor> {
    let (sizes, scales) = (whole.shape(), scale.shape());
    if sizes.rank() == 0 || scales[..] != sizes[..1] {
        let message = format!(
            "{name}.scale has shape {scales}; {name} with shape {sizes} needs a scale for each place of its first axis"
        );
        return Err(Error::argument("load", message));
    }
    let mut along = vec![1; sizes.rank()];
    along[0] = -1;
    Ok(whole.to_f32()?.mul(&scale.reshape(&along)?)?)
}

/// Names, the first of them if they are many.
fn listed(named: &[(String, Tensor)]) -> String {
    let mut names: Vec<&str> = named.iter().take(8).map(|(name, _)| name.as_str()).collect();
    if named.len() > names.len() {
        names.push("…");
    }
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{Linear, build};
    use gradbook_core::{LocalRunner, Runner, device::interp::Interp};

    fn named(name: &str, tensor: gradbook_core::Result<Tensor>) -> (String, Tensor) {
        (name.to_owned(), tensor.unwrap())
    }

    #[test]
    fn whole_numbers_are_multiplied_by_their_scales() {
        let layer = Linear::new(2);
        build(&layer, &[1, 2], 7).unwrap();
        let quantised = [
            named("bias", Tensor::f32(&[2], &[5.0, 6.0])),
            named("weight.scale", Tensor::f32(&[2], &[0.5, 2.0])),
            named("weight", Tensor::i32(&[2, 2], &[1, -127, 3, 4])),
        ];
        let params = Params::of(&layer);
        params.load(&quantised).unwrap();
        let runner = LocalRunner::native(Interp::new());
        let read = |at: usize| pollster::block_on(runner.read(&params.values()[at])).unwrap().as_f32().to_vec();
        assert_eq!(read(0), [0.5, -63.5, 6.0, 8.0]);
        assert_eq!(read(1), [5.0, 6.0]);
    }

    #[test]
    fn scales_that_do_not_fit_are_refused() {
        let layer = Linear::new(2);
        build(&layer, &[1, 2], 7).unwrap();
        let params = Params::of(&layer);
        let (whole, bias) = (named("weight", Tensor::i32(&[2, 2], &[1; 4])), named("bias", Tensor::zeros(&[2])));
        for shape in [&[][..], &[1], &[3], &[2, 1], &[1, 2]] {
            let scale = named("weight.scale", Tensor::ones(shape));
            let message = params.load(&[whole.clone(), scale, bias.clone()]).unwrap_err().to_string();
            assert!(message.starts_with("load: weight.scale has shape ["), "{message}");
        }
        let single = [named("weight", Tensor::i32(&[], &[1])), named("weight.scale", Tensor::ones(&[])), bias.clone()];
        assert!(params.load(&single).unwrap_err().to_string().contains("weight with shape [] needs a scale"));
        // A scale beside numbers with a fraction belongs to nothing.
        let plain = [named("weight", Tensor::zeros(&[2, 2])), named("weight.scale", Tensor::ones(&[2])), bias];
        let message = params.load(&plain).unwrap_err().to_string();
        assert_eq!(message, "load: the model has no parameters called weight.scale");
    }

    #[test]
    fn what_does_not_fit_is_named_and_changes_nothing() {
        let layer = Linear::new(2);
        let message = |named: &[(String, Tensor)]| Params::of(&layer).load(named).unwrap_err().to_string();
        assert!(message(&[]).contains("no parameters yet"));
        build(&layer, &[1, 2], 7).unwrap();
        let before = Params::of(&layer).values()[0].id();
        let (weight, bias) = (named("weight", Tensor::zeros(&[2, 2])), named("bias", Tensor::zeros(&[2])));
        assert_eq!(message(std::slice::from_ref(&weight)), "load: there is no tensor bias; there are weight");
        let narrow = named("weight", Tensor::zeros(&[2, 1]));
        let expected = "load: weight has shape [2, 2] in the model and [2, 1] in the file";
        assert_eq!(message(&[narrow, bias.clone()]), expected);
        let whole = named("bias", Tensor::i32(&[2], &[1, 2]));
        assert_eq!(message(&[weight.clone(), whole]), "load: bias is f32 in the model and i32 in the file");
        let more = named("3.weight", Tensor::zeros(&[1]));
        assert_eq!(message(&[weight, bias, more]), "load: the model has no parameters called 3.weight");
        assert_eq!(Params::of(&layer).values()[0].id(), before);
    }
}
