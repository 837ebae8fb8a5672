// The page's side of the kernel: starts the two workers when a cell first runs, hands out runs, stops and restarts.
//
// Stop is a ladder. The compute worker ends what it does; the frame spends the run's token, which ends loops and waits;
// a user worker that has not answered after a while is ended and replaced, and the variables go with it; what lies in the
// compute worker under a name of its own (tensors, data sets, networks of layers) is there for the next one.

import type { LoadProgress } from "../api/collections.ts";
import type { ControlValue, KeptInput } from "../display/control.ts";
import type { Display, DisplayUpdate } from "../display/schema.ts";
import type { Looked } from "./look.ts";
import type {
  ComputeCounters,
  ComputeStatus,
  DeviceChoice,
  FromCompute,
  FromUser,
  OwnSet,
  RunEnd,
  ToCompute,
} from "./protocol.ts";
import type { UserSide } from "./user-side.ts";
import { PROTOCOL_VERSION } from "./version.ts";

export type KernelState = "off" | "starting" | "idle" | "busy" | "stopping";

/** What a run shows, as it shows it. */
export interface RunSink {
  output(index: number, display: Display, isResult: boolean): void;
  update(index: number, update: DisplayUpdate): void;
  /** Steps of a training run. */
  progress(done: number, total: number): void;
}

export interface RunResult {
  /** `lost`: a worker had to be ended, and variables with it. */
  end: RunEnd | "lost";
  /** Why, where the cell's own outputs do not say it. */
  reason?: string;
  /** The run's number since the kernel started: the execution count. */
  count: number;
  milliseconds: number;
  defines: string[];
  uses: string[];
  /** Inputs that it read, and in which version last. */
  reads: [input: string, version: number][];
}

export interface KernelEvents {
  state(state: KernelState): void;
  status(status: ComputeStatus): void;
  counters(counters: ComputeCounters): void;
  loading(progress: LoadProgress): void;
  /** The cells' worker is gone, and variables with it. */
  lost(reason: string): void;
  /** A cell asks the reader for a data set; to be answered by `picked`. */
  pick(): void;
}

/** Well above what a busy machine makes a worker wait. */
const STOP_PATIENCE_MS = 3000;
/** A reader who writes waits no longer for the names of a worker that is busy. */
const LOOK_PATIENCE_MS = 300;
const UNBEGUN = "The run was stopped before it began.";
const DIED =
  "The worker of the cells has ended by itself, perhaps for want of memory. Named tensors, data sets and networks of layers live on; other " +
  "variables are gone.";
const UNANSWERED =
  "The code did not answer, so its worker was ended. Named tensors, data sets and networks of layers live on; other " +
  "variables are gone.";

/** What a run that told nothing has done. */
const NOTHING: Pick<RunResult, "defines" | "uses" | "reads"> = { defines: [], uses: [], reads: [] };

interface Run {
  count: number;
  source: string;
  sink: RunSink;
  begun: number;
  /** Whether its text was already looked at for types: once is enough for any worker. */
  isUntyped?: boolean;
  finish(result: RunResult): void;
}

export class Kernel {
  #state: KernelState = "off";
  #device: DeviceChoice = "auto";
  #own: OwnSet[] = [];
  #compute: Worker | undefined;
  /** Why the compute worker is gone. */
  #failure = "";
  #user: UserSide | undefined;
  #starting: Promise<UserSide> | undefined;
  #run: Run | undefined;
  #count = 0;
  /** Whether Stop came while the workers were starting. */
  #isCancelled = false;
  #looks = 0;
  /** Who waits for an answer of the cells' worker. */
  readonly #looking = new Map<number, (value: Looked | undefined) => void>();
  /** Of each cell's last run: live displays change after their run. */
  readonly #sinks = new Map<string, { count: number; sink: RunSink }>();

  constructor(
    /** Whether it is in a page of somebody else. */
    private readonly isGuest: boolean,
    private readonly events: KernelEvents,
  ) {}

  get state(): KernelState {
    return this.#state;
  }

