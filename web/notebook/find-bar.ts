// Find and replace over all cells, in a bar below the page's own.

import { html, nothing, render } from "lit";
import type { Cell } from "./cell.ts";
import type { Actions } from "./commands/actions.ts";
import type { Match, Query } from "./find.ts";
import { matchesIn, patternOf, replaceAll, replaceOne } from "./find.ts";

interface Hit extends Match {
  cell: Cell;
}

let bar: FindBar | undefined;

/** Opens the bar, with what is selected as the text to find. */
export function openFindBar(actions: Actions): void {
  bar ??= new FindBar(actions);
  bar.open(actions.element?.selectedText ?? getSelection()?.toString() ?? "");
}

class FindBar {
  readonly #element = document.createElement("search");
  #query: Query = { text: "", isCase: false, isWord: false, isRegExp: false };
  #by = "";
  #at = -1;
  #problem = "";

  constructor(private readonly actions: Actions) {
    this.#element.className = "find-bar";
    this.#element.setAttribute("aria-label", "Find and replace");
    this.#element.addEventListener("keydown", (event) => this.#onKey(event));
    actions.session.listen(() => this.#element.isConnected && this.#draw());
  }

  open(selected: string): void {
    if (selected !== "" && !selected.includes("\n")) this.#query = { ...this.#query, text: selected };
    document.querySelector(".bar")?.after(this.#element);
    this.#at = -1;
    this.#draw();
    const input = this.#element.querySelector("input");
    input?.focus();
    input?.select();
  }

  #close(): void {
    this.#element.remove();
    this.actions.element?.focus();
  }

  #hits(): Hit[] {
    this.#problem = "";
    if (this.#query.text === "") return [];
    try {
      const pattern = patternOf(this.#query);
      const hitsIn = (cell: Cell) => matchesIn(cell.source, pattern).map((match) => ({ cell, ...match }));
      return this.actions.session.cells.flatMap(hitsIn);
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
      return [];
    }
  }

  /** Shows the next match, selected in its editor; the bar keeps the focus. */
  async #go(by: -1 | 0 | 1): Promise<void> {
    const hits = this.#hits();
    if (hits.length > 0) {
      const start = this.#at < 0 && by < 0 ? 0 : this.#at;
      this.#at = (start + by + hits.length) % hits.length;
      const hit = hits[this.#at] as Hit;
      this.actions.cell = hit.cell;
      const focused = document.activeElement;
      await this.actions.notebook.elementOf(hit.cell.id)?.select(hit.from, hit.to);
      if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
    }
    this.#draw();
  }

  async #replace(): Promise<void> {
    const hits = this.#hits();
    const hit = hits[this.#at];
    if (!hit) return this.#go(1);
    const { cell } = hit;
    const source = replaceOne(cell.source, hit, patternOf(this.#query), this.#by, this.#query.isRegExp);
    const behind = hit.to + source.length - cell.source.length;
    this.actions.structure.rewrite(new Map([[cell, source]]));
    // The next match is the first that begins behind what was put in.
    const { cells } = this.actions.session;
    const isNext = (next: Hit) =>
      next.cell === cell ? next.from >= behind : cells.indexOf(next.cell) > cells.indexOf(cell);
    this.#at = Math.max(this.#hits().findIndex(isNext), 0);
    return this.#go(0);
  }

  #replaceAll(): void {
    const pattern = patternOf(this.#query);
    const sources = new Map<Cell, string>();
    for (const { cell } of this.#hits()) {
      sources.set(cell, replaceAll(cell.source, pattern, this.#by, this.#query.isRegExp));
    }
    if (sources.size > 0) this.actions.structure.rewrite(sources);
    this.#at = -1;
    this.#draw();
    // A button that can no longer be pressed loses the focus.
    this.#element.querySelector("input")?.focus();
  }

  #onKey(event: KeyboardEvent): void {
    const isReplacing = event.target instanceof HTMLInputElement && event.target.name === "by";
    if (event.key === "Escape") this.#close();
    else if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
    else if (isReplacing) void this.#replace();
    else void this.#go(event.shiftKey ? -1 : 1);
    event.preventDefault();
  }

  #set(change: Partial<Query>): void {
    this.#query = { ...this.#query, ...change };
    this.#at = -1;
    this.#draw();
  }

  #draw(): void {
    const hits = this.#hits();
    const cells = new Set(hits.map(({ cell }) => cell)).size;
    const place = this.#at >= 0 ? `${this.#at + 1} of ` : "";
    const told =
      this.#problem ||
      (this.#query.text === "" ? "" : `${place}${hits.length} in ${cells} ${cells === 1 ? "cell" : "cells"}`);
    const { text, isCase, isWord, isRegExp } = this.#query;
    const typed = ({ target }: InputEvent) => (target as HTMLInputElement).value;
    render(
      html`<div class="find-row">
          <input
            aria-label="Find in all cells"
            placeholder="Find in all cells"
            spellcheck="false"
            .value=${text}
            @input=${(event: InputEvent) => this.#set({ text: typed(event) })}
          />
          ${toggle("Aa", "Upper and lower case matter", isCase, () => this.#set({ isCase: !isCase }))}
          ${toggle("“W”", "Whole words", isWord, () => this.#set({ isWord: !isWord }))}
          ${toggle(".*", "Regular expression", isRegExp, () => this.#set({ isRegExp: !isRegExp }))}
          ${button("↑", "Previous (Shift+Enter)", hits.length > 0, () => void this.#go(-1))}
          ${button("↓", "Next (Enter)", hits.length > 0, () => void this.#go(1))}
        </div>
        <div class="find-row">
          <input
            name="by"
            aria-label="Replace by"
            placeholder="Replace by"
            spellcheck="false"
            .value=${this.#by}
            @input=${(event: InputEvent) => (this.#by = typed(event))}
          />
          ${button("Replace", "Replace this one and go on (Enter)", hits.length > 0, () => void this.#replace())}
          ${button("All", "Replace all; Z takes it back", hits.length > 0, () => this.#replaceAll())}
        </div>
        <p role="status" class=${this.#problem ? "is-failed" : nothing}>${told}</p>
        ${button("×", "Close (Esc)", true, () => this.#close())}`,
      this.#element,
    );
  }
}

function toggle(text: string, label: string, isOn: boolean, act: () => void) {
  return html`<button title=${label} aria-label=${label} aria-pressed=${isOn ? "true" : "false"} @click=${act}>${text}</button>`;
}

function button(text: string, label: string, isEnabled: boolean, act: () => void) {
  return html`<button title=${label} aria-label=${label} ?disabled=${!isEnabled} @click=${act}>${text}</button>`;
}
