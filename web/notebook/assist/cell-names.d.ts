// What cells see beside the library and the language, as the editor tells of it.

import type { InputMakers } from "../../kernel/inputs.ts";

export interface CellNames {
  /** Shows values below the cell: text, tensors, pictures, curves. Whatever can draw itself does; a curve goes on while a run feeds it. */
  display(...values: unknown[]): void;
  /** Inputs that the reader sets: sliders, choices, drawing pads, pictures. A live cell that reads one runs again when it is set. */
  readonly input: InputMakers;
}
