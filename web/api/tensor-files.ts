// Files of tensors where they are computed on: read, written, and kept by name. What parses them is a wasm module of its own,
// loaded with the first one.

import { wasmFiles } from "../pkg/files.ts";
import type { CollectionFile } from "./collections.ts";
import type { FileStore } from "./file-store.ts";
import { fetchBytes } from "./files.ts";
import { checkedRequest, fileName, METADATA } from "./save-request.ts";

/** The functions of the module that parses files. */
export type FilesModule = typeof import("../pkg/files/gradbook.js");

/** A tensor by name: its elements and their sizes. */
export type NamedTensor = [
  name: string,
  elements: Float32Array | Int32Array | Uint32Array | Uint8Array,
  shape: number[],
];

/** What was saved. */
export interface SavedFile {
  file: string;
  bytes: number;
}

let loading: Promise<FilesModule> | undefined;

/** The module, loaded once. `base` is the folder of the site or package. */
export function filesModule(base: URL): Promise<FilesModule> {
  loading ??= (async () => {
    const [module, source] = await Promise.all([
      import("../pkg/files/gradbook.js"),
      fetchBytes(new URL(wasmFiles.files.file, base)),
    ]);
    await module.default({ module_or_path: source });
    return module;
  })();
  // What did not load may do so later.
  loading.catch(() => (loading = undefined));
  return loading;
}

/**
 * A file of the reader's as a collection: its tensors, and its metadata as JSON in bytes. Without a name the list of all files, as JSON.
 * Errors: it is not there, or damaged.
 */
export async function loadOwn(base: URL, store: FileStore, name: string): Promise<CollectionFile[]> {
  if (name === "") return [json(METADATA, await store.list())];
  const file = fileName(name);
  const [module, bytes] = await Promise.all([filesModule(base), store.get(file)]);
  if (!bytes) {
    const names = (await store.list()).map((stored) => stored.name);
    throw new Error(
      `there is no file ${file}; there ${names.length === 1 ? "is" : "are"} ${names.join(", ") || "none"}`,
    );
  }
  const { tensors, metadata } = read(module, file, bytes);
  return [...tensors, json(METADATA, metadata)];
}

function json(label: string, value: unknown): CollectionFile {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  return [label, Int32Array.from(bytes), [bytes.length]];
}

/** A collection with the tensors of files that lie in it in their place. */
export async function unpackTensors(base: URL, files: CollectionFile[]): Promise<CollectionFile[]> {
  if (!files.some(([label]) => label.endsWith(TENSORS))) return files;
  const module = await filesModule(base);
  return files.flatMap((file): CollectionFile[] => {
    const [label, bytes] = file;
    return label.endsWith(TENSORS) ? read(module, label, bytes as Uint8Array).tensors : [file];
  });
}

/** Writes tensors as a file of the reader's. `request` comes from code that we did not write. */
export async function saveOwn(
  base: URL,
  store: FileStore,
  request: string,
  tensors: NamedTensor[],
): Promise<string> {
  const { file, metadata, half } = checkedRequest(JSON.parse(request));
  const module = await filesModule(base);
  const bytes = module.writeTensors(file, tensors, metadata, half) as Uint8Array<ArrayBuffer>;
  await store.put(file, bytes);
  return JSON.stringify({ file, bytes: bytes.length } satisfies SavedFile);
}

const TENSORS = ".tensors";

function read(module: FilesModule, file: string, bytes: Uint8Array) {
  return module.readTensors(file, bytes) as { tensors: NamedTensor[]; metadata: Record<string, string> };
}
