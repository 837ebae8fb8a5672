// The confusion matrix as the picture beside the live view in a saved notebook.

import type { Cell } from "./confusion.ts";
import { cellsOf, strengthOf } from "./confusion.ts";
import type { ConfusionDisplay } from "./schema.ts";
import type { Shape } from "./svg.ts";
import { node, PAPER, pictureOf, svg, text } from "./svg.ts";
import type { Picture } from "./view.ts";

const LARGEST = 44;
const SMALLEST = 22;
const LETTER = 6.2;
const MOST_LETTERS = 14;
const RIGHT = [47, 95, 196] as const;
const WRONG = [184, 84, 10] as const;

export function confusionPicture(display: ConfusionDisplay): Picture {
  const { classes, title = "Confusion matrix", note } = display;
  const names = classes.map((name) =>
    name.length > MOST_LETTERS ? `${name.slice(0, MOST_LETTERS - 1)}…` : name,
  );
  const side = Math.max(SMALLEST, Math.min(LARGEST, Math.floor(440 / classes.length)));
  const room = LETTER * Math.max(...names.map(({ length }) => length)) + 10;
  // Names that are wider than a column stand upright.
  const isUpright = room - 10 > side - 4;
  const [left, top] = [room + 16, 44 + (isUpright ? room : 16)];
  const width = Math.max(left + side * classes.length + 8, 300);
  const height = top + side * classes.length + (note === undefined ? 8 : 26);
  const shapes: Shape[] = [
    node("rect", { width: "100%", height: "100%", fill: PAPER.back }),
    text(title, 8, 16, PAPER.strong, "start", { "font-weight": "bold" }),
    text("predicted", left + (side * classes.length) / 2, 34, PAPER.soft, "middle"),
    text("true", 0, 0, PAPER.soft, "middle", {
      transform: `translate(12 ${top + (side * classes.length) / 2}) rotate(-90)`,
    }),
    ...names.flatMap((name, i) => {
      const middle = top + side * i + side / 2 + 4;
      const across = left + side * i + side / 2;
      const upright = { transform: `translate(${across + 4} ${top - 6}) rotate(-90)` };
      return [
        text(name, left - 6, middle, PAPER.strong, "end"),
        isUpright
          ? text(name, 0, 0, PAPER.strong, "start", upright)
          : text(name, across, top - 6, PAPER.strong, "middle"),
      ];
    }),
    ...cellsOf(display).flatMap((cell) =>
      cellShapes(cell, left + side * cell.predicted, top + side * cell.truth, side),
    ),
  ];
  if (note !== undefined) shapes.push(text(note, 8, height - 8, PAPER.soft));
  return pictureOf(svg(Math.max(width, note ? LETTER * note.length : 0), height, shapes));
}

function cellShapes(cell: Cell, x: number, y: number, side: number): Shape[] {
  const strength = strengthOf(cell);
  const mixed = (cell.truth === cell.predicted ? RIGHT : WRONG).map((c) =>
    Math.round(255 + (c - 255) * strength),
  );
  const box = node("rect", { x, y, width: side - 1, height: side - 1, fill: `rgb(${mixed.join(" ")})` });
  if (cell.count === 0) return [box];
  const words = String(cell.count);
  const size = Math.min(11, (1.6 * (side - 4)) / words.length);
  const fill = strength > 0.6 ? "white" : PAPER.strong;
  return [box, text(words, x + side / 2, y + side / 2 + 4, fill, "middle", { "font-size": size.toFixed(1) })];
}
