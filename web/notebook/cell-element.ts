// One cell in the page: its text to read or to edit, its outputs, its buttons.

import { html, nothing } from "lit";
import type { InputSet } from "../display/control.ts";
import { INPUT_SET } from "../display/control.ts";
import type { ErrorFrame } from "../display/schema.ts";
import type { Cell } from "./cell.ts";
import type { Commands } from "./commands/commands.ts";
import type { CellEditor } from "./editor.ts";
import { PageElement } from "./element.ts";
import { highlightLines } from "./highlight.ts";
import { liveIcon, playIcon } from "./icons.ts";
import { OutputList } from "./output-view.ts";
import type { Session } from "./session.ts";

/** Asks the notebook to run the cell, and then to stay, to go on to the cell below, or to insert one there. */
export const RUN = "cell-run";
export type AfterRun = "stay" | "advance" | "insert";

export class CellElement extends PageElement {
  static override properties = {
    cell: { attribute: false },
    session: { attribute: false },
    commands: { attribute: false },
    isEditing: { state: true },
    hasEditor: { state: true },
  };
  declare cell: Cell;
  declare session: Session;
  /** Once they have come. */
  declare commands: Commands | undefined;
  declare isEditing: boolean;
  /** Whether the editor has come and shows the text instead of us. */
  declare hasEditor: boolean;

  #editor: CellEditor | undefined;
  #outputs: OutputList | undefined;
  #markdown = "";

  constructor() {
    super();
    this.isEditing = false;
    this.hasEditor = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.untilRemoved(this.cell.listen(() => this.#cellChanged()));
    this.untilRemoved(() => this.#closeEditor());
    this.tabIndex = -1;
  }

  /** Opens the editor, with the cursor at a place of the text or under a point of the screen. */
  async edit(at?: { line: number; column: number } | { x: number; y: number }): Promise<void> {
    if (this.cell.isHidden("source")) this.session.setHidden([this.cell], "source", false);
    if (this.session.isReadOnly) return;
    this.isEditing = true;
    await this.updateComplete;
    const { CellEditor } = await import("./editor.ts");
    const host = this.querySelector<HTMLElement>(".cell-editor");
    if (!host || !this.isEditing) return;
    if (!this.#editor) {
      this.#editor = new CellEditor(host, {
        source: this.cell.source,
        language: this.cell.type === "code" ? "javascript" : "markdown",
        label: `Text of ${this.#name()}`,
        assist: this.session.assistFor(this.cell),
        onChange: (source) => this.session.edit(this.cell, source),
        onBlur: (event) => this.#blurred(event),
        onKey: (key) => this.#key(key),
      });
      this.#editor.markError(this.#errorPlace());
      this.hasEditor = true;
      await this.updateComplete;
    }
    if (at && "x" in at) this.#editor.focusAtPoint(at.x, at.y);
    else this.#editor.focus(at);
  }

  /** Where the cursor is, of a cell that is being edited. */
  get cursor(): number | undefined {
    return this.#editor?.cursor;
  }

  get selectedText(): string | undefined {
    return this.#editor?.selectedText;
  }

  /** Selects a part of the text, in the editor. */
  async select(from: number, to: number): Promise<void> {
    if (this.cell.isHidden("source")) this.session.setHidden([this.cell], "source", false);
    if (!this.#editor) await this.edit();
    this.#editor?.select(from, to);
    this.scrollIntoView({ block: "nearest" });
  }

  /** Ends editing; the cell itself has the focus then. */
  leave(): void {
    this.#closeEditor();
    this.focus({ preventScroll: true });
  }

  override render() {
    const { cell } = this;
    const classes = ["cell", `is-${cell.type}`, `is-${cell.state}`, cell.isStale ? "is-stale" : ""].join(" ");
    return html`<section class=${classes} aria-label=${this.#name()}>
      <div class="cell-gutter">${cell.type === "code" ? [this.#runButton(), this.#liveButton()] : nothing}</div>
      <div class="cell-main">
        ${this.isEditing ? html`<div class="cell-editor cell-source" ?hidden=${!this.hasEditor}></div>` : nothing}
        ${this.hasEditor ? nothing : this.#reading()}
        ${this.#progress()} ${this.#footer()}
        ${this.#isHidden("outputs") ? this.#unfold("outputs", "Outputs are folded") : nothing}
        <div class="cell-outputs" ?hidden=${this.#isHidden("outputs")} @input-set=${this.#onInputSet}></div>
      </div>
      ${this.#toolbar()}
    </section>`;
  }

  override updated(): void {
    const { cell } = this;
    const host = this.querySelector<HTMLElement>(".cell-outputs");
    if (host) this.#outputs ??= new OutputList(host);
    this.#outputs?.show(cell.type === "code" ? cell.shown : []);
    if (cell.type === "markdown" && !this.isEditing) void this.#renderMarkdown();
  }

  #cellChanged(): void {
    if (this.session.isReadOnly) this.#closeEditor();
    if (this.#editor) {
      this.#editor.source = this.cell.source;
      if (this.cell.state === "idle") this.#editor.markError(this.#errorPlace());
    }
    this.requestUpdate();
  }

  #reading() {
    const { cell } = this;
    if (this.#isHidden("source")) {
      return this.#unfold("source", `${cell.source.split("\n").length} lines of code are folded`);
    }
    if (cell.type === "markdown") {
      return html`<div class="prose" @dblclick=${() => this.edit()}></div>
        ${cell.source.trim() === "" ? this.#emptyButton("Empty text: click to write") : nothing}`;
    }
    return html`<div class="cell-source is-reading" @click=${this.#onSourceClick}>${this.#sourceLines()}</div>`;
  }

