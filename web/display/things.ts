// What lies where in an image: rectangles with names, and the pixels of each thing tinted.

import { canvasOf } from "./pixels.ts";
import type { ImagesDisplay } from "./schema.ts";

/** Told apart by most eyes, in the order of Okabe and Ito (2008), black left out. */
const COLOURS: [number, number, number][] = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [213, 94, 0],
  [204, 121, 167],
  [0, 114, 178],
];
const TINT = 0.45;
const LINE = 2;
const FONT = 11;

/** Draws the things of image `index` over it, on a canvas where an image pixel has `zoom` pixels. */
export function drawThings(
  context: CanvasRenderingContext2D,
  { boxes, masks, width, height }: ImagesDisplay,
  index: number,
  zoom: number,
  [left, top]: [number, number] = [0, 0],
): void {
  const colour = (thing: number, alpha = 1) =>
    `rgb(${COLOURS[thing % COLOURS.length]?.join(" ")} / ${alpha})`;
  if (masks) {
    context.imageSmoothingEnabled = false;
    const tint = canvasOf(tintOf(masks.subarray(index * width * height), width * height), width, height);
    context.drawImage(tint, left, top, width * zoom, height * zoom);
  }
  context.lineWidth = LINE;
  context.font = `${FONT}px sans-serif`;
  context.textBaseline = "top";
  context.textAlign = "left";
  for (const box of boxes ?? []) {
    if (box.image !== index) continue;
    const [x, y] = [left + box.left * zoom, top + box.top * zoom];
    context.strokeStyle = colour(box.thing);
    context.strokeRect(x, y, (box.right - box.left) * zoom, (box.bottom - box.top) * zoom);
    if (!box.label) continue;
    const textWidth = Math.min(context.measureText(box.label).width + 4, left + width * zoom - x);
    context.fillStyle = colour(box.thing);
    context.fillRect(x - LINE / 2, y, textWidth, FONT + 3);
    context.fillStyle = "black";
    context.fillText(box.label, x + 1, y + 2, Math.max(1, textWidth - 3));
  }
}

function tintOf(mask: Int32Array, size: number): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(4 * size);
  for (let i = 0; i < size; i++) {
    const thing = mask[i] ?? 0;
    if (thing > 0) rgba.set([...(COLOURS[(thing - 1) % COLOURS.length] ?? []), 255 * TINT], 4 * i);
  }
  return rgba;
}

/** ", with 2 boxes (cat, dog) and masks" */
export function thingsText({ boxes, masks }: ImagesDisplay): string {
  const named = [...new Set((boxes ?? []).flatMap(({ label }) => label ?? []))];
  const names = named.length > 0 ? ` (${named.slice(0, 20).join(", ")})` : "";
  const parts = [...(boxes ? [`${boxes.length} boxes${names}`] : []), ...(masks ? ["masks"] : [])];
  return parts.length > 0 ? `, with ${parts.join(" and ")}` : "";
}
