//! The side that owns a device.

use super::message::{Body, Brought, LoadedTensor, Name, Reply, Request, Sent, StateNames, Ticket};
use crate::{
    DType, Data, Error, LoopEnd, LoopRun, LoopSpec, Prepared, Profile, ProgramSpec, Result, Runner, Shape, Stored,
    Tensor, device::LocalFuture, ir::Op, runner::Variable,
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::{
    cell::{Cell, RefCell},
    collections::{VecDeque, hash_map::Entry},
    rc::Rc,
};

/// Set in the names that the server chooses.
const OURS: Name = 1 << 63;

/// A collection by label.
pub type Loaded = Vec<(String, Item)>;

/// One thing of a collection.
#[derive(Clone, Debug)]
pub enum Item {
    /// For a device.
    Tensor(Tensor),
    /// Rows that stay on the host.
    Stored(Stored),
}

impl From<Tensor> for Item {
    fn from(tensor: Tensor) -> Self {
        Self::Tensor(tensor)
    }
}

/// What the server needs of the program around it.
pub trait Host {
    /// Sends a message to the client.
    fn send(&self, message: Vec<u8>);

    /// Runs a task of this thread to its end.
    fn spawn(&self, task: LocalFuture<'static, ()>);

    /// Loads a collection, such as a data set. Errors: there is none of this name, or it could not be had.
    fn load(&self, what: String) -> LocalFuture<'static, Result<Loaded>>;

    /// Stores values by label, such as the weights of a model, where and as the text says; what it gives goes to the client.
    /// Errors: they cannot be stored so.
    fn save(&self, what: String, values: Vec<(String, Data)>) -> LocalFuture<'static, Result<String>>;
}

/// How much a server is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Requests under way or waiting, and loops that their owner has not given back: between two calls of advance it still
    /// runs for its owner.
    pub running: usize,
    /// Repetitions of loops done since the server was made.
    pub steps: u64,
}

/// Answers a [`super::RemoteRunner`]. Requests are done in order, but loops and loads run beside them.
pub struct Server<R, H>(Rc<State<R, H>>);

struct State<R, H> {
    runner: Rc<R>,
    host: H,
    values: RefCell<FxHashMap<Name, Result<Tensor>>>,
    /// Few, as a client has few sets.
    stored: RefCell<Vec<(Name, Stored)>>,
    loops: RefCell<FxHashMap<Name, Result<Rc<Loop>>>>,
    programs: RefCell<FxHashMap<Name, Rc<Program>>>,
    next_name: Cell<Name>,
    queue: RefCell<VecDeque<Work>>,
    /// Whether a task works on the queue.
    pumping: Cell<bool>,
    activity: Cell<Activity>,
    /// Grows with each stop: what was begun before it and is not known yet ends as well.
    stops: Cell<u64>,
    /// Stops that the client has not heard of yet.
    unheard: Cell<u32>,
    /// Whether values were put off that are not computed yet.
    late: Cell<bool>,
    /// What the client wants kept for the one after it.
    kept: Rc<RefCell<Kept>>,
}

/// The answer to a loop that was stopped before it could do anything.
const STOPPED: Body = Body::Ended(LoopEnd { done: 0, stopped: true });

/// What is done in order.
enum Work {
    Request(Request),
    /// A request from before a stop: nothing of it is computed.
    PutOff(Request),
}

/// What outlives its client, and what that says about it.
#[derive(Clone, Default)]
struct Kept {
    what: String,
    tensors: Vec<Tensor>,
    stored: Vec<Stored>,
}

struct Loop {
    run: LoopRun,
    /// Calls of advance under way.
    advancing: Cell<usize>,
    /// Whether a stop came between two calls: the next one ends at once.
    stopped: Cell<bool>,
}

/// A program as it was sent, made ready when it is first called.
struct Program {
    graph: Sent,
    arguments: usize,
    states: Vec<StateNames>,
    prepared: RefCell<Option<Rc<Prepared>>>,
}

impl<R: Runner + 'static, H: Host + 'static> Server<R, H> {
    /// A server that drives this runner.
    pub fn new(runner: Rc<R>, host: H) -> Self {
        Self::with_kept(runner, host, Rc::default())
    }

    /// A server for the client that comes after this one's: it gets what this one's wanted kept.
    pub fn successor(&self, runner: Rc<R>, host: H) -> Self {
        Self::with_kept(runner, host, self.0.kept.clone())
    }

    fn with_kept(runner: Rc<R>, host: H, kept: Rc<RefCell<Kept>>) -> Self {
        Self(Rc::new(State {
            runner,
            host,
            values: RefCell::default(),
            stored: RefCell::default(),
            loops: RefCell::default(),
            programs: RefCell::default(),
            next_name: Cell::new(OURS),
            queue: RefCell::default(),
            pumping: Cell::new(false),
            activity: Cell::default(),
            stops: Cell::default(),
            unheard: Cell::default(),
            late: Cell::default(),
            kept,
        }))
    }

    /// Takes a message of the client. What cannot be read is answered with an error.
    pub fn receive(&self, message: &[u8]) {
        match Request::decode(message) {
            Ok(Request::Heard) => self.0.unheard.update(|n| n.saturating_sub(1)),
            Ok(request) if self.0.unheard.get() > 0 => self.enqueue(Work::PutOff(request)),
            Ok(request) => self.enqueue(Work::Request(request)),
            Err(error) => self.0.reply(0, Body::Failed(error)),
        }
    }

    /// A message of the client could not be taken: all that it waits for ends with the error.
    pub fn missed(&self, error: Error) {
        self.0.reply(0, Body::Failed(error));
    }

    fn enqueue(&self, work: Work) {
        self.0.queue.borrow_mut().push_back(work);
        if !self.0.pumping.replace(true) {
            self.0.host.spawn(Box::pin(pump(self.0.clone())));
        }
    }

    /// Puts off all work that waits: what it would have computed is computed when it is asked for after the stop. What runs
    /// now is the runner's to stop. A loop that is between two calls of advance ends with the next one: its owner must not
    /// miss the stop.
    pub fn stop(&self) {
        self.0.stops.update(|n| n + 1);
        for body in self.0.loops.borrow().values().flatten() {
            body.stopped.set(body.advancing.get() == 0);
        }
        for work in self.0.queue.borrow_mut().iter_mut() {
            *work = match std::mem::replace(work, Work::PutOff(Request::Heard)) {
                Work::Request(request) | Work::PutOff(request) => Work::PutOff(request),
            };
        }
    }

    /// The same where the client is told by another way: until it says that it has heard, what it asks for was meant to be
    /// done before the stop, and is put off as well.
    pub fn stop_until_heard(&self) {
        self.stop();
        self.0.unheard.update(|n| n + 1);
    }

    /// What it is doing.
    pub fn activity(&self) -> Activity {
        let mut activity = self.0.activity.get();
        activity.running += self.0.queue.borrow().len() + usize::from(self.0.pumping.get());
        activity.running += self.0.loops.borrow().values().flatten().filter(|body| body.advancing.get() == 0).count();
        activity
    }

    /// How many values the client holds.
    pub fn held(&self) -> usize {
        self.0.values.borrow().len()
    }
}

/// Does what waits, in order.
async fn pump<R: Runner + 'static, H: Host + 'static>(state: Rc<State<R, H>>) {
    loop {
        let work = state.queue.borrow_mut().pop_front();
        let request = match work {
            None => break,
            Some(Work::Request(request)) => request,
            Some(Work::PutOff(request)) => match state.put_off(request) {
                Some(request) => request,
                None => continue,
            },
        };
        match request {
            Request::Evaluate { graph, names } => {
                let results = state.evaluate(&graph, names.len()).await;
                state.insert_results(names, results);
            }
            Request::Read { ticket, name } => match state.value(name) {
                Ok(tensor) => match state.runner.read(&tensor).await {
                    Ok(data) => state.reply(ticket, Body::Value(data)),
                    Err(error) => state.reply(ticket, Body::Failed(error)),
                },
                Err(error) => state.reply(ticket, Body::Failed(error)),
            },
            Request::Check { ticket, graph } => match state.check(&graph).await {
                Ok(()) => state.reply(ticket, Body::Finite),
                Err(error) => state.reply(ticket, Body::Failed(error)),
            },
            Request::Free { names } => state.free(&names),
            Request::Begin { name, graph, states, watch } => match state.begin(name, &graph, &states, watch).await {
                Ok(()) => {}
                Err(Error::Stopped) => state.put_off_loop(name, &graph, &states, watch),
                Err(error) => state.insert_failed_loop(name, &states, &error),
            },
            Request::Advance { ticket, name, iterations } => {
                state.host.spawn(Box::pin(advance(state.clone(), ticket, name, iterations)));
            }
            Request::Assign { state: target, value } => match state.assign(target, value).await {
                // The state stays what it is when the reader stopped the value on its way.
                Ok(()) | Err(Error::Stopped) => {}
                Err(error) => state.fail(target, &error),
            },
            Request::Prepare { name, graph, arguments, states } => {
                let program = Program { graph, arguments: arguments as usize, states, prepared: RefCell::default() };
                state.programs.borrow_mut().entry(name).or_insert_with(|| Rc::new(program));
            }
            Request::Call { ticket, program, arguments, names } => {
                let (results, body) = match state.call(program, &arguments, names.len()).await {
                    Ok(tensors) => {
                        state.activity.update(|activity| Activity { steps: activity.steps + 1, ..activity });
                        let end = LoopEnd { done: 1, stopped: false };
                        (tensors.into_iter().map(Ok).collect(), Body::Ended(end))
                    }
                    Err(error) => (vec![Err(error.clone()); names.len()], Body::Failed(error)),
                };
                state.insert(names.into_iter().zip(results));
                ticket.into_iter().for_each(|ticket| state.reply(ticket, body.clone()));
            }
            Request::Profile { ticket, program, arguments } => {
                let body = match state.profile(program, arguments.as_deref()).await {
                    Ok(profile) => Body::Profile(profile),
                    Err(error) => Body::Failed(error),
                };
                state.reply(ticket, body);
            }
            Request::Save { ticket, what, labels, graph } => match state.values_of(&graph, labels).await {
                // Later requests may change what these values were read from; storing them takes as long as it takes.
                Ok(values) => state.host.spawn(Box::pin(save(state.clone(), ticket, what, values))),
                Err(error) => state.reply(ticket, Body::Failed(error)),
            },
            Request::Load { ticket, what } => state.host.spawn(Box::pin(load(state.clone(), ticket, what))),
            Request::Keep { what, graph, stored } => state.keep(what, &graph, &stored),
            Request::Rows { name, stored, rows } => state.gather(name, stored, &rows),
            Request::Kept { ticket } => state.reply(ticket, state.hand_over()),
            Request::Heard => {}
        }
    }
    state.pumping.set(false);
}

async fn advance<R: Runner, H: Host>(state: Rc<State<R, H>>, ticket: Ticket, name: Name, iterations: u64) {
    let body = state.loops.borrow().get(&name).cloned().unwrap_or_else(|| Err(unknown(name)));
    let body = match body {
        Ok(body) => body,
        Err(Error::Stopped) => return state.reply(ticket, STOPPED),
        Err(error) => return state.reply(ticket, Body::Failed(error)),
    };
    if body.stopped.take() {
        return state.reply(ticket, STOPPED);
    }
    body.advancing.update(|n| n + 1);
    state.running(1);
    let mut before = 0;
    let mut count = |done: usize| {
        let mut activity = state.activity.get();
        activity.steps += done.saturating_sub(before) as u64;
        before = before.max(done);
        state.activity.set(activity);
    };
    let iterations = usize::try_from(iterations).unwrap_or(usize::MAX);
    let mut watch = |progress: crate::Progress| {
        count(progress.done);
        state.reply(ticket, Body::Progress(progress));
    };
    let end = state.runner.advance(&body.run, iterations, &mut watch).await;
    body.advancing.update(|n| n - 1);
    state.running(-1);
    match end {
        Ok(end) => {
            count(end.done);
            state.reply(ticket, Body::Ended(end));
        }
        Err(error) => state.reply(ticket, Body::Failed(error)),
    }
}

async fn load<R: Runner, H: Host>(state: Rc<State<R, H>>, ticket: Ticket, what: String) {
    let body = match state.host.load(what).await {
        Ok(items) => Body::Loaded(items.into_iter().map(|(label, item)| state.hand(label, item)).collect()),
        Err(error) => Body::Failed(error),
    };
    state.reply(ticket, body);
}

async fn save<R: Runner, H: Host>(state: Rc<State<R, H>>, ticket: Ticket, what: String, values: Vec<(String, Data)>) {
    let body = state.host.save(what, values).await.map_or_else(Body::Failed, Body::Saved);
    state.reply(ticket, body);
}

impl<R: Runner, H: Host> State<R, H> {
    fn reply(&self, ticket: Ticket, body: Body) {
        let message = Reply { ticket, body }.encode();
        let failed = |error| Reply { ticket, body: Body::Failed(error) }.encode().expect("an error has no values");
        self.host.send(message.unwrap_or_else(failed));
    }

    fn running(&self, change: isize) {
        let mut activity = self.activity.get();
        activity.running = activity.running.saturating_add_signed(change);
        self.activity.set(activity);
    }

    fn value(&self, name: Name) -> Result<Tensor> {
        self.values.borrow().get(&name).cloned().unwrap_or_else(|| Err(unknown(name)))
    }

    fn stored(&self, name: Name) -> Result<Stored> {
        let stored = self.stored.borrow();
        let found = stored.iter().find(|(other, _)| *other == name);
        found.map(|(_, stored)| stored.clone()).ok_or_else(|| unknown(name))
    }

    /// Holds some rows of what is stored; they come to the device when they are used.
    fn gather(&self, name: Name, stored: Name, rows: &[u32]) {
        let gathered = self.stored(stored).and_then(|stored| stored.gather(rows)).map(Tensor::from_data);
        self.insert_results(vec![name], gathered.map(|tensor| vec![tensor]));
    }

    /// A name that is taken stays what it is: only a client that breaks the rules asks twice.
    fn insert(&self, values: impl Iterator<Item = (Name, Result<Tensor>)>) {
        for (name, value) in values.filter(|(name, _)| name & OURS == 0) {
            if let Entry::Vacant(vacant) = self.values.borrow_mut().entry(name) {
                vacant.insert(value);
            }
        }
    }

    fn insert_failed_loop(&self, name: Name, states: &[StateNames], error: &Error) {
        self.loops.borrow_mut().entry(name).or_insert_with(|| Err(error.clone()));
        self.insert(states.iter().map(|state| (state.name, Err(error.clone()))));
    }

    fn free(&self, names: &[Name]) {
        for name in names {
            // Dropped outside of the borrow: a value's own release may come back here.
            let _value = self.values.borrow_mut().remove(name);
            self.stored.borrow_mut().retain(|(other, _)| other != name);
            let _loop = self.loops.borrow_mut().remove(name);
            let _program = self.programs.borrow_mut().remove(name);
        }
    }

    /// Does what a request from before a stop may still do; gives it back if that is all of it.
    fn put_off(&self, request: Request) -> Option<Request> {
        match request {
            Request::Evaluate { graph, names } => {
                let results = self.rebuild(&graph, names.len());
                self.insert_results(names, results);
                self.late.set(true);
            }
            Request::Begin { name, graph, states, watch } => self.put_off_loop(name, &graph, &states, watch),
            Request::Advance { ticket, .. } => self.reply(ticket, STOPPED),
            Request::Check { ticket, .. } | Request::Profile { ticket, .. } | Request::Save { ticket, .. } => {
                self.reply(ticket, Body::Failed(Error::Stopped));
            }
            Request::Call { ticket, names, .. } => {
                self.insert(names.into_iter().map(|name| (name, Err(Error::Stopped))));
                ticket.into_iter().for_each(|ticket| self.reply(ticket, STOPPED));
            }
            Request::Read { ticket, name } if self.value(name).is_ok_and(|tensor| is_lazy(&tensor)) => {
                self.reply(ticket, Body::Failed(Error::Stopped));
            }
            other => return Some(other),
        }
        None
    }

    /// A loop that was stopped before it began: its states keep the values that they would have had at the start.
    fn put_off_loop(&self, name: Name, graph: &Sent, states: &[StateNames], watch: Option<u32>) {
        match self.spec(graph, states, watch) {
            Ok(spec) => {
                self.insert(states.iter().zip(spec.state).map(|(names, state)| (names.name, Ok(state.initial))));
                self.loops.borrow_mut().entry(name).or_insert(Err(Error::Stopped));
            }
            Err(error) => self.insert_failed_loop(name, states, &error),
        }
    }

    fn insert_results(&self, names: Vec<Name>, results: Result<Vec<Tensor>>) {
        let results = match results {
            Ok(tensors) => tensors.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error); names.len()],
        };
        self.insert(names.into_iter().zip(results));
    }

    /// Remembers tensors for the next client. One that failed is not among them.
    fn keep(&self, what: String, graph: &Sent, stored: &[Name]) {
        let held = |name, shape: &Shape, dtype| Ok(self.value(name).unwrap_or_else(|_| stand_in(shape, dtype)));
        let stored = stored.iter().map(|&name| self.stored(name)).collect::<Result<_>>();
        if let (Ok(tensors), Ok(stored)) = (graph.rebuild(held), stored) {
            // Dropped outside of the borrow: a value's own release may come back here.
            let _before = self.kept.replace(Kept { what, tensors, stored });
        }
    }

    fn hand_over(&self) -> Body {
        let Kept { what, tensors, stored } = self.kept.borrow().clone();
        let items = tensors.into_iter().map(Item::Tensor).chain(stored.into_iter().map(Item::Stored));
        Body::Kept(what, items.map(|item| self.hand(String::new(), item)).collect())
    }

    /// Something of ours under a name that the client has not chosen.
    fn hand(&self, label: String, item: Item) -> LoadedTensor {
        let name = self.next_name.replace(self.next_name.get() + 1);
        match item {
            Item::Tensor(tensor) => {
                let (shape, dtype) = (tensor.shape().clone(), tensor.dtype());
                self.values.borrow_mut().insert(name, Ok(tensor));
                LoadedTensor { label, name, shape, dtype, stored: None }
            }
            Item::Stored(stored) => {
                let (shape, resident) = (stored.shape().clone(), stored.resident() as u64);
                self.stored.borrow_mut().push((name, stored));
                LoadedTensor { label, name, shape, dtype: DType::F32, stored: Some(resident) }
            }
        }
    }

    fn rebuild(&self, graph: &Sent, expected: usize) -> Result<Vec<Tensor>> {
        let outputs = graph.rebuild(|name, _, _| self.value(name))?;
        if outputs.len() != expected {
            return Err(Error::Wire(format!("{} outputs for {expected} names", outputs.len())));
        }
        Ok(outputs)
    }

    /// Computes what a graph reads and was put off, so that it is computed once.
    async fn settle(&self, graph: &Sent) -> Result<()> {
        let lazy: Vec<Tensor> = graph.held().filter_map(|name| self.value(name).ok()).filter(is_lazy).collect();
        if lazy.is_empty() { Ok(()) } else { self.runner.evaluate(&lazy).await }
    }

    async fn check(&self, graph: &Sent) -> Result<()> {
        let outputs = graph.rebuild(|name, _, _| self.value(name))?;
        self.runner.check(&outputs).await
    }

    /// The values of a graph's outputs, by label.
    async fn values_of(&self, graph: &Sent, labels: Vec<String>) -> Result<Vec<(String, Data)>> {
        let outputs = self.rebuild(graph, labels.len())?;
        let mut values = Vec::with_capacity(labels.len());
        for (label, output) in labels.into_iter().zip(&outputs) {
            values.push((label, self.runner.read(output).await?));
        }
        Ok(values)
    }

    /// What is stopped on the way is left to be computed later.
    async fn evaluate(&self, graph: &Sent, expected: usize) -> Result<Vec<Tensor>> {
        match self.settle(graph).await {
            Ok(()) | Err(Error::Stopped) => {}
            Err(error) => return Err(error),
        }
        let outputs = self.rebuild(graph, expected)?;
        match self.runner.evaluate(&outputs).await {
            Ok(()) => Ok(outputs),
            Err(Error::Stopped) => {
                self.late.set(true);
                Ok(outputs)
            }
            Err(error) => Err(error),
        }
    }

    /// Computes what was put off, before anything changes that it may be computed from.
    async fn catch_up(&self) -> Result<()> {
        if !self.late.take() {
            return Ok(());
        }
        let lazy: Vec<Tensor> =
            self.values.borrow().values().flatten().filter(|tensor| is_lazy(tensor)).cloned().collect();
        let done = self.runner.evaluate(&lazy).await;
        if done == Err(Error::Stopped) {
            self.late.set(true);
        }
        done
    }

    fn spec(&self, graph: &Sent, states: &[StateNames], watch: Option<u32>) -> Result<LoopSpec> {
        let expected = states.iter().map(|state| 2 + usize::from(state.has_next)).sum();
        let mut outputs = self.rebuild(graph, expected)?.into_iter();
        let mut spec = LoopSpec { state: Vec::new(), watch: watch.map(|index| index as usize) };
        if spec.watch.is_some_and(|index| index >= states.len()) {
            return Err(Error::Wire(format!("a watch on one of {} states that does not exist", states.len())));
        }
        for state in states {
            let mut next = || outputs.next().ok_or_else(|| Error::Wire("too few outputs".into()));
            let (input, initial) = (next()?, next()?);
            let after = if state.has_next { Some(next()?) } else { None };
            if !matches!(*input.op(), Op::Input) {
                return Err(Error::Wire("a loop's state without a placeholder".into()));
            }
            spec.push(input, initial, after);
        }
        Ok(spec)
    }

    async fn begin(&self, name: Name, graph: &Sent, states: &[StateNames], watch: Option<u32>) -> Result<()> {
        let stops = self.stops.get();
        self.settle(graph).await?;
        let run = self.runner.begin(&self.spec(graph, states, watch)?).await?;
        self.insert(states.iter().zip(&run.state).map(|(names, tensor)| (names.name, Ok(tensor.clone()))));
        let body = Loop { run, advancing: Cell::new(0), stopped: Cell::new(self.stops.get() != stops) };
        self.loops.borrow_mut().entry(name).or_insert_with(|| Ok(Rc::new(body)));
        Ok(())
    }

    async fn call(&self, name: Name, arguments: &[Brought], expected: usize) -> Result<Vec<Tensor>> {
        let (prepared, arguments) = self.made_ready(name, arguments).await?;
        if prepared.outputs.len() != expected {
            return Err(Error::Wire(format!("{} outputs for {expected} names", prepared.outputs.len())));
        }
        self.runner.call(&prepared, &arguments).await
    }

    async fn profile(&self, name: Name, arguments: Option<&[Brought]>) -> Result<Profile> {
        let (prepared, brought) = self.made_ready(name, arguments.unwrap_or_default()).await?;
        self.runner.profile(&prepared, arguments.map(|_| &brought[..])).await
    }

    /// A program on this device, and the arguments that were sent for it.
    async fn made_ready(&self, name: Name, arguments: &[Brought]) -> Result<(Rc<Prepared>, Vec<Tensor>)> {
        self.catch_up().await?;
        let program = self.programs.borrow().get(&name).cloned().ok_or_else(|| unknown(name))?;
        let prepared = program.prepared.borrow().clone();
        let prepared = match prepared {
            Some(prepared) => prepared,
            None => {
                let prepared = Rc::new(self.runner.prepare(&self.program_spec(&program)?).await?);
                program.prepared.replace(Some(prepared.clone()));
                prepared
            }
        };
        let bring = |argument: &Brought| match argument {
            Brought::Held(name) => self.value(*name),
            Brought::Host(data) => Ok(Tensor::from_shared(data.clone())),
        };
        Ok((prepared, arguments.iter().map(bring).collect::<Result<_>>()?))
    }

    /// The program with the present values of all that it reads.
    fn program_spec(&self, program: &Program) -> Result<ProgramSpec> {
        let mut outputs = program.graph.rebuild(|name, _, _| self.value(name))?.into_iter();
        let mut next = || outputs.next().ok_or_else(|| Error::Wire("too few outputs".into()));
        let is_placeholder = |tensor: &Tensor| matches!(*tensor.op(), Op::Input);
        let mut spec = ProgramSpec::default();
        for _ in 0..program.arguments {
            spec.arguments.push(next()?);
        }
        if !spec.arguments.iter().all(is_placeholder) {
            return Err(Error::Wire("an argument without a placeholder".into()));
        }
        for names in &program.states {
            let (value, input) = (self.value(names.name)?, next()?);
            if !is_placeholder(&input) && input.id() != value.id() {
                return Err(Error::Wire("a program's state is read under another name".into()));
            }
            let after = if names.has_next { Some(next()?) } else { None };
            spec.state.push(Variable { input, value, next: after });
        }
        let mut seen = FxHashSet::default();
        let mut placeholders = spec.arguments.iter().chain(spec.state.iter().map(|state| &state.input));
        if !placeholders.all(|placeholder| seen.insert(placeholder.id())) {
            return Err(Error::Wire("a placeholder that stands for two things".into()));
        }
        spec.outputs = outputs.collect();
        Ok(spec)
    }

    async fn assign(&self, target: Name, value: Name) -> Result<()> {
        let (target, value) = (self.value(target)?, self.value(value)?);
        if is_lazy(&target) {
            // The state of a loop that never began.
            return Ok(());
        }
        self.runner.assign(&target, &value).await
    }

    /// What a state should have become is not there: to read it is an error, and so is to go on with the loop that it is of.
    fn fail(&self, target: Name, error: &Error) {
        let before = self.values.borrow_mut().insert(target, Err(error.clone()));
        let Some(Ok(state)) = before else { return };
        let holds = |body: &Result<Rc<Loop>>| {
            body.as_ref().is_ok_and(|body| body.run.state.iter().any(|other| other.id() == state.id()))
        };
        let found = self.loops.borrow().iter().find(|(_, body)| holds(body)).map(|(&name, _)| name);
        // Dropped outside of the borrow: a value's own release may come back here.
        let _loop = found.map(|name| self.loops.borrow_mut().insert(name, Err(error.clone())));
    }
}

/// Whether nothing has computed it yet.
fn is_lazy(tensor: &Tensor) -> bool {
    tensor.handle().is_none() && !matches!(&*tensor.op(), Op::Host(_))
}

/// Takes the place of a value that there is not: to read it is an error.
fn stand_in(shape: &Shape, dtype: DType) -> Tensor {
    Tensor::input(shape.clone(), dtype)
}

fn unknown(name: Name) -> Error {
    Error::Wire(format!("there is no value {name}; it was freed or belongs to an earlier session"))
}
