// The data sets that come with the page, each by one call. Their files are loaded where they are computed on; what comes
// here are handles, and text.

import type { Context, TensorHandle } from "./context.ts";
import { argumentError } from "./context.ts";
import { Dataset } from "./dataset.ts";
import { Tensor } from "./tensor.ts";

/** A training and a test set. */
export interface TrainTest {
  train: Dataset;
  test: Dataset;
}

/** The same pictures drawn by two makers: number n of one is number n of the other. */
export interface EmojiPairs {
  /** Noto Emoji by Google: over white, [1911, 3, 32, 32], labels are categories. */
  noto: Dataset;
  /** Twemoji by Twitter, alike. */
  twemoji: Dataset;
  /** How much of each pixel is covered, 0…1, [1911, 1, 32, 32]. Over another ground: x − (1 − alpha) + (1 − alpha) · ground. */
  alpha: { noto: Tensor; twemoji: Tensor };
  /** What each shows, such as "grinning face". */
  names: string[];
}

/** Cartoon faces of two styles, drawn from seeds. */
export interface Avatars {
  /** In black and white, [450, 1, 32, 32]; labels: with or without glasses. */
  lorelei: Dataset;
  /** In colour, [450, 3, 32, 32], alike. */
  adventurer: Dataset;
  /** What each shows, such as `{ hair: "long11", hairColor: "#592454", mouth: "variant30" }`: labels of any other kind. */
  shows: { lorelei: Record<string, string>[]; adventurer: Record<string, string>[] };
}

/** Names of people, in capitals, the most frequent first. */
export interface PeopleNames {
  female: string[];
  male: string[];
  surnames: string[];
}

/** The built-in data sets. Each is loaded on first use, checked, and kept in the browser's storage. */
export interface BuiltIn {
  /** Handwritten digits, 28 × 28, values 0…1: 8,000 to learn from and 2,000 held back. */
  mnist(): Promise<TrainTest>;
  /** Pictures of clothes, 28 × 28, in 10 classes: 5,000 to learn from and 1,000 held back. */
  fashion(): Promise<TrainTest>;
  /** Colour photographs, 32 × 32, in 10 classes: 5,000 to learn from and 1,000 held back; 6 MB. */
  cifar10(): Promise<TrainTest>;
  /** 1,797 handwritten digits of 8 × 8: small enough for everything. */
  digits8(): Promise<Dataset>;
  /** 100 faces and 100 patches without one, grey, 25 × 25. */
  faces25(): Promise<Dataset>;
  /** Drawings of the game Quick, Draw!, 28 × 28: 100 of each of 20 classes, one class after the other. */
  quickdraw(): Promise<Dataset>;
  /** 1,911 emoji in two styles, with names and categories; 5 MB. */
  emoji(): Promise<EmojiPairs>;
  /** 450 cartoon faces in each of two styles, half of them with glasses, and what else each shows. */
  avatars(): Promise<Avatars>;
  /** Seven photographs by name (chelsea, coffee, camera, astronaut, rocket, china, flower), each [1, 3, H, W], values 0…1. */
  photos(): Promise<Record<string, Tensor>>;
  /** Eight plays by Shakespeare, about a million characters. */
  shakespeare(): Promise<string>;
  /** First names and surnames of a census. */
  names(): Promise<PeopleNames>;
  /** The digits 0 to 9, spoken by three voices one after the other (two English, one French): [30, 8000], −1…1, 8 kHz. */
  spokenDigits(): Promise<Dataset>;
}

export function builtIn(context: Context): BuiltIn {
  /** A collection's tensors by the labels of its files. */
  const load = async (name: string) => {
    const pairs = new Map((await context.session.load(name)) as [string, TensorHandle][]);
    const tensor = (label: string) => {
      const handle = pairs.get(label);
      if (!handle) throw argumentError(`data set ${name}: there is no ${label}; reload the page`);
      return new Tensor(context, handle);
    };
    const text = async (label: string) =>
      new TextDecoder().decode(Uint8Array.from((await tensor(label).data()) as Int32Array));
    const lines = async (label: string) => (await text(label)).split("\n");
    const classes = pairs.has("classes") ? await lines("classes") : [];
    const set = (part: string, x = tensor(`${part}.images`), y = tensor(`${part}.labels`)) =>
      Dataset.of(context, part === "all" ? name : `${name} ${part}`, x, y, classes);
    return { tensor, text, lines, set, labels: [...pairs.keys()] };
  };
  const trainTest = async (name: string): Promise<TrainTest> => {
    const { set } = await load(name);
    return { train: set("train"), test: set("test") };
  };
  const whole = async (name: string) => (await load(name)).set("all");
  return {
    mnist: () => trainTest("mnist"),
    fashion: () => trainTest("fashion"),
    cifar10: () => trainTest("cifar10"),
    digits8: () => whole("digits8"),
    faces25: () => whole("faces25"),
    quickdraw: () => whole("quickdraw"),
    async emoji() {
      const { set, tensor, lines } = await load("emoji");
      const part = (name: string) => set(name, tensor(`${name}.images`), tensor("both.labels"));
      return {
        noto: part("noto"),
        twemoji: part("twemoji"),
        alpha: { noto: tensor("noto.alpha"), twemoji: tensor("twemoji.alpha") },
        names: await lines("both.names"),
      };
    },
    async avatars() {
      const { set, lines } = await load("avatars");
      const shown = async (style: string) =>
        (await lines(`${style}.text`)).map((line) => JSON.parse(line) as Record<string, string>);
      return {
        lorelei: set("lorelei"),
        adventurer: set("adventurer"),
        shows: { lorelei: await shown("lorelei"), adventurer: await shown("adventurer") },
      };
    },
    async photos() {
      const { tensor, labels } = await load("photos");
      const names = labels.flatMap((label) => (label.endsWith(".images") ? label.slice(0, -7) : []));
      return Object.fromEntries(names.map((name) => [name, tensor(`${name}.images`)]));
    },
    shakespeare: async () => (await load("shakespeare")).text("plays.text"),
    async names() {
      const { lines } = await load("names");
      const [female, male, surnames] = await Promise.all(
        ["female.text", "male.text", "surnames.text"].map(lines),
      );
      return { female: female ?? [], male: male ?? [], surnames: surnames ?? [] };
    },
    async spokenDigits() {
      const [one, two] = await Promise.all(["spoken", "spoken-asterisk"].map(load));
      const voice = (from: typeof one, part: string) =>
        from?.set("all", from.tensor(`${part}.sound`), from.tensor(`${part}.labels`));
      const voices = [voice(one, "english"), voice(two, "english"), voice(two, "french")];
      const [first, ...others] = voices.filter((set) => set !== undefined);
      if (!first) throw argumentError("data set spoken: there is no recording; reload the page");
      return first.concat(...others);
    },
  };
}
