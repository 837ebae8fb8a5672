// Networks and computations as pictures: what is computed from what. A network's boxes are its layers; what lies between them, such as
// the sum of a skip, is found in the graph that a pass builds. A tensor's boxes are its ops.

import type { GraphBox, GraphEdge, LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context, ModelHandle, TensorHandle } from "./context.ts";
import { argumentError } from "./context.ts";
import type { DeclaredInputs } from "./inputs.ts";
import type { Pass } from "./layers.ts";
import { list, Tensor } from "./tensor.ts";

/** A picture of boxes and arrows: displayed, it is drawn and can be saved as SVG; as text it is a list. */
export class GraphPicture {
  /** @internal */
  constructor(
    /** What it shows, in words. */
    readonly title: string,
    /** Each comes after those that it gets something from. */
    readonly boxes: readonly GraphBox[],
    /** By the boxes' places. */
    readonly edges: readonly GraphEdge[],
  ) {}

  [DISPLAY](): LiveDisplay {
    return { kind: "graph", title: this.title, boxes: [...this.boxes], edges: [...this.edges] };
  }

  toString(): string {
    const line = ({ label, notes }: GraphBox, i: number) => {
      const from = this.edges.filter(({ to }) => to === i).map(({ from }) => this.boxes[from]?.label);
      return [label, ...notes, ...(from.length > 0 ? [`from ${from.join(", ")}`] : [])].join("; ");
    };
    return [this.title, ...this.boxes.map(line)].join("\n");
  }
}

/** @internal A node of the graph as the module gives it. */
interface RawNode {
  id: number;
  op: string;
  inputs: number[];
  value?: number;
  tensor: TensorHandle;
}

/** Boxes and arrows on their way. */
class Drawing {
  readonly boxes: GraphBox[] = [];
  readonly edges: GraphEdge[] = [];

  add(box: GraphBox, from: readonly number[]): number {
    const to = this.boxes.push(box) - 1;
    for (const source of from) this.edges.push({ from: source, to });
    return to;
  }
}

/** @internal `model.graph`: a network's layers, for an input shape with the batch axis; several inputs lie packed in it. */
export function networkPicture(
  context: Context,
  model: ModelHandle,
  input: Uint32Array,
  inputs: DeclaredInputs = [],
): GraphPicture {
  const x = context.wasm.Tensor.full(input, 0);
  const { output, layers } = model.record(x, 0, true) as unknown as Pass;
  const whole = layers.filter(
    ({ path }, i) => !layers.slice(0, i).some((layer) => layer.path.startsWith(`${path}.`)),
  );
  const roots = [...whole.map((layer) => layer.input), output].map((handle) => new Tensor(context, handle));
  const nodes = nodesOf(context, roots);
  const drawing = new Drawing();
  /** Which box gives the value of a node. */
  const places = new Map<number, number>();
  const parts = [...nodes.values()].filter(({ op, inputs: [from] }) => op === "slice" && from === x.id);
  const given: [id: number, label: string, shape: ArrayLike<number>][] =
    inputs.length > 0 && parts.length === inputs.length
      ? inputs.map(([name, shape], i) => [parts[i]?.id ?? 0, name, [input[0] ?? 1, ...shape]])
      : [[x.id, "input", input]];
  for (const [id, label, shape] of given)
    places.set(id, drawing.add({ label, notes: [shapeText(shape)], role: "input" }, []));
  const join = joiner(nodes, places, drawing);
  for (const { path, kind, parameters, input, output } of whole) {
    const from = join(input.id);
    const counted = parameters > 0 ? [`${grouped(parameters)} parameters`] : [];
    const box: GraphBox = {
      label: kind,
      name: path,
      notes: [shapeText(output.shape), ...counted],
      role: "layer",
    };
    places.set(output.id, drawing.add(box, from === undefined ? [] : [from]));
  }
  join(output.id);
  // A layer that stands in several places learns once.
  const count = Number(Reflect.get(model.summary(input), "parameters"));
  const title = `${model.kind}: ${whole.length} layers, ${grouped(count)} parameters`;
  return new GraphPicture(title, drawing.boxes, drawing.edges);
}

