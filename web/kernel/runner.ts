// Runs cells, one after the other, in the user worker: compile, evaluate, show, report.

import type { CellLibrary } from "../api/cells.ts";
import type { Create } from "../api/create.ts";
import { DISPLAY } from "../display/schema.ts";
import type { RunningCell } from "./cell-errors.ts";
import { ErrorPlaces, sourceUrl } from "./cell-errors.ts";
import { Inputs } from "./inputs.ts";
import { LIBRARY_MODULE } from "./library.ts";
import { look } from "./look.ts";
import { RunOutputs } from "./outputs.ts";
import type { FromUser, RunEnd, ToUser } from "./protocol.ts";
import type { SharedScope } from "./scope.ts";
import { createScope } from "./scope.ts";
import type { StopSignal } from "./stop.ts";
import { RunClock, Stopped } from "./stop.ts";
import type { CellRuntime, CompiledCell } from "./transform.ts";
import { CellSyntaxError, transformCell } from "./transform.ts";

type RunRequest = Extract<ToUser, { type: "run" }>;
type CellFunction = (scope: SharedScope, runtime: CellRuntime) => Promise<unknown>;

/** What cells see without declaring it, and where what their own names hold lives on. */
type Library = Pick<CellLibrary, "names" | "restored" | "keep" | "onMoved" | "onProgress" | "describe">;

/** No page shows more. */
const FRAME_MS = 16;

export class Runner {
  readonly #places = new ErrorPlaces();
  readonly #constants = new Set<string>();
  readonly #library: Promise<Library>;
  #scope: SharedScope | undefined;
  #builtins: Record<string, unknown> = {};
  /** Of the run that goes on or was last. */
  #outputs: RunOutputs | undefined;
  /** Of each cell's last run; its live displays go on until the cell runs anew. */
  readonly #outputsOfCells = new Map<string, RunOutputs>();
  #queue: Promise<void> = Promise.resolve();
  /** When progress was told last. */
  #toldAt = 0;
  /** Who waits for the text of a run without its types. */
  readonly #untyped = new Map<number, (source: string | undefined) => void>();
  readonly #inputs = new Inputs(
    (display) => this.#outputs?.show({ [DISPLAY]: () => display }, false),
    (values, shape) => (this.#builtins.tensor as Create["tensor"])(values, shape),
  );

  constructor(
    private readonly signal: StopSignal,
    library: Promise<Library>,
    private readonly send: (message: FromUser) => void,
  ) {
    this.#library = library;
    // Its failure is reported by the first run.
    library.catch(() => {});
  }

  /** Runs a cell after those before it. */
  run(request: RunRequest): void {
    this.#queue = this.#queue.then(() => this.#run(request));
  }

  /** The reader set an input: at once, whatever runs. */
  set(request: Extract<ToUser, { type: "input" }>): void {
    this.#inputs.receive(request);
  }

  /** What the page found of a run that has types. */
  untyped({ run, source }: Extract<ToUser, { type: "untyped" }>): void {
    this.#untyped.get(run)?.(source);
    this.#untyped.delete(run);
  }

  /** The page asks what lies under a path of names: at once, whatever runs. */
  async look({ id, path }: Extract<ToUser, { type: "look" }>): Promise<void> {
    const library = await this.#library.catch(() => undefined);
    const value = this.#scope && library && look(this.#scope, path, library.describe);
    this.send({ type: "looked", id, ...(value && { value }) });
  }

  /** A line of the console, shown under the cell that runs or ran last. */
  write(stream: "stdout" | "stderr", values: unknown[]): void {
    this.#outputs?.write(stream, values);
  }

  /** An error that no run caught, such as a rejected promise nobody awaited. */
  uncaught(error: unknown): void {
    if (!(error instanceof Stopped)) this.#outputs?.error(error);
  }

