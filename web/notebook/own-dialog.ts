// The reader's own data: what is there, and how files become a set. Files are read by a worker, what comes of them is shown,
// and nothing is kept before the reader says so. Loaded when it is first opened.

import { html, nothing } from "lit";
import { createRef, ref } from "lit/directives/ref.js";
import { imagesView } from "../display/images.ts";
import { chosenFiles, droppedFiles, hasFiles, pastedFiles } from "../import/dropped.ts";
import { sizeText } from "../import/limits.ts";
import type {
  Broken,
  Fit,
  Imported,
  ImportOptions,
  Preview,
  SourceFile,
  Summary,
} from "../import/protocol.ts";
import { deviceBytes, streamedParts } from "../import/protocol.ts";
import { ImportFailed, Reader } from "../import/reader.ts";
import "./camera-element.ts";
import { PageElement } from "./element.ts";
import { cellFor, freeName, NAME_PATTERN } from "./own-cell.ts";
import type { OwnRecord } from "./own-data.ts";
import type { Session } from "./session.ts";

type Stage =
  | { is: "list" }
  | { is: "camera" }
  | { is: "reading"; done: number; total: number }
  | { is: "preview"; imported: Imported }
  | { is: "failed"; message: string; broken: Broken[] };

const SIDES = [16, 28, 32, 48, 64, 96, 128, 160, 224];
const FITS: [Fit, string][] = [
  ["crop", "Cut to the middle"],
  ["pad", "Whole, black border"],
  ["stretch", "Stretched"],
];
/** Of broken files, and of classes. */
const SHOWN_ROWS = 200;

export class OwnDialog extends PageElement {
  static override properties = {
    session: { attribute: false },
    stage: { state: true },
    note: { state: true },
  };
  declare session: Session;
  /** Adds a cell at the end of the notebook. */
  insertCode?: (source: string) => void;
  declare stage: Stage;
  /** What happened last, in a sentence. */
  declare note: string;
  readonly #reader = new Reader();
  readonly #dialog = createRef<HTMLDialogElement>();
  readonly #name = createRef<HTMLInputElement>();
  readonly #preview = createRef<HTMLElement>();
  #files: SourceFile[] = [];
  #options: ImportOptions = { fit: "crop" };
  /** What the reader called the set, while they are at it. */
  #typed: string | undefined;
  #drawn: Preview | undefined;

  constructor() {
    super();
    this.stage = { is: "list" };
    this.note = "";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.untilRemoved(this.session.listen(() => this.requestUpdate()));
    this.untilRemoved(this.session.own.listen(() => this.requestUpdate()));
    this.untilRemoved(() => this.#reader.end());
  }

  /** Opens it; with files, these are read as soon as they are there. */
  async open(files?: Promise<readonly SourceFile[]>): Promise<void> {
    await this.updateComplete;
    const dialog = this.#dialog.value;
    if (!dialog) return;
    if (!dialog.open) {
      this.note = "";
      dialog.showModal();
      void this.session.own.refresh();
    }
    if (files) await this.#takeFrom(files);
  }

  /** As `take`; what could not be opened is said. */
  async #takeFrom(files: Promise<readonly SourceFile[]>): Promise<void> {
    try {
      const some = await files;
      if (some.length > 0) await this.take(some);
    } catch (error) {
      this.stage = {
        is: "failed",
        message: `The files could not be opened: ${messageOf(error)}`,
        broken: [],
      };
    }
  }

  /** More files; they are read together with those of the set that is being made. */
  async take(files: readonly SourceFile[]): Promise<void> {
    this.#files = [...this.#files, ...files];
    await this.#read();
  }

  override render() {
    return html`<dialog
      class="own-dialog"
      aria-labelledby="own-title"
      ${ref(this.#dialog)}
      @close=${this.#closed}
      @dragover=${(event: DragEvent) => hasFiles(event) && event.preventDefault()}
      @drop=${this.#drop}
      @paste=${this.#paste}
    >
      <div class="own-head">
        <h2 id="own-title">Your data</h2>
        <button class="quiet-button" @click=${() => this.#dialog.value?.close()}>Close</button>
      </div>
      <p class="own-note" role="status">${this.note}</p>
      ${this.session.own.trouble ? html`<p class="own-failed" role="alert">${this.session.own.trouble}</p>` : nothing}
      ${this.session.isPicking ? html`<p class="own-hint">A cell asks for data.</p>` : nothing}
      ${this.#body()}
    </dialog>`;
  }

