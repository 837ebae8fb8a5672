//! The runner that owns a device: keeps values by handle, compiles graphs to programs and remembers them, replays loops.

mod check;

use super::{LoopEnd, LoopRun, LoopSpec, Prepared, Profile, ProgramSpec, Progress, Runner, call::Callable};
use crate::{
    Data, Error, Result, Tensor,
    device::{BufferId, Device, ExecutableId, LocalFuture, Place, Position},
    ir::{Graph, Op, Resident, simplify, wire::Writer},
    plan::{self, Leaf, Options, Target},
};
use rustc_hash::FxHashMap;
use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
};

/// What a runner needs of the program that it lives in.
pub struct Host {
    /// Milliseconds since some moment.
    pub now: Box<dyn Fn() -> f64>,
    /// Lets whatever else waits have its turn.
    pub turn: Box<dyn Fn() -> LocalFuture<'static, ()>>,
}

/// Evaluates graphs on a device of its own. A handle: clones share everything.
#[derive(Clone)]
pub struct LocalRunner(Rc<Inner>);

pub(super) struct Inner {
    pub(super) device: Rc<dyn Device>,
    pub(super) host: Host,
    options: Cell<Options>,
    values: RefCell<FxHashMap<u64, Value>>,
    programs: RefCell<Programs>,
    loops: RefCell<FxHashMap<u64, Rc<Loop>>>,
    pub(super) callables: RefCell<FxHashMap<u64, Rc<Callable>>>,
    /// Grows with each stop that was asked for.
    pub(super) stops: Cell<u64>,
    /// Whether a program is between two of its steps: its scratch memory must be left alone.
    busy: Cell<bool>,
    /// When others last had their turn, in ms.
    pub(super) turned: Cell<f64>,
}

/// Where a value lies. Values may share memory: the state of a loop does.
#[derive(Clone)]
pub(super) struct Value {
    memory: Rc<Memory>,
    offset: usize,
    pub(super) role: Role,
}

/// What a value is to those that know where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing: it may lie anywhere.
    Free,
    /// It changes under its name, by assignment only: it may still lie anywhere.
    Assigned,
    /// It changes under its name, where it lies.
    Live,
    /// A loop or a program that is called reads it there.
    Bound,
    /// It lies among the outputs of a program's calls, and is given memory of its own before a graph reads it.
    Row,
}

/// A buffer that is given back when nothing lies in it any more.
pub(super) struct Memory {
    device: Rc<dyn Device>,
    pub(super) buffer: BufferId,
    words: usize,
}

/// A program laid out over the buffers that it is run with.
pub(super) struct LaidOut {
    pub(super) executable: ExecutableId,
    /// What the device has prepared.
    pub(super) program: plan::Program,
    /// Those of its leaves, then that of its state; outputs with memory of their own follow.
    pub(super) externals: Vec<BufferId>,
    /// Where the leaves lie that were left to the planner: what the state's memory is, and the place in it, leaf by leaf.
    pub(super) state: Option<Rc<Memory>>,
    pub(super) offsets: Vec<usize>,
}

/// Where the leaves of a graph lie.
#[derive(Default)]
struct Leaves {
    buffers: Vec<BufferId>,
    /// The length of each.
    words: Vec<usize>,
    places: Vec<Leaf>,
}

struct Loop {
    executable: ExecutableId,
    externals: Vec<BufferId>,
    watch: Option<Tensor>,
    /// Keeps the values alive that the body reads.
    _leaves: Vec<Tensor>,
}

/// How long work goes on before others have their turn, in ms.
pub(super) const SLICE: f64 = 8.0;
/// How often a loop reports, in ms.
const REPORT: f64 = 40.0;

impl LocalRunner {
    /// A runner on a device.
    pub fn new(device: Rc<dyn Device>, host: Host) -> Self {
        Self(Rc::new(Inner {
            device,
            host,
            options: Cell::new(Options::default()),
            values: RefCell::default(),
            programs: RefCell::default(),
            loops: RefCell::default(),
            stops: Cell::new(0),
            callables: RefCell::default(),
            busy: Cell::new(false),
            turned: Cell::new(0.0),
        }))
    }

