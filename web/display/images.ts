// A grid of small images, crisp at every zoom, with captions and the range of values that black and white stand for.

import { formatNumber } from "./inspect.ts";
import { canvasOf, placeText, rangeOf, rgbaOf, zoomFor } from "./pixels.ts";
import type { ImagesDisplay } from "./schema.ts";
import { drawThings, thingsText } from "./things.ts";
import type { View } from "./view.ts";
import { append, pngOf } from "./view.ts";

/** Screen size of an image's longer side when no zoom is asked for: smaller in a large grid. */
export const targetSize = (count: number) => (count === 1 ? 224 : count <= 16 ? 96 : 64);
export const MAX_IMAGES = 1000;

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
      canvas.dataset.values = String(i);
      canvas.dataset.grid = `${height} ${width}`;
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

  async picture(display) {
    const { sheetOf } = await import("./images-picture.ts");
    return pngOf(sheetOf(display));
  },

  valueAt(display, part, x, y) {
    const { channels, height, width, data, masks } = display;
    const [column, row, size] = [Math.floor(x * width), Math.floor(y * height), width * height];
    const at = row * width + column;
    const first = Number(part) * channels * size + at;
    const values = Array.from({ length: channels }, (_, c) =>
      formatNumber(data[first + c * size] ?? Number.NaN),
    );
    const thing = masks?.[Number(part) * size + at];
    return `${placeText(row, column)}: ${values.join(", ")}${thing ? ` · thing ${thing}` : ""}`;
  },
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
