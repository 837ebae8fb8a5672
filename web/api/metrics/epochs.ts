// Figures of each epoch of a training run, from the counts that were kept where it runs.

import type { Context } from "../context.ts";
import { argumentError } from "../context.ts";
import type { EpochReport, Tallied, Tally } from "../history.ts";
import { hostModule } from "../host.ts";
import type { CountedName } from "../model.ts";
import { Measure } from "./measure.ts";

const AVERAGED: readonly string[] = ["precision", "recall", "specificity", "f1"];
const KNOWN = ["accuracy", "balancedAccuracy", ...AVERAGED, "cohenKappa", "matthewsCorrcoef"];

/** What adds figures to reports of epochs. */
export interface EpochFigures {
  /** What they are called, by name. */
  titles: [name: string, title: string][];
  /** Puts the figures in the place of the counts. */
  add(report: EpochReport & Tallied): void;
}

/** Errors: there is no such figure, or it does not follow from counts. */
export async function epochFigures(
  context: Context,
  names: readonly CountedName[],
  classes: readonly string[],
): Promise<EpochFigures> {
  for (const name of names)
    if (!KNOWN.includes(name))
      throw argumentError(`fit: metrics has ${String(name)}; what epochs can count is ${KNOWN.join(", ")}`);
  const host = await hostModule(context);
  const title = new Map(host.metricTable().map((metric) => [metric.name, metric.title]));
  const measure = (name: CountedName, { classes: count, counts }: Tally) => {
    const average = AVERAGED.includes(name) ? "macro" : undefined;
    // Of two classes it is that of the second one, as everywhere.
    const over = average && count === 2 ? 1 : average;
    return new Measure(host.classFigure(name, over, Float64Array.from(counts), count, undefined), classes);
  };
  return {
    titles: names.map((name) => [name, title.get(name) ?? name]),
    add(report) {
      const { confusion, valConfusion } = report;
      if (!confusion) return;
      report.metrics = Object.fromEntries(
        names.map((name) => [
          name,
          {
            training: measure(name, confusion),
            ...(valConfusion && { validation: measure(name, valConfusion) }),
          },
        ]),
      );
      delete report.confusion;
      delete report.valConfusion;
    },
  };
}
