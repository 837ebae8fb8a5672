// What one run shows: values, console text and live displays, numbered in the order of the calls and sent to the page.
// A flood is cut off here for politeness; the page has limits of its own.

import { inspect, inspectMessage } from "../display/inspect.ts";
import type { CurvePoints, Display, DisplayUpdate, LiveDisplay, PointsUpdate } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { FromUser } from "./protocol.ts";

const MAX_OUTPUTS = 200;
const MAX_STREAM = 200_000;
const FLUSH_MS = 16;

type Stream = "stdout" | "stderr";

export class RunOutputs {
  #count = 0;
  readonly #pending: Promise<void>[] = [];
  #stream: { name: Stream; index: number; text: string; sent: boolean } | undefined;
  #lastFlush = 0;
  readonly #subscriptions: (() => void)[] = [];
  #isClosed = false;

  constructor(
    readonly run: number,
    private readonly send: (message: FromUser) => void,
    private readonly describe: (error: unknown) => Display,
  ) {}

  /** Shows a value; a promise is shown when it settles, in its place. Text is shown as it is unless it is a result. */
  show(value: unknown, isResult: boolean): void {
    this.#closeStream();
    const index = this.#next();
    if (index === undefined) return;
    const shown = this.#show(value, index, isResult).catch((error: unknown) => {
      this.#output(index, this.describe(error), isResult);
    });
    this.#pending.push(shown);
  }

  error(error: unknown): void {
    this.#closeStream();
    const index = this.#next();
    if (index !== undefined) this.#output(index, this.describe(error), false);
  }

  /** A line of the console. Lines that follow each other share an output. */
  write(name: Stream, values: unknown[]): void {
    if (this.#stream?.name !== name) {
      this.#closeStream();
      const index = this.#next();
      if (index === undefined) return;
      this.#stream = { name, index, text: "", sent: true };
    }
    const stream = this.#stream;
    if (!stream || stream.text.length > MAX_STREAM) return;
    stream.text += `${inspectMessage(...values)}\n`;
    if (stream.text.length > MAX_STREAM)
      stream.text = `${stream.text.slice(0, MAX_STREAM)}\n… the rest is not shown\n`;
    if (stream.sent) setTimeout(() => this.#flush(), FLUSH_MS);
    stream.sent = false;
    // A loop that never yields still shows what it prints.
    if (performance.now() - this.#lastFlush > 4 * FLUSH_MS) this.#flush();
  }

  /** Resolves when everything shown so far has been sent. */
  async settled(): Promise<void> {
    this.#closeStream();
    await Promise.all(this.#pending.splice(0));
  }

  /** Ends live displays: the cell runs anew. */
  close(): void {
    this.#isClosed = true;
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe();
  }

  async #show(value: unknown, index: number, isResult: boolean): Promise<void> {
    const settled = await value;
    const display = await displayOf(settled, isResult);
    const { subscribe } = display;
    this.#output(index, plain(display), isResult);
    if (subscribe && !this.#isClosed)
      this.#subscriptions.push(subscribe.call(display, this.#forwarder(index)));
  }

  /** Collects a live display's updates and sends them at most once a frame. */
  #forwarder(index: number): (update: DisplayUpdate) => void {
    let waiting: DisplayUpdate[] = [];
    const flush = () => {
      if (this.#isClosed) return;
      for (const update of waiting) this.send({ type: "update", run: this.run, index, update });
      waiting = [];
    };
    return (update) => {
      const last = waiting.at(-1);
      if (waiting.length === 0) setTimeout(flush, FLUSH_MS);
      if (update.type === "replace") waiting = [{ type: "replace", display: plain(update.display) }];
      else if (last?.type === "points") waiting[waiting.length - 1] = join(last, update);
      else waiting.push(update);
    };
  }

  #output(index: number, display: Display, isResult: boolean): void {
    this.send({ type: "output", run: this.run, index, display, isResult });
  }

  #next(): number | undefined {
    if (this.#count > MAX_OUTPUTS) return undefined;
    const index = this.#count++;
    if (index < MAX_OUTPUTS) return index;
    this.#output(index, { kind: "text", text: "… further outputs of this run are not shown" }, false);
    return undefined;
  }

  #flush(): void {
    const stream = this.#stream;
    this.#lastFlush = performance.now();
    if (!stream || stream.sent) return;
    stream.sent = true;
    this.#output(stream.index, { kind: "text", text: stream.text, stream: stream.name }, false);
  }

  #closeStream(): void {
    this.#flush();
    this.#stream = undefined;
  }
}

async function displayOf(value: unknown, isResult: boolean): Promise<LiveDisplay> {
  if ((typeof value === "object" && value !== null) || typeof value === "function") {
    const show: unknown = Reflect.get(value, DISPLAY);
    if (typeof show === "function") return (await show.call(value)) as LiveDisplay;
  }
  return { kind: "text", text: isResult ? inspect(value) : inspectMessage(value) };
}

/** The data of a display, without the methods that cannot cross to the page. */
function plain(display: LiveDisplay): Display {
  return Object.fromEntries(
    Object.entries(display).filter(([, field]) => typeof field !== "function"),
  ) as unknown as Display;
}

/** Where only some points have intervals, the others have none. */
function joinPoints(a: CurvePoints, b: CurvePoints): Partial<CurvePoints> {
  const ends = (key: "low" | "high") => {
    if (!a[key] && !b[key]) return {};
    const of = (points: CurvePoints) => points[key] ?? points.x.map(() => Number.NaN);
    return { [key]: [...of(a), ...of(b)] };
  };
  return { x: [...a.x, ...b.x], y: [...a.y, ...b.y], ...ends("low"), ...ends("high") };
}

function join(a: PointsUpdate, b: PointsUpdate): DisplayUpdate {
  const points = a.points.map((p) => ({ ...p }));
  for (const more of b.points) {
    const same = points.find((p) => p.panel === more.panel && p.series === more.series);
    if (same) Object.assign(same, joinPoints(same, more));
    else points.push({ ...more });
  }
  const marks = [...(a.marks ?? []), ...(b.marks ?? [])];
  return { type: "points", points, ...(marks.length > 0 && { marks }) };
}
