//! Graphs as text, one line a node.

use super::{
    graph::{Graph, Kind},
    op::Op,
};
use crate::DType;
use std::fmt;

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let siblings = self.siblings();
        for (id, node) in self.nodes.iter().enumerate() {
            write!(f, "%{id} {}{} = ", node.dtype, node.shape)?;
            match &node.kind {
                Kind::Leaf(leaf) => write!(f, "leaf {leaf}")?,
                Kind::Op(op) => op_text(f, op, node.dtype)?,
            }
            for input in &node.inputs {
                write!(f, " %{input}")?;
            }
            writeln!(f)?;
            // The body stands once, below the first result.
            if let (Kind::Op(Op::Scan { scan, .. }), None) = (&node.kind, siblings.get(&id)) {
                scan.body().to_string().lines().try_for_each(|line| writeln!(f, "    {line}"))?;
            }
        }
        write!(f, "return")?;
        for output in &self.outputs {
            write!(f, " %{output}")?;
        }
        writeln!(f)
    }
}

fn op_text(f: &mut fmt::Formatter<'_>, op: &Op, dtype: DType) -> fmt::Result {
    write!(f, "{}", op.name())?;
    match op {
        Op::Full(word) => match dtype {
            DType::F32 => write!(f, " {:?}", f32::from_bits(*word)),
            DType::I32 => write!(f, " {}", *word as i32),
            DType::U32 | DType::Bool => write!(f, " {word}"),
        },
        Op::Iota { axis } | Op::ArgMax(axis) => write!(f, " axis {axis}"),
        Op::Random { stream } => write!(f, " stream {stream}"),
        Op::Permute(list) | Op::Flip(list) | Op::Pad(list) | Op::Sum(list) | Op::Max(list) => write!(f, " {list:?}"),
        Op::Slice { start, step } => write!(f, " from {start:?} by {step:?}"),
        Op::Conv(g) | Op::ConvInputGrad(g) | Op::ConvWeightGrad(g) => {
            write!(
                f,
                " {:?} stride {:?} pad {:?} dilation {:?} groups {}",
                g.kernel, g.stride, g.pad, g.dilation, g.groups
            )
        }
        Op::Unfold(w) | Op::Fold(w) | Op::MaxPool(w) | Op::MaxPoolArg(w) | Op::Unpool(w) | Op::PoolTake(w) => {
            write!(f, " {:?} stride {:?} pad {:?} dilation {:?}", w.kernel, w.stride, w.pad, w.dilation)
        }
        Op::Input | Op::Host(_) | Op::Resident(_) | Op::Unary(_) | Op::Binary(_) | Op::Select | Op::Cast => Ok(()),
        Op::Reshape | Op::Broadcast | Op::MatMul | Op::Gather | Op::ScatterAdd | Op::ArgSort => Ok(()),
        Op::Scan { scan, pick } => {
            let way = if scan.is_reverse() { ", backwards" } else { "" };
            write!(
                f,
                " result {pick} of {} trips{way}, {} carries, {} slices,",
                scan.trips(),
                scan.carries(),
                scan.slices()
            )
        }
    }
}
