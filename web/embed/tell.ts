// What a surrounding page hears of a notebook at work: points of curves as they come, and errors.

import type { Display } from "../display/schema.ts";
import type { Cell } from "../notebook/cell.ts";
import type { Session } from "../notebook/session.ts";
import type { FromEmbed } from "./protocol.ts";

/** Points come faster than anybody reads them. */
const TELL_MS = 100;

/** Tells `hear` what the cells of `session` show from now on. */
export function tellOf(session: Session, hear: (message: FromEmbed) => void): void {
  for (const cell of session.cells) new CellTeller(cell, hear);
}

class CellTeller {
  readonly #known = new WeakSet<Display>();
  /** How many points of each line were told. */
  readonly #told = new WeakMap<object, number>();
  #isWaiting = false;

  constructor(
    private readonly cell: Cell,
    private readonly hear: (message: FromEmbed) => void,
  ) {
    // What a file brings was not made here.
    for (const output of cell.outputs) this.#known.add(output.display);
    cell.listen(() => this.#look());
  }

  #look(): void {
    for (const output of this.cell.outputs) {
      if (!output || this.#known.has(output.display)) continue;
      this.#known.add(output.display);
      if (output.display.kind === "error") {
        const { name, message } = output.display;
        this.hear({ gradbook: "error", cell: this.cell.id, name, message: message.slice(0, 10_000) });
      } else if (output.display.kind === "curve") {
        output.updates.add(() => this.#soon());
        this.#soon();
      }
    }
  }

  #soon(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    setTimeout(() => {
      this.#isWaiting = false;
      this.#tellPoints();
    }, TELL_MS);
  }

  #tellPoints(): void {
    for (const output of this.cell.outputs) {
      if (output?.display.kind !== "curve") continue;
      const { panels, points = [] } = output.display;
      for (const line of points) {
        const at = Math.min(line.x.length, line.y.length) - 1;
        const panel = panels[line.panel];
        const series = panel?.series[line.series];
        if (at < 0 || !panel || !series || this.#told.get(line.x) === at) continue;
        this.#told.set(line.x, at);
        const [x, y] = [line.x[at] as number, line.y[at] as number];
        this.hear({
          gradbook: "metric",
          cell: this.cell.id,
          metric: { label: panel.label, series: series.name, x, y },
        });
      }
    }
  }
}
