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
  /** What a reader should know of where sets are kept; empty if all is well. */
  trouble = "";
  #db: IDBPDatabase<Schema> | undefined;
  #hasAsked = false;

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
    } catch (error) {
      this.trouble = `This browser keeps no data here (${messageOf(error)}): sets are there until the page is closed.`;
      return this.notify();
    }
    await this.refresh();
  }

  /** Sees what another window has added. */
  async refresh(): Promise<void> {
    if (!this.#db) return;
    let kept: OwnRecord[];
    try {
      kept = await this.#db.getAll("sets");
      this.trouble = "";
    } catch (error) {
      this.trouble = `The sets that this browser keeps cannot be read (${messageOf(error)}).`;
      return this.notify();
    }
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
    this.#askToKeep();
    let why = "";
    try {
      if (!this.#db) throw new Error("this browser keeps nothing here");
      await this.#db.put("sets", record);
    } catch (error) {
      why = messageOf(error);
      this.#unkept.add(record.stamp);
    }
    // What was written is read back: then it is the browser's own copy, and the memory of the first is free.
    const kept = why === "" ? await this.#db?.get("sets", name).catch(() => undefined) : undefined;
    this.#change([...this.records.filter((other) => other.name !== name), kept ?? record]);
    return why;
  }

  /** Forgets a set. Gives why it is still there, where that is so. */
  async remove(name: string): Promise<string> {
    try {
      await this.#db?.delete("sets", name);
    } catch (error) {
      return messageOf(error);
    }
    this.#change(this.records.filter((record) => record.name !== name));
    return "";
  }

  /** Lets the browser throw nothing away where its disk is full. Some ask the reader: what is added does not wait for that. */
  #askToKeep(): void {
    if (this.#hasAsked) return;
    this.#hasAsked = true;
    navigator.storage?.persist?.().catch(() => {});
  }

  readonly #unkept = new Set<string>();

  #change(records: OwnRecord[]): void {
    this.records = records.sort((a, b) => b.savedAt - a.savedAt);
    this.tell(this.records.map(({ name, stamp, files }) => ({ name, stamp, files })));
    this.notify();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
