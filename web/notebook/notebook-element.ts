// The page: a bar with what can be done, the cells, the status.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { GO_TO_LINE } from "../display/error.ts";
import type { ErrorFrame } from "../display/schema.ts";
import { droppedFiles, hasFiles, pastedFiles } from "../import/dropped.ts";
import type { SourceFile } from "../import/protocol.ts";
import type { Cell, CellType } from "./cell.ts";
import type { AfterRun, RUN } from "./cell-element.ts";
import { CellElement } from "./cell-element.ts";
import type { Command } from "./command-keys.ts";
import { CommandKeys } from "./command-keys.ts";
import { PageElement } from "./element.ts";
import {
  dataIcon,
  downloadIcon,
  folderIcon,
  libraryIcon,
  playAllIcon,
  plusIcon,
  restartIcon,
  shareIcon,
  stopIcon,
  themeIcon,
} from "./icons.ts";
import type { Session } from "./session.ts";
import "./status-element.ts";
import { toggleTheme } from "./theme.ts";

export class NotebookElement extends PageElement {
  static override properties = {
    session: { attribute: false },
    isDropping: { state: true },
    problem: { state: true },
  };
  declare session: Session;
  /** Whether files are being dragged over the page. */
  declare isDropping: boolean;
  /** Why a file that was given is not opened. */
  declare problem: string | undefined;
  readonly #keys = new CommandKeys();

