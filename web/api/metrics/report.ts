// One call, one report: what was measured on what, every figure with its interval, and the pictures that go with them.

import type {
  CurveDisplay,
  LiveDisplay,
  ReportDisplay,
  ReportItem,
  ReportSection,
  TableDisplay,
} from "../../display/schema.ts";
import { DISPLAY } from "../../display/schema.ts";
import { compile } from "../compile.ts";
import type { Context } from "../context.ts";
import { argumentError } from "../context.ts";
import { create } from "../create.ts";
import { Dataset } from "../dataset.ts";
import { Ensemble } from "../ensemble.ts";
import { History } from "../history.ts";
import type { Host } from "../host.ts";
import { hostModule } from "../host.ts";
import { openAll, openingsText } from "../lock.ts";
import type { Model } from "../model.ts";
import type { Tensor } from "../tensor.ts";
import type { ConfusionMatrix, PerClass } from "./confusion.ts";
import { classFigures, IN_REPORT, isImages, matrixOf, short } from "./confusion.ts";
import type { Curves } from "./curves.ts";
import { curvesOf } from "./curves.ts";
import type { MeasureOptions } from "./figures.ts";
import { certaintyOf, countsOf, MEASURE_OPTIONS, scoredOf } from "./figures.ts";
import type { Judged } from "./judged.ts";
import { judged } from "./judged.ts";
import { leakage } from "./leakage.ts";
import { levelText, Measure, methodsText, remarksText, rowColumns, rowOf } from "./measure.ts";
import type { Reliability } from "./reliability.ts";
import { reliabilityOf } from "./reliability.ts";
import type { Attribute } from "./slices.ts";
import { mistakeImages, mistakesText, slicesOf, valuesOf, worst } from "./slices.ts";

/** Options of a report. */
export interface ReportOptions extends MeasureOptions {
  /** What stands above it. */
  title?: string;
  /** What was learnt from: it is scored, too, and looked through for images of the test set. */
  train?: Dataset;
  /** The run that trained the model: its curve is shown. */
  history?: History;
  /** Sets from elsewhere, by name: each is scored once. Course section 10.4. */
  external?: Readonly<Record<string, Dataset>>;
  /** Attributes of the samples by name, a value each: the accuracy of each part is shown. */
  slices?: Readonly<Record<string, Attribute>>;
  /** Bins of the reliability diagram; 10. */
  bins?: number;
  /** Mistakes that are shown; 12. */
  mistakes?: number;
  /** What else the reader of the report should know. */
  note?: string;
  batchSize?: number;
}

const OWN = ["title", "train", "history", "external", "slices", "bins", "mistakes", "note", "batchSize"];

/** How good a model is on a data set; shown as a report with tables, curves and pictures. */
export class Report {
  /** @internal */
  constructor(
    /** The figures by name, such as `accuracy` and `rocAuc`. */
    readonly measures: Readonly<Record<string, Measure>>,
    readonly perClass: PerClass,
    readonly confusionMatrix: ConfusionMatrix,
    readonly curves: Curves,
    readonly reliability: Reliability,
    /** What the model made of each sample. */
    readonly predictions: Tensor,
    private readonly display: ReportDisplay,
  ) {}

  [DISPLAY](): ReportDisplay & LiveDisplay {
    return this.display;
  }

  toString(): string {
    const { title, sections } = this.display;
    const figures = Object.values(this.measures).map(({ sentence }) => sentence);
    return [title, ...(sections[0]?.text ?? []), ...figures].join("\n");
  }
}

export async function report(
  context: Context,
  model: Model,
  set: Dataset,
  options: ReportOptions = {},
): Promise<Report> {
  context.wasm.checkNames("report", options, [...MEASURE_OPTIONS, ...OWN]);
  if (!(set instanceof Dataset)) throw argumentError("report: the first argument must be a data set");
  if (set.y.dtype !== "i32")
    throw argumentError(
      `report: the targets of ${set.name} are numbers; expected class labels. Figures of numbers: metrics.regression`,
    );
  if (options.history !== undefined && !(options.history instanceof History))
    throw argumentError("report: history must be what fit gave");
  const { external = {}, train } = options;
  for (const [name, one] of Object.entries({ ...external, ...(train && { train }) }))
    if (!(one instanceof Dataset)) throw argumentError(`report: ${name} must be a data set`);
  const takeBack = openAll([set, ...Object.values(external), ...(train ? [train] : [])], "report", true);
  try {
    return await reportOf(context, model, set, options);
  } catch (error) {
    takeBack();
    throw error;
  }
}

