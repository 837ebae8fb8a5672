//! The side that owns a device.

use super::message::{Body, Brought, LoadedTensor, Name, Reply, Request, Sent, StateNames, Ticket};
use crate::{
    Error, LoopEnd, LoopRun, LoopSpec, Prepared, ProgramSpec, Result, Runner, Tensor, device::LocalFuture, ir::Op,
    runner::Variable,
};
use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, VecDeque, hash_map::Entry},
    rc::Rc,
};

/// Set in the names that the server chooses.
const OURS: Name = 1 << 63;

/// A collection of tensors by label.
pub type Loaded = Vec<(String, Tensor)>;

/// What the server needs of the program around it.
pub trait Host {
    /// Sends a message to the client.
    fn send(&self, message: Vec<u8>);

    /// Runs a task of this thread to its end.
    fn spawn(&self, task: LocalFuture<'static, ()>);

    /// Loads a collection of tensors, such as a data set. Errors: there is none of this name, or it could not be had.
    fn load(&self, what: String) -> LocalFuture<'static, Result<Loaded>>;
}

/// How much a server is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Loops and evaluations under way or waiting.
    pub running: usize,
    /// Repetitions of loops done since the server was made.
    pub steps: u64,
}

/// Answers a [`super::RemoteRunner`]. Requests are done in order, but loops and loads run beside them.
pub struct Server<R, H>(Rc<State<R, H>>);

struct State<R, H> {
    runner: RefCell<Rc<R>>,
    host: H,
    values: RefCell<HashMap<Name, Result<Tensor>>>,
    loops: RefCell<HashMap<Name, Result<Rc<Loop>>>>,
    programs: RefCell<HashMap<Name, Rc<Program>>>,
    next_name: Cell<Name>,
    queue: RefCell<VecDeque<Work<R>>>,
    /// Whether a task works on the queue.
    pumping: Cell<bool>,
    activity: Cell<Activity>,
    /// Grows with each stop: what was begun before it and is not known yet ends as well.
    stops: Cell<u64>,
}

/// What is done in order.
enum Work<R> {
    Request(Request),
    /// One that a stop found waiting and that is done all the same.
    Kept(Request),
    Move(Rc<R>),
}

struct Loop {
    run: LoopRun,
    /// Calls of advance under way.
    advancing: Cell<usize>,
    /// Whether a stop came between two calls: the next one ends at once.
    stopped: Cell<bool>,
}

/// A program as it was sent, made ready for the present runner when it is first called there.
struct Program {
    graph: Sent,
    arguments: usize,
    states: Vec<StateNames>,
    prepared: RefCell<Option<Rc<Prepared>>>,
}

impl<R: Runner + 'static, H: Host + 'static> Server<R, H> {
    /// A server that drives this runner.
    pub fn new(runner: Rc<R>, host: H) -> Self {
        Self(Rc::new(State {
            runner: RefCell::new(runner),
            host,
            values: RefCell::default(),
            loops: RefCell::default(),
            programs: RefCell::default(),
            next_name: Cell::new(OURS),
            queue: RefCell::default(),
            pumping: Cell::new(false),
            activity: Cell::default(),
            stops: Cell::default(),
        }))
    }

    /// Takes a message of the client. What cannot be read is answered with an error.
    pub fn receive(&self, message: &[u8]) {
        match Request::decode(message) {
            Ok(request) => self.enqueue(Work::Request(request)),
            Err(error) => self.0.reply(0, Body::Failed(error)),
        }
    }

    /// From here on in the queue, values live with another runner: those that there are move over. Loops stay behind
    /// and end; a client that holds one gets an error when it goes on.
    pub fn move_to(&self, runner: Rc<R>) {
        self.enqueue(Work::Move(runner));
    }

    fn enqueue(&self, work: Work<R>) {
        self.0.queue.borrow_mut().push_back(work);
        if !self.0.pumping.replace(true) {
            self.0.host.spawn(Box::pin(pump(self.0.clone())));
        }
    }

