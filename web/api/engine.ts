// The engine: the wasm build with devices, loaded and opened. It answers sessions, in this thread or over ports.

import type * as Module from "../pkg/base/gradbook.js";
import { wasmFiles } from "../pkg/files.ts";
import type { Gpu } from "../pkg/gpu/gradbook.js";
import type { CollectionFile, LoadProgress } from "./collections.ts";
import { isOwn, loadCollection } from "./collections.ts";
import { argumentError } from "./context.ts";
import type { FileStore } from "./file-store.ts";
import { fetchBytes } from "./files.ts";
import type { EngineBuild } from "./probe.ts";
import { chooseBuild } from "./probe.ts";
import { FILE } from "./save-request.ts";
import { areScenes } from "./scene-request.ts";
import type { NamedTensor } from "./tensor-files.ts";
import { loadOwn, saveOwn, unpackTensors } from "./tensor-files.ts";
import { defaultThreads, startHelpers } from "./threads.ts";
import { tune } from "./tuning.ts";

/** The classes of the module with the WebGPU device. */
type GpuModule = typeof import("../pkg/gpu/gradbook.js");

/** A device that can be opened. */
export type DeviceName = "cpu" | "webgpu";

/** An engine on its device. */
export type Engine = Module.Engine;

/** One client of an engine. */
export type Connection = Module.Connection;

/** What a device says about itself. */
export interface DeviceInfo {
  device: DeviceName;
  /** Instruction set or adapter, and threads. */
  detail: string;
  /** Whether a GPU is really a program on the CPU. */
  software: boolean;
}

/** A GPU that was lost, and what everything goes on on. */
export interface DeviceLoss extends DeviceInfo {
  /** Why it was lost, in the browser's words. */
  reason: string;
  /** Training steps that were computed again: those since the values were last copied from the GPU. */
  repeated: number;
}

/** An engine module that is ready. */
export interface EngineModule {
  build: EngineBuild;
  /** Opens an engine; `told` hears of GPUs that are lost while it runs, once everything goes on elsewhere. */
  open(device: DeviceName, told?: (loss: DeviceLoss) => void): Promise<Engine>;
  /** Moves what an engine holds and runs to a GPU. Errors: none opens, or it has no room; then nothing has changed. */
  moveToGpu(engine: Engine): Promise<void>;
  /**
   * Opens a GPU, to which an engine goes on when a program has run for long and is faster there, which is measured; then
   * `moved` is called. Errors: none opens.
   */
  offerGpu(engine: Engine, moved?: () => void): Promise<void>;
  /** Takes the GPU away, as the system may do at any time. */
  loseGpu(): void;
}

/** Which build of the engine, and how it computes. */
export interface EngineOptions {
  /** The fastest that runs here if none is named. */
  build?: EngineBuild | undefined;
  /** Threads of the CPU device: as many as the machine has, up to 8. More than one need memory that workers share. */
  threads?: number | undefined;
  /** Replaces the file of the build. */
  bytes?: BufferSource | WebAssembly.Module | undefined;
  /** Replaces the file of the WebGPU device. */
  gpu?: BufferSource | WebAssembly.Module | undefined;
}

