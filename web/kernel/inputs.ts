// The inputs of the cells, in the user worker: what a cell describes goes to the page, what the reader sets comes back. Which
// inputs a run reads is noted while it goes on, with their versions, so that the page knows when a live cell is behind.
//
// Background work of an earlier cell that reads an input counts for the run that goes on meanwhile: nothing here tells whose
// code is at work. A live cell then runs once too often.

import type { Tensor } from "../api/tensor.ts";
import type {
  ChoiceControl,
  Control,
  ControlValue,
  Drawing,
  KeptInput,
  NumberControl,
  SliderControl,
  TextControl,
} from "../display/control.ts";
import { faultOf, isUnset, MOST_INPUTS, takeKept } from "../display/control.ts";
import { inspect } from "../display/inspect.ts";
import { pixelsOf } from "../display/raster.ts";
import type { InputDisplay, TextDisplay } from "../display/schema.ts";
import { DISPLAY } from "../display/schema.ts";
import type { ToUser } from "./protocol.ts";

/** What a cell describes an input by: its value until the reader sets it, and what stands beside it. */
type Options<C> = Omit<C, "type" | "label" | "value"> & { label?: string };

/** The inputs that cells can make; each is drawn where it is made. */
export interface InputMakers {
  /** A slider from `min` (0) to `max` (1); of scale "log" in steps of equal ratio. */
  slider(options?: Partial<Options<SliderControl>> & { value?: number }): Input<number>;
  /** A number to type. */
  number(options?: Options<NumberControl> & { value?: number }): Input<number>;
  /** One of several values, or of an object's, which are then called by its keys; the first unless `value` says which. */
  choice<T>(options: {
    label?: string;
    options: readonly T[] | Readonly<Record<string, T>>;
    value?: T;
  }): Input<T>;
  /** Yes or no; no. */
  checkbox(options?: { label?: string; value?: boolean }): Input<boolean>;
  /** A text to type, of one line unless there are to be more `lines`. */
  text(options?: Partial<Options<TextControl>> & { value?: string }): Input<string>;
  /**
   * A pad to draw on: a tensor [1, 1, size, size], 0 where nothing is drawn to 1; size 28. With `centre` it lies in the middle and is as
   * large as MNIST's digits are. Changes come while the reader draws.
   */
  draw(options?: { label?: string; size?: number; centre?: boolean }): Input<Tensor>;
  /**
   * A picture of the reader's own, from a file, the clipboard or the camera: the square in its middle as a tensor [1, channels, size, size],
   * 0 … 1; size 224, channels 3. Black until there is one.
   */
  image(options?: { label?: string; size?: number; channels?: 1 | 3 }): Input<Tensor>;
}

/** What the reader sets. In a formula it counts as its value. */
export class Input<T> {
  readonly #look: () => { value: T; isSet: boolean };

  /** @internal */
  constructor(
    /** What stands beside it. */
    readonly label: string,
    look: () => { value: T; isSet: boolean },
  ) {
    this.#look = look;
  }

  /** What it is set to now. */
  get value(): T {
    return this.#look().value;
  }

  set value(_: T) {
    throw new TypeError(`The input "${this.label}" is the reader's to set: a cell can only read its value.`);
  }

  /** Whether the reader has set it: drawn something, chosen a picture, another number than the cell's. */
  get isSet(): boolean {
    return this.#look().isSet;
  }

  valueOf(): T {
    return this.value;
  }

  toString(): string {
    return String(this.value);
  }

  /** The control stands where it was made; elsewhere its value is shown. */
  [DISPLAY](): TextDisplay {
    return { kind: "text", text: `${this.label}: ${inspect(this.value)}` };
  }
}

/** What stands behind an input. */
interface Entry {
  control: Control;
  version: number;
  value: ControlValue;
}

export class Inputs {
  /** Other workers of the same notebook call theirs otherwise. */
  readonly #prefix = crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36) ?? "";
  #count = 0;
  readonly #entries = new Map<string, Entry>();
  /** Of each cell's last run: what can be set no longer is forgotten. */
  readonly #idsOfCells = new Map<string, string[]>();
  #ids: string[] = [];
  readonly #madeNow = new Set<unknown>();
  #kept: KeptInput[] = [];
  #reads = new Map<string, number>();

