// From files to a set. The kind that most of them have is the kind of the set; the others are left out, and named.

import { loadSampleReader } from "../api/samples.ts";
import type { ArraySet } from "./arrays.ts";
import { readArrays } from "./arrays.ts";
import type { Entry } from "./entries.ts";
import { openAll } from "./entries.ts";
import type { Images } from "./images.ts";
import { readImages } from "./images.ts";
import { MOST_LISTED } from "./limits.ts";
import { commonFolders, placesOf } from "./place.ts";
import type { Broken, Imported, ImportOptions, Preview, SourceFile } from "./protocol.ts";
import { partsOf } from "./samples.ts";
import type { Sounds } from "./sounds.ts";
import { MOST_SECONDS, readSounds } from "./sounds.ts";
import { readTables } from "./tables.ts";

/** Nothing could be made of the files; which are broken is said with it. */
export class NothingToRead extends Error {
  constructor(
    message: string,
    readonly broken: Broken[],
  ) {
    super(message);
  }
}

/** Of two that are as frequent, the first one. */
const KINDS: { kind: string; formats: Entry["format"][] }[] = [
  { kind: "images", formats: ["image"] },
  { kind: "recordings", formats: ["wav"] },
  { kind: "arrays", formats: ["npy", "idx", "cifar"] },
  { kind: "tables", formats: ["text"] },
];

/** Reads all. `base` is the folder of the site. Errors: `NothingToRead`. */
export async function read(
  files: readonly SourceFile[],
  options: ImportOptions,
  base: URL,
  progress: (done: number, total: number) => void,
): Promise<Imported> {
  const broken = new BrokenFiles();
  const entries: Entry[] = [];
  await openAll(files, {
    found: (entry) => entries.push(entry),
    broken: broken.add,
    progress,
  });
  const chosen = usualKind(entries);
  if (!chosen) throw new NothingToRead("None of these files can be read.", broken.list());
  const own = entries.filter(({ format }) => chosen.formats.includes(format));
  const others = entries.filter(({ format }) => !chosen.formats.includes(format));
  // Beside arrays a text may have the names of the classes.
  const lists = chosen.kind === "arrays" ? others : [];
  if (chosen.kind !== "arrays")
    for (const { path } of others)
      broken.add(path, `it is left out beside ${chosen.kind}: a set has one kind of sample`);
  try {
    const reader = () => loadSampleReader(base);
    switch (chosen.kind) {
      case "images":
        return imageSet(await readImages(own, options, broken.add, progress), broken);
      case "recordings":
        return soundSet(await readSounds(own, await reader(), broken.add, progress), broken);
      case "arrays":
        return arraySet(await readArrays(own, lists, await reader(), broken.add, progress), own, broken);
      default: {
        const table = await readTables(own, await reader(), options.target, broken.add);
        table.summary.suggestion = stem(own[0]?.path ?? "");
        return { ...table, preview: undefined, broken: broken.list() };
      }
    }
  } catch (error) {
    throw new NothingToRead(error instanceof Error ? error.message : String(error), broken.list());
  }
}

/** @internal The kind that most files have. Texts beside arrays only describe these. */
export function usualKind(entries: readonly Pick<Entry, "format">[]): (typeof KINDS)[number] | undefined {
  const counted = KINDS.map((kind) => {
    const count = entries.filter(({ format }) => kind.formats.includes(format)).length;
    return { kind, count };
  });
  const hasArrays = counted.some(({ kind, count }) => kind.kind === "arrays" && count > 0);
  const eligible = counted.filter(({ kind, count }) => count > 0 && !(hasArrays && kind.kind === "tables"));
  return eligible.reduce<(typeof eligible)[number] | undefined>(
    (most, one) => (most && most.count >= one.count ? most : one),
    undefined,
  )?.kind;
}

class BrokenFiles {
  readonly #list: Broken[] = [];
  #more = 0;

  readonly add = (path: string, reason: string): void => {
    if (this.#list.length < MOST_LISTED) this.#list.push({ path, reason });
    else this.#more += 1;
  };

  list(): Broken[] {
    const rest = { path: `${this.#more} more`, reason: "they are left out as well" };
    return this.#more > 0 ? [...this.#list, rest] : this.#list;
  }
}

function imageSet({ entries, channels, side, values, sizes }: Images, broken: BrokenFiles): Imported {
  if (entries.length === 0) throw new Error("None of these images can be read.");
  const paths = entries.map(({ path }) => path);
  const places = placesOf(paths);
  const suggestion = commonFolders(paths).at(-1) ?? "";
  const shape = [channels, side, side];
  const { parts, classes, files } = partsOf({ shape, values, places }, suggestion || "images");
  const notes =
    classes.length === 1
      ? ["All are of one class. Folders are classes: put each class into one of its own."]
      : [];
  return {
    summary: { suggestion, kind: "images", parts, classes, sizes, notes },
    preview: previewOf(
      shape,
      values,
      places.map((place) => place.class || suggestion || "images"),
    ),
    broken: broken.list(),
    files,
  };
}

function soundSet({ entries, rate, length, values, cut, sizes }: Sounds, broken: BrokenFiles): Imported {
  if (entries.length === 0) throw new Error("None of these recordings can be read.");
  const paths = entries.map(({ path }) => path);
  const suggestion = commonFolders(paths).at(-1) ?? "";
  const samples = { shape: [length], values, places: placesOf(paths) };
  const { parts, classes, files } = partsOf(samples, suggestion || "sound");
  const notes = [`${rate} samples a second, values −1…1; shorter recordings end in silence.`];
  if (cut > 0)
    notes.push(
      `${cut === 1 ? "One recording is" : `${cut} recordings are`} longer than ${MOST_SECONDS} s; what follows is left out.`,
    );
  return {
    summary: { suggestion, kind: "sound", parts, classes, sizes, notes },
    preview: undefined,
    broken: broken.list(),
    files,
  };
}

function arraySet(
  { summary, files, images }: ArraySet,
  entries: readonly Entry[],
  broken: BrokenFiles,
): Imported {
  const paths = entries.map(({ path }) => path);
  const name = (label: number) => summary.classes[label] ?? String(label);
  const isSmall = images && Math.max(...images.shape.slice(1)) <= LARGEST_PREVIEW;
  return {
    summary: { ...summary, suggestion: commonFolders(paths).at(-1) ?? stem(paths[0] ?? "") },
    preview: isSmall ? previewOf(images.shape, images.values, Array.from(images.labels, name)) : undefined,
    broken: broken.list(),
    files,
  };
}

/** The name of a file without what says its kind. */
function stem(path: string): string {
  return path.split("/").at(-1)?.replace(/\..*$/, "") ?? "";
}

/** Sides of images that are shown. */
const LARGEST_PREVIEW = 512;
const PREVIEWED = 24;

/** A few of each class in turn. */
function previewOf(shape: number[], values: Uint8Array, classes: readonly string[]): Preview {
  const [channels = 1, height = 1, width = 1] = shape;
  const each = channels * height * width;
  const ranks = new Map<string, number>();
  const order = classes.map((name, i) => {
    const rank = ranks.get(name) ?? 0;
    ranks.set(name, rank + 1);
    return { i, rank };
  });
  const chosen = order.sort((a, b) => a.rank - b.rank || a.i - b.i).slice(0, PREVIEWED);
  const data = new Uint8ClampedArray(chosen.length * each);
  for (const [to, { i }] of chosen.entries()) data.set(values.subarray(i * each, (i + 1) * each), to * each);
  return {
    count: chosen.length,
    channels,
    height,
    width,
    data,
    captions: chosen.map(({ i }) => classes[i] ?? ""),
  };
}
