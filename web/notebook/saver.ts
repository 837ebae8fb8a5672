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
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
  }

  /** Resolves when all that was given to be saved is written, or could not be. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    if (!this.store) {
      this.#set({ kind: "failed", message: `this browser keeps nothing here (${this.storeError})` });
      return;
    }
    this.#set({ kind: "saving" });
    try {
      while (this.#isDirty) await this.#writeOnce(this.store);
      this.#set({ kind: "saved" });
    } catch (error) {
      this.#set({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
    }
  }

  async #writeOnce(store: NotebookStore): Promise<void> {
    const changed = [...this.#changed];
    const removed = [...this.#removed];
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
