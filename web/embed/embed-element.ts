// Cells of a notebook in a frame: what is chosen of it, and a line at the foot with what runs them.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Cell } from "../notebook/cell.ts";
import type { AfterRun } from "../notebook/cell-element.ts";
import { CellElement } from "../notebook/cell-element.ts";
import { PageElement } from "../notebook/element.ts";
import { playAllIcon, restartIcon, stopIcon } from "../notebook/icons.ts";
import type { Session } from "../notebook/session.ts";

export class EmbedElement extends PageElement {
  static override properties = { session: { attribute: false }, shown: { attribute: false } };
  declare session: Session;
  /** The cells that are seen. */
  declare shown: readonly Cell[];
  /** Of the notebook, where it is one of the site's. */
  name: string | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.untilRemoved(this.session.listen(() => this.requestUpdate()));
  }

  override render() {
    const { session, shown } = this;
    return html`<main class="cells is-embedded" @cell-run=${this.#onRun}>
        ${repeat(
          shown,
          (cell) => cell.id,
          (cell) =>
            html`<gradbook-cell-view data-cell=${cell.id} .cell=${cell} .session=${session}></gradbook-cell-view>`,
        )}
      </main>
      ${this.#foot()}`;
  }

  #foot() {
    const { session } = this;
    const isBusy = session.isBusy || session.kernelState === "busy";
    const { status } = session;
    const address = `./${this.name === undefined ? "" : `?notebook=${this.name}`}`;
    return html`<footer class="embed-foot" aria-label="Notebook">
      <button class="bar-button" ?disabled=${isBusy} @click=${() => session.runUpTo(this.shown.at(-1))}>
        ${playAllIcon}<span>Run all</span>
      </button>
      <button class="bar-button is-stop" ?disabled=${!isBusy} @click=${() => session.stop()}>${stopIcon}<span>Stop</span></button>
      <button class="bar-button is-quiet" title="Restart: clears variables" aria-label="Restart" ?disabled=${session.kernelState === "off"} @click=${() => session.restart()}>
        ${restartIcon}
      </button>
      ${status ? html`<span class="embed-device">${status.name}</span>` : nothing}
      ${status?.hint ? html`<span class="status-hint">${status.hint}</span>` : nothing}
      <a class="embed-name" href=${address} target="_blank" rel="noopener">Gradbook</a>
    </footer>`;
  }

  #onRun({ target }: CustomEvent<AfterRun>): void {
    if (!(target instanceof CellElement)) return;
    if (target.cell.type === "code") this.session.run(target.cell);
    else target.leave();
  }
}

customElements.define("gradbook-embed-view", EmbedElement);