  async #run(request: RunRequest): Promise<void> {
    const { run } = request;
    const cell: RunningCell = { cell: request.cell, count: run, source: request.source };
    const outputs = new RunOutputs(run, this.send, (error) => this.#places.describe(error, cell));
    this.#outputs = outputs;
    this.#outputsOfCells.get(request.cell)?.close();
    this.#outputsOfCells.set(request.cell, outputs);
    await this.signal.begin(run);
    this.#inputs.begin(request.cell, request.inputs);
    const begin = performance.now();
    let end: RunEnd = "ok";
    try {
      const value = await this.signal.race(this.#evaluate(cell));
      if (value !== undefined && !this.#inputs.isShown(value)) outputs.show(value, true);
      await this.signal.race(outputs.settled());
    } catch (error) {
      end = error instanceof Stopped ? "stopped" : "error";
      outputs.error(error);
      void outputs.settled();
    }
    const { compiled } = cell;
    const milliseconds = performance.now() - begin;
    const defines = [...(compiled?.defines.keys() ?? [])];
    const isShared = (name: string) => !(name in this.#builtins) || Object.hasOwn(this.#scope ?? {}, name);
    const uses = [...(compiled?.uses ?? [])].filter(isShared);
    await this.#keep();
    this.send({ type: "done", run, end, milliseconds, defines, uses, reads: this.#inputs.reads });
  }

  /** Lets what the cells' names hold live on, as it is now. */
  async #keep(): Promise<void> {
    if (!this.#scope) return;
    const { keep } = await this.#library;
    try {
      keep({ ...this.#scope });
    } catch (error) {
      this.#outputs?.error(error);
    }
  }

  async #evaluate(cell: RunningCell): Promise<unknown> {
    const scope = this.#scope ?? this.#open(await this.#library);
    cell.compiled = await this.#compile(cell, scope);
    this.#places.add(cell);
    for (const [name, kind] of cell.compiled.defines) {
      if (kind === "const" || kind === "import") this.#constants.add(name);
      else this.#constants.delete(name);
    }
    // biome-ignore lint/security/noGlobalEval: evaluating the reader's code is what this worker is for
    const main = globalThis.eval(cell.compiled.code) as CellFunction;
    return main(scope, this.#runtime(cell));
  }

  /** Types become blanks, so what is compiled without them has the places of what was written. */
  async #compile(cell: RunningCell, scope: SharedScope): Promise<CompiledCell> {
    const compile = (source: string) =>
      transformCell(source, {
        isGlobal: (name) => name in globalThis && !(name in this.#builtins) && !Object.hasOwn(scope, name),
        constants: this.#constants,
        sourceUrl: sourceUrl(cell.count),
      });
    try {
      return compile(cell.source);
    } catch (error) {
      if (!(error instanceof CellSyntaxError)) throw error;
      const answer = new Promise<string | undefined>((resolve) => this.#untyped.set(cell.count, resolve));
      this.send({ type: "types", run: cell.count });
      const source = await answer;
      if (source === undefined) throw error;
      return compile(source);
    }
  }

  /** The scope of all cells, with what a worker before this one has left. */
  #open({ names, restored, onMoved, onProgress }: Library): SharedScope {
    this.#builtins = {
      ...names,
      display: (...values: unknown[]) => {
        for (const value of values) if (!this.#inputs.isShown(value)) this.#outputs?.show(value, false);
      },
      input: this.#inputs.makers,
    };
    onMoved(() => void this.#keep());
    onProgress((done, total) => this.#progressed(done, total));
    this.#scope = Object.assign(createScope(this.#builtins), restored);
    return this.#scope;
  }

  /** Of the run that goes on; the last step is always told. */
  #progressed(done: number, total: number): void {
    const now = performance.now();
    if (!this.#outputs || (done < total && now - this.#toldAt < FRAME_MS)) return;
    this.#toldAt = now;
    this.send({ type: "progress", run: this.#outputs.run, done, total });
  }

  #runtime(cell: RunningCell): CellRuntime {
    const from = (offset: number, value: unknown) => {
      if (!isThenable(value)) return value;
      return Promise.resolve(value).then(undefined, (error: unknown) => {
        this.#places.noteAwait(error, cell, offset);
        throw error;
      });
    };
    const goOn = (value: unknown) => {
      if (this.signal.wasStopped(cell.count)) throw new Stopped();
      // What was waited for may have ended because of Stop, before word of it came here.
      this.signal.check(performance.now());
      return value;
    };
    return Object.assign(new RunClock(this.signal), {
      from,
      own: (offset: number, value: unknown) => {
        const settled = from(offset, value);
        return settled instanceof Promise ? settled.then(goOn) : goOn(settled);
      },
      unknown: (name: string): never => {
        throw new ReferenceError(`${name} is not defined: declare it with let or const`);
      },
      import: (specifier: unknown, names: string[] = []) => this.#import(specifier, names),
    });
  }

  async #import(specifier: unknown, names: string[]): Promise<Record<string, unknown>> {
    if (specifier !== LIBRARY_MODULE) {
      throw new TypeError(
        `There is no module "${String(specifier)}": cells can import "${LIBRARY_MODULE}" only.`,
      );
    }
    const library = { ...(await this.#library).names };
    for (const name of names) {
      if (!(name in library)) throw new SyntaxError(`The module "${specifier}" has no export "${name}".`);
    }
    return library;
  }
}

function isThenable(value: unknown): value is Promise<unknown> {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, "then") === "function";
}
