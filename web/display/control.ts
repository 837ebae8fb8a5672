// What an input is: a cell describes it, the page draws it, the reader sets it. The description is plain data and comes from
// anyone's code or file, so both ends look for faults in it by the same rules; the value is the reader's.

/** The reader set an input, or undid that: then there is no value. Bubbles from the output. */
export const INPUT_SET = "input-set";
export type InputSet = CustomEvent<ControlValue | undefined>;

export type Control =
  | SliderControl
  | NumberControl
  | ChoiceControl
  | CheckboxControl
  | TextControl
  | DrawControl
  | ImageControl;

interface Described {
  /** What stands beside it. */
  label: string;
}

export interface SliderControl extends Described {
  type: "slider";
  min: number;
  max: number;
  /** Of a linear scale; a logarithmic one has steps of equal ratio. */
  step?: number;
  scale: "linear" | "log";
  /** What it has until the reader sets it; so in all kinds. */
  value: number;
}

export interface NumberControl extends Described {
  type: "number";
  min?: number;
  max?: number;
  step?: number;
  value: number;
}

export interface ChoiceControl extends Described {
  type: "choice";
  /** What can be chosen, in words. */
  options: string[];
  /** Which of them. */
  value: number;
}

export interface CheckboxControl extends Described {
  type: "checkbox";
  value: boolean;
}

export interface TextControl extends Described {
  type: "text";
  value: string;
  /** Lines that are seen; one line is left by Enter. */
  lines: number;
}

/** A pad to draw on. */
export interface DrawControl extends Described {
  type: "draw";
  /** Pixels of a side that the cell gets. */
  size: number;
  /** Whether it gets the drawing centred and scaled as MNIST's digits are. */
  centre: boolean;
  value: Drawing;
}

/** A picture of the reader's own: a file, from the clipboard or the camera. */
export interface ImageControl extends Described {
  type: "image";
  /** Pixels of a side: the square in the middle of the picture, at this size. */
  size: number;
  /** Grey, or RGB. */
  channels: 1 | 3;
  /** No picture. */
  value: null;
}

export interface Drawing {
  strokes: Stroke[];
}

export interface Stroke {
  /** Its width, as a share of the pad's side; as are all places. */
  width: number;
  erases: boolean;
  /** x and y of each point in turn. */
  points: number[];
}

/** What a reader may give an input; of a picture, its bytes [C, S, S]. */
export type ControlValue = number | boolean | string | Drawing | Uint8ClampedArray | null;

/** What a reader gave an input, kept for the next input of the same description. */
export interface KeptInput {
  control: Control;
  value: ControlValue;
}

/** Inputs that one run may show. */
export const MOST_INPUTS = 50;

const MOST_LABEL = 200;
const MOST_OPTIONS = 1000;
const MOST_TEXT = 10_000;
const MOST_LINES = 40;
const MOST_STROKES = 2000;
export const MOST_COORDINATES = 20_000;
const MOST_DRAWN = 256;
/** Larger ones would not be saved with the notebook. */
const MOST_PICTURE = 299;
/** Where steps of a number are lost in its last digits. */
const MOST_NUMBER = 1e15;

/** What is wrong with a description, in words; undefined if nothing is. */
export function faultOf(control: unknown): string | undefined {
  if (typeof control !== "object" || control === null) return "it is no description of an input";
  const { type, label } = control as Partial<Control>;
  if (typeof label !== "string") return "label must be a text";
  if (label.length > MOST_LABEL) return `label has ${label.length} characters; at most ${MOST_LABEL}`;
  switch (type) {
    case "slider":
      return sliderFault(control as SliderControl);
    case "number":
      return numberFault(control as NumberControl);
    case "choice":
      return choiceFault(control as ChoiceControl);
    case "checkbox":
      return (control as CheckboxControl).value === Boolean((control as CheckboxControl).value)
        ? undefined
        : "value must be true or false";
    case "text":
      return textFault(control as TextControl);
    case "draw":
      return drawFault(control as DrawControl);
    case "image":
      return imageFault(control as ImageControl);
    default:
      return `there is no input "${String(type)}"`;
  }
}

/** Whether an input of this description can have that value. */
export function isValueOf(control: Control, value: unknown): value is ControlValue {
  if (control.type === "image" && value instanceof Uint8ClampedArray)
    return value.length === control.channels * control.size ** 2;
  return faultOf({ ...control, value }) === undefined;
}

/** Whether a value is what the cell says. */
export function isUnset(control: Control, value: ControlValue): boolean {
  return control.type === "draw" ? (value as Drawing).strokes.length === 0 : value === control.value;
}

