// Networks that were trained on ImageNet: loaded by name, with what they expect of an image and what their scores mean.

import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context, TensorHandle } from "./context.ts";
import { argumentError } from "./context.ts";
import { Model } from "./model.ts";
import { list, Tensor } from "./tensor.ts";

/** Options of loading a network. */
export interface ModelsOptions {
  /** Whether the trained weights are put in; yes. Without them they are drawn at the first call. */
  pretrained?: boolean;
}

/** Options of classifying. */
export interface ClassifyOptions {
  /** How many classes are told; 5. */
  top?: number;
}

/** The networks. Weights are loaded on first use, checked, and kept in the browser's storage. */
export interface Models {
  /** SqueezeNet 1.1: 1.2 million weights, 2.3 MB. */
  squeezenet(options?: ModelsOptions): Promise<Classifier>;
  /** EfficientNet-Lite0: 4.6 million weights, 4.4 MB; the better of the two. */
  efficientnetLite0(options?: ModelsOptions): Promise<Classifier>;
}

export function models(context: Context): Models {
  const network =
    (kind: Kind) =>
    async (options: ModelsOptions = {}) => {
      context.wasm.checkNames(kind, options, ["pretrained"]);
      const { size, weights } = NETWORKS[kind];
      const model = new Classifier(context, kind, await classNames(context));
      if (options.pretrained ?? true) {
        model.build([1, 3, size, size], { seed: 0 });
        const pairs = (await context.session.load(weights)) as [string, TensorHandle][];
        const values = pairs.map(([, handle]) => new Tensor(context, handle));
        model.handle.load(
          pairs.map(([name]) => name),
          list(context, values),
        );
      }
      return model;
    };
  return { squeezenet: network("squeezenet"), efficientnetLite0: network("efficientnetLite0") };
}

/** Their names. */
export type Kind = "squeezenet" | "efficientnetLite0";

/** The side of their images, and where their weights lie. */
const NETWORKS: Record<Kind, { size: number; weights: string }> = {
  squeezenet: { size: 227, weights: "squeezenet/f16" },
  efficientnetLite0: { size: 224, weights: "efficientnet-lite0/int8" },
};

async function classNames(context: Context): Promise<string[]> {
  const [pair] = (await context.session.load("imagenet")) as [string, TensorHandle][];
  if (!pair) throw argumentError("there are no names of classes; reload the page");
  const text = (await new Tensor(context, pair[1]).data()) as Int32Array;
  return new TextDecoder().decode(Uint8Array.from(text)).split("\n");
}

/** A network that tells what an image shows. */
export class Classifier extends Model {
  /** @internal */
  constructor(
    context: Context,
    /** Which network it is. */
    readonly network: Kind,
    /** The names of its classes, in the order of its scores. */
    readonly classes: readonly string[],
  ) {
    const make = () => context.wasm.Model.layer(network, undefined);
    super(context, make(), make, { kind: network, options: undefined });
  }

  /** Images [N, 3, H, W] or one [3, H, W], values 0…1, as the network expects them: the square in their middle, at its size. */
  preprocess(images: Tensor): Tensor {
    if (!(images instanceof Tensor)) throw argumentError("preprocess: expected a tensor of images");
    return new Tensor(this.context, this.context.wasm.preprocess(this.network, images.handle));
  }

  /**
   * The network without its last layer, for a head of your own: `nn.sequential([net.features(), nn.dense({ out: 3 })])`. It makes images
   * [N, 3, H, W] to features [N, 512] (SqueezeNet) or [N, 1280] (EfficientNet-Lite0); its weights begin as those of this network.
   */
  features(): Model {
    const model = Model.ofKind(this.context, this.network, { top: false });
    const known = this.parameters;
    if (Object.keys(known).length === 0) return model;
    const { size } = NETWORKS[this.network];
    model.build([1, 3, size, size], { seed: 0 });
    const names = model.handle.parameterNames();
    model.handle.load(
      names,
      list(
        this.context,
        names.map((name) => known[name] as Tensor),
      ),
    );
    return model;
  }

  /** What the network takes an image for, [3, H, W] or [1, 3, H, W], values 0…1: the most probable classes. */
  async classify(image: Tensor, options: ClassifyOptions = {}): Promise<Classification> {
    this.context.wasm.checkNames("classify", options, ["top"]);
    const { top = 5 } = options;
    if (!Number.isInteger(top) || top < 1)
      throw argumentError(`classify: top is ${top}; it must be at least 1`);
    const scores = this.forward(this.preprocess(image));
    if (scores.shape[0] !== 1)
      throw argumentError(`classify: expected one image, not ${scores.shape[0]}; predict takes several`);
    const probabilities = await scores.softmax(-1).data();
    const order = Array.from(probabilities.keys()).sort(
      (a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0) || a - b,
    );
    return new Classification(
      order.slice(0, top).map((index) => ({
        index,
        label: this.classes[index] ?? `class ${index}`,
        probability: probabilities[index] ?? 0,
      })),
    );
  }
}

/** A class that an image may show. */
export interface Guess {
  /** Its number. */
  index: number;
  /** Its name. */
  label: string;
  /** How probable the network takes it to be. */
  probability: number;
}

/** What a network takes an image for, as a table. */
export class Classification {
  /** @internal */
  constructor(
    /** The most probable first. */
    readonly top: readonly Guess[],
  ) {}

  toString(): string {
    return this.top.map(({ label, probability }) => `${percent(probability)} ${label}`).join("\n");
  }

  [DISPLAY](): LiveDisplay {
    const rows = this.top.map(({ label, index, probability }) => [label, index, percent(probability)]);
    return { kind: "table", columns: ["class", "number", "probability"], rows };
  }
}

function percent(probability: number): string {
  return `${(100 * probability).toFixed(1)} %`;
}
