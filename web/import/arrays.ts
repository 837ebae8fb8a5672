// Arrays of samples and arrays of targets, which their names tell apart, to the parts of a set.

import type { Elements } from "../api/idx.ts";
import type { ArrayFile, SampleReader } from "../api/samples.ts";
import { idxBlob, textBlob } from "./blobs.ts";
import type { Entry } from "./entries.ts";
import { MOST_CLASSES, MOST_SET_BYTES, sizeText } from "./limits.ts";
import { commonFolders, inOrder, inParts, oneLine, PARTS, partOfFile } from "./place.ts";
import type { PartSummary, SetFile, Summary } from "./protocol.ts";

/** A set of arrays, and its first images if they are some. */
export interface ArraySet {
  summary: Summary;
  files: SetFile[];
  /** Bytes [N, C, H, W] of the first part, with the label of each. */
  images: { shape: number[]; values: Uint8Array; labels: Int32Array } | undefined;
}

interface Named extends ArrayFile {
  path: string;
  name: string;
  part: string;
  isTarget: boolean;
}

/** Reads all. Errors: it is not clear what belongs together, or too much for memory. */
export async function readArrays(
  entries: readonly Entry[],
  lists: readonly Entry[],
  reader: SampleReader,
  broken: (path: string, reason: string) => void,
  progress: (done: number, total: number) => void,
): Promise<ArraySet> {
  const read: Named[] = [];
  const common = commonFolders(entries.map(({ path }) => path)).length;
  let held = 0;
  for (const [i, entry] of entries.entries()) {
    progress(i, entries.length);
    // No number takes less than half of what it takes in the file.
    if (held + entry.file.size / 2 > MOST_SET_BYTES) throw tooMany();
    try {
      const own = await arraysIn(entry, partOfFile(entry.path, common), reader);
      held = own.reduce((sum, { values }) => sum + values.byteLength, held);
      read.push(...own);
    } catch (error) {
      broken(entry.path, error instanceof Error ? error.message : String(error));
    }
  }
  if (read.length === 0) throw new Error("None of these files can be read.");
  if (held > MOST_SET_BYTES) throw tooMany();
  const arrays = inParts(read, broken);
  const parts = PARTS.filter((part) => arrays.some((array) => array.part === part));
  const notes = new Set<string>();
  const made = parts.map((part) => ({
    part,
    ...together(
      arrays.filter((array) => array.part === part),
      part,
      notes,
    ),
  }));
  const most = made.reduce(
    (most, { y }) => (y.values instanceof Int32Array ? highest(y.values, most) : most),
    -1,
  );
  const classes = await classNames(lists, most + 1);
  const files: SetFile[] = [];
  let images: ArraySet["images"];
  const summaries = made.map(({ part, x, y }): PartSummary => {
    const labels = y.values instanceof Int32Array ? y.values : undefined;
    const counts = classes.map(() => 0);
    if (classes.length > 0) for (const label of labels ?? []) counts[label] = (counts[label] ?? 0) + 1;
    if (x.values instanceof Uint8Array && labels && !images)
      images = { shape: x.dims.slice(1), values: x.values, labels: labels.slice() };
    const summary = { name: part, shape: x.dims, counts: classes.length > 0 ? counts : [] };
    files.push([`${part}.y`, idxBlob(y.dims, y.values)]);
    // Bytes stay as they are, so the preview can use them still.
    files.push([`${part}.x`, idxBlob(x.dims, x.values)]);
    return summary;
  });
  files.push(["classes", textBlob(classes.join("\n"))]);
  const [shape] = summaries;
  if (made.some(({ x }) => x.dims.slice(1).join() !== shape?.shape.slice(1).join()))
    notes.add("The parts have samples of different shapes.");
  return {
    summary: {
      suggestion: "",
      kind: images ? "images" : "arrays",
      parts: summaries,
      classes,
      sizes: [],
      notes: [...notes],
    },
    files,
    images,
  };
}

function tooMany(): Error {
  return new Error(`These arrays are larger than a set may be (${sizeText(MOST_SET_BYTES)}).`);
}

async function arraysIn(
  { path, file, format }: Entry,
  ownPart: string | undefined,
  reader: SampleReader,
): Promise<Named[]> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const name =
    path
      .split("/")
      .at(-1)
      ?.replace(/\.(npy|bin)$/i, "") ?? path;
  const part = ownPart ?? (/data_batch_\d/i.test(name) ? "train" : "all");
  if (format === "cifar") {
    const { labels, pixels } = reader.read(path, bytes, "cifar");
    const x = { path, name, part, isTarget: false, dims: [labels.length, 3, 32, 32], values: pixels };
    return [x, { path, name, part, isTarget: true, dims: [labels.length], values: labels }];
  }
  const { dims, values } = reader.read(path, bytes, format as "npy");
  return [{ path, name, part, isTarget: isTarget(name), dims, values }];
}

/** Whether a name is that of targets: `y`, `y_train`, `train-labels-idx1-ubyte`, `targets`. */
export function isTarget(name: string): boolean {
  return name
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .some((word) => /^(y|ytrain|ytest|yval|labels?|targets?|class|classes)$/.test(word));
}

