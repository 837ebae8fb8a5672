// Steps that the reader writes: a function is traced once for each signature of its arguments, and each call then runs
// one program where the compute worker is. What surprises about that is written down in compile.test.ts.

import type { Context } from "./context.ts";
import { argumentError, seedOf } from "./context.ts";
import type { Create } from "./create.ts";
import type { Costs, Plan } from "./plan.ts";
import type { Profile } from "./profile.ts";
import type { Ceilings, Roofline } from "./roofline.ts";
import type { DType, Nested, Operand, Values } from "./tensor.ts";
import { list, Tensor } from "./tensor.ts";

/** Options of `compile`. */
export interface CompileOptions {
  /** Random numbers within the function follow from it, others in each call; drawn afresh if left out. */
  seed?: number;
}

/** What a call takes for what the function takes: a number where that has a tensor without axes. */
export type CallArgument<T> = T extends Tensor
  ? Operand
  : T extends object
    ? { [K in keyof T]: CallArgument<T[K]> }
    : T;

/** A compiled function. */
export interface Compiled<A extends unknown[], R> {
  /**
   * One call. It is sent ahead: the promise settles when more may be sent, and what it gives is computed when it is
   * read. State that the function changes is changed by each call, in the order of the calls.
   */
  (...args: { [K in keyof A]: CallArgument<A[K]> }): Promise<R>;
  /**
   * Times each step of its program on these arguments for about a third of a second; `display` shows the table. On the CPU
   * these are calls, by which state that the function changes is changed. WebGPU runs programs as a whole: there the
   * function is called once, and then each step is repeated by itself.
   */
  profile(...args: { [K in keyof A]: CallArgument<A[K]> }): Promise<Profile>;
  /**
   * What a call does on the device: dispatches, floating-point operations and bytes, step by step, and the memory that it
   * takes; `display` shows the table. Nothing is run. Without arguments it is about those of the last call.
   *
   * ```js
   * const step = compile((x) => x.matmul(x).relu())
   * const plan = await step.explain(randn([64, 64]))
   * console.log(plan.dispatches, plan.moved / (plan.read + plan.written))
   * display(plan)
   * ```
   *
   * Errors: no arguments where none were seen yet.
   */
  explain(...args: { [K in keyof A]: CallArgument<A[K]> } | []): Promise<Plan>;
  /**
   * `profile` against what the device can do, which is measured once in a session and takes about a second; `display` shows
   * each kernel's speed below the ceilings of arithmetic and memory, on logarithmic axes, and names those that lose most time.
   * State is changed as by `profile`.
   */
  roofline(...args: { [K in keyof A]: CallArgument<A[K]> }): Promise<Roofline>;
  /** The function that was compiled; to be called within another one. */
  readonly body: (...args: A) => R;
  /** How often it has been traced. */
  readonly traces: number;
}

/**
 * Makes a function of tensors one program. The function runs once for each signature of the arguments: the shapes and
 * types of tensors, and the values of strings and booleans. Numbers become tensors without axes and may change freely.
 * Variables, model weights, optimisers and running statistics are found anew by each call; any other tensor that the
 * function captures is a constant.
 */
export type Compile = <A extends unknown[], R>(
  body: (...args: A) => R,
  options?: CompileOptions,
) => Compiled<A, R>;

/** A value that outlives calls of compiled functions and is changed by them. */
export class Variable {
  /** @internal */
  constructor(
    /** @internal */
    readonly context: Context,
    /** @internal */
    readonly handle: InstanceType<Context["wasm"]["Variable"]>,
  ) {}

  /** The present value; within a compiled function, what the function has made of it so far. */
  get value(): Tensor {
    return new Tensor(this.context, this.handle.value);
  }
  /** The sizes of its axes. */
  get shape(): number[] {
    return this.value.shape;
  }
  /** The type of its elements. */
  get dtype(): DType {
    return this.value.dtype;
  }
  /** Another value of the same shape and type. Within a compiled function each call assigns. */
  assign(value: Operand): void {
    this.handle.assign(tensorOf(this.context, value).handle);
  }
  toString(): string {
    return `Variable ${this.dtype} [${this.shape.join(", ")}]`;
  }
}

/** Makes a variable of a tensor, a number or nested arrays. */
export type MakeVariable = (value: Tensor | Nested | Values) => Variable;

export function makeVariable(context: Context, create: Create): MakeVariable {
  return (value) => {
    const first = value instanceof Tensor ? value : create.tensor(value);
    return new Variable(context, new context.wasm.Variable(first.handle));
  };
}

/** Signatures that a function is remembered for; the one not called for longest goes. */
const REMEMBERED = 16;

interface Program {
  step: ReturnType<Context["wasm"]["Step"]["trace"]>;
  /** What the function gave, with slots in place of tensors. */
  result: unknown;
}

