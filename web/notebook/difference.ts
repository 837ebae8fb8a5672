// In what a reader's copy and the notebook that is published now differ, cell by cell. Cells are the same if they have the same id; files of
// before 4.5 have none, and there it is the text.

import { diffLines } from "diff";
import type { Cell } from "./cell.ts";
import type { CellFile } from "./ipynb.ts";

/** One cell that differs: in both, or in one of them only. */
export interface Difference {
  mine?: Cell;
  theirs?: CellFile;
  /** Of a cell that only they have: the cell of the copy that it comes after; none is the first. */
  after?: Cell;
}

/** A line of a text: in both, in the copy only, or in the new one only. */
export interface Line {
  of: "both" | "mine" | "theirs";
  text: string;
}

/** What differs, in the order of the new notebook; then what only the copy has. */
export function differences(copy: readonly Cell[], published: readonly CellFile[]): Difference[] {
  const left = new Set(copy);
  const like = (theirs: CellFile) =>
    [...left].find(({ id, source }) =>
      theirs.id === undefined ? source === sourceOf(theirs) : id === theirs.id,
    );
  const found: Difference[] = [];
  let after: Cell | undefined;
  for (const theirs of published) {
    const mine = like(theirs);
    if (mine) left.delete(mine);
    if (!mine) found.push({ theirs, ...(after && { after }) });
    else if (mine.source !== sourceOf(theirs) || mine.type !== theirs.cell_type) found.push({ mine, theirs });
    after = mine ?? after;
  }
  return [...found, ...[...left].map((mine) => ({ mine }))];
}

/** Both texts, line by line. */
export function linesOf({ mine, theirs }: Difference): Line[] {
  // Each line ends with its break, the last one, too: else it would differ from the same line before others.
  const ended = (text: string | undefined) => (text ? `${text}\n` : "");
  const parts = diffLines(ended(mine?.source), ended(theirs && sourceOf(theirs)), { stripTrailingCr: true });
  return parts.flatMap(({ added, removed, value }) => {
    const of = added ? "theirs" : removed ? "mine" : "both";
    return value
      .replace(/\n$/, "")
      .split("\n")
      .map((text): Line => ({ of, text }));
  });
}

export function sourceOf({ source }: CellFile): string {
  return Array.isArray(source) ? source.join("") : source;
}
