//! The side that builds graphs.

use super::message::{Body, Brought, LoadedTensor, Name, Reply, Request, Sent, StateNames, Ticket};
use super::server::{Item, Loaded};
use crate::{
    DType, Data, Error, LoopEnd, LoopRun, LoopSpec, Prepared, Profile, ProgramSpec, Progress, Result, Runner, Stored,
    Tensor,
    device::LocalFuture,
    ir::{Graph, Op, Resident},
};
use rustc_hash::FxHashMap;
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    future, mem,
    rc::{Rc, Weak},
    task::{Poll, Waker},
};

/// Host values of at least so many words are sent once and stay on the other side; smaller ones travel in each graph.
const WORTH_KEEPING: usize = 64;

/// Every so many calls one is answered, and so many answers may be owing: calls are sent ahead, but not without end.
const ANSWERED: usize = 16;
const AHEAD: usize = 2;

/// What carries messages to the server.
pub trait Transport {
    /// Sends a message; they arrive in order.
    fn send(&self, message: Vec<u8>);

    /// Runs a task of this thread soon, from outside of any other call.
    fn spawn(&self, task: LocalFuture<'static, ()>);
}

/// Sends graphs to a [`super::Server`].
#[derive(Clone)]
pub struct RemoteRunner(Rc<Connection>, Lifetime);

/// How long a runner asks for something new.
#[derive(Clone, Copy)]
enum Lifetime {
    Connection,
    /// Until there were more stops than this.
    Run(u64),
}

struct Connection {
    transport: Box<dyn Transport>,
    next_name: Cell<Name>,
    next_ticket: Cell<Ticket>,
    waiting: RefCell<FxHashMap<Ticket, Inbox>>,
    /// Calls sent since one was last asked to be answered.
    calls: Cell<usize>,
    /// Calls whose answer was asked for and not awaited yet.
    ahead: RefCell<VecDeque<Ticket>>,
    /// Names without handles, not told yet.
    freed: RefCell<Vec<Name>>,
    /// Why nothing more can be expected of the other side.
    broken: RefCell<Option<Error>>,
    /// Stops that this side has heard of.
    stops: Cell<u64>,
}

#[derive(Default)]
struct Inbox {
    replies: VecDeque<Body>,
    waker: Option<Waker>,
}

impl RemoteRunner {
    /// A runner over this transport; whatever the server sends is to be handed to [`Self::receive`].
    pub fn new(transport: impl Transport + 'static) -> Self {
        let connection = Connection {
            transport: Box::new(transport),
            next_name: Cell::new(1),
            next_ticket: Cell::new(1),
            waiting: RefCell::default(),
            calls: Cell::new(0),
            ahead: RefCell::default(),
            freed: RefCell::default(),
            broken: RefCell::default(),
            stops: Cell::default(),
        };
        Self(Rc::new(connection), Lifetime::Connection)
    }

    /// The same runner for one run: after the next stop it asks for nothing new, and loops do not go on. What is there can
    /// still be read and assigned.
    pub fn until_stop(&self) -> Self {
        Self(self.0.clone(), Lifetime::Run(self.0.stops.get()))
    }

    /// Takes a message of the server. Errors: it is not one; as it may have been any answer, every wait ends with the error.
    pub fn receive(&self, message: &[u8]) -> Result<()> {
        let Reply { ticket, body } = Reply::decode(message).inspect_err(|error| self.0.deliver_to_all(error))?;
        match (ticket, body) {
            (0, Body::Failed(error)) => self.0.deliver_to_all(&error),
            (_, body) => self.0.deliver(ticket, body),
        }
        Ok(())
    }

    /// A message of the server could not be taken. It may have been any answer, so every wait ends with the error.
    pub fn missed(&self, error: &Error) {
        self.0.deliver_to_all(error);
    }

