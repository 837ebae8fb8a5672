//! Where values come from: the small asynchronous interface that evaluates graphs. A local runner owns a device; a remote
//! one sends the same requests over a port.

mod call;
mod explain;
mod local;
mod profile;
mod stored;

pub use explain::{Profile, StepProfile};
pub use local::{Host, LocalRunner};
pub use stored::{Bytes, RESIDENT, Rows, Stored};

use crate::{DType, Data, Error, Result, Shape, Tensor, device::LocalFuture};

/// Evaluates graphs, replays loops and calls programs. Everything but a read is sent ahead: an error of earlier work comes with the next await.
pub trait Runner {
    /// Computes the tensors and makes each of them a leaf that holds its value; intermediates are not kept.
    fn evaluate<'a>(&'a self, tensors: &'a [Tensor]) -> LocalFuture<'a, Result<()>>;

    /// The elements of a tensor, evaluated if need be.
    fn read<'a>(&'a self, tensor: &'a Tensor) -> LocalFuture<'a, Result<Data>>;

    /// Computes the tensors op by op and looks for NaN and infinity. The tensors stay what they are: their gradients can still
    /// be taken. Slow: for finding a fault, not for training.
    ///
    /// Errors: [`crate::Error::NotFinite`] names the first op on the way to a value that is not finite whose own inputs are, or
    /// the leaf that came like that. Overflow that the graph throws away, as in the branch of a select, is no fault.
    fn check<'a>(&'a self, tensors: &'a [Tensor]) -> LocalFuture<'a, Result<()>>;

    /// Compiles a loop and lays out its state. The body does not run yet.
    fn begin<'a>(&'a self, spec: &'a LoopSpec) -> LocalFuture<'a, Result<LoopRun>>;

    /// Runs the loop's body so many times more, in slices that let other requests in between. `watch` is called at most
    /// every few tens of milliseconds, and at the end, with the watched state.
    fn advance<'a>(
        &'a self,
        run: &'a LoopRun,
        iterations: usize,
        watch: &'a mut dyn FnMut(Progress),
    ) -> LocalFuture<'a, Result<LoopEnd>>;

    /// Replaces the value of a loop's or a program's state by that of a tensor of the same shape and type, in order with
    /// other requests.
    fn assign<'a>(&'a self, state: &'a Tensor, value: &'a Tensor) -> LocalFuture<'a, Result<()>>;

    /// Some of the rows that stay on the host, in this order: f32 \[rows, …\].
    ///
    /// Errors: there is no such row; no memory for them.
    fn rows<'a>(&'a self, stored: &'a Stored, rows: &'a [u32]) -> LocalFuture<'a, Result<Tensor>> {
        Box::pin(std::future::ready(stored.gather(rows).map(Tensor::from_data)))
    }

    /// Makes a computation ready that is to be called many times. It does not run yet.
    fn prepare<'a>(&'a self, spec: &'a ProgramSpec) -> LocalFuture<'a, Result<Prepared>>;

    /// Runs a prepared computation once on these arguments. State changes in place; the outputs stay where they are.
    ///
    /// Errors: another number of arguments; another shape or type of one.
    fn call<'a>(&'a self, program: &'a Prepared, arguments: &'a [Tensor]) -> LocalFuture<'a, Result<Vec<Tensor>>>;

    /// What a call of a prepared computation does on the device: dispatches and bytes, step by step, and memory. Nothing is run.
    fn explain<'a>(&'a self, program: &'a Prepared) -> LocalFuture<'a, Result<Profile>> {
        self.profile(program, None)
    }

    /// The same and, with arguments, how long the steps take on these, measured for about a third of a second: of calls, by which
    /// state changes, on devices that run step by step; of each step repeated by itself on a copy of what it writes, after a
    /// call, on others. Outputs are dropped.
    ///
    /// Errors: as for a call.
    fn profile<'a>(
        &'a self,
        program: &'a Prepared,
        arguments: Option<&'a [Tensor]>,
    ) -> LocalFuture<'a, Result<Profile>>;
}

