// Which cells of a notebook are shown: "2 4-6 1f00ab7c".

import type { Cell } from "../notebook/cell.ts";

/** The cells that a list names, by number from 1, by a range of numbers or by id; all, where it names none. Errors: one that is not there. */
export function chosen(cells: readonly Cell[], list: string): Cell[] {
  const words = list.split(/[\s,]+/).filter(Boolean);
  if (words.length === 0) return [...cells];
  const named = new Set(words.flatMap((word) => cellsOf(cells, word)));
  return cells.filter((cell) => named.has(cell));
}

function cellsOf(cells: readonly Cell[], word: string): Cell[] {
  const byId = cells.find(({ id }) => id === word);
  if (byId) return [byId];
  const [, from, to = from] = /^(\d+)(?:-(\d+))?$/.exec(word) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (!from || first < 1 || last < first || last > cells.length)
    throw new Error(`cells: there is no cell ${word}; the notebook has ${cells.length}, numbered from 1`);
  return cells.slice(first - 1, last);
}
