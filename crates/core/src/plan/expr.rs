//! Building the small register programs that kernels evaluate at every coordinate. While a schedule grows, an expression's
//! sources name values; [`localise`] turns them into positions among a step's reads.

use super::{
    draft::ValueId,
    program::{Expr, Instr, Load, Source},
    view::View,
};
use crate::{
    DType,
    ir::{Binary, Unary},
};

impl Expr {
    /// The register of a load, which is added unless it is there.
    pub(super) fn load(&mut self, load: Load, dtype: DType) -> usize {
        let same = |(i, instr): (usize, &Instr)| match instr {
            Instr::Load(l) => (self.types[i] == dtype && self.loads[*l] == load).then_some(i),
            _ => None,
        };
        if let Some(found) = self.instrs.iter().enumerate().find_map(same) {
            return found;
        }
        self.loads.push(load);
        self.append(Instr::Load(self.loads.len() - 1), dtype)
    }

    /// The register of an instruction, which is added unless it is there.
    pub(super) fn push(&mut self, instr: Instr, dtype: DType) -> usize {
        let same = |i: &usize| self.instrs[*i] == instr && self.types[*i] == dtype;
        (0..self.instrs.len()).find(same).unwrap_or_else(|| self.append(instr, dtype))
    }

    fn append(&mut self, instr: Instr, dtype: DType) -> usize {
        self.instrs.push(instr);
        self.types.push(dtype);
        self.instrs.len() - 1
    }

    /// All of another expression; the register of its value.
    pub(super) fn import(&mut self, other: &Self) -> usize {
        let mut at: Vec<usize> = Vec::with_capacity(other.instrs.len());
        for (i, instr) in other.instrs.iter().enumerate() {
            let dtype = other.types[i];
            at.push(match *instr {
                Instr::Load(l) => self.load(other.loads[l].clone(), dtype),
                Instr::Unary(f, a) => self.push(Instr::Unary(f, at[a]), dtype),
                Instr::Binary(f, a, b) => self.push(Instr::Binary(f, at[a], at[b]), dtype),
                Instr::Select(c, a, b) => self.push(Instr::Select(at[c], at[a], at[b]), dtype),
                Instr::Cast(a) => self.push(Instr::Cast(at[a]), dtype),
            });
        }
        *at.last().expect("an expression has a value")
    }
}

pub(super) fn load(source: Source, view: View, dtype: DType) -> Expr {
    Expr { loads: vec![Load { source, view }], instrs: vec![Instr::Load(0)], types: vec![dtype] }
}

pub(super) fn read(value: ValueId, shape: &[usize], dtype: DType) -> Expr {
    load(Source::Read(value), View::contiguous(shape), dtype)
}

/// The value and view of an expression that only reads.
pub(super) fn as_read(expr: &Expr) -> Option<(ValueId, &View)> {
    match (&expr.loads[..], &expr.instrs[..]) {
        ([Load { source: Source::Read(value), view }], [Instr::Load(0)]) => Some((*value, view)),
        _ => None,
    }
}

pub(super) fn change_views(expr: &Expr, change: &dyn Fn(&View) -> Option<View>) -> Option<Expr> {
    let changed = |load: &Load| Some(Load { source: load.source, view: change(&load.view)? });
    let loads = expr.loads.iter().map(changed).collect::<Option<_>>()?;
    Some(Expr { loads, instrs: expr.instrs.clone(), types: expr.types.clone() })
}

/// The distinct values that an expression reads, in order of first use.
pub(super) fn reads(expr: &Expr) -> Vec<ValueId> {
    let mut found = Vec::new();
    for load in &expr.loads {
        if let Source::Read(value) | Source::Random { key: value, .. } = load.source
            && !found.contains(&value)
        {
            found.push(value);
        }
    }
    found
}

/// Turns names of values into positions in the step's reads.
pub(super) fn localise(mut expr: Expr) -> (Expr, Vec<ValueId>) {
    let reads = reads(&expr);
    let at = |value: ValueId| reads.iter().position(|&r| r == value).expect("it is among the reads");
    for load in &mut expr.loads {
        load.source = match load.source {
            Source::Read(value) => Source::Read(at(value)),
            Source::Random { key, stream } => Source::Random { key: at(key), stream },
            other => other,
        };
    }
    (expr, reads)
}

/// What computing an expression costs beyond reading its inputs, in simple instructions.
pub(super) fn cost(expr: &Expr) -> usize {
    let instr = |instr: &Instr| match instr {
        Instr::Load(i) => match expr.loads[*i].source {
            Source::Random { .. } => 16,
            Source::Read(_) | Source::Arange | Source::Const(_) | Source::Made => 0,
        },
        Instr::Unary(Unary::Neg | Unary::Abs | Unary::Not | Unary::Sign | Unary::IsNan, _) => 1,
        Instr::Unary(..) => 8,
        Instr::Binary(Binary::Pow | Binary::Atan2 | Binary::Rem | Binary::Div, ..) => 4,
        Instr::Binary(..) | Instr::Select(..) | Instr::Cast(_) => 1,
    };
    expr.instrs.iter().map(instr).sum()
}
