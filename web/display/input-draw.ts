// The pad: strokes by pointer or keys, with an eraser, undo and clear, and beside it what the cell gets of them.

import type { DrawControl, Drawing, Stroke } from "./control.ts";
import { MOST_COORDINATES } from "./control.ts";
import { seenBy } from "./input-picture.ts";
import { append } from "./view.ts";

const SIDE = 280;
/** Widths of the brush as shares of the pad's side; the middle one is MNIST's. */
const WIDTHS = { min: 0.02, max: 0.2, value: 0.08 };
const KEY_STEP = 1 / 28;
const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
const HELP = "Draw with the pointer. With keys: arrows move the pen, Space puts it down and lifts it.";

export function drawPad(row: HTMLElement, control: DrawControl, tell: (value: Drawing) => void) {
  return new Pad(row, control, tell);
}

class Pad {
  readonly #canvas: HTMLCanvasElement;
  readonly #seen: HTMLElement;
  readonly #undo: HTMLButtonElement;
  readonly #clear: HTMLButtonElement;
  #strokes: Stroke[] = [];
  /** What undo goes back to. */
  #past: Stroke[][] = [];
  #width = WIDTHS.value;
  #erases = false;
  /** The stroke that is being made. */
  #open: Stroke | undefined;
  /** The pen that keys move; unseen until one does. */
  #pen: { x: number; y: number } | undefined;
  #isWaiting = false;

