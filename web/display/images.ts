// A grid of small images, crisp at every zoom, with captions and the range of values that black and white stand for.

import { formatNumber } from "./inspect.ts";
import { canvasOf, rangeOf, rgbaOf, zoomFor } from "./pixels.ts";
import type { ImagesDisplay } from "./schema.ts";
import { drawThings, thingsText } from "./things.ts";
import type { View } from "./view.ts";
import { append, pngOf } from "./view.ts";

/** Screen size of an image's longer side when no zoom is asked for: smaller in a large grid. */
const targetSize = (count: number) => (count === 1 ? 224 : count <= 16 ? 96 : 64);
const MAX_IMAGES = 1000;
const GAP = 6;
const CAPTION = 16;

export const imagesView: View<ImagesDisplay> = {
  text(display) {
    const { count, channels, height, width, captions } = display;
    const what = channels === 1 ? "grey" : channels === 3 ? "colour" : "colour and alpha";
    const names = captions ? `: ${captions.slice(0, 50).join(", ")}${captions.length > 50 ? ", …" : ""}` : "";
    return `${count} ${count === 1 ? "image" : "images"}, ${width} × ${height}, ${what}, ${rangeText(display)}${names}${thingsText(display)}`;
  },

  render(host, display) {
    const { count, width, height, captions, columns } = display;
    const zoom = display.zoom ?? zoomFor(width, height, targetSize(count));
    const range = rangeOf(display.data, display.range);
    const grid = append(host, "div", "images-output");
    grid.style.setProperty("--image-width", `${Math.round(width * zoom)}px`);
    if (columns) grid.style.setProperty("--columns", String(columns));
    grid.classList.toggle("has-columns", columns !== undefined);
    for (let i = 0; i < Math.min(count, MAX_IMAGES); i++) {
      const figure = append(grid, "figure", "");
      const canvas = canvasOf(rgbaOf(display, i, range), width, height);
      canvas.style.aspectRatio = `${width} / ${height}`;
      canvas.role = "img";
      canvas.ariaLabel = captions?.[i] ? `Image ${i + 1}: ${captions[i]}` : `Image ${i + 1} of ${count}`;
      figure.append(canvas);
      if (display.boxes || display.masks) figure.append(thingsCanvas(display, i, zoom));
      if (captions?.[i]) append(figure, "figcaption", "", captions[i]);
    }
    const more = count > MAX_IMAGES ? ` · ${count - MAX_IMAGES} more images are not drawn` : "";
    append(host, "p", "output-note", `${count} × ${width} × ${height} · ${rangeText(display)}${more}`);
    return undefined;
  },

  picture: async (display) => pngOf(sheetOf(display)),
};

function rangeText({ data, range }: ImagesDisplay): string {
  const [low, high] = rangeOf(data, range);
  // Four digits of what the eye can tell apart: 1e-43 beside 1 is 0.
  const digits = (value: number) =>
    Math.abs(value) < (high - low) / 1e4 ? "0" : formatNumber(Number(value.toPrecision(4)));
  return `black ${digits(low)}, white ${digits(high)}`;
}

/** A canvas over an image, as fine as the screen. */
function thingsCanvas(display: ImagesDisplay, index: number, zoom: number): HTMLCanvasElement {
  const fine = Math.max(1, Math.round(zoom * Math.min(2, devicePixelRatio)));
  const canvas = document.createElement("canvas");
  canvas.className = "image-things";
  canvas.width = display.width * fine;
  canvas.height = display.height * fine;
  canvas.style.aspectRatio = `${display.width} / ${display.height}`;
  canvas.ariaHidden = "true";
  const context = canvas.getContext("2d");
  if (context) drawThings(context, display, index, fine);
  return canvas;
}

/** All images with their captions on one canvas. */
function sheetOf(display: ImagesDisplay): HTMLCanvasElement {
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
