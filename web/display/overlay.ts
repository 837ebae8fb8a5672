// A heat-map over an image: what a network looked at. The slider fades the map; the legend says what its colours mean.

import { cssGradient, diverging, sequential } from "./colormap.ts";
import { formatNumber } from "./inspect.ts";
import { canvasOf, matrixTable, placeText, rangeOf, rgbaOf, zoomFor } from "./pixels.ts";
import type { OverlayDisplay } from "./schema.ts";
import type { View } from "./view.ts";
import { append, pngOf } from "./view.ts";

export const TARGET_SIZE = 240;
export const OPACITY = 0.75;
const QUIET_ALPHA = 0.15;

export const overlayView: View<OverlayDisplay> = {
  text(display) {
    const { image, map, label } = display;
    const [low, high] = mapRange(display);
    return (
      `${label ?? "Heat-map"} over an image, ${image.width} × ${image.height}, map ${map.width} × ${map.height}, ` +
      `${formatNumber(low)} to ${formatNumber(high)}, strongest at ${strongest(display)}${frameText(display)}`
    );
  },

  render(host, display) {
    const { image } = display;
    const box = append(host, "div", "overlay-output");
    const zoom = zoomFor(image.width, image.height, TARGET_SIZE);
    box.style.setProperty("--image-width", `${image.width * zoom}px`);
    append(box, "p", "overlay-label", display.label ?? "Heat-map");
    const stack = append(box, "div", "overlay-stack");
    stack.style.aspectRatio = `${image.width} / ${image.height}`;
    stack.dataset.values = "map";
    stack.dataset.grid = `${image.height} ${image.width}`;
    stack.role = "img";
    stack.ariaLabel = overlayView.text(display);
    const [photo, heat] = [imageCanvas(display), heatCanvas(display)];
    heat.style.opacity = String(OPACITY);
    stack.append(photo, heat);
    const frame = frameOf(display);
    if (frame) {
      const { left, top, right, bottom } = frame;
      const { style } = append(stack, "div", "overlay-frame");
      const part = (pixels: number, of: number) => `${(100 * pixels) / of}%`;
      style.left = part(left, image.width);
      style.top = part(top, image.height);
      style.width = part(right - left, image.width);
      style.height = part(bottom - top, image.height);
    }

    appendLegend(box, display);
    const label = append(box, "label", "overlay-opacity", "Opacity");
    const slider = append(label, "input", "");
    slider.type = "range";
    slider.min = "0";
    slider.max = "1";
    slider.step = "0.05";
    slider.value = String(OPACITY);
    slider.oninput = () => {
      heat.style.opacity = slider.value;
    };
    return undefined;
  },

  async picture(display) {
    const { overlaySheet } = await import("./overlay-picture.ts");
    return pngOf(overlaySheet(display));
  },

  table: ({ map: { height, width, data } }) => matrixTable(height, width, data),

  valueAt({ image, map }, _, x, y) {
    const [column, row] = [Math.floor(x * image.width), Math.floor(y * image.height)];
    const size = image.width * image.height;
    const pixel = Array.from({ length: image.channels }, (_, c) =>
      formatNumber(image.data[c * size + row * image.width + column] ?? Number.NaN),
    );
    const value = map.data[Math.floor(y * map.height) * map.width + Math.floor(x * map.width)] ?? Number.NaN;
    return `${placeText(row, column)}: map ${formatNumber(value)}, image ${pixel.join(", ")}`;
  },
};

/** What of the frame lies within the image. */
export function frameOf({ box, image }: OverlayDisplay): OverlayDisplay["box"] {
  if (!box) return undefined;
  const within = (value: number, most: number) => Math.min(Math.max(value, 0), most);
  const [left, right] = [within(box.left, image.width), within(box.right, image.width)];
  const [top, bottom] = [within(box.top, image.height), within(box.bottom, image.height)];
  return right > left && bottom > top ? { left, top, right, bottom } : undefined;
}

function frameText({ box }: OverlayDisplay): string {
  return box
    ? `, a frame from column ${box.left + 1}, row ${box.top + 1} to column ${box.right}, row ${box.bottom}`
    : "";
}

function appendLegend(box: HTMLElement, display: OverlayDisplay): void {
  const [low, high] = mapRange(display);
  const legend = append(box, "div", "overlay-legend");
  const bar = append(legend, "div", "overlay-bar");
  bar.style.background = display.signed ? cssGradient(diverging, -1, 1) : cssGradient(sequential, 0, 1);
  const ticks = append(legend, "div", "overlay-ticks");
  append(ticks, "span", "", formatNumber(low));
  if (display.signed) append(ticks, "span", "", "0");
  append(ticks, "span", "", formatNumber(high));
}

/** Signed maps are symmetric around 0, so that white always means nothing. */
export function mapRange({ map, signed }: OverlayDisplay): readonly [number, number] {
  const [low, high] = rangeOf(map.data).map((value) => Number(value.toPrecision(3))) as [number, number];
  if (!signed) return [Math.min(low, 0), high];
  const extent = Math.max(Math.abs(low), Math.abs(high));
  return [-extent, extent];
}

export function imageCanvas({ image }: OverlayDisplay): HTMLCanvasElement {
  return canvasOf(rgbaOf(image, 0, rangeOf(image.data)), image.width, image.height);
}

export function heatCanvas(display: OverlayDisplay): HTMLCanvasElement {
  const { map, signed } = display;
  const [low, high] = mapRange(display);
  const rgba = new Uint8ClampedArray(4 * map.data.length);
  for (const [i, value] of map.data.entries()) {
    const t = signed ? value / high : (value - low) / (high - low);
    const color = signed ? diverging(t) : sequential(t);
    // Where the map says little the image shows through.
    const alpha = QUIET_ALPHA + (1 - QUIET_ALPHA) * Math.min(1, 2 * Math.abs(t));
    rgba.set([...color, 255 * alpha], 4 * i);
  }
  return canvasOf(rgba, map.width, map.height);
}

function strongest({ map }: OverlayDisplay): string {
  let best = 0;
  for (const [i, value] of map.data.entries()) if (Math.abs(value) > Math.abs(map.data[best] ?? 0)) best = i;
  return `column ${(best % map.width) + 1}, row ${Math.floor(best / map.width) + 1}`;
}
