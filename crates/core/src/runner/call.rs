//! Programs that are called: the buffers of a prepared one are the same from call to call, so that a call creates nothing.
//! Arguments are brought into buffers of their own; small outputs go to a row of a ring, which many calls fill before it is
//! looked at again; only large ones are copied to memory of their own.

use super::{
    Prepared, ProgramSpec,
    local::{Inner, LaidOut, Memory, Role, SLICE, gone, next_name, with},
};
use crate::{
    DType, Error, Result, Shape, Tensor,
    device::{BufferId, Device, ExecutableId, Place, Position, Realisation},
    ir::{Graph, Op, Resident},
    plan::{Program, Target},
};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

/// Calls whose small outputs a ring holds.
pub(super) const ROWS: usize = 64;
/// Outputs of up to so many words are small.
const SMALL: usize = 64;

/// A prepared program and its buffers.
pub(super) struct Callable {
    device: Rc<dyn Device>,
    executable: ExecutableId,
    program: Program,
    /// In the program's order; a ring's changes when the old one is full of values that somebody holds.
    externals: RefCell<Vec<BufferId>>,
    arguments: Vec<Argument>,
    outputs: Vec<Output>,
    /// What says which row of the rings the call writes, if there are rings.
    row: Option<Rc<Memory>>,
    calls: Cell<usize>,
    /// Words of the state.
    state: usize,
    /// Keeps the values alive that the program reads and changes.
    _leaves: Vec<Tensor>,
}

struct Argument {
    shape: Shape,
    dtype: DType,
    memory: Rc<Memory>,
    /// The unchanging value that was brought last: there is no need to bring it again.
    holds: Cell<Option<u64>>,
}

enum Output {
    /// The values of the last calls, \[ROWS, words\], in the first ring.
    Small {
        external: usize,
        words: usize,
        rings: RefCell<Vec<Rc<Memory>>>,
    },
    Large {
        memory: Rc<Memory>,
        words: usize,
    },
}

/// Rings that an output keeps for later: as handles are dropped late where a garbage collector does it, some are in use
/// at a time.
const RINGS: usize = 4;

