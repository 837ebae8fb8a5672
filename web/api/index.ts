// Gradbook as a package: the API of the notebook's cells in any page, worker or Node program.
//
//   import { createGradbook } from "gradbook";
//   const { nn, optim, data } = await createGradbook();
//
// The same messages that cells send to the compute worker go to an engine in this thread, or through a port to `serve` in
// a worker of the caller's.

import { wasmFiles } from "../pkg/files.ts";
import * as graph from "../pkg/graph/gradbook.js";
import { probeWebGpu } from "./adapter.ts";
import type { LoadProgress } from "./collections.ts";
import type { Load } from "./context.ts";
import type { Connection, DeviceInfo, DeviceLoss, DeviceName, Engine, EngineModule } from "./engine.ts";
import { connect, loadEngine, receive } from "./engine.ts";
import type { FileStore } from "./file-store.ts";
import { browserFiles, folderFiles } from "./file-store.ts";
import { fetchBytes } from "./files.ts";
import type { Gradbook } from "./gradbook.ts";
import { openSession } from "./gradbook.ts";
import type { EngineBuild } from "./probe.ts";

export type {
  Augmentations,
  AugmentBatch,
  Chance,
  Jitter,
  SamplingOptions,
  Transform,
} from "./augment.ts";
export type { BackpropInput, BackpropStep } from "./backprop.ts";
export { Backprop } from "./backprop.ts";
export type { BuiltIn, EmojiPairs, PeopleNames, TrainTest } from "./builtin.ts";
export type { LoadProgress } from "./collections.ts";
export type { CallArgument, Compile, Compiled, CompileOptions, MakeVariable } from "./compile.ts";
export { Variable } from "./compile.ts";
export type { Create, RandomOptions } from "./create.ts";
export type { DataSource, DatasetOptions } from "./data.ts";
export type { BatchOptions, ChannelStats, Fold, SeedOptions } from "./dataset.ts";
export { Dataset } from "./dataset.ts";
export type { DeviceInfo, DeviceLoss, DeviceName } from "./engine.ts";
export type { EnsembleOptions, FoldsOptions, MakeEnsemble } from "./ensemble.ts";
export { Comparison, Ensemble } from "./ensemble.ts";
export type { Explain, ExplainOptions, GradCamOptions, OcclusionOptions, Target } from "./explain.ts";
export { Explanation } from "./explain.ts";
export type { FeatureMap, WindowOptions } from "./feature-maps.ts";
export { FeatureMaps } from "./feature-maps.ts";
export type { FileStore, StoredFile } from "./file-store.ts";
export type { Gradbook } from "./gradbook.ts";
export { GraphPicture } from "./graph.ts";
export type { EpochReport, LrChange, StepPoint } from "./history.ts";
export { History } from "./history.ts";
export type { NamedTensors } from "./inputs.ts";
export type { LayerFigures, LayersOptions, Networks } from "./layers.ts";
export { LayerStatistics } from "./layers.ts";
export type {
  CrossEntropyOptions,
  Loss,
  Losses,
  LossFunction,
  LossName,
  ReductionOption,
  Task,
} from "./losses.ts";
export type {
  Fit,
  FitOptions,
  ForwardOptions,
  LayerSummary,
  ModelFunction,
  ParameterGroup,
  Score,
} from "./model.ts";
export { Model, RangeTest, Summary } from "./model.ts";
export type { ClassifyOptions, Models, ModelsOptions } from "./models.ts";
export { Classification, Classifier } from "./models.ts";
export type {
  BatchNormOptions,
  Conv1dOptions,
  Conv2dOptions,
  ConvTranspose2dOptions,
  DenseOptions,
  DropoutOptions,
  GraphNode,
  Init,
  Join,
  LayerLike,
  LayerNormOptions,
  Nn,
  SeparableConv2dOptions,
} from "./nn.ts";
export type {
  AdamOptions,
  LiveNumber,
  Optim,
  OptimizerOptions,
  PreviewOptions,
  RmsPropOptions,
  Schedule,
  SchedulePreview,
  SgdOptions,
  StepOptions,
} from "./optim.ts";
export { Optimizer } from "./optim.ts";
export type { Own } from "./own.ts";
export type { PlanStep } from "./plan.ts";
export { Plan } from "./plan.ts";
export type {
  BarsOptions,
  CurveOptions,
  Displayable,
  ImagesOptions,
  Line,
  LinesOptions,
  MatrixOptions,
  OverlayOptions,
  Plot,
  Points,
  ScatterOptions,
} from "./plot.ts";
export { Curve } from "./plot.ts";
export type { EngineBuild } from "./probe.ts";
export type { ProfileStep } from "./profile.ts";
export { Profile } from "./profile.ts";
export type { Ceilings } from "./roofline.ts";
export { Roofline } from "./roofline.ts";
export type { Scan, ScanOptions, Tensors } from "./scan.ts";
export type { Drawn, SceneOptions, TurnedOptions } from "./scenes.ts";
export { Scenes } from "./scenes.ts";
export type { Grid, MakeSweep, Point, SweepRow } from "./sweep.ts";
export { Sweep } from "./sweep.ts";
export type { ConvOptions, Dims, DType, Nested, Operand, Pair, PoolOptions, Values } from "./tensor.ts";
export { Tensor } from "./tensor.ts";
export type { Files, SaveOptions, TensorFile } from "./weights.ts";
export { Saved } from "./weights.ts";

/** A wasm module: its bytes, or compiled already. */
export type WasmSource = BufferSource | WebAssembly.Module;

