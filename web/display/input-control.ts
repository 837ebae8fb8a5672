// Draws inputs with the browser's own elements, which bring keys, touch and names for those who listen. A mark and a button to
// undo stand beside what the reader has set.

import type {
  CheckboxControl,
  ChoiceControl,
  Control,
  ControlValue,
  DrawControl,
  ImageControl,
  NumberControl,
  SliderControl,
  TextControl,
} from "./control.ts";
import { isUnset, isValueOf } from "./control.ts";
import { numberText } from "./input.ts";
import type { InputDisplay } from "./schema.ts";
import { append } from "./view.ts";

type Field = Exclude<Control, DrawControl | ImageControl>;

/** A control that is drawn. */
interface Drawn {
  /** Shows a value. */
  set(value: ControlValue): void;
}

type Draw<C extends Control> = (row: HTMLElement, control: C, tell: (value: ControlValue) => void) => Drawn;

/** Those of one element; a pad and a picture have files of their own. */
const DRAW: { [K in Field["type"]]: Draw<Extract<Field, { type: K }>> } = {
  slider: drawSlider,
  number: drawNumber,
  choice: drawChoice,
  checkbox: drawCheckbox,
  text: drawText,
};

/** Draws into `box`; `tell` is called at most once a frame with what the reader set. */
export async function drawControl(
  box: HTMLElement,
  { id, control, value }: InputDisplay,
  signal: AbortSignal,
  tell: (value: ControlValue | undefined) => void,
): Promise<void> {
  const row = append(box, "div", `input-row is-${control.type}`);
  const told = eachFrame(tell);
  const reset = resetButton(control);
  const drawn = await draw(row, control, signal, (set) => {
    reset.hidden = isUnset(control, set);
    told(reset.hidden ? undefined : set);
  });
  // A pad can be cleared, and has a button for that.
  if (control.type !== "draw") row.append(reset);
  reset.hidden = value === undefined || isUnset(control, value);
  reset.onclick = () => {
    drawn.set(control.value as never);
    reset.hidden = true;
    told(undefined);
    row.querySelector<HTMLElement>("input, select, textarea, button")?.focus();
  };
  drawn.set((value ?? control.value) as never);
  if (id === undefined) append(box, "p", "output-note is-unrun", "Run the cell to use this input.");
}

async function draw(
  row: HTMLElement,
  control: Control,
  signal: AbortSignal,
  tell: (value: ControlValue) => void,
): Promise<Drawn> {
  if (control.type === "draw") return (await import("./input-draw.ts")).drawPad(row, control, tell) as Drawn;
  if (control.type === "image")
    return (await import("./input-image.ts")).drawImagePicker(row, control, tell, signal) as Drawn;
  return (DRAW[control.type] as Draw<Control>)(row, control, tell);
}

function resetButton({ label, type }: Control): HTMLButtonElement {
  const reset = create("button", "input-reset");
  reset.textContent = "Reset";
  reset.title = "Back to what the cell says";
  reset.ariaLabel = `Reset ${label || type}`;
  return reset;
}

/** Passes on the last value of each frame. */
function eachFrame<T>(tell: (value: T) => void): (value: T) => void {
  let isWaiting = false;
  let last: T;
  return (value) => {
    last = value;
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => {
      isWaiting = false;
      tell(last);
    });
  };
}

let labels = 0;

/** The label of an element, in front of it. */
function labelled<E extends HTMLElement>(row: HTMLElement, { label, type }: Control, element: E): E {
  element.id = `input-${++labels}`;
  if (label === "") element.ariaLabel = type;
  else append(row, "label", "input-label", label).htmlFor = element.id;
  row.append(element);
  return element;
}

function create<K extends keyof HTMLElementTagNameMap>(tag: K, className: string): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = className;
  return element;
}

function drawSlider(row: HTMLElement, control: SliderControl, tell: (value: number) => void): Drawn {
  const range = create("input", "input-range");
  const scale = scaleOf(control);
  range.type = "range";
  Object.assign(range, { min: "0", max: String(scale.steps), step: "1" });
  labelled(row, control, range);
  const shown = append(row, "output", "input-value");
  shown.htmlFor.add(range.id);
  const show = (value: number) => {
    shown.textContent = numberText(value);
    range.setAttribute("aria-valuetext", numberText(value));
  };
  range.oninput = () => {
    const value = scale.valueAt(Number(range.value));
    show(value);
    tell(value);
  };
  return {
    set(value) {
      range.value = String(scale.placeOf(Number(value)));
      show(Number(value));
    },
  };
}