    /// Ends every wait, now and from now on, with this error: the other side is gone.
    pub fn fail(&self, error: Error) {
        *self.0.broken.borrow_mut() = Some(error);
        let wakers: Vec<Waker> = self.0.waiting.borrow_mut().values_mut().filter_map(|i| i.waker.take()).collect();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// One of the host's collections by name, such as a data set: labels and what stays over there.
    pub async fn load(&self, what: &str) -> Result<Loaded> {
        let wait = self.0.ask(|ticket| Request::Load { ticket, what: what.into() });
        match wait.next().await? {
            Body::Loaded(tensors) => tensors.into_iter().map(|tensor| self.0.adopt(tensor)).collect(),
            other => Err(unexpected("load", &other)),
        }
    }

    /// Hands values by label to the host over there, to be stored where and as the text says. Gives what the host has to say about
    /// it. Errors: a value fails; the host does not store them.
    pub async fn save(&self, what: &str, tensors: &[(String, Tensor)]) -> Result<String> {
        let (labels, tensors): (Vec<String>, Vec<Tensor>) = tensors.iter().cloned().unzip();
        self.send_graph(&worth_keeping(&tensors))?;
        let graph = Sent::new(&tensors);
        let wait = self.0.ask(|ticket| Request::Save { ticket, what: what.into(), labels, graph });
        match wait.next().await? {
            Body::Saved(text) => Ok(text),
            other => Err(unexpected("save", &other)),
        }
    }

    /// Wants these tensors, and stored rows of this connection, kept over there for the client that comes after this one, with a word about
    /// them, in place of what was kept before. Nothing is computed for it.
    pub fn keep(&self, what: String, tensors: &[Tensor], stored: &[Stored]) -> Result<()> {
        self.send_graph(&worth_keeping(tensors))?;
        let stored = stored.iter().filter_map(|stored| Some(stored.handle()?.id)).collect();
        self.0.send(&Request::Keep { what, graph: Sent::new(tensors), stored })
    }

    fn send_for_rows(&self, stored: &Stored, rows: &[u32]) -> Result<Tensor> {
        let Some(source) = stored.handle() else { return Err(Error::Wire("these samples are on this side".into())) };
        let shape = stored.shape_of(rows.len())?;
        let handle = self.0.hold(self.0.new_name());
        self.0.send(&Request::Rows { name: handle.id, stored: source.id, rows: rows.to_vec() })?;
        Ok(Tensor::resident(handle, shape, DType::F32))
    }

    /// What the client before this one wanted kept.
    pub async fn kept(&self) -> Result<(String, Vec<Tensor>, Vec<Stored>)> {
        let wait = self.0.ask(|ticket| Request::Kept { ticket });
        match wait.next().await? {
            Body::Kept(what, tensors) => {
                let (mut kept, mut stored) = (Vec::new(), Vec::new());
                for tensor in tensors {
                    match self.0.adopt(tensor)?.1 {
                        Item::Tensor(tensor) => kept.push(tensor),
                        Item::Stored(rows) => stored.push(rows),
                    }
                }
                Ok((what, kept, stored))
            }
            other => Err(unexpected("kept", &other)),
        }
    }

    /// Says that this side knows of a stop: see [`super::Server::stop_until_heard`].
    pub fn heard_stop(&self) -> Result<()> {
        self.0.stops.update(|n| n + 1);
        self.0.send(&Request::Heard)
    }

    /// Whether so many calls were sent ahead that it is time to wait for [`Self::caught_up`].
    pub fn is_ahead(&self) -> bool {
        self.0.ahead.borrow().len() > AHEAD
    }

    /// Waits until the calls sent ahead are few again. Errors: one of those that were waited for failed.
    pub async fn caught_up(&self) -> Result<()> {
        while self.is_ahead() {
            let Some(ticket) = self.0.ahead.borrow_mut().pop_front() else { break };
            match (Wait { connection: self.0.clone(), ticket }).next().await? {
                Body::Ended(LoopEnd { stopped: false, .. }) => {}
                Body::Ended(_) => return Err(Error::Stopped),
                other => return Err(unexpected("call", &other)),
            }
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        matches!(self.1, Lifetime::Run(stops) if stops != self.0.stops.get())
    }

    /// Sends the computation of these tensors and makes each a leaf.
    fn send_graph(&self, tensors: &[Tensor]) -> Result<()> {
        let mut outputs: Vec<Tensor> = tensors.iter().filter(|tensor| tensor.handle().is_none()).cloned().collect();
        if self.is_over() && outputs.iter().any(|tensor| !matches!(&*tensor.op(), Op::Host(_))) {
            return Err(Error::Stopped);
        }
        outputs.extend(large_leaves(&outputs)?);
        outputs.sort_unstable_by_key(Tensor::id);
        outputs.dedup_by_key(|tensor| tensor.id());
        if outputs.is_empty() {
            return Ok(());
        }
        let graph = Sent::new(&outputs);
        let handles: Vec<Rc<Resident>> = outputs.iter().map(|_| self.0.hold(self.0.new_name())).collect();
        let names = handles.iter().map(|handle| handle.id).collect();
        self.0.send(&Request::Evaluate { graph, names })?;
        for (output, handle) in outputs.iter().zip(handles) {
            output.realise(handle);
        }
        Ok(())
    }

    /// The tensor's name over there, after it was sent if need be.
    fn name(&self, tensor: &Tensor) -> Result<(Name, Rc<Resident>)> {
        self.send_graph(std::slice::from_ref(tensor))?;
        let handle = tensor.handle().ok_or_else(|| Error::Wire("a tensor without a value".into()))?;
        Ok((handle.id, handle))
    }

    async fn read_value(&self, tensor: &Tensor) -> Result<Data> {
        if let Op::Host(data) = &*tensor.op() {
            return data.copied();
        }
        let (name, _held) = self.name(tensor)?;
        let wait = self.0.ask(|ticket| Request::Read { ticket, name });
        match wait.next().await? {
            Body::Value(data) if data.shape == *tensor.shape() && data.dtype == tensor.dtype() => Ok(data),
            other => Err(unexpected("read", &other)),
        }
    }

    async fn check_values(&self, tensors: &[Tensor]) -> Result<()> {
        self.send_graph(&large_leaves(tensors)?)?;
        let wait = self.0.ask(|ticket| Request::Check { ticket, graph: Sent::new(tensors) });
        match wait.next().await? {
            Body::Finite => Ok(()),
            other => Err(unexpected("check", &other)),
        }
    }

    fn send_loop(&self, spec: &LoopSpec) -> Result<LoopRun> {
        if self.is_over() {
            return Err(Error::Stopped);
        }
        let mut outputs = Vec::new();
        let mut states = Vec::new();
        let mut handles = Vec::new();
        for state in &spec.state {
            outputs.extend([state.input.clone(), state.initial.clone()]);
            outputs.extend(state.next.clone());
            let handle = self.0.hold(self.0.new_name());
            states.push(StateNames { name: handle.id, has_next: state.next.is_some() });
            handles.push(handle);
        }
        let inputs: Vec<u64> = spec.state.iter().map(|state| state.input.id()).collect();
        self.send_graph(&large_leaves_beside(&outputs, &inputs)?)?;
        let graph = Sent::new(&outputs);
        let release = self.0.hold(self.0.new_name());
        let watch = spec.watch.map(|index| index as u32);
        self.0.send(&Request::Begin { name: release.id, graph, states, watch })?;
        let resident = |(handle, state): (Rc<Resident>, &crate::runner::State)| {
            Tensor::resident(handle, state.initial.shape().clone(), state.initial.dtype())
        };
        let state = handles.into_iter().zip(&spec.state).map(resident).collect();
        Ok(LoopRun { id: release.id, state, _release: release })
    }

    fn send_program(&self, spec: &ProgramSpec) -> Result<Prepared> {
        spec.check()?;
        let mut outputs = spec.arguments.clone();
        let mut states = Vec::new();
        for state in &spec.state {
            let (name, _) = self.name(&state.value)?;
            states.push(StateNames { name, has_next: state.next.is_some() });
            outputs.push(state.input.clone());
            outputs.extend(state.next.clone());
        }
        outputs.extend(spec.outputs.iter().cloned());
        let placeholders = spec.arguments.iter().chain(spec.state.iter().map(|state| &state.input));
        let placeholders: Vec<u64> = placeholders.map(Tensor::id).collect();
        self.send_graph(&large_leaves_beside(&outputs, &placeholders)?)?;
        let graph = Sent::new(&outputs);
        // The server makes the program anew when it moves to another device: what it reads must not go before.
        let mut leaves = Graph::trace(&outputs).leaves;
        leaves.retain(|leaf| leaf.handle().is_some());
        leaves.extend(spec.state.iter().map(|state| state.value.clone()));
        let release = self.0.hold(self.0.new_name());
        let arguments = spec.arguments.len() as u32;
        self.0.send(&Request::Prepare { name: release.id, graph, arguments, states })?;
        let outputs = spec.outputs.iter().map(|output| (output.shape().clone(), output.dtype())).collect();
        Ok(Prepared { id: release.id, outputs, _release: release, _leaves: leaves })
    }

    /// The arguments of a call as they are sent.
    fn brought(&self, arguments: &[Tensor]) -> Result<Vec<Brought>> {
        let bring = |argument: &Tensor| match &*argument.op() {
            Op::Host(data) => Some(Brought::Host(data.clone())),
            Op::Resident(handle) => Some(Brought::Held(handle.id)),
            _ => None,
        };
        let mut brought = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let ready = bring(argument);
            brought.push(match ready {
                Some(ready) => ready,
                None => Brought::Held(self.name(argument)?.0),
            });
        }
        Ok(brought)
    }

    async fn ask_for_profile(&self, program: &Prepared, arguments: Option<&[Tensor]>) -> Result<Profile> {
        let arguments = arguments.map(|arguments| self.brought(arguments)).transpose()?;
        let wait = self.0.ask(|ticket| Request::Profile { ticket, program: program.id, arguments });
        match wait.next().await? {
            Body::Profile(profile) => Ok(profile),
            other => Err(unexpected("profile", &other)),
        }
    }

    fn send_call(&self, program: &Prepared, arguments: &[Tensor]) -> Result<Vec<Tensor>> {
        let brought = self.brought(arguments)?;
        let handles: Vec<Rc<Resident>> = program.outputs.iter().map(|_| self.0.hold(self.0.new_name())).collect();
        let names = handles.iter().map(|handle| handle.id).collect();
        let call = |ticket| Request::Call { ticket, program: program.id, arguments: brought, names };
        if (self.0.calls.get() + 1).is_multiple_of(ANSWERED) {
            let ticket = self.0.expect_answer();
            self.0.send(&call(Some(ticket)))?;
            self.0.ahead.borrow_mut().push_back(ticket);
        } else {
            self.0.send(&call(None))?;
        }
        self.0.calls.set(self.0.calls.get() + 1);
        let made = |(handle, (shape, dtype)): (Rc<Resident>, &(crate::Shape, crate::DType))| {
            Tensor::resident(handle, shape.clone(), *dtype)
        };
        Ok(handles.into_iter().zip(&program.outputs).map(made).collect())
    }

    async fn run_loop(&self, run: &LoopRun, iterations: usize, watch: &mut dyn FnMut(Progress)) -> Result<LoopEnd> {
        if self.is_over() {
            return Ok(LoopEnd { done: 0, stopped: true });
        }
        let ask = |ticket| Request::Advance { ticket, name: run.id, iterations: iterations as u64 };
        let wait = self.0.ask(ask);
        loop {
            match wait.next().await? {
                Body::Progress(progress) => watch(progress),
                Body::Ended(end) => return Ok(end),
                other => return Err(unexpected("advance", &other)),
            }
        }
    }
}

impl Runner for RemoteRunner {
    fn evaluate<'a>(&'a self, tensors: &'a [Tensor]) -> LocalFuture<'a, Result<()>> {
        Box::pin(future::ready(self.send_graph(tensors)))
    }