  override updated(): void {
    const { stage } = this;
    const host = this.#preview.value;
    const preview = stage.is === "preview" ? stage.imported.preview : undefined;
    if (!host || !preview || (preview === this.#drawn && host.childElementCount > 0)) return;
    this.#drawn = preview;
    host.replaceChildren();
    imagesView.render(host, { kind: "images", ...preview }, new AbortController().signal);
  }

  #body() {
    const { stage } = this;
    switch (stage.is) {
      case "list":
        return html`${this.#sources()}${this.#list()}`;
      case "camera":
        return html`<gradbook-camera
          @camera-done=${(event: CustomEvent<SourceFile[]>) => this.#fromCamera(event.detail)}
        ></gradbook-camera>`;
      case "reading":
        return html`<div class="own-reading">
          <p>Reading ${this.#files.length === 1 ? "a file" : `${this.#files.length} files`}</p>
          <progress
            aria-label="Reading files"
            max=${Math.max(1, stage.total)}
            .value=${stage.done}
          ></progress>
          <button class="bar-button" @click=${this.#discard}>Cancel</button>
        </div>`;
      case "failed":
        return html`<div class="own-failed" role="alert"><p><strong>No set was made.</strong> ${stage.message}</p></div>
          ${brokenList(stage.broken)} ${this.#choices(nothing)}`;
      case "preview":
        return this.#previewOf(stage.imported);
    }
  }

  #sources() {
    return html`<div class="own-drop">
      <p>Drop files, a folder or a zip here, or paste an image.</p>
      <p class="own-hint">
        Images (PNG, JPEG, WebP, GIF, BMP, AVIF) and recordings (WAV): each folder is a class. Arrays (NPY, NPZ, IDX, CIFAR
        binary) and tables (CSV, TSV). Nothing leaves this page.
      </p>
      <div class="own-buttons">
        ${this.#picker("Choose files", false)} ${this.#picker("Choose a folder", true)}
        <button class="bar-button" @click=${() => (this.stage = { is: "camera" })}>Use the camera</button>
      </div>
    </div>`;
  }

  #picker(label: string, isFolder: boolean) {
    const choose = (event: Event) => {
      const input = event.target as HTMLInputElement;
      const files = chosenFiles(input.files ?? []);
      input.value = "";
      if (files.length > 0) void this.take(files);
    };
    return html`<label class="bar-button own-picker">
      <input class="visually-hidden" type="file" multiple ?webkitdirectory=${isFolder} @change=${choose} />${label}
    </label>`;
  }

  #list() {
    const { records } = this.session.own;
    if (records.length === 0) return html`<p class="own-hint">No set was made yet.</p>`;
    return html`<ul class="own-list" aria-label="Your data sets">
      ${records.map(
        (record) => html`<li>
        <div><strong>${record.name}</strong><span>${describe(record)}</span></div>
        <div class="own-buttons">
          ${
            this.session.isPicking
              ? html`<button class="bar-button is-primary" aria-label="Use ${record.name}" @click=${() => this.#use(record.name)}>Use</button>`
              : html`<button class="bar-button" aria-label="Insert a cell with ${record.name}" @click=${() => this.#insert(record)}>Insert a cell</button>`
          }
          <button class="bar-button" aria-label="Delete ${record.name}" @click=${() => this.#remove(record.name)}>Delete</button>
        </div>
      </li>`,
      )}
    </ul>`;
  }

  #previewOf(imported: Imported) {
    const { summary, broken, preview } = imported;
    const isTaken = this.session.own.records.some(({ name }) => name === this.#typed?.trim());
    const samples = summary.parts.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
    return html`<form class="own-form" @submit=${this.#add}>
      <label class="own-name">
        Name
        <input
          required
          maxlength="60"
          pattern=${NAME_PATTERN}
          title="Any text without : ? and quotes"
          autocomplete="off"
          .value=${this.#typed ?? freeName(summary.suggestion || summary.kind, this.session.own.records)}
          @input=${(event: Event) => {
            this.#typed = (event.target as HTMLInputElement).value;
            this.requestUpdate();
          }}
          ${ref(this.#name)}
        />
      </label>
      <p class="own-facts">${facts(imported, samples)}</p>
      ${summary.notes.map((note) => html`<p class="own-hint">${note}</p>`)}
      ${preview && summary.sizes.length > 0 ? this.#imageOptions(imported) : nothing}
      ${summary.columns ? this.#targetOption(summary) : nothing}
      ${preview ? html`<div class="own-preview" ${ref(this.#preview)}></div>` : nothing}
      ${balance(imported)} ${brokenList(broken)}
      ${this.#choices(html`<button class="bar-button is-primary" type="submit">
        ${isTaken ? "Replace the set of this name" : "Add this set"}
      </button>`)}
    </form>`;
  }

  #imageOptions({ preview }: Imported) {
    const chosen = this.#options;
    const side = chosen.size ?? preview?.width ?? 0;
    const sides = [...new Set([...SIDES, side])].sort((a, b) => a - b);
    const colour = chosen.colour ?? (preview?.channels === 1 ? "grey" : "colour");
    const select = <T extends string | number>(
      label: string,
      options: readonly (readonly [T, string])[],
      value: T,
      change: (value: string) => Partial<ImportOptions>,
    ) =>
      html`<label
        >${label}
        <select
          @change=${(event: Event) => {
            this.#options = { ...this.#options, ...change((event.target as HTMLSelectElement).value) };
            void this.#read();
          }}
        >
          ${options.map(([option, text]) => html`<option value=${option} ?selected=${option === value}>${text}</option>`)}
        </select></label
      >`;
    return html`<div class="own-options">
      ${select(
        "Size",
        sides.map((n) => [n, `${n} × ${n}`] as const),
        side,
        (value) => ({ size: Number(value) }),
      )}
      ${select("Shape", FITS, chosen.fit, (value) => ({ fit: value as Fit }))}
      ${select(
        "Colours",
        [
          ["colour", "Colour"],
          ["grey", "Grey"],
        ],
        colour,
        (value) => ({ colour: value as "grey" | "colour" }),
      )}
    </div>`;
  }

  #targetOption({ columns = [], target }: Summary) {
    return html`<div class="own-options">
      <label
        >Targets
        <select
          @change=${(event: Event) => {
            this.#options = { ...this.#options, target: (event.target as HTMLSelectElement).value };
            void this.#read();
          }}
        >
          ${columns.map((name) => html`<option value=${name} ?selected=${name === target}>${name}</option>`)}
        </select></label
      >
    </div>`;
  }

  #choices(first: unknown) {
    return html`<div class="own-buttons own-choices">
      ${first} ${this.#picker("Add files", false)}
      <button class="bar-button" type="button" @click=${this.#discard}>Discard</button>
    </div>`;
  }

  async #read(): Promise<void> {
    this.stage = { is: "reading", done: 0, total: this.#files.length };
    try {
      const imported = await this.#reader.read(this.#files, this.#options, (done, total) => {
        this.stage = { is: "reading", done, total };
      });
      this.stage = { is: "preview", imported };
    } catch (error) {
      const broken = error instanceof ImportFailed ? error.broken : [];
      this.stage = { is: "failed", message: messageOf(error), broken };
    }
    await this.updateComplete;
    this.#name.value?.focus();
  }

