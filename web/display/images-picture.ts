// All images of a grid on one canvas: the picture beside the view in a saved notebook.

import { MAX_IMAGES, targetSize } from "./images.ts";
import { canvasOf, rangeOf, rgbaOf, zoomFor } from "./pixels.ts";
import type { ImagesDisplay } from "./schema.ts";
import { drawThings } from "./things.ts";

const GAP = 6;
const CAPTION = 16;

/** All images with their captions on one canvas. */
export function sheetOf(display: ImagesDisplay): HTMLCanvasElement {
  const { width, height, captions } = display;
  const count = Math.min(display.count, MAX_IMAGES);
  const zoom = Math.max(1, Math.round(display.zoom ?? zoomFor(width, height, targetSize(count))));
  const columns = Math.max(1, display.columns ?? Math.min(count, Math.floor(800 / (width * zoom + GAP))));
  const rows = Math.max(1, Math.ceil(count / columns));
  const [stepX, stepY] = [width * zoom + GAP, height * zoom + GAP + (captions ? CAPTION : 0)];
  const sheet = document.createElement("canvas");
  sheet.width = columns * stepX + GAP;
  sheet.height = rows * stepY + GAP;
  const context = sheet.getContext("2d");
  if (!context) return sheet;
  context.fillStyle = "white";
  context.fillRect(0, 0, sheet.width, sheet.height);
  context.imageSmoothingEnabled = false;
  context.fillStyle = "black";
  context.font = "12px sans-serif";
  context.textAlign = "center";
  const range = rangeOf(display.data, display.range);
  for (let i = 0; i < count; i++) {
    const [x, y] = [GAP + (i % columns) * stepX, GAP + Math.floor(i / columns) * stepY];
    context.drawImage(canvasOf(rgbaOf(display, i, range), width, height), x, y, width * zoom, height * zoom);
    drawThings(context, display, i, zoom, [x, y]);
    context.fillStyle = "black";
    context.font = "12px sans-serif";
    context.textAlign = "center";
    context.textBaseline = "alphabetic";
    context.fillText(captions?.[i] ?? "", x + (width * zoom) / 2, y + height * zoom + 12, width * zoom);
  }
  return sheet;
}
