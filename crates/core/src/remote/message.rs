//! What crosses the port. The client chooses the names of the values it will hold, so that it never has to wait for one.

use crate::{
    DType, Data, Error, InputRange, LoopEnd, NotFinite, Profile, Progress, Result, Shape, StepProfile, Tensor,
    ir::{
        Graph, Kind, Op,
        wire::{Reader, Writer},
    },
};
use std::rc::Rc;

/// Raised with every change of a message; the first byte of each.
pub const VERSION: u8 = 6;

/// A value's, a loop's or a program's name on one connection. The client's have the highest bit clear, the server's have it set.
pub type Name = u64;

/// The number of a request that is answered; the first one is 1.
pub type Ticket = u32;

/// From the client.
#[derive(Debug)]
pub(super) enum Request {
    /// Compute the outputs of a graph and hold them under these names.
    Evaluate { graph: Sent, names: Vec<Name> },
    /// Answered by `Value`.
    Read { ticket: Ticket, name: Name },
    /// The client has no handle to these any more.
    Free { names: Vec<Name> },
    /// The outputs of the graph are, state by state: placeholder, initial value and, where there is one, next value.
    Begin { name: Name, graph: Sent, states: Vec<StateNames>, watch: Option<u32> },
    /// Answered by any number of `Progress` and one `Ended`.
    Advance { ticket: Ticket, name: Name, iterations: u64 },
    /// A loop's state takes the value of another tensor.
    Assign { state: Name, value: Name },
    /// Asks for one of the host's collections of tensors, such as a data set. Answered by `Loaded`.
    Load { ticket: Ticket, what: String },
    /// Hands the values of a graph's outputs to the host under these labels, to be stored as it says. Answered by `Saved`.
    Save { ticket: Ticket, what: String, labels: Vec<String>, graph: Sent },
    /// Computes the outputs of a graph op by op. Answered by `Finite`, or by the error that names the fault.
    Check { ticket: Ticket, graph: Sent },
    /// Keep the outputs of the graph, uncomputed as they are, and these stored rows for the next client, in place of what was kept before.
    Keep { what: String, graph: Sent, stored: Vec<Name> },
    /// Hold some rows of what is stored under a name.
    Rows { name: Name, stored: Name, rows: Vec<u32> },
    /// Asks for what the client before this one wanted kept. Answered by `Kept`.
    Kept { ticket: Ticket },
    /// The client knows of a stop: what it asks for from here on is not meant by it.
    Heard,
    /// A computation to be called. The outputs of the graph are: placeholders of so many arguments; state by state what stands
    /// for it and, where there is one, its next value; then what calls give. A state's name is that of its value.
    Prepare { name: Name, graph: Sent, arguments: u32, states: Vec<StateNames> },
    /// Call a program and hold what it gives under these names. With a ticket, answered by `Ended`.
    Call { ticket: Option<Ticket>, program: Name, arguments: Vec<Brought>, names: Vec<Name> },
    /// Asks what a call of a program does and, on these arguments if there are any, how long its steps take. Answered by `Profile`.
    Profile { ticket: Ticket, program: Name, arguments: Option<Vec<Brought>> },
}

/// An argument of a call.
#[derive(Debug)]
pub(super) enum Brought {
    Held(Name),
    Host(Rc<Data>),
}

/// A graph and what its leaves are.
#[derive(Debug)]
pub(super) struct Sent {
    graph: Graph,
    leaves: Vec<Leaf>,
}

#[derive(Debug)]
enum Leaf {
    Placeholder,
    Held(Name),
    Host(Rc<Data>),
}

/// One state of a loop or a program.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct StateNames {
    /// The name under which the client holds the present value.
    pub(super) name: Name,
    /// Whether the graph computes a next value.
    pub(super) has_next: bool,
}

/// From the server. Ticket 0 answers nobody in particular: a message could not be read.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) ticket: Ticket,
    pub(super) body: Body,
}

#[derive(Clone, Debug)]
pub(super) enum Body {
    Value(Data),
    Progress(Progress),
    Ended(LoopEnd),
    Loaded(Vec<LoadedTensor>),
    /// What the host has to say about what it stored.
    Saved(String),
    Finite,
    Profile(Profile),
    /// What the client before this one said about them, and the tensors, without labels; then what is stored.
    Kept(String, Vec<LoadedTensor>),
    Failed(Error),
}

