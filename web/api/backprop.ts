// Back-propagation step by step (course section 2.4): every value of a small computation, how it changes with what it is computed from,
// and the gradient that arrives. The gradients and the rules are the core's own: what is shown here is what training does.

import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context, TensorHandle } from "./context.ts";
import { argumentError } from "./context.ts";
import type { GraphPicture, Step } from "./graph.ts";
import { pictureOf, stepsTo } from "./graph.ts";
import type { Displayable } from "./plot.ts";
import { list, Tensor } from "./tensor.ts";

/** One node of the computation. */
export interface BackpropStep {
  /** The name that it was given, or v1, v2, … */
  name: string;
  /** What it computes: `sigmoid(z)`; empty for what comes from outside. */
  formula: string;
  shape: number[];
  /** Its value, row by row. */
  value: number[];
  /** ∂output/∂it; absent where no gradient arrives. */
  gradient?: number[];
  /** What it hands on. */
  inputs: BackpropInput[];
}

/** What a node hands on to one that it is computed from. */
export interface BackpropInput {
  name: string;
  /** ∂node/∂input, element by element, or of a single number for each element; absent where it is a whole matrix of derivatives. */
  local?: number[];
  /** The gradient that is handed on: arriving gradient times local derivative. What an input gets in all is the sum over where it is used. */
  passed: number[];
}

/** More cannot be followed by eye. */
const MOST_STEPS = 40;
const MOST_NUMBERS = 4096;

/** Back-propagation through a small computation; shown on its picture, and by `table` as a table. */
export class Backprop {
  /** @internal */
  constructor(
    /** In the order of the backward pass: from the output to what comes from outside. */
    readonly steps: readonly BackpropStep[],
    /** The computation with values, gradients and local derivatives. */
    readonly picture: GraphPicture,
  ) {}

  /** A row for each gradient that is handed on, in the order of the backward pass. */
  get table(): Displayable {
    const [output] = this.steps;
    const columns = [
      "node",
      "computed as",
      "value",
      `arrives: ∂${output?.name}/∂node`,
      "to",
      "local derivative",
      "handed on",
    ];
    const rows = this.steps.flatMap(({ name, formula, value, gradient, inputs }) => {
      const own = [name, formula, numbersText(value), gradient ? numbersText(gradient) : ""];
      const handed = inputs.map((input) => [
        input.name,
        input.local ? numbersText(input.local) : "matrix",
        numbersText(input.passed),
      ]);
      const [first = ["", "", ""], ...rest] = handed;
      return [[...own, ...first], ...rest.map((more) => ["", "", "", "", ...more])];
    });
    return { [DISPLAY]: (): LiveDisplay => ({ kind: "table", columns, rows }) };
  }

  [DISPLAY](): LiveDisplay {
    return this.picture[DISPLAY]();
  }

  toString(): string {
    return this.picture.toString();
  }
}

/** `explain.backprop` */
export async function backprop(
  context: Context,
  output: Tensor,
  names: Readonly<Record<string, Tensor>>,
): Promise<Backprop> {
  if (!(output instanceof Tensor) || output.size !== 1 || output.dtype !== "f32") {
    const got = output instanceof Tensor ? String(output) : typeof output;
    throw argumentError(`backprop: expected one f32 number, such as a loss; got ${got}`);
  }
  const steps = stepsTo(context, "backprop", output, names, MOST_STEPS);
  const numbers = steps.reduce((sum, { tensor }) => sum + tensor.size, 0);
  if (numbers > MOST_NUMBERS)
    throw argumentError(
      `backprop: the computation has ${numbers} numbers; at most ${MOST_NUMBERS} can be looked at: take fewer samples or smaller layers`,
    );
  const rules = new Rules(context, output, steps);
  const values = await rules.read();
  const shown = steps.map((step) => described(step, values));
  const picture = pictureOf(
    `back-propagation through ${steps.length} steps`,
    steps,
    (step) => {
      const { value, gradient } = values.get(step) ?? { value: [] };
      return [`value ${numbersText(value)}`, ...(gradient ? [`gradient ${numbersText(gradient)}`] : [])];
    },
    (step, input) => {
      const local = values.get(step)?.local[input];
      return local && `× ${numbersText(local)}`;
    },
  );
  return new Backprop(shown.reverse(), picture);
}

/** What was read of a step; lists of inputs are in the order of the step's. */
interface Figures {
  value: number[];
  gradient?: number[];
  local: (number[] | undefined)[];
  passed: (number[] | undefined)[];
}

/** What the core's rules say of each step. */
class Rules {
  /** What is to be read, and where it goes. */
  readonly #wanted: [tensor: Tensor, put: (numbers: number[]) => void][] = [];
  readonly #figures = new Map<Step, Figures>();

