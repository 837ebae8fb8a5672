//! A step that the caller wrote: a function that is traced once and then called as one program.

use crate::{
    Error, Result,
    layers::{
        Forward, Layer, Param,
        trace::{self, Traced},
    },
};
use gradbook_core::{DType, LoopSpec, Prepared, Profile, ProgramSpec, Runner, Shape, Tensor, ir::Op, runner::Variable};
use rustc_hash::FxHashSet;
use std::{
    cell::{Cell, RefCell},
    fmt,
    rc::Rc,
};

/// A traced function of arguments. Parameters, the memory of optimisers and running statistics that it reads are found anew by
/// each call, and those that it changes are changed in place; all else that it reads is as it was when it was traced.
///
/// ```
/// use gradbook_core::{LocalRunner, Runner, Tensor, device::interp::Interp};
/// use gradbook_learn::layers::Param;
/// use gradbook_learn::optim::{Clip, Memory, Optimiser, Sgd};
/// use gradbook_learn::train::{Argument, Draws, Step};
/// let (w, memory) = (Param::weight(Tensor::scalar(0.0)), Memory::new());
/// let (x, y, lr) = (Tensor::f32(&[2], &[1.0, 2.0])?, Tensor::f32(&[2], &[3.0, 6.0])?, Tensor::scalar(0.1));
/// let given = [x, y, lr];
/// let step = Step::trace(&Draws::new(1), &given.clone().map(|tensor| Argument::of(&tensor)), |given| {
///     let loss = given[0].mul(&w.value())?.sub(&given[1])?.square()?.mean(&[], false)?;
///     memory.minimise(&Optimiser::Sgd(Sgd::default()), &given[2], Clip::default(), &loss, &[w.clone()])?;
///     Ok::<_, gradbook_learn::Error>(vec![loss])
/// })?;
/// let runner = LocalRunner::native(Interp::new());
/// pollster::block_on(async {
///     for _ in 0..50 {
///         step.call(&runner, &given).await?;
///     }
///     assert!((runner.read(&w.value()).await?.as_f32()[0] - 3.0).abs() < 1e-3);
///     Ok::<(), gradbook_learn::Error>(())
/// })?;
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub struct Step {
    arguments: Vec<Argument>,
    params: Vec<Param>,
    state: RefCell<State>,
}

enum State {
    /// Placeholders of what calls bring, parameters as they were traced, outputs.
    Traced {
        arguments: Vec<Tensor>,
        params: Vec<Traced>,
        outputs: Vec<Tensor>,
    },
    Ready(Rc<Prepared>),
}

/// What a step takes: a call brings a tensor that is alike.
#[derive(Clone, Debug)]
pub enum Argument {
    /// Any tensor of this shape and type.
    Value {
        /// The sizes of its axes.
        shape: Shape,
        /// The type of its elements.
        dtype: DType,
    },
    /// Rows of a table that stays where it is, such as a batch of a data set: only their numbers are brought.
    Rows {
        /// The table.
        table: Tensor,
        /// The shape of the index.
        index: Shape,
    },
}

impl Argument {
    /// What a step must take to be called with this tensor.
    pub fn of(tensor: &Tensor) -> Self {
        match rows(tensor) {
            Some([table, index]) => Self::Rows { table, index: index.shape().clone() },
            None => Self::Value { shape: tensor.shape().clone(), dtype: tensor.dtype() },
        }
    }

    /// A placeholder for what calls bring, and the argument that is computed from it.
    fn stand_in(&self) -> Result<[Tensor; 2]> {
        Ok(match self {
            Self::Value { shape, dtype } => {
                let input = LoopSpec::placeholder(shape, *dtype);
                [input.clone(), input]
            }
            Self::Rows { table, index } => {
                let index = LoopSpec::placeholder(index, DType::I32);
                let rows = table.rows("batch", &index)?;
                [index, rows]
            }
        })
    }

    /// What a call with this tensor brings.
    fn bring(&self, tensor: &Tensor) -> Option<Tensor> {
        match (self, rows(tensor)) {
            (Self::Rows { table, index }, Some([other, rows])) => {
                (table.id() == other.id() && index == rows.shape()).then_some(rows)
            }
            (Self::Value { shape, dtype }, _) => {
                (shape == tensor.shape() && *dtype == tensor.dtype()).then(|| tensor.clone())
            }
            _ => None,
        }
    }
}

/// Equal texts mean that a step that takes the one takes the other.
impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value { shape, dtype } => write!(f, "{dtype}{shape}"),
            Self::Rows { table, index } => {
                write!(f, "rows {index} of %{} {}{}", table.id(), table.dtype(), table.shape())
            }
        }
    }
}