  #isHidden(part: "source" | "outputs"): boolean {
    return (
      this.cell.type === "code" &&
      this.cell.isHidden(part) &&
      (part === "source" || this.cell.shown.length > 0)
    );
  }

  #unfold(part: "source" | "outputs", text: string) {
    return html`<button class="quiet-button is-folded" @click=${() => this.session.setHidden([this.cell], part, false)}>${text}: show</button>`;
  }

  #emptyButton(text: string) {
    return html`<button class="quiet-button" @click=${() => this.edit()}>${text}</button>`;
  }

  /** The text as the editor will show it, so that nothing moves when the editor takes over. */
  #sourceLines() {
    const marked = this.#errorPlace()?.line;
    const lines = this.cell.type === "code" ? highlightLines(this.cell.source) : plainLines(this.cell.source);
    return lines.map(
      (line, i) =>
        html`<div class=${i + 1 === marked ? "source-line error-line" : "source-line"}>${line.map(
          ({ text, className }) => (className ? html`<span class=${className}>${text}</span>` : text),
        )}${line.length === 0 ? html`<br />` : nothing}</div>`,
    );
  }

  #runButton() {
    const { cell, session } = this;
    const isWaiting = cell.state !== "idle";
    const label = isWaiting ? "Stop" : `Run ${this.#name()}`;
    const count =
      cell.state === "running" ? "[*]" : cell.state === "queued" ? "[…]" : `[${cell.count ?? " "}]`;
    return html`<button
        class="run-button"
        title=${isWaiting ? "Stop" : "Run (Ctrl+Enter)"}
        aria-label=${label}
        @click=${() => (isWaiting ? session.stop() : session.run(cell))}
      >
        ${isWaiting ? html`<span class="spinner"></span>` : playIcon}
      </button>
      <span class="cell-count">${count}</span>`;
  }

  #liveButton() {
    const { cell, session } = this;
    return html`<button
      class="live-button"
      title="Live: run again when an input that it reads is set"
      aria-label=${`Live ${this.#name()}`}
      aria-pressed=${cell.isLive ? "true" : "false"}
      @click=${() => session.setLive(cell, !cell.isLive)}
    >
      ${liveIcon}
    </button>`;
  }

  #onInputSet(event: InputSet): void {
    const output = event.target instanceof Node && this.#outputs?.outputOf(event.target);
    if (output) this.session.setInput(this.cell, output, event.detail);
  }

  #progress() {
    const { progress } = this.cell;
    if (!progress || this.cell.state !== "running") return nothing;
    const { done, total } = progress;
    return html`<p class="cell-progress">
      <progress aria-label=${`Training in ${this.#name()}`} max=${total} .value=${done}></progress>
      <span>${progressText(progress, performance.now(), this.session.counters?.bytes)}</span>
    </p>`;
  }

  #footer() {
    const { cell } = this;
    if (cell.type !== "code") return nothing;
    const time = cell.milliseconds === undefined ? "" : durationText(cell.milliseconds);
    const stale = cell.isStale && cell.state === "idle" ? "Not run since it or its inputs changed" : "";
    if (!time && !stale) return nothing;
    return html`<p class="cell-footer">${stale ? html`<span class="stale-mark">${stale}</span>` : nothing}<span>${time}</span></p>`;
  }

  #toolbar() {
    return html`<div class="cell-toolbar" role="group" aria-label=${`Change ${this.#name()}`}>
      ${this.commands?.toolbar(this.cell) ?? nothing}
    </div>`;
  }

  #onSourceClick(event: MouseEvent): void {
    // A drag selects text to copy; a click edits.
    if (getSelection()?.isCollapsed === false) return;
    void this.edit({ x: event.clientX, y: event.clientY });
  }

  #key(key: AfterRun | "leave"): boolean {
    if (key === "leave") this.leave();
    else this.dispatchEvent(new CustomEvent(RUN, { bubbles: true, detail: key }));
    return true;
  }

  /** Markdown is shown as soon as the cursor is elsewhere; code keeps its editor. */
  #blurred({ relatedTarget }: FocusEvent): void {
    // Who searches sees what was found.
    if (relatedTarget instanceof Element && relatedTarget.closest(".find-bar")) return;
    if (this.cell.type === "markdown" && document.hasFocus()) this.#closeEditor();
  }

  #closeEditor(): void {
    const editor = this.#editor;
    this.#editor = undefined;
    this.#markdown = "";
    this.isEditing = false;
    this.hasEditor = false;
    // Not while CodeMirror tells of the blur that led here.
    if (editor) queueMicrotask(() => editor.destroy());
  }

  async #renderMarkdown(): Promise<void> {
    const { source } = this.cell;
    if (this.#markdown === source) return;
    this.#markdown = source;
    const host = this.querySelector<HTMLElement>(".prose");
    if (!host) return;
    const { renderMarkdown } = await import("./markdown.ts");
    if (source !== this.cell.source) return;
    host.replaceChildren(renderMarkdown(source, this.cell.file.attachments));
    if (!host.querySelector("[data-math]")) return;
    const { loadMathStyles, typesetMath } = await import("./math.ts");
    await loadMathStyles();
    typesetMath(host);
  }

  /** The place in this cell that its last error came from. */
  #errorPlace(): ErrorFrame | undefined {
    if (this.cell.isStale) return undefined;
    const isHere = (frame: ErrorFrame) => frame.cell === this.cell.id && frame.count === this.cell.count;
    for (const output of this.cell.outputs) {
      if (output?.display.kind !== "error" || output.display.name === "Stopped") continue;
      const frame = output.display.frames.find(isHere);
      if (frame) return frame;
    }
    return undefined;
  }

  #name(): string {
    return `${this.cell.type === "code" ? "code" : "text"} cell ${this.session.cells.indexOf(this.cell) + 1}`;
  }
}

declare global {
  interface HTMLElementEventMap {
    [INPUT_SET]: InputSet;
  }
}

customElements.define("gradbook-cell-view", CellElement);

function plainLines(source: string) {
  return source.split("\n").map((text) => (text === "" ? [] : [{ text, className: "" }]));
}

function progressText(
  { done, total, since, doneThen }: NonNullable<Cell["progress"]>,
  now: number,
  bytes: number | undefined,
): string {
  const rate = (1000 * (done - doneThen)) / Math.max(now - since, 1);
  const parts = [`step ${done.toLocaleString("en")} of ${total.toLocaleString("en")}`];
  // The first slices tell too little.
  if (rate > 0 && now - since > 500) {
    parts.push(`${Number(rate.toPrecision(2)).toLocaleString("en")} steps/s`);
    const seconds = Math.ceil((total - done) / rate);
    parts.push(seconds < 60 ? `${seconds} s left` : `${durationText(1000 * seconds)} left`);
  }
  if (bytes) parts.push(`${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`);
  return parts.join(" · ");
}

function durationText(milliseconds: number): string {
  if (milliseconds < 1) return "under 1 ms";
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1000)} s`;
}
