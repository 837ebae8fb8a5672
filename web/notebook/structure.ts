// Changes of which cells there are, and of what kind: each can be undone and made again. What is typed is the editor's to undo; but a change
// here that touches texts (merge, split, replace) takes them back as they were, and gives what it took when it is made again.

import type { Cell, CellType, Output } from "./cell.ts";
import { cellOf, emptyCell, newCellId } from "./ipynb.ts";
import type { Session } from "./session.ts";

interface Content {
  type: CellType;
  source: string;
  outputs: Output[];
}

interface Snapshot {
  cells: Cell[];
  contents: Map<Cell, Content>;
}

/** More is forgotten, oldest first. */
const MOST_UNDO = 200;

export class Structure {
  readonly #undo: Snapshot[] = [];
  readonly #redo: Snapshot[] = [];
  /** The cells that were cut or copied last. */
  #clipboard: Pick<Cell, "type" | "source">[] = [];

  constructor(private readonly session: Session) {}

  /** The new cell; nothing where this window may not write. */
  insert(type: CellType, at: number, source = ""): Cell | undefined {
    const cell = emptyCell(type);
    cell.source = source;
    return this.#change([], () => this.session.cells.toSpliced(at, 0, cell)) ? cell : undefined;
  }

  /** Puts a cell that is there in whole in its place. */
  add(cell: Cell, at: number): void {
    this.#change([], () => this.session.cells.toSpliced(at, 0, cell));
  }

  remove(...cells: readonly Cell[]): void {
    this.#change([], () => this.session.cells.filter((other) => !cells.includes(other)));
  }

  copy(...cells: readonly Cell[]): void {
    this.#clipboard = cells.map(({ type, source }) => ({ type, source }));
  }

  /** New cells with what was copied; gives the last. */
  paste(at: number): Cell | undefined {
    if (this.#clipboard.length === 0) return undefined;
    const cells = this.#clipboard.map(({ type, source }) =>
      cellOf(newCellId(), { cell_type: type, source, metadata: {} }),
    );
    const isDone = this.#change([], () => this.session.cells.toSpliced(at, 0, ...cells));
    return isDone ? cells.at(-1) : undefined;
  }

  /** Cells that stand together to a place among the others: 0 is before all. */
  moveTo(to: number, ...moved: readonly Cell[]): void {
    const { cells } = this.session;
    const others = cells.filter((cell) => !moved.includes(cell));
    const arranged = others.toSpliced(Math.min(Math.max(to, 0), others.length), 0, ...moved);
    if (arranged.some((cell, i) => cell !== cells[i])) this.#change([], () => arranged);
  }

  setType(type: CellType, ...cells: readonly Cell[]): void {
    const others = cells.filter((cell) => cell.type !== type);
    if (others.length === 0) return;
    this.#change(others, () => {
      for (const cell of others) {
        cell.type = type;
        if (type !== "code") cell.outputs = [];
      }
      return this.session.cells;
    });
  }

  /** Joins cells into the first of them; one alone with the one below. */
  merge(...chosen: readonly Cell[]): void {
    const { cells } = this.session;
    const [first] = chosen;
    if (!first) return;
    const below = cells[cells.indexOf(first) + 1];
    const rest = chosen.length > 1 ? chosen.slice(1) : below ? [below] : [];
    if (rest.length === 0) return;
    this.#change([first], () => {
      const sources = [first, ...rest].map(({ source }) => source).filter(Boolean);
      // Paragraphs stay paragraphs.
      first.source = sources.join(first.type === "code" ? "\n" : "\n\n");
      return cells.filter((other) => !rest.includes(other));
    });
  }

  /** Cuts a text at an offset; what follows becomes a cell below. */
  split(cell: Cell, offset: number): Cell | undefined {
    const { cells } = this.session;
    const rest = cellOf(newCellId(), { cell_type: cell.type, source: "", metadata: {} });
    const isDone = this.#change([cell], () => {
      rest.source = cell.source.slice(offset).replace(/^\n/, "");
      cell.source = cell.source.slice(0, offset).replace(/\n$/, "");
      return cells.toSpliced(cells.indexOf(cell) + 1, 0, rest);
    });
    return isDone ? rest : undefined;
  }

  /** Other texts in some cells, as one step. */
  rewrite(sources: Map<Cell, string>): void {
    this.#change([...sources.keys()], () => {
      for (const [cell, source] of sources) cell.source = source;
      return this.session.cells;
    });
  }

  /** Outputs go, and can come back. */
  clear(cells: readonly Cell[]): void {
    this.#change([...cells], () => {
      for (const cell of cells) cell.outputs = [];
      return this.session.cells;
    });
  }

  /** The cell to look at, if something was undone. */
  undo(): Cell | undefined {
    return this.#swap(this.#undo, this.#redo);
  }

  redo(): Cell | undefined {
    return this.#swap(this.#redo, this.#undo);
  }

  /** False, and all stays as it is, where this window may not write. */
  #change(touched: Cell[], change: () => Cell[]): boolean {
    if (this.session.isReadOnly) return false;
    this.#undo.push(this.#snapshot(touched));
    if (this.#undo.length > MOST_UNDO) this.#undo.shift();
    this.#redo.splice(0);
    const before = touched.map(({ source }) => source);
    const cells = change();
    for (const [i, cell] of touched.entries())
      if (cell.source !== before[i]) cell.isStale = cell.count !== undefined;
    this.session.arrange(cells, touched);
    return true;
  }

  #snapshot(touched: Iterable<Cell>): Snapshot {
    const contents = new Map<Cell, Content>();
    for (const cell of touched)
      contents.set(cell, { type: cell.type, source: cell.source, outputs: cell.outputs });
    return { cells: this.session.cells, contents };
  }

  #swap(from: Snapshot[], to: Snapshot[]): Cell | undefined {
    const snapshot = this.session.isReadOnly ? undefined : from.pop();
    if (!snapshot) return undefined;
    const before = this.session.cells;
    to.push(this.#snapshot(snapshot.contents.keys()));
    for (const [cell, content] of snapshot.contents) Object.assign(cell, content);
    this.session.arrange(snapshot.cells, [...snapshot.contents.keys()]);
    const place = snapshot.cells.findIndex((cell, i) => cell !== before[i]);
    return [...snapshot.contents.keys()][0] ?? snapshot.cells[place] ?? snapshot.cells.at(-1);
  }
}
