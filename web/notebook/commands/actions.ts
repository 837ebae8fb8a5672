// What commands do, to the cell that is meant: the one with the focus, or that had it last.

import type { Cell, CellType } from "../cell.ts";
import type { AfterRun, CellElement } from "../cell-element.ts";
import type { NotebookElement } from "../notebook-element.ts";
import type { Session } from "../session.ts";
import { Structure } from "../structure.ts";
import { toggleTheme } from "../theme.ts";

export class Actions {
  readonly structure: Structure;
  #current: Cell | undefined;
  /** Where a selection of several cells began. */
  #anchor: Cell | undefined;

  constructor(readonly notebook: NotebookElement) {
    this.structure = new Structure(notebook.session);
  }

  get session(): Session {
    return this.notebook.session;
  }

  /** The cell that is meant. */
  get cell(): Cell | undefined {
    const { cells } = this.session;
    return this.#current && cells.includes(this.#current) ? this.#current : cells[0];
  }

  set cell(cell: Cell | undefined) {
    if (cell === this.#current) return;
    this.#current = cell;
    this.#choose(undefined);
  }

  /** The cells that are meant, in the order of the notebook: one, or all that were selected. */
  get chosen(): Cell[] {
    const { cells } = this.session;
    const { cell } = this;
    if (!cell) return [];
    const ends = [cells.indexOf(cell), cells.indexOf(this.#anchor ?? cell)].filter((at) => at >= 0);
    return cells.slice(Math.min(...ends), Math.max(...ends) + 1);
  }

  /** Takes the cell above or below to those that are selected, or lets the last one go. */
  extend(by: -1 | 1): void {
    const next = this.session.cells[this.#at + by];
    if (!next) return;
    const anchor = this.#anchor ?? this.cell;
    this.#current = next;
    this.#choose(anchor);
    this.notebook.elementOf(next.id)?.focus();
  }

  #choose(anchor: Cell | undefined): void {
    this.#anchor = anchor;
    const chosen = anchor ? this.chosen : [];
    for (const cell of this.session.cells) {
      this.notebook
        .elementOf(cell.id)
        ?.classList.toggle("is-chosen", chosen.length > 1 && chosen.includes(cell));
    }
  }

  get element(): CellElement | undefined {
    return this.cell && this.notebook.elementOf(this.cell.id);
  }

  get #at(): number {
    return this.cell ? this.session.cells.indexOf(this.cell) : -1;
  }

  async edit(): Promise<void> {
    await this.element?.edit();
  }

  leave(): void {
    this.element?.leave();
  }

  go(by: -1 | 1): void {
    this.select(this.session.cells[this.#at + by]);
  }

  select(cell: Cell | undefined): void {
    if (!cell) return;
    this.#current = cell;
    this.#choose(undefined);
    this.notebook.elementOf(cell.id)?.focus();
  }

  /** Once the page shows what was changed. */
  async #selectSoon(cell: Cell | undefined): Promise<void> {
    await this.notebook.updateComplete;
    this.select(cell);
  }

  insert(type: CellType, offset: 0 | 1): Promise<void> {
    return this.#selectSoon(this.structure.insert(type, this.#at + offset));
  }

  /** Inserts a cell between two, to be written at once. */
  async insertAt(type: CellType, at: number): Promise<void> {
    const cell = this.structure.insert(type, at);
    if (!cell) return;
    this.#current = cell;
    await this.notebook.updateComplete;
    await this.edit();
  }

  /** Adds a cell of code at the end. */
  async append(source: string): Promise<void> {
    const cell = this.structure.insert("code", this.session.cells.length, source);
    if (!cell) return;
    await this.#selectSoon(cell);
    this.notebook.elementOf(cell.id)?.scrollIntoView({ block: "nearest" });
  }

  copy(): void {
    this.structure.copy(...this.chosen);
  }

  cut(): Promise<void> {
    this.copy();
    return this.remove();
  }

  paste(offset: 0 | 1): Promise<void> {
    const { cells } = this.session;
    const { chosen } = this;
    const beside = offset === 0 ? chosen[0] : chosen.at(-1);
    return this.#selectSoon(this.structure.paste((beside ? cells.indexOf(beside) : -1) + offset));
  }

  remove(): Promise<void> {
    const { chosen } = this;
    const at = this.session.cells.indexOf(chosen[0] as Cell);
    if (chosen.length > 0) this.structure.remove(...chosen);
    const { cells } = this.session;
    return this.#selectSoon(cells[Math.min(at, cells.length - 1)]);
  }

  undo(): Promise<void> {
    return this.#selectSoon(this.structure.undo());
  }

  redo(): Promise<void> {
    return this.#selectSoon(this.structure.redo());
  }

  setType(type: CellType): Promise<void> {
    const { cell, chosen } = this;
    this.element?.leave();
    this.structure.setType(type, ...chosen);
    return this.#selectSoon(cell);
  }

  merge(): Promise<void> {
    const { chosen } = this;
    this.structure.merge(...chosen);
    return this.#selectSoon(chosen[0]);
  }

  /** At the cursor of the cell's editor. */
  async split(): Promise<void> {
    const { cell, element } = this;
    const offset = element?.cursor;
    if (!cell || offset === undefined) return;
    const rest = this.structure.split(cell, offset);
    if (!rest) return;
    this.#current = rest;
    await this.notebook.updateComplete;
    await this.notebook.elementOf(rest.id)?.edit({ line: 1, column: 1 });
  }

  async move(by: -1 | 1): Promise<void> {
    const { cell, element } = this;
    if (!cell) return;
    const cursor = element?.cursor;
    const { chosen } = this;
    const anchor = this.#anchor;
    this.structure.moveTo(this.session.cells.indexOf(chosen[0] as Cell) + by, ...chosen);
    await this.notebook.updateComplete;
    // Where a cell moves in the page, its editor has gone.
    const moved = this.notebook.elementOf(cell.id);
    if (cursor === undefined) moved?.focus();
    else await moved?.edit();
    this.#choose(anchor);
    moved?.scrollIntoView({ block: "nearest" });
  }

  fold(part: "source" | "outputs"): void {
    const { chosen } = this;
    this.session.setHidden(chosen, part, !chosen.every((cell) => cell.isHidden(part)));
  }

  /** All are folded, unless all are already. */
  foldAll(part: "source" | "outputs"): void {
    const cells = this.session.cells.filter(({ type }) => type === "code");
    this.session.setHidden(cells, part, !cells.every((cell) => cell.isHidden(part)));
  }

  clear(isAll: boolean): void {
    const cells = isAll ? this.session.cells : this.chosen;
    this.structure.clear(cells.filter(({ type, state }) => type === "code" && state === "idle"));
  }

  toggleLive(): void {
    if (this.cell?.type === "code") this.session.setLive(this.cell, !this.cell.isLive);
  }

  /** Runs the cell; then stays, goes on, or inserts one. Who was writing goes on writing. */
  async run(then: AfterRun): Promise<void> {
    const { cell, element } = this;
    if (!cell) return;
    const isEditing = element?.isEditing ?? false;
    const { chosen } = this;
    // By itself a cell may bring others with it.
    if (chosen.length > 1) this.session.runCells(chosen);
    else if (cell.type === "code") this.session.run(cell);
    if (cell.type !== "code") element?.leave();
    if (then === "stay") return;
    const at = this.session.cells.indexOf(chosen.at(-1) ?? cell) + 1;
    const next = this.session.cells[at];
    if (then === "insert" || !next) return this.insertAt("code", at);
    this.select(next);
    if (isEditing && next.type === "code") await this.edit();
  }

  async runWithNeeds(): Promise<void> {
    const { cell } = this;
    if (cell?.type !== "code") return;
    const { neededBy } = await import("../needs.ts");
    this.session.runCells(neededBy(cell, this.session.cells));
  }

  runAbove(): void {
    this.session.runCells(this.session.cells.slice(0, this.#at));
  }

  runBelow(): void {
    this.session.runCells(this.session.cells.slice(this.#at));
  }

  restartAndRun(): Promise<void> {
    return this.session.restartAndRun();
  }

  toggleTheme(): void {
    toggleTheme();
  }

  async find(): Promise<void> {
    const { openFindBar } = await import("../find-bar.ts");
    openFindBar(this);
  }

  async palette(): Promise<void> {
    const { openPalette } = await import("../palette.ts");
    openPalette(this);
  }

  async listKeys(): Promise<void> {
    const { openKeys } = await import("../palette.ts");
    openKeys(this);
  }

  async outline(): Promise<void> {
    const { toggleOutline } = await import("../outline.ts");
    toggleOutline(this);
  }
}
