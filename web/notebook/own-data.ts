// The data sets that the reader made of files: kept in this browser, all notebooks see them. Where the browser keeps nothing,
// they are there until the page is closed.

import type { DBSchema, IDBPDatabase } from "idb";
import { openDB } from "idb";
import type { Imported, Summary } from "../import/protocol.ts";
import type { OwnSet } from "../kernel/protocol.ts";
import { Observable } from "./observable.ts";

interface Schema extends DBSchema {
  sets: { key: string; value: OwnRecord };
}

/** A set as it is kept: what it is, and its files. */
export interface OwnRecord extends OwnSet {
  summary: Summary;
  savedAt: number;
}

export class OwnData extends Observable {
  records: OwnRecord[] = [];
  #db: IDBPDatabase<Schema> | undefined;

  /** `tell` hears of all sets after every change. */
  constructor(private readonly tell: (sets: OwnSet[]) => void) {
    super();
  }

  /** Reads what is kept; nothing where the browser keeps nothing. */
  async open(): Promise<void> {
    try {
      this.#db = await openDB<Schema>("gradbook-own-data", 1, {
        upgrade: (upgraded) => void upgraded.createObjectStore("sets", { keyPath: "name" }),
      });
    } catch {
      return;
    }
    await this.refresh();
  }

  /** Sees what another window has added. */
  async refresh(): Promise<void> {
    const kept = await this.#db?.getAll("sets").catch(() => undefined);
    if (!kept) return;
    const unkept = this.records.filter(({ stamp }) => this.#unkept.has(stamp));
    this.#change([...kept.filter(({ name }) => unkept.every((other) => other.name !== name)), ...unkept]);
  }

  /** Keeps a set in place of any other of this name. Gives why it will be gone with the page, where that is so. */
  async add(name: string, { summary, files }: Imported): Promise<string> {
    const record = {
      name,
      stamp: crypto.randomUUID?.() ?? `${Date.now()}`,
      files,
      summary,
      savedAt: Date.now(),
    };
    let why = "";
    try {
      if (!this.#db) throw new Error("this browser keeps nothing here");
      await this.#db.put("sets", record);
    } catch (error) {
      why = error instanceof Error ? error.message : String(error);
      this.#unkept.add(record.stamp);
    }
    // What was written is read back: then it is the browser's own copy, and the memory of the first is free.
    const kept = why === "" ? await this.#db?.get("sets", name).catch(() => undefined) : undefined;
    this.#change([...this.records.filter((other) => other.name !== name), kept ?? record]);
    return why;
  }

  async remove(name: string): Promise<void> {
    await this.#db?.delete("sets", name);
    this.#change(this.records.filter((record) => record.name !== name));
  }

  readonly #unkept = new Set<string>();

  #change(records: OwnRecord[]): void {
    this.records = records.sort((a, b) => b.savedAt - a.savedAt);
    this.tell(this.records.map(({ name, stamp, files }) => ({ name, stamp, files })));
    this.notify();
  }
}
