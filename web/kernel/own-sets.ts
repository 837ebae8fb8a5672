// The reader's own data sets in the compute worker: which there are, their bytes when a cell asks, and the question to the
// reader where a cell asks for any.

import type { CollectionFile } from "../api/collections.ts";
import { OWN, PICK } from "../api/collections.ts";
import { idxText } from "../api/idx.ts";
import type { OwnSet } from "./protocol.ts";

export class OwnSets {
  #sets: OwnSet[] = [];
  #waiting: ((name: string | undefined) => void)[] = [];

  /** `ask` lets the page ask the reader, who answers by `picked`. */
  constructor(private readonly ask: () => void) {}

  /** Gives the collections that are other ones from now on. */
  replace(sets: OwnSet[]): string[] {
    const isSame = (old: OwnSet) => sets.some(({ name, stamp }) => name === old.name && stamp === old.stamp);
    const gone = this.#sets.filter((old) => !isSame(old));
    this.#sets = sets;
    return gone.map(({ name }) => `${OWN}${name}`);
  }

  picked(name: string | undefined): void {
    for (const answer of this.#waiting.splice(0)) answer(name);
  }

  /** The files of a set; or, as the only one, the name of what the reader picks. Errors: there is none. */
  async load(what: string): Promise<CollectionFile[]> {
    if (what === PICK) return [["name", idxText(await this.#pick())]];
    const name = what.slice(OWN.length);
    const set = this.#sets.find((set) => set.name === name);
    if (!set) throw new Error(this.#missing());
    return Promise.all(
      set.files.map(async ([label, file]): Promise<CollectionFile> => [label, await bytesOf(label, file)]),
    );
  }

  async #pick(): Promise<string> {
    const name = await new Promise<string | undefined>((resolve) => {
      this.#waiting.push(resolve);
      this.ask();
    });
    const set = this.#sets.find((set) => set.name === name);
    if (!set) throw new Error("no set was chosen");
    const parts = set.files.flatMap(([label]) => (label.endsWith(".x") ? [label.slice(0, -2)] : []));
    // Of several parts the first is what is learnt from.
    return parts[0] === "all" ? set.name : `${set.name}\n${parts[0]}`;
  }

  #missing(): string {
    const names = this.#sets.map(({ name }) => name);
    return names.length > 0
      ? `there is no set of this name; there are: ${names.join(", ")}`
      : "no files were added yet; drop some on the page, or open Your data in the bar";
  }
}

async function bytesOf(label: string, file: Blob): Promise<Uint8Array> {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new Error(`${label} cannot be read from the browser's storage; add the files again`);
  }
}
