// Jupyter's command mode: the keys of a cell that has the focus and is not being edited.

import type { CellType } from "./cell.ts";

export type Command =
  | { kind: "edit" | "delete" | "undo" }
  | { kind: "go"; by: -1 | 1 }
  | { kind: "insert"; offset: 0 | 1 }
  | { kind: "type"; type: CellType }
  | { kind: "run"; after: "stay" | "advance" | "insert" };

const DOUBLE_MS = 600;

/** Turns keys into commands; remembers the first D of D D. */
export class CommandKeys {
  #lastD = Number.NEGATIVE_INFINITY;

  commandFor(event: KeyboardEvent): Command | undefined {
    const { key, timeStamp } = event;
    const wasD = timeStamp - this.#lastD < DOUBLE_MS;
    this.#lastD = Number.NEGATIVE_INFINITY;
    if (key === "Enter") return enterCommand(event);
    if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
    if (key === "d" && !wasD) this.#lastD = timeStamp;
    if (key === "d") return wasD ? { kind: "delete" } : undefined;
    return COMMANDS[key];
  }
}

const COMMANDS: Record<string, Command> = {
  ArrowUp: { kind: "go", by: -1 },
  k: { kind: "go", by: -1 },
  ArrowDown: { kind: "go", by: 1 },
  j: { kind: "go", by: 1 },
  a: { kind: "insert", offset: 0 },
  b: { kind: "insert", offset: 1 },
  m: { kind: "type", type: "markdown" },
  y: { kind: "type", type: "code" },
  z: { kind: "undo" },
};

function enterCommand(event: KeyboardEvent): Command {
  if (event.shiftKey) return { kind: "run", after: "advance" };
  if (event.altKey) return { kind: "run", after: "insert" };
  if (event.ctrlKey || event.metaKey) return { kind: "run", after: "stay" };
  return { kind: "edit" };
}