impl Inner {
    pub(super) async fn prepare(self: &Rc<Self>, spec: &ProgramSpec) -> Result<Prepared> {
        spec.check()?;
        let values: Vec<Tensor> = spec.state.iter().map(|state| state.value.clone()).collect();
        self.evaluate(&values).await?;
        values.iter().try_for_each(|value| self.ready(value))?;

        // First among the leaves are arguments, state, rings and the row; what else is read follows. State that nobody has
        // bound yet comes to lie where it suits this program.
        let resident = |memory: &Rc<Memory>, shape: Shape, dtype| {
            Tensor::resident(self.value(memory.clone(), 0, Role::Bound), shape, dtype)
        };
        let mut inputs = spec.arguments.clone();
        let mut places: Vec<Option<Tensor>> = Vec::new();
        let mut arguments = Vec::new();
        for argument in &spec.arguments {
            let (shape, dtype) = (argument.shape().clone(), argument.dtype());
            let memory = self.memory(shape.len(), "an argument")?;
            places.push(Some(resident(&memory, shape.clone(), dtype)));
            arguments.push(Argument { shape, dtype, memory, holds: Cell::new(None) });
        }
        let mut results: Vec<(Tensor, Target)> = Vec::new();
        for state in &spec.state {
            results.extend(state.next.clone().map(|next| (next, Target::Leaf(inputs.len()))));
            inputs.push(state.input.clone());
            let stays = state.next.is_none() || !self.is_free(&state.value);
            places.push(stays.then(|| state.value.clone()));
        }
        let row = Tensor::input(Shape::default(), DType::I32);
        let small = |output: &&Tensor| output.shape().len() <= SMALL;
        let mut rings = Vec::new();
        for output in spec.outputs.iter().filter(small) {
            let (ring, next) = ringed(output, &row)?;
            let memory = self.memory(ROWS * output.shape().len(), "an output")?;
            results.push((next, Target::Leaf(inputs.len())));
            places.push(Some(resident(&memory, ring.shape().clone(), ring.dtype())));
            inputs.push(ring);
            rings.push(memory);
        }
        let mut row_memory = None;
        if !rings.is_empty() {
            let memory = self.memory(1, "the row of an output")?;
            places.push(Some(resident(&memory, Shape::default(), DType::I32)));
            inputs.push(row);
            row_memory = Some(memory);
        }
        let large = spec.outputs.iter().filter(|output| !small(output));
        results.extend(large.map(|output| (output.clone(), Target::New)));

        let (tensors, targets): (Vec<Tensor>, Vec<Target>) = results.into_iter().unzip();
        let traced = Graph::trace_with(&inputs, &tensors);
        let rest = &traced.leaves[inputs.len()..];
        // A value that the program also reads by itself stays where it is.
        for (i, value) in values.iter().enumerate() {
            if rest.iter().any(|leaf| leaf.id() == value.id()) {
                places[spec.arguments.len() + i] = Some(value.clone());
            }
        }
        let LaidOut { executable, program, mut externals, state, offsets } =
            self.lay_out(&traced.graph, &places, rest, &targets)?;
        for (i, value) in values.iter().enumerate() {
            let leaf = spec.arguments.len() + i;
            match (&places[leaf], &state) {
                (None, Some(memory)) => self.settle(value, memory.clone(), offsets[leaf])?,
                _ => self.set_role(value, Role::Live),
            }
        }
        let mut outputs = Vec::new();
        let mut rings = rings.into_iter();
        for output in &spec.outputs {
            let words = output.shape().len();
            outputs.push(if small(&output) {
                let ring = rings.next().expect("a ring for each small output");
                let external = externals.iter().position(|&buffer| buffer == ring.buffer);
                let external = external.expect("the ring is one of the program's buffers");
                Output::Small { external, words, rings: RefCell::new(vec![ring]) }
            } else {
                let memory = self.memory(words, "an output")?;
                externals.push(memory.buffer);
                Output::Large { memory, words }
            });
        }
        let body = Callable {
            device: self.device.clone(),
            executable,
            program,
            externals: RefCell::new(externals),
            arguments,
            outputs,
            row: row_memory,
            calls: Cell::new(0),
            state: values.iter().map(|value| value.shape().len()).sum(),
            _leaves: [&values[..], rest].concat(),
        };

        let id = next_name();
        self.callables.borrow_mut().insert(id, Rc::new(body));
        let inner = Rc::downgrade(self);
        let release = Resident::new(id, move |id| {
            let mut gone = None;
            with(&inner, |inner| gone = inner.callables.borrow_mut().remove(&id));
        });
        let outputs = spec.outputs.iter().map(|output| (output.shape().clone(), output.dtype())).collect();
        Ok(Prepared { id, outputs, _release: release, _leaves: Vec::new() })
    }

    pub(super) async fn call(self: &Rc<Self>, program: &Prepared, arguments: &[Tensor]) -> Result<Vec<Tensor>> {
        let body = self.callables.borrow().get(&program.id).cloned().ok_or_else(|| gone("program"))?;
        body.check(arguments)?;
        for argument in arguments {
            if !matches!(&*argument.op(), Op::Host(_)) {
                self.evaluate(std::slice::from_ref(argument)).await?;
            }
        }
        self.device.ready().await?;
        {
            let _turn = self.turn().await;
            // First what is written: a GPU takes copies and kernels in one go.
            body.next_row(|words| self.memory(ROWS * words, "an output"))?;
            for (place, argument) in body.arguments.iter().zip(arguments) {
                self.bring(place, argument)?;
            }
            let mut at = Position::default();
            loop {
                // A call is made to its end: state never changes by half.
                at = body.run(at, &mut self.slice())?;
                if at.iteration == 1 {
                    break;
                }
                (self.host.turn)().await;
            }
        }
        let outputs = self.outputs(&body, program)?;
        body.calls.set(body.calls.get() + 1);
        if (self.host.now)() - self.turned.get() >= SLICE {
            (self.host.turn)().await;
            self.turned.set((self.host.now)());
        }
        Ok(outputs)
    }

