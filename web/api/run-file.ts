// Checkpoints of `fit` as files: what is said of a run beside its values, and the run that goes on from it.

import type { Context } from "./context.ts";
import { argumentError } from "./context.ts";
import type { HistoryData } from "./history.ts";
import { changesOf } from "./history.ts";
import type { Curve } from "./plot.ts";
import { list } from "./tensor.ts";
import { listFiles, loadTensors, saveRequest } from "./weights.ts";

/** @internal A run that was broken off. */
export interface Run {
  history: HistoryData;
  names: string[];
  values: ReturnType<typeof list>;
}

/** @internal The run in a checkpoint; none if there is no such file. */
export async function loadRun(context: Context, file: string): Promise<Run | undefined> {
  if (!(await listFiles(context)).some(({ name }) => name === file)) return undefined;
  const { tensors, metadata } = await loadTensors(context, file);
  if (metadata[RUN] === undefined)
    throw argumentError(`fit: ${file} is no checkpoint: it does not say how a run went`);
  const history = JSON.parse(metadata[RUN]) as HistoryData;
  if (
    !Number.isInteger(history?.seed) ||
    !Array.isArray(history.points) ||
    !Array.isArray(history.epochs) ||
    !Array.isArray(history.lrChanges ?? []) ||
    !Array.isArray(history.watched ?? [])
  )
    throw argumentError(`fit: what ${file} says of its run cannot be read`);
  return { history, names: Object.keys(tensors), values: list(context, Object.values(tensors)) };
}

/** @internal The same for the module, which takes numbers: NaN stands for none. */
export function resumed({ wasm }: Context, { names, values, history }: Run) {
  const { seed, points, epochs } = history;
  const watched = history.watched ?? [];
  // JSON has null for what is not finite: a loss beyond all bounds is one, and not none.
  const number = (value: number | null | undefined) =>
    value === undefined ? Number.NaN : (value ?? Number.POSITIVE_INFINITY);
  const steps = points.flatMap(({ step, loss, accuracy }) => [step, loss, number(accuracy)]);
  const reports = epochs.flatMap((report) => [
    report.epoch,
    report.step,
    report.loss,
    number(report.accuracy),
    number(report.valLoss),
    number(report.valAccuracy),
    report.lr,
    number(report.stepsPerSecond),
  ]);
  // Steps before the norms were asked for have none.
  const norms = Float32Array.from(
    points.flatMap((point) => watched.map((_, i) => point.norms?.[i] ?? Number.NaN)),
  );
  return new wasm.Resume(
    names,
    values,
    seed,
    Float64Array.from(steps),
    norms,
    Float64Array.from(reports),
    changesOf(history.lrChanges ?? []),
  );
}

/** @internal How a run is saved after an epoch: its history beside the values, which the other end has. */
export function saveRun(file: string, history: HistoryData): string {
  return saveRequest(file, { metadata: { [RUN]: JSON.stringify(history) } });
}

/** @internal Errors: the name will not do for a checkpoint. */
export function checkRunName(file: string): void {
  saveRequest(file, { metadata: { [RUN]: "" } });
}

const RUN = "gradbook.run";

/** @internal Draws what a run came to before it was broken off. */
export function showRun(curve: Curve, { points, epochs, watched, lrChanges = [] }: HistoryData): void {
  const last = epochs.at(-1);
  if (!last) return;
  if (watched) curve.watch(watched);
  const { epoch, step, lr } = last;
  curve.show({ kind: "steps", epoch, step, steps: step, lr, points });
  for (const change of lrChanges) curve.show({ kind: "lrChange", ...change });
  for (const report of epochs) curve.show({ kind: "epoch", ...report });
}
