// Built-in data sets as files: `assets/NAME/manifest.json` lists them with size and hash. Only our own names are looked for,
// as the request comes from code that we did not write. What was loaded once is kept in the browser's storage, and every
// file is checked each time, wherever it came from: its length, and in a secure context its SHA-256.

import { fetchBytes, gunzip, sha256, storage } from "./files.ts";
import { idxText } from "./idx.ts";

/** A file of a collection: what it holds, such as "train.images", and its bytes, unpacked; or elements that were read, with sizes. */
export type CollectionFile =
  | [label: string, bytes: Uint8Array]
  | [label: string, elements: Float32Array | Int32Array | Uint32Array | Uint8Array, shape: number[]];

/** @internal Whether a collection is one of the reader's own. */
export function isOwn(what: string): boolean {
  return what.startsWith(OWN) || what === PICK;
}

/** @internal How the sets of the reader's own are asked for, and how the reader is. */
export const OWN = "own/";
/** @internal */
export const PICK = "pick:";

/** How far a data set has come. */
export interface LoadProgress {
  /** The name of the data set. */
  name: string;
  /** Bytes that are here; all of them once loading is over, even by an error. */
  loaded: number;
  /** Bytes of all its files. */
  total: number;
}

interface Manifest {
  classes?: string[];
  parts: Record<string, Record<string, FileEntry | number>>;
}

interface FileEntry {
  file: string;
  bytes: number;
  /** What it is when it is unpacked. */
  plain: { bytes: number; sha256: string };
}

/** Loads a collection from the folder that holds all of them, or a part of it (`name/part`). Errors: a file is missing, cut short or damaged. */
export async function loadCollection(
  assets: URL,
  name: string,
  onProgress: (progress: LoadProgress) => void = () => {},
): Promise<CollectionFile[]> {
  const [, set, only] = /^([a-z0-9-]{1,40})(?:\/([a-z0-9]{1,20}))?$/.exec(name) ?? [];
  if (set === undefined) throw new Error("there is no data set of this name");
  const folder = new URL(`${set}/`, assets);
  const manifest = await loadManifest(new URL("manifest.json", folder));
  const parts = Object.entries(manifest.parts).filter(([part]) => only === undefined || part === only);
  const wanted = parts.flatMap(([part, files]) =>
    Object.entries(files).flatMap(([what, entry]) =>
      typeof entry === "object" ? [{ label: `${part}.${what}`, entry }] : [],
    ),
  );
  const total = wanted.reduce((sum, { entry }) => sum + entry.bytes, 0);
  const here = wanted.map(() => 0);
  let isOver = false;
  const files = await Promise.all(
    wanted.map(async ({ label, entry }, i): Promise<CollectionFile> => {
      const tell = (bytes: number) => {
        // A server that unpacks on the way sends more than was packed.
        here[i] = Math.min(bytes, entry.bytes);
        if (!isOver) onProgress({ name, loaded: here.reduce((sum, count) => sum + count), total });
      };
      const bytes = await loadFile(new URL(entry.file, folder), entry, tell);
      tell(entry.bytes);
      return [label, bytes];
    }),
  ).finally(() => {
    // Nothing more is waited for, whether it came or not.
    isOver = true;
    onProgress({ name, loaded: total, total });
  });
  if (!manifest.classes) return files;
  return [...files, ["classes", idxText(manifest.classes.join("\n"))]];
}

/** The published one, or without a network the one that was kept. */
async function loadManifest(url: URL): Promise<Manifest> {
  const kept = await storage(STORE);
  try {
    const bytes = await fetchBytes(url);
    const manifest = readManifest(url, bytes);
    await keep(kept, url, bytes);
    return manifest;
  } catch (error) {
    const old = await found(kept, url);
    if (!old) throw error;
    return readManifest(url, old);
  }
}

/** Some hosts answer with a page of their own where a file is missing, or where the network wants a reader to sign in. */
function readManifest(url: URL, bytes: Uint8Array): Manifest {
  try {
    const manifest = JSON.parse(new TextDecoder().decode(bytes)) as Manifest;
    const entries = Object.values(manifest.parts).flatMap((files) => Object.values(files));
    const isFile = (entry: FileEntry | number) => typeof entry === "number" || entry.plain.bytes >= 0;
    if (entries.length > 0 && entries.every(isFile)) return manifest;
  } catch {
    // The same as one without files.
  }
  throw new Error(`${url.href} is no list of files; is the site complete?`);
}

async function loadFile(url: URL, entry: FileEntry, onBytes: (count: number) => void): Promise<Uint8Array> {
  const kept = await storage(STORE);
  const old = await found(kept, url);
  if (old) {
    const plain = await unpack(old, entry).catch(() => undefined);
    if (plain && (await damageOf(plain, entry)) === undefined) return plain;
    // Of another version, or spoilt: the published one takes its place.
  }
  const packed = await fetchBytes(url, onBytes);
  const plain = await unpack(packed, entry).catch(() => undefined);
  const damage = plain ? await damageOf(plain, entry) : `it cannot be unpacked to ${entry.plain.bytes} bytes`;
  if (!plain || damage !== undefined)
    throw new Error(
      `${url.href} is damaged: ${damage}. Run the cell again; if it stays so, the copy on the server is damaged`,
    );
  await keep(kept, url, packed);
  return plain;
}

/** Some servers unpack on the way what ends in .gz: then it is what is wanted already. */
async function unpack(
  bytes: Uint8Array<ArrayBuffer>,
  { plain }: FileEntry,
): Promise<Uint8Array<ArrayBuffer>> {
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzip(bytes, plain.bytes) : bytes;
}

/** What is wrong with an unpacked file, if anything is. */
async function damageOf(plain: Uint8Array<ArrayBuffer>, entry: FileEntry): Promise<string | undefined> {
  if (plain.length !== entry.plain.bytes)
    return `it has ${plain.length} bytes unpacked, not ${entry.plain.bytes}`;
  const hash = await sha256(plain);
  if (hash !== undefined && hash !== entry.plain.sha256) return `its SHA-256 is ${hash}`;
  return undefined;
}

/** What was kept of a file, if it can be read. */
async function found(store: Cache | undefined, url: URL): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const response = await store?.match(url);
    return response && new Uint8Array(await response.arrayBuffer());
  } catch {
    return undefined;
  }
}

const STORE = "gradbook-data";

/** A full disk only means that the file is fetched again next time. */
async function keep(store: Cache | undefined, url: URL, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  if (url.protocol.startsWith("http")) await store?.put(url, new Response(bytes)).catch(() => {});
}
