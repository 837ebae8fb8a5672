// A notebook at work: its cells, the kernel that runs them, and the copy kept in this browser. Knows nothing of views.

import type { LoadProgress } from "../api/collections.ts";
import type { ControlValue, KeptInput } from "../display/control.ts";
import { takeKept } from "../display/control.ts";
import type { ErrorDisplay } from "../display/schema.ts";
import { chooseDevice, probeAbilities } from "../kernel/device.ts";
import type { Kernel, KernelState, RunResult, RunSink } from "../kernel/kernel.ts";
import type { ComputeCounters, ComputeStatus, DeviceChoice } from "../kernel/protocol.ts";
import type { AssistHost } from "./assist/host.ts";
import type { Cell, Output } from "./cell.ts";
import { Holder } from "./holder.ts";
import type { NotebookFile } from "./ipynb.ts";
import { cellOf, cellsOf, fileOf, notebookText, parseNotebook, titleOf } from "./ipynb.ts";
import { LiveInputs } from "./live.ts";
import { Observable } from "./observable.ts";
import { OwnData } from "./own-data.ts";
import { Saver } from "./saver.ts";
import { NotebookStore } from "./store.ts";
import { hashOf, isTrusted, trust } from "./trust.ts";

/** Which notebook is opened. */
export interface Origin {
  /** By what this browser keeps a copy. */
  id: string;
  /** The text of the published file. */
  load(): Promise<string>;
  /** Where it came from, if it is somebody else's. */
  source?: string;
}

export class Session extends Observable {
  cells: Cell[] = [];
  metadata: Record<string, unknown> = {};
  kernelState: KernelState = "off";
  device: DeviceChoice = "auto";
  status: ComputeStatus | undefined;
  counters: ComputeCounters | undefined;
  /** How far a data set that is being loaded has come. */
  loading: LoadProgress | undefined;
  /** The published notebook, where it is another one than this browser's copy was made of. */
  newer: { text: string; hash: string } | undefined;
  /** Where a notebook of somebody else came from. It runs when the reader has said so. */
  source: string | undefined;
  /** Whether the reader has said that it may run. */
  mayRun = true;
  /** Cells that the reader wanted to run before. */
  readonly #refused = new Set<Cell>();
  #original = "";
  /** Whether another window writes this notebook's copy: here it can be read and run, and nothing is kept. */
  isReadOnly = false;
  #holder: Holder | undefined;
  /** Data sets of the reader's own files. */
  readonly own: OwnData;
  /** Why the cells' worker is gone, and which cell ran then; until the reader goes on. */
  lost: { reason: string; cell: Cell | undefined } | undefined;
  /** Whether a cell waits until the reader has picked one of them. */
  isPicking = false;
  #hasRefused = false;
  readonly saver: Saver;
  /** Made for the first run. */
  #kernel: Kernel | undefined;
  #loading: Promise<Kernel> | undefined;
  /** How often the reader has stopped or cleared what runs. */
  #stops = 0;
  readonly #live = new LiveInputs();
  /** Cells that are to run again because of an input, of those in the queue. */
  readonly #again = new Set<Cell>();
  /** Cells that change too often to be saved each time. */
  readonly #unsaved = new Set<Cell>();
  #queue: Cell[] = [];
  #isDraining = false;
  /** Resolves when nothing runs and nothing waits. */
  #draining: Promise<void> = Promise.resolve();
  /** Cells that have run to their end since variables were cleared. */
  readonly #ran = new Set<Cell>();
  /** Whether it is part of a page of somebody else: not all cells can be seen, so a run begins with those before it that have not run. */
  #isGuest = false;

