// Files of samples: arrays, sound, tables. The module that reads them is loaded when there is one.

import { filesModule } from "./tensor-files.ts";

/** What files that are no images are. */
export type SampleFormat = "npy" | "idx" | "cifar" | "wav" | "text";

/** An array as its file has it: bytes as they are, else words. */
export interface ArrayFile {
  dims: number[];
  values: Uint8Array | Int32Array | Float32Array;
}

/** Images [N, 3, 32, 32] with a label each. */
export interface CifarFile {
  classes: number;
  labels: Uint8Array;
  pixels: Uint8Array;
}

/** One channel of sound. */
export interface SoundFile {
  /** Samples a second. */
  rate: number;
  samples: Int16Array;
}

/** Columns of the same length. */
export interface TableFile {
  rows: number;
  /** Lines that were left out as a value was missing. */
  gaps: number;
  columns: TableColumn[];
}

/** Numbers, or words as their places in a list. */
export type TableColumn =
  | { name: string; numbers: Float32Array }
  | { name: string; codes: Int32Array; words: string[] };

/** Reads files. Errors: one is damaged, or of another format. */
export interface SampleReader {
  read(path: string, bytes: Uint8Array, format: "npy" | "idx"): ArrayFile;
  read(path: string, bytes: Uint8Array, format: "cifar"): CifarFile;
  read(path: string, bytes: Uint8Array, format: "wav"): SoundFile;
  read(path: string, bytes: Uint8Array, format: "text"): TableFile;
}

/** Loads what reads them. `base` is the folder of the site. */
export async function loadSampleReader(base: URL): Promise<SampleReader> {
  const module = await filesModule(base);
  return { read: module.readSamples as SampleReader["read"] };
}