    /// Brings an argument to where the program reads it.
    fn bring(self: &Rc<Self>, place: &Argument, argument: &Tensor) -> Result<()> {
        if let Op::Host(data) = &*argument.op() {
            place.holds.set(None);
            return self.device.write(place.memory.buffer, 0, &data.words);
        }
        let name = argument.handle().map(|handle| handle.id);
        let live = matches!(self.held(argument)?.role, Role::Assigned | Role::Live);
        if live || place.holds.get() != name {
            let to = Place { buffer: place.memory.buffer, offset: 0 };
            self.device.copy(self.place(argument)?, to, argument.shape().len())?;
            place.holds.set(name.filter(|_| !live));
        }
        Ok(())
    }

    /// Handles to what the call that has just been made gave.
    fn outputs(self: &Rc<Self>, body: &Callable, program: &Prepared) -> Result<Vec<Tensor>> {
        let output = |(output, (shape, dtype)): (&Output, &(Shape, DType))| {
            let handle = match output {
                Output::Small { rings, words, .. } => {
                    self.value(rings.borrow()[0].clone(), body.calls.get() % ROWS * words, Role::Row)
                }
                Output::Large { memory, words } => {
                    let copy = self.memory(*words, "an output")?;
                    let at = |buffer| Place { buffer, offset: 0 };
                    self.device.copy(at(memory.buffer), at(copy.buffer), *words)?;
                    self.value(copy, 0, Role::Free)
                }
            };
            Ok(Tensor::resident(handle, shape.clone(), *dtype))
        };
        body.outputs.iter().zip(&program.outputs).map(output).collect()
    }
}

impl Callable {
    fn check(&self, arguments: &[Tensor]) -> Result<()> {
        if arguments.len() != self.arguments.len() {
            let message = format!("{} arguments for a program that takes {}", arguments.len(), self.arguments.len());
            return Err(Error::argument("call", message));
        }
        for (i, (argument, place)) in arguments.iter().zip(&self.arguments).enumerate() {
            if *argument.shape() != place.shape || argument.dtype() != place.dtype {
                let got = format!("{}{}", argument.dtype(), argument.shape());
                let message = format!("argument {i} is {got}; the program takes {}{}", place.dtype, place.shape);
                return Err(Error::shape("call", message));
            }
        }
        Ok(())
    }

    /// What the device runs.
    pub(super) fn program(&self) -> &Program {
        &self.program
    }

    /// The buffers that the next call is run with, in the program's order.
    pub(super) fn externals(&self) -> Vec<BufferId> {
        self.externals.borrow().clone()
    }

    /// How the device does it.
    pub(super) fn realisation(&self) -> Result<Realisation> {
        self.device.realisation(self.executable)
    }

    /// Words that a call copies, arguments and large outputs, and words of the state.
    pub(super) fn words(&self) -> [usize; 2] {
        let arguments = self.arguments.iter().map(|argument| argument.shape.len());
        let outputs = self.outputs.iter().map(|output| match output {
            Output::Small { .. } => 0,
            Output::Large { words, .. } => *words,
        });
        [arguments.chain(outputs).sum(), self.state]
    }

    pub(super) fn run(&self, from: Position, pause: &mut dyn FnMut() -> bool) -> Result<Position> {
        self.device.run(self.executable, &self.externals.borrow(), from, 1, pause)
    }

