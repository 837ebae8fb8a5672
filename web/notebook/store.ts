// Notebooks as they are kept in this browser. A cell is a record of its own, so that saving a keystroke is cheap.

import type { DBSchema, IDBPDatabase } from "idb";
import { openDB } from "idb";
import type { CellFile } from "./ipynb.ts";

interface Schema extends DBSchema {
  notebooks: { key: string; value: NotebookRecord };
  cells: { key: [notebook: string, cell: string]; value: CellRecord };
}

export interface NotebookRecord {
  /** The address of the notebook that was opened. */
  id: string;
  metadata: Record<string, unknown>;
  /** Ids of the cells, in order. */
  order: string[];
  /** Hash of the original that this copy was made from. */
  original: string;
  savedAt: number;
  /** What it is called. */
  title?: string;
  /** Where a notebook of somebody else came from. */
  source?: string;
}

interface CellRecord {
  notebook: string;
  cell: string;
  file: CellFile;
}

/** What one save writes, all or nothing. */
export interface Changes {
  notebook: NotebookRecord;
  cells: Map<string, CellFile>;
  removed: Iterable<string>;
}

export class NotebookStore {
  private constructor(private readonly db: IDBPDatabase<Schema>) {}

  /** Fails where the browser keeps nothing, such as in some private modes. */
  static async open(): Promise<NotebookStore> {
    const db = await openDB<Schema>("gradbook", 1, {
      upgrade(upgraded) {
        upgraded.createObjectStore("notebooks", { keyPath: "id" });
        upgraded.createObjectStore("cells", { keyPath: ["notebook", "cell"] });
      },
    });
    return new NotebookStore(db);
  }

  async load(id: string): Promise<{ record: NotebookRecord; cells: CellFile[] } | undefined> {
    const transaction = this.db.transaction(["notebooks", "cells"]);
    const record = await transaction.objectStore("notebooks").get(id);
    if (!record) return undefined;
    const records = await Promise.all(
      record.order.map((cell) => transaction.objectStore("cells").get([id, cell])),
    );
    return { record, cells: records.flatMap((r) => (r ? [r.file] : [])) };
  }

  /** All that are kept, the last saved first. */
  async list(): Promise<NotebookRecord[]> {
    const records = await this.db.getAll("notebooks");
    return records.sort((a, b) => b.savedAt - a.savedAt);
  }

  async save({ notebook, cells, removed }: Changes): Promise<void> {
    const transaction = this.db.transaction(["notebooks", "cells"], "readwrite");
    const store = transaction.objectStore("cells");
    void transaction.objectStore("notebooks").put(notebook);
    for (const [cell, file] of cells) void store.put({ notebook: notebook.id, cell, file });
    for (const cell of removed) void store.delete([notebook.id, cell]);
    await transaction.done;
  }

  /** Forgets the copy. */
  async remove(id: string): Promise<void> {
    const transaction = this.db.transaction(["notebooks", "cells"], "readwrite");
    void transaction.objectStore("notebooks").delete(id);
    void transaction.objectStore("cells").delete(IDBKeyRange.bound([id], [id, []]));
    await transaction.done;
  }
}