/// A tensor that the host holds for the client.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LoadedTensor {
    pub(super) label: String,
    pub(super) name: Name,
    pub(super) shape: Shape,
    pub(super) dtype: DType,
    /// Of rows that stay on the host: how many numbers of them may lie on a device.
    pub(super) stored: Option<u64>,
}

impl Sent {
    /// The graph that these tensors are computed by.
    pub(super) fn new(outputs: &[Tensor]) -> Self {
        let traced = Graph::trace(outputs);
        let leaf = |leaf: &Tensor| match &*leaf.op() {
            Op::Resident(handle) => Leaf::Held(handle.id),
            Op::Host(data) => Leaf::Host(data.clone()),
            _ => Leaf::Placeholder,
        };
        Self { leaves: traced.leaves.iter().map(leaf).collect(), graph: traced.graph }
    }

    /// The outputs again, every shape rule checked.
    pub(super) fn rebuild(&self, held: impl Fn(Name, &Shape, DType) -> Result<Tensor>) -> Result<Vec<Tensor>> {
        let mut leaves = vec![None; self.leaves.len()];
        for node in &self.graph.nodes {
            let Kind::Leaf(index) = node.kind else { continue };
            let leaf = match &self.leaves[index] {
                Leaf::Placeholder => Tensor::input(node.shape.clone(), node.dtype),
                Leaf::Held(name) => held(*name, &node.shape, node.dtype)?,
                Leaf::Host(data) => Tensor::from_shared(data.clone()),
            };
            if *leaf.shape() != node.shape || leaf.dtype() != node.dtype {
                let message =
                    format!("{}{} where {}{} was announced", leaf.dtype(), leaf.shape(), node.dtype, node.shape);
                return Err(Error::Wire(message));
            }
            leaves[index] = Some(leaf);
        }
        let leaves: Vec<Tensor> = leaves.into_iter().flatten().collect();
        self.graph.rebuild(&leaves)
    }

    /// The names of the values that it reads.
    pub(super) fn held(&self) -> impl Iterator<Item = Name> {
        self.leaves.iter().filter_map(|leaf| match leaf {
            Leaf::Held(name) => Some(*name),
            Leaf::Placeholder | Leaf::Host(_) => None,
        })
    }

    fn write(&self, w: &mut Writer) {
        w.graph(&self.graph);
        for leaf in &self.leaves {
            match leaf {
                Leaf::Placeholder => w.byte(0),
                Leaf::Held(name) => {
                    w.byte(1);
                    w.number(*name);
                }
                Leaf::Host(data) => {
                    w.byte(2);
                    w.data(data);
                }
            }
        }
    }

    /// A graph that was read has a node for each of its leaves.
    fn read(r: &mut Reader<'_>) -> Result<Self> {
        let graph = r.graph()?;
        let leaf = |_| {
            Ok(match r.byte()? {
                0 => Leaf::Placeholder,
                1 => Leaf::Held(r.number()?),
                2 => Leaf::Host(Rc::new(r.data()?)),
                other => return Err(Error::Wire(format!("the leaf {other}"))),
            })
        };
        let leaves = (0..graph.leaves).map(leaf).collect::<Result<_>>()?;
        Ok(Self { graph, leaves })
    }
}

