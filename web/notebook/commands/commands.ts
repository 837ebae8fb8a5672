// The commands of a page: loaded when a cell is first pointed at or has the focus.

import { html } from "lit";
import type { Cell } from "../cell.ts";
import { CellElement } from "../cell-element.ts";
import { loadEditStyles } from "../edit-styles.ts";
import { deleteIcon, downIcon, upIcon } from "../icons.ts";
import type { NotebookElement } from "../notebook-element.ts";
import { Actions } from "./actions.ts";
import type { Key } from "./keys.ts";
import { Keys } from "./keys.ts";
import type { Command } from "./table.ts";
import { COMMANDS, keysOf } from "./table.ts";

export class Commands {
  readonly actions: Actions;
  readonly #keys = new Keys();
  /** The end of what was asked for last. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(notebook: NotebookElement) {
    this.actions = new Actions(notebook);
    loadEditStyles();
    notebook.addEventListener("focusin", ({ target }) => this.#meant(target));
    this.#meant(document.activeElement);
  }

  /** Does what the command of this name does, to `cell` or the one that is meant. */
  run(id: string, cell?: Cell): void {
    if (cell) this.actions.cell = cell;
    const command = COMMANDS.find((row) => row.id === id);
    if (command) this.#do(command);
  }

  /** One after the other: a key may follow before the page shows what the one before did. */
  #do(command: Command): void {
    const run = () => command.run(this.actions);
    this.#last = this.#last.then(run, run);
  }

  /** A key, wherever it was pressed; true if it was one of ours. */
  onKey(event: Key & Pick<KeyboardEvent, "target">): boolean {
    const target = event.target instanceof Element ? event.target : document.body;
    if (target.closest("dialog")) return false;
    const command = this.#keys.match(event, !(target instanceof CellElement));
    if (command === "pending") return true;
    // Where nobody works on a cell, keys are the browser's own.
    if (!command || (command.id !== "palette" && !target.closest("gradbook-cell-view"))) return false;
    this.#do(command);
    return true;
  }

  /** Buttons beside a cell. */
  toolbar(cell: Cell) {
    const toOther = cell.type === "code" ? "to-text" : "to-code";
    return html`${cell.type === "code" ? this.#button("fold-source", "{ }", cell) : this.#button("edit", "Edit", cell)}
      ${this.#button(toOther, cell.type === "code" ? "Md" : "JS", cell)} ${this.#button("move-up", upIcon, cell)}
      ${this.#button("move-down", downIcon, cell)}
      <button
        class="tool-button drag-handle"
        title="Drag to move"
        aria-label="Drag to move"
        @pointerdown=${(event: PointerEvent) => void this.#drag(event, cell)}
      >
        ⠿
      </button>
      ${this.#button("delete", deleteIcon, cell)}`;
  }

  async #drag(event: PointerEvent, cell: Cell): Promise<void> {
    const handle = event.currentTarget;
    if (event.button !== 0 || !(handle instanceof HTMLElement)) return;
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    const { beginDrag } = await import("./drag.ts");
    // It may have been let go meanwhile.
    if (handle.hasPointerCapture(event.pointerId)) beginDrag(handle, cell, this.actions);
  }

  #button(id: string, content: unknown, cell: Cell) {
    const command = COMMANDS.find((row) => row.id === id) as Command;
    const keys = keysOf(command)[0];
    return html`<button
      class="tool-button"
      title=${keys ? `${command.title} (${keys})` : command.title}
      aria-label=${command.title}
      @click=${() => this.run(id, cell)}
    >
      ${content}
    </button>`;
  }

  #meant(target: EventTarget | null): void {
    const element = target instanceof Element ? target.closest("gradbook-cell-view") : null;
    if (element instanceof CellElement) this.actions.cell = element.cell;
  }
}