/// A computation that is repeated: each time, every `next` is computed from the values of all `input`s and then takes the
/// place of its own. Whatever else the graph reads (data sets, other parameters) stays where it is.
#[derive(Clone, Debug, Default)]
pub struct LoopSpec {
    /// What changes, or may be assigned, between repetitions.
    pub state: Vec<State>,
    /// Index of the state that progress reports carry.
    pub watch: Option<usize>,
}

/// One value of a loop.
#[derive(Clone, Debug)]
pub struct State {
    /// The placeholder that stands for the value in the graph.
    pub input: Tensor,
    /// The value at the start. It is copied; the tensor itself does not change.
    pub initial: Tensor,
    /// The value after one more repetition; none if only an assignment changes it.
    pub next: Option<Tensor>,
}

/// A loop that has begun. Its memory is given back when it and the tensors of its state are dropped.
pub struct LoopRun {
    /// The runner's name for it.
    pub id: u64,
    /// The state in the order of the spec, as tensors that always hold the present value.
    pub state: Vec<Tensor>,
    /// Gives the compiled loop back.
    pub(crate) _release: std::rc::Rc<crate::ir::Resident>,
}

/// A computation that is called: from its arguments and the state it computes outputs, and the state's next values, which
/// take their places. Whatever else the graph reads stays where it is.
#[derive(Clone, Debug, Default)]
pub struct ProgramSpec {
    /// Placeholders for what each call brings.
    pub arguments: Vec<Tensor>,
    /// What calls read and change.
    pub state: Vec<Variable>,
    /// What calls give back.
    pub outputs: Vec<Tensor>,
}

/// A value that outlives calls. Several programs may share it.
#[derive(Clone, Debug)]
pub struct Variable {
    /// What stands for the value in the graph: a placeholder, or `value` itself.
    pub input: Tensor,
    /// The tensor that always holds the present value: one of [`LoopRun::state`].
    pub value: Tensor,
    /// The value after a call; none if calls only read it.
    pub next: Option<Tensor>,
}

/// A computation that is ready to be called. Its memory is given back when it is dropped.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The runner's name for it.
    pub id: u64,
    /// Shape and type of each output.
    pub(crate) outputs: Vec<(Shape, DType)>,
    /// Gives the program back.
    pub(crate) _release: std::rc::Rc<crate::ir::Resident>,
    /// Keeps alive what the graph reads besides arguments and state.
    pub(crate) _leaves: Vec<Tensor>,
}

/// A report from a loop on its way.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Repetitions done in this call of `advance`.
    pub done: usize,
    /// The watched state, if there is one.
    pub watched: Option<Data>,
}

/// How a call of `advance` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoopEnd {
    /// Repetitions done in this call.
    pub done: usize,
    /// Whether the reader stopped it before it was through.
    pub stopped: bool,
}

impl ProgramSpec {
    /// Errors: a state whose value or next value is of another shape or type than what stands for it.
    pub(crate) fn check(&self) -> Result<()> {
        for Variable { input, value, next } in &self.state {
            let fits = |t: &Tensor| t.shape() == input.shape() && t.dtype() == input.dtype();
            if !fits(value) || !next.as_ref().is_none_or(fits) {
                let message =
                    format!("the value of a variable must keep type {} and shape {}", input.dtype(), input.shape());
                return Err(Error::shape("step", message));
            }
        }
        Ok(())
    }
}

impl LoopSpec {
    /// Adds a value and returns its placeholder's index.
    pub fn push(&mut self, input: Tensor, initial: Tensor, next: Option<Tensor>) -> usize {
        self.state.push(State { input, initial, next });
        self.state.len() - 1
    }

    /// A placeholder of the same shape and type as a value.
    pub fn placeholder(shape: &Shape, dtype: DType) -> Tensor {
        Tensor::input(shape.clone(), dtype)
    }
}
