// Scenes with everything that is true of them: where which things lie, which pixels are theirs, what a person would say. They are
// drawn from a seed in whole numbers, so the same seed gives the same pixels on every machine.

import type { LiveDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { Context, TensorHandle } from "./context.ts";
import { argumentError, seedOf } from "./context.ts";
import { Dataset } from "./dataset.ts";
import type { Displayable, ImagesOptions } from "./plot.ts";
import { IMAGES_OPTIONS, imagesDisplay } from "./plot.ts";
import type { SceneRequest } from "./scene-request.ts";
import { sceneName } from "./scene-request.ts";
import { list, Tensor } from "./tensor.ts";

/** Options of scenes. */
export interface SceneOptions {
  /** What is pasted: "emoji" or handwritten "digits"; "emoji". */
  of?: "emoji" | "digits";
  /** What it is pasted on: cuts of "photos", or "black", where digits are grey; "photos". */
  on?: "photos" | "black";
  /** Whose emoji; "noto". */
  style?: "noto" | "twemoji";
  /** Which emoji, by their names in `(await data.emoji()).names`; ten that are easy to tell apart. */
  classes?: readonly string[];
  /** Scenes; 256. */
  count?: number;
  /** Height and width in pixels, up to 256; 64. */
  size?: number;
  /** Fewest and most things in a scene; [1, 3]. */
  objects?: readonly [fewest: number, most: number];
  /** Least and greatest height of a thing in pixels; a quarter and a half of the scene's. */
  sides?: readonly [least: number, greatest: number];
  /** Things are turned by whole degrees up to this, either way; 20, for digits 0. */
  turn?: number;
  /** The same seed draws the same scenes on every machine; drawn afresh if left out. */
  seed?: number;
}

/** Options of turned digits. */
export interface TurnedOptions {
  /** Images; 2000. */
  count?: number;
  /** The greatest angle in degrees, either way; 45. */
  turn?: number;
  /** The same seed draws the same images on every machine; drawn afresh if left out. */
  seed?: number;
}

/** Data sets that are drawn. */
export interface Drawn {
  /** Things on photographs with boxes, masks and captions: `await data.scenes({ count: 500, seed: 1 })`. */
  scenes(options?: SceneOptions): Promise<Scenes>;
  /** Handwritten digits [N, 1, 28, 28], each turned; targets are the angles in degrees, counter-clockwise (f32 [N]). */
  turnedDigits(options?: TurnedOptions): Promise<Dataset>;
}

/** Screen pixels of a scene that is shown. */
const SHOWN = 192;
const EMOJI = [
  "dog face",
  "cat face",
  "red apple",
  "slice of pizza",
  "rocket",
  "automobile",
  "evergreen tree",
  "soccer ball",
  "guitar",
  "umbrella",
];

/** Scenes and what is true of them. There are as many places for things as a scene may have; those of things that are not there have the label −1. */
export class Scenes {
  /** @internal */
  constructor(
    /** @internal */
    readonly context: Context,
    /** The scenes [N, C, S, S], values 0…1. */
    readonly images: Tensor,
    /** Left, top, right and bottom of what is seen of each thing, in pixels (i32 [N, M, 4]). */
    readonly boxes: Tensor,
    /** The class of each thing (i32 [N, M]). */
    readonly labels: Tensor,
    /** Which thing each pixel belongs to, from 1; 0 is the ground (i32 [N, S, S]). */
    readonly masks: Tensor,
    /** The angle of each thing in degrees, counter-clockwise (i32 [N, M]). */
    readonly angles: Tensor,
    /** The names of the classes. */
    readonly classes: string[],
    /** What is seen, in words. */
    readonly captions: string[],
  ) {}

  /** The number of scenes. */
  get length(): number {
    return this.captions.length;
  }

  /** The class of each pixel, from 1; 0 is the ground (i32 [N, S, S]): what a segmentation learns. */
  get classMasks(): Tensor {
    const { masks, labels } = this;
    const [n = 0, most = 0] = labels.shape;
    const zero = labels.slice(1, 0, 1).mul(0);
    // Place 0 is the ground.
    const { wasm } = this.context;
    const joined = wasm.Tensor.concat(list(this.context, [zero, labels.add(1)]), 1);
    const classOf = new Tensor(this.context, joined).reshape([n * (most + 1)]);
    const begin = new Tensor(this.context, wasm.Tensor.arange(n)).mul(most + 1).reshape([n, 1, 1]);
    return classOf.take(masks.add(begin).reshape([masks.size])).reshape(masks.shape);
  }

  /** As a data set of the scenes and a target of each, such as `scenes.labels`; their number of things where none is given. */
  dataset(target?: Tensor, classes: readonly string[] = []): Dataset {
    const counts = () => this.labels.ge(0).cast("i32").sum(1);
    return Dataset.of(this.context, "scenes", this.images, target ?? counts(), classes);
  }

  /** The first `n` scenes with boxes, masks and captions. */
  show(n = 12, options: ImagesOptions = {}): Displayable {
    this.context.wasm.checkNames("show", options, IMAGES_OPTIONS);
    return { [DISPLAY]: () => this.#display(n, options) };
  }

  [DISPLAY](): Promise<LiveDisplay> {
    return this.#display(12, {});
  }

  async #display(n: number, options: ImagesOptions): Promise<LiveDisplay> {
    const count = Math.min(n, this.length);
    const some = (tensor: Tensor) => tensor.slice(0, 0, count);
    return imagesDisplay(some(this.images), {
      captions: this.captions.slice(0, count),
      boxes: some(this.boxes),
      boxLabels: some(this.labels),
      classes: this.classes,
      masks: some(this.masks),
      // Names need room beside what they name.
      zoom: Math.max(1, Math.round(SHOWN / (this.images.shape[3] ?? SHOWN))),
      ...options,
    });
  }
}

export function drawn(context: Context): Drawn {
  const load = async (request: SceneRequest) => {
    const files = new Map((await context.session.load(sceneName(request))) as [string, TensorHandle][]);
    return (label: string) => {
      const handle = files.get(label);
      if (!handle) throw argumentError(`scenes: there are no ${label}; reload the page`);
      return new Tensor(context, handle);
    };
  };
  return {
    async scenes(options = {}) {
      const names = ["of", "on", "style", "classes", "count", "size", "objects", "sides", "turn", "seed"];
      context.wasm.checkNames("scenes", options, names);
      const {
        of = "emoji",
        on = "photos",
        style = "noto",
        classes = EMOJI,
        count = 256,
        size = 64,
      } = options;
      const { objects = [1, 3], sides = [Math.floor(size / 4), Math.floor(size / 2)] } = options;
      if (!["emoji", "digits"].includes(of))
        throw argumentError(`scenes: of is ${of}; there are emoji and digits`);
      if (!["photos", "black"].includes(on))
        throw argumentError(`scenes: on is ${on}; there are photos and black`);
      const numbers = { count, size, turn: options.turn ?? (of === "digits" ? 0 : 20) };
      for (const [name, value] of Object.entries(numbers)) whole("scenes", name, value);
      for (const value of [...objects, ...sides]) whole("scenes", "each of objects and sides", value);
      const tensor = await load({
        of,
        on,
        style,
        classes: [...classes],
        ...numbers,
        objects: [objects[0], objects[1]],
        sides: [sides[0], sides[1]],
        centred: false,
        seed: seedOf(context, options.seed),
      });
      const [labels, boxes] = [tensor("labels"), tensor("boxes")];
      const [labelValues, boxValues, nameBytes] = await Promise.all([
        labels.data() as Promise<Int32Array>,
        boxes.data() as Promise<Int32Array>,
        tensor("classes").data() as Promise<Int32Array>,
      ]);
      const className = new TextDecoder().decode(Uint8Array.from(nameBytes)).split("\n");
      const captions = captionsOf(labelValues, boxValues, objects[1], className);
      return new Scenes(
        context,
        tensor("images"),
        boxes,
        labels,
        tensor("masks"),
        tensor("angles"),
        className,
        captions,
      );
    },
    async turnedDigits(options = {}) {
      context.wasm.checkNames("turnedDigits", options, ["count", "turn", "seed"]);
      const { count = 2000, turn = 45 } = options;
      whole("turnedDigits", "count", count);
      whole("turnedDigits", "turn", turn);
      const tensor = await load({
        of: "digits",
        on: "black",
        style: "noto",
        classes: [],
        count,
        size: 28,
        objects: [1, 1],
        sides: [28, 28],
        turn,
        centred: true,
        seed: seedOf(context, options.seed),
      });
      const angles = tensor("angles").reshape([count]).cast("f32");
      return Dataset.of(context, "turned digits", tensor("images"), angles, []);
    },
  };
}

function whole(method: string, name: string, value: number): void {
  if (!Number.isInteger(value) || value < 0)
    throw argumentError(`${method}: ${name} is ${value}; it must be a whole number from 0`);
}

/** "cat face left of rocket"; three and more from left to right. */
function captionsOf(
  labels: Int32Array,
  boxes: Int32Array,
  most: number,
  classes: readonly string[],
): string[] {
  return Array.from({ length: labels.length / most }, (_, n) => {
    const things = Array.from({ length: most }, (_, place) => {
      const at = n * most + place;
      const [left = 0, top = 0, right = 0, bottom = 0] = boxes.subarray(4 * at, 4 * at + 4);
      return { label: labels[at] ?? -1, x: left + right, y: top + bottom };
    }).filter(({ label }) => label >= 0);
    const nameOf = ({ label }: { label: number }) => classes[label] ?? String(label);
    const [first, second, ...others] = things;
    if (!first) return "nothing";
    if (!second) return nameOf(first);
    if (others.length === 0) {
      const isBeside = Math.abs(first.x - second.x) >= Math.abs(first.y - second.y);
      const [a, b] = (isBeside ? first.x <= second.x : first.y <= second.y)
        ? [first, second]
        : [second, first];
      return `${nameOf(a)} ${isBeside ? "left of" : "above"} ${nameOf(b)}`;
    }
    const names = things.sort((a, b) => a.x - b.x).map(nameOf);
    return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}, from left to right`;
  });
}
