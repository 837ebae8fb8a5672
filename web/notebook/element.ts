// The page's elements draw into the document itself: one style sheet, and selections, search and labels that reach
// across elements.

import { LitElement } from "lit";

export class PageElement extends LitElement {
  #ends: (() => void)[] = [];

  override createRenderRoot(): HTMLElement {
    return this;
  }

  /** Keeps `end` to be called when the element leaves the page. */
  protected untilRemoved(end: () => void): void {
    this.#ends.push(end);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const end of this.#ends.splice(0)) end();
  }
}
