//! Programs as text, one line a step: what to read when something looks wrong, and what snapshot tests hold.

use super::program::{Buffer, Expr, Instr, Kernel, Operand, Program, Reduction, Source, Step};
use crate::ir::{ConvGeometry, Window};
use std::fmt;

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "arena {} words", self.arena)?;
        for (i, external) in self.externals.iter().enumerate() {
            writeln!(f, "x{i} {} words{}", external.words, if external.written { ", written" } else { "" })?;
        }
        for (i, step) in self.steps.iter().enumerate() {
            for l in self.loops.iter().rev().filter(|l| l.steps.start == i) {
                writeln!(f, "    {} trips of steps {} to {}:", l.trips, l.steps.start, l.steps.end - 1)?;
            }
            write!(f, "{i:3} {step}")?;
            for m in self.loops.iter().flat_map(|l| &l.moves).filter(|m| m.step == i) {
                let what = if m.operand == 0 { "result".into() } else { format!("r{}", m.operand - 1) };
                write!(f, "; {what} moves {}", m.by)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}", self.write, self.kernel)?;
        for (i, read) in self.reads.iter().enumerate() {
            write!(f, "{}{read}", if i == 0 { " of " } else { ", " })?;
        }
        if let Some(epilogue) = &self.epilogue {
            write!(f, ", then {}", epilogue.expr)?;
            for (i, read) in epilogue.reads.iter().enumerate() {
                write!(f, "{}{read}", if i == 0 { " of " } else { ", " })?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.buffer {
            Buffer::Arena => write!(f, "@{}", self.offset),
            Buffer::External(i) if self.offset == 0 => write!(f, "x{i}"),
            Buffer::External(i) => write!(f, "x{i}@{}", self.offset),
        }
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Map { shape, expr, more } => {
                write!(f, "map {shape:?} {expr}")?;
                more.iter().try_for_each(|register| write!(f, " and ${register}"))
            }
            Self::Reduce { outer, inner, op, expr } => {
                let name = match op {
                    Reduction::Sum => "sum",
                    Reduction::Max => "max",
                    Reduction::ArgMax => "argmax",
                };
                write!(f, "{name} {outer:?} over {inner:?} {expr}")
            }
            Self::MatMul { a, b } => {
                write!(f, "matmul [{}] {}×{}×{}", a.axes[0].size, a.axes[1].size, a.axes[2].size, b.axes[2].size)
            }
            Self::Conv(g) => conv(f, "conv", g),
            Self::ConvInputGrad(g) => conv(f, "conv_input_grad", g),
            Self::ConvWeightGrad(g) => conv(f, "conv_weight_grad", g),
            Self::MaxPool(w) => window(f, "max_pool", w),
            Self::MaxPoolArg(w) => window(f, "max_pool_arg", w),
            Self::Unpool(w) => window(f, "unpool", w),
            Self::MaxUnpool(w) => window(f, "max_unpool", w),
            Self::PoolTake(w) => window(f, "pool_take", w),
            Self::Fold { window: w, .. } => window(f, "fold", w),
            Self::Gather(r) => write!(f, "gather {} of {} rows of {}", r.count, r.rows, r.inner),
            Self::ScatterAdd(r) => write!(f, "scatter_add {} into {} rows of {}", r.count, r.rows, r.inner),
            Self::ArgSort { rows, length, dtype } => write!(f, "argsort {rows} rows of {length} {dtype}"),
        }
    }
}

fn conv(f: &mut fmt::Formatter<'_>, name: &str, g: &ConvGeometry) -> fmt::Result {
    write!(f, "{name} x{:?} w{:?} y{:?}", g.x_shape(), g.weight_shape(), g.y_shape())
}

fn window(f: &mut fmt::Formatter<'_>, name: &str, w: &Window) -> fmt::Result {
    write!(f, "{name} {}×{:?} by {:?} to {:?}", w.n * w.c, w.size, w.kernel, w.out)
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{")?;
        for (i, instr) in self.instrs.iter().enumerate() {
            write!(f, "{}", if i == 0 { " " } else { "; " })?;
            match *instr {
                Instr::Load(l) => match self.loads[l].source {
                    Source::Read(r) => write!(f, "r{r}")?,
                    Source::Arange => write!(f, "arange")?,
                    Source::Random { key, stream } => write!(f, "random(r{key}, {stream})")?,
                    Source::Const(word) => write!(f, "{}", constant(word, self.types[i]))?,
                    Source::Made => write!(f, "made")?,
                },
                Instr::Unary(u, a) => write!(f, "{} ${a}", u.row().name)?,
                Instr::Binary(b, x, y) => write!(f, "{} ${x} ${y}", b.row().name)?,
                Instr::Select(c, a, b) => write!(f, "select ${c} ${a} ${b}")?,
                Instr::Cast(a) => write!(f, "{} ${a}", self.types[i])?,
            }
        }
        write!(f, " }}")
    }
}

fn constant(word: u32, dtype: crate::DType) -> String {
    match dtype {
        crate::DType::F32 => format!("{:?}", f32::from_bits(word)),
        crate::DType::I32 => format!("{}", word as i32),
        crate::DType::U32 | crate::DType::Bool => format!("{word}"),
    }
}
