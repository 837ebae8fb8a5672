// The page: a bar with what can be done, the cells, the status.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { GO_TO_LINE } from "../display/error.ts";
import type { ErrorFrame } from "../display/schema.ts";
import type { CellType } from "./cell.ts";
import { ADVANCE, CellElement } from "./cell-element.ts";
import { PageElement } from "./element.ts";
import { downloadIcon, playAllIcon, plusIcon, restartIcon, stopIcon, themeIcon } from "./icons.ts";
import type { Session } from "./session.ts";
import "./status-element.ts";
import { toggleTheme } from "./theme.ts";

export class NotebookElement extends PageElement {
  static override properties = { session: { attribute: false } };
  declare session: Session;

  override connectedCallback(): void {
    super.connectedCallback();
    this.untilRemoved(this.session.listen(() => this.requestUpdate()));
  }

  override render() {
    const { session } = this;
    document.title = `${session.title} · Gradbook`;
    return html`<header class="bar">
        <a class="bar-name" href="./">Gradbook</a>
        <span class="bar-title">${session.title}</span>
        <div class="bar-tools" role="toolbar" aria-label="Notebook">${this.#tools()}</div>
      </header>
      <main class="cells" @cell-advance=${this.#onAdvance} @go-to-line=${this.#onGoToLine}>
        ${session.hasNewerOriginal ? this.#newerOriginal() : nothing}
        ${repeat(
          session.cells,
          (cell) => cell.id,
          (cell, i) =>
            html`${this.#inserter(i)}<gradbook-cell-view .cell=${cell} .session=${session}></gradbook-cell-view>`,
        )}
        ${this.#inserter(session.cells.length, true)}
      </main>
      <gradbook-status .session=${session}></gradbook-status>`;
  }

  #tools() {
    const { session } = this;
    const isBusy = session.isBusy || session.kernelState === "busy";
    return html`
      <button class="bar-button is-primary" ?disabled=${isBusy} @click=${() => session.runAll()}>
        ${playAllIcon}<span>Run all</span>
      </button>
      <button class="bar-button is-stop" ?disabled=${!isBusy} @click=${() => session.stop()}>
        ${stopIcon}<span>Stop</span>
      </button>
      <button
        class="bar-button"
        title="Clears every variable"
        ?disabled=${session.kernelState === "off"}
        @click=${() => session.restart()}
      >
        ${restartIcon}<span>Restart</span>
      </button>
      <button class="bar-button is-quiet" title="Download .ipynb" aria-label="Download .ipynb" @click=${this.#download}>
        ${downloadIcon}
      </button>
      <button class="bar-button is-quiet" title="Light or dark" aria-label="Light or dark" @click=${toggleTheme}>
        ${themeIcon}
      </button>
    `;
  }

  #inserter(at: number, isLast = false) {
    return html`<div class=${isLast ? "inserter is-last" : "inserter"}>
      <button @click=${() => this.#insert("code", at)}>${plusIcon} Code</button>
      <button @click=${() => this.#insert("markdown", at)}>${plusIcon} Text</button>
    </div>`;
  }

  #newerOriginal() {
    return html`<aside class="notice">
      <p>This notebook was changed since your copy was made. Yours is shown.</p>
      <button class="quiet-button" @click=${this.#reset}>Drop my copy and open the new one</button>
    </aside>`;
  }

  async #reset(): Promise<void> {
    await this.session.forget();
    location.reload();
  }

  async #download(): Promise<void> {
    const text = await this.session.text();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/x-ipynb+json" }));
    link.download = `${this.session.title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "notebook"}.ipynb`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  async #insert(type: CellType, at: number): Promise<void> {
    const cell = this.session.insert(type, at);
    await this.updateComplete;
    await this.#elementOf(cell.id)?.edit();
  }

  #onAdvance(event: CustomEvent<{ insert: boolean }>): void {
    if (!(event.target instanceof CellElement)) return;
    const next = this.session.cells.indexOf(event.target.cell) + 1;
    const cell = this.session.cells[next];
    if (event.detail.insert || !cell) void this.#insert("code", next);
    else if (cell.type === "code") void this.#elementOf(cell.id)?.edit();
    else this.#elementOf(cell.id)?.focus();
  }

  #onGoToLine(event: CustomEvent<ErrorFrame>): void {
    const element = this.#elementOf(event.detail.cell);
    element?.scrollIntoView({ block: "nearest" });
    void element?.edit(event.detail);
  }

  #elementOf(id: string): CellElement | undefined {
    return [...this.querySelectorAll<CellElement>("gradbook-cell-view")].find(
      (element) => element.cell.id === id,
    );
  }
}

declare global {
  interface HTMLElementEventMap {
    [ADVANCE]: CustomEvent<{ insert: boolean }>;
    [GO_TO_LINE]: CustomEvent<ErrorFrame>;
  }
}

customElements.define("gradbook-notebook-view", NotebookElement);