impl Request {
    /// Errors: no memory for the values in it.
    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        let mut w = Writer::default();
        w.byte(VERSION);
        match self {
            Self::Evaluate { graph, names } => {
                w.byte(0);
                graph.write(&mut w);
                write_list(&mut w, names, |w, &name| w.number(name));
            }
            Self::Read { ticket, name } => {
                w.byte(1);
                w.number(u64::from(*ticket));
                w.number(*name);
            }
            Self::Free { names } => {
                w.byte(2);
                write_list(&mut w, names, |w, &name| w.number(name));
            }
            Self::Begin { name, graph, states, watch } => {
                w.byte(3);
                w.number(*name);
                graph.write(&mut w);
                write_states(&mut w, states);
                write_option(&mut w, watch.as_ref(), |w, &index| w.number(u64::from(index)));
            }
            Self::Advance { ticket, name, iterations } => {
                w.byte(4);
                w.number(u64::from(*ticket));
                w.number(*name);
                w.number(*iterations);
            }
            Self::Assign { state, value } => {
                w.byte(5);
                w.number(*state);
                w.number(*value);
            }
            Self::Load { ticket, what } => {
                w.byte(6);
                w.number(u64::from(*ticket));
                w.text(what);
            }
            Self::Save { ticket, what, labels, graph } => {
                w.byte(14);
                w.number(u64::from(*ticket));
                w.text(what);
                write_list(&mut w, labels, |w, label| w.text(label));
                graph.write(&mut w);
            }
            Self::Check { ticket, graph } => {
                w.byte(10);
                w.number(u64::from(*ticket));
                graph.write(&mut w);
            }
            Self::Keep { what, graph, stored } => {
                w.byte(7);
                w.text(what);
                graph.write(&mut w);
                write_list(&mut w, stored, |w, &name| w.number(name));
            }
            Self::Rows { name, stored, rows } => {
                w.byte(15);
                w.number(*name);
                w.number(*stored);
                write_list(&mut w, rows, |w, &row| w.number(u64::from(row)));
            }
            Self::Kept { ticket } => {
                w.byte(8);
                w.number(u64::from(*ticket));
            }
            Self::Heard => w.byte(9),
            Self::Prepare { name, graph, arguments, states } => {
                w.byte(11);
                w.number(*name);
                graph.write(&mut w);
                w.number(u64::from(*arguments));
                write_states(&mut w, states);
            }
            Self::Call { ticket, program, arguments, names } => {
                w.byte(12);
                write_option(&mut w, ticket.as_ref(), |w, &ticket| w.number(u64::from(ticket)));
                w.number(*program);
                write_list(&mut w, arguments, Brought::write);
                write_list(&mut w, names, |w, &name| w.number(name));
            }
            Self::Profile { ticket, program, arguments } => {
                w.byte(13);
                w.number(u64::from(*ticket));
                w.number(*program);
                write_option(&mut w, arguments.as_ref(), |w, arguments| write_list(w, arguments, Brought::write));
            }
        }
        w.finish()
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self> {
        let mut r = opened(bytes)?;
        let request = match r.byte()? {
            0 => Self::Evaluate { graph: Sent::read(&mut r)?, names: read_list(&mut r, Reader::number)? },
            1 => Self::Read { ticket: word(&mut r)?, name: r.number()? },
            2 => Self::Free { names: read_list(&mut r, Reader::number)? },
            3 => Self::Begin {
                name: r.number()?,
                graph: Sent::read(&mut r)?,
                states: read_states(&mut r)?,
                watch: read_option(&mut r, word)?,
            },
            4 => Self::Advance { ticket: word(&mut r)?, name: r.number()?, iterations: r.number()? },
            5 => Self::Assign { state: r.number()?, value: r.number()? },
            6 => Self::Load { ticket: word(&mut r)?, what: r.text()? },
            7 => Self::Keep { what: r.text()?, graph: Sent::read(&mut r)?, stored: read_list(&mut r, Reader::number)? },
            15 => Self::Rows { name: r.number()?, stored: r.number()?, rows: read_list(&mut r, word)? },
            8 => Self::Kept { ticket: word(&mut r)? },
            9 => Self::Heard,
            10 => Self::Check { ticket: word(&mut r)?, graph: Sent::read(&mut r)? },
            11 => Self::Prepare {
                name: r.number()?,
                graph: Sent::read(&mut r)?,
                arguments: word(&mut r)?,
                states: read_states(&mut r)?,
            },
            12 => Self::Call {
                ticket: read_option(&mut r, word)?,
                program: r.number()?,
                arguments: read_list(&mut r, Brought::read)?,
                names: read_list(&mut r, Reader::number)?,
            },
            13 => Self::Profile {
                ticket: word(&mut r)?,
                program: r.number()?,
                arguments: read_option(&mut r, |r| read_list(r, Brought::read))?,
            },
            14 => Self::Save {
                ticket: word(&mut r)?,
                what: r.text()?,
                labels: read_list(&mut r, Reader::text)?,
                graph: Sent::read(&mut r)?,
            },
            other => return Err(Error::Wire(format!("the request {other}"))),
        };
        r.end()?;
        Ok(request)
    }
}

