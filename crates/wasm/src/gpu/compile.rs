//! Pipelines that the browser compiles several at a time. wgpu asks for them one by one, and a browser compiles what is asked for in that
//! way when it comes to it; but it keeps what it has compiled, by content, so what was asked for here is there when wgpu asks.

use crate::js::object;
use gradbook_core::device::LocalFuture;
use js_sys::{Array, Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    type GpuDevice;

    #[wasm_bindgen(method, js_name = createShaderModule)]
    fn create_shader_module(this: &GpuDevice, descriptor: &Object) -> JsValue;
    #[wasm_bindgen(method, js_name = createBindGroupLayout)]
    fn create_bind_group_layout(this: &GpuDevice, descriptor: &Object) -> JsValue;
    #[wasm_bindgen(method, js_name = createPipelineLayout)]
    fn create_pipeline_layout(this: &GpuDevice, descriptor: &Object) -> JsValue;
    #[wasm_bindgen(method, js_name = createComputePipelineAsync)]
    fn create_compute_pipeline_async(this: &GpuDevice, descriptor: &Object) -> Promise;
}

/// Visible to compute shaders: `GPUShaderStage.COMPUTE`.
const COMPUTE: u32 = 4;

/// Begins to compile; see [`gradbook_core::device::webgpu::Compile`].
pub fn compile(device: &wgpu::Device, wgsl: &str, buffers: usize) -> LocalFuture<'static, ()> {
    let Some(device) = device.as_webgpu() else { return Box::pin(async {}) };
    let device: &GpuDevice = JsCast::unchecked_ref::<GpuDevice>(AsRef::<JsValue>::as_ref(device));
    let compute = object(&[
        ("module", device.create_shader_module(&object(&[("code", wgsl.into())]))),
        ("entryPoint", "main".into()),
    ]);
    let descriptor = object(&[("layout", layout(device, buffers)), ("compute", compute.into())]);
    let promise = device.create_compute_pipeline_async(&descriptor);
    Box::pin(async move {
        // The pipeline must live until wgpu has asked for it, which it does next. What is wrong with it wgpu is told, too.
        let _ = JsFuture::from(promise).await;
    })
}

/// A pipeline layout as the device makes it for so many storage buffers.
fn layout(device: &GpuDevice, buffers: usize) -> JsValue {
    let entry = |binding: usize| {
        let buffer = match binding {
            0 => object(&[("type", "uniform".into()), ("hasDynamicOffset", true.into())]),
            1 => object(&[("type", "storage".into())]),
            _ => object(&[("type", "read-only-storage".into())]),
        };
        JsValue::from(object(&[
            ("binding", (binding as u32).into()),
            ("visibility", COMPUTE.into()),
            ("buffer", buffer.into()),
        ]))
    };
    let entries: Array = (0..=buffers).map(entry).collect();
    let group = device.create_bind_group_layout(&object(&[("entries", entries.into())]));
    device.create_pipeline_layout(&object(&[("bindGroupLayouts", Array::of1(&group).into())]))
}
