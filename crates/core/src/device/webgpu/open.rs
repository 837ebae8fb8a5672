//! Finding an adapter and opening a device on it.

use super::{
    Compile, Tiling, Tuning, WebGpu, device_error, executable::Arena, out_of_memory, pipelines::Pipelines,
    signal::Signal,
};
use crate::{Result, device::DeviceInfo};
use std::sync::Arc;

/// How the device behaves.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Milliseconds since some moment.
    pub now: fn() -> f64,
    /// About how long a submit should take, in milliseconds: the page draws and a stop takes effect in between.
    pub slice: f64,
    /// How products are tiled; without it what is usual on GPUs or on software adapters.
    pub tuning: Option<Tuning>,
    /// Compiles pipelines ahead; without it each is compiled when it is needed.
    pub compile: Option<Compile>,
}

impl Options {
    /// Slices of 8 ms.
    pub fn new(now: fn() -> f64) -> Self {
        Self { now, slice: 8.0, tuning: None, compile: None }
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl Default for Options {
    fn default() -> Self {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        Self::new(|| START.get_or_init(std::time::Instant::now).elapsed().as_secs_f64() * 1e3)
    }
}

impl WebGpu {
    /// The first adapter that the browser or the system offers, with all the limits it has. Errors: there is none.
    pub async fn new(options: Options) -> Result<Self> {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let request = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        };
        let adapter = instance.request_adapter(&request).await.map_err(|_| device_error("no adapter was found"))?;
        let limits = adapter.limits();
        let descriptor = wgpu::DeviceDescriptor { required_limits: limits.clone(), ..Default::default() };
        let refused = |error| device_error(&format!("the adapter gave no device: {error}"));
        let (device, queue) = adapter.request_device(&descriptor).await.map_err(refused)?;

        let signal = Arc::new(Signal::default());
        let heard = signal.clone();
        device.set_device_lost_callback(move |_, message| heard.lose(&message));
        let heard = signal.clone();
        device.on_uncaptured_error(Arc::new(move |error| {
            heard.fail(match error {
                wgpu::Error::OutOfMemory { .. } => out_of_memory(0, "a small buffer"),
                other => device_error(&other.to_string()),
            });
        }));

        let info = info(&device, &adapter.get_info());
        let usual = if info.software { Tiling::Direct } else { Tiling::Small };
        Ok(Self {
            pipelines: Pipelines::new(&limits).into(),
            arena: Arena::default().into(),
            device,
            queue,
            limits,
            info,
            options,
            tuning: options.tuning.unwrap_or(Tuning::all(usual)).into(),
            signal,
            next: 0.into(),
            buffers: Default::default(),
            executables: Default::default(),
            counters: Default::default(),
            copies: Default::default(),
            doubts: Default::default(),
        })
    }
}

/// Names by which software adapters are known.
const SOFTWARE: [&str; 5] = ["swiftshader", "llvmpipe", "lavapipe", "softpipe", "basic render"];

fn info(device: &wgpu::Device, adapter: &wgpu::AdapterInfo) -> DeviceInfo {
    let detail = name(device, adapter);
    let lower = detail.to_ascii_lowercase();
    let software = adapter.device_type == wgpu::DeviceType::Cpu || SOFTWARE.iter().any(|name| lower.contains(name));
    DeviceInfo { name: "webgpu", detail, software }
}

/// What the adapter calls itself. Browsers leave out what would tell readers apart.
#[cfg(target_arch = "wasm32")]
fn name(device: &wgpu::Device, adapter: &wgpu::AdapterInfo) -> String {
    let Some(info) = device.as_webgpu().map(|device| device.adapter_info()) else { return adapter.name.clone() };
    let known = [info.vendor(), info.architecture(), info.device(), info.description()];
    let known: Vec<&str> = known.iter().map(|part| &**part).filter(|part| !part.is_empty()).collect();
    if known.is_empty() { "unnamed adapter".into() } else { known.join(" ") }
}

#[cfg(not(target_arch = "wasm32"))]
fn name(_: &wgpu::Device, adapter: &wgpu::AdapterInfo) -> String {
    adapter.name.clone()
}