  constructor(
    row: HTMLElement,
    private readonly control: DrawControl,
    private readonly tell: (value: Drawing) => void,
  ) {
    const name = control.label || "Drawing";
    if (control.label) append(row, "p", "input-label", control.label);
    const box = append(row, "div", "draw-box");
    this.#canvas = append(box, "canvas", "draw-pad");
    this.#canvas.tabIndex = 0;
    this.#canvas.role = "application";
    this.#canvas.ariaLabel = `${name}. ${HELP}`;
    this.#canvas.title = HELP;
    const side = append(box, "div", "draw-side");
    const tools = append(side, "div", "draw-tools");
    tools.role = "group";
    tools.ariaLabel = `Tools of ${name}`;
    const button = (text: string, act: () => void) => {
      const element = append(tools, "button", "draw-button", text);
      element.onclick = act;
      return element;
    };
    const kinds = [false, true].map((erases) => {
      const kind = button(erases ? "Eraser" : "Pen", () => {
        this.#erases = erases;
        for (const [i, other] of kinds.entries()) other.ariaPressed = String((i === 1) === erases);
      });
      kind.ariaPressed = String(!erases);
      return kind;
    });
    this.#undo = button("Undo", () => this.#change(this.#past.pop() ?? []));
    this.#clear = button("Clear", () => {
      this.#past.push(this.#strokes);
      this.#change([]);
    });
    const brush = append(append(side, "label", "draw-brush", "Brush"), "input", "");
    Object.assign(brush, {
      type: "range",
      min: WIDTHS.min,
      max: WIDTHS.max,
      step: 0.01,
      value: WIDTHS.value,
    });
    brush.oninput = () => (this.#width = brush.valueAsNumber);
    const figure = append(side, "figure", "draw-seen");
    this.#seen = append(figure, "div", "");
    append(figure, "figcaption", "", `${control.size} × ${control.size}, as the cell gets it`);
    this.#listen();
  }

  set({ strokes }: Drawing): void {
    this.#strokes = strokes;
    this.#past = [];
    this.#draw();
  }

  #listen(): void {
    const canvas = this.#canvas;
    canvas.onpointerdown = (event) => {
      if (event.button !== 0 || !event.isPrimary) return;
      canvas.setPointerCapture(event.pointerId);
      this.#pen = undefined;
      this.#begin(this.#placeOf(event));
    };
    canvas.onpointermove = (event) => {
      if (!this.#open || !canvas.hasPointerCapture(event.pointerId)) return;
      const events = event.getCoalescedEvents?.() ?? [];
      for (const each of events.length > 0 ? events : [event]) this.#go(this.#placeOf(each));
      this.#changed();
    };
    canvas.onpointerup = canvas.onpointercancel = () => (this.#open = undefined);
    canvas.onkeydown = (event) => {
      const by = ARROWS[event.key];
      if (event.ctrlKey || event.metaKey || event.altKey || (!by && event.key !== " ")) return;
      event.preventDefault();
      event.stopPropagation();
      this.#pen ??= { x: 0.5, y: 0.5 };
      if (by)
        this.#pen = { x: within(this.#pen.x + by[0] * KEY_STEP), y: within(this.#pen.y + by[1] * KEY_STEP) };
      else if (this.#open) this.#open = undefined;
      else this.#begin(this.#pen);
      if (by && this.#open) this.#go(this.#pen);
      this.#changed();
    };
    canvas.onblur = () => {
      this.#open = this.#pen = undefined;
      this.#draw();
    };
    // The ink has the colour of the page's text.
    const redraw = new ResizeObserver(() => this.#draw());
    redraw.observe(canvas);
  }

  #placeOf(event: PointerEvent): { x: number; y: number } {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    return { x: within((event.clientX - left) / width), y: within((event.clientY - top) / height) };
  }

  #begin({ x, y }: { x: number; y: number }): void {
    this.#past.push(this.#strokes);
    this.#open = { width: this.#width, erases: this.#erases, points: [round(x), round(y)] };
    this.#strokes = [...this.#strokes, this.#open];
    this.#changed();
  }

  #go({ x, y }: { x: number; y: number }): void {
    const points = this.#open?.points;
    const total = this.#strokes.reduce((sum, stroke) => sum + stroke.points.length, 0);
    if (!points || total + 2 > MOST_COORDINATES) return;
    const [px, py] = points.slice(-2);
    if (px !== round(x) || py !== round(y)) points.push(round(x), round(y));
  }

  #change(strokes: Stroke[]): void {
    this.#open = undefined;
    this.#strokes = strokes;
    this.#changed();
  }

  #changed(): void {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    requestAnimationFrame(() => {
      this.#isWaiting = false;
      this.#draw();
      // A stroke that is being made goes on to change.
      this.tell({ strokes: this.#strokes.map((stroke) => ({ ...stroke, points: [...stroke.points] })) });
    });
  }

  #draw(): void {
    this.#undo.disabled = this.#past.length === 0;
    this.#clear.disabled = this.#strokes.length === 0;
    this.#seen.replaceChildren(seenBy({ control: this.control, value: { strokes: this.#strokes } }));
    const canvas = this.#canvas;
    const fine = Math.min(2, devicePixelRatio);
    canvas.width = canvas.height = Math.round((canvas.clientWidth || SIDE) * fine);
    const context = canvas.getContext("2d");
    if (!context) return;
    context.scale(canvas.width, canvas.height);
    context.lineCap = context.lineJoin = "round";
    context.strokeStyle = getComputedStyle(canvas).color;
    for (const { width, erases, points } of this.#strokes) {
      context.globalCompositeOperation = erases ? "destination-out" : "source-over";
      context.lineWidth = width;
      context.beginPath();
      for (let i = 0; i < points.length; i += 2) context.lineTo(points[i] ?? 0, points[i + 1] ?? 0);
      // A line of no length is a dot.
      if (points.length === 2) context.lineTo(points[0] ?? 0, points[1] ?? 0);
      context.stroke();
    }
    if (this.#pen) this.#drawPen(context, this.#pen);
  }

  #drawPen(context: CanvasRenderingContext2D, { x, y }: { x: number; y: number }): void {
    context.globalCompositeOperation = "source-over";
    context.lineWidth = 0.006;
    context.strokeStyle = getComputedStyle(this.#canvas).outlineColor;
    context.beginPath();
    context.arc(x, y, this.#width / 2 + 0.01, 0, 2 * Math.PI);
    context.stroke();
  }
}

function within(share: number): number {
  return Math.min(1, Math.max(0, share));
}

function round(share: number): number {
  return Math.round(share * 1000) / 1000;
}