    /// Lets go of all work that waits; what was computed stays. What runs now is the runner's to stop. A loop that is
    /// between two calls of advance ends with the next one: its owner must not miss the stop.
    pub fn stop(&self) {
        self.0.stops.update(|n| n + 1);
        for body in self.0.loops.borrow().values().flatten() {
            body.stopped.set(body.advancing.get() == 0);
        }
        let waiting = std::mem::take(&mut *self.0.queue.borrow_mut());
        // State begins with a value that was sent before, and programs read constants: if those were dropped, weights would
        // be lost, and programs never run again.
        let begins = |work: &Work<R>| {
            matches!(work, Work::Request(Request::Begin { .. } | Request::Prepare { .. }) | Work::Kept(_))
        };
        let begun = waiting.iter().rposition(begins).map_or(0, |last| last + 1);
        for (i, work) in waiting.into_iter().enumerate() {
            let request = match work {
                Work::Request(request) => request,
                other => {
                    self.0.queue.borrow_mut().push_back(other);
                    continue;
                }
            };
            match request {
                Request::Evaluate { names, .. } if i >= begun => {
                    self.0.insert(names.into_iter().map(|n| (n, Err(Error::Stopped))));
                }
                Request::Advance { ticket, .. } => self.0.reply_stopped(ticket),
                Request::Call { ticket, names, .. } => {
                    self.0.insert(names.into_iter().map(|n| (n, Err(Error::Stopped))));
                    ticket.into_iter().for_each(|ticket| self.0.reply_stopped(ticket));
                }
                kept @ (Request::Evaluate { .. }
                | Request::Begin { .. }
                | Request::Read { .. }
                | Request::Free { .. }
                | Request::Assign { .. }
                | Request::Load { .. }
                | Request::Prepare { .. }) => self.0.queue.borrow_mut().push_back(Work::Kept(kept)),
            }
        }
    }

    /// What it is doing.
    pub fn activity(&self) -> Activity {
        let mut activity = self.0.activity.get();
        activity.running += self.0.queue.borrow().len() + usize::from(self.0.pumping.get());
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
        let (request, stopped) = match work {
            None => break,
            Some(Work::Request(request)) => (request, false),
            Some(Work::Kept(request)) => (request, true),
            Some(Work::Move(runner)) => {
                state.move_to(runner).await;
                continue;
            }
        };
        match request {
            Request::Evaluate { graph, names } => {
                let results = match state.evaluate(&graph, names.len()).await {
                    Ok(tensors) => tensors.into_iter().map(Ok).collect(),
                    Err(error) => vec![Err(error); names.len()],
                };
                state.insert(names.into_iter().zip(results));
            }
            Request::Read { ticket, name } => match state.value(name) {
                Ok(tensor) => match state.runner().read(&tensor).await {
                    Ok(data) => state.reply(ticket, Body::Value(data)),
                    Err(error) => state.reply(ticket, Body::Failed(error)),
                },
                Err(error) => state.reply(ticket, Body::Failed(error)),
            },
            Request::Free { names } => state.free(&names),
            Request::Begin { name, graph, states, watch } => {
                if let Err(error) = state.begin(name, &graph, &states, watch, stopped).await {
                    state.insert_failed_loop(name, &states, &error);
                }
            }
            Request::Advance { ticket, name, iterations } => {
                state.host.spawn(Box::pin(advance(state.clone(), ticket, name, iterations)));
            }
            Request::Assign { state: target, value } => match state.assign(target, value).await {
                // The state stays what it is when the reader stopped the value on its way.
                Ok(()) | Err(Error::Stopped) => {}
                Err(error) => {
                    state.values.borrow_mut().insert(target, Err(error));
                }
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
            Request::Load { ticket, what } => state.host.spawn(Box::pin(load(state.clone(), ticket, what))),
        }
    }
    state.pumping.set(false);
}

async fn advance<R: Runner, H: Host>(state: Rc<State<R, H>>, ticket: Ticket, name: Name, iterations: u64) {
    let body = state.loops.borrow().get(&name).cloned().unwrap_or_else(|| Err(unknown(name)));
    let body = match body {
        Ok(body) => body,
        Err(error) => return state.reply(ticket, Body::Failed(error)),
    };
    if body.stopped.take() {
        return state.reply_stopped(ticket);
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
    let end = state.runner().advance(&body.run, iterations, &mut watch).await;
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
        Ok(tensors) => {
            let tensors = tensors.into_iter().map(|(label, tensor)| {
                let name = state.next_name.replace(state.next_name.get() + 1);
                let (shape, dtype) = (tensor.shape().clone(), tensor.dtype());
                state.values.borrow_mut().insert(name, Ok(tensor));
                LoadedTensor { label, name, shape, dtype }
            });
            Body::Loaded(tensors.collect())
        }
        Err(error) => Body::Failed(error),
    };
    state.reply(ticket, body);
}

impl<R: Runner, H: Host> State<R, H> {
    fn reply(&self, ticket: Ticket, body: Body) {
        self.host.send(Reply { ticket, body }.encode());
    }

