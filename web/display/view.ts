// What a kind of output brings: how it is drawn, what it says in words, and the picture that other programs show of it.

import type { Display, PointsUpdate } from "./schema.ts";

export interface View<D extends Display> {
  /** In words: for a screen reader, a terminal, a plain-text copy. */
  text(display: D): string;
  /** Draws into `host`, which is empty; ends what it began when `signal` aborts. */
  render(host: HTMLElement, display: D, signal: AbortSignal): Mounted | undefined;
  /** The same as an image file, for views that are more than text; nothing for a display that is not. */
  picture?(display: D): Promise<Picture | undefined>;
  /** Its numbers, for a spreadsheet. */
  table?(display: D): Table;
  /**
   * What is at a place of one of its parts, in words. Parts are elements with `data-values`, which names them; `x` and `y` go from 0 to 1
   * over the element. One whose values lie in rows and columns says how many in `data-grid`: keys go from one to the next.
   */
  valueAt?(display: D, part: string, x: number, y: number): string | undefined;
}

/** Rows, each as long as `columns`. */
export interface Table {
  columns: string[];
  rows: (string | number | boolean | null)[][];
}

/** A view that is in the page. */
export interface Mounted {
  /** New points and marks were appended to the display's own. */
  append?(update: PointsUpdate): void;
}

export interface Picture {
  mime: "image/png" | "image/svg+xml";
  base64: string;
}

/** An SVG text as a file. */
export function svgPicture(svg: string): Picture {
  const bytes = new TextEncoder().encode(svg);
  return {
    mime: "image/svg+xml",
    base64: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")),
  };
}

export async function pngOf(canvas: HTMLCanvasElement): Promise<Picture> {
  const url = canvas.toDataURL("image/png");
  return { mime: "image/png", base64: url.slice(url.indexOf(",") + 1) };
}

/** A new element under `parent`. */
export function append<K extends keyof HTMLElementTagNameMap>(
  parent: HTMLElement,
  tag: K,
  className: string,
  text?: string,
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = className;
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}
