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
  /** The cell that was cut or copied last. */
  #clipboard: Pick<Cell, "type" | "source"> | undefined;

  constructor(private readonly session: Session) {}

  get canPaste(): boolean {
    return this.#clipboard !== undefined;
  }

  insert(type: CellType, at: number, source = ""): Cell {
    const cell = emptyCell(type);
    cell.source = source;
    this.#change([], () => this.session.cells.toSpliced(at, 0, cell));
    return cell;
  }

  remove(cell: Cell): void {
    this.#change([], () => this.session.cells.filter((other) => other !== cell));
  }

  copy({ type, source }: Cell): void {
    this.#clipboard = { type, source };
  }

  /** A new cell with what was copied. */
  paste(at: number): Cell | undefined {
    const copied = this.#clipboard;
    if (!copied) return undefined;
    const cell = cellOf(newCellId(), { cell_type: copied.type, source: copied.source, metadata: {} });
    this.#change([], () => this.session.cells.toSpliced(at, 0, cell));
    return cell;
  }

  /** To a place between the others: 0 is before all. */
  moveTo(cell: Cell, to: number): void {
    const from = this.session.cells.indexOf(cell);
    const at = Math.min(Math.max(to, 0), this.session.cells.length - 1);
    if (from < 0 || from === at) return;
    this.#change([], () => this.session.cells.toSpliced(from, 1).toSpliced(at, 0, cell));
  }

  setType(cell: Cell, type: CellType): void {
    if (cell.type === type) return;
    this.#change([cell], () => {
      cell.type = type;
      if (type !== "code") cell.outputs = [];
      return this.session.cells;
    });
  }

  /** Joins a cell with the one below, into the upper one. */
  merge(cell: Cell): void {
    const { cells } = this.session;
    const below = cells[cells.indexOf(cell) + 1];
    if (!below) return;
    this.#change([cell], () => {
      // Paragraphs stay paragraphs.
      cell.source = [cell.source, below.source].filter(Boolean).join(cell.type === "code" ? "\n" : "\n\n");
      return cells.filter((other) => other !== below);
    });
  }

  /** Cuts a text at an offset; what follows becomes a cell below. */
  split(cell: Cell, offset: number): Cell {
    const { cells } = this.session;
    const rest = cellOf(newCellId(), { cell_type: cell.type, source: "", metadata: {} });
    this.#change([cell], () => {
      rest.source = cell.source.slice(offset).replace(/^\n/, "");
      cell.source = cell.source.slice(0, offset).replace(/\n$/, "");
      return cells.toSpliced(cells.indexOf(cell) + 1, 0, rest);
    });
    return rest;
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

  #change(touched: Cell[], change: () => Cell[]): void {
    this.#undo.push(this.#snapshot(touched));
    if (this.#undo.length > MOST_UNDO) this.#undo.shift();
    this.#redo.splice(0);
    const before = touched.map(({ source }) => source);
    const cells = change();
    for (const [i, cell] of touched.entries())
      if (cell.source !== before[i]) cell.isStale = cell.count !== undefined;
    this.session.arrange(cells, touched);
  }

  #snapshot(touched: Iterable<Cell>): Snapshot {
    const contents = new Map<Cell, Content>();
    for (const cell of touched)
      contents.set(cell, { type: cell.type, source: cell.source, outputs: cell.outputs });
    return { cells: this.session.cells, contents };
  }

  #swap(from: Snapshot[], to: Snapshot[]): Cell | undefined {
    const snapshot = from.pop();
    if (!snapshot) return undefined;
    const before = this.session.cells;
    to.push(this.#snapshot(snapshot.contents.keys()));
    for (const [cell, content] of snapshot.contents) Object.assign(cell, content);
    this.session.arrange(snapshot.cells, [...snapshot.contents.keys()]);
    const place = snapshot.cells.findIndex((cell, i) => cell !== before[i]);
    return [...snapshot.contents.keys()][0] ?? snapshot.cells[place] ?? snapshot.cells.at(-1);
  }
}
