// What the reader sets: a slider, a number and the like. The page draws it from a description, so that nothing in it is a cell's
// own; `input-control.ts` does, and is loaded when one is shown.

import type { Control, ControlValue, Drawing } from "./control.ts";
import { INPUT_SET } from "./control.ts";
import type { InputDisplay } from "./schema.ts";
import type { View } from "./view.ts";
import { append } from "./view.ts";

export const inputView: View<InputDisplay> = {
  text({ control, value }) {
    const { label } = control;
    return `${label || control.type}: ${valueText(control, value ?? control.value)}`;
  },

  render(host, display, signal) {
    const box = append(host, "div", "input-output");
    const tell = (value: ControlValue | undefined) =>
      box.dispatchEvent(new CustomEvent(INPUT_SET, { bubbles: true, detail: value }));
    import("./input-control.ts")
      .then(({ drawControl }) => (signal.aborted ? undefined : drawControl(box, display, signal, tell)))
      .catch(() => append(box, "p", "output-note", "The input could not be loaded."));
    return undefined;
  },

  async picture(display) {
    const { pictureOf } = await import("./input-picture.ts");
    return pictureOf(display);
  },
};

/** A value in words. */
export function valueText(control: Control, value: ControlValue): string {
  if (control.type === "choice") return control.options[Number(value)] ?? "";
  if (typeof value === "number") return numberText(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return value;
  if (control.type === "image") return value === null ? "no picture" : "a picture";
  const count = (value as Drawing).strokes.length;
  return count === 0 ? "nothing drawn" : `a drawing of ${count} ${count === 1 ? "stroke" : "strokes"}`;
}

/** A number as a reader would write it: 0.001, 2e-7. */
export function numberText(value: number): string {
  return String(Number(value.toPrecision(6)));
}
