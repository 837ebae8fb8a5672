// The same experiment for every combination of some values: a table, a plot, and a run that goes on where it was stopped.

import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context } from "./context.ts";
import { argumentError } from "./context.ts";
import type { Displayable } from "./plot.ts";
import { linesDisplay } from "./plot.ts";

/** Values to try, by name. */
export type Grid = Readonly<Record<string, readonly unknown[]>>;

/** One value of each. */
export type Point<G extends Grid> = { [K in keyof G]: G[K][number] };

/** What came of a point. */
export interface SweepRow<G extends Grid> {
  point: Point<G>;
  /** The numbers that the experiment gave, by name. */
  scores: Record<string, number>;
}

/** Tries points of a grid: `sweep({ lr: [0.1, 0.01] }, async ({ lr }) => ({ loss: … }))`. */
export type MakeSweep = <G extends Grid>(
  grid: G,
  experiment: (point: Point<G>) => Promise<Record<string, number> | number>,
  options?: { resume?: Sweep<G>; onRow?: (row: SweepRow<G>) => void },
) => Promise<Sweep<G>>;

/** What came of the points that were tried; shown as a table. `sweep(…, { resume: it })` tries the others. */
export class Sweep<G extends Grid = Grid> {
  /** @internal */
  constructor(
    /** What was tried, in order. */
    readonly rows: readonly SweepRow<G>[],
    /** How many points the grid has. */
    readonly size: number,
    /** What ended it before it was through. */
    readonly error?: unknown,
  ) {}

  /** Whether all points were tried. */
  get done(): boolean {
    return this.rows.length === this.size;
  }

  /** The row with the smallest score of a name (the first one), or the largest. */
  best(score?: string, direction: "min" | "max" = "min"): SweepRow<G> {
    const name = score ?? Object.keys(this.rows[0]?.scores ?? {})[0];
    const sign = direction === "min" ? 1 : -1;
    const [best] = this.rows
      .filter(({ scores }) => name !== undefined && Number.isFinite(scores[name]))
      .sort((a, b) => sign * ((a.scores[name as string] as number) - (b.scores[name as string] as number)));
    if (!best) throw argumentError(`best: no row has a score called ${name ?? "anything"}`);
    return best;
  }

  /** A score over one of the values, which must be numbers; a line for each combination of the others. */
  plot(options: { x: keyof G & string; y?: string }): Displayable {
    const { x } = options;
    const y = options.y ?? Object.keys(this.rows[0]?.scores ?? {})[0] ?? "score";
    const lines = new Map<string, [number, number][]>();
    for (const { point, scores } of this.rows) {
      const others = Object.entries(point).filter(([name]) => name !== x);
      const name = others.map(([name, value]) => `${name} ${String(value)}`).join(", ") || y;
      const at = point[x];
      if (typeof at !== "number") throw argumentError(`plot: ${x} is ${String(at)}; expected numbers`);
      lines.set(name, [...(lines.get(name) ?? []), [at, scores[y] ?? Number.NaN]]);
    }
    const series = [...lines].map(([name, points]) => {
      const sorted = points.filter(([, value]) => Number.isFinite(value)).sort(([a], [b]) => a - b);
      return { name, x: sorted.map(([at]) => at), y: sorted.map(([, value]) => value) };
    });
    return { [DISPLAY]: () => linesDisplay(series, { x, y }) };
  }

  [DISPLAY](): LiveDisplay {
    const names = Object.keys(this.rows[0]?.point ?? {});
    const scores = [...new Set(this.rows.flatMap((row) => Object.keys(row.scores)))];
    const cell = (value: unknown) =>
      typeof value === "number" || typeof value === "boolean" ? value : String(value);
    return {
      kind: "table",
      columns: [...names, ...scores],
      rows: this.rows.map((row) => [
        ...names.map((name) => cell(row.point[name])),
        ...scores.map((name) => row.scores[name] ?? null),
      ]),
    };
  }

  toString(): string {
    const text = (record: object) =>
      Object.entries(record)
        .map(([name, value]) => `${name} ${String(value)}`)
        .join(", ");
    return [
      `${this.rows.length} of ${this.size} points`,
      ...this.rows.map(({ point, scores }) => `${text(point)}: ${text(scores)}`),
    ].join("\n");
  }
}

export function sweep(context: Context): MakeSweep {
  return async (grid, experiment, options = {}) => {
    context.wasm.checkNames("sweep", options, ["resume", "onRow"]);
    const points = combinations(grid);
    const known = new Map(options.resume?.rows.map((row) => [JSON.stringify(row.point), row]));
    const rows: SweepRow<typeof grid>[] = [];
    for (const point of points) {
      const before = known.get(JSON.stringify(point));
      if (before) {
        rows.push(before);
        continue;
      }
      try {
        const scores = await experiment(point);
        const row = { point, scores: typeof scores === "number" ? { score: scores } : scores };
        rows.push(row);
        options.onRow?.(row);
      } catch (error) {
        // What was done is kept: the sweep says how far it came, and can be taken up again.
        if (rows.length === 0) throw error;
        return new Sweep(rows, points.length, error);
      }
    }
    return new Sweep(rows, points.length);
  };
}

/** All combinations, the last name changing fastest. */
function combinations<G extends Grid>(grid: G): Point<G>[] {
  let points: Record<string, unknown>[] = [{}];
  for (const [name, values] of Object.entries(grid)) {
    if (!Array.isArray(values) || values.length === 0)
      throw argumentError(`sweep: ${name} must be a list of values`);
    points = points.flatMap((point) => values.map((value) => ({ ...point, [name]: value })));
  }
  return points as Point<G>[];
}
