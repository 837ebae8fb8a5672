// The page: a bar with what can be done, the cells, the status.

import { html, nothing } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { GO_TO_LINE } from "../display/error.ts";
import type { ErrorFrame } from "../display/schema.ts";
import { droppedFiles, hasFiles, pastedFiles } from "../import/dropped.ts";
import type { SourceFile } from "../import/protocol.ts";
import type { CellType } from "./cell.ts";
import type { AfterRun, RUN } from "./cell-element.ts";
import { CellElement } from "./cell-element.ts";
import type { Commands } from "./commands/commands.ts";
import { PageElement } from "./element.ts";
import {
  commandIcon,
  dataIcon,
  downloadIcon,
  folderIcon,
  libraryIcon,
  outlineIcon,
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
    commands: { state: true },
    isDropping: { state: true },
    problem: { state: true },
  };
  declare session: Session;
  /** Whether files are being dragged over the page. */
  declare isDropping: boolean;
  /** Once they have come. */
  declare commands: Commands | undefined;
  /** Why a file that was given is not opened. */
  declare problem: string | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.untilRemoved(this.session.listen(() => this.requestUpdate()));
    this.untilRemoved(this.session.listen(() => this.#askForData()));
    this.untilRemoved(listenForFiles(this));
    const onKeydown = (event: KeyboardEvent) => this.#onKeydown(event);
    addEventListener("keydown", onKeydown);
    this.untilRemoved(() => removeEventListener("keydown", onKeydown));
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
      <main class="cells" @focusin=${this.#load} @pointerover=${this.#load} @cell-run=${this.#onRun} @go-to-line=${this.#onGoToLine}>
        ${this.problem === undefined ? nothing : html`<aside class="notice" role="alert"><p>${this.problem}</p></aside>`}
        ${session.mayRun ? nothing : html`<gradbook-foreign .session=${session}></gradbook-foreign>`} ${session.lost ? this.#lost(session.lost) : nothing}
        ${session.isReadOnly ? this.#elsewhere() : nothing}
        ${session.newer && !session.isReadOnly ? this.#newerOriginal() : nothing}
        ${repeat(
          session.cells,
          (cell) => cell.id,
          (cell, i) =>
            html`${this.#inserter(i)}<gradbook-cell-view data-cell=${cell.id} .cell=${cell} .session=${session} .commands=${this.commands}></gradbook-cell-view>`,
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
      <button class="bar-button is-quiet" title="All commands" aria-label="All commands" @click=${() => this.#command("palette")}>
        ${commandIcon}
      </button>
      <button class="bar-button is-quiet" title="Outline" aria-label="Outline" @click=${() => this.#command("outline")}>
        ${outlineIcon}
      </button>
      <button class="bar-button is-quiet" title="Your data" aria-label="Your data" @click=${() => this.openData()}>
        ${dataIcon}
      </button>
      <button class="bar-button is-quiet" title="Files" aria-label="Files" @click=${this.openFiles}>${folderIcon}</button>
      <button class="bar-button is-quiet is-download" title="Download .ipynb" aria-label="Download .ipynb" @click=${this.download}>
        ${downloadIcon}
      </button>
      <button class="bar-button is-quiet" title="Share or save" aria-label="Share or save" @click=${this.share}>
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

  #lost({ reason, cell }: NonNullable<Session["lost"]>) {
    return html`<aside class="notice" role=${cell ? nothing : "alert"}>
      <p>${reason}</p>
      <button class="bar-button" @click=${() => this.session.goOn()}>
        ${cell ? "Go on: run the cell again, and what it needs" : "Go on: run all again"}
      </button>
      <button class="quiet-button" @click=${() => this.session.dismissLoss()}>Close</button>
    </aside>`;
  }

  #elsewhere() {
    return html`<aside class="notice" role="status">
      <p>This notebook is open in another window, which keeps what is written. Here it can be read and run.</p>
      <button class="quiet-button" @click=${() => this.session.takeOver()}>Write here instead</button>
    </aside>`;
  }

  #newerOriginal() {
    return html`<aside class="notice">
      <p>This notebook was changed since your copy was made. Yours is shown.</p>
      <button class="quiet-button" @click=${this.#openDifference}>See what differs</button>
    </aside>`;
  }

  async #openDifference(): Promise<void> {
    const [{ DifferenceElement }, { actions }] = await Promise.all([
      import("./difference-element.ts"),
      this.#load(),
    ]);
    const dialog = new DifferenceElement();
    dialog.session = this.session;
    dialog.structure = actions.structure;
    this.append(dialog);
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
    dialog.insertCode = (source) => void this.#load().then(({ actions }) => actions.append(source));
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

  async openFiles(): Promise<void> {
    await import("./files-element.ts");
    const known = document.querySelector("gradbook-files");
    await (known ?? document.body.appendChild(document.createElement("gradbook-files"))).open();
  }

  async share(): Promise<void> {
    await import("../library/share-element.ts");
    const known = document.querySelector("gradbook-share");
    await (known ?? document.body.appendChild(document.createElement("gradbook-share"))).open(this.session);
  }

  async download(): Promise<void> {
    const { session } = this;
    const [{ saveFile, fileNameOf }, text] = await Promise.all([
      import("../display/save-file.ts"),
      session.text(),
    ]);
    saveFile(
      new Blob([text], { type: "application/x-ipynb+json" }),
      `${fileNameOf(session.title, "notebook")}.ipynb`,
    );
  }

  #command(id: string): void {
    void this.#load().then((commands) => commands.run(id));
  }

  #insert(type: CellType, at: number): void {
    void this.#load().then(({ actions }) => actions.insertAt(type, at));
  }

  #onRun({ target, detail }: CustomEvent<AfterRun>): void {
    if (!(target instanceof CellElement)) return;
    void this.#load().then(({ actions }) => {
      actions.cell = target.cell;
      return actions.run(detail);
    });
  }

  #loading: Promise<Commands> | undefined;

  /** Loads the commands when a cell is first pointed at or has the focus, so that they are there when they are wanted. */
  #load(): Promise<Commands> {
    this.#loading ??= import("./commands/commands.ts").then(({ Commands }) => {
      this.commands = new Commands(this);
      return this.commands;
    });
    return this.#loading;
  }

  /** Keys anywhere in the page. */
  #onKeydown(event: KeyboardEvent): void {
    if (event.defaultPrevented) return;
    const { commands } = this;
    if (commands) {
      if (commands.onKey(event)) event.preventDefault();
    } else if (isPalette(event) || (event.target instanceof CellElement && isCommand(event))) {
      event.preventDefault();
      void this.#load().then((loaded) => loaded.onKey(event));
    }
  }

  #onGoToLine(event: CustomEvent<ErrorFrame>): void {
    const element = this.elementOf(event.detail.cell);
    element?.scrollIntoView({ block: "nearest" });
    void element?.edit(event.detail);
  }

  elementOf(id: string): CellElement | undefined {
    return this.querySelector<CellElement>(`gradbook-cell-view[data-cell="${CSS.escape(id)}"]`) ?? undefined;
  }
}

function isPalette({ key, shiftKey, ctrlKey, metaKey }: KeyboardEvent): boolean {
  return (ctrlKey || metaKey) && shiftKey && key.toLowerCase() === "p";
}

/** Whether a key may be a command of a cell that is not edited. Others are the browser's own. */
function isCommand({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): boolean {
  const isHeld = ctrlKey || metaKey;
  if (/^Arrow(?:Up|Down)$/.test(key)) return isHeld ? shiftKey : !altKey;
  if (isHeld && !shiftKey && !altKey) return key === "Enter" || key.toLowerCase() === "f";
  return key === "Enter" || (/^\S$/.test(key) && !isHeld && !altKey);
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