/** The same of sets that are open. */
async function reportOf(
  context: Context,
  model: Model,
  set: Dataset,
  options: ReportOptions,
): Promise<Report> {
  const { external = {}, train, batchSize } = options;
  const host = await hostModule(context);
  // Each set is one use, however many figures follow from it.
  const predict = (one: Dataset) =>
    model.predict(one.unlocked(), batchSize === undefined ? {} : { batchSize });
  const read = async (one: Dataset, predictions: Tensor) =>
    judged(context, "report", predictions, one, { ...options, classes: options.classes ?? set.classes });
  const predictions = await predict(set);
  const given = await read(set, predictions);
  const others: Record<string, Judged> = {};
  if (train) others["what was learnt from"] = await read(train, await predict(train));
  for (const [name, one] of Object.entries(external)) others[name] = await read(one, await predict(one));

  const certainty = certaintyOf(options);
  const measures = headline(host, given, options);
  const figures = classFigures(host, given, certainty);
  const matrix = await matrixOf(host, given, certainty, IN_REPORT);
  const curves = curvesOf(host, ["roc", "precisionRecall"], given, certainty);
  const sureness = reliabilityOf(host, given, options.bins ?? 10, certainty);
  const sections = [
    await setting(context, model, set, options),
    {
      title: "How good",
      text: [
        `Arrows say which way is better. An interval holds the true figure in ${levelText(measures.map(([, measure]) => measure))} of all test sets that could have been drawn; it knows nothing of other data, nor of other runs of the training.`,
      ],
      items: [measuresTable(measures)],
    },
    { title: "Class by class", text: [], items: [item(figures[DISPLAY]()), figures.barsDisplay("recall")] },
    { title: "What was taken for what", text: [], items: [item(matrix[DISPLAY]())] },
    {
      title: "Over all thresholds",
      text: ["Move the threshold: counts and figures follow."],
      items: [item(curves[DISPLAY]())],
    },
    { title: "How sure, and how often right", text: [], items: [item(sureness[DISPLAY]())] },
    await mistakes(given, options.mistakes ?? 12),
    ...(await slicesSections(host, given, options)),
    ...elsewhere(host, given, others, options),
    ...(train ? [await leaks(context, train, set)] : []),
    ...(options.history
      ? [{ title: "The training run", text: [], items: [item(options.history[DISPLAY]() as CurveDisplay)] }]
      : []),
  ];
  const title = options.title ?? `${model instanceof Ensemble ? "ensemble" : model.kind} on ${set.name}`;
  const byName = Object.fromEntries(measures.map(([, measure]) => [measure.name, measure]));
  return new Report(byName, figures, matrix, curves, sureness, predictions, {
    kind: "report",
    title,
    sections: sections as ReportSection[],
  });
}

/** The figures at the top: of two classes those of the one that is looked for, too. */
function headline(host: Host, given: Judged, options: ReportOptions): [label: string, measure: Measure][] {
  const { names, positive } = given;
  const isBinary = names.length === 2;
  const found = host.classFigures(countsOf(host, given), names.length, certaintyOf(options));
  const own = found.perClass[positive];
  const measure = (data: typeof found.accuracy) => new Measure(data, names);
  const scored = (["rocAuc", "averagePrecision", "logLoss", "brierScore", "calibrationError"] as const).map(
    (figure) => scoredOf(host, figure, given, options),
  );
  const titled = (one: Measure, of = ""): [string, Measure] => [`${one.title}${of}`, one];
  return [
    titled(measure(found.accuracy)),
    titled(measure(found.balancedAccuracy)),
    ...(isBinary && own
      ? [own.precision, own.recall, own.specificity, own.f1].map((data) =>
          titled(measure(data), ` of ${names[positive]}`),
        )
      : [titled(measure(found.macro.f1), ", mean over classes")]),
    titled(measure(found.cohenKappa)),
    titled(measure(found.matthewsCorrcoef)),
    ...scored.map((one) => titled(one, one.name === "rocAuc" && !isBinary ? ", mean over classes" : "")),
  ];
}

function measuresTable(measures: readonly [label: string, measure: Measure][]): TableDisplay {
  const remarks = remarksText(measures.map(([, measure]) => measure));
  return {
    kind: "table",
    columns: rowColumns(measures.map(([, measure]) => measure)),
    rows: measures.map(([label, measure]) => rowOf(label, measure)),
    ...(remarks && { note: `${remarks}.` }),
  };
}