/** Which box gives the value of a node between layers; boxes for what joins are added on the way. */
function joiner(nodes: ReadonlyMap<number, RawNode>, places: Map<number, number>, drawing: Drawing) {
  const join = (id: number): number | undefined => {
    const known = places.get(id);
    const node = nodes.get(id);
    if (known !== undefined || !node) return known;
    const parts = partsOf(nodes, node, places);
    const from = (parts ?? node.inputs).map(join).filter((place) => place !== undefined);
    // Constants have no box; what only looks at one value in another way is that value.
    const [first] = from;
    if (first === undefined || (from.length === 1 && LAYOUT.has(node.op) && node.op !== "slice"))
      return first;
    const label = parts ? "concat" : opText(nodes, node);
    const place = drawing.add({ label, notes: [shapeText(node.tensor.shape)], role: "join" }, from);
    places.set(id, place);
    return place;
  };
  return join;
}

/** What is set side by side, if that is what a node does: it adds what was padded to different places. */
function partsOf(
  nodes: ReadonlyMap<number, RawNode>,
  node: RawNode,
  ends: ReadonlyMap<number, number>,
): number[] | undefined {
  if (node.op !== "add") return undefined;
  const parts = node.inputs.map((id) => {
    const input = nodes.get(id);
    if (!input || ends.has(id)) return undefined;
    return input.op === "pad" ? input.inputs : partsOf(nodes, input, ends);
  });
  return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
}

/** A node of a computation that the reader wrote. */
export interface Step {
  tensor: Tensor;
  op: string;
  /** How it is called: the reader's name, or one of its own. */
  name: string;
  /** What it computes, in these names: `sigmoid(z)`. */
  formula: string;
  /** What it is computed from; `through` are nodes in between that only lay values out, from it on. */
  inputs: { step: Step | undefined; index: number; through: Tensor[] }[];
  /** Whether its value comes from outside. */
  isLeaf: boolean;
}

/** @internal The steps to a tensor, each after those that it is computed from; constants and layout are no steps of their own. */
export function stepsTo(
  context: Context,
  what: string,
  output: Tensor,
  names: Readonly<Record<string, Tensor>>,
  most: number,
) {
  const named = new Map<number, string>();
  for (const [name, tensor] of Object.entries(names)) {
    if (!(tensor instanceof Tensor)) throw argumentError(`${what}: ${name} is not a tensor`);
    named.set(tensor.handle.id, name);
  }
  const nodes = nodesOf(context, [output]);
  const steps = new Map<number, Step>();
  const isStep = ({ id, op }: RawNode) => named.has(id) || !(LAYOUT.has(op) || op === "full");
  const last = [...nodes.values()].findLast(isStep);
  let [values, constants] = [0, 0];
  const ownName = (id: number, isLeaf: boolean) => {
    if (id === last?.id) return "out";
    return isLeaf ? `c${++constants}` : `v${++values}`;
  };
  const count = [...nodes.values()].filter(isStep).length;
  if (count > most)
    throw argumentError(
      `${what}: the tensor is computed in ${count} steps; a picture that can be read has at most ${most}. Take a smaller computation, or look at a network with model.graph`,
    );
  for (const node of nodes.values()) {
    if (!isStep(node)) continue;
    const isLeaf = node.inputs.length === 0;
    const inputs = node.inputs.map((id, index) => {
      const through: Tensor[] = [];
      let input = nodes.get(id);
      while (input && !isStep(input) && input.op !== "full") {
        through.push(new Tensor(context, input.tensor));
        input = nodes.get(input.inputs[0] as number);
      }
      return { step: input && steps.get(input.id), index, through };
    });
    const words = node.inputs.map((id, i) => inputs[i]?.step?.name ?? constantText(nodes, id));
    steps.set(node.id, {
      tensor: new Tensor(context, node.tensor),
      op: node.op,
      name: named.get(node.id) ?? ownName(node.id, isLeaf),
      formula: isLeaf ? "" : formulaOf(node, words),
      inputs,
      isLeaf,
    });
  }
  for (const [name, tensor] of Object.entries(names))
    if (!nodes.has(tensor.handle.id))
      throw argumentError(
        `${what}: the result does not depend on ${name}; a tensor that was read on the way is a leaf: look before reading`,
      );
  return [...steps.values()];
}

