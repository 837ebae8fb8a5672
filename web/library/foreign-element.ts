// What stands above a notebook of somebody else until the reader lets it run: where it is from, and what it could do. Loaded with the first.

import { html, nothing } from "lit";
import { PageElement } from "../notebook/element.ts";
import type { Session } from "../notebook/session.ts";
import { foreignLanguage } from "./language.ts";

export class ForeignElement extends PageElement {
  static override properties = { session: { attribute: false } };
  declare session: Session;

  /** It may be in the page before this file: what it was given then comes with the first update. */
  override firstUpdated(): void {
    this.untilRemoved(this.session.listen(() => this.requestUpdate()));
  }

  override render() {
    const { session } = this;
    const { isRefusing } = session;
    const language = foreignLanguage(session.metadata);
    return html`<aside class=${isRefusing ? "notice is-foreign is-asking" : "notice is-foreign"} aria-label="From somebody else">
      <p role=${isRefusing ? "alert" : nothing}>
        <strong>From ${session.source}.</strong> Nothing has run: outputs are as they were saved. Its code reaches no network and none of your
        other notebooks; it can read Your data, and read and replace what lies under Files, whichever notebook saved it.
        ${language ? `It is written in ${language}; Gradbook runs JavaScript.` : nothing}
      </p>
      <button class="bar-button" @click=${() => session.trust()}>Run without network</button>
    </aside>`;
  }
}

customElements.define("gradbook-foreign", ForeignElement);