/** Options of `createGradbook`. */
export interface GradbookOptions {
  /**
   * What computes: "cpu", "webgpu" or "auto"; "auto". Automatic begins on the CPU, and moves over to a real GPU, in the middle
   * of a run, once a program takes long and is faster there, which is measured.
   */
  device?: DeviceName | "auto";
  /** Is told when a GPU was lost, and what everything goes on on. Nothing needs to be done. */
  onDeviceLost?: (loss: DeviceLoss) => void;
  /** Which build of the engine computes: "base", "fast" or "threads"; the fastest that runs here. */
  build?: EngineBuild;
  /**
   * On how many threads the CPU computes; as many as the machine has, up to 8. More than one need a page that is
   * cross-origin isolated, and a worker that calls this; elsewhere it is one. Results do not depend on the number.
   */
  threads?: number;
  /** The folder that holds `wasm/` and `assets/`; that of this package. */
  baseUrl?: URL | string;
  /** The wasm modules, where they do not come from the folder: what builds graphs, what computes, and what drives WebGPU. */
  modules?: { graph?: WasmSource; engine?: WasmSource; gpu?: WasmSource };
  /** Told how far a data set that is loaded has come. */
  onProgress?: (progress: LoadProgress) => void;
  /** Where files are saved to and loaded from; the browser's storage, or in Node the folder that the program was started in. */
  files?: FileStore;
  /** A port to a worker that called `serve` with the other end; then nothing is computed here. */
  port?: MessagePort;
}

/** The API, and what stands behind it. */
export interface Instance extends Gradbook {
  /** What computes now; undefined at the end of a port. */
  readonly device: DeviceInfo | undefined;
  /** What the device has done and holds: counts by name, and `liveBytes`; empty at the end of a port. */
  counters(): Record<string, number>;
  /** Ends what runs now; weights and histories are kept. */
  stop(): void;
  /** Takes the GPU away, as the system may do at any time: to see that all goes on. Nothing at the end of a port. */
  loseDevice(): void;
}

/** Opens Gradbook. */
export async function createGradbook(options: GradbookOptions = {}): Promise<Instance> {
  const base = folder(options.baseUrl);
  const load = (file: string) => fetchBytes(new URL(file, base));
  const source = options.modules?.graph ?? fetchBytes(new URL(wasmFiles.graph.file, base));
  if (options.port) {
    await graph.default({ module_or_path: await source });
    return overPort(options.port, load);
  }
  const [module] = await Promise.all([
    loadEngine(base, { ...options, bytes: options.modules?.engine, gpu: options.modules?.gpu }),
    Promise.resolve(source).then((module_or_path) => graph.default({ module_or_path })),
  ]);
  const engine = await openDevice(module, options);
  let connection: Connection | undefined;
  const {
    gradbook,
    session,
    stop: stopRuns,
  } = openSession(graph, (message) => queueMicrotask(() => connection?.receive(message)), load);
  connection = connect(engine, (reply) => queueMicrotask(() => session.receive(reply)), {
    base,
    files: options.files ?? ownFiles(),
    onProgress: options.onProgress,
  });
  const stop = () => {
    stopRuns();
    connection.stop();
    engine.stop();
  };
  return {
    ...gradbook,
    get device() {
      return engine.info() as DeviceInfo;
    },
    counters: () => engine.counters() as Record<string, number>,
    stop,
    loseDevice: module.loseGpu,
  };
}

/** Answers a `createGradbook({ port })` at the other end: to be called in a worker. */
export async function serve(
  port: MessagePort,
  options: Omit<GradbookOptions, "port"> = {},
): Promise<DeviceInfo> {
  const base = folder(options.baseUrl);
  const { modules } = options;
  const module = await loadEngine(base, { ...options, bytes: modules?.engine, gpu: modules?.gpu });
  const engine = await openDevice(module, options);
  const connection = connect(engine, (reply) => port.postMessage(reply), {
    base,
    files: options.files ?? ownFiles(),
    onProgress: options.onProgress,
  });
  port.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data !== STOP) return receive(connection, data);
    connection.stop();
    engine.stop();
  };
  return engine.info() as DeviceInfo;
}

/** Sent in place of a request. */
const STOP = "stop";

function overPort(port: MessagePort, load: Load): Instance {
  const {
    gradbook,
    session,
    stop: stopRuns,
  } = openSession(graph, (message) => port.postMessage(message), load);
  port.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data instanceof Uint8Array) session.receive(data);
  };
  const stop = () => {
    stopRuns();
    port.postMessage(STOP);
  };
  return { ...gradbook, device: undefined, counters: () => ({}), stop, loseDevice: () => {} };
}

/** Automatic is the CPU until a program is faster on a real GPU. */
async function openDevice(module: EngineModule, options: GradbookOptions): Promise<Engine> {
  const { device = "auto", onDeviceLost } = options;
  const engine = await module.open(device === "auto" ? "cpu" : device, onDeviceLost);
  if (device === "auto") {
    // Where no GPU opens, everything stays on the CPU.
    probeWebGpu()
      .then(({ kind }) => (kind === "hardware" ? module.offerGpu(engine) : undefined))
      .catch(() => {});
  }
  return engine;
}

function ownFiles(): FileStore {
  const node = (globalThis as { process?: { versions?: { node?: string }; cwd(): string } }).process;
  return node?.versions?.node ? folderFiles(node.cwd()) : browserFiles();
}

function folder(base: URL | string | undefined): URL {
  return base === undefined ? new URL("./", import.meta.url) : new URL(base, import.meta.url);
}