/** Whether two descriptions are the same, so that what the reader set for one holds for the other. */
export function isSame(a: Control, b: Control): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Takes the value out of `kept` that belongs to an input of this description; several of the same are told apart by order. */
export function takeKept(kept: KeptInput[], control: Control): KeptInput | undefined {
  const at = kept.findIndex((other) => isSame(other.control, control));
  return at < 0 ? undefined : kept.splice(at, 1)[0];
}

function sliderFault({ min, max, step, scale, value }: SliderControl): string | undefined {
  const found = numbersFault({ min, max, value, ...(step !== undefined && { step }) });
  if (found) return found;
  if (scale !== "linear" && scale !== "log") return `scale is ${String(scale)}; there are "linear" and "log"`;
  if (!(min < max)) return `min is ${min}, max is ${max}; min must be below max`;
  if (scale === "log" && !(min > 0)) return `min is ${min}; a logarithmic scale begins above 0`;
  if (scale === "log" && step !== undefined) return "step goes with a linear scale";
  return stepFault(step) ?? outside({ min, max, value });
}

function numberFault({ min, max, step, value }: NumberControl): string | undefined {
  const given = { min, max, step, value };
  const found = numbersFault(
    Object.fromEntries(Object.entries(given).filter(([name, v]) => v !== undefined || name === "value")),
  );
  if (found) return found;
  if (min !== undefined && max !== undefined && !(min <= max)) return `min is ${min}, max is ${max}`;
  return stepFault(step) ?? outside({ min, max, value });
}

function choiceFault({ options, value }: ChoiceControl): string | undefined {
  if (!Array.isArray(options) || options.length === 0) return "options must be a list of at least one";
  if (options.length > MOST_OPTIONS) return `there are ${options.length} options; at most ${MOST_OPTIONS}`;
  if (!options.every((option) => typeof option === "string" && option.length <= MOST_LABEL))
    return `options must be texts of at most ${MOST_LABEL} characters`;
  return Number.isInteger(value) && value >= 0 && value < options.length
    ? undefined
    : "value must be one of the options";
}

function textFault({ value, lines }: TextControl): string | undefined {
  if (typeof value !== "string") return "value must be a text";
  if (value.length > MOST_TEXT) return `value has ${value.length} characters; at most ${MOST_TEXT}`;
  return Number.isInteger(lines) && lines >= 1 && lines <= MOST_LINES
    ? undefined
    : `lines is ${String(lines)}; it must be a whole number from 1 to ${MOST_LINES}`;
}

function drawFault({ size, centre, value }: DrawControl): string | undefined {
  if (typeof centre !== "boolean") return "centre must be true or false";
  const strokes: unknown = value?.strokes;
  if (!Array.isArray(strokes) || strokes.length > MOST_STROKES || !strokes.every(isStroke))
    return "value must be a drawing";
  if (strokes.reduce((sum, { points }) => sum + points.length, 0) > MOST_COORDINATES)
    return `the drawing has more than ${MOST_COORDINATES / 2} points`;
  return sizeFault(size, MOST_DRAWN);
}

function isStroke(value: unknown): value is Stroke {
  if (typeof value !== "object" || value === null) return false;
  const { width, erases, points } = value as Stroke;
  return (
    width > 0 &&
    width <= 1 &&
    typeof erases === "boolean" &&
    Array.isArray(points) &&
    points.length % 2 === 0 &&
    points.length <= MOST_COORDINATES &&
    points.every((v) => typeof v === "number" && v >= -1 && v <= 2)
  );
}

function imageFault({ size, channels, value }: ImageControl): string | undefined {
  if (channels !== 1 && channels !== 3)
    return `channels is ${String(channels)}; there are 1 (grey) and 3 (RGB)`;
  return value === null ? sizeFault(size, MOST_PICTURE) : "value must be left out";
}

function sizeFault(size: unknown, most: number): string | undefined {
  return Number.isInteger(size) && Number(size) >= 1 && Number(size) <= most
    ? undefined
    : `size is ${String(size)}; it must be a whole number from 1 to ${most}`;
}

function numbersFault(numbers: Record<string, unknown>): string | undefined {
  for (const [name, value] of Object.entries(numbers)) {
    if (typeof value !== "number" || !(Math.abs(value) <= MOST_NUMBER))
      return `${name} is ${String(value)}; it must be a number within ±${MOST_NUMBER}`;
  }
  return undefined;
}

function stepFault(step: number | undefined): string | undefined {
  return step === undefined || step > 0 ? undefined : `step is ${step}; it must be above 0`;
}

function outside({
  min = -MOST_NUMBER,
  max = MOST_NUMBER,
  value,
}: Pick<NumberControl, "min" | "max" | "value">): string | undefined {
  return value >= min && value <= max ? undefined : `value is ${value}; it must lie from ${min} to ${max}`;
}