    /// A runner on a device, in a native program.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn native(device: impl Device + 'static) -> Self {
        let start = std::time::Instant::now();
        let now = Box::new(move || start.elapsed().as_secs_f64() * 1e3);
        Self::new(Rc::new(device), Host { now, turn: Box::new(|| Box::pin(others_first())) })
    }

    /// The device.
    pub fn device(&self) -> &dyn Device {
        &*self.0.device
    }

    /// What the passes may do from now on.
    pub fn set_options(&self, options: Options) {
        self.0.options.set(options);
    }

    /// Ends all loops and evaluations that are under way: loops after the repetition that they are in.
    pub fn stop(&self) {
        self.0.stops.set(self.0.stops.get() + 1);
    }

    /// Does something while no program is between two of its steps, as a move to another device must be.
    pub async fn between_steps<T>(&self, act: impl Future<Output = T>) -> T {
        let _turn = self.0.turn().await;
        act.await
    }

    /// The program that evaluates these tensors, for a look at it.
    pub fn program(&self, tensors: &[Tensor]) -> Result<plan::Program> {
        let graph = self.0.simplified(&Graph::trace(tensors).graph);
        plan::compile(&graph, &vec![Target::New; graph.outputs.len()], &self.0.options.get())
    }
}

impl Runner for LocalRunner {
    fn evaluate<'a>(&'a self, tensors: &'a [Tensor]) -> LocalFuture<'a, Result<()>> {
        Box::pin(self.0.evaluate(tensors))
    }

    fn read<'a>(&'a self, tensor: &'a Tensor) -> LocalFuture<'a, Result<Data>> {
        Box::pin(self.0.read(tensor))
    }

    fn check<'a>(&'a self, tensors: &'a [Tensor]) -> LocalFuture<'a, Result<()>> {
        Box::pin(self.0.check(tensors))
    }

    fn begin<'a>(&'a self, spec: &'a LoopSpec) -> LocalFuture<'a, Result<LoopRun>> {
        Box::pin(self.0.begin(spec))
    }

    fn advance<'a>(
        &'a self,
        run: &'a LoopRun,
        iterations: usize,
        watch: &'a mut dyn FnMut(Progress),
    ) -> LocalFuture<'a, Result<LoopEnd>> {
        Box::pin(self.0.advance(run, iterations, watch))
    }

    fn assign<'a>(&'a self, state: &'a Tensor, value: &'a Tensor) -> LocalFuture<'a, Result<()>> {
        Box::pin(self.0.assign(state, value))
    }

    fn profile<'a>(
        &'a self,
        program: &'a Prepared,
        arguments: Option<&'a [Tensor]>,
    ) -> LocalFuture<'a, Result<Profile>> {
        Box::pin(self.0.profile(program, arguments))
    }

    fn prepare<'a>(&'a self, spec: &'a ProgramSpec) -> LocalFuture<'a, Result<Prepared>> {
        Box::pin(self.0.prepare(spec))
    }

    fn call<'a>(&'a self, program: &'a Prepared, arguments: &'a [Tensor]) -> LocalFuture<'a, Result<Vec<Tensor>>> {
        Box::pin(self.0.call(program, arguments))
    }
}

impl Inner {
    pub(super) async fn evaluate(self: &Rc<Self>, tensors: &[Tensor]) -> Result<()> {
        let mut wanted: Vec<Tensor> = Vec::new();
        for tensor in tensors {
            if matches!(&*tensor.op(), Op::Input) {
                return Err(placeholder(tensor));
            }
            if tensor.handle().is_none() && !wanted.iter().any(|w| w.id() == tensor.id()) {
                wanted.push(tensor.clone());
            }
        }
        wanted.retain(|tensor| !matches!(&*tensor.op(), Op::Host(_)));
        tensors.iter().try_for_each(|tensor| self.upload(tensor))?;
        if wanted.is_empty() {
            return Ok(());
        }
        let traced = Graph::trace(&wanted);
        let leaves = self.leaves(&traced.leaves)?;
        let executable = self.compiled(&self.simplified(&traced.graph), &leaves)?;
        let mut externals = leaves.buffers;
        let mut results = Vec::new();
        for tensor in &wanted {
            let memory = self.memory(tensor.shape().len(), "a result")?;
            externals.push(memory.buffer);
            results.push(self.value(memory, 0, Role::Free));
        }
        self.run(executable, &externals).await?;
        wanted.iter().zip(results).for_each(|(tensor, handle)| tensor.realise(handle));
        Ok(())
    }