  async #add(event: Event): Promise<void> {
    event.preventDefault();
    if (this.stage.is !== "preview") return;
    const { imported } = this.stage;
    const name = this.#name.value?.value.trim() ?? "";
    if (name === "") return;
    const why = await this.session.own.add(name, imported);
    this.#discard();
    this.note =
      why === ""
        ? `${name} was added. Cells find it as data.own("${name}").`
        : `${name} was added, but could not be kept (${why}): it is there until this page is closed.`;
    if (this.session.isPicking) this.#use(name);
  }

  readonly #discard = (): void => {
    this.#reader.end();
    this.#files = [];
    this.#options = { fit: "crop" };
    this.#typed = undefined;
    this.stage = { is: "list" };
  };

  #use(name: string): void {
    this.session.picked(name);
    this.#dialog.value?.close();
  }

  #insert(record: OwnRecord): void {
    this.#dialog.value?.close();
    this.insertCode?.(cellFor(record));
  }

  async #remove(name: string): Promise<void> {
    if (!confirm(`Delete the data set ${name} from this browser?`)) return;
    const why = await this.session.own.remove(name);
    this.note = why === "" ? `${name} was deleted.` : `${name} could not be deleted (${why}).`;
  }

  #fromCamera(files: SourceFile[]): void {
    this.stage = { is: "list" };
    if (files.length > 0) void this.take(files);
  }

  readonly #closed = (): void => {
    // A camera that is on ends with its element.
    this.#discard();
    this.session.picked(undefined);
  };

  async #drop(event: DragEvent): Promise<void> {
    if (!hasFiles(event) || !event.dataTransfer) return;
    event.preventDefault();
    await this.#takeFrom(droppedFiles(event.dataTransfer));
  }

  async #paste(event: ClipboardEvent): Promise<void> {
    const files = pastedFiles(event);
    if (files.length === 0) return;
    event.preventDefault();
    await this.take(files);
  }
}

