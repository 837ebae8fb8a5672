// The worker that computes: in the page's own origin, running our code only. The page tells it which device to use and
// when to stop; user workers send it graphs over ports of their own.

import type { Connection, DeviceInfo, DeviceLoss, Engine, EngineModule } from "../api/engine.ts";
import { connect, loadEngine, receive } from "../api/engine.ts";
import { browserFiles, inMemory } from "../api/file-store.ts";
import type { Abilities } from "./device.ts";
import { chooseDevice, deviceName, lossNews, probeAbilities } from "./device.ts";
import { OwnSets } from "./own-sets.ts";
import type { ComputeStatus, DeviceChoice, DeviceCounts, FromCompute, ToCompute } from "./protocol.ts";
import { PROTOCOL_VERSION } from "./protocol.ts";

/** Files lie beside this one. */
const SITE = new URL("./", import.meta.url);
const COUNTERS_MS = 250;
const UNTIL_FASTER = "the GPU takes over when it is faster";

class ComputeWorker {
  readonly #abilities: Promise<Abilities> = probeAbilities();
  #module: Promise<EngineModule> | undefined;
  #opening: Promise<Engine> | undefined;
  /** The engine, once it is on a device that cells may use. */
  #engine: Promise<Engine> | undefined;
  /** The same, as soon as it is there. */
  #opened: Engine | undefined;
  /** The last change of the device; the next one waits for it. */
  #changing: Promise<void> = Promise.resolve();
  #status: ComputeStatus | undefined;
  #connection: Connection | undefined;
  #port: MessagePort | undefined;
  #atStop: DeviceCounts | undefined;
  /** The reader's own, once it is known that they may be had. */
  #files = inMemory();
  readonly #own = new OwnSets(() => tell({ type: "pick" }));
  #timer: ReturnType<typeof setInterval> | undefined;
  #run = { from: 0, begun: 0 };

