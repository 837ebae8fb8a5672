// Built-in data sets as files: `assets/NAME/manifest.json` lists IDX files with size and hash. Only our own names are
// looked for, as the request comes from code that we did not write.

import { fetchBytes, gunzip, sha256 } from "./files.ts";

/** A file of a collection: what it holds, such as "train.images", and its bytes, unpacked. */
export type CollectionFile = [label: string, bytes: Uint8Array];

interface Manifest {
  parts: Record<string, { images: FileEntry; labels: FileEntry }>;
}

interface FileEntry {
  file: string;
  bytes: number;
  sha256: string;
}

/** Loads a collection from the folder that holds all of them. */
export async function loadCollection(assets: URL, name: string): Promise<CollectionFile[]> {
  if (!/^[a-z0-9-]{1,40}$/.test(name)) throw new Error("there is no data set of this name");
  const folder = new URL(`${name}/`, assets);
  const manifest = JSON.parse(
    new TextDecoder().decode(await fetchBytes(new URL("manifest.json", folder))),
  ) as Manifest;
  const wanted = Object.entries(manifest.parts).flatMap(([part, { images, labels }]) => [
    { label: `${part}.images`, entry: images },
    { label: `${part}.labels`, entry: labels },
  ]);
  return Promise.all(
    wanted.map(
      async ({ label, entry }): Promise<CollectionFile> => [
        label,
        await loadFile(new URL(entry.file, folder), entry),
      ],
    ),
  );
}

async function loadFile(url: URL, entry: FileEntry): Promise<Uint8Array> {
  const packed = await fetchBytes(url);
  if (packed.length !== entry.bytes) {
    // Some servers unpack on the way what ends in .gz: then the size differs and the bytes are what is wanted.
    if (packed[0] === 0) return packed;
    throw new Error(`${url.href} has ${packed.length} bytes; expected ${entry.bytes}`);
  }
  const hash = await sha256(packed);
  if (hash !== undefined && hash !== entry.sha256)
    throw new Error(`${url.href} is damaged: its SHA-256 is ${hash}`);
  return gunzip(packed);
}