/** Steps of a slider that are told apart where the cell does not say how many: about a pixel each. */
const STEPS = 200;
const STEPS_A_DECADE = 40;

/** A slider's places, 0 … steps, and their values. */
function scaleOf({ min, max, step, scale }: SliderControl) {
  if (scale === "log") {
    const decades = Math.log10(max / min);
    const steps = Math.max(1, Math.round(decades * STEPS_A_DECADE));
    const within = (value: number) => Math.min(max, Math.max(min, value));
    return {
      steps,
      valueAt: (place: number) =>
        place === steps ? max : within(Number((min * (max / min) ** (place / steps)).toPrecision(3))),
      placeOf: (value: number) => Math.round((steps * Math.log10(value / min)) / decades),
    };
  }
  const size = Math.max(step ?? niceStep((max - min) / STEPS), (max - min) / MOST_STEPS);
  const steps = Math.max(1, Math.floor((max - min) / size + 1e-9));
  return {
    steps,
    valueAt: (place: number) => Math.min(max, Number((min + place * size).toPrecision(12))),
    placeOf: (value: number) => Math.round((value - min) / size),
  };
}

/** Beyond it a range's places are no whole numbers any more. */
const MOST_STEPS = 1e6;

/** 1, 2 or 5 times a power of ten, at most so much. */
function niceStep(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  const digit = [5, 2, 1].find((d) => d * power <= most * (1 + 1e-9)) ?? 1;
  return digit * power;
}

function drawNumber(row: HTMLElement, control: NumberControl, tell: (value: number) => void): Drawn {
  const field = create("input", "input-field");
  field.type = "number";
  field.required = true;
  field.step = "any";
  if (control.min !== undefined) field.min = String(control.min);
  if (control.max !== undefined) field.max = String(control.max);
  labelled(row, control, field);
  const problem = append(row, "span", "input-problem");
  problem.id = `${field.id}-problem`;
  field.setAttribute("aria-describedby", problem.id);
  const check = () => {
    problem.textContent = field.validationMessage;
    field.ariaInvalid = String(!field.validity.valid);
  };
  const changed = () => {
    check();
    const value = field.valueAsNumber;
    if (field.validity.valid && isValueOf(control, value)) tell(value);
  };
  field.oninput = changed;
  // A step is what the arrows do, not what may be typed.
  field.onkeydown = (event) => {
    const by = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
    if (by === 0 || control.step === undefined) return;
    event.preventDefault();
    const value = Number(((field.valueAsNumber || 0) + by * control.step).toPrecision(12));
    if (!isValueOf(control, value)) return;
    field.value = String(value);
    changed();
  };
  return {
    set(value) {
      field.value = String(value);
      check();
    },
  };
}

function drawChoice(row: HTMLElement, control: ChoiceControl, tell: (value: number) => void): Drawn {
  const select = create("select", "input-field");
  select.append(...control.options.map((option, i) => new Option(option, String(i))));
  labelled(row, control, select);
  select.oninput = () => tell(select.selectedIndex);
  return { set: (value) => (select.selectedIndex = Number(value)) };
}

function drawCheckbox(row: HTMLElement, control: CheckboxControl, tell: (value: boolean) => void): Drawn {
  const box = create("input", "input-check");
  box.type = "checkbox";
  labelled(row, control, box);
  box.oninput = () => tell(box.checked);
  return { set: (value) => (box.checked = Boolean(value)) };
}

function drawText(row: HTMLElement, control: TextControl, tell: (value: string) => void): Drawn {
  const field = control.lines > 1 ? create("textarea", "input-field") : create("input", "input-field");
  if (field instanceof HTMLTextAreaElement) field.rows = control.lines;
  field.spellcheck = false;
  labelled(row, control, field);
  field.oninput = () => {
    if (isValueOf(control, field.value)) tell(field.value);
  };
  return { set: (value) => (field.value = String(value)) };
}
