//! Pipelines by their text, so that what was compiled once is never compiled again. They are asked for when a program is prepared
//! and made when it first runs: where the browser compiles several at a time, it does so in between.

use super::{WebGpu, device_error};
use crate::{Result, device::LocalFuture};
use rustc_hash::FxHashMap;
use std::{cell::OnceCell, rc::Rc};

/// Begins to compile a text that binds so many storage buffers, of which the first is written, after a uniform with a dynamic offset. When
/// the future is done, the device makes that pipeline at once.
pub type Compile = fn(&wgpu::Device, &str, usize) -> LocalFuture<'static, ()>;

/// All pipelines of a device.
pub struct Pipelines {
    by_text: FxHashMap<Rc<str>, Rc<Pipeline>>,
    /// By the number of storage buffers, of which the first is written.
    layouts: Vec<Option<(wgpu::BindGroupLayout, wgpu::PipelineLayout)>>,
    /// What is compiled ahead.
    under_way: Vec<LocalFuture<'static, ()>>,
}

/// A pipeline that is made when it is needed.
pub struct Pipeline {
    wgsl: Rc<str>,
    layout: wgpu::PipelineLayout,
    made: OnceCell<wgpu::ComputePipeline>,
}

impl Pipeline {
    /// The pipeline itself.
    pub fn get(&self, gpu: &WebGpu) -> &wgpu::ComputePipeline {
        self.made.get_or_init(|| {
            let source = wgpu::ShaderSource::Wgsl((*self.wgsl).into());
            let module = gpu.device.create_shader_module(wgpu::ShaderModuleDescriptor { label: None, source });
            gpu.counters.borrow_mut().pipelines_created += 1;
            gpu.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: None,
                layout: Some(&self.layout),
                module: &module,
                entry_point: Some("main"),
                compilation_options: wgpu::PipelineCompilationOptions {
                    zero_initialize_workgroup_memory: false,
                    ..Default::default()
                },
                cache: None,
            })
        })
    }
}

impl Pipelines {
    pub fn new(limits: &wgpu::Limits) -> Self {
        let most = limits.max_storage_buffers_per_shader_stage as usize;
        Self { by_text: FxHashMap::default(), layouts: vec![None; most.min(64) + 1], under_way: Vec::new() }
    }

    /// The pipeline of a text that binds so many buffers. Errors: more than the device can bind.
    pub fn get(&mut self, gpu: &WebGpu, wgsl: &str, buffers: usize) -> Result<Rc<Pipeline>> {
        if let Some(pipeline) = self.by_text.get(wgsl) {
            return Ok(pipeline.clone());
        }
        let layout = self.layout(gpu, buffers)?.1.clone();
        self.under_way.extend(gpu.options.compile.map(|compile| compile(&gpu.device, wgsl, buffers)));
        let wgsl: Rc<str> = wgsl.into();
        let pipeline = Rc::new(Pipeline { wgsl: wgsl.clone(), layout, made: OnceCell::new() });
        self.by_text.insert(wgsl, pipeline.clone());
        Ok(pipeline)
    }

    /// What has been begun since this was last asked.
    pub fn under_way(&mut self) -> Vec<LocalFuture<'static, ()>> {
        std::mem::take(&mut self.under_way)
    }

    /// The layout of bind groups with so many buffers after the uniform that holds the offsets.
    pub fn layout(&mut self, gpu: &WebGpu, buffers: usize) -> Result<&(wgpu::BindGroupLayout, wgpu::PipelineLayout)> {
        let most = self.layouts.len() - 1;
        let slot = self.layouts.get_mut(buffers).ok_or_else(|| {
            device_error(&format!("a step needs {buffers} buffers at once; this adapter can bind {most}"))
        })?;
        Ok(slot.get_or_insert_with(|| make_layout(gpu, buffers)))
    }
}

fn make_layout(gpu: &WebGpu, buffers: usize) -> (wgpu::BindGroupLayout, wgpu::PipelineLayout) {
    let entry = |binding: usize| {
        let ty = match binding {
            0 => wgpu::BufferBindingType::Uniform,
            _ => wgpu::BufferBindingType::Storage { read_only: binding > 1 },
        };
        wgpu::BindGroupLayoutEntry {
            binding: binding as u32,
            visibility: wgpu::ShaderStages::COMPUTE,
            ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: binding == 0, min_binding_size: None },
            count: None,
        }
    };
    let entries: Vec<_> = (0..=buffers).map(entry).collect();
    let descriptor = wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries };
    let group = gpu.device.create_bind_group_layout(&descriptor);
    let pipeline = gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: None,
        bind_group_layouts: &[Some(&group)],
        immediate_size: 0,
    });
    (group, pipeline)
}