/** Samples and targets of a part: several of each follow one another in the order of their names. */
function together(arrays: readonly Named[], part: string, notes: Set<string>): { x: X; y: Y } {
  const place = part === "all" ? "" : ` for ${part}`;
  const samples = arrays.filter(({ isTarget }) => !isTarget);
  if (samples.length === 0) throw new Error(`There are targets${place}, but no samples.`);
  const x = samplesOf(joined(samples, "samples"), notes);
  const targets = arrays.filter(({ isTarget }) => isTarget);
  const [count = 0] = x.dims;
  if (targets.length === 0) {
    notes.add(
      "There are no targets among these files: all labels are 0. Targets are called y, labels or targets.",
    );
    return { x, y: { dims: [count], values: new Int32Array(count) } };
  }
  const y = targetsOf(joined(targets, "targets"));
  if (y.dims[0] !== count) throw new Error(`There are ${count} samples${place}, but ${y.dims[0]} targets.`);
  return { x, y };
}

function joined(arrays: readonly Named[], what: string): ArrayFile {
  const names = inOrder(arrays.map(({ name }) => name));
  const sorted = [...arrays].sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
  const [first, ...others] = sorted as [Named, ...Named[]];
  if (others.length === 0) return first;
  const inner = first.dims.slice(1).join();
  for (const { name, dims, values } of others) {
    if (
      dims.length === 0 ||
      dims.slice(1).join() !== inner ||
      values.constructor !== first.values.constructor
    )
      throw new Error(
        `It is not clear which of ${names.join(", ")} are the ${what}: ${first.name} is [${first.dims.join(", ")}], ${name} [${dims.join(", ")}]. ` +
          "Call samples x and targets y.",
      );
  }
  const length = sorted.reduce((sum, { values }) => sum + values.length, 0);
  const all = new (first.values.constructor as Uint8ArrayConstructor)(length);
  let at = 0;
  for (const { values } of sorted) {
    all.set(values as Uint8Array, at);
    at += values.length;
  }
  return {
    dims: [sorted.reduce((sum, { dims }) => sum + (dims[0] ?? 0), 0), ...first.dims.slice(1)],
    values: all,
  };
}

interface X {
  dims: number[];
  values: Uint8Array | Float32Array;
}

interface Y {
  dims: number[];
  values: Int32Array | Float32Array;
}

/** Bytes of images stay bytes, [N, C, H, W]; everything else becomes numbers, at least [N, 1]. */
function samplesOf({ dims, values }: ArrayFile, notes: Set<string>): X {
  if (dims.length === 0 || dims.includes(0))
    throw new Error(`The samples are [${dims.join(", ")}]: there is none.`);
  const [n = 0, a = 0, b = 0, c = 0] = dims;
  if (values instanceof Uint8Array) {
    if (dims.length === 3) return { dims: [n, 1, a, b], values };
    if (dims.length === 4 && areChannels(a)) return { dims, values };
    if (dims.length === 4 && areChannels(c)) {
      notes.add("Channels come last in the file; they were put in front: [N, C, H, W].");
      return { dims: [n, c, a, b], values: channelsFirst(values, a * b, c) };
    }
    if (dims.length === 2) {
      notes.add("Bytes became numbers from 0 to 1.");
      return { dims, values: floats(values).map((byte) => byte / 255) };
    }
  }
  const numbers = values instanceof Float32Array ? values : floats(values);
  return { dims: dims.length === 1 ? [n, 1] : dims, values: numbers };
}

function floats(values: Elements): Float32Array {
  if (4 * values.length > MOST_SET_BYTES) throw tooMany();
  return Float32Array.from(values);
}

function areChannels(size: number): boolean {
  return size === 1 || size === 3 || size === 4;
}

function channelsFirst(values: Uint8Array, plane: number, channels: number): Uint8Array {
  const moved = new Uint8Array(values.length);
  for (let begin = 0; begin < values.length; begin += plane * channels)
    for (let i = 0; i < plane; i++)
      for (let c = 0; c < channels; c++)
        moved[begin + c * plane + i] = values[begin + i * channels + c] as number;
  return moved;
}

/** Whole numbers from 0 are labels. */
function targetsOf({ dims, values }: ArrayFile): Y {
  const flat = dims.length === 2 && dims[1] === 1 ? dims.slice(0, 1) : dims;
  if (flat.length === 0) throw new Error("The targets are one number.");
  const areLabels =
    !(values instanceof Float32Array) && flat.length === 1 && values.every((label) => label >= 0);
  return { dims: flat, values: areLabels ? Int32Array.from(values) : Float32Array.from(values as Elements) };
}

function highest(values: Int32Array, start: number): number {
  return values.reduce((most, value) => Math.max(most, value), start);
}

/** A text with as many lines as there are classes, or their numbers. */
async function classNames(lists: readonly Entry[], count: number): Promise<string[]> {
  if (count === 0 || count > MOST_CLASSES) return [];
  for (const { file } of lists) {
    if (file.size > 100 * MOST_CLASSES) continue;
    const lines = (await file.text()).split(/\r?\n/).filter((line) => line.trim() !== "");
    if (lines.length === count) return lines.map((line) => oneLine(line.trim()));
  }
  return Array.from({ length: count }, (_, label) => String(label));
}