/// The table and the index of rows that are chosen by numbers from the host.
fn rows(tensor: &Tensor) -> Option<[Tensor; 2]> {
    if !matches!(&*tensor.op(), Op::Gather) {
        return None;
    }
    let [table, index] = &tensor.inputs()[..] else { return None };
    let is_table = matches!(&*table.op(), Op::Host(_) | Op::Resident(_));
    (is_table && matches!(&*index.op(), Op::Host(_))).then(|| [table.clone(), index.clone()])
}

/// Random numbers of steps: each call draws others. Steps that are traced from one function share it.
#[derive(Clone, Debug)]
pub struct Draws {
    seed: u32,
    /// Calls made, i32 without axes.
    calls: Param,
}

impl Draws {
    /// Draws from a seed, the same on every device. The n-th call draws as the n-th step of [`super::fit`] with this seed.
    pub fn new(seed: u32) -> Self {
        Self { seed, calls: Param::buffer(Tensor::i32(&[], &[0]).expect("one element")) }
    }
}

impl Step {
    /// Traces a function: it is called once, with stand-ins, and what it does to parameters is noted and not done.
    ///
    /// Errors: what the function returns, and then nothing has changed; a trace is under way already.
    pub fn trace<E: From<Error>>(
        draws: &Draws,
        arguments: &[Argument],
        function: impl FnOnce(&[Tensor]) -> Result<Vec<Tensor>, E>,
    ) -> Result<Self, E> {
        let drawn = Rc::new(Cell::new(0));
        let (count, source) = (drawn.clone(), draws.clone());
        let keys = Rc::new(RefCell::new(move || {
            let number = count.replace(count.get() + 1);
            let key = Tensor::fold_in(&Tensor::key(source.seed.into()), &source.calls.value())?;
            if number == 0 { Ok(key) } else { Ok(Tensor::fold_in(&key, &Tensor::i32(&[], &[number])?)?) }
        }));
        let Some(guard) = trace::begin(keys, draws.seed) else {
            let message = "a step is being traced already; call the function itself there, not a step made of it";
            return Err(Error::argument("compile", message).into());
        };
        let stand_ins = arguments.iter().map(Argument::stand_in).collect::<Result<Vec<_>>>()?;
        let (inputs, given): (Vec<Tensor>, Vec<Tensor>) = stand_ins.into_iter().map(|[a, b]| (a, b)).unzip();
        let outputs = function(&given)?;
        if drawn.get() > 0 {
            draws.calls.replace(draws.calls.value().add_scalar(1).map_err(Error::from)?);
        }
        let mut params = guard.finish();

        // Parameters that were only looked at need not be brought.
        let changed = params.iter().filter(|p| p.current.id() != p.input.id()).map(|p| p.current.clone());
        let roots: Vec<Tensor> = outputs.iter().cloned().chain(changed).collect();
        let reached: FxHashSet<u64> = Tensor::ancestors(&roots).iter().map(Tensor::id).collect();
        params.retain(|p| p.current.id() != p.input.id() || reached.contains(&p.input.id()));
        Ok(Self {
            arguments: arguments.to_vec(),
            params: params.iter().map(|traced| traced.param.clone()).collect(),
            state: RefCell::new(State::Traced { arguments: inputs, params, outputs }),
        })
    }

    /// What it takes.
    pub fn arguments(&self) -> &[Argument] {
        &self.arguments
    }

    /// One call. The first one compiles; parameters live on in place from then on.
    ///
    /// Errors: arguments unlike those that it was traced for; what the runner says.
    pub async fn call(&self, runner: &dyn Runner, arguments: &[Tensor]) -> Result<Vec<Tensor>> {
        let (prepared, arguments) = self.made_ready(runner, arguments).await?;
        Ok(runner.call(&prepared, &arguments).await?)
    }

    /// What a call does, and the time of each step of the program, over a third of a second of calls, which change parameters as
    /// any do; on WebGPU one call does, and the steps are timed one by one.
    ///
    /// Errors: those of a call.
    pub async fn profile(&self, runner: &dyn Runner, arguments: &[Tensor]) -> Result<Profile> {
        self.costs(runner, Some(arguments)).await
    }

    /// What a call of the program does on the runner's device: dispatches and bytes, step by step. Compiles if need be, and runs
    /// nothing.
    ///
    /// ```
    /// use gradbook_core::{LocalRunner, Tensor, device::cpu::Cpu};
    /// use gradbook_learn::{Error, train::{Argument, Draws, Step}};
    ///
    /// let runner = LocalRunner::native(Cpu::new());
    /// let x = Argument::of(&Tensor::zeros(&[64, 784])?);
    /// let step = Step::trace(&Draws::new(1), &[x], |given| Ok::<_, Error>(vec![given[0].relu()?]))?;
    /// let explanation = pollster::block_on(step.explain(&runner))?;
    /// assert_eq!(explanation.needed(), 2.0 * 4.0 * 64.0 * 784.0);
    /// println!("{explanation}");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// Errors: what the runner says of the program, such as that memory is out.
    pub async fn explain(&self, runner: &dyn Runner) -> Result<Profile> {
        self.costs(runner, None).await
    }

