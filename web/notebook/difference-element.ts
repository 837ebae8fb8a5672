// What is new in the published notebook beside the reader's copy, and taking it: cell by cell or all of it. Each taking can be undone as
// any change of cells. Loaded when it is asked for.

import { html, nothing } from "lit";
import type { Difference } from "./difference.ts";
import { differences, linesOf, sourceOf } from "./difference.ts";
import { loadEditStyles } from "./edit-styles.ts";
import { PageElement } from "./element.ts";
import { cellOf, newCellId, parseNotebook } from "./ipynb.ts";
import type { Session } from "./session.ts";
import type { Structure } from "./structure.ts";

const MARK = { both: " ", mine: "−", theirs: "+" };

export class DifferenceElement extends PageElement {
  static override properties = { session: { attribute: false } };
  declare session: Session;
  declare structure: Structure;

  override connectedCallback(): void {
    super.connectedCallback();
    loadEditStyles();
    this.untilRemoved(this.session.listen(() => this.requestUpdate()));
    void this.updateComplete.then(() => this.querySelector("dialog")?.showModal());
  }

  override render() {
    const found = this.#differences();
    return html`<dialog class="files difference" aria-labelledby="difference-title" @close=${() => this.remove()}>
      <h2 id="difference-title">What differs</h2>
      <p class="files-about">
        Your copy beside the notebook as it is published now. ${found.length === 0 ? "All cells are the same." : "What you take can be undone (Z)."}
      </p>
      ${found.map((difference) => this.#row(difference))}
      <div class="share-files">
        ${found.length > 0 ? html`<button class="bar-button" @click=${() => this.#takeAll()}>Take all of it</button>` : nothing}
        <button class="bar-button" @click=${() => this.#settle()}>Keep mine as it is now</button>
        <button class="bar-button is-quiet" @click=${() => this.querySelector("dialog")?.close()}>Close</button>
      </div>
    </dialog>`;
  }

  #row(difference: Difference) {
    const { mine, theirs } = difference;
    const [title, act] = !mine
      ? ["Only in the new one", "Insert"]
      : theirs
        ? [`Cell ${this.session.cells.indexOf(mine) + 1} differs`, "Take the new one"]
        : [`Cell ${this.session.cells.indexOf(mine) + 1}, only in yours`, "Delete"];
    return html`<section class="difference-cell" aria-label=${title}>
      <header><h3>${title}</h3><button class="quiet-button" @click=${() => this.#take(difference)}>${act}</button></header>
      <pre>${linesOf(difference).map(
        ({ of, text }) => html`<span class="difference-line is-${of}">${MARK[of]} ${text}
</span>`,
      )}</pre>
    </section>`;
  }

  #differences(): Difference[] {
    const { newer, cells } = this.session;
    return newer ? differences(cells, parseNotebook(newer.text).cells) : [];
  }

  #take({ mine, theirs, after }: Difference): void {
    const { structure } = this;
    const { cells } = this.session;
    if (mine && theirs) {
      structure.setType(theirs.cell_type, mine);
      structure.rewrite(new Map([[mine, sourceOf(theirs)]]));
    } else if (theirs) {
      structure.add(cellOf(theirs.id ?? newCellId(), theirs), after ? cells.indexOf(after) + 1 : 0);
    } else if (mine) {
      structure.remove(mine);
    }
  }

  /** One after the other: each may be what the next comes after. What only the copy has stays. */
  #takeAll(): void {
    for (let { length } = this.#differences(); length > 0; length--) {
      const next = this.#differences().find(({ theirs }) => theirs);
      if (next) this.#take(next);
    }
    this.#settle();
  }

  #settle(): void {
    this.session.settle();
    this.querySelector("dialog")?.close();
  }
}

customElements.define("gradbook-difference", DifferenceElement);
