// A matrix as a picture: cells in the colours of their values, names at its sides, and beside it what the colours mean.

import type { Rgb } from "./colormap.ts";
import { diverging, sequential } from "./colormap.ts";
import { matrixRange, short } from "./matrix.ts";
import { canvasOf } from "./pixels.ts";
import type { MatrixDisplay } from "./schema.ts";
import type { Ink, Shape } from "./svg.ts";
import { elementOf, node, PAGE, PAPER, svg, text, textOf } from "./svg.ts";

/** Pixels of the longer side, and of a cell. */
const SIDE = 480;
const CELL = { most: 44, named: 11, written: 30 };
/** More cells than this are one image instead of a rectangle each. */
const MOST_RECTANGLES = 1024;
const LETTER = 6.2;
const MOST_LETTERS = 16;
const LEGEND = { gap: 16, width: 12, text: 62, steps: 40 };

export function plotMatrix(host: HTMLElement, display: MatrixDisplay): void {
  host.append(elementOf(matrixShape(display, PAGE)));
}

export function matrixSvg(display: MatrixDisplay): string {
  return textOf(matrixShape(display, PAPER));
}

function matrixShape(display: MatrixDisplay, ink: Ink): Shape {
  const { title, rows, columns } = display;
  const cell = Math.max(1, Math.min(CELL.most, Math.floor(SIDE / Math.max(rows, columns))));
  const isNamed = cell >= CELL.named;
  const rowNames = isNamed ? names(rows, display.rowLabels) : [];
  const columnNames = isNamed ? names(columns, display.columnLabels) : [];
  // Names that do not fit across stand upright.
  const isUpright = longest(columnNames) * LETTER > cell - 2;
  const left = 8 + longest(rowNames) * LETTER;
  const head = title ? 22 : 4;
  const top = head + (columnNames.length === 0 ? 0 : isUpright ? 8 + longest(columnNames) * LETTER : 16);
  const [width, height] = [columns * cell, rows * cell];
  const total = [
    left + width + LEGEND.gap + LEGEND.width + LEGEND.text,
    top + Math.max(height, 60) + 8,
  ] as const;
  return svg(...total, [
    ...(ink === PAPER ? [node("rect", { width: total[0], height: total[1], fill: ink.back })] : []),
    ...(title ? [text(title, 4, 15, ink.strong, "start", { "font-weight": "bold" })] : []),
    ...rowNames.map((name, r) => text(name, left - 4, top + (r + 0.5) * cell + 4, ink.soft, "end")),
    ...columnNames.map((name, c) => columnName(name, left + (c + 0.5) * cell, top - 5, isUpright, ink)),
    ...cells(display, left, top, cell),
    ...legend(display, left + width + LEGEND.gap, top, Math.max(60, Math.min(height, 200)), ink),
    node("rect", {
      x: left,
      y: top,
      width,
      height,
      fill: "transparent",
      "data-values": "cells",
      "data-grid": `${rows} ${columns}`,
    }),
  ]);
}

function cells(display: MatrixDisplay, left: number, top: number, cell: number): Shape[] {
  const { rows, columns, data } = display;
  const colour = colourOf(display);
  if (data.length > MOST_RECTANGLES) {
    const rgba = new Uint8ClampedArray(4 * data.length);
    for (const [i, value] of data.entries()) rgba.set([...colour(value), 255], 4 * i);
    const href = canvasOf(rgba, columns, rows).toDataURL("image/png");
    const size = { x: left, y: top, width: columns * cell, height: rows * cell };
    return [
      node("image", { href, ...size, preserveAspectRatio: "none", style: "image-rendering:pixelated" }),
    ];
  }
  return Array.from(data).flatMap((value, i) => {
    const [x, y] = [left + (i % columns) * cell, top + Math.floor(i / columns) * cell];
    const rgb = colour(value);
    const rectangle = node("rect", { x, y, width: cell, height: cell, fill: `rgb(${rgb.join()})` });
    if (cell < CELL.written) return [rectangle];
    const fill = luminance(rgb) > 0.18 ? "#000" : "#fff";
    return [
      rectangle,
      text(short(value), x + cell / 2, y + cell / 2 + 4, fill, "middle", { "font-size": 10 }),
    ];
  });
}

function columnName(name: string, x: number, y: number, isUpright: boolean, ink: Ink): Shape {
  if (!isUpright) return text(name, x, y, ink.soft, "middle");
  return text(name, 0, 0, ink.soft, "start", { transform: `translate(${x + 4} ${y}) rotate(-90)` });
}

function legend(display: MatrixDisplay, x: number, top: number, height: number, ink: Ink): Shape[] {
  const [low, high] = matrixRange(display);
  const colour = colourOf(display);
  const step = height / LEGEND.steps;
  const bar = Array.from({ length: LEGEND.steps }, (_, i) => {
    const value = high - ((i + 0.5) / LEGEND.steps) * (high - low);
    // A little overlap, so that no seam is seen between two.
    const size = { x, y: top + i * step, width: LEGEND.width, height: step + 0.5 };
    return node("rect", { ...size, fill: `rgb(${colour(value).join()})` });
  });
  const tick = (value: number, y: number) => text(short(value), x + LEGEND.width + 5, y, ink.soft);
  const middle = display.signed ? [tick(0, top + height / 2 + 4)] : [];
  return [...bar, tick(high, top + 9), ...middle, tick(low, top + height)];
}

/** Magenta is no number. */
function colourOf(display: MatrixDisplay): (value: number) => Rgb {
  const [low, high] = matrixRange(display);
  return (value) => {
    if (Number.isNaN(value)) return [255, 0, 255];
    return display.signed ? diverging(value / (high || 1)) : sequential((value - low) / (high - low || 1));
  };
}

/** Relative, as WCAG defines it. */
function luminance(rgb: Rgb): number {
  const [r, g, b] = rgb.map((byte) => (byte / 255) ** 2.2) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function names(count: number, labels: readonly string[] | undefined): string[] {
  const cut = (name: string) => (name.length > MOST_LETTERS ? `${name.slice(0, MOST_LETTERS - 1)}…` : name);
  return Array.from({ length: count }, (_, i) => cut(labels?.[i] ?? String(i)));
}

function longest(texts: readonly string[]): number {
  return Math.max(0, ...texts.map(({ length }) => length));
}