  private constructor(
    readonly id: string,
    store: NotebookStore | undefined,
    storeError: string,
  ) {
    super();
    this.saver = new Saver(store, storeError, () => this.notify());
    this.own = new OwnData((sets) => this.#kernel?.setOwn(sets));
  }

  /** A notebook that is shown in a page of someone else's: nothing of the reader's is read, and nothing is kept. */
  static embedded(text: string): Session {
    const session = new Session("", undefined, "it is part of another page");
    session.#take(parseNotebook(text));
    session.#isGuest = true;
    void session.#foresee();
    return session;
  }

  /** Opens a notebook: the copy in this browser if there is one, else the published one. Nothing runs. */
  static async open({ id, load, source }: Origin): Promise<Session> {
    let storeError = "";
    const store = await NotebookStore.open().catch((error: unknown) => {
      storeError = error instanceof Error ? error.message : String(error);
      return undefined;
    });
    const session = new Session(id, store, storeError);
    if (store) await session.#hold();
    const own = session.own.open();
    const kept = await store?.load(id).catch(() => undefined);
    const published = await load().catch((error: unknown) => {
      if (!kept) throw error;
      return undefined;
    });
    const hash = published ? await hashOf(published) : (kept?.record.original ?? "");
    session.#original = kept?.record.original ?? hash;
    session.source = kept?.record.source ?? source;
    session.mayRun = session.source === undefined || isTrusted(session.#original);
    if (kept) {
      session.cells = kept.cells.map((file) => cellOf(file.id ?? "", file));
      session.metadata = kept.record.metadata;
      if (published !== undefined && kept.record.original !== hash) session.newer = { text: published, hash };
      session.saver.begin(id, session.#origin());
    } else if (published) {
      session.#take(parseNotebook(published));
      session.saver.begin(id, session.#origin());
    }
    // Cells may ask for it at once.
    await own;
    void session.#foresee();
    return session;
  }

  /** The reader has seen what is new in the published notebook: the copy is one of that now. */
  settle(): void {
    if (!this.newer) return;
    this.#original = this.newer.hash;
    this.newer = undefined;
    this.saver.begin(this.id, this.#origin());
    this.#save([]);
    this.notify();
  }

  #origin(): Parameters<Saver["begin"]>[1] {
    return { original: this.#original, ...(this.source !== undefined && { source: this.source }) };
  }

  /** Makes this the window that writes the copy, and reads it anew. */
  async takeOver(): Promise<void> {
    await this.#holder?.takeOver();
    location.reload();
  }

  async #hold(): Promise<void> {
    const flush = async () => {
      this.#saveWaiting();
      await this.saver.flush();
    };
    this.#holder = new Holder(this.id, flush, () => {
      this.#change(() => (this.isReadOnly = true));
      for (const cell of this.cells) cell.notify();
    });
    this.isReadOnly = !(await this.#holder.claim());
  }

  get title(): string {
    return titleOf(this.metadata, this.cells);
  }

  get isBusy(): boolean {
    return this.#isDraining;
  }

  /** The reader lets a notebook of somebody else run: this text, now and later. What they wanted to run runs now. */
  trust(): void {
    trust(this.#original);
    const wanted = this.cells.filter((cell) => this.#refused.has(cell));
    this.#change(() => (this.mayRun = true));
    this.#enqueue(wanted);
  }

  /** Whether the reader wanted to run cells that may not. */
  get isRefusing(): boolean {
    return this.#refused.size > 0 && !this.mayRun;
  }

  run(cell: Cell): void {
    const before = this.#isGuest ? this.cells.slice(0, this.cells.indexOf(cell)) : [];
    this.#enqueue([...before.filter((other) => !this.#ran.has(other)), cell]);
  }

  /** Runs a cell after all that are before it. */
  runUpTo(cell: Cell | undefined): void {
    if (cell) this.#enqueue(this.cells.slice(0, this.cells.indexOf(cell) + 1));
  }

  runAll(): void {
    this.#enqueue(this.cells);
  }

  /** One after the other; those that wait or run already are not queued again. */
  runCells(cells: readonly Cell[]): void {
    this.#enqueue(cells);
  }

  stop(): void {
    this.#clearQueue();
    this.#stops++;
    this.#kernel?.stop();
  }

  /** Ends the cells' worker, and with it every variable that does not lie in the compute worker. */
  restart(): void {
    this.#clearQueue();
    this.#stops++;
    this.#kernel?.restart();
    this.lost = undefined;
    this.#forgetVariables();
  }

  /** All run anew: when what runs now has ended, since it is to run again as well. */
  async restartAndRun(): Promise<void> {
    this.restart();
    await this.#draining;
    this.runAll();
  }

  /** After the worker was lost: the cell that ran then runs again, and what it needs; else all. */
  async goOn(): Promise<void> {
    const cell = this.lost?.cell;
    this.dismissLoss();
    if (!cell) return this.runAll();
    const { neededBy } = await import("./needs.ts");
    this.runCells(neededBy(cell, this.cells));
  }

  dismissLoss(): void {
    this.#change(() => (this.lost = undefined));
  }

  #lost(reason: string): void {
    this.lost = { reason, cell: this.cells.find(({ state }) => state === "running") };
    this.#clearQueue();
    this.#forgetVariables();
  }

  /** What was computed is not what a run would find now. */
  #forgetVariables(): void {
    this.#ran.clear();
    for (const cell of this.cells) {
      cell.isStale = cell.count !== undefined;
      cell.notify();
    }
    this.notify();
  }

  /** The reader set an input of a cell, or undid that: live cells that have read it run again. */
  setInput(cell: Cell, output: Output, value: ControlValue | undefined): void {
    const { display } = output;
    if (display.kind !== "input") return;
    cell.setInput(output, value);
    this.#saveSoon(cell);
    if (display.id !== undefined) this.#tellInput(display.id, value ?? display.control.value);
  }

  /** Whether a cell runs again when an input that it has read is set. */
  setLive(cell: Cell, isLive: boolean): void {
    cell.isLive = isLive;
    this.#save([cell]);
    if (isLive) this.#runLive();
  }

  #tellInput(id: string, value: ControlValue): void {
    this.#kernel?.setInput(id, this.#live.set(id), value);
    this.#runLive();
  }

  /** Queues each live cell that is behind, unless it waits already; one that runs is looked at again at its end. */
  #runLive(): void {
    const behind = this.cells.filter((cell) => cell.isLive && this.#live.isBehind(cell.reads));
    this.#enqueue(behind, true);
  }

  /** The cells' worker is gone. */
  #detachInputs(): void {
    for (const cell of this.cells) cell.detachInputs();
  }

  /** Takes the GPU away, to see that everything goes on. */
  loseDevice(): void {
    this.#kernel?.loseDevice();
  }

  /** Opens the question for a set. A reader who has picked none is not asked again by the same run; in a page of somebody else none is asked. */
  #ask(): void {
    if (this.#hasRefused || this.#isGuest) this.#kernel?.picked(undefined);
    else this.#change(() => (this.isPicking = true));
  }

  /** Answers a cell that waits for a set. */
  picked(name: string | undefined): void {
    if (!this.isPicking) return;
    this.#hasRefused = name === undefined;
    this.#change(() => (this.isPicking = false));
    this.#kernel?.picked(name);
  }

  /** Whom completion in a cell asks. */
  assistFor(cell: Cell): AssistHost {
    const others = () => this.cells.filter((other) => other !== cell && other.type === "code");
    return {
      others: () => others().map(({ source }) => source),
      look: async (path) => this.#kernel?.look(path),
    };
  }

  setDevice(device: DeviceChoice): void {
    this.device = device;
    this.#kernel?.setDevice(device);
    void this.#foresee();
    this.notify();
  }

  edit(cell: Cell, source: string): void {
    if (cell.source === source || this.isReadOnly) return;
    cell.source = source;
    cell.isStale = cell.count !== undefined;
    cell.notify();
    this.#save([cell]);
  }

  /** Other cells, or in another order; `changed` are those whose texts, kinds or outputs are other ones. */
  arrange(cells: Cell[], changed: readonly Cell[]): void {
    if (this.isReadOnly) return;
    const before = this.cells;
    const removed = before.filter((cell) => !cells.includes(cell));
    const added = cells.filter((cell) => !before.includes(cell));
    // What waits to run is still there, and still code.
    const waits = (queued: Cell) => cells.includes(queued) && queued.type === "code";
    for (const queued of this.#queue) {
      if (waits(queued)) continue;
      queued.state = "idle";
      this.#again.delete(queued);
    }
    this.#queue = this.#queue.filter(waits);
    this.cells = cells;
    for (const cell of changed) cell.notify();
    this.#save(
      [...new Set([...changed, ...added])].filter((cell) => cells.includes(cell)),
      removed,
    );
    this.notify();
  }