    /// Makes room for the outputs of one more call. Rows that somebody may still look at are left alone.
    fn next_row(&self, ring: impl Fn(usize) -> Result<Rc<Memory>>) -> Result<()> {
        let Some(place) = &self.row else { return Ok(()) };
        let row = self.calls.get() % ROWS;
        if row == 0 {
            for output in &self.outputs {
                let Output::Small { external, words, rings } = output else { continue };
                let mut rings = rings.borrow_mut();
                match rings.iter().position(|ring| Rc::strong_count(ring) == 1) {
                    Some(free) => rings.swap(0, free),
                    None => rings.insert(0, ring(*words)?),
                }
                rings.truncate(RINGS);
                self.externals.borrow_mut()[*external] = rings[0].buffer;
            }
        }
        self.device.write(place.buffer, 0, &[row as u32])
    }
}

impl Drop for Callable {
    fn drop(&mut self) {
        self.device.release(self.executable);
    }
}

/// A ring's placeholder, and the ring with the output in a row.
fn ringed(output: &Tensor, row: &Tensor) -> Result<(Tensor, Tensor)> {
    let words = output.shape().len();
    let ring = Tensor::input(Shape::new("output", [ROWS, words])?, output.dtype());
    let here = Tensor::arange(ROWS)?.eq(row)?.unsqueeze(1)?;
    let next = here.where_(&output.reshape(&[1, words as isize])?, &ring)?;
    Ok((ring, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Data, LocalRunner, LoopSpec, Runner, device::cpu::Cpu, device::interp::Interp, runner::Variable};
    use pollster::block_on;

    fn input(dims: &[usize]) -> Tensor {
        Tensor::input(Shape::new("test", dims).unwrap(), DType::F32)
    }

    fn vector(values: &[f32]) -> Tensor {
        Tensor::from_data(Data::f32([values.len()], values).unwrap())
    }

    fn floats(runner: &LocalRunner, tensor: &Tensor) -> Vec<f32> {
        block_on(runner.read(tensor)).unwrap().as_f32().to_vec()
    }

    /// A state of the runner that begins with this value.
    fn live(runner: &LocalRunner, initial: &Tensor) -> Tensor {
        let mut spec = LoopSpec::default();
        spec.push(LoopSpec::placeholder(initial.shape(), initial.dtype()), initial.clone(), None);
        block_on(runner.begin(&spec)).unwrap().state.remove(0)
    }

    /// state ← state + x; gives the sum of the state before and x, and `large` copies of the sum.
    fn adding(runner: &LocalRunner, large: usize) -> (Prepared, Tensor) {
        let (x, state) = (input(&[2]), input(&[2]));
        let value = live(runner, &vector(&[1.0, 2.0]));
        let next = state.add(&x).unwrap();
        let total = next.sum_all().unwrap();
        let outputs = vec![total.broadcast_to(&[large]).unwrap(), total];
        let state = vec![Variable { input: state, value: value.clone(), next: Some(next) }];
        let spec = ProgramSpec { arguments: vec![x], state, outputs };
        (block_on(runner.prepare(&spec)).unwrap(), value)
    }

    #[test]
    fn calls_change_state_and_their_outputs_stay() {
        for large in [3, 100] {
            let runner = LocalRunner::native(Cpu::new());
            let (program, state) = adding(&runner, large);
            let x = vector(&[10.0, 20.0]);
            let calls: Vec<Vec<Tensor>> =
                (0..3 * ROWS).map(|_| block_on(runner.call(&program, std::slice::from_ref(&x))).unwrap()).collect();
            let added = 10.0 * calls.len() as f32;
            assert_eq!(floats(&runner, &state), [1.0 + added, 2.0 + 2.0 * added]);
            for (i, outputs) in calls.iter().enumerate() {
                let expected = 3.0 + 30.0 * (i + 1) as f32;
                assert_eq!(floats(&runner, &outputs[1]), [expected]);
                assert_eq!(floats(&runner, &outputs[0]), vec![expected; large]);
                if i % 100 == 0 {
                    assert_eq!(
                        floats(&runner, &outputs[1].neg().unwrap()),
                        [-expected],
                        "an output is a tensor like any"
                    );
                }
            }
        }
    }

    #[test]
    fn state_that_nobody_has_bound_comes_to_lie_where_one_step_updates_it() {
        let runner = LocalRunner::native(Interp::new());
        let values: Vec<Tensor> = [2, 3].map(|n| live(&runner, &vector(&vec![1.0; n]))).into();
        let half = |value: &Tensor| {
            let input = LoopSpec::placeholder(value.shape(), value.dtype());
            let next = input.mul_scalar(0.5).unwrap();
            Variable { input, value: value.clone(), next: Some(next) }
        };
        let spec = ProgramSpec { state: values.iter().map(half).collect(), ..ProgramSpec::default() };
        let program = block_on(runner.prepare(&spec)).unwrap();
        let before = runner.device().counters().dispatches;
        block_on(runner.call(&program, &[])).unwrap();
        assert_eq!(runner.device().counters().dispatches - before, 1);
        block_on(runner.assign(&values[0], &vector(&[4.0, 4.0]))).unwrap();
        block_on(runner.call(&program, &[])).unwrap();
        assert_eq!((floats(&runner, &values[0]), floats(&runner, &values[1])), (vec![2.0; 2], vec![0.25; 3]));
        // Once it is bound it stays where it is.
        let again = block_on(runner.prepare(&spec)).unwrap();
        block_on(runner.call(&again, &[])).unwrap();
        assert_eq!(floats(&runner, &values[1]), vec![0.125; 3]);
    }

    /// Two weights with a moment each, of these lengths: m ← 0.9·m + w, w ← w − 0.1·m. Both after so many calls, and steps a call.
    fn moments(runner: &LocalRunner, calls: usize) -> (Vec<Vec<f32>>, u64) {
        let mut spec = ProgramSpec::default();
        for n in [7, 5000] {
            let [w, m] = [(); 2].map(|()| input(&[n]));
            let next_m = m.mul_scalar(0.9).unwrap().add(&w).unwrap();
            let next_w = w.sub(&next_m.mul_scalar(0.1).unwrap()).unwrap();
            let start = |scale: f32| vector(&(0..n).map(|i| scale * i as f32).collect::<Vec<_>>());
            for (input, next, scale) in [(w, next_w, 1.0), (m, next_m, 0.5)] {
                spec.state.push(Variable { input, value: live(runner, &start(scale)), next: Some(next) });
            }
        }
        let program = block_on(runner.prepare(&spec)).unwrap();
        let before = runner.device().counters().dispatches;
        for _ in 0..calls {
            block_on(runner.call(&program, &[])).unwrap();
        }
        let steps = (runner.device().counters().dispatches - before) / calls as u64;
        (spec.state.iter().map(|state| floats(runner, &state.value)).collect(), steps)
    }

    #[test]
    fn one_step_updates_weights_and_their_moments() {
        let (expected, steps) = moments(&LocalRunner::native(Interp::new()), 5);
        assert_eq!(steps, 1);
        for threads in [1, 2] {
            assert_eq!(moments(&LocalRunner::native(Cpu::with_threads(threads)), 5), (expected.clone(), 1));
        }
        // The first element: m = 0, w = 0; the second: m = 0.5, w = 1.
        assert_eq!((expected[0][0], expected[1][0]), (0.0, 0.0));
        let (mut w, mut m) = (1.0f32, 0.5f32);
        for _ in 0..5 {
            m = 0.9 * m + w;
            w -= 0.1 * m;
        }
        assert!((expected[0][1] - w).abs() < 1e-5 && (expected[3][1] - m).abs() < 1e-5, "{w} {m}");
    }

    #[test]
    fn a_call_creates_nothing_and_reads_nothing() {
        let runner = LocalRunner::native(Cpu::new());
        let (program, _state) = adding(&runner, 3);
        let x = vector(&[1.0, 1.0]);
        let call = || drop(block_on(runner.call(&program, std::slice::from_ref(&x))).unwrap());
        call();
        let before = runner.device().counters();
        (0..2 * ROWS).for_each(|_| call());
        let after = runner.device().counters();
        assert_eq!(after.buffers_created, before.buffers_created);
        assert_eq!((after.live_bytes, after.reads), (before.live_bytes, before.reads));
    }

    #[test]
    fn a_live_value_is_brought_anew_and_an_unchanging_one_once() {
        let runner = LocalRunner::native(Interp::new());
        let x = input(&[2]);
        let spec = ProgramSpec { outputs: vec![x.neg().unwrap()], arguments: vec![x], ..ProgramSpec::default() };
        let program = block_on(runner.prepare(&spec)).unwrap();
        let state = live(&runner, &vector(&[1.0, 2.0]));
        let call = || floats(&runner, &block_on(runner.call(&program, std::slice::from_ref(&state))).unwrap()[0]);
        assert_eq!(call(), [-1.0, -2.0]);
        block_on(runner.assign(&state, &vector(&[5.0, 6.0]))).unwrap();
        assert_eq!(call(), [-5.0, -6.0]);
        let lazy = state.mul_scalar(2).unwrap();
        let outputs = block_on(runner.call(&program, std::slice::from_ref(&lazy))).unwrap();
        assert_eq!(floats(&runner, &outputs[0]), [-10.0, -12.0]);
    }

    #[test]
    fn programs_share_a_state_and_may_read_it_by_itself() {
        let runner = LocalRunner::native(Interp::new());
        let (program, state) = adding(&runner, 2);
        let (doubled, kept) = (state.mul_scalar(2).unwrap(), state.clone());
        let state = vec![Variable { input: kept.clone(), value: kept.clone(), next: Some(doubled) }];
        let spec = ProgramSpec { state, outputs: vec![kept.clone()], ..ProgramSpec::default() };
        let doubling = block_on(runner.prepare(&spec)).unwrap();
        block_on(runner.call(&program, &[vector(&[1.0, 1.0])])).unwrap();
        let before = block_on(runner.call(&doubling, &[])).unwrap();
        block_on(runner.call(&program, &[vector(&[1.0, 1.0])])).unwrap();
        assert_eq!(floats(&runner, &before[0]), [2.0, 3.0]);
        assert_eq!(floats(&runner, &kept), [5.0, 7.0]);
    }

    #[test]
    fn a_state_may_be_read_under_its_own_name_as_well() {
        let runner = LocalRunner::native(Interp::new());
        let (value, state) = (vector(&[1.0, 2.0]), input(&[2]));
        let next = state.add(&value).unwrap();
        // Read after the new value is there: it must still be the old one.
        let before = next.sum_all().unwrap().mul(&value).unwrap();
        let state = vec![Variable { input: state, value: value.clone(), next: Some(next) }];
        let spec = ProgramSpec { state, outputs: vec![before], ..ProgramSpec::default() };
        let program = block_on(runner.prepare(&spec)).unwrap();
        let outputs = block_on(runner.call(&program, &[])).unwrap();
        assert_eq!(floats(&runner, &outputs[0]), [6.0, 12.0]);
        assert_eq!(floats(&runner, &value), [2.0, 4.0]);
    }

    #[test]
    fn arguments_that_do_not_fit_are_named() {
        let runner = LocalRunner::native(Interp::new());
        let (program, _state) = adding(&runner, 2);
        let error = block_on(runner.call(&program, &[vector(&[1.0])])).unwrap_err();
        assert_eq!(error.to_string(), "call: argument 0 is f32[1]; the program takes f32[2]");
        assert!(block_on(runner.call(&program, &[])).unwrap_err().to_string().contains("0 arguments"));
    }

    #[test]
    fn all_memory_comes_back() {
        let runner = LocalRunner::native(Cpu::new());
        let (program, state) = adding(&runner, 100);
        let outputs = block_on(runner.call(&program, &[vector(&[1.0, 1.0])])).unwrap();
        let third = outputs[1].neg().unwrap();
        floats(&runner, &third);
        drop((program, state, outputs, third));
        // Programs compiled for reads stay; they hold no values.
        let scratch = runner.device().counters().live_bytes;
        assert!(scratch <= 4096, "{scratch} bytes");
    }
}