    fn reply_stopped(&self, ticket: Ticket) {
        self.reply(ticket, Body::Ended(LoopEnd { done: 0, stopped: true }));
    }

    fn runner(&self) -> Rc<R> {
        self.runner.borrow().clone()
    }

    async fn move_to(&self, runner: Rc<R>) {
        let old = self.runner.replace(runner);
        let names: Vec<Name> = self.values.borrow().keys().copied().collect();
        for name in names {
            let value = self.value(name);
            let moved = match &value {
                Ok(tensor) => old.read(tensor).await.map(Tensor::from_data),
                Err(error) => Err(error.clone()),
            };
            self.values.borrow_mut().insert(name, moved);
        }
        let gone =
            Error::Device { device: "device".into(), message: "another one was chosen while this loop ran".into() };
        self.loops.borrow_mut().values_mut().for_each(|body| *body = Err(gone.clone()));
        self.programs.borrow().values().for_each(|program| drop(program.prepared.take()));
    }

    fn running(&self, change: isize) {
        let mut activity = self.activity.get();
        activity.running = activity.running.saturating_add_signed(change);
        self.activity.set(activity);
    }

    fn value(&self, name: Name) -> Result<Tensor> {
        self.values.borrow().get(&name).cloned().unwrap_or_else(|| Err(unknown(name)))
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
            let _loop = self.loops.borrow_mut().remove(name);
            let _program = self.programs.borrow_mut().remove(name);
        }
    }

    fn rebuild(&self, graph: &Sent, expected: usize) -> Result<Vec<Tensor>> {
        let outputs = graph.rebuild(|name| self.value(name))?;
        if outputs.len() != expected {
            return Err(Error::Wire(format!("{} outputs for {expected} names", outputs.len())));
        }
        Ok(outputs)
    }

    async fn evaluate(&self, graph: &Sent, expected: usize) -> Result<Vec<Tensor>> {
        let outputs = self.rebuild(graph, expected)?;
        self.runner().evaluate(&outputs).await?;
        Ok(outputs)
    }

    async fn begin(
        &self,
        name: Name,
        graph: &Sent,
        states: &[StateNames],
        watch: Option<u32>,
        stopped: bool,
    ) -> Result<()> {
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
        let stops = self.stops.get();
        let run = self.runner().begin(&spec).await?;
        self.insert(states.iter().zip(&run.state).map(|(names, tensor)| (names.name, Ok(tensor.clone()))));
        let body = Loop { run, advancing: Cell::new(0), stopped: Cell::new(stopped || self.stops.get() != stops) };
        self.loops.borrow_mut().entry(name).or_insert_with(|| Ok(Rc::new(body)));
        Ok(())
    }

    async fn call(&self, name: Name, arguments: &[Brought], expected: usize) -> Result<Vec<Tensor>> {
        let program = self.programs.borrow().get(&name).cloned().ok_or_else(|| unknown(name))?;
        let prepared = program.prepared.borrow().clone();
        let prepared = match prepared {
            Some(prepared) => prepared,
            None => {
                let prepared = Rc::new(self.runner().prepare(&self.spec(&program)?).await?);
                program.prepared.replace(Some(prepared.clone()));
                prepared
            }
        };
        if prepared.outputs.len() != expected {
            return Err(Error::Wire(format!("{} outputs for {expected} names", prepared.outputs.len())));
        }
        let bring = |argument: &Brought| match argument {
            Brought::Held(name) => self.value(*name),
            Brought::Host(data) => Ok(Tensor::from_data(data.clone())),
        };
        let arguments = arguments.iter().map(bring).collect::<Result<Vec<_>>>()?;
        self.runner().call(&prepared, &arguments).await
    }

    /// The program with the present values of all that it reads.
    fn spec(&self, program: &Program) -> Result<ProgramSpec> {
        let mut outputs = program.graph.rebuild(|name| self.value(name))?.into_iter();
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
        let mut first: Vec<u64> =
            spec.arguments.iter().chain(spec.state.iter().map(|s| &s.input)).map(Tensor::id).collect();
        let count = first.len();
        first.sort_unstable();
        first.dedup();
        if first.len() != count {
            return Err(Error::Wire("a placeholder that stands for two things".into()));
        }
        spec.outputs = outputs.collect();
        Ok(spec)
    }

    async fn assign(&self, target: Name, value: Name) -> Result<()> {
        let (target, value) = (self.value(target)?, self.value(value)?);
        self.runner().assign(&target, &value).await
    }
}

fn unknown(name: Name) -> Error {
    Error::Wire(format!("there is no value {name}; it was freed or belongs to an earlier session"))
}