export function compile(context: Context, create: Create): Compile {
  const { wasm, session } = context;
  /** By device: it may become another one. */
  const ceilings = new Map<string, Promise<Ceilings>>();
  const make: Compile = <A extends unknown[], R>(
    body: (...args: A) => R,
    options: CompileOptions = {},
  ): Compiled<A, R> => {
    if (typeof body !== "function") throw argumentError("compile: expected a function of tensors");
    wasm.checkNames("compile", options, ["seed"]);
    const draws = new wasm.Draws(seedOf(context, options.seed));
    const programs = new Map<string, Program>();
    const none = list(context, []);
    let traces = 0;

    const trace = (args: A, tensors: Tensor[]): Program => {
      let result: unknown;
      const run = (given: ReturnType<typeof list>) => {
        let next = 0;
        const stands = replaced(args, isOperand, () => new Tensor(context, given.at(next++))) as A;
        const made = body(...stands);
        if (made instanceof Promise) {
          made.catch(() => {});
          throw argumentError(
            "compile: the function is async; within it nothing has a value that could be awaited. Return tensors, and await the call",
          );
        }
        const outputs: Tensor[] = [];
        result = replaced(made, isTensor, (tensor) => new Slot(outputs.push(tensor) - 1));
        return list(context, outputs);
      };
      context.trace.active = true;
      try {
        const step = wasm.Step.trace(draws, list(context, tensors), run);
        traces += 1;
        return { step, result };
      } finally {
        context.trace.active = false;
      }
    };

    const find = (args: unknown[]) => {
      const tensors: Tensor[] = [];
      const shape = args.map((arg, i) => flatten(context, arg, `argument ${i + 1}`, tensors)).join(",");
      const arguments_ = tensors.length > 0 ? list(context, tensors) : none;
      const key = tensors.length > 0 ? shape + wasm.signature(arguments_) : shape;
      const program = programs.get(key) ?? trace(args as A, tensors);
      programs.delete(key);
      programs.set(key, program);
      if (programs.size > REMEMBERED) programs.delete(programs.keys().next().value as string);
      return { program, arguments_ };
    };
    const call = async (args: unknown[]): Promise<R> => {
      const { program, arguments_ } = find(args);
      const outputs = program.step.call(session, arguments_);
      const wait = session.caughtUp();
      if (wait) await wait;
      return replaced(program.result, isSlot, ({ index }) => new Tensor(context, outputs.at(index))) as R;
    };
    const compiled = (...args: unknown[]): Promise<R> => {
      if (context.trace.active) {
        throw argumentError(
          "compile: a compiled function was called within another one; call its body there: step.body(x)",
        );
      }
      return call(args);
    };
    const explain = async (...args: unknown[]): Promise<Plan> => {
      const last = args.length === 0 ? [...programs.values()].at(-1) : undefined;
      if (!last && args.length < body.length) {
        throw argumentError(
          `explain: ${args.length} arguments for a function of ${body.length}; give it arguments as for a call, or call it first`,
        );
      }
      const { step } = last ?? find(args).program;
      const costs = (await step.profile(session, none, false)) as Costs;
      const { Plan } = await import("./plan.ts");
      return new Plan(costs);
    };
    const profile = async (...args: unknown[]): Promise<Profile> => {
      const { program, arguments_ } = find(args);
      const costs = (await program.step.profile(session, arguments_, true)) as Costs;
      const { Profile } = await import("./profile.ts");
      return new Profile(costs);
    };
    const roofline = async (...args: unknown[]): Promise<Roofline> => {
      const timed = await profile(...args);
      const { measureCeilings, Roofline } = await import("./roofline.ts");
      const measured = ceilings.get(timed.device) ?? measureCeilings(make, create.randn);
      ceilings.set(timed.device, measured);
      // What failed is tried again when it is asked for again.
      measured.catch(() => ceilings.delete(timed.device));
      return new Roofline(timed, await measured);
    };
    Object.defineProperties(compiled, {
      body: { value: body },
      profile: { value: profile },
      explain: { value: explain },
      roofline: { value: roofline },
      traces: { get: () => traces },
    });
    return compiled as unknown as Compiled<A, R>;
  };
  return make;
}

/** The place of a tensor in what a function gives. */
class Slot {
  constructor(readonly index: number) {}
}

/** Collects the tensors of an argument, and says in a text what it is besides. */
function flatten(context: Context, value: unknown, where: string, tensors: Tensor[]): string {
  if (isOperand(value)) {
    tensors.push(tensorOf(context, value));
    return "T";
  }
  if (typeof value === "string" || typeof value === "boolean" || value === null || value === undefined) {
    return JSON.stringify(value) ?? "-";
  }
  if (!isPlain(value)) {
    const other = typeof value === "object" ? "an object of another kind" : `a ${typeof value}`;
    const what = value instanceof Variable ? "a variable" : other;
    throw argumentError(
      `compile: ${where} is ${what}; expected tensors, numbers, strings and booleans, also in arrays and plain objects. Models, variables and optimisers are captured`,
    );
  }
  const parts = Object.entries(value).map(
    ([name, part]) => `${JSON.stringify(name)}:${flatten(context, part, `${where}.${name}`, tensors)}`,
  );
  return Array.isArray(value) ? `[${parts.join()}]` : `{${parts.join()}}`;
}

/** The same value with other things in place of some of its parts. */
function replaced<T>(
  value: unknown,
  which: (part: unknown) => part is T,
  make: (part: T) => unknown,
): unknown {
  if (which(value)) return make(value);
  if (!isPlain(value)) return value;
  if (Array.isArray(value)) return value.map((part) => replaced(part, which, make));
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, replaced(part, which, make)]));
}

const isTensor = (part: unknown): part is Tensor => part instanceof Tensor;
const isSlot = (part: unknown): part is Slot => part instanceof Slot;
const isOperand = (part: unknown): part is Operand => isTensor(part) || typeof part === "number";

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value));
}

/** A number as a tensor without axes. */
export function tensorOf(context: Context, value: Operand): Tensor {
  return typeof value === "number"
    ? new Tensor(
        context,
        context.wasm.Tensor.fromWords(
          new Uint32Array(Float32Array.of(value).buffer),
          new Uint32Array(),
          "f32",
        ),
      )
    : value;
}