  override connectedCallback(): void {
    super.connectedCallback();
    this.untilRemoved(this.session.listen(() => this.requestUpdate()));
    this.untilRemoved(this.session.listen(() => this.#askForData()));
    this.untilRemoved(listenForFiles(this));
    if (!this.session.mayRun) void import("../library/foreign-element.ts");
  }

  override render() {
    const { session } = this;
    document.title = `${session.title} · Gradbook`;
    return html`<header class="bar">
        <a class="bar-name" href="./">Gradbook</a>
        <span class="bar-title">${session.title}</span>
        <div class="bar-tools" role="toolbar" aria-label="Notebook">${this.#tools()}</div>
      </header>
      <main class="cells" @keydown=${this.#onKeydown} @cell-run=${this.#onRun} @go-to-line=${this.#onGoToLine}>
        ${this.problem === undefined ? nothing : html`<aside class="notice" role="alert"><p>${this.problem}</p></aside>`}
        ${session.mayRun ? nothing : html`<gradbook-foreign .session=${session}></gradbook-foreign>`}
        ${session.hasNewerOriginal ? this.#newerOriginal() : nothing}
        ${repeat(
          session.cells,
          (cell) => cell.id,
          (cell, i) =>
            html`${this.#inserter(i)}<gradbook-cell-view data-cell=${cell.id} .cell=${cell} .session=${session}></gradbook-cell-view>`,
        )}
        ${this.#inserter(session.cells.length, true)}
      </main>
      <gradbook-status .session=${session}></gradbook-status>
      ${this.isDropping ? html`<div class="drop-target">Drop to open a notebook, or to make a data set</div>` : nothing}`;
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
        title="Clears variables; tensors, data sets and networks of layers stay"
        ?disabled=${session.kernelState === "off"}
        @click=${() => session.restart()}
      >
        ${restartIcon}<span>Restart</span>
      </button>
      <button class="bar-button is-quiet" title="Your data" aria-label="Your data" @click=${() => this.openData()}>
        ${dataIcon}
      </button>
      <button class="bar-button is-quiet" title="Files" aria-label="Files" @click=${this.#openFiles}>${folderIcon}</button>
      <button class="bar-button is-quiet is-download" title="Download .ipynb" aria-label="Download .ipynb" @click=${this.#download}>
        ${downloadIcon}
      </button>
      <button class="bar-button is-quiet" title="Share or save" aria-label="Share or save" @click=${this.#share}>
        ${shareIcon}
      </button>
      <a class="bar-button is-quiet" title="All notebooks" aria-label="All notebooks" href="./?library">${libraryIcon}</a>
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

  /** Opens what was dropped or pasted: a notebook takes the place of this one, other files become a data set. Says whether there is any. */
  openGiven(data: DataTransfer, files: () => Promise<SourceFile[]> | undefined, isText: boolean): boolean {
    const notebook = Array.from(data.files).find(({ name }) => name.endsWith(".ipynb"));
    const text = isText ? data.getData("text/plain") : "";
    const tell = (message: string) => {
      this.problem = message;
    };
    const load = () => import("../library/import.ts");
    if (notebook) void load().then(({ takeFile }) => takeFile(notebook, tell));
    else if (NOTEBOOK_TEXT.test(text))
      void load().then(({ takeText }) => takeText(text, "pasted text", tell));
    else {
      const found = files();
      if (!found) return false;
      void this.openData(found);
    }
    return true;
  }

  /** Opens the reader's own data; with files, a set is made of them. */
  async openData(files?: Promise<SourceFile[]>): Promise<void> {
    // The dialog shows what is wrong with them, as soon as it is there.
    files?.catch(() => {});
    const { OwnDialog } = await import("./own-dialog.ts");
    const found = this.querySelector("gradbook-own-data");
    const dialog = found instanceof OwnDialog ? found : new OwnDialog();
    dialog.session = this.session;
    if (!found) this.append(dialog);
    await dialog.open(files);
  }

  #isAsking = false;

  /** A cell that waits for data opens the dialog, once. */
  #askForData(): void {
    const { isPicking } = this.session;
    if (isPicking && !this.#isAsking) void this.openData();
    this.#isAsking = isPicking;
  }

  async #reset(): Promise<void> {
    await this.session.forget();
    location.reload();
  }

  async #openFiles(): Promise<void> {
    await import("./files-element.ts");
    const known = document.querySelector("gradbook-files");
    await (known ?? document.body.appendChild(document.createElement("gradbook-files"))).open();
  }

  async #share(): Promise<void> {
    await import("../library/share-element.ts");
    const known = document.querySelector("gradbook-share");
    await (known ?? document.body.appendChild(document.createElement("gradbook-share"))).open(this.session);
  }

  async #download(): Promise<void> {
    const text = await this.session.text();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/x-ipynb+json" }));
    link.download = `${this.session.fileName}.ipynb`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  async #insert(type: CellType, at: number): Promise<void> {
    const cell = this.session.insert(type, at);
    await this.updateComplete;
    await this.#elementOf(cell.id)?.edit();
  }

  #onRun(event: CustomEvent<AfterRun>): void {
    if (event.target instanceof CellElement) this.#run(event.target.cell, event.detail, true);
  }

  #run(cell: Cell, then: AfterRun, isEditing: boolean): void {
    const element = this.#elementOf(cell.id);
    if (cell.type === "code") this.session.run(cell);
    else element?.leave();
    if (then === "stay") return;
    const at = this.session.cells.indexOf(cell) + 1;
    const next = this.session.cells[at];
    if (then === "insert" || !next) void this.#insert("code", at);
    else if (isEditing && next.type === "code") void this.#elementOf(next.id)?.edit();
    else this.#select(next);
  }

  /** Keys of a cell that is not being edited. */
  #onKeydown(event: KeyboardEvent): void {
    if (!(event.target instanceof CellElement)) return;
    const command = this.#keys.commandFor(event);
    if (!command) return;
    event.preventDefault();
    void this.#obey(command, event.target);
  }

  async #obey(command: Command, element: CellElement): Promise<void> {
    const { session } = this;
    const { cell } = element;
    const at = session.cells.indexOf(cell);
    switch (command.kind) {
      case "edit":
        return element.edit();
      case "run":
        return this.#run(cell, command.after, false);
      case "go":
        return this.#select(session.cells[at + command.by]);
      case "type":
        return session.setType(cell, command.type);
      case "insert": {
        const added = session.insert("code", at + command.offset);
        await this.updateComplete;
        return this.#select(added);
      }
      case "delete":
        session.remove(cell);
        await this.updateComplete;
        return this.#select(session.cells[Math.min(at, session.cells.length - 1)]);
      case "undo": {
        const restored = session.undoRemove();
        await this.updateComplete;
        return this.#select(restored);
      }
    }
  }

  #select(cell: Cell | undefined): void {
    if (cell) this.#elementOf(cell.id)?.focus();
  }

  #onGoToLine(event: CustomEvent<ErrorFrame>): void {
    const element = this.#elementOf(event.detail.cell);
    element?.scrollIntoView({ block: "nearest" });
    void element?.edit(event.detail);
  }

  #elementOf(id: string): CellElement | undefined {
    return this.querySelector<CellElement>(`gradbook-cell-view[data-cell="${CSS.escape(id)}"]`) ?? undefined;
  }
}

/** The text of a notebook file, as far as its first sight tells. */
const NOTEBOOK_TEXT = /^\s*\{[\s\S]*"nbformat"\s*:/;

/** Whether text goes where it is pasted. */
function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || "value" in target);
}

/** Files that are dropped or pasted anywhere in the page, until the returned function is called. */
function listenForFiles(element: NotebookElement): () => void {
  const ended = new AbortController();
  const { signal } = ended;
  const over = (event: DragEvent) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    element.isDropping = true;
  };
  addEventListener("dragenter", over, { signal });
  addEventListener("dragover", over, { signal });
  addEventListener(
    "dragleave",
    (event) => {
      // Only when the pointer leaves the window is there nothing that it goes to.
      if (event.relatedTarget === null) element.isDropping = false;
    },
    { signal },
  );
  addEventListener(
    "drop",
    (event) => {
      element.isDropping = false;
      if (!hasFiles(event) || !event.dataTransfer || event.defaultPrevented) return;
      event.preventDefault();
      const { dataTransfer } = event;
      element.openGiven(dataTransfer, () => droppedFiles(dataTransfer), false);
    },
    { signal },
  );
  addEventListener(
    "paste",
    (event) => {
      const { clipboardData, target, defaultPrevented } = event;
      if (defaultPrevented || !clipboardData) return;
      const files = pastedFiles(event);
      const given = () => (files.length > 0 ? Promise.resolve(files) : undefined);
      if (element.openGiven(clipboardData, given, !isWriting(target))) event.preventDefault();
    },
    { signal },
  );
  return () => ended.abort();
}

declare global {
  interface HTMLElementEventMap {
    [RUN]: CustomEvent<AfterRun>;
    [GO_TO_LINE]: CustomEvent<ErrorFrame>;
  }
}

customElements.define("gradbook-notebook-view", NotebookElement);