  /** Folds or unfolds a part of some cells. */
  setHidden(cells: readonly Cell[], part: "source" | "outputs", isHidden: boolean): void {
    for (const cell of cells) cell.setHidden(part, isHidden);
    this.#save([...cells]);
  }

  /** The notebook as a file has it. */
  file(): Promise<NotebookFile> {
    return fileOf(this.cells, this.metadata);
  }

  /** The text of the `.ipynb` file. */
  async text(): Promise<string> {
    return notebookText(await this.file());
  }

  #take(file: NotebookFile): void {
    this.cells = cellsOf(file);
    this.metadata = file.metadata;
  }

  #enqueue(cells: readonly Cell[], isAgain = false): void {
    if (!this.mayRun) {
      for (const cell of cells) this.#refused.add(cell);
      this.notify();
      return;
    }
    for (const cell of cells) {
      if (cell.type !== "code" || cell.state !== "idle" || cell.source.trim() === "") continue;
      cell.state = "queued";
      if (isAgain) this.#again.add(cell);
      else cell.notify();
      this.#queue.push(cell);
    }
    if (!this.#isDraining) this.#draining = this.#drain();
  }

  /** The kernel, which who only reads does not load. */
  #loadKernel(): Promise<Kernel> {
    this.#loading ??= import("../kernel/kernel.ts").then(({ Kernel }) => {
      const kernel = new Kernel(this.#isGuest, {
        state: (state) => {
          if (state === "off") this.#detachInputs();
          this.#change(() => (this.kernelState = state));
        },
        status: (status) => this.#change(() => (this.status = status)),
        counters: (counters) => this.#change(() => (this.counters = counters)),
        lost: (reason) => this.#lost(reason),
        pick: () => this.#ask(),
        loading: (progress) =>
          this.#change(() => (this.loading = progress.loaded < progress.total ? progress : undefined)),
      });
      kernel.setDevice(this.device);
      kernel.setOwn(this.own.records);
      this.#kernel = kernel;
      return kernel;
    });
    // The next run tries again; Chromium remembers what could not be fetched until the page is loaded anew.
    this.#loading.catch(() => (this.#loading = undefined));
    return this.#loading;
  }

  /** Runs a cell, unless it is stopped before there is a kernel. */
  async #call(cell: Parameters<Kernel["run"]>[0], sink: RunSink): Promise<RunResult> {
    const stops = this.#stops;
    const kernel = await this.#loadKernel();
    if (stops === this.#stops) return kernel.run(cell, sink);
    const nothing = { defines: [], uses: [], reads: [] };
    return {
      end: "stopped",
      reason: "The run was stopped before it began.",
      count: 0,
      milliseconds: 0,
      ...nothing,
    };
  }

  async #drain(): Promise<void> {
    // Stop can be pressed from here on, before there is a kernel.
    this.#change(() => (this.#isDraining = true));
    for (let cell = this.#queue.shift(); cell; cell = this.#queue.shift()) await this.#runNow(cell);
    this.#isDraining = false;
    this.notify();
  }

  async #runNow(cell: Cell): Promise<void> {
    cell.state = "running";
    this.#hasRefused = false;
    const { id, source, inputs } = cell;
    const isAgain = this.#again.delete(cell);
    const outputs = cell.begin(isAgain);
    const told = [...inputs];
    let [isDone, isStopped] = [false, true];
    try {
      const result = await this.#call(
        { id, source, inputs },
        {
          output: (index, display, isResult) => {
            if (cell.outputs !== outputs) return;
            cell.show(index, display, isResult);
            this.#catchUp(outputs[index], told);
          },
          update: (index, update) => {
            if (cell.outputs === outputs) cell.update(index, update);
          },
          progress: (done, total) => {
            if (cell.state === "running") cell.advance(done, total, performance.now());
          },
        },
      );
      // A run that had no kernel has no number.
      cell.count = result.count || undefined;
      cell.milliseconds = result.milliseconds;
      cell.defines = result.defines;
      cell.uses = result.uses;
      cell.reads = result.reads;
      isDone = result.end === "ok";
      if (isDone) this.#ran.add(cell);
      else this.#ran.delete(cell);
      isStopped = result.end === "stopped" || result.end === "lost";
      // It may have been edited meanwhile.
      cell.isStale = result.end === "lost" || cell.source !== source;
      if (result.reason) cell.show(cell.outputs.length, endedDisplay(result.reason), false);
      if (result.end === "ok") this.#markStale(cell);
      else this.#clearQueue();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      cell.show(0, { kind: "error", name: "The kernel did not start", message, frames: [] }, false);
      this.#clearQueue();
    }
    cell.end(isDone);
    cell.state = "idle";
    cell.notify();
    if (isAgain) this.#saveSoon(cell);
    else this.#save([cell]);
    // What was set meanwhile. Not after a stop: the reader wants peace.
    if (!isStopped) this.#runLive();
  }

  /** The reader may have set an input after its cell began to run anew. */
  #catchUp(output: Output | undefined, told: KeptInput[]): void {
    if (output?.display.kind !== "input" || output.display.id === undefined) return;
    const { id, control, value = control.value } = output.display;
    const known = takeKept(told, control)?.value ?? control.value;
    if (value !== known) this.#tellInput(id, value);
  }

  /** Cells that ran with an older value of a name that `cell` assigned. */
  #markStale(cell: Cell): void {
    for (const other of this.cells) {
      if (other === cell || other.count === undefined || other.isStale) continue;
      if (!other.uses.some((name) => cell.defines.includes(name))) continue;
      other.isStale = true;
      other.notify();
    }
  }

  #clearQueue(): void {
    this.#again.clear();
    for (const cell of this.#queue.splice(0)) {
      cell.state = "idle";
      cell.notify();
    }
  }

  /** What the status bar says before the kernel runs: what it would compute on. */
  async #foresee(): Promise<void> {
    if (this.kernelState !== "off") return;
    const status = chooseDevice(this.device, await probeAbilities());
    if (this.kernelState === "off") this.#change(() => (this.status = status));
  }

  /** Saves a cell a little later, with all that changes until then. */
  #saveSoon(cell: Cell): void {
    if (this.#unsaved.size === 0) setTimeout(() => this.#saveWaiting(), SAVE_MS);
    this.#unsaved.add(cell);
  }

  #saveWaiting(): void {
    const cells = [...this.#unsaved].filter((cell) => this.cells.includes(cell));
    this.#unsaved.clear();
    this.#save(cells);
  }

  #save(changed: Cell[], removed: Cell[] = []): void {
    if (this.isReadOnly) return;
    this.saver.save(this.cells, this.metadata, changed, removed);
  }

  #change(assign: () => unknown): void {
    assign();
    this.notify();
  }
}

/** Between two saves of what an input changes while it is moved. */
const SAVE_MS = 400;

function endedDisplay(message: string): ErrorDisplay {
  return { kind: "error", name: "Stopped", message, frames: [] };
}
