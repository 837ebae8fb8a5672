// What the page and the worker that reads the reader's files say to each other. Both are ours, so it is typed and not checked.

import { MOST_RESIDENT } from "./limits.ts";

/** A file with its place in the folder or archive that it came in: `pets/cat/1.png`. */
export interface SourceFile {
  path: string;
  file: Blob;
}

export interface ImportOptions {
  /** Width and height of images; left out: as they are if all are alike and small, else 64. */
  size?: number;
  /** What becomes of images of another aspect. */
  fit: Fit;
  /** Left out: grey if every pixel is. */
  colour?: "grey" | "colour";
  /** The column of a table that has the targets; left out: the one whose name says so, or the last one. */
  target?: string;
}

/** Cut to the middle, stretched, or whole within a black border. */
export type Fit = "crop" | "stretch" | "pad";

export type ToImport = { type: "read"; id: number; files: SourceFile[]; options: ImportOptions };

export type FromImport =
  /** Files that were looked at, of those known so far. */
  | { type: "progress"; id: number; done: number; total: number }
  | { type: "done"; id: number; result: Imported }
  /** There is nothing to make a set of. */
  | { type: "failed"; id: number; message: string; broken: Broken[] };

/** A file that is left out, and why. */
export interface Broken {
  path: string;
  reason: string;
}

/** What was made of the files: a set that can be kept, and what a person should see of it before. */
export interface Imported {
  summary: Summary;
  preview: Preview | undefined;
  broken: Broken[];
  files: SetFile[];
}

/** A file of a set: `train.x`, `train.y` or `classes`, as IDX. */
export type SetFile = [label: string, file: Blob];

export interface Summary {
  /** A name that the files suggest; may be empty. */
  suggestion: string;
  kind: "images" | "sound" | "arrays" | "table";
  parts: PartSummary[];
  classes: string[];
  /** What the files had, such as "640 × 480", the most frequent first. */
  sizes: { size: string; count: number }[];
  /** Of a table: its columns, and which has the targets. */
  columns?: string[];
  target?: string;
  /** What a reader should know of how it was read. */
  notes: string[];
}

export interface PartSummary {
  /** `all`, or `train`, `validation`, `test`. */
  name: string;
  /** Samples first. */
  shape: number[];
  /** How many samples each class has; empty where the targets are numbers. */
  counts: number[];
}

/** Some of the images: bytes [N, C, H, W]. */
export interface Preview {
  count: number;
  channels: number;
  height: number;
  width: number;
  data: Uint8ClampedArray;
  captions: string[];
}

/** The parts that do not fit where they are computed on. */
export function streamedParts({ parts }: Summary): PartSummary[] {
  return parts.filter(({ shape }) => shape.reduce((product, size) => product * size, 1) > MOST_RESIDENT);
}

/** Bytes that a set takes as numbers: each is a word of 32 bits where it is computed on. */
export function deviceBytes({ parts }: Summary): number {
  return parts.reduce((sum, { shape }) => sum + 4 * shape.reduce((product, size) => product * size, 1), 0);
}
