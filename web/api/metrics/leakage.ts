// Images that are in two sets, or nearly so: what is tested on must not have been learnt from.

import type { ImagesDisplay, LiveDisplay } from "../../display/schema.ts";
import { DISPLAY } from "../../display/schema.ts";
import type { Context } from "../context.ts";
import { argumentError } from "../context.ts";
import { Dataset } from "../dataset.ts";
import { imagesOf, isImages } from "./confusion.ts";
import { hostOf } from "./host.ts";

/** Pairs that are shown. */
const SHOWN = 24;

/** Two samples that are alike. */
export interface LeakedPair {
  /** Their numbers in the first and in the second set. */
  a: number;
  b: number;
  /** 0 of the same image; 1 of two that have nothing in common. */
  distance: number;
  /** Whether they are the same to the last bit. */
  isExact: boolean;
}

/** Samples of one set that are in another; shown as pairs of pictures. */
export class Leakage {
  /** @internal */
  constructor(
    /** The nearest first. */
    readonly pairs: readonly LeakedPair[],
    private readonly first: Dataset,
    private readonly second: Dataset,
  ) {}

  /** In a sentence. */
  toString(): string {
    const { pairs, first, second } = this;
    const sizes = `${first.length.toLocaleString("en")} samples of ${first.name} and ${second.length.toLocaleString("en")} of ${second.name}`;
    if (pairs.length === 0) return `No sample is in both sets: ${sizes} were compared.`;
    const exact = pairs.filter(({ isExact }) => isExact).length;
    return `${pairs.length} pairs are alike, ${exact} of them identical, of ${sizes}: the second set is not new to what learnt from the first.`;
  }

  async [DISPLAY](): Promise<LiveDisplay> {
    return (await this.pictures()) ?? { kind: "text", text: this.toString() };
  }

  /** @internal Each pair as one picture, side by side; nothing if there is none, or the samples are no images. */
  async pictures(): Promise<ImagesDisplay | undefined> {
    const { pairs, first, second } = this;
    const shown = pairs.slice(0, SHOWN);
    if (shown.length === 0 || !isImages(first)) return undefined;
    const [left, right] = await Promise.all([
      imagesOf(
        first,
        shown.map(({ a }) => a),
      ),
      imagesOf(
        second,
        shown.map(({ b }) => b),
      ),
    ]);
    const captions = shown.map(({ a, b, distance, isExact }) => {
      const how = isExact ? "identical" : `distance ${distance.toFixed(3)}`;
      return `${first.name} ${a} · ${second.name} ${b}, ${how}`;
    });
    return { ...beside(left, right), captions };
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

export async function leakage(
  context: Context,
  first: Dataset,
  second: Dataset,
  options: { threshold?: number } = {},
): Promise<Leakage> {
  const what = "metrics.leakage";
  context.wasm.checkNames(what, options, ["threshold"]);
  if (!(first instanceof Dataset && second instanceof Dataset))
    throw argumentError(`${what}: expected two data sets`);
  const [shape, other] = [first.shape.slice(1), second.shape.slice(1)];
  if (shape.join() !== other.join())
    throw argumentError(
      `${what}: samples [${shape.join(", ")}] and [${other.join(", ")}]; expected the same shape`,
    );
  const host = await hostOf(context);
  const values = async ({ x }: Dataset) => Float32Array.from((await x.data()) as ArrayLike<number>);
  const [a, b] = await Promise.all([values(first), values(second)]);
  return new Leakage(host.leakage(a, b, shape, options.threshold), first, second);
}
