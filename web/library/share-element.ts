// What leaves the page: the notebook as a file, a script, a page, and as a link that holds it. Loaded when it is opened.

import { html, nothing } from "lit";
import { fileNameOf, saveFile } from "../display/save-file.ts";
import { PageElement } from "../notebook/element.ts";
import type { NotebookFile } from "../notebook/ipynb.ts";
import { notebookText } from "../notebook/ipynb.ts";
import type { Session } from "../notebook/session.ts";
import { pageOf, scriptOf } from "./export.ts";
import { LINK } from "./origin.ts";
import { pack } from "./pack.ts";

/** Mail and chat programs cut longer ones. */
const LONG = 8000;
/** Browsers take no longer ones. */
const LONGEST = 2_000_000;

export class ShareElement extends PageElement {
  static override properties = {
    link: { state: true },
    hasOutputs: { state: true },
    message: { state: true },
  };
  declare session: Session;
  declare link: string;
  declare hasOutputs: boolean;
  declare message: string;

  constructor() {
    super();
    this.link = "";
    this.hasOutputs = false;
    this.message = "";
  }

  async open(session: Session): Promise<void> {
    this.session = session;
    this.message = "";
    this.requestUpdate();
    await this.updateComplete;
    this.querySelector("dialog")?.showModal();
    await this.#makeLink();
  }

  override render() {
    if (!this.session) return nothing;
    return html`<dialog class="files share" aria-labelledby="share-title">
      <h2 id="share-title">Share or save</h2>
      <p class="files-about">
        A link holds the notebook itself: nothing is uploaded, and whoever has the link has the notebook. Opening it runs nothing.
      </p>
      <label class="share-outputs">
        <input type="checkbox" .checked=${this.hasOutputs} @change=${this.#onOutputs} /> With outputs
      </label>
      <div class="share-link">
        <input readonly aria-label="Link" .value=${this.link} @focus=${(event: Event) => (event.target as HTMLInputElement).select()} />
        <button class="bar-button is-primary" ?disabled=${this.link === ""} @click=${this.#copy}>Copy link</button>
      </div>
      <p class="files-about">${this.#size()}</p>
      <div class="share-files" role="group" aria-label="Save as">
        <button class="bar-button" @click=${() => this.#save("ipynb")}>Notebook (.ipynb)</button>
        <button class="bar-button" @click=${() => this.#save("html")}>Page (.html)</button>
        <button class="bar-button" @click=${() => this.#save("js")}>Script (.js)</button>
      </div>
      <p class="files-message" role="status">${this.message || nothing}</p>
      <div class="files-actions">
        <button class="bar-button" @click=${() => this.querySelector("dialog")?.close()}>Close</button>
      </div>
    </dialog>`;
  }

  #size(): string {
    const { length } = this.link;
    if (length === 0) return "";
    const size = `The link has ${length.toLocaleString("en")} letters.`;
    if (length > LONGEST)
      return `${size} Browsers take no more than ${LONGEST.toLocaleString("en")}: leave outputs out, or send the file.`;
    return length > LONG ? `${size} Some programs cut long links: the file is safer.` : size;
  }

  async #onOutputs(event: Event): Promise<void> {
    this.hasOutputs = (event.target as HTMLInputElement).checked;
    await this.#makeLink();
  }

  async #makeLink(): Promise<void> {
    this.link = await linkOf(this.session, this.hasOutputs);
  }

  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.link);
      this.message = "Link copied.";
    } catch {
      this.querySelector<HTMLInputElement>(".share-link input")?.focus();
      this.message = "This page may not copy: copy the marked link by the keys of your system.";
    }
  }

  async #save(kind: "ipynb" | "html" | "js"): Promise<void> {
    const { session } = this;
    const { title, cells } = session;
    if (kind === "ipynb") this.#download(await session.text(), kind, "application/x-ipynb+json");
    else if (kind === "js") this.#download(scriptOf(title, cells), kind, "text/javascript");
    else {
      const link = await linkOf(session, false);
      this.#download(await pageOf(title, cells, link.length > LONGEST ? undefined : link), kind, "text/html");
    }
  }

  #download(text: string, extension: string, type: string): void {
    const name = `${fileNameOf(this.session.title, "notebook")}.${extension}`;
    saveFile(new Blob([text], { type }), name);
    this.message = `${name} saved.`;
  }
}

/** The address that holds the notebook, at this site. */
async function linkOf(session: Session, hasOutputs: boolean): Promise<string> {
  const file = await session.file();
  const text = notebookText(hasOutputs ? file : withoutOutputs(file));
  return new URL(`./${LINK}${await pack(text)}`, document.baseURI).href;
}

function withoutOutputs(file: NotebookFile): NotebookFile {
  const cells = file.cells.map((cell) =>
    cell.cell_type === "code" ? { ...cell, outputs: [], execution_count: null } : cell,
  );
  return { ...file, cells };
}

declare global {
  interface HTMLElementTagNameMap {
    "gradbook-share": ShareElement;
  }
}

customElements.define("gradbook-share", ShareElement);