    /// One run from start to end, in slices.
    async fn run(&self, executable: ExecutableId, externals: &[BufferId]) -> Result<()> {
        let stops = self.stops.get();
        self.device.ready().await?;
        let _turn = self.turn().await;
        let mut at = Position::default();
        if self.stops.get() != stops {
            return Err(Error::Stopped);
        }
        loop {
            at = self.device.run(executable, externals, at, 1, &mut self.slice())?;
            if at.iteration == 1 {
                return Ok(());
            }
            (self.host.turn)().await;
            if self.stops.get() != stops {
                return Err(Error::Stopped);
            }
        }
    }

    /// Waits until no program is between two of its steps, and says that one is until the result is dropped.
    pub(super) async fn turn(&self) -> Turn<'_> {
        while self.busy.replace(true) {
            (self.host.turn)().await;
        }
        Turn(&self.busy)
    }

    /// Says when a slice of work is over.
    pub(super) fn slice(&self) -> impl FnMut() -> bool {
        let end = (self.host.now)() + SLICE;
        move || (self.host.now)() >= end
    }

    async fn read(self: &Rc<Self>, tensor: &Tensor) -> Result<Data> {
        if let Op::Host(data) = &*tensor.op() {
            return data.copied();
        }
        self.evaluate(std::slice::from_ref(tensor)).await?;
        let Place { buffer, offset } = self.place(tensor)?;
        let words = self.device.read(buffer, offset..offset + tensor.shape().len()).await?;
        Data::new(tensor.shape().clone(), tensor.dtype(), words)
    }

    async fn begin(self: &Rc<Self>, spec: &LoopSpec) -> Result<LoopRun> {
        let initial: Vec<Tensor> = spec.state.iter().map(|state| state.initial.clone()).collect();
        for (state, initial) in spec.state.iter().zip(&initial) {
            let fits = |t: &Tensor| t.shape() == state.input.shape() && t.dtype() == state.input.dtype();
            if !fits(initial) || !state.next.as_ref().is_none_or(fits) {
                let message = format!("the value of a state must keep shape {} and type", state.input.shape());
                return Err(Error::shape("loop", message));
            }
        }
        self.evaluate(&initial).await?;
        let inputs: Vec<Tensor> = spec.state.iter().map(|s| s.input.clone()).collect();
        let outputs: Vec<Tensor> = spec.state.iter().filter_map(|s| s.next.clone()).collect();
        let traced = Graph::trace_with(&inputs, &outputs);
        // What changes lies where the planner likes it to, in one buffer; what is only assigned, in buffers of its own.
        let resident = |memory, offset, value: &Tensor| {
            Tensor::resident(self.value(memory, offset, Role::Live), value.shape().clone(), value.dtype())
        };
        let mut state: Vec<Option<Tensor>> = Vec::with_capacity(inputs.len());
        for (spec, value) in spec.state.iter().zip(&initial) {
            state.push(match spec.next {
                Some(_) => None,
                None => Some(resident(self.memory(value.shape().len(), "a training state")?, 0, value)),
            });
        }
        let rest = &traced.leaves[inputs.len()..];
        let mut kept = rest.to_vec();
        kept.extend(state.iter().flatten().cloned());
        let changing = spec.state.iter().enumerate().filter(|(_, s)| s.next.is_some());
        let targets: Vec<Target> = changing.map(|(i, _)| Target::Leaf(i)).collect();
        let laid_out = self.lay_out(&traced.graph, &state, rest, &targets)?;
        for (i, slot) in state.iter_mut().enumerate().filter(|(_, slot)| slot.is_none()) {
            let memory = laid_out.state.clone().expect("a state that changes has memory");
            *slot = Some(resident(memory, laid_out.offsets[i], &initial[i]));
        }
        let state: Vec<Tensor> = state.into_iter().flatten().collect();
        for (state, value) in state.iter().zip(&initial) {
            self.device.copy(self.place(value)?, self.place(state)?, value.shape().len())?;
        }
        if targets.is_empty() {
            // The loop does nothing: its state is for programs to come.
            state.iter().for_each(|state| self.set_role(state, Role::Assigned));
        }
        let LaidOut { executable, externals, .. } = laid_out;
        let leaves = [&state[..], &kept].concat();
        let watch = spec.watch.map(|i| state[i].clone());
        let body = Loop { executable, externals, watch, _leaves: leaves };
        let id = next_name();
        self.loops.borrow_mut().insert(id, Rc::new(body));
        let inner = Rc::downgrade(self);
        let release = Resident::new(id, move |id| with(&inner, |inner| inner.end(id)));
        Ok(LoopRun { id, state, _release: release })
    }

    fn end(&self, id: u64) {
        let body = self.loops.borrow_mut().remove(&id);
        if let Some(body) = body {
            self.device.release(body.executable);
        }
    }

    async fn advance(
        self: &Rc<Self>,
        run: &LoopRun,
        iterations: usize,
        watch: &mut dyn FnMut(Progress),
    ) -> Result<LoopEnd> {
        let body = self.loops.borrow().get(&run.id).cloned().ok_or_else(|| gone("loop"))?;
        let stops = self.stops.get();
        let mut at = Position::default();
        let mut reported = (self.host.now)();
        while at.iteration < iterations && self.stops.get() == stops {
            self.device.ready().await?;
            {
                // Others have their turn between repetitions; within one they wait.
                let _turn = self.turn().await;
                // A stop may have come while the queue was full or someone else had the turn.
                if self.stops.get() != stops {
                    break;
                }
                let mut until = iterations;
                loop {
                    at = self.device.run(body.executable, &body.externals, at, until, &mut self.slice())?;
                    if at.step == 0 {
                        break;
                    }
                    // The slice ended within a repetition: that one is finished, and no other begun before others had their turn.
                    until = at.iteration + 1;
                    (self.host.turn)().await;
                }
            }
            (self.host.turn)().await;
            if (self.host.now)() - reported >= REPORT && at.iteration < iterations {
                reported = (self.host.now)();
                watch(self.progress(&body, at.iteration).await?);
            }
        }
        watch(self.progress(&body, at.iteration).await?);
        Ok(LoopEnd { done: at.iteration, stopped: at.iteration < iterations })
    }

    async fn progress(self: &Rc<Self>, body: &Loop, done: usize) -> Result<Progress> {
        let watched = match &body.watch {
            Some(state) => Some(self.read(state).await?),
            None => None,
        };
        Ok(Progress { done, watched })
    }

    async fn assign(self: &Rc<Self>, state: &Tensor, value: &Tensor) -> Result<()> {
        if state.shape() != value.shape() || state.dtype() != value.dtype() {
            let message = format!("a value of shape {} for a state of shape {}", value.shape(), state.shape());
            return Err(Error::shape("assign", message));
        }
        let place = self.place(state)?;
        if let Op::Host(data) = &*value.op() {
            return self.device.write(place.buffer, place.offset, &data.words);
        }
        self.evaluate(std::slice::from_ref(value)).await?;
        self.device.copy(self.place(value)?, self.place(state)?, value.shape().len())
    }

    /// New memory of so many words.
    pub(super) fn memory(&self, words: usize, what: &str) -> Result<Rc<Memory>> {
        let buffer = self.device.alloc(words, what)?;
        Ok(Rc::new(Memory { device: self.device.clone(), buffer, words }))
    }

    /// A value that lies there, and lives as long as its handle.
    pub(super) fn value(self: &Rc<Self>, memory: Rc<Memory>, offset: usize, role: Role) -> Rc<Resident> {
        let name = next_name();
        self.values.borrow_mut().insert(name, Value { memory, offset, role });
        let inner: Weak<Self> = Rc::downgrade(self);
        Resident::new(name, move |name| {
            let mut gone = None;
            with(&inner, |inner| gone = inner.values.borrow_mut().remove(&name));
        })
    }

    /// Moves a value that nobody has bound yet to other memory, where it changes from now on.
    pub(super) fn settle(&self, tensor: &Tensor, memory: Rc<Memory>, offset: usize) -> Result<()> {
        let to = Place { buffer: memory.buffer, offset };
        self.device.copy(self.place(tensor)?, to, tensor.shape().len())?;
        let handle = tensor.handle().ok_or_else(|| placeholder(tensor))?;
        let old = self.values.borrow_mut().insert(handle.id, Value { memory, offset, role: Role::Live });
        drop(old);
        Ok(())
    }

    /// Whether nobody knows where a value lies, which has its memory to itself.
    pub(super) fn is_free(&self, tensor: &Tensor) -> bool {
        let handle = tensor.handle();
        let values = self.values.borrow();
        let value = handle.and_then(|handle| values.get(&handle.id));
        value.is_some_and(|value| {
            matches!(value.role, Role::Free | Role::Assigned) && Rc::strong_count(&value.memory) == 1
        })
    }

    /// What a value is from now on.
    pub(super) fn set_role(&self, tensor: &Tensor, role: Role) {
        let Some(handle) = tensor.handle() else { return };
        if let Some(value) = self.values.borrow_mut().get_mut(&handle.id) {
            value.role = role;
        }
    }

    /// The program of a graph whose first leaves are given, or state (none) that lies where it suits the program.
    pub(super) fn lay_out(
        self: &Rc<Self>,
        graph: &Graph,
        first: &[Option<Tensor>],
        rest: &[Tensor],
        targets: &[Target],
    ) -> Result<LaidOut> {
        let fixed: Vec<Tensor> = first.iter().flatten().chain(rest).cloned().collect();
        let found = self.leaves(&fixed)?;
        for leaf in &fixed {
            match self.held(leaf)?.role {
                Role::Free => self.set_role(leaf, Role::Bound),
                Role::Assigned => self.set_role(leaf, Role::Live),
                Role::Live | Role::Bound | Role::Row => {}
            }
        }
        let mut places = found.places.into_iter();
        let mut next = || places.next().expect("a place for each leaf");
        let mut leaves: Vec<Leaf> = first.iter().map(|leaf| leaf.as_ref().map_or(Leaf::State, |_| next())).collect();
        leaves.extend(places);
        let graph = self.simplified(graph);
        let plan = plan::compile_at(&graph, &leaves, &found.words, targets, &self.options.get())?;
        let mut externals = found.buffers;
        let mut state = None;
        if first.iter().any(Option::is_none) {
            let words = plan.program.externals[externals.len()].words;
            let memory = self.memory(words, "the state of training")?;
            externals.push(memory.buffer);
            state = Some(memory);
        }
        let offsets = plan.leaves.iter().map(|place| place.offset).collect();
        let executable = self.device.prepare(&plan.program)?;
        Ok(LaidOut { executable, program: plan.program, externals, state, offsets })
    }

    /// Moves a value from the host to the device.
    fn upload(self: &Rc<Self>, tensor: &Tensor) -> Result<()> {
        let Op::Host(data) = tensor.op().clone() else { return Ok(()) };
        let memory = self.memory(data.words.len(), "data from the host")?;
        self.device.write(memory.buffer, 0, &data.words)?;
        tensor.realise(self.value(memory, 0, Role::Free));
        Ok(())
    }

    /// Where the leaves lie, each buffer named once.
    fn leaves(self: &Rc<Self>, leaves: &[Tensor]) -> Result<Leaves> {
        let mut found = Leaves::default();
        let mut known: FxHashMap<BufferId, usize> = FxHashMap::default();
        for leaf in leaves {
            self.ready(leaf)?;
            let Value { memory, offset, .. } = self.held(leaf)?;
            let buffer = *known.entry(memory.buffer).or_insert_with(|| {
                found.buffers.push(memory.buffer);
                found.words.push(memory.words);
                found.buffers.len() - 1
            });
            found.places.push(Leaf::At { buffer, offset });
        }
        Ok(found)
    }

    /// Puts a leaf where a graph can read it.
    pub(super) fn ready(self: &Rc<Self>, leaf: &Tensor) -> Result<()> {
        self.upload(leaf)?;
        let Value { memory, offset, role } = self.held(leaf)?;
        if role != Role::Row {
            return Ok(());
        }
        let words = leaf.shape().len();
        let own = self.memory(words, "an output")?;
        self.device.copy(Place { buffer: memory.buffer, offset }, Place { buffer: own.buffer, offset: 0 }, words)?;
        let handle = leaf.handle().ok_or_else(|| placeholder(leaf))?;
        let old = self.values.borrow_mut().insert(handle.id, Value { memory: own, offset: 0, role: Role::Free });
        drop(old);
        Ok(())
    }

    pub(super) fn held(&self, tensor: &Tensor) -> Result<Value> {
        let handle = tensor.handle().ok_or_else(|| placeholder(tensor))?;
        self.values.borrow().get(&handle.id).cloned().ok_or_else(|| gone("value"))
    }

    pub(super) fn place(&self, tensor: &Tensor) -> Result<Place> {
        self.held(tensor).map(|value| Place { buffer: value.memory.buffer, offset: value.offset })
    }

    fn simplified(&self, graph: &Graph) -> Graph {
        if self.options.get().simplify { simplify(graph) } else { graph.clone() }
    }

    fn compiled(&self, graph: &Graph, leaves: &Leaves) -> Result<ExecutableId> {
        let options = self.options.get();
        let mut key = Writer::default();
        key.graph(graph);
        for place in &leaves.places {
            let &Leaf::At { buffer, offset } = place else { unreachable!("evaluations have no state") };
            [buffer, offset].iter().for_each(|&v| key.size(v));
        }
        leaves.words.iter().for_each(|&words| key.size(words));
        key.bytes.extend(format!("{options:?}").into_bytes());
        let targets = vec![Target::New; graph.outputs.len()];
        let make = || Ok(plan::compile_at(graph, &leaves.places, &leaves.words, &targets, &options)?.program);
        self.programs.borrow_mut().get(&*self.device, key.bytes, make)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.device.free(self.buffer);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.values.borrow_mut().clear();
        self.loops.borrow_mut().drain().for_each(|(_, body)| self.device.release(body.executable));
        self.programs.borrow_mut().known.drain().for_each(|(_, entry)| self.device.release(entry.executable));
    }
}

