// The worker that computes: in the page's own origin, running our code only. The page tells it which device to use and
// when to stop; user workers send it graphs over ports of their own.

import type { Connection, Engine, EngineModule } from "../api/engine.ts";
import { connect, loadEngine, receive } from "../api/engine.ts";
import type { Abilities } from "./device.ts";
import { chooseDevice, deviceName, probeAbilities } from "./device.ts";
import type { ComputeStatus, DeviceChoice, DeviceCounts, FromCompute, ToCompute } from "./protocol.ts";
import { PROTOCOL_VERSION } from "./protocol.ts";

/** Files lie beside this one. */
const SITE = new URL("./", import.meta.url);
const COUNTERS_MS = 250;

class ComputeWorker {
  readonly #abilities: Promise<Abilities> = probeAbilities();
  #module: Promise<EngineModule> | undefined;
  /** The device in use; every change of it waits for the one before. */
  #engine: Promise<Engine> | undefined;
  /** The same, as soon as it is there. */
  #opened: Engine | undefined;
  readonly #open = new Map<string, Promise<Engine>>();
  #connection: Connection | undefined;
  #port: MessagePort | undefined;
  #atStop: DeviceCounts | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #run = { from: 0, begun: 0 };

  async receive(message: ToCompute): Promise<void> {
    switch (message.type) {
      case "hello":
        if (message.version !== PROTOCOL_VERSION)
          throw new Error("The page is of another version: reload it.");
        return this.#useDevice(message.device);
      case "setDevice":
        return this.#useDevice(message.device);
      case "connect":
        return this.#connect(message.port);
      case "stop":
        return this.#stop(message.isUserTold);
    }
  }

  /** Opens the device of a choice, or the CPU where it will not open, and moves what the cells hold there. */
  async #useDevice(choice: DeviceChoice): Promise<void> {
    const before = this.#engine;
    const opening = this.#openFor(choice, before);
    this.#engine = opening.then(({ engine }) => (this.#opened = engine));
    // Whoever waits for the engine hears of a failure; here it is told to the page.
    this.#engine.catch(() => {});
    const { status } = await opening;
    tell({ type: "status", status });
  }

  async #openFor(
    choice: DeviceChoice,
    before: Promise<Engine> | undefined,
  ): Promise<{ engine: Engine; status: ComputeStatus }> {
    const old = await before?.catch(() => undefined);
    let status = chooseDevice(choice, await this.#abilities);
    let engine: Engine;
    try {
      engine = await this.#openDevice(status.device);
    } catch (error) {
      if (status.device !== "webgpu") throw error;
      status = {
        ...chooseDevice("cpu", await this.#abilities),
        why: `WebGPU did not open: ${messageOf(error)}`,
      };
      engine = await this.#openDevice("cpu");
    }
    if (old && engine !== old) {
      old.stop();
      this.#connection?.moveTo(engine);
    }
    const { detail } = engine.info() as { detail: string };
    return { engine, status: { ...status, name: deviceName(status.device, detail) } };
  }

  #openDevice(device: ComputeStatus["device"]): Promise<Engine> {
    if (device === "none") throw new Error("there is no device");
    this.#module ??= loadEngine(SITE);
    const known = this.#open.get(device);
    if (known) return known;
    const opening = this.#module.then((module) => module.open(device));
    this.#open.set(device, opening);
    // A device that did not open may do so later.
    opening.catch(() => this.#open.delete(device));
    return opening;
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
      { assets: new URL("assets/", SITE), onProgress: (progress) => tell({ type: "loading", progress }) },
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
