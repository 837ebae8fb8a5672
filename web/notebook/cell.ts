// One cell: its text, what its last run showed, and how it stands.

import type { ControlValue, KeptInput } from "../display/control.ts";
import { isSame, MOST_INPUTS, takeKept } from "../display/control.ts";
import type { Display, DisplayUpdate, InputDisplay } from "../display/schema.ts";
import type { CellFile, OutputFile } from "./ipynb.ts";
import { Observable } from "./observable.ts";

export type CellType = "code" | "markdown" | "raw";
export type CellState = "idle" | "queued" | "running";

/** An output that is shown. `file` is the form it had in the notebook file, kept while it is unchanged. */
export interface Output {
  display: Display;
  isResult: boolean;
  file?: OutputFile;
  /** Listeners of a view that is mounted; it may append points where drawing anew would be slow. */
  readonly updates: Set<(update: DisplayUpdate) => void>;
}

export class Cell extends Observable {
  type: CellType;
  source: string;
  outputs: Output[];
  count: number | undefined;
  state: CellState = "idle";
  /** Steps of a training run that goes on, and when the first of them were told. */
  progress: { done: number; total: number; since: number; doneThen: number } | undefined;
  /** Of the last run. */
  milliseconds: number | undefined;
  /** Whether what is shown may not be what a run would give now: edited, or an input was assigned anew. */
  isStale = false;
  defines: string[] = [];
  uses: string[] = [];
  /** Inputs that the last run read, and in which version last. */
  reads: [input: string, version: number][] = [];
  /** Outputs of the run before, in whose places nothing has come yet. */
  #before: (Output | undefined)[] = [];
  /** What the reader set in inputs that the run under way has not shown yet. */
  #kept: KeptInput[] = [];
  /** Fields of the file that Gradbook does not know, kept as they are. */
  readonly file: CellFile;

  constructor(
    readonly id: string,
    file: CellFile,
    outputs: Output[],
  ) {
    super();
    this.file = file;
    this.type = file.cell_type;
    this.source = Array.isArray(file.source) ? file.source.join("") : file.source;
    this.count = file.execution_count ?? undefined;
    this.outputs = outputs;
  }

  /** Whether it runs again when an input that it has read is set. */
  get isLive(): boolean {
    return (this.file.metadata.gradbook as { live?: unknown } | undefined)?.live === true;
  }

  set isLive(isLive: boolean) {
    const { live: _, ...others } = (this.file.metadata.gradbook ?? {}) as Record<string, unknown>;
    const gradbook = { ...others, ...(isLive && { live: true }) };
    const { gradbook: __, ...metadata } = this.file.metadata;
    this.file.metadata = { ...metadata, ...(Object.keys(gradbook).length > 0 && { gradbook }) };
    this.notify();
  }

  /** Whether a part is folded; the file says so as JupyterLab's do. */
  isHidden(part: "source" | "outputs"): boolean {
    const jupyter = this.file.metadata.jupyter as Record<string, unknown> | undefined;
    return jupyter?.[`${part}_hidden`] === true;
  }

  setHidden(part: "source" | "outputs", isHidden: boolean): void {
    const { [`${part}_hidden`]: _, ...others } = (this.file.metadata.jupyter ?? {}) as Record<
      string,
      unknown
    >;
    const jupyter = { ...others, ...(isHidden && { [`${part}_hidden`]: true }) };
    const { jupyter: __, ...metadata } = this.file.metadata;
    this.file.metadata = { ...metadata, ...(Object.keys(jupyter).length > 0 && { jupyter }) };
    this.notify();
  }

