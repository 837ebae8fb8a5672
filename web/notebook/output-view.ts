// Mounts the outputs of a cell and keeps them in step: an output that did not change stays as it is in the page.

import type { Display, DisplayUpdate } from "../display/schema.ts";
import type { Mounted, View } from "../display/view.ts";
import { append } from "../display/view.ts";
import { viewOf } from "../display/views.ts";
import type { Output } from "./cell.ts";

interface Slot {
  output: Output;
  host: HTMLElement;
  isDrawn: boolean;
  end(): void;
}

export class OutputList {
  #slots: Slot[] = [];

  constructor(private readonly host: HTMLElement) {}

  show(outputs: readonly Output[]): void {
    // Outputs arrive in any order: the places of those to come are holes.
    const shown = outputs.filter(Boolean);
    const kept = new Map(this.#slots.map((slot) => [slot.output, slot]));
    const slots = shown.map((output) => kept.get(output) ?? mount(output));
    for (const slot of this.#slots) {
      if (slots.includes(slot)) continue;
      slot.end();
      slot.host.remove();
    }
    for (const [i, { host }] of slots.entries()) {
      const place = this.host.children[i] ?? null;
      if (place !== host) this.host.insertBefore(host, place);
    }
    this.#slots = slots;
    for (const slot of slots) draw(slot);
  }

  /** The output that an element of the page belongs to. */
  outputOf(element: Node): Output | undefined {
    return this.#slots.find(({ host }) => host.contains(element))?.output;
  }
}

function mount(output: Output): Slot {
  const host = document.createElement("div");
  host.className = `output is-${output.display.kind}${output.isResult ? " is-result" : ""}`;
  return { output, host, isDrawn: false, end: () => {} };
}

/** Draws a slot once it is in the page: views measure themselves. */
function draw(slot: Slot): void {
  if (slot.isDrawn) return;
  slot.isDrawn = true;
  const { output, host } = slot;
  const ended = new AbortController();
  let mounted: Mounted | undefined;
  const failed = (what: string) => (error: unknown) => {
    append(host, "p", "output-note", `This output could not be ${what}: ${String(error)}`);
  };
  const render = (view: View<Display>) => {
    if (ended.signal.aborted) return;
    try {
      mounted = view.render(host, output.display, ended.signal);
      // What the reader sets is there to be used, not to be looked at.
      if (output.display.kind !== "input") offerTools(host, output, view);
    } catch (error) {
      failed("drawn")(error);
    }
  };
  const view = viewOf(output.display);
  if (view instanceof Promise) view.then(render, failed("loaded"));
  else render(view);
  const update = (change: DisplayUpdate) => {
    if (change.type === "points") mounted?.append?.(change);
  };
  output.updates.add(update);
  slot.end = () => {
    ended.abort();
    output.updates.delete(update);
  };
}

/** The first tool of an output; the others come when the pointer or the focus does. */
function offerTools(host: HTMLElement, output: Output, view: View<Display>): void {
  const tools = append(host, "div", "output-tools");
  tools.role = "toolbar";
  tools.ariaLabel = "Output";
  const enlarge = append(tools, "button", "output-tool is-enlarge");
  enlarge.title = enlarge.ariaLabel = "Enlarge";
  const subject = { view, display: output.display, updates: output.updates };
  const load = () => import("../display/tools.ts");
  enlarge.onclick = async () => (await load()).enlarge(subject);
  const once = new AbortController();
  const equip = async () => {
    once.abort();
    (await load()).equip(tools, host, subject);
  };
  for (const event of ["pointerenter", "focusin"])
    host.addEventListener(event, equip, { signal: once.signal });
}
