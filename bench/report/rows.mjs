// A run's measurements, collected: one row for each workload, contender and metric.

import { CONTENDERS } from "../contenders.mjs";

const RATES = ["GFLOP/s", "steps/s"];

/** Whether more of a unit is better. */
export const isRate = (unit) => RATES.includes(unit);

/** `{ work, contender, metric, unit, median, min, max }` of all rounds together. */
export function rowsOf(runs) {
  const found = new Map();
  for (const { contender, workload, metrics } of runs) {
    for (const { name, unit, values } of metrics) {
      const key = [workload, contender, name].join("\n");
      const row = found.get(key) ?? { work: workload, contender, metric: name, unit, values: [] };
      row.values.push(...values);
      found.set(key, row);
    }
  }
  return [...found.values()].map(({ values, ...row }) => {
    const sorted = values.toSorted((a, b) => a - b);
    return { ...row, median: sorted[sorted.length >> 1], min: sorted[0], max: sorted.at(-1) };
  });
}

/** The names of contenders in the order of their list, as far as they took part. */
export function contendersOf(runs) {
  const present = new Set(runs.map(({ contender }) => contender));
  return CONTENDERS.map(({ name }) => name).filter((name) => present.has(name));
}