  /** What is to be seen: outputs, and until they come those of the run before in their places. */
  get shown(): Output[] {
    const outputs: (Output | undefined)[] = [...this.outputs, ...this.#before.slice(this.outputs.length)];
    return outputs.flatMap((output, i) => output ?? this.#before[i] ?? []);
  }

  /** What the reader has set here. */
  get inputs(): KeptInput[] {
    const shown = this.outputs.flatMap((output) => {
      const { display } = output;
      return display.kind === "input" && display.value !== undefined
        ? [{ control: display.control, value: display.value }]
        : [];
    });
    return [...shown, ...this.#kept];
  }

  /**
   * Begins a run: the list given is that of its outputs. Those of the last run go at once, or, where it runs again because of
   * an input, one by one as new ones come.
   */
  begin(isAgain: boolean): Output[] {
    this.#kept = this.inputs;
    this.#before = isAgain ? this.outputs : [];
    this.outputs = [];
    if (!isAgain) this.milliseconds = undefined;
    this.notify();
    return this.outputs;
  }

  /** So many steps are done. */
  advance(done: number, total: number, now: number): void {
    const { progress } = this;
    // Another training run begins where its steps are fewer.
    const isSame = progress && progress.total === total && progress.done <= done;
    this.progress = isSame ? { ...progress, done } : { done, total, since: now, doneThen: done };
    this.notify();
  }

  /** A run is over. What was set in inputs that it should have shown and did not is kept if it failed. */
  end(isDone: boolean): void {
    this.#before = [];
    this.progress = undefined;
    if (isDone) this.#kept = [];
  }

  /** Puts an output in its place; a second one with the same index replaces the first. */
  show(index: number, display: Display, isResult: boolean): void {
    if (display.kind === "input") this.#showInput(index, display);
    else this.outputs[index] = { display, isResult, updates: new Set() };
    this.notify();
  }

  /** The reader set an input, or undid that. */
  setInput(output: Output, value: ControlValue | undefined): void {
    if (output.display.kind !== "input") return;
    if (value === undefined) delete output.display.value;
    else output.display.value = value;
    delete output.file;
  }

  /** The cells' worker is gone, and what its inputs were called. */
  detachInputs(): void {
    this.reads = [];
    this.outputs = this.outputs.map((output) => {
      const { display } = output;
      if (display.kind !== "input") return output;
      const { id: _, ...rest } = display;
      return { ...output, display: rest, updates: new Set() };
    });
    this.notify();
  }

  /** An input has what the reader set in one like it. One that is in the page stays there: the reader may be at it. */
  #showInput(index: number, { id, control }: InputDisplay): void {
    if (this.outputs.filter((output) => output?.display.kind === "input").length >= MOST_INPUTS) return;
    const kept = takeKept(this.#kept, control);
    const isLike = (output: Output | undefined) =>
      output?.display.kind === "input" && isSame(output.display.control, control);
    const at = this.#before.findIndex(isLike);
    const before = isLike(this.outputs[index]) ? this.outputs[index] : this.#before[at];
    const value = before?.display.kind === "input" ? before.display.value : kept?.value;
    const display: InputDisplay = {
      kind: "input",
      ...(id !== undefined && { id }),
      control,
      ...(value !== undefined && { value }),
    };
    if (!before) {
      this.outputs[index] = { display, isResult: false, updates: new Set() };
      return;
    }
    if (before === this.#before[at]) delete this.#before[at];
    this.outputs[index] = Object.assign(before, { display });
  }

  update(index: number, update: DisplayUpdate): void {
    const output = this.outputs[index];
    if (!output) return;
    if (update.type === "replace") {
      this.show(index, update.display, output.isResult);
      return;
    }
    if (output.display.kind !== "curve") return;
    output.display.points ??= [];
    for (const more of update.points) {
      const known = output.display.points.find((p) => p.panel === more.panel && p.series === more.series);
      if (!known) output.display.points.push({ ...more, x: [...more.x], y: [...more.y] });
      else {
        known.x.push(...more.x);
        known.y.push(...more.y);
      }
    }
    if (update.marks) output.display.marks = [...(output.display.marks ?? []), ...update.marks];
    for (const listener of output.updates) listener(update);
  }
}