    fn read<'a>(&'a self, tensor: &'a Tensor) -> LocalFuture<'a, Result<Data>> {
        Box::pin(self.read_value(tensor))
    }

    fn check<'a>(&'a self, tensors: &'a [Tensor]) -> LocalFuture<'a, Result<()>> {
        Box::pin(self.check_values(tensors))
    }

    fn begin<'a>(&'a self, spec: &'a LoopSpec) -> LocalFuture<'a, Result<LoopRun>> {
        Box::pin(future::ready(self.send_loop(spec)))
    }

    fn advance<'a>(
        &'a self,
        run: &'a LoopRun,
        iterations: usize,
        watch: &'a mut dyn FnMut(Progress),
    ) -> LocalFuture<'a, Result<LoopEnd>> {
        Box::pin(self.run_loop(run, iterations, watch))
    }

    fn assign<'a>(&'a self, state: &'a Tensor, value: &'a Tensor) -> LocalFuture<'a, Result<()>> {
        let send = || {
            let (state, _state) = self.name(state)?;
            let (value, _value) = self.name(value)?;
            self.0.send(&Request::Assign { state, value })
        };
        Box::pin(future::ready(send()))
    }

    fn rows<'a>(&'a self, stored: &'a Stored, rows: &'a [u32]) -> LocalFuture<'a, Result<Tensor>> {
        Box::pin(future::ready(self.send_for_rows(stored, rows)))
    }

    fn profile<'a>(
        &'a self,
        program: &'a Prepared,
        arguments: Option<&'a [Tensor]>,
    ) -> LocalFuture<'a, Result<Profile>> {
        Box::pin(self.ask_for_profile(program, arguments))
    }

    fn prepare<'a>(&'a self, spec: &'a ProgramSpec) -> LocalFuture<'a, Result<Prepared>> {
        Box::pin(future::ready(self.send_program(spec)))
    }

    fn call<'a>(&'a self, program: &'a Prepared, arguments: &'a [Tensor]) -> LocalFuture<'a, Result<Vec<Tensor>>> {
        Box::pin(future::ready(self.send_call(program, arguments)))
    }
}

