// The reader's own files: what cells saved, to be downloaded, and what cells may load, to be added. They lie in this browser's
// storage, which the page and the compute worker share. Loaded when it is first opened.

import { html, nothing } from "lit";
import type { FileStore, StoredFile } from "../api/file-store.ts";
import { browserFiles } from "../api/file-store.ts";
import { fileName } from "../api/save-request.ts";
import { saveFile } from "../display/save-file.ts";
import { PageElement } from "./element.ts";
import { deleteIcon, downloadIcon } from "./icons.ts";

/** As much as a tab can well hold. */
const MOST_BYTES = 2 ** 29;

export class FilesElement extends PageElement {
  static override properties = { files: { state: true }, message: { state: true } };
  declare files: StoredFile[];
  declare message: string;
  readonly #store: FileStore = browserFiles();

  constructor() {
    super();
    this.files = [];
    this.message = "";
  }

  /** Shows what there is now. */
  async open(): Promise<void> {
    await this.updateComplete;
    this.message = globalThis.caches
      ? ""
      : "This page has no storage here (it needs https): files cannot be kept.";
    await this.#refresh();
    this.#dialog?.showModal();
  }

  override render() {
    return html`<dialog class="files" aria-labelledby="files-title" @dragover=${allowDrop} @drop=${this.#onDrop}>
      <h2 id="files-title">Files</h2>
      <p class="files-about">
        What cells save and load by name, such as
        <code>await model.save("net.safetensors")</code> and <code>await model.load("net.safetensors")</code>. They stay in this browser.
      </p>
      ${this.files.length > 0 ? this.#list() : html`<p class="files-none">There are none yet.</p>`}
      <p class="files-message" role="status">${this.message || nothing}</p>
      <div class="files-actions">
        <label class="bar-button files-add">
          Add files
          <input class="visually-hidden" type="file" multiple accept=".safetensors,.npz,.npy" @change=${this.#onPick} />
        </label>
        <button class="bar-button" @click=${() => this.#dialog?.close()}>Close</button>
      </div>
    </dialog>`;
  }

  #list() {
    return html`<ul class="files-list">
      ${this.files.map(
        ({ name, bytes }) =>
          html`<li>
            <span class="files-name">${name}</span>
            <span class="files-size">${sizeOf(bytes)}</span>
            <button class="bar-button is-quiet" aria-label="Download ${name}" title="Download" @click=${() => this.#download(name)}>
              ${downloadIcon}
            </button>
            <button class="bar-button is-quiet" aria-label="Remove ${name}" title="Remove" @click=${() => this.#remove(name)}>
              ${deleteIcon}
            </button>
          </li>`,
      )}
    </ul>`;
  }

  get #dialog(): HTMLDialogElement | null {
    return this.querySelector("dialog");
  }

  async #refresh(): Promise<void> {
    this.files = await this.#store.list();
  }

  async #download(name: string): Promise<void> {
    const bytes = await this.#store.get(name);
    if (!bytes) return this.#refresh();
    saveFile(new Blob([bytes], { type: "application/octet-stream" }), name);
  }

  async #remove(name: string): Promise<void> {
    await this.#store.remove(name);
    this.message = `Removed ${name}.`;
    await this.#refresh();
  }

  async #onPick(event: Event): Promise<void> {
    const input = event.target as HTMLInputElement;
    await this.#add(Array.from(input.files ?? []));
    input.value = "";
  }

  async #onDrop(event: DragEvent): Promise<void> {
    // The page hears of it too: its offer to make a data set goes, and what is taken care of here it leaves.
    event.preventDefault();
    await this.#add(Array.from(event.dataTransfer?.files ?? []));
  }

  async #add(files: readonly File[]): Promise<void> {
    const told: string[] = [];
    for (const file of files) {
      try {
        if (file.size > MOST_BYTES)
          throw new Error(`${file.name} has ${sizeOf(file.size)}; at most ${sizeOf(MOST_BYTES)} are kept`);
        await this.#store.put(fileName(file.name), new Uint8Array(await file.arrayBuffer()));
        told.push(`Added ${file.name}.`);
      } catch (error) {
        told.push(error instanceof Error ? error.message : String(error));
      }
    }
    this.message = told.join(" ");
    await this.#refresh();
  }
}

function allowDrop(event: DragEvent): void {
  event.preventDefault();
}

function sizeOf(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

declare global {
  interface HTMLElementTagNameMap {
    "gradbook-files": FilesElement;
  }
}

customElements.define("gradbook-files", FilesElement);
