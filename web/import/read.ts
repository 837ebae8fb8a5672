// From files to a set: what most of them are decides what the set is; the others are left out, and named.

import type { Entry } from "./entries.ts";
import { openAll } from "./entries.ts";
import type { Images } from "./images.ts";
import { readImages } from "./images.ts";
import { MOST_LISTED } from "./limits.ts";
import { commonFolders, placesOf } from "./place.ts";
import type { Broken, Imported, ImportOptions, Preview, SourceFile } from "./protocol.ts";
import { partsOf } from "./samples.ts";

/** Nothing could be made of the files; which are broken is said with it. */
export class NothingToRead extends Error {
  constructor(
    message: string,
    readonly broken: Broken[],
  ) {
    super(message);
  }
}

/** Reads all. Errors: `NothingToRead`. */
export async function read(
  files: readonly SourceFile[],
  options: ImportOptions,
  progress: (done: number, total: number) => void,
): Promise<Imported> {
  const broken = new BrokenFiles();
  const entries: Entry[] = [];
  await openAll(files, {
    found: (entry) => entries.push(entry),
    broken: broken.add,
    progress,
  });
  const images = entries.filter(({ format }) => format === "image");
  for (const { path, format } of entries)
    if (format !== "image") broken.add(path, `it is no image (${format})`);
  if (images.length === 0) throw new NothingToRead("There is no image among these files.", broken.list());
  const read = await readImages(images, options, broken.add, progress).catch((error: Error) => {
    throw new NothingToRead(error.message, broken.list());
  });
  if (read.entries.length === 0) throw new NothingToRead("None of these images can be read.", broken.list());
  return imageSet(read, broken);
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