impl Connection {
    fn new_name(&self) -> Name {
        self.next_name.replace(self.next_name.get() + 1)
    }

    /// A handle that tells the server when it is dropped.
    fn hold(self: &Rc<Self>, name: Name) -> Rc<Resident> {
        let connection: Weak<Self> = Rc::downgrade(self);
        Resident::new(name, move |name| {
            let Some(connection) = connection.upgrade() else { return };
            connection.freed.borrow_mut().push(name);
            if connection.freed.borrow().len() == 1 {
                let later = Rc::downgrade(&connection);
                connection.transport.spawn(Box::pin(async move {
                    if let Some(connection) = later.upgrade() {
                        connection.flush();
                    }
                }));
            }
        })
    }

    fn adopt(self: &Rc<Self>, tensor: LoadedTensor) -> Result<(String, Item)> {
        let LoadedTensor { label, name, shape, dtype, stored } = tensor;
        let handle = self.hold(name);
        let item = match stored {
            None => Item::Tensor(Tensor::resident(handle, shape, dtype)),
            Some(resident) => {
                Item::Stored(Stored::there(shape, usize::try_from(resident).unwrap_or(usize::MAX), handle)?)
            }
        };
        Ok((label, item))
    }

    /// Tells the server which values nobody holds any more.
    fn flush(&self) {
        let names = mem::take(&mut *self.freed.borrow_mut());
        if !names.is_empty() {
            self.transport.send(Request::Free { names }.encode().expect("names are no values"));
        }
    }