  /** Runs one cell, in which the reader has set `inputs`; the caller runs them one after the other. */
  async run(
    { id: cell, source, inputs }: { id: string; source: string; inputs: KeptInput[] },
    sink: RunSink,
  ): Promise<RunResult> {
    this.#isCancelled = false;
    const user = await this.#start();
    const count = ++this.#count;
    if (this.#isCancelled) {
      this.#setState("idle");
      return { end: "stopped", reason: UNBEGUN, count, milliseconds: 0, ...NOTHING };
    }
    this.#sinks.set(cell, { count, sink });
    return new Promise((resolve) => {
      const begun = performance.now();
      const finish = (result: RunResult) => {
        this.#run = undefined;
        this.#setState(this.#user ? "idle" : "off");
        resolve(result);
      };
      this.#run = { count, source, sink, begun, finish };
      this.#setState("busy");
      user.send({ type: "run", run: count, cell, source, inputs });
    });
  }

  /** Tells the cells' worker that the reader set an input. */
  setInput(id: string, version: number, value: ControlValue): void {
    this.#user?.send({ type: "input", id, version, value });
  }

  /** What lies under a path of names; undefined where nothing does, or the worker is at work and does not hear. */
  look(path: string[]): Promise<Looked | undefined> {
    const user = this.#user;
    if (!user) return Promise.resolve(undefined);
    const id = ++this.#looks;
    return new Promise((resolve) => {
      const answer = (value?: Looked) => {
        this.#looking.delete(id);
        resolve(value);
      };
      this.#looking.set(id, answer);
      setTimeout(() => answer(), LOOK_PATIENCE_MS);
      user.send({ type: "look", id, path });
    });
  }

