// Image files: what their first bytes say, and their pixels, which the browser decodes. A header that promises more than fits
// is refused before anything is decoded; what browsers forgive (a file that ends early) is not forgiven here.

import { imageSize } from "image-size";
import { MOST_PIXELS } from "./limits.ts";
import type { Fit } from "./protocol.ts";
import { frameOf, Resampler } from "./resample.ts";

/** Width and height of an image file as its header has them. Errors: they cannot be found, or are too large. */
export function measure(bytes: Uint8Array): { width: number; height: number } {
  let size: { width: number; height: number };
  try {
    size = imageSize(bytes);
  } catch {
    throw new Error("its size cannot be read; the file is damaged");
  }
  const { width, height } = size;
  if (!(width > 0 && height > 0)) throw new Error(`it is ${width} × ${height} pixels`);
  if (width * height > MOST_PIXELS)
    throw new Error(
      `it is ${width} × ${height} pixels; at most ${Math.floor(MOST_PIXELS / 1e6)} million are read. Make it smaller first`,
    );
  if (endsEarly(bytes)) throw new Error("the file ends early");
  return { width, height };
}

/** Bytes [3, size, size] of an image, what is transparent over white. Errors: the browser cannot decode it. */
export async function decode(file: Blob, size: number, fit: Fit, planes: Uint8Array): Promise<void> {
  const bitmap = await createImageBitmap(file, { colorSpaceConversion: "none" }).catch(() => {
    throw new Error("the browser cannot decode it; the file is damaged, or of a kind that it does not know");
  });
  try {
    const frame = frameOf(bitmap.width, bitmap.height, size, fit);
    const { x, y, width, height } = frame.source;
    const resampler = new Resampler(frame, size);
    const rows = Math.max(1, Math.min(height, Math.floor(STRIP_PIXELS / width)));
    const canvas = new OffscreenCanvas(width, rows);
    const context = canvas.getContext("2d", { willReadFrequently: true, alpha: true });
    if (!context) throw new Error("the browser has no room to decode it");
    for (let top = 0; top < height; top += rows) {
      const strip = Math.min(rows, height - top);
      context.fillStyle = "white";
      context.fillRect(0, 0, width, rows);
      context.drawImage(bitmap, x, y + top, width, strip, 0, 0, width, strip);
      const { data } = context.getImageData(0, 0, width, strip);
      for (let row = 0; row < strip; row++)
        resampler.add(top + row, data.subarray(4 * row * width, 4 * (row + 1) * width));
    }
    resampler.write(planes);
  } finally {
    bitmap.close();
  }
}

/** So much of a large image is copied at a time. */
const STRIP_PIXELS = 2 ** 20;

/** Whether the end that its kind has is missing. What programs write behind that end does not matter. */
function endsEarly(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const starts = (...start: number[]) => start.every((byte, i) => bytes[i] === byte);
  if (starts(0x89, 0x50)) return !endsAsPng(view);
  if (starts(0xff, 0xd8)) return !endsAsJpeg(view);
  // A semicolon, and perhaps zeros.
  if (starts(0x47, 0x49)) return bytes.findLast((byte) => byte !== 0) !== 0x3b;
  if (starts(0x52, 0x49)) return view.getUint32(4, true) + 8 > bytes.length;
  if (starts(0x42, 0x4d)) return view.getUint32(2, true) > bytes.length;
  return false;
}

/** From chunk to chunk up to IEND. */
function endsAsPng(view: DataView): boolean {
  const IEND = 0x49454e44;
  for (let at = 8; at + 12 <= view.byteLength; at += 12 + view.getUint32(at)) {
    if (view.getUint32(at + 4) === IEND) return true;
  }
  return false;
}

/** From segment to segment up to the first scan: a thumbnail lies within one, and has an end of its own. Then there is an end. */
function endsAsJpeg(view: DataView): boolean {
  const [SCAN, END] = [0xffda, 0xffd9];
  let at = 2;
  while (at + 4 <= view.byteLength && view.getUint16(at) !== SCAN) at += 2 + view.getUint16(at + 2);
  for (; at + 2 <= view.byteLength; at++) if (view.getUint16(at) === END) return true;
  return false;
}