    /// Errors: no memory for the values in the request.
    fn send(&self, request: &Request) -> Result<()> {
        self.flush();
        self.transport.send(request.encode()?);
        Ok(())
    }

    /// Sends a request that is answered.
    fn ask(self: &Rc<Self>, request: impl FnOnce(Ticket) -> Request) -> Wait {
        let ticket = self.expect_answer();
        if let Err(error) = self.send(&request(ticket)) {
            self.deliver(ticket, Body::Failed(error));
        }
        Wait { connection: self.clone(), ticket }
    }

    /// A ticket whose replies are kept.
    fn expect_answer(&self) -> Ticket {
        let ticket = self.next_ticket.get();
        self.next_ticket.set(ticket.checked_add(1).unwrap_or(1));
        self.waiting.borrow_mut().insert(ticket, Inbox::default());
        ticket
    }

    /// The server could not read something that was sent, and cannot say what.
    fn deliver_to_all(&self, error: &Error) {
        let tickets: Vec<Ticket> = self.waiting.borrow().keys().copied().collect();
        tickets.into_iter().for_each(|ticket| self.deliver(ticket, Body::Failed(error.clone())));
    }

    /// Replies to a wait that was given up are dropped.
    fn deliver(&self, ticket: Ticket, body: Body) {
        let waker = self.waiting.borrow_mut().get_mut(&ticket).and_then(|inbox| {
            inbox.replies.push_back(body);
            inbox.waker.take()
        });
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// A request whose replies are awaited.
struct Wait {
    connection: Rc<Connection>,
    ticket: Ticket,
}

impl Wait {
    async fn next(&self) -> Result<Body> {
        let body = future::poll_fn(|context| {
            let mut waiting = self.connection.waiting.borrow_mut();
            let Some(inbox) = waiting.get_mut(&self.ticket) else { return Poll::Ready(Err(Error::Stopped)) };
            if let Some(body) = inbox.replies.pop_front() {
                return Poll::Ready(Ok(body));
            }
            if let Some(error) = &*self.connection.broken.borrow() {
                return Poll::Ready(Err(error.clone()));
            }
            inbox.waker = Some(context.waker().clone());
            Poll::Pending
        });
        match body.await? {
            Body::Failed(error) => Err(error),
            body => Ok(body),
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.connection.waiting.borrow_mut().remove(&self.ticket);
    }
}

/// The host values under these tensors that are worth keeping on the other side. Errors: a placeholder is among the leaves.
fn large_leaves(tensors: &[Tensor]) -> Result<Vec<Tensor>> {
    large_leaves_beside(tensors, &[])
}

/// The same where these placeholders are expected.
fn large_leaves_beside(tensors: &[Tensor], placeholders: &[u64]) -> Result<Vec<Tensor>> {
    let is_stray = |leaf: &&Tensor| matches!(&*leaf.op(), Op::Input) && !placeholders.contains(&leaf.id());
    let leaves = Graph::trace(tensors).leaves;
    match leaves.iter().find(is_stray) {
        Some(leaf) => Err(Error::argument("evaluate", format!("a placeholder {} has no value", leaf.shape()))),
        None => Ok(large(leaves)),
    }
}

/// The same where placeholders do not matter, as nothing is computed.
fn worth_keeping(tensors: &[Tensor]) -> Vec<Tensor> {
    large(Graph::trace(tensors).leaves)
}

fn large(mut leaves: Vec<Tensor>) -> Vec<Tensor> {
    leaves.retain(|leaf| matches!(&*leaf.op(), Op::Host(data) if data.words.len() >= WORTH_KEEPING));
    leaves
}

fn unexpected(what: &str, body: &Body) -> Error {
    let got = match body {
        Body::Value(_) => "a value of another shape or type",
        Body::Progress(_) => "progress",
        Body::Ended(_) => "an end",
        Body::Loaded(_) => "a collection",
        Body::Saved(_) => "word of what was stored",
        Body::Finite => "the end of a check",
        Body::Profile(_) => "a profile",
        Body::Kept(..) => "what was kept",
        Body::Failed(_) => "an error",
    };
    Error::Wire(format!("{what} was answered with {got}"))
}
