// What an input is: a cell describes it, the page draws it, the reader sets it. The description is plain data and comes from
// anyone's code or file, so both ends look for faults in it by the same rules; the value is the reader's.

export type Control = SliderControl | NumberControl | ChoiceControl | CheckboxControl | TextControl;

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

/** What a reader may give an input. */
export type ControlValue = number | boolean | string;

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
    default:
      return `there is no input "${String(type)}"`;
  }
}

/** Whether an input of this description can have that value. */
export function isValueOf(control: Control, value: unknown): value is ControlValue {
  return faultOf({ ...control, value }) === undefined;
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
