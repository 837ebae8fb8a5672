//! Makes functions of modules that were emitted at run time callable: they go to the table that this module's own go to.

use js_sys::{
    Object, Reflect, Uint8Array,
    WebAssembly::{Instance, Module, Table},
};
use wasm_bindgen::prelude::*;

/// A [`gradbook_core::device::cpu::Linker`].
pub fn link(module: &[u8], functions: u32, at: Option<u32>) -> Option<u32> {
    try_link(module, functions, at).ok()
}

fn try_link(module: &[u8], functions: u32, at: Option<u32>) -> Result<u32, JsValue> {
    // Copied: the memory may be shared, and what is compiled may not.
    let module = Module::new(&Uint8Array::from(module).into())?;
    let (imports, memory) = (Object::new(), Object::new());
    Reflect::set(&memory, &"m".into(), &wasm_bindgen::memory())?;
    Reflect::set(&imports, &"m".into(), &memory)?;
    let exports = Instance::new(&module, &imports)?.exports();
    let table: Table = wasm_bindgen::function_table().unchecked_into();
    let first = at.map_or_else(|| table.grow(functions), Ok)?;
    for i in 0..functions {
        let function = Reflect::get(&exports, &i.to_string().into())?;
        table.set(first + i, function.unchecked_ref())?;
    }
    Ok(first)
}
