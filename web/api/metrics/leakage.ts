// Images that are in two sets, or nearly so: what is tested on must not have been learnt from.

import type { ImagesDisplay, LiveDisplay } from "../../display/schema.ts";
import { DISPLAY } from "../../display/schema.ts";
import type { Context } from "../context.ts";
import { argumentError } from "../context.ts";
import { Dataset } from "../dataset.ts";
import { hostModule } from "../host.ts";
import { imagesOf, isImages } from "./confusion.ts";

/** Pairs that are shown, and bytes of either side. */
const SHOWN = 12;
const BYTES = 40_000;

/** Two samples that are alike. */
export interface LeakedPair {
  /** Their numbers in the first and in the second set. */
  first: number;
  second: number;
  /** The correlation of the two, made small: 1 of the same image. */
  similarity: number;
  /** Whether they are the same in every pixel. */
  equal: boolean;
}

/** Samples of one set that are in another; shown as pairs of pictures. */
export class Leakage {
  /** @internal */
  constructor(
    /** The most similar first; at most a hundred. */
    readonly pairs: readonly LeakedPair[],
    /** How many pairs there are. */
    readonly found: number,
    /** How many of them are the same in every pixel. */
    readonly equal: number,
    /** How many samples of the second set have a twin in the first. */
    readonly images: number,
    /** From which similarity on two images count as alike. */
    readonly similarity: number,
    private readonly first: Dataset,
    private readonly second: Dataset,
  ) {}

  /** In a sentence. */
  toString(): string {
    const { found, equal, images, similarity, first, second } = this;
    const count = (n: number) => n.toLocaleString("en");
    const compared = `${count(first.length)} images of the first set (${first.name}) and ${count(second.length)} of the second (${second.name}) were compared`;
    if (found === 0) return `No image is in both sets: ${compared}.`;
    return `${count(equal)} pairs are identical, and ${count(found - equal)} alike (similarity of at least ${similarity}), which are to be looked at: ${count(images)} images of the second set have a twin in the first. ${compared}.`;
  }

  async [DISPLAY](): Promise<LiveDisplay> {
    const pictures = await this.pictures();
    if (!pictures) return { kind: "text", text: this.toString() };
    const section = {
      title: "Each pair: the first set's image, and the second's",
      text: [this.toString()],
      items: [pictures],
    };
    return { kind: "report", title: "Images that are in both sets", sections: [section] };
  }

  /** @internal Each pair as one picture, side by side; nothing if there is none, or the samples are no images. */
  async pictures(): Promise<ImagesDisplay | undefined> {
    const { pairs, first, second } = this;
    const shown = pairs.slice(0, SHOWN);
    if (shown.length === 0 || !isImages(first)) return undefined;
    const [left, right] = await Promise.all([
      imagesOf(
        first,
        shown.map(({ first }) => first),
        undefined,
        BYTES,
      ),
      imagesOf(
        second,
        shown.map(({ second }) => second),
        undefined,
        BYTES,
      ),
    ]);
    const captions = shown.map((pair) => {
      const how = pair.equal ? "identical" : `similarity ${pair.similarity.toFixed(3)}`;
      return `${pair.first} and ${pair.second}, ${how}`;
    });
    return { ...beside(left, right), captions, zoom: Math.max(1, Math.round(60 / left.width)) };
  }
}

/** Images with those of the same number to their right. */
function beside(left: ImagesDisplay, right: ImagesDisplay): ImagesDisplay {
  const { count, channels, height, width } = left;
  const data = new Uint8ClampedArray(2 * left.data.length);
  for (let row = 0; row < count * channels * height; row++) {
    data.set(left.data.subarray(row * width, (row + 1) * width), 2 * row * width);
    data.set(right.data.subarray(row * width, (row + 1) * width), (2 * row + 1) * width);
  }
  return { kind: "images", count, channels, height, width: 2 * width, data };
}

/** How similar images are that count as alike. Among handwritten digits some pairs of ones reach it by chance. */
const SIMILARITY = 0.995;
const MOST = 100;

export async function leakage(
  context: Context,
  first: Dataset,
  second: Dataset,
  options: { similarity?: number } = {},
): Promise<Leakage> {
  const what = "metrics.leakage";
  context.wasm.checkNames(what, options, ["similarity"]);
  if (!(first instanceof Dataset && second instanceof Dataset))
    throw argumentError(`${what}: expected two data sets`);
  const [shape, other] = [first.shape.slice(1), second.shape.slice(1)];
  if (shape.join() !== other.join() || shape.length !== 3)
    throw argumentError(
      `${what}: samples [${shape.join(", ")}] and [${other.join(", ")}]; expected images of the same shape [C, H, W]`,
    );
  const host = await hostModule(context);
  const values = async ({ x }: Dataset) => Float32Array.from((await x.data()) as ArrayLike<number>);
  const [a, b] = await Promise.all([values(first), values(second)]);
  const { similarity = SIMILARITY } = options;
  const { pairs, found, equal, images } = host.duplicates(a, b, Uint32Array.from(shape), similarity, MOST);
  return new Leakage(pairs, found, equal, images, similarity, first, second);
}