/** Loads a build. `base` is the folder of the site or package. Errors: it does not run here; files that do not load. */
export async function loadEngine(base: URL, options: EngineOptions = {}): Promise<EngineModule> {
  const wanted = options.threads ?? defaultThreads();
  if (!Number.isInteger(wanted) || wanted < 1)
    throw new Error(`threads must be a whole number from 1, not ${wanted}`);
  const build = chooseBuild(options.build, wanted);
  const [module, source] = await Promise.all([
    importBuild(build),
    options.bytes ?? fetchBytes(new URL(wasmFiles[build].file, base)),
  ]);
  // Compiled once for all threads.
  const compiled = source instanceof WebAssembly.Module ? source : await WebAssembly.compile(source);
  const { memory } = await module.default({ module_or_path: compiled });
  const helpers =
    build === "threads" ? await startHelpers(base, { module: compiled, memory }, wanted - 1) : 0;
  let gpu: Promise<GpuModule> | undefined;
  let gpuDevice: Gpu | undefined;
  const openGpu = async () => {
    gpu ??= loadGpu(base, options.gpu);
    // What did not load may do so later.
    gpu.catch(() => (gpu = undefined));
    gpuDevice = (await (await gpu).Gpu.open()) as Gpu;
    await tune(gpuDevice, base);
    return gpuDevice;
  };
  const moveToGpu = (engine: Engine): Promise<void> => engine.moveToGpu(openGpu);
  return {
    build,
    moveToGpu,
    offerGpu: (engine, moved = () => {}) => engine.offerGpu(openGpu, moved),
    loseGpu: () => gpuDevice?.lose(),
    async open(device, told = () => {}) {
      if (device !== "cpu" && device !== "webgpu")
        throw argumentError(`there is no device ${String(device)}; there are cpu and webgpu`);
      const engine = new module.Engine(1 + helpers, turn, told);
      if (device === "webgpu") await moveToGpu(engine);
      return engine;
    },
  };
}

/** Loads what drives WebGPU: a module of its own, which the CPU device does without. */
async function loadGpu(base: URL, bytes: EngineOptions["gpu"]): Promise<GpuModule> {
  const [module, source] = await Promise.all([
    import("../pkg/gpu/gradbook.js"),
    bytes ?? fetchBytes(new URL(wasmFiles.gpu.file, base)),
  ]);
  await module.default({ module_or_path: source });
  return module;
}

function importBuild(build: EngineBuild): Promise<typeof Module> {
  switch (build) {
    case "base":
      return import("../pkg/base/gradbook.js");
    case "fast":
      return import("../pkg/fast/gradbook.js") as Promise<unknown> as Promise<typeof Module>;
    case "threads":
      return import("../pkg/threads/gradbook.js") as Promise<unknown> as Promise<typeof Module>;
  }
}

/** Where data sets come from, and the reader's own files. */
export interface Source {
  /** The folder of the site or package: the data sets lie in `assets/` in it. */
  base: URL;
  /** The reader's own files. */
  files: FileStore;
  /** Told how far one that is loaded has come. */
  onProgress?: ((progress: LoadProgress) => void) | undefined;
  /** Sets of the reader's own, in a page that has some: what `own.ts` asks for. */
  own?: ((what: string) => Promise<CollectionFile[]>) | undefined;
}

/** A new client of an engine. It gets what the one before it wanted kept. */
export function connect(
  engine: Engine,
  send: (reply: Uint8Array) => void,
  { base, files, onProgress, own = noneOwned }: Source,
  before?: Connection,
): Connection {
  const collection = (name: string) => loadCollection(new URL("assets/", base), name, onProgress);
  const load = async (name: string) => {
    if (name.startsWith(FILE)) return loadOwn(base, files, name.slice(FILE.length));
    if (isOwn(name)) return own(name);
    if (!areScenes(name)) return unpackTensors(base, await collection(name));
    const { drawScenes } = await import("./draw-scenes.ts");
    return drawScenes(base, name, collection);
  };
  const save = (request: string, tensors: NamedTensor[]) => saveOwn(base, files, request, tensors);
  return before ? engine.connectAfter(before, send, load, save) : engine.connect(send, load, save);
}

async function noneOwned(): Promise<never> {
  throw new Error("sets of one's own are made in the notebook's page; here, data.from makes one of arrays");
}

/** Messages in the forms that a port carries: one, or several of one turn together. */
export function receive(connection: Connection, message: unknown): void {
  for (const part of Array.isArray(message) ? message : [message]) {
    if (part instanceof Uint8Array) connection.receive(part);
  }
}

/** Settles after whatever waits in this thread has had its turn. Timers would be held up to 4 ms each. */
const turn: () => Promise<void> = (() => {
  if (typeof setImmediate === "function") return () => new Promise<void>((resolve) => setImmediate(resolve));
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  return () =>
    new Promise<void>((resolve) => {
      waiting.push(resolve);
      port2.postMessage(null);
    });
})();