/// Programs by structure; those not used for longest are forgotten.
#[derive(Default)]
struct Programs {
    known: FxHashMap<Vec<u8>, Entry>,
    clock: u64,
}

struct Entry {
    executable: ExecutableId,
    used: u64,
}

/// How many programs are remembered.
const CAPACITY: usize = 48;

impl Programs {
    fn get(
        &mut self,
        device: &dyn Device,
        key: Vec<u8>,
        make: impl Fn() -> Result<plan::Program>,
    ) -> Result<ExecutableId> {
        self.clock += 1;
        if let Some(entry) = self.known.get_mut(&key) {
            entry.used = self.clock;
            return Ok(entry.executable);
        }
        let executable = device.prepare(&make()?)?;
        if self.known.len() >= CAPACITY {
            let oldest = self.known.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone());
            if let Some(entry) = oldest.and_then(|key| self.known.remove(&key)) {
                device.release(entry.executable);
            }
        }
        self.known.insert(key, Entry { executable, used: self.clock });
        Ok(executable)
    }
}

pub(super) struct Turn<'a>(&'a Cell<bool>);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// Lets others run once.
#[cfg(not(target_arch = "wasm32"))]
fn others_first() -> impl Future<Output = ()> {
    use std::task::Poll;
    let mut waited = false;
    std::future::poll_fn(move |context| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
}

/// Names are never used twice, in no runner of this thread, so that a handle of another runner is not mistaken for an own one.
pub(super) fn next_name() -> u64 {
    thread_local!(static NEXT: Cell<u64> = const { Cell::new(1) });
    NEXT.with(|next| next.replace(next.get() + 1))
}

pub(super) fn with(inner: &Weak<Inner>, act: impl FnOnce(&Inner)) {
    if let Some(inner) = inner.upgrade() {
        act(&inner);
    }
}

fn placeholder(tensor: &Tensor) -> Error {
    let message = format!("a placeholder of shape {} has no value; only a traced step can use it", tensor.shape());
    Error::argument("evaluate", message)
}

pub(super) fn gone(what: &str) -> Error {
    Error::Argument {
        op: "evaluate".into(),
        message: format!("this {what} belongs to another device or has been given back"),
    }
}

#[cfg(test)]
mod tests;
