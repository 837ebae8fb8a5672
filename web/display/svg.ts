// Pictures as trees of SVG elements: put into the page, where they take the page's colours, or written as text for a saved notebook.

import type { Picture } from "./view.ts";
import { svgPicture } from "./view.ts";

/** An element: what stands in it are elements and text. */
export interface Shape {
  tag: string;
  attributes: Record<string, string | number>;
  children: (Shape | string)[];
}

/** Colours that depend on where it is shown. */
export interface Ink {
  strong: string;
  soft: string;
  line: string;
  back: string;
}

/** Within the page, whichever theme it has. */
export const PAGE: Ink = {
  strong: "var(--ink)",
  soft: "var(--ink-soft)",
  line: "var(--line)",
  back: "var(--page)",
};
/** By itself. */
export const PAPER: Ink = { strong: "#222", soft: "#555", line: "#e3e3e3", back: "white" };

/** The picture itself, with its size. */
export function svg(width: number, height: number, children: Shape[]): Shape {
  const size = { viewBox: `0 0 ${width} ${height}`, width, height };
  return node("svg", { xmlns: SVG, ...size, "font-family": "sans-serif", "font-size": 11 }, children);
}

/** Words at a place. */
export function text(
  words: string,
  x: number,
  y: number,
  fill: string,
  anchor: "start" | "middle" | "end" = "start",
  more: Record<string, string | number> = {},
): Shape {
  return node("text", { x: round(x), y: round(y), fill, "text-anchor": anchor, ...more }, [words]);
}

export function node(tag: string, attributes: Shape["attributes"], children: Shape["children"] = []): Shape {
  return { tag, attributes, children };
}

const SVG = "http://www.w3.org/2000/svg";

/** As an element of the page. */
export function elementOf({ tag, attributes, children }: Shape): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name !== "xmlns") element.setAttribute(name, String(value));
  }
  element.append(...children.map((child) => (typeof child === "string" ? child : elementOf(child))));
  return element;
}

/** As the text of a file. */
export function textOf({ tag, attributes, children }: Shape): string {
  const escaped = (words: string) => words.replace(/[&<>"]/g, (c) => `&#${c.codePointAt(0)};`);
  const given = Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(String(value))}"`);
  const inside = children.map((child) => (typeof child === "string" ? escaped(child) : textOf(child)));
  return `<${tag}${given.join("")}>${inside.join("")}</${tag}>`;
}

/** As an image file. */
export function pictureOf(shape: Shape): Picture {
  return svgPicture(textOf(shape));
}

/** To tenths of a pixel: pictures are kept in notebooks. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
