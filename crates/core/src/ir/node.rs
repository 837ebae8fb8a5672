//! The node of a graph: an op on inputs, with a shape that was checked when it was made.

use super::{
    infer::infer,
    op::{Op, Resident},
};
use crate::{DType, Data, Result, Shape};
use rustc_hash::FxHashSet;
use std::{
    cell::{Cell, Ref, RefCell},
    fmt, mem,
    rc::Rc,
};

/// A handle to an immutable value that is computed when it is asked for.
///
/// Cloning a handle is cheap. Once a runner has evaluated a node, the node is a leaf that holds the value: what it was
/// computed from is forgotten, so gradients end there.
#[derive(Clone)]
pub struct Tensor(Rc<Node>);

struct Node {
    /// Grows with each node that is made: inputs come before the nodes that use them.
    id: u64,
    shape: Shape,
    dtype: DType,
    how: RefCell<How>,
}

struct How {
    op: Op,
    inputs: Vec<Tensor>,
}

impl Tensor {
    /// An op on inputs. Errors: the op's shape rule. `shape` and `dtype` are what the op makes of its inputs where the rule
    /// leaves a choice (the target of a reshape, a leaf), and are checked against it.
    pub(crate) fn make(op: Op, inputs: Vec<Self>, shape: Shape, dtype: DType) -> Result<Self> {
        infer(&op, &inputs, &shape, dtype)?;
        Ok(Self::unchecked(op, inputs, shape, dtype))
    }

    fn unchecked(op: Op, inputs: Vec<Self>, shape: Shape, dtype: DType) -> Self {
        thread_local!(static NEXT: Cell<u64> = const { Cell::new(0) });
        let id = NEXT.with(|next| next.replace(next.get() + 1));
        Self(Rc::new(Node { id, shape, dtype, how: RefCell::new(How { op, inputs }) }))
    }

    /// A placeholder whose value the caller brings to each run of a traced graph.
    pub fn input(shape: Shape, dtype: DType) -> Self {
        Self::unchecked(Op::Input, Vec::new(), shape, dtype)
    }

    /// A value given on the host.
    pub fn from_data(data: Data) -> Self {
        Self::from_shared(Rc::new(data))
    }

    /// A value given on the host that others hold as well.
    pub(crate) fn from_shared(data: Rc<Data>) -> Self {
        let (shape, dtype) = (data.shape.clone(), data.dtype);
        Self::unchecked(Op::Host(data), Vec::new(), shape, dtype)
    }

    /// A value that a runner holds.
    pub fn resident(handle: Rc<Resident>, shape: Shape, dtype: DType) -> Self {
        Self::unchecked(Op::Resident(handle), Vec::new(), shape, dtype)
    }

    /// Grows in the order in which nodes were made.
    pub fn id(&self) -> u64 {
        self.0.id
    }

    /// The sizes of its axes.
    pub fn shape(&self) -> &Shape {
        &self.0.shape
    }

    /// The type of its elements.
    pub fn dtype(&self) -> DType {
        self.0.dtype
    }

    /// How it is computed.
    pub fn op(&self) -> Ref<'_, Op> {
        Ref::map(self.0.how.borrow(), |how| &how.op)
    }

    /// What it is computed from.
    pub fn inputs(&self) -> Ref<'_, [Self]> {
        Ref::map(self.0.how.borrow(), |how| &how.inputs[..])
    }

    /// Makes the node a leaf that holds its value.
    pub fn realise(&self, handle: Rc<Resident>) {
        let how = How { op: Op::Resident(handle), inputs: Vec::new() };
        release(self.0.how.replace(how).inputs);
    }

    /// The runner's handle to its value, if it has been evaluated.
    pub fn handle(&self) -> Option<Rc<Resident>> {
        match &*self.op() {
            Op::Resident(handle) => Some(handle.clone()),
            _ => None,
        }
    }

    /// The nodes that the given ones depend on, themselves included, inputs first; ends at leaves.
    pub fn ancestors(roots: &[Self]) -> Vec<Self> {
        Self::ancestors_to(roots, &FxHashSet::default())
    }

    /// The same, ending at the nodes of these names, too.
    pub(super) fn ancestors_to(roots: &[Self], ends: &FxHashSet<u64>) -> Vec<Self> {
        let mut seen = FxHashSet::default();
        let mut found = Vec::new();
        let mut pending = roots.to_vec();
        while let Some(node) = pending.pop() {
            if seen.insert(node.id()) {
                if !ends.contains(&node.id()) {
                    pending.extend(node.inputs().iter().cloned());
                }
                found.push(node);
            }
        }
        found.sort_unstable_by_key(Self::id);
        found
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        release(mem::take(&mut self.how.get_mut().inputs));
    }
}

/// Drops nodes without recursion: a graph may be deeper than the stack.
fn release(mut pending: Vec<Tensor>) {
    while let Some(node) = pending.pop() {
        if let Some(mut node) = Rc::into_inner(node.0) {
            pending.append(&mut node.how.get_mut().inputs);
        }
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{} = {} {}{}", self.id(), self.op().name(), self.dtype(), self.shape())
    }
}