impl Reply {
    /// Errors: no memory for the values in it.
    pub(super) fn encode(&self) -> Result<Vec<u8>> {
        let mut w = Writer::default();
        w.byte(VERSION);
        w.number(u64::from(self.ticket));
        match &self.body {
            Body::Value(data) => {
                w.byte(0);
                w.data(data);
            }
            Body::Progress(progress) => {
                w.byte(1);
                w.size(progress.done);
                write_option(&mut w, progress.watched.as_ref(), Writer::data);
            }
            Body::Ended(end) => {
                w.byte(2);
                w.size(end.done);
                w.byte(end.stopped.into());
            }
            Body::Loaded(tensors) => {
                w.byte(3);
                write_list(&mut w, tensors, LoadedTensor::write);
            }
            Body::Kept(what, tensors) => {
                w.byte(5);
                w.text(what);
                write_list(&mut w, tensors, LoadedTensor::write);
            }
            Body::Failed(error) => {
                w.byte(4);
                write_error(&mut w, error);
            }
            Body::Saved(text) => {
                w.byte(10);
                w.text(text);
            }
            Body::Finite => w.byte(8),
            Body::Profile(profile) => {
                w.byte(9);
                w.text(&profile.device);
                write_numbers(&mut w, &profile.numbers());
                write_list(&mut w, &profile.steps, |w, step| {
                    w.text(&step.kernel);
                    write_numbers(w, &step.numbers());
                });
            }
        }
        w.finish()
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self> {
        let mut r = opened(bytes)?;
        let ticket = word(&mut r)?;
        let body = match r.byte()? {
            0 => Body::Value(r.data()?),
            1 => Body::Progress(Progress { done: r.size()?, watched: read_option(&mut r, Reader::data)? }),
            2 => Body::Ended(LoopEnd { done: r.size()?, stopped: flag(&mut r)? }),
            3 => Body::Loaded(read_list(&mut r, LoadedTensor::read)?),
            5 => Body::Kept(r.text()?, read_list(&mut r, LoadedTensor::read)?),
            4 => Body::Failed(read_error(&mut r)?),
            8 => Body::Finite,
            10 => Body::Saved(r.text()?),
            9 => {
                let (device, numbers) = (r.text()?, read_numbers(&mut r)?);
                let steps = read_list(&mut r, |r| Ok(StepProfile::from_numbers(r.text()?, read_numbers(r)?)))?;
                Body::Profile(Profile::from_numbers(device, numbers, steps))
            }
            other => return Err(Error::Wire(format!("the reply {other}"))),
        };
        r.end()?;
        Ok(Self { ticket, body })
    }
}

impl Brought {
    fn write(w: &mut Writer, argument: &Self) {
        match argument {
            Self::Held(name) => {
                w.byte(1);
                w.number(*name);
            }
            Self::Host(data) => {
                w.byte(2);
                w.data(data);
            }
        }
    }

    fn read(r: &mut Reader<'_>) -> Result<Self> {
        Ok(match r.byte()? {
            1 => Self::Held(r.number()?),
            2 => Self::Host(Rc::new(r.data()?)),
            other => return Err(Error::Wire(format!("the argument {other}"))),
        })
    }
}

fn write_numbers(w: &mut Writer, numbers: &[f64]) {
    numbers.iter().for_each(|number| w.number(number.to_bits()));
}

fn read_numbers<const N: usize>(r: &mut Reader<'_>) -> Result<[f64; N]> {
    let mut numbers = [0.0; N];
    for number in &mut numbers {
        *number = f64::from_bits(r.number()?);
    }
    Ok(numbers)
}

impl LoadedTensor {
    fn write(w: &mut Writer, tensor: &Self) {
        w.text(&tensor.label);
        w.number(tensor.name);
        w.sizes(&tensor.shape);
        w.byte(tensor.dtype as u8);
        write_option(w, tensor.stored.as_ref(), |w, &resident| w.number(resident));
    }

    fn read(r: &mut Reader<'_>) -> Result<Self> {
        let (label, name) = (r.text()?, r.number()?);
        let (shape, dtype) = (r.shape()?, r.dtype()?);
        Ok(Self { label, name, shape, dtype, stored: read_option(r, Reader::number)? })
    }
}

fn opened(bytes: &[u8]) -> Result<Reader<'_>> {
    let mut r = Reader::new(bytes);
    match r.byte()? {
        VERSION => Ok(r),
        other => Err(Error::Wire(format!("version {other}; this side speaks version {VERSION}: reload the page"))),
    }
}

fn word(r: &mut Reader<'_>) -> Result<u32> {
    u32::try_from(r.number()?).map_err(|_| Error::Wire("a word of more than 32 bits".into()))
}

fn flag(r: &mut Reader<'_>) -> Result<bool> {
    match r.byte()? {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(Error::Wire(format!("the flag {other}"))),
    }
}

fn write_list<T>(w: &mut Writer, items: &[T], mut write: impl FnMut(&mut Writer, &T)) {
    w.size(items.len());
    items.iter().for_each(|item| write(w, item));
}