  /** Ends the current run, keeping variables if the code can be reached. */
  stop(): void {
    const run = this.#run;
    const user = this.#user;
    this.#isCancelled = true;
    // The code learns of it before what it waits for ends.
    if (run && user) user.stop(run.count);
    const isUserTold = run !== undefined && user !== undefined;
    this.#compute?.postMessage({ type: "stop", isUserTold } satisfies ToCompute);
    if (!run || !user) return;
    if (this.#state === "stopping") return;
    this.#setState("stopping");
    setTimeout(() => {
      if (this.#run === run) this.#abandon("lost", UNANSWERED);
    }, STOP_PATIENCE_MS);
  }

  /** Ends the user worker, and with it every variable that does not lie in the compute worker. */
  restart(): void {
    this.#compute?.postMessage({ type: "stop", isUserTold: false } satisfies ToCompute);
    this.#isCancelled = true;
    this.#abandon("stopped");
    this.#sinks.clear();
    this.#count = 0;
  }

  setDevice(device: DeviceChoice): void {
    this.#device = device;
    this.#compute?.postMessage({ type: "setDevice", device } satisfies ToCompute);
  }

  /** The sets of the reader's own, of which cells may ask. */
  setOwn(sets: OwnSet[]): void {
    this.#own = sets;
    this.#compute?.postMessage({ type: "own", sets } satisfies ToCompute);
  }

  /** What the reader chose when a cell asked for a set; nothing if they chose none. */
  picked(name: string | undefined): void {
    this.#compute?.postMessage({ type: "picked", name } satisfies ToCompute);
  }

  /** Takes the GPU away, as the system may do at any time. */
  loseDevice(): void {
    this.#compute?.postMessage({ type: "loseDevice" } satisfies ToCompute);
  }

  async #start(): Promise<UserSide> {
    if (this.#user) return this.#user;
    this.#setState("starting");
    this.#starting ??= this.#connect();
    try {
      const user = await this.#starting;
      if (!this.#compute) {
        user.close();
        throw new Error(`The compute worker failed: ${this.#failure}`);
      }
      this.#user = user;
      return user;
    } catch (error) {
      this.#setState("off");
      throw error;
    } finally {
      this.#starting = undefined;
    }
  }

  async #connect(): Promise<UserSide> {
    const isSuccessor = this.#compute !== undefined;
    this.#compute ??= this.#startCompute();
    const compute = new MessageChannel();
    this.#compute.postMessage({ type: "connect", port: compute.port1 } satisfies ToCompute, [compute.port1]);
    const { UserSide } = await import("./user-side.ts");
    const user = await UserSide.open(compute.port2, isSuccessor, (message, from) => {
      if (from === this.#user) this.#receive(message);
    });
    user.onEnd(() => this.#died(user));
    return user;
  }

  #died(user: UserSide): void {
    if (this.#user === user) this.#abandon("lost", DIED);
  }

  #startCompute(): Worker {
    const worker = startWorker(assetUrl("compute-worker.js"));
    worker.onmessage = ({ data }: MessageEvent<FromCompute>) => {
      if (data.type === "status") this.events.status(data.status);
      else if (data.type === "counters") this.events.counters(data.counters);
      else if (data.type === "loading") this.events.loading(data.progress);
      else if (data.type === "pick") this.events.pick();
      else this.#computeFailed(data.message);
    };
    worker.onerror = (event) => this.#computeFailed(event.message || "the worker did not start");
    worker.postMessage({
      type: "hello",
      version: PROTOCOL_VERSION,
      device: this.#device,
      isGuest: this.isGuest,
    } satisfies ToCompute);
    worker.postMessage({ type: "own", sets: this.#own } satisfies ToCompute);
    return worker;
  }

  /** Without its compute worker the user worker's handles mean nothing: both are made anew with the next run. */
  #computeFailed(message: string): void {
    this.#compute?.terminate();
    this.#compute = undefined;
    this.#failure = message;
    this.events.status({ device: "none", name: "No device", why: message, hint: "", webgpu: false });
    this.#abandon("lost", `The compute worker failed (${message}): variables are gone.`);
  }

  #receive(message: FromUser): void {
    switch (message.type) {
      case "ready":
        return;
      case "output":
        this.#sinkOf(message.run)?.output(message.index, message.display, message.isResult);
        return;
      case "update":
        this.#sinkOf(message.run)?.update(message.index, message.update);
        return;
      case "progress":
        this.#sinkOf(message.run)?.progress(message.done, message.total);
        return;
      case "looked":
        this.#looking.get(message.id)?.(message.value);
        return;
      case "types":
        void this.#stripTypes(message.run);
        return;
      case "done":
        if (message.run !== this.#run?.count) return;
        this.#run.finish({ ...message, ...this.#stoppedAnyway(message.end), count: message.run });
    }
  }

  async #stripTypes(count: number): Promise<void> {
    const run = this.#run;
    if (run?.count !== count || run.isUntyped) return;
    run.isUntyped = true;
    const types = await import("./types.ts").catch(() => undefined);
    const source = types?.withoutTypes(run.source);
    if (this.#run === run) this.#user?.send({ type: "untyped", run: count, source });
  }

  /** A run may end by itself between the click and its coming to know: it was stopped all the same. */
  #stoppedAnyway(end: RunEnd): Pick<RunResult, "end" | "reason"> {
    return end === "ok" && this.#state === "stopping"
      ? { end: "stopped", reason: "The run was stopped." }
      : { end };
  }

  #sinkOf(run: number): RunSink | undefined {
    return [...this.#sinks.values()].find(({ count }) => count === run)?.sink;
  }

  #abandon(end: "lost" | "stopped", reason?: string): void {
    const run = this.#run;
    this.#user?.close();
    this.#user = undefined;
    if (reason) this.events.lost(reason);
    if (run) {
      const milliseconds = performance.now() - run.begun;
      run.finish({ end, ...(reason && { reason }), count: run.count, milliseconds, ...NOTHING });
    } else {
      this.#setState("off");
    }
  }

  #setState(state: KernelState): void {
    this.#state = state;
    this.events.state(state);
  }
}

/** Files lie beside the page, wherever that is. */
export function assetUrl(file: string): string {
  return new URL(file, document.baseURI).href;
}

/** A module of ours as a worker. In a page without an origin (a sandboxed frame) only a script of the page's own can start, which imports it. */
function startWorker(url: string): Worker {
  if (origin !== "null") return new Worker(url, { type: "module", name: "compute" });
  const script = `const waiting = [];
const keep = (event) => waiting.push(event);
addEventListener("message", keep);
import(${JSON.stringify(url)}).then(() => {
  removeEventListener("message", keep);
  for (const { data, ports } of waiting) dispatchEvent(new MessageEvent("message", { data, ports }));
}, reportError);`;
  return new Worker(URL.createObjectURL(new Blob([script], { type: "text/javascript" })), {
    name: "compute",
  });
}
