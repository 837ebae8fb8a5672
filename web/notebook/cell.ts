// One cell: its text, what its last run showed, and how it stands.

import type { Display, DisplayUpdate } from "../display/schema.ts";
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
  /** Of the last run. */
  milliseconds: number | undefined;
  /** Whether what is shown may not be what a run would give now: edited, or an input was assigned anew. */
  isStale = false;
  defines: string[] = [];
  uses: string[] = [];
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

  /** Takes the outputs of the last run away; the list given is that of the run that begins. */
  begin(): Output[] {
    this.outputs = [];
    this.milliseconds = undefined;
    this.notify();
    return this.outputs;
  }

  /** Puts an output in its place; a second one with the same index replaces the first. */
  show(index: number, display: Display, isResult: boolean): void {
    this.outputs[index] = { display, isResult, updates: new Set() };
    this.notify();
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
    for (const listener of output.updates) listener(update);
  }
}
