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
    this.#current = cell;
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
    this.#current = cell;
    await this.notebook.updateComplete;
    await this.edit();
  }

  /** Adds a cell of code at the end. */
  async append(source: string): Promise<void> {
    const cell = this.structure.insert("code", this.session.cells.length, source);
    await this.#selectSoon(cell);
    this.notebook.elementOf(cell.id)?.scrollIntoView({ block: "nearest" });
  }

  copy(): void {
    if (this.cell) this.structure.copy(this.cell);
  }

  cut(): Promise<void> {
    this.copy();
    return this.remove();
  }

  paste(offset: 0 | 1): Promise<void> {
    return this.#selectSoon(this.structure.paste(this.#at + offset));
  }

  remove(): Promise<void> {
    const at = this.#at;
    if (this.cell) this.structure.remove(this.cell);
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
    const { cell } = this;
    this.element?.leave();
    if (cell) this.structure.setType(cell, type);
    return this.#selectSoon(cell);
  }

  merge(): Promise<void> {
    const { cell } = this;
    if (cell) this.structure.merge(cell);
    return this.#selectSoon(cell);
  }

  /** At the cursor of the cell's editor. */
  async split(): Promise<void> {
    const { cell, element } = this;
    const offset = element?.cursor;
    if (!cell || offset === undefined) return;
    const rest = this.structure.split(cell, offset);
    this.#current = rest;
    await this.notebook.updateComplete;
    await this.notebook.elementOf(rest.id)?.edit({ line: 1, column: 1 });
  }

  async move(by: -1 | 1): Promise<void> {
    const { cell, element } = this;
    if (!cell) return;
    const cursor = element?.cursor;
    this.structure.moveTo(cell, this.#at + by);
    await this.notebook.updateComplete;
    // Where a cell moves in the page, its editor has gone.
    const moved = this.notebook.elementOf(cell.id);
    if (cursor === undefined) moved?.focus();
    else await moved?.edit();
    moved?.scrollIntoView({ block: "nearest" });
  }

  fold(part: "source" | "outputs"): void {
    if (this.cell) this.session.setHidden([this.cell], part, !this.cell.isHidden(part));
  }

  /** All are folded, unless all are already. */
  foldAll(part: "source" | "outputs"): void {
    const cells = this.session.cells.filter(({ type }) => type === "code");
    this.session.setHidden(cells, part, !cells.every((cell) => cell.isHidden(part)));
  }

  clear(isAll: boolean): void {
    const cells = isAll ? this.session.cells : this.cell ? [this.cell] : [];
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
    if (cell.type === "code") this.session.run(cell);
    else element?.leave();
    if (then === "stay") return;
    const at = this.#at + 1;
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

  restartAndRun(): void {
    this.session.restart();
    this.session.runAll();
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
