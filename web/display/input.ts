// What the reader sets: a slider, a number and the like. The page draws it from a description, so that nothing in it is a cell's
// own; `input-control.ts` does, and is loaded when one is shown.

import type { Control, ControlValue } from "./control.ts";
import type { InputDisplay } from "./schema.ts";
import type { View } from "./view.ts";
import { append } from "./view.ts";

/** The reader set an input, or undid that: then there is no value. Bubbles from the output. */
export const INPUT_SET = "input-set";
export type InputSet = CustomEvent<ControlValue | undefined>;

export const inputView: View<InputDisplay> = {
  text({ control, value }) {
    const { label } = control;
    return `${label || control.type}: ${valueText(control, value ?? control.value)}`;
  },

  render(host, display, signal) {
    const box = append(host, "div", "input-output");
    import("./input-control.ts").then(
      ({ drawControl }) => {
        if (signal.aborted) return;
        drawControl(box, display, (value) =>
          box.dispatchEvent(new CustomEvent(INPUT_SET, { bubbles: true, detail: value })),
        );
      },
      () => append(box, "p", "output-note", "The input could not be loaded."),
    );
    return undefined;
  },
};

/** A value in words. */
export function valueText(control: Control, value: ControlValue): string {
  if (control.type === "choice") return control.options[Number(value)] ?? "";
  if (typeof value === "number") return numberText(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  return value;
}

/** A number as a reader would write it: 0.001, 2e-7. */
export function numberText(value: number): string {
  return String(Number(value.toPrecision(6)));
}
