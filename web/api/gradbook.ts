// All of the API over one session: what a cell sees as globals and a program gets from `createGradbook`.

import type { Augmentations } from "./augment.ts";
import { augment } from "./augment.ts";
import type { Compile, MakeVariable } from "./compile.ts";
import { compile, makeVariable } from "./compile.ts";
import type { Binding, Context, Load } from "./context.ts";
import type { Create } from "./create.ts";
import { create } from "./create.ts";
import type { DataSource } from "./data.ts";
import { data } from "./data.ts";
import type { MakeEnsemble } from "./ensemble.ts";
import { ensemble } from "./ensemble.ts";
import type { Explain } from "./explain.ts";
import { explain } from "./explain.ts";
import type { Losses } from "./losses.ts";
import { losses } from "./losses.ts";
import type { Metrics } from "./metrics.ts";
import { metrics } from "./metrics.ts";
import type { Fit } from "./model.ts";
import { fit } from "./model.ts";
import type { Models } from "./models.ts";
import { models } from "./models.ts";
import type { Nn } from "./nn.ts";
import { nn } from "./nn.ts";
import type { Optim } from "./optim.ts";
import { optim } from "./optim.ts";
import type { Plot } from "./plot.ts";
import { plot } from "./plot.ts";
import type { Scan } from "./scan.ts";
import { scan } from "./scan.ts";
import type { MakeSweep } from "./sweep.ts";
import type { Files } from "./weights.ts";
import { files } from "./weights.ts";

/** Everything: tensors, layers, losses, optimisers, data sets, explanations and pictures. */
export interface Gradbook extends Create {
  /** Layers and models. */
  readonly nn: Nn;
  /** Data sets. */
  readonly data: DataSource;
  /** Trained networks. */
  readonly models: Models;
  /** Files of tensors. */
  readonly files: Files;
  /** Optimisers. */
  readonly optim: Optim;
  /** Losses. */
  readonly losses: Losses;
  /** Explanations. */
  readonly explain: Explain;
  /** Pictures. */
  readonly plot: Plot;
  /** Trains a plain function. */
  readonly fit: Fit;
  /** Makes a function one program. */
  readonly compile: Compile;
  /** A value that compiled functions change. */
  readonly variable: MakeVariable;
  /** A loop over time. */
  readonly scan: Scan;
  /** Samples changed at random. */
  readonly augment: Augmentations;
  /** The same experiment for every combination of some values. */
  readonly sweep: MakeSweep;
  /** Models that decide together. */
  readonly ensemble: MakeEnsemble;
  /** How good models are, with intervals. */
  readonly metrics: Metrics;
}

/** Sends messages to an engine. */
export type Send = (message: Uint8Array) => void;

/** An open session: `session.receive` is to be called with the replies; `stop` ends the runs under way from this side. */
export interface Opened {
  gradbook: Gradbook;
  context: Context;
  session: Context["session"];
  stop(): void;
}

/** A session whose messages go to `send`; what is needed late comes by `load`. */
export function openSession(wasm: Binding, send: Send, load: Load): Opened {
  const session = new wasm.Session(send);
  const context: Context = {
    wasm,
    session,
    load,
    locks: new Map(),
    trace: { active: false },
    runs: new Set(),
  };
  const tensors = create(context);
  const gradbook: Gradbook = {
    ...tensors,
    nn: nn(context),
    data: data(context, tensors),
    models: models(context),
    files: files(context),
    optim: optim(context),
    losses: losses(context),
    explain: explain(context),
    plot: plot(context),
    fit: fit(context),
    compile: compile(context, tensors),
    variable: makeVariable(context, tensors),
    scan: scan(context),
    augment: augment(context),
    sweep: async (grid, experiment, options) =>
      (await import("./sweep.ts")).sweep(context)(grid, experiment, options),
    ensemble: ensemble(context),
    metrics: metrics(context),
  };
  const stop = () => {
    for (const end of context.runs) end();
    session.heardStop();
  };
  return { gradbook, context, session, stop };
}
