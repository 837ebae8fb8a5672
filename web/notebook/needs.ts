// What a cell needs: the cells that give the names that it uses, and what those need. Of a cell that ran, its run says which; of one that was
// edited since, or never ran, its text.

import { CellSyntaxError, transformCell } from "../kernel/transform.ts";
import { withoutTypes } from "../kernel/types.ts";
import type { Cell } from "./cell.ts";

/**
 * Cells to run so that `cell` can, in the order of the notebook, itself last: of a name that several give, the nearest above. Those that ran and
 * are not stale are left out, unless what they use is given anew.
 */
export function neededBy(cell: Cell, cells: readonly Cell[]): Cell[] {
  const code = cells.filter((other) => other.type === "code");
  const names = new Map(code.map((other) => [other, namesOf(other)]));
  const needed = new Set<Cell>([cell]);
  const pending = [cell];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const at = code.indexOf(next);
    for (const name of names.get(next)?.uses ?? []) {
      const gives = (other: Cell) => other !== next && names.get(other)?.defines.has(name);
      const giver = code.slice(0, at).findLast(gives) ?? code.slice(at + 1).find(gives);
      if (!giver || needed.has(giver)) continue;
      needed.add(giver);
      pending.push(giver);
    }
  }
  const running = new Set<Cell>();
  for (const other of code) {
    if (other === cell || !needed.has(other)) continue;
    const uses = names.get(other)?.uses ?? new Set();
    const isBehind = [...running].some((giver) =>
      [...(names.get(giver)?.defines ?? [])].some((name) => uses.has(name)),
    );
    if (isBehind || !isDone(other)) running.add(other);
  }
  return [...running, cell];
}

/** Whether what a cell gives is there, and as its text says. */
function isDone({ milliseconds, isStale, outputs }: Cell): boolean {
  return (
    milliseconds !== undefined && !isStale && !outputs.some((output) => output?.display.kind === "error")
  );
}

export interface Names {
  defines: ReadonlySet<string>;
  uses: ReadonlySet<string>;
}

/** By its text; a text that cannot be read gives and uses nothing. */
function namesOf({ source }: Cell): Names {
  for (const text of [source, withoutTypes(source)]) {
    if (text === undefined) continue;
    try {
      const { defines, uses } = transformCell(text, {
        isGlobal: (name) => name in globalThis,
        sourceUrl: "names",
      });
      return { defines: new Set(defines.keys()), uses };
    } catch (error) {
      if (!(error instanceof CellSyntaxError)) throw error;
    }
  }
  return { defines: new Set(), uses: new Set() };
}
