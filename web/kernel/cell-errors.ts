// An error as the reader sees it: which line of which cell, found in the stack trace, or where the cell awaited it.

import { inspect } from "../display/inspect.ts";
import type { ErrorDisplay, ErrorFrame } from "../display/schema.ts";
import type { CompiledCell, Place } from "./transform.ts";
import { CellSyntaxError } from "./transform.ts";

/** A cell as it was compiled for one run. */
export interface RunningCell {
  cell: string;
  count: number;
  source: string;
  /** Absent when it did not compile. */
  compiled?: CompiledCell;
}

/** Name of a run's text in stack traces. */
export function sourceUrl(count: number): string {
  return `cell-${count}`;
}

const FRAME = /\bcell-(\d+):(\d+):(\d+)/g;
const MAX_FRAMES = 20;

/** Every run of this worker by its count, and the errors that carry no place of their own. */
export class ErrorPlaces {
  readonly #cells = new Map<number, RunningCell>();
  readonly #awaited = new WeakMap<object, ErrorFrame>();

  add(cell: RunningCell): void {
    this.#cells.set(cell.count, cell);
  }

  /** Notes that `cell` awaited what failed, at `offset` of its source; the first note stays. */
  noteAwait(error: unknown, cell: RunningCell, offset: number): void {
    if (typeof error !== "object" || error === null || this.#awaited.has(error) || !cell.compiled) return;
    this.#awaited.set(error, frame(cell, cell.compiled.placeOf(offset)));
  }

  describe(error: unknown, cell?: RunningCell): ErrorDisplay {
    if (!(error instanceof Error)) {
      return { kind: "error", name: "Thrown", message: inspect(error), frames: this.#awaitedAt(error) };
    }
    const frames =
      error instanceof CellSyntaxError && cell
        ? [frame(cell, error.place)]
        : this.#inStack(error.stack ?? "");
    return {
      kind: "error",
      name: error.name,
      message: error.message,
      frames: frames.length > 0 ? frames : this.#awaitedAt(error),
      ...causesOf(error),
    };
  }

  #awaitedAt(error: unknown): ErrorFrame[] {
    const awaited = typeof error === "object" && error !== null ? this.#awaited.get(error) : undefined;
    return awaited ? [awaited] : [];
  }

  #inStack(stack: string): ErrorFrame[] {
    const frames: ErrorFrame[] = [];
    for (const match of stack.matchAll(FRAME)) {
      const cell = this.#cells.get(Number(match[1]));
      const place = cell?.compiled?.locate(Number(match[2]), Number(match[3]));
      if (cell && place && frames.length < MAX_FRAMES) frames.push(frame(cell, place));
    }
    return frames;
  }
}

function frame(cell: RunningCell, place: Place): ErrorFrame {
  const text = (cell.source.split("\n")[place.line - 1] ?? "").slice(0, 500);
  return { cell: cell.cell, count: cell.count, line: place.line, column: place.column, text };
}

function causesOf(error: Error): { causes?: string[] } {
  const causes: string[] = [];
  for (let cause = error.cause; cause !== undefined && causes.length < 8; ) {
    causes.push(cause instanceof Error ? `${cause.name}: ${cause.message}` : inspect(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes.length > 0 ? { causes } : {};
}