    /// What a call does; with arguments, the times of its steps as well.
    pub async fn costs(&self, runner: &dyn Runner, arguments: Option<&[Tensor]>) -> Result<Profile> {
        let (prepared, brought) = match arguments {
            Some(arguments) => self.made_ready(runner, arguments).await?,
            None => (self.prepared(runner).await?, Vec::new()),
        };
        Ok(runner.profile(&prepared, arguments.map(|_| &brought[..])).await?)
    }

    /// The program, its parameters having the values that they were assigned, and arguments as it takes them.
    async fn made_ready(&self, runner: &dyn Runner, arguments: &[Tensor]) -> Result<(Rc<Prepared>, Vec<Tensor>)> {
        if arguments.len() != self.arguments.len() {
            let message = format!("{} arguments; it was traced for {}", arguments.len(), self.arguments.len());
            return Err(Error::argument("step", message));
        }
        let mut brought = Vec::with_capacity(arguments.len());
        for (i, (given, argument)) in arguments.iter().zip(&self.arguments).enumerate() {
            brought.push(argument.bring(given).ok_or_else(|| {
                let message =
                    format!("argument {i} is {}; it was traced for {argument}: trace it again", Argument::of(given));
                Error::argument("step", message)
            })?);
        }
        let prepared = self.prepared(runner).await?;
        for param in &self.params {
            let (value, Some(live)) = (param.stored(), param.live()) else { continue };
            if value.id() != live.id() {
                runner.assign(&live, &value).await?;
                param.store(live);
            }
        }
        Ok((prepared, brought))
    }

    async fn prepared(&self, runner: &dyn Runner) -> Result<Rc<Prepared>> {
        let ready = match &*self.state.borrow() {
            State::Ready(prepared) => Some(prepared.clone()),
            State::Traced { .. } => None,
        };
        match ready {
            Some(prepared) => Ok(prepared),
            None => self.prepare(runner).await,
        }
    }

    async fn prepare(&self, runner: &dyn Runner) -> Result<Rc<Prepared>> {
        // Parameters that no program has changed yet get a tensor that programs may change.
        let fresh: Vec<&Param> = self.params.iter().filter(|param| param.live().is_none()).collect();
        if !fresh.is_empty() {
            let mut spec = LoopSpec::default();
            for param in &fresh {
                let value = param.stored();
                spec.push(LoopSpec::placeholder(value.shape(), value.dtype()), value, None);
            }
            let run = runner.begin(&spec).await?;
            for (param, live) in fresh.iter().zip(&run.state) {
                param.set_live(live.clone());
                param.store(live.clone());
            }
        }
        let spec = match &*self.state.borrow() {
            State::Ready(prepared) => return Ok(prepared.clone()),
            State::Traced { arguments, params, outputs } => {
                let variable = |traced: &Traced| {
                    let changes = traced.current.id() != traced.input.id();
                    let next = changes.then(|| traced.current.clone());
                    let value = traced.param.live().unwrap_or_else(|| traced.param.stored());
                    Variable { input: traced.input.clone(), value, next }
                };
                ProgramSpec {
                    arguments: arguments.clone(),
                    state: params.iter().map(variable).collect(),
                    outputs: outputs.clone(),
                }
            }
        };
        let prepared = Rc::new(runner.prepare(&spec).await?);
        *self.state.borrow_mut() = State::Ready(prepared.clone());
        Ok(prepared)
    }
}

/// A pass through a model that trains, as part of a larger computation: dropout and the like are on, and running statistics
/// move. Random numbers are the trace's if a step is traced, else those of the seed; so are parameters that are not drawn yet.
pub fn forward(model: &dyn Layer, x: &Tensor, seed: u32) -> Result<Tensor> {
    let key = trace::key().unwrap_or_else(|| Ok(Tensor::key(seed.into())))?;
    let mut ctx = Forward::training(key).seeded(trace::seed().unwrap_or(seed));
    let output = model.forward(x, &mut ctx)?;
    for (buffer, value) in ctx.updates() {
        buffer.replace(value.clone());
    }
    Ok(output)
}

/// A random key for a draw of the step that is being traced, if one is: its numbers are others in each call.
pub fn draw() -> Option<Result<Tensor>> {
    trace::key()
}

/// The seed of the step that is being traced, if one is.
pub fn traced_seed() -> Option<u32> {
    trace::seed()
}