  /** `show` draws one in the run that goes on; `tensor` makes a tensor of numbers and a shape. */
  constructor(
    private readonly show: (display: InputDisplay) => void,
    private readonly tensor: (values: Float32Array, shape: number[]) => Tensor,
  ) {}

  /** What cells call `input`. */
  readonly makers: InputMakers = {
    slider: (options = {}) => {
      const { label = "", min = 0, max = 1, step, scale = "linear", value = min } = options;
      const control = { type: "slider", label, min, max, ...optional({ step }), scale, value } as const;
      return this.#make(control, (number) => number as number);
    },
    number: (options = {}) => {
      const { label = "", min, max, step, value = min ?? 0 } = options;
      return this.#make(
        { type: "number", label, ...optional({ min, max, step }), value },
        (number) => number as number,
      );
    },
    choice: ({ label = "", options, value }) => {
      const values = Object.values(options);
      const named = Array.isArray(options) ? values.map(nameOf) : Object.keys(options);
      const control: ChoiceControl = {
        type: "choice",
        label,
        options: named,
        value: value === undefined ? 0 : values.indexOf(value),
      };
      return this.#make(control, (index) => values[index as number] as (typeof values)[number]);
    },
    checkbox: ({ label = "", value = false } = {}) =>
      this.#make({ type: "checkbox", label, value }, (yes) => yes as boolean),
    text: ({ label = "", value = "", lines = 1 } = {}) =>
      this.#make({ type: "text", label, value, lines }, (text) => text as string),
    draw: ({ label = "", size = 28, centre = false } = {}) =>
      this.#make({ type: "draw", label, size, centre, value: { strokes: [] } }, (drawing) =>
        this.tensor(pixelsOf(drawing as Drawing, size, centre), [1, 1, size, size]),
      ),
    image: ({ label = "", size = 224, channels = 3 } = {}) =>
      this.#make({ type: "image", label, size, channels, value: null }, (bytes) => {
        const shares = new Float32Array(channels * size * size);
        if (bytes instanceof Uint8ClampedArray)
          for (const [i, byte] of bytes.entries()) shares[i] = byte / 255;
        return this.tensor(shares, [1, channels, size, size]);
      }),
  };

  /** A cell begins to run; `kept` is what the reader set before. */
  begin(cell: string, kept: KeptInput[]): void {
    for (const id of this.#idsOfCells.get(cell) ?? []) this.#entries.delete(id);
    this.#ids = [];
    this.#idsOfCells.set(cell, this.#ids);
    this.#madeNow.clear();
    this.#kept = [...kept];
    this.#reads = new Map();
  }

  /** Which inputs the run has read, and in which version last. */
  get reads(): [id: string, version: number][] {
    return [...this.#reads];
  }

  /** Whether a value is an input that this run has made, and so has shown. */
  isShown(value: unknown): boolean {
    return this.#madeNow.has(value);
  }

  /** The reader set one. */
  receive({ id, version, value }: Extract<ToUser, { type: "input" }>): void {
    const entry = this.#entries.get(id);
    if (entry) Object.assign(entry, { version, value });
  }

  #make<T>(control: Control, read: (value: ControlValue) => T): Input<T> {
    const fault = faultOf(control);
    if (fault) throw new RangeError(`input.${control.type}: ${fault}`);
    if (this.#ids.length === MOST_INPUTS)
      throw new RangeError(`input.${control.type}: a cell can have ${MOST_INPUTS} inputs`);
    const id = `${this.#prefix}-${++this.#count}`;
    const entry: Entry = {
      control,
      version: 0,
      value: takeKept(this.#kept, control)?.value ?? control.value,
    };
    this.#entries.set(id, entry);
    this.#ids.push(id);
    let last: { version: number; value: T } | undefined;
    const made = new Input(control.label || control.type, () => {
      const { version, value } = entry;
      this.#reads.set(id, version);
      if (last?.version !== version) last = { version, value: read(value) };
      return { value: last.value, isSet: !isUnset(control, value) };
    });
    this.#madeNow.add(made);
    this.show({ kind: "input", id, control });
    return made;
  }
}

/** Those that are given. */
function optional<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

function nameOf(value: unknown): string {
  return typeof value === "string" ? value : inspect(value).slice(0, 100);
}