/** What was measured on what, and how it came about. */
async function setting(
  context: Context,
  model: Model,
  set: Dataset,
  options: ReportOptions,
): Promise<ReportSection> {
  const count = (n: number) => n.toLocaleString("en");
  const members = model instanceof Ensemble ? model.members : [model];
  const parameters = members
    .flatMap((member) => Object.values(member.parameters))
    .reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  const kind = model instanceof Ensemble ? `${members.length} that decide together` : model.kind;
  const about = ({ name, length, provenance }: Pick<Dataset, "name" | "length" | "provenance">) =>
    `${name}, ${count(length)} samples${provenance.length > 0 ? ` (${provenance.join("; then ")})` : ""}`;
  const runs = model.runs.map(({ train, epochs, batchSize, optimizer, seed }) => {
    return `It learnt from ${about(train)}: ${epochs} ${epochs === 1 ? "epoch" : "epochs"} in batches of ${batchSize}, ${optimizer}, seed ${seed}.`;
  });
  const lock = set.isLocked
    ? `The test set is locked, and was ${openingsText(set.openings)}.`
    : "The test set was not locked: how often it was looked at before is not known.";
  const plan = await compile(
    context,
    create(context),
  )((x: Tensor) => x.add(1)).explain(create(context).zeros([1]));
  return {
    title: "What was measured",
    text: [
      `The model: ${kind}${parameters > 0 ? `, ${count(parameters)} parameters` : ""}.`,
      ...(runs.length > 0 ? runs : ["How it was trained is not known here."]),
      `Measured on ${about(set)}, in ${Math.max(2, set.classes.length)} classes.`,
      lock,
      `Computed on ${plan.device === "webgpu" ? "WebGPU" : "the CPU"}.`,
      ...(options.note === undefined ? [] : [options.note]),
    ],
    items: [],
  };
}

async function mistakes(given: Judged, n: number): Promise<ReportSection> {
  const numbers = worst(given, n);
  const images = await mistakeImages(given, numbers, IN_REPORT);
  const text = images
    ? ["Of all that was taken for another class, what the model was surest of."]
    : [mistakesText(given, numbers)];
  return { title: "Worst mistakes", text, items: images ? [images] : [] };
}

async function slicesSections(host: Host, given: Judged, options: ReportOptions): Promise<ReportSection[]> {
  const items: ReportItem[] = [];
  for (const [name, attribute] of Object.entries(options.slices ?? {})) {
    const values = await valuesOf(`report: slices by ${name}`, attribute, given.n);
    items.push(item(slicesOf(host, given, values, { ...certaintyOf(options), name })[DISPLAY]()));
  }
  return items.length > 0 ? [{ title: "Parts of the samples", text: [], items }] : [];
}

/** The same figures on other sets, side by side. */
function elsewhere(
  host: Host,
  given: Judged,
  others: Readonly<Record<string, Judged>>,
  options: ReportOptions,
): ReportSection[] {
  if (Object.keys(others).length === 0) return [];
  const all: Measure[] = [];
  const rows = Object.entries({ "the set of this report": given, ...others }).map(([name, one]) => {
    const measures = headline(host, one, options).map(([, measure]) => measure);
    const shown = ["accuracy", "balancedAccuracy", "logLoss"].map(
      (wanted) => measures.find(({ name }) => name === wanted) as Measure,
    );
    all.push(...shown);
    return [name, one.n, ...shown.map(short)];
  });
  return [
    {
      title: "On other samples",
      text: [
        "What was learnt from is known to the model: the gap to it is the generalisation gap. A set from elsewhere says how the model does beyond data like its own.",
      ],
      items: [
        {
          kind: "table",
          columns: ["set", "samples", "accuracy", "balanced accuracy", "log loss"],
          rows,
          note: `Intervals in brackets, ${methodsText(all) || "none"}.`,
        },
      ],
    },
  ];
}

async function leaks(context: Context, train: Dataset, set: Dataset): Promise<ReportSection> {
  const title = "Is a test image among those learnt from?";
  if (!isImages(set)) return { title, text: ["Not known: the samples are no images."], items: [] };
  if (train.isStreamed || set.isStreamed)
    return {
      title,
      text: ["Not known: the samples are too many to be compared; they are streamed."],
      items: [],
    };
  const found = await leakage(context, train, set.unlocked());
  const pictures = await found.pictures();
  return {
    title,
    text: [String(found)],
    items: pictures ? [pictures] : [],
  };
}

/** The data of a display, without what makes it live. */
function item(display: LiveDisplay): ReportItem {
  const { subscribe: _, ...rest } = display;
  return rest as ReportItem;
}