  async receive(message: ToCompute): Promise<void> {
    switch (message.type) {
      case "hello":
        if (message.version !== PROTOCOL_VERSION)
          throw new Error("The page is of another version: reload it.");
        this.#files = message.isGuest ? inMemory() : browserFiles();
        return this.#useDevice(message.device);
      case "setDevice":
        return this.#useDevice(message.device);
      case "loseDevice":
        return (await this.#module)?.loseGpu();
      case "own":
        for (const what of this.#own.replace(message.sets)) this.#opened?.forget(what);
        return;
      case "picked":
        return this.#own.picked(message.name);
      case "connect":
        return this.#connect(message.port);
      case "stop":
        return this.#stop(message.isUserTold);
    }
  }

  /** Goes on on the device of a choice, or on the CPU where it does not open. What runs moves in its middle. */
  async #useDevice(choice: DeviceChoice): Promise<void> {
    const changing = this.#changing.catch(() => {}).then(() => this.#change(choice));
    this.#changing = changing;
    // Automatic computes on the CPU until a GPU is ready; a device that was chosen is waited for.
    if (!this.#opened) this.#engine = choice === "auto" ? this.#open() : changing.then(() => this.#open());
    // Whoever waits for the engine hears of a failure; here it is told to the page.
    this.#engine?.catch(() => {});
    await changing;
  }

  async #change(choice: DeviceChoice): Promise<void> {
    const engine = await this.#open();
    const wanted = chooseDevice(choice, await this.#abilities);
    if (wanted.device !== "webgpu") {
      await engine.moveToCpu();
      return this.#tellStatus(wanted);
    }
    if (deviceInfo(engine).device !== "webgpu") {
      const module = await this.#module;
      try {
        if (choice === "auto") {
          await module?.offerGpu(engine, () => this.#tellStatus(wanted));
          return this.#tellStatus({ ...wanted, why: UNTIL_FASTER });
        }
        await module?.moveToGpu(engine);
      } catch (error) {
        await engine.moveToCpu();
        const why = `WebGPU did not open: ${messageOf(error)}`;
        return this.#tellStatus({ ...chooseDevice("cpu", await this.#abilities), why });
      }
    }
    this.#tellStatus(wanted);
  }

  /** The engine, which begins on the CPU. */
  #open(): Promise<Engine> {
    this.#opening ??= (async () => {
      if (!(await this.#abilities).simd) throw new Error("there is no device");
      this.#module ??= loadEngine(SITE);
      const engine = await (await this.#module).open("cpu", (loss) => this.#tellLoss(engine, loss));
      this.#opened = engine;
      return engine;
    })();
    // An engine that did not open may do so later.
    this.#opening.catch(() => {
      this.#opening = undefined;
      this.#module = undefined;
    });
    return this.#opening;
  }

  #tellStatus(status: ComputeStatus): void {
    if (!this.#opened) return;
    const { device, detail } = deviceInfo(this.#opened);
    this.#status = { ...status, device, name: deviceName(device, detail) };
    tell({ type: "status", status: this.#status });
  }

  #tellLoss(engine: Engine, loss: DeviceLoss): void {
    const { running, steps } = this.#activity();
    const step = running > 0 ? Math.max(0, steps - this.#run.from - loss.repeated) : undefined;
    if (engine !== this.#opened || !this.#status) return;
    const why = loss.device === "cpu" ? "the GPU was lost" : this.#status.why;
    this.#tellStatus({ ...this.#status, why, news: lossNews(loss, step) });
  }

  /** A new user worker. Of what an earlier one held, only what its names held lives on: nothing can name the rest. */
  async #connect(port: MessagePort): Promise<void> {
    // Whatever an earlier worker still asked for has nobody to answer to.
    this.#port?.close();
    this.#port = port;
    const waiting: unknown[] = [];
    port.onmessage = ({ data }: MessageEvent<unknown>) => waiting.push(data);
    const engine = await this.#engine?.catch((error: unknown) => {
      // Cells that compute nothing go on; those that do are told why they cannot.
      port.postMessage(messageOf(error));
    });
    if (!engine) return;
    const before = this.#connection;
    const connection = connect(
      engine,
      (reply) => port.postMessage(reply, [reply.buffer as ArrayBuffer]),
      {
        base: SITE,
        files: this.#files,
        onProgress: (progress) => tell({ type: "loading", progress }),
        own: (what) => this.#own.load(what),
      },
      before,
    );
    this.#connection = connection;
    before?.free();
    port.onmessage = ({ data }: MessageEvent<unknown>) => {
      receive(connection, data);
      this.#watch();
    };
    for (const data of waiting) receive(connection, data);
    this.#watch();
  }

  #stop(isUserTold: boolean): void {
    if (isUserTold) this.#connection?.stopUntilHeard();
    else this.#connection?.stop();
    // Where a device is still being opened, nothing runs.
    this.#opened?.stop();
    this.#atStop = this.#counts();
  }

  /** Tells the page how a run goes on, until nothing runs. */
  #watch(): void {
    if (this.#timer !== undefined) return;
    this.#run = { from: this.#activity().steps, begun: performance.now() };
    this.#timer = setInterval(() => this.#tellCounters(), COUNTERS_MS);
  }

  #tellCounters(): void {
    const { running, steps } = this.#activity();
    const done = steps - this.#run.from;
    const seconds = (performance.now() - this.#run.begun) / 1000;
    if (running === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
    const counters = this.#opened?.counters() as (DeviceCounts & { liveBytes: number }) | undefined;
    tell({
      type: "counters",
      counters: {
        running: running > 0,
        steps: done,
        stepsPerSecond: done / seconds,
        bytes: counters?.liveBytes ?? 0,
        device: this.#counts(),
        ...(this.#atStop && { atStop: this.#atStop }),
      },
    });
  }

  #counts(): DeviceCounts {
    const counters = this.#opened?.counters() as DeviceCounts | undefined;
    const { dispatches = 0, submits = 0, reads = 0 } = counters ?? {};
    return { dispatches, submits, reads };
  }

  #activity(): { running: number; steps: number } {
    return (
      (this.#connection?.activity() as { running: number; steps: number } | undefined) ?? {
        running: 0,
        steps: 0,
      }
    );
  }
}

const worker = new ComputeWorker();

addEventListener("message", ({ data }: MessageEvent<ToCompute>) => {
  worker.receive(data).catch((error: unknown) => tell({ type: "failed", message: messageOf(error) }));
});

function tell(message: FromCompute): void {
  postMessage(message);
}

function deviceInfo(engine: Engine): DeviceInfo {
  return engine.info() as DeviceInfo;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