/** @internal `explain.graph`: the steps to a tensor as boxes. */
export function tensorPicture(
  context: Context,
  output: Tensor,
  names: Readonly<Record<string, Tensor>>,
): GraphPicture {
  if (!(output instanceof Tensor)) throw argumentError("graph: the first argument must be a tensor");
  const steps = stepsTo(context, "graph", output, names, 200);
  return pictureOf(`computation of ${steps.length} steps`, steps, ({ tensor }) => [shapeText(tensor.shape)]);
}

/** @internal Steps as boxes, with notes on each, and on the arrow from an input. */
export function pictureOf(
  title: string,
  steps: readonly Step[],
  notes: (step: Step) => string[],
  label: (step: Step, input: number) => string | undefined = () => undefined,
): GraphPicture {
  const places = new Map(steps.map((step, i) => [step, i]));
  const last = steps.length - 1;
  const boxes = steps.map((step, i): GraphBox => {
    const role = step.isLeaf ? "input" : i === last ? "output" : "value";
    const formula = step.formula ? [`= ${step.formula}`] : [];
    return { label: step.name, notes: [...formula, ...notes(step)], role };
  });
  const edges = steps.flatMap((step, to) =>
    step.inputs.flatMap(({ step: input }, i): GraphEdge[] => {
      const from = input && places.get(input);
      const text = label(step, i);
      return from === undefined ? [] : [{ from, to, ...(text !== undefined && { label: text }) }];
    }),
  );
  return new GraphPicture(title, boxes, edges);
}

/** Ops that show a value in another way and change no number. */
const LAYOUT = new Set(["reshape", "broadcast", "permute", "slice", "pad", "cast", "detach", "flip"]);

const SIGNS: Record<string, string> = { add: "+", sub: "−", mul: "·", div: "/" };

function nodesOf(context: Context, tensors: readonly Tensor[]): Map<number, RawNode> {
  const nodes = context.wasm.nodes(list(context, tensors)) as RawNode[];
  return new Map(nodes.map((node) => [node.id, node]));
}

function opText(nodes: ReadonlyMap<number, RawNode>, node: RawNode): string {
  if (isRelu(nodes, node)) return "relu";
  return SIGNS[node.op] ?? node.op;
}

/** max(0, x) is written so. */
function isRelu(nodes: ReadonlyMap<number, RawNode>, { op, inputs }: RawNode): boolean {
  return op === "maximum" && inputs.some((id) => constantText(nodes, id) === "0");
}

function formulaOf({ op }: RawNode, words: readonly string[]): string {
  const sign = SIGNS[op];
  if (sign && words.length === 2) return words.join(` ${sign} `);
  if (op === "maximum" && words.includes("0"))
    return `relu(${words.filter((word) => word !== "0").join(", ")})`;
  return `${op}(${words.join(", ")})`;
}

/** The number that a node is everywhere, if it is one. */
function constantText(nodes: ReadonlyMap<number, RawNode>, id: number): string {
  let node = nodes.get(id);
  while (node && LAYOUT.has(node.op)) node = nodes.get(node.inputs[0] as number);
  return node?.value === undefined ? "…" : String(Number(node.value.toPrecision(4)));
}

function shapeText(shape: ArrayLike<number>): string {
  return `[${Array.from(shape).join(", ")}]`;
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}