  constructor(
    private readonly context: Context,
    output: Tensor,
    steps: readonly Step[],
  ) {
    const reached = this.#reached(steps);
    const arrived = output.grad(reached.map(({ tensor }) => tensor));
    const gradients = new Map(reached.map((step, i) => [step, arrived[i] as Tensor]));
    for (const step of steps) {
      const figures: Figures = { value: [], local: [], passed: [] };
      this.#figures.set(step, figures);
      this.#want(step.tensor, (numbers) => {
        figures.value = numbers;
      });
      const gradient = gradients.get(step);
      if (!gradient) continue;
      this.#want(gradient, (numbers) => {
        figures.gradient = numbers;
      });
      if (step.isLeaf) continue;
      const locals = this.#vjp(step.tensor, this.#ones(step.tensor));
      const passed = this.#vjp(step.tensor, gradient);
      for (const [i, { step: input, index, through }] of step.inputs.entries()) {
        const [local, sent] = [locals[index], passed[index]];
        if (!input || !gradients.has(input) || !local || !sent) continue;
        const back = this.#back(through, sent);
        if (!back) continue;
        this.#want(back, (numbers) => {
          figures.passed[i] = numbers;
        });
        if (step.tensor.size === 1 || !MIXING.has(step.op))
          this.#want(local, (numbers) => {
            figures.local[i] = numbers;
          });
      }
    }
  }

  /** All at once: one tensor is computed, and the reader's stay what they are, so that gradients can still be taken. */
  async read(): Promise<ReadonlyMap<Step, Figures>> {
    const { context } = this;
    const flat = this.#wanted.map(([tensor]) => tensor.cast("f32").reshape(-1));
    const all = new Tensor(context, context.wasm.Tensor.concat(list(context, flat), 0));
    const numbers = Array.from(await all.data());
    for (const [tensor, put] of this.#wanted) put(numbers.splice(0, tensor.size));
    return this.#figures;
  }

  /** The steps at which a gradient arrives. */
  #reached(steps: readonly Step[]): Step[] {
    const reached = new Set(steps.slice(-1));
    for (const step of [...steps].reverse()) {
      if (!reached.has(step) || step.isLeaf) continue;
      const sent = this.#vjp(step.tensor, this.#ones(step.tensor));
      for (const { step: input, index, through } of step.inputs) {
        const back = this.#back(through, sent[index]);
        if (input && back && input.tensor.dtype === "f32") reached.add(input);
      }
    }
    return steps.filter((step) => reached.has(step));
  }

  /** What of a gradient comes back through nodes that lay values out; nothing through a detached one. */
  #back(through: readonly Tensor[], sent: Tensor | undefined): Tensor | undefined {
    return through.reduce((at, node) => at && this.#vjp(node, at)[0], sent);
  }

  #vjp(node: Tensor, gradient: Tensor): (Tensor | undefined)[] {
    const { context } = this;
    const handles = context.wasm.vjp(node.handle, gradient.handle) as (TensorHandle | undefined)[];
    return handles.map((handle) => handle && new Tensor(context, handle));
  }

  #ones({ shape }: Tensor): Tensor {
    return new Tensor(this.context, this.context.wasm.Tensor.full(Uint32Array.from(shape), 1));
  }

  #want(tensor: Tensor, put: (numbers: number[]) => void): void {
    this.#wanted.push([tensor, put]);
  }
}

/** Ops whose single outputs depend on several elements of an input. */
const MIXING = new Set([
  "broadcast",
  "sum",
  "max",
  "matmul",
  "conv",
  "conv_input_grad",
  "conv_weight_grad",
  "max_pool",
  "unfold",
  "fold",
  "unpool",
  "pool_take",
  "gather",
  "scatter_add",
  "scan",
]);

function described(step: Step, values: ReadonlyMap<Step, Figures>): BackpropStep {
  const { value = [], gradient, local = [], passed = [] } = values.get(step) ?? {};
  const inputs = step.inputs.flatMap(({ step: input }, i): BackpropInput[] => {
    const [derivative, sent] = [local[i], passed[i]];
    if (!input || !sent) return [];
    return [{ name: input.name, ...(derivative && { local: derivative }), passed: sent }];
  });
  const { name, formula, tensor } = step;
  return { name, formula, shape: tensor.shape, value, ...(gradient && { gradient }), inputs };
}

/** A few of many. */
function numbersText(numbers: readonly number[]): string {
  const text = (value: number) => String(Number(value.toPrecision(3))).replace("-", "−");
  const [first] = numbers;
  if (numbers.length === 1 && first !== undefined) return text(first);
  const shown = numbers.slice(0, 4).map(text);
  return `[${[...shown, ...(numbers.length > 4 ? ["…"] : [])].join(", ")}]`;
}