fn read_list<'a, T>(r: &mut Reader<'a>, mut read: impl FnMut(&mut Reader<'a>) -> Result<T>) -> Result<Vec<T>> {
    let length = r.length(1)?;
    (0..length).map(|_| read(r)).collect()
}

fn write_states(w: &mut Writer, states: &[StateNames]) {
    write_list(w, states, |w, state| {
        w.number(state.name);
        w.byte(state.has_next.into());
    });
}

fn read_states(r: &mut Reader<'_>) -> Result<Vec<StateNames>> {
    read_list(r, |r| Ok(StateNames { name: r.number()?, has_next: flag(r)? }))
}

fn write_option<T>(w: &mut Writer, value: Option<&T>, write: impl FnOnce(&mut Writer, &T)) {
    w.byte(value.is_some().into());
    if let Some(value) = value {
        write(w, value);
    }
}

fn read_option<'a, T>(r: &mut Reader<'a>, read: impl FnOnce(&mut Reader<'a>) -> Result<T>) -> Result<Option<T>> {
    if flag(r)? { read(r).map(Some) } else { Ok(None) }
}

/// An error as bytes.
pub fn error_to_bytes(error: &Error) -> Vec<u8> {
    let mut w = Writer::default();
    write_error(&mut w, error);
    w.finish().expect("an error has no values")
}

/// Takes apart what [`error_to_bytes`] wrote. Errors: it is nothing of the kind.
pub fn error_from_bytes(bytes: &[u8]) -> Result<Error> {
    read_error(&mut Reader::new(bytes))
}

fn write_error(w: &mut Writer, error: &Error) {
    match error {
        Error::Shape { op, message } => {
            w.byte(0);
            w.text(op);
            w.text(message);
        }
        Error::DType { op, expected, got } => {
            w.byte(1);
            w.text(op);
            w.text(expected);
            w.byte(*got as u8);
        }
        Error::Argument { op, message } => {
            w.byte(2);
            w.text(op);
            w.text(message);
        }
        Error::Gradient(message) => {
            w.byte(3);
            w.text(message);
        }
        Error::OutOfMemory { device, bytes, what } => {
            w.byte(4);
            w.text(device);
            w.size(*bytes);
            w.text(what);
        }
        Error::Device { device, message } => {
            w.byte(5);
            w.text(device);
            w.text(message);
        }
        Error::Wire(message) => {
            w.byte(6);
            w.text(message);
        }
        Error::Stopped => w.byte(7),
        Error::Load { what, message } => {
            w.byte(8);
            w.text(what);
            w.text(message);
        }
        Error::NotFinite(fault) => {
            w.byte(9);
            w.text(&fault.op);
            w.sizes(&fault.shape);
            w.size(fault.nan);
            w.size(fault.infinite);
            write_list(w, &fault.inputs, |w, input| {
                w.text(&input.op);
                w.byte(input.dtype as u8);
                w.sizes(&input.shape);
                w.number(u64::from(input.low.to_bits()));
                w.number(u64::from(input.high.to_bits()));
            });
        }
    }
}

fn read_error(r: &mut Reader<'_>) -> Result<Error> {
    Ok(match r.byte()? {
        0 => Error::Shape { op: r.text()?, message: r.text()? },
        1 => {
            let (op, expected) = (r.text()?, r.text()?);
            Error::DType { op, expected, got: r.dtype()? }
        }
        2 => Error::Argument { op: r.text()?, message: r.text()? },
        3 => Error::Gradient(r.text()?),
        4 => {
            // What the other side could not give may be more than this side can count.
            let (device, bytes) = (r.text()?, usize::try_from(r.number()?).unwrap_or(usize::MAX));
            Error::OutOfMemory { device, bytes, what: r.text()? }
        }
        5 => Error::Device { device: r.text()?, message: r.text()? },
        6 => Error::Wire(r.text()?),
        7 => Error::Stopped,
        8 => Error::Load { what: r.text()?, message: r.text()? },
        9 => {
            let (op, shape, nan, infinite) = (r.text()?, r.shape()?, r.size()?, r.size()?);
            let inputs = read_list(r, |r| {
                let (op, dtype, shape) = (r.text()?, r.dtype()?, r.shape()?);
                let (low, high) = (f32::from_bits(word(r)?), f32::from_bits(word(r)?));
                Ok(InputRange { op, dtype, shape, low, high })
            })?;
            Error::NotFinite(Box::new(NotFinite { op, shape, nan, infinite, inputs }))
        }
        other => return Err(Error::Wire(format!("the error {other}"))),
    })
}
