// A heat-map over its image with its legend, on one canvas: the picture beside the view in a saved notebook.

import { diverging, sequential } from "./colormap.ts";
import { formatNumber } from "./inspect.ts";
import { frameOf, heatCanvas, imageCanvas, mapRange, OPACITY, TARGET_SIZE } from "./overlay.ts";
import { zoomFor } from "./pixels.ts";
import type { OverlayDisplay } from "./schema.ts";

/** Beside the colours of both scales. */
const FRAME = "#19b3e6";
const LABEL = 20;
const LEGEND = 32;
const BAR = 10;
const NARROWEST = 160;

export function overlaySheet(display: OverlayDisplay): HTMLCanvasElement {
  const { image } = display;
  const zoom = zoomFor(image.width, image.height, TARGET_SIZE);
  const [width, height] = [image.width * zoom, image.height * zoom];
  const sheet = document.createElement("canvas");
  sheet.width = Math.max(width, NARROWEST);
  sheet.height = LABEL + height + LEGEND;
  const context = sheet.getContext("2d");
  if (!context) return sheet;
  context.fillStyle = "white";
  context.fillRect(0, 0, sheet.width, sheet.height);
  context.fillStyle = "black";
  context.font = "bold 12px sans-serif";
  context.fillText(display.label ?? "Heat-map", 0, 13, sheet.width);
  context.translate(0, LABEL);
  context.imageSmoothingEnabled = false;
  context.drawImage(imageCanvas(display), 0, 0, width, height);
  context.globalAlpha = OPACITY;
  context.drawImage(heatCanvas(display), 0, 0, width, height);
  context.globalAlpha = 1;
  const frame = frameOf(display);
  if (frame) {
    const { left, top, right, bottom } = frame;
    context.strokeStyle = FRAME;
    context.lineWidth = 2;
    context.strokeRect(left * zoom + 1, top * zoom + 1, (right - left) * zoom - 2, (bottom - top) * zoom - 2);
  }
  context.translate(0, height + 6);
  drawLegend(context, display, sheet.width);
  return sheet;
}

/** What the colours mean: a bar from the lowest to the highest. */
function drawLegend(context: CanvasRenderingContext2D, display: OverlayDisplay, width: number): void {
  const [low, high] = mapRange(display);
  for (let x = 0; x < width; x++) {
    const t = x / (width - 1);
    context.fillStyle = `rgb(${(display.signed ? diverging(2 * t - 1) : sequential(t)).join(" ")})`;
    context.fillRect(x, 0, 1, BAR);
  }
  context.fillStyle = "black";
  context.font = "11px sans-serif";
  const ticks: [number, number, CanvasTextAlign][] = [
    [low, 0, "left"],
    ...(display.signed ? [[0, width / 2, "center"] as [number, number, CanvasTextAlign]] : []),
    [high, width, "right"],
  ];
  for (const [value, x, align] of ticks) {
    context.textAlign = align;
    context.fillText(formatNumber(value), x, BAR + 12);
  }
}