function describe({ summary }: OwnRecord): string {
  const parts = summary.parts.map(({ name, shape }) => {
    const [count = 0, ...inner] = shape;
    return `${name === "all" ? "" : `${name}: `}${count.toLocaleString("en")} × [${inner.join(", ")}]`;
  });
  const { length } = summary.classes;
  const classes = length > 0 ? `, ${length} ${length === 1 ? "class" : "classes"}` : "";
  const where = streamedParts(summary).length > 0 ? "as numbers, streamed" : "where it is computed on";
  return `${parts.join(", ")}${classes}, ${sizeText(deviceBytes(summary))} ${where}`;
}

function facts({ summary, broken }: Imported, samples: number) {
  const { parts, classes, sizes } = summary;
  const shapes = parts.map(({ name, shape }) => `${name === "all" ? "" : `${name} `}[${shape.join(", ")}]`);
  const some = sizes.slice(0, 3).map(({ size, count }) => `${count.toLocaleString("en")} of ${size}`);
  const more = sizes.length > 3 ? `, and ${sizes.length - 3} other sizes` : "";
  return html`<strong>${samples.toLocaleString("en")} samples</strong>${
    classes.length > 0 ? ` in ${classes.length} ${classes.length === 1 ? "class" : "classes"}` : ""
  }, ${shapes.join(", ")}; ${sizeText(deviceBytes(summary))} ${placeOf(summary)}
    ${some.length > 0 ? html`<br />The files: ${some.join(", ")}${more}.` : nothing}
    ${broken.length > 0 ? html`<br />${broken.length} left out, see below.` : nothing}`;
}

function placeOf(summary: Summary): string {
  const streamed = streamedParts(summary);
  if (streamed.length === 0) return "where they are computed on, all of it resident.";
  const which =
    streamed.length === summary.parts.length ? "" : `${streamed.map(({ name }) => name).join(", ")} `;
  return `as numbers: ${which}streamed, some batches at a time, as it is too large to lie where it is computed on.`;
}

/** How many samples each class has, in figures and as bars. */
function balance({ summary }: Imported) {
  const { parts, classes } = summary;
  if (classes.length === 0 || parts.every(({ counts }) => counts.length === 0)) return nothing;
  const total = (label: number) => parts.reduce((sum, { counts }) => sum + (counts[label] ?? 0), 0);
  const most = classes.reduce((most, _, label) => Math.max(most, total(label)), 1);
  const shown = classes.slice(0, SHOWN_ROWS);
  return html`<div class="own-balance" tabindex="0" role="group" aria-label="Samples of each class">
    <table>
      <thead>
        <tr>
          <th scope="col">Class</th>
          ${parts.map(({ name }) => html`<th scope="col" class="is-number">${name === "all" ? "Samples" : name}</th>`)}
          <td aria-hidden="true"></td>
        </tr>
      </thead>
      <tbody>
        ${shown.map(
          (name, label) => html`<tr>
            <th scope="row">${name}</th>
            ${parts.map(({ counts }) => html`<td class="is-number">${counts[label] ?? 0}</td>`)}
            <td aria-hidden="true"><i style="width: ${(100 * total(label)) / most}%"></i></td>
          </tr>`,
        )}
      </tbody>
    </table>
    ${classes.length > shown.length ? html`<p class="own-hint">and ${classes.length - shown.length} more classes</p>` : nothing}
  </div>`;
}

function brokenList(broken: readonly Broken[]) {
  if (broken.length === 0) return nothing;
  const shown = broken.slice(0, SHOWN_ROWS);
  return html`<details class="own-broken" ?open=${broken.length <= 8}>
    <summary>${broken.length === 1 ? "1 file is" : `${broken.length} files are`} left out</summary>
    <ul>
      ${shown.map(({ path, reason }) => html`<li><code>${path}</code>: ${reason}</li>`)}
      ${broken.length > shown.length ? html`<li>and ${broken.length - shown.length} more</li>` : nothing}
    </ul>
  </details>`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

customElements.define("gradbook-own-data", OwnDialog);
