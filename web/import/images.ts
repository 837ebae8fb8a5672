// Image files as one array of bytes [N, C, S, S], with the class of each.

import type { Entry } from "./entries.ts";
import { MOST_RESIDENT, MOST_SET_BYTES } from "./limits.ts";
import { decode, measure } from "./picture.ts";
import type { ImportOptions } from "./protocol.ts";

export interface Images {
  /** Those of the files that could be decoded, in their order. */
  entries: Entry[];
  channels: number;
  side: number;
  values: Uint8Array<ArrayBuffer>;
  sizes: { size: string; count: number }[];
}

/** Images of one size up to this stay as they are. */
const SMALL = 128;
const USUAL = 64;

/** Decodes all. Errors: too many for memory, or not a single one is an image. */
export async function readImages(
  entries: readonly Entry[],
  { size, fit, colour }: ImportOptions,
  broken: (path: string, reason: string) => void,
  progress: (done: number, total: number) => void,
): Promise<Images> {
  const whole: Entry[] = [];
  const sizes = new Map<string, number>();
  for (const [i, entry] of entries.entries()) {
    progress(i, 2 * entries.length);
    try {
      const { width, height } = measure(new Uint8Array(await entry.file.arrayBuffer()));
      whole.push(entry);
      const text = `${width} × ${height}`;
      sizes.set(text, (sizes.get(text) ?? 0) + 1);
    } catch (error) {
      broken(entry.path, error instanceof Error ? error.message : String(error));
    }
  }
  const side = size ?? fittingSide(usualSide([...sizes.keys()]), whole.length);
  const each = 3 * side * side;
  if (whole.length * each > MOST_SET_BYTES)
    throw new Error(
      `${whole.length} images of ${side} × ${side} are more numbers than fit (${MOST_SET_BYTES}); choose a smaller size`,
    );
  const all = new Uint8Array(whole.length * each);
  const decoded: Entry[] = [];
  for (const [i, entry] of whole.entries()) {
    progress(entries.length + i, 2 * entries.length);
    const begin = decoded.length * each;
    try {
      await decode(entry.file, side, fit, all.subarray(begin, begin + each));
      decoded.push(entry);
    } catch (error) {
      broken(entry.path, error instanceof Error ? error.message : String(error));
    }
  }
  const colours = all.subarray(0, decoded.length * each);
  const isGrey = colour === "grey" || (colour === undefined && allGrey(colours, side * side));
  return {
    entries: decoded,
    channels: isGrey ? 1 : 3,
    side,
    values: isGrey ? greyOf(colours, side * side) : colours.slice(),
    sizes: [...sizes].map(([size, count]) => ({ size, count })).sort((a, b) => b.count - a.count),
  };
}

/** Halved until so many images fit where they are computed on. */
export function fittingSide(side: number, count: number): number {
  return side > 8 && 3 * side * side * count > MOST_RESIDENT ? fittingSide(Math.ceil(side / 2), count) : side;
}

function usualSide(sizes: readonly string[]): number {
  const [width = USUAL, height = USUAL] = sizes[0]?.split(" × ").map(Number) ?? [];
  return sizes.length === 1 && width === height && width <= SMALL ? width : USUAL;
}

function allGrey(values: Uint8Array, plane: number): boolean {
  for (let begin = 0; begin < values.length; begin += 3 * plane) {
    for (let i = begin; i < begin + plane; i++)
      if (values[i] !== values[i + plane] || values[i] !== values[i + 2 * plane]) return false;
  }
  return true;
}

/** Brightness by the weights of Rec. 601, as image programs do. */
function greyOf(values: Uint8Array, plane: number): Uint8Array<ArrayBuffer> {
  const grey = new Uint8Array(values.length / 3);
  for (let n = 0; n < grey.length / plane; n++) {
    for (let i = 0; i < plane; i++) {
      const at = 3 * n * plane + i;
      const [r = 0, g = 0, b = 0] = [values[at], values[at + plane], values[at + 2 * plane]];
      grey[n * plane + i] = Math.round((299 * r + 587 * g + 114 * b) / 1000);
    }
  }
  return grey;
}
