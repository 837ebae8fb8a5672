// What WebGPU can do here: arithmetic, memory, matrix products with several kernels, and what dispatches and read-backs cost.

import { arithmetic, matmul, matmulKernels, stream, touch } from "./shaders.mjs";

/** Figures by name; the units stand in the names. */
export async function webgpuLimits() {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) throw new Error("there is no WebGPU adapter");
  const gpu = new Gpu(await adapter.requestDevice());
  const figures = {};
  for (const group of [arithmeticRates, memoryRate, matmulRates, costs])
    Object.assign(figures, await group(gpu));
  gpu.device.destroy();
  return figures;
}

async function arithmeticRates(gpu) {
  const figures = {};
  const output = gpu.buffer(arithmetic.threads * 4);
  for (const type of ["f32", "vec4f"]) {
    const kernel = await gpu.kernel(arithmetic.shader(type), [output]);
    const ms = await gpu.best(8, () => gpu.run(kernel, [arithmetic.threads / 64]), output);
    figures[`fma on ${type}, GFLOP/s`] = arithmetic.flop(type) / ms / 1e6;
  }
  return figures;
}

async function memoryRate(gpu) {
  const [x, y] = [gpu.buffer(stream.elements * 4), gpu.buffer(stream.elements * 4)];
  const kernel = await gpu.kernel(stream.shader, [x, y]);
  const ms = await gpu.best(4, () => gpu.run(kernel, stream.groups), y);
  return { "stream, GB/s": (stream.elements * 12) / ms / 1e6 };
}

async function matmulRates(gpu) {
  const figures = {};
  for (const n of [256, 512, 1024]) {
    const values = Float32Array.from({ length: n * n }, (_, i) => ((i * 7919) % 1009) / 1009 - 0.5);
    const buffers = Array.from({ length: 3 }, () => gpu.buffer(n * n * 4));
    for (const input of buffers.slice(0, 2)) gpu.device.queue.writeBuffer(input, 0, values);
    let wanted = 0;
    for (let k = 0; k < n; k++) wanted += values[n + k] * values[k * n + 1];
    // All kernels at 512, one at the other sizes.
    for (const name of n === 512 ? Object.keys(matmulKernels) : ["8 × 4 from memory"]) {
      const { code, groups } = matmul(name, n);
      const kernel = await gpu.kernel(code, buffers);
      gpu.run(kernel, groups);
      const error = (await gpu.read(buffers[2], n + 1)) - wanted;
      if (!(Math.abs(error) < 1e-2))
        throw new Error(`the matrix product ${name} of ${n} is wrong by ${error}`);
      const ms = await gpu.best(n > 512 ? 3 : 8, () => gpu.run(kernel, groups), buffers[2]);
      figures[`matrix product ${n}, ${name}, GFLOP/s`] = (2 * n ** 3) / ms / 1e6;
    }
    for (const buffer of buffers) buffer.destroy();
  }
  return figures;
}

/** In microseconds, of a thousand or a hundred of each. */
async function costs(gpu) {
  const output = gpu.buffer(1024);
  const kernel = await gpu.kernel(touch, [output]);
  gpu.run(kernel, [1]);
  await gpu.read(output);
  const each = async (count, work) => {
    const start = performance.now();
    await work();
    await gpu.read(output);
    return ((performance.now() - start) * 1000) / count;
  };
  const times = (count, work) => async () => {
    for (let i = 0; i < count; i++) await work();
  };
  const empty = new Float32Array(1 << 20);
  const large = gpu.buffer(empty.byteLength);
  return {
    "dispatch of one submit, µs": await each(1000, async () => gpu.run(kernel, [1], 1000)),
    "submit, µs": await each(
      1000,
      times(1000, () => gpu.run(kernel, [1])),
    ),
    "bind group, µs": await each(
      1000,
      times(1000, () => gpu.bind(kernel.pipeline, [output])),
    ),
    "buffer of 4 KiB, µs": await each(
      1000,
      times(1000, () => gpu.buffer(4096)),
    ),
    "read-back, µs": await each(
      100,
      times(100, () => gpu.read(output)),
    ),
    "upload of 4 MiB, µs": await each(
      20,
      times(20, () => gpu.device.queue.writeBuffer(large, 0, empty)),
    ),
  };
}

/** A device, with what is needed of it here. */
class Gpu {
  constructor(device) {
    this.device = device;
  }

  buffer(size) {
    const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
    return this.device.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST });
  }

  async kernel(code, buffers) {
    const module = this.device.createShaderModule({ code });
    const pipeline = await this.device.createComputePipelineAsync({ layout: "auto", compute: { module } });
    return { pipeline, group: this.bind(pipeline, buffers) };
  }

  bind(pipeline, buffers) {
    const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
    return this.device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  }

  run({ pipeline, group }, groups, times = 1) {
    const encoder = this.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let i = 0; i < times; i++) pass.dispatchWorkgroups(...groups);
    pass.end();
    this.device.queue.submit([encoder.finish()]);
  }

  /** One float, after all that was submitted. */
  async read(buffer, index = 0) {
    const { MAP_READ, COPY_DST } = GPUBufferUsage;
    const copy = this.device.createBuffer({ size: 4, usage: MAP_READ | COPY_DST });
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, index * 4, copy, 0, 4);
    this.device.queue.submit([encoder.finish()]);
    await copy.mapAsync(GPUMapMode.READ);
    const [value] = new Float32Array(copy.getMappedRange());
    copy.destroy();
    return value;
  }

  /** The least milliseconds of so many runs, the first of which does not count. */
  async best(count, run, output) {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i <= count; i++) {
      const start = performance.now();
      run();
      await this.read(output);
      if (i > 0) least = Math.min(least, performance.now() - start);
    }
    return least;
  }
}
