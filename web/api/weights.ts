// Weights and other tensors in files of the reader's own: safetensors, or NumPy's npz where the name ends with it. The files lie
// where it is computed; what comes here are handles, and what a file says of itself.

import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context, TensorHandle } from "./context.ts";
import { argumentError } from "./context.ts";
import { checkedRequest, FILE, METADATA } from "./save-request.ts";
import { list, Tensor } from "./tensor.ts";
import type { SavedFile } from "./tensor-files.ts";

/** Options of saving. */
export interface SaveOptions {
  /** What the file says besides the tensors, by name (safetensors only). */
  metadata?: Readonly<Record<string, string>>;
  /** Whether numbers with a fraction take 16 bits, and not 32; no. */
  half?: boolean;
}

/** What a file holds. */
export interface TensorFile {
  /** The tensors by name; those of 64 bits are rounded to 32, small integers are i32. */
  tensors: Record<string, Tensor>;
  /** What else it says. */
  metadata: Record<string, string>;
}

/** The reader's own files of tensors. */
export interface Files {
  /** Writes tensors under a name such as "features.safetensors" or "features.npz", in place of what was there. */
  save(name: string, tensors: Readonly<Record<string, Tensor>>, options?: SaveOptions): Promise<Saved>;
  /** Reads a file that was saved, or added under Files: safetensors, npz or npy. */
  load(name: string): Promise<TensorFile>;
  /** What files there are. */
  list(): Promise<FileEntry[]>;
}

/** A file of the reader's. */
export interface FileEntry {
  name: string;
  /** Its size. */
  bytes: number;
}

export function files(context: Context): Files {
  return {
    save: (name, tensors, options = {}) => {
      context.wasm.checkNames("save", options, SAVE_OPTIONS);
      return saveTensors(context, name, Object.entries(tensors), options);
    },
    load: (name) => loadTensors(context, name),
    list: () => listFiles(context),
  };
}

/** @internal */
export const SAVE_OPTIONS = ["metadata", "half"];

/** @internal What was saved: shows its name and size. */
export async function saveTensors(
  context: Context,
  name: string,
  tensors: readonly (readonly [string, Tensor])[],
  options: SaveOptions,
): Promise<Saved> {
  const request = saveRequest(name, options);
  for (const [label, tensor] of tensors) {
    if (!(tensor instanceof Tensor)) throw argumentError(`save: ${label} is no tensor`);
    if (RESERVED.includes(label))
      throw argumentError(`save: a tensor cannot be called ${label}; give it another name`);
  }
  const labels = tensors.map(([label]) => label);
  const handles = list(
    context,
    tensors.map(([, tensor]) => tensor),
  );
  const saved = JSON.parse(await context.session.save(request, labels, handles)) as SavedFile;
  return new Saved(saved.file, saved.bytes, labels.length);
}

/** @internal How a file is to be written, as a text. Errors: it cannot be written so. */
export function saveRequest(file: string, { metadata = {}, half = false }: SaveOptions): string {
  try {
    return JSON.stringify(checkedRequest({ file, metadata, half }));
  } catch (error) {
    throw argumentError(`save: ${(error as Error).message}`);
  }
}

/** @internal */
export async function listFiles(context: Context): Promise<FileEntry[]> {
  const [pair] = (await context.session.load(FILE)) as [string, TensorHandle][];
  return pair ? ((await jsonOf(new Tensor(context, pair[1]))) as FileEntry[]) : [];
}

/** JSON in bytes. */
async function jsonOf(tensor: Tensor): Promise<unknown> {
  return JSON.parse(new TextDecoder().decode(Uint8Array.from((await tensor.data()) as Int32Array)));
}

/** @internal */
export async function loadTensors(context: Context, name: string): Promise<TensorFile> {
  if (typeof name !== "string" || name === "")
    throw argumentError('load: expected the name of a file, such as "net.safetensors"');
  const pairs = (await context.session.load(FILE + name)) as [string, TensorHandle][];
  const named = pairs.map(([label, handle]) => [label, new Tensor(context, handle)] as const);
  // What the file says comes after its tensors, whatever these are called.
  const [, said] = named.pop() ?? [];
  if (!said) throw argumentError(`load: nothing came of ${name}; reload the page`);
  return { tensors: Object.fromEntries(named), metadata: (await jsonOf(said)) as Record<string, string> };
}

/** What no tensor may be called: one stands for something else where files are read, one is no name of a member. */
const RESERVED: readonly string[] = [METADATA, "__proto__"];

/** A file that was written. */
export class Saved {
  /** @internal */
  constructor(
    /** Its name. */
    readonly name: string,
    /** Its size. */
    readonly bytes: number,
    /** How many tensors are in it. */
    readonly tensors: number,
  ) {}

  toString(): string {
    const size =
      this.bytes < 1e6 ? `${Math.ceil(this.bytes / 1e3)} kB` : `${(this.bytes / 1e6).toFixed(1)} MB`;
    return `${this.name}: ${this.tensors} tensors, ${size}`;
  }

  [DISPLAY](): LiveDisplay {
    return { kind: "text", text: this.toString() };
  }
}
