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
export interface SweepRow<G extends Grid = Grid> {
  point: Point<G>;
  /** The numbers that the experiment gave, by name; NaN where its training diverged. */
  scores: Record<string, number>;
}

/**
 * Tries points of a grid: `sweep({ lr: [0.1, 0.01] }, async ({ lr }) => ({ loss: … }))`. Points of `resume` are not tried again. New rows are
 * added to it if it is an array: one from an earlier cell, `const rows = []`, keeps them when the sweep is stopped or an error ends it.
 */
export type MakeSweep = <G extends Grid>(
  grid: G,
  experiment: (point: Point<G>) => Promise<Record<string, number> | number>,
  options?: { resume?: Sweep<G> | SweepRow<G>[]; onRow?: (row: SweepRow<G>) => void },
) => Promise<Sweep<G>>;

/** What came of the points that were tried; shown as a table. */
export class Sweep<G extends Grid = Grid> {
  /** @internal */
  constructor(
    /** What was tried, in order. */
    readonly rows: readonly SweepRow<G>[],
    /** How many points the grid has. */
    readonly size: number,
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
      note: this.#progress,
    };
  }

  toString(): string {
    const text = (record: object) =>
      Object.entries(record)
        .map(([name, value]) => `${name} ${String(value)}`)
        .join(", ");
    return [this.#progress, ...this.rows.map(({ point, scores }) => `${text(point)}: ${text(scores)}`)].join(
      "\n",
    );
  }

  get #progress(): string {
    return `${this.rows.length} of ${this.size} points`;
  }
}

export function sweep(context: Context): MakeSweep {
  return async (grid, experiment, options = {}) => {
    context.wasm.checkNames("sweep", options, ["resume", "onRow"]);
    const points = combinations(grid);
    const known = rowsOf(options.resume);
    const rows: SweepRow<typeof grid>[] = [];
    let stopped = false;
    const stop = () => {
      stopped = true;
    };
    context.runs.add(stop);
    try {
      for (const point of points) {
        const before = known.find((row) => same(row.point, point));
        if (before) {
          rows.push(before);
          continue;
        }
        const scores = await scoresOf(experiment(point), known);
        // What a stopped run says is not what the point is worth.
        if (stopped) break;
        const row = { point, scores };
        rows.push(row);
        known.push(row);
        fill(known, Object.keys(scores));
        options.onRow?.(row);
      }
    } finally {
      context.runs.delete(stop);
    }
    return new Sweep(rows, points.length);
  };
}

/** The rows to go on from: the array itself if one is given. */
function rowsOf<G extends Grid>(resume: Sweep<G> | SweepRow<G>[] | undefined): SweepRow<G>[] {
  if (resume instanceof Sweep) return [...resume.rows];
  if (resume !== undefined && !Array.isArray(resume))
    throw argumentError("sweep: resume must be a sweep, or an array of its rows");
  return resume ?? [];
}

/** What an experiment gave; a run that diverged has the scores of the others, all NaN. */
async function scoresOf(
  experiment: Promise<Record<string, number> | number>,
  others: readonly SweepRow[],
): Promise<Record<string, number>> {
  try {
    const scores = await experiment;
    return typeof scores === "number" ? { score: scores } : scores;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "DivergedError") throw error;
    return Object.fromEntries(Object.keys(others[0]?.scores ?? {}).map((name) => [name, Number.NaN]));
  }
}

/** Rows that diverged before any score had a name get theirs. */
function fill(rows: readonly SweepRow[], names: readonly string[]): void {
  for (const { scores } of rows) for (const name of names) scores[name] ??= Number.NaN;
}

/** Whether two values are alike: lists and plain objects by what is in them, all else by being the same. */
function same(a: unknown, b: unknown): boolean {
  if (!isPlain(a) || !isPlain(b) || Array.isArray(a) !== Array.isArray(b)) return Object.is(a, b);
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && same(a[name], b[name]))
  );
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
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
