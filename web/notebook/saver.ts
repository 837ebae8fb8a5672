// Keeps the copy in this browser up to date: every edit is written at once, one write at a time, and a failure is told.

import type { Cell } from "./cell.ts";
import { cellFileOf, titleOf } from "./ipynb.ts";
import type { NotebookRecord, NotebookStore } from "./store.ts";

export type SaveState = { kind: "untouched" | "saving" | "saved" } | { kind: "failed"; message: string };

export class Saver {
  state: SaveState = { kind: "untouched" };
  #notebook = "";
  #origin: Pick<NotebookRecord, "original" | "source"> = { original: "" };
  #title = "";
  #order: string[] = [];
  #metadata: Record<string, unknown> = {};
  #hasCopy = false;
  #isDirty = false;
  #writing: Promise<void> | undefined;
  readonly #changed = new Set<Cell>();
  readonly #removed = new Set<string>();

  constructor(
    private readonly store: NotebookStore | undefined,
    private readonly storeError: string,
    private readonly notify: () => void,
  ) {
    if (!store) this.state = { kind: "failed", message: `this browser keeps nothing here (${storeError})` };
  }

  /** Says which notebook is saved, and of which original it is a copy. */
  begin(notebook: string, origin: Pick<NotebookRecord, "original" | "source">): void {
    this.#notebook = notebook;
    this.#origin = origin;
  }

  save(cells: readonly Cell[], metadata: Record<string, unknown>, changed: Cell[], removed: Cell[]): void {
    this.#order = cells.map((cell) => cell.id);
    this.#metadata = metadata;
    this.#title = titleOf(metadata, cells);
    this.#isDirty = true;
    // The first save writes the whole copy.
    for (const cell of this.#hasCopy ? changed : cells) this.#changed.add(cell);
    this.#hasCopy = true;
    for (const { id } of removed) this.#removed.add(id);
    if (this.store) this.#writing ??= this.#write(this.store);
    else this.#set({ kind: "failed", message: `this browser keeps nothing here (${this.storeError})` });
  }

  /** Resolves when all that was given to be saved is written, or could not be. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #write(store: NotebookStore): Promise<void> {
    this.#set({ kind: "saving" });
    try {
      while (this.#isDirty) await this.#writeOnce(store);
      this.#set({ kind: "saved" });
    } catch (error) {
      this.#set({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
    } finally {
      // At once: what is saved from here on begins another one.
      this.#writing = undefined;
    }
  }

  async #writeOnce(store: NotebookStore): Promise<void> {
    // A cell may have gone after it was changed, or have come back after it was removed.
    const order = new Set(this.#order);
    const changed = [...this.#changed].filter(({ id }) => order.has(id));
    const removed = [...this.#removed].filter((id) => !order.has(id));
    this.#changed.clear();
    this.#removed.clear();
    this.#isDirty = false;
    try {
      const files = await Promise.all(
        changed.map(async (cell) => [cell.id, await cellFileOf(cell)] as const),
      );
      const notebook = {
        id: this.#notebook,
        metadata: this.#metadata,
        order: this.#order,
        ...this.#origin,
        savedAt: Date.now(),
        title: this.#title,
      };
      await store.save({ notebook, cells: new Map(files), removed });
    } catch (error) {
      // They are written with the next edit.
      for (const cell of changed) this.#changed.add(cell);
      for (const id of removed) this.#removed.add(id);
      throw error;
    }
  }

  #set(state: SaveState): void {
    this.state = state;
    this.notify();
  }
}
