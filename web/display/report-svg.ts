// A report as one picture: headings, text, and under each other the pictures of its outputs, or their words where they have none.

import type { Display, ReportDisplay } from "./schema.ts";
import type { Shape } from "./svg.ts";
import { node, PAPER, pictureOf, svg, text } from "./svg.ts";
import type { Picture, View } from "./view.ts";

const WIDTH = 800;
const MARGIN = 24;
const LINE = 16;
/** Letters of a line of text, and of one of equally wide letters. */
const LETTERS = 120;
const WIDE_LETTERS = 108;

export async function reportPicture(
  { title, sections }: ReportDisplay,
  viewOf: (item: Display) => View<Display>,
): Promise<Picture> {
  const shapes: Shape[] = [];
  let y = MARGIN + 12;
  const write = (words: string, more: Record<string, string | number> = {}, step = LINE) => {
    shapes.push(text(words, MARGIN, y, PAPER.strong, "start", more));
    y += step;
  };
  write(title, { "font-size": 20, "font-weight": "bold" }, 30);
  for (const section of sections) {
    y += 10;
    write(section.title, { "font-size": 15, "font-weight": "bold" }, 22);
    for (const paragraph of section.text) {
      for (const line of wrapped(paragraph, LETTERS)) write(line, { "font-size": 12 });
      y += 4;
    }
    for (const item of section.items) {
      const view = viewOf(item);
      const picture = await view.picture?.(item);
      if (picture) {
        const size = sizeOf(picture);
        const scale = Math.min(1, (WIDTH - 2 * MARGIN) / size.width);
        const href = `data:${picture.mime};base64,${picture.base64}`;
        const [width, height] = [Math.round(size.width * scale), Math.round(size.height * scale)];
        shapes.push(node("image", { x: MARGIN, y: y - 8, width, height, href }));
        y += height + 16;
      } else {
        const mono = { "font-family": "monospace", "font-size": 11.5, "xml:space": "preserve" };
        for (const line of view
          .text(item)
          .split("\n")
          .flatMap((line) => wrapped(line, WIDE_LETTERS)))
          write(line, mono);
        y += 8;
      }
    }
  }
  const paper = node("rect", { width: "100%", height: "100%", fill: PAPER.back });
  return pictureOf(svg(WIDTH, Math.ceil(y + MARGIN), [paper, ...shapes]));
}

/** Lines of at most so many letters, broken at spaces where there are some. */
function wrapped(words: string, most: number): string[] {
  const lines: string[] = [];
  let rest = words;
  while (rest.length > most) {
    const at = rest.lastIndexOf(" ", most);
    const cut = at > most / 2 ? at : most;
    lines.push(rest.slice(0, cut));
    rest = rest.slice(cut).trimStart();
  }
  return [...lines, rest];
}

/** In pixels, as the file says. */
function sizeOf({ mime, base64 }: Picture): { width: number; height: number } {
  if (mime === "image/svg+xml") {
    const head = atob(base64.slice(0, 400));
    const side = (name: string) => Number(new RegExp(` ${name}="([\\d.]+)"`).exec(head)?.[1] ?? 400);
    return { width: side("width"), height: side("height") };
  }
  // Width and height of a PNG are its bytes 16 to 23.
  const bytes = Uint8Array.from(atob(base64.slice(0, 32)), (c) => c.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  return { width: view.getUint32(16), height: view.getUint32(20) };
}
