//! Element-wise expressions as WebAssembly that is emitted at run time: all instructions of an expression for four elements,
//! then for the next four, so that what lies between is in registers. In a module of WebAssembly, functions of another
//! module are called through the table that all functions with an address are in; see [`link`].
//!
//! The bits are those of the loops in [`super::scalar`], which a program takes before it runs often, and where nothing can be linked.

mod lanes;
mod link;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use link::{Call, Linked, is_possible};
pub use link::{Linker, set_linker};

use crate::{DType, plan::Instr};
use lanes::Body;
use wasm_encoder::{
    CodeSection, ExportKind, ExportSection, Function, FunctionSection, Module, RawSection, SectionId, TypeSection,
    ValType,
};

/// What a load gives a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// The words at its address, one after the other.
    Words,
    /// The word at its address, again and again.
    Uniform,
    /// This word, again and again.
    Constant(u32),
}

/// The function that writes some registers of an expression; all have these types. None: it has an instruction that is not emitted.
pub(crate) fn function(instrs: &[Instr], types: &[DType], registers: &[usize], inputs: &[Input]) -> Option<Function> {
    let load = |number: usize| match inputs[number] {
        Input::Constant(word) => lanes::constant(word),
        Input::Words | Input::Uniform => lanes::load(number),
    };
    let (body, values) = Body::of(|| table::values(instrs, types, registers, load))?;
    let uniform: Vec<bool> = inputs.iter().map(|&input| input != Input::Words).collect();
    Some(body.function(&values, &uniform))
}

/// A module that exports the functions under their numbers and imports the memory `m.m`.
pub(crate) fn module(functions: &[Function]) -> Vec<u8> {
    let (mut types, mut numbers) = (TypeSection::new(), FunctionSection::new());
    let (mut exports, mut code) = (ExportSection::new(), CodeSection::new());
    types.ty().function([ValType::I32; 2], []);
    for (i, function) in (0..).zip(functions) {
        numbers.function(0);
        exports.export(&i.to_string(), ExportKind::Func, i);
        code.function(function);
    }
    let mut module = Module::new();
    module.section(&types).section(&RawSection { id: SectionId::Import.into(), data: IMPORT });
    module.section(&numbers).section(&exports).section(&code);
    module.finish()
}

/// One import: `m.m`, a memory of 0 to 65536 pages that is shared, or of 0 pages at least. In bytes, since the encoder of imports
/// brings those of everything else that can be imported.
const IMPORT: &[u8] = if cfg!(target_feature = "atomics") {
    b"\x01\x01m\x01m\x02\x03\x00\x80\x80\x04"
} else {
    b"\x01\x01m\x01m\x02\x00\x00"
};
