// All notebooks: those in this browser, to be opened, searched, named, copied and deleted, and the chapters of the site.

import { html, nothing } from "lit";
import { PageElement } from "../notebook/element.ts";
import { whileFree } from "../notebook/holder.ts";
import { downloadIcon, plusIcon, themeIcon } from "../notebook/icons.ts";
import type { CellFile } from "../notebook/ipynb.ts";
import type { NotebookRecord } from "../notebook/store.ts";
import { NotebookStore } from "../notebook/store.ts";
import { toggleTheme } from "../notebook/theme.ts";
import { takeNotebooks } from "./import.ts";
import type { Kept } from "./keep.ts";
import { addressOf, keep, keepCopy, keepNew } from "./keep.ts";
import { fetchText } from "./origin.ts";

/** A notebook of the site. */
interface Chapter {
  address: string;
  title: string;
  about: string;
}

const FIRST: Chapter[] = [
  { address: "./", title: "First light", about: "a network that learns to read digits, and why it decides" },
  { address: "./?notebook=data", title: "Data sets", about: "what there is to learn from, and your own" },
  { address: "./?notebook=inputs", title: "Inputs", about: "sliders, drawing pads, the camera" },
  { address: "./?notebook=reference", title: "The course, chapter by chapter", about: "an overview" },
];

export class LibraryElement extends PageElement {
  static override properties = {
    notebooks: { state: true },
    chapters: { state: true },
    query: { state: true },
    renaming: { state: true },
    deleted: { state: true },
    message: { state: true },
  };
  declare notebooks: NotebookRecord[] | undefined;
  declare chapters: Chapter[];
  declare query: string;
  /** The id of the one whose name is being written. */
  declare renaming: string;
  /** The one that was deleted last. */
  declare deleted: Kept | undefined;
  declare message: string;
  /** What stands in each, in small letters, once somebody searches. */
  #texts = new Map<string, string>();

  constructor() {
    super();
    this.chapters = FIRST;
    this.query = "";
    this.renaming = "";
    this.message = "";
    document.title = "Notebooks · Gradbook";
  }

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#refresh();
    void chaptersOfCourse().then((chapters) => {
      this.chapters = [...FIRST, ...chapters];
    });
    this.untilRemoved(takeNotebooks((message) => this.#say(message)));
  }

  override render() {
    return html`<header class="bar">
        <a class="bar-name" href="./">Gradbook</a>
        <span class="bar-title">Notebooks</span>
        <div class="bar-tools">
          <button class="bar-button is-quiet" title="Light or dark" aria-label="Light or dark" @click=${toggleTheme}>
            ${themeIcon}
          </button>
        </div>
      </header>
      <main class="library">
        <h1>Notebooks</h1>
        ${this.#tools()}
        <p class="library-message" role="status">${this.message || nothing}${this.deleted ? this.#undo() : nothing}</p>
        <section aria-labelledby="mine">
          <h2 id="mine">In this browser</h2>
          ${this.#mine()}
        </section>
        <section aria-labelledby="chapters">
          <h2 id="chapters">From Gradbook</h2>
          ${this.#chapters()}
        </section>
      </main>`;
  }

  #tools() {
    return html`<div class="library-tools">
        <input
          type="search"
          aria-label="Search notebooks"
          placeholder="Search titles and cells"
          .value=${this.query}
          @input=${(event: Event) => this.#onSearch((event.target as HTMLInputElement).value)}
        />
        <button class="bar-button is-primary" @click=${() => this.#try("No notebook was made", this.#create)}>${plusIcon} New notebook</button>
        <label class="bar-button library-file">
          ${downloadIcon} Open a file
          <input class="visually-hidden" type="file" accept=".ipynb,application/json" @change=${this.#onFile} />
        </label>
      </div>
      <form class="library-address" @submit=${this.#onAddress}>
        <input name="url" type="text" inputmode="url" aria-label="Address of a notebook" placeholder="https://… the address of an .ipynb" />
        <button class="bar-button">Open the address</button>
      </form>
      <p class="library-about">Notebooks may also be dropped here, or their text pasted. Opening one runs nothing.</p>`;
  }

  #mine() {
    const { notebooks } = this;
    if (!notebooks) return html`<p class="library-about">Looking</p>`;
    const shown = notebooks.filter((record) => this.#isFound(record));
    if (notebooks.length === 0)
      return html`<p class="library-about">None yet: what you change or make is kept here.</p>`;
    if (shown.length === 0) return html`<p class="library-about">Nothing of yours holds “${this.query}”.</p>`;
    return html`<ul class="library-list">
      ${shown.map((record) => html`<li data-id=${record.id}>${this.#name(record)} ${this.#actions(record)}</li>`)}
    </ul>`;
  }

  #name(record: NotebookRecord) {
    const title = nameOf(record);
    if (this.renaming === record.id) {
      return html`<form class="library-rename" @submit=${(event: SubmitEvent) => this.#onRename(event, record)}>
        <input
          name="title"
          aria-label="New name of ${title}"
          maxlength="200"
          .value=${title}
          @keydown=${(event: KeyboardEvent) => event.key === "Escape" && this.#endRename(record.id)}
        />
        <button class="bar-button">Rename</button>
      </form>`;
    }
    const from = record.source === undefined ? "" : ` · from ${record.source}`;
    const copy = record.id.includes(":") ? "" : " · your copy of the site's";
    const passage = this.#passage(record);
    return html`<div class="library-name">
      <a href=${addressOf(record.id)}>${title}</a>
      <span class="library-about">${new Date(record.savedAt).toLocaleString()}${from}${copy}</span>
      ${passage ? html`<code class="library-passage">${passage}</code>` : nothing}
    </div>`;
  }

  #actions(record: NotebookRecord) {
    const title = nameOf(record);
    const act = (label: string, run: () => Promise<void>) =>
      html`<button class="library-action" aria-label="${label} ${title}" @click=${() => this.#try(`${title} was not changed`, run)}>${label}</button>`;
    return html`<div class="library-actions">
      ${act("Rename", () => this.#beginRename(record))}
      ${act("Duplicate", () => this.#duplicate(record))}
      ${act("Delete", () => this.#delete(record))}
    </div>`;
  }

  #chapters() {
    const wanted = this.query.toLowerCase();
    const shown = this.chapters.filter(({ title, about }) =>
      `${title} ${about}`.toLowerCase().includes(wanted),
    );
    return html`<ul class="library-list">
      ${shown.map(
        ({ address, title, about }) =>
          html`<li>
            <div class="library-name"><a href=${address}>${title}</a><span class="library-about">${about}</span></div>
          </li>`,
      )}
    </ul>`;
  }

  #undo() {
    return html` <button class="bar-button" @click=${() => this.#try("It was not brought back", () => this.#restore())}>Undo</button>`;
  }

  async #refresh(): Promise<void> {
    try {
      this.notebooks = await (await NotebookStore.open()).list();
      await this.#search(this.query);
    } catch (error) {
      this.notebooks = [];
      this.#say(`This browser keeps no notebooks here: ${String(error)}`);
    }
  }

  #onSearch(query: string): void {
    void this.#try("Cells could not be searched", () => this.#search(query));
  }

  async #search(query: string): Promise<void> {
    this.query = query;
    if (query === "") return;
    const unread = (this.notebooks ?? []).filter(({ id }) => !this.#texts.has(id));
    for (const { id } of unread) this.#texts.set(id, textOf((await load(id))?.cells ?? []));
    this.requestUpdate();
  }

  #isFound(record: NotebookRecord): boolean {
    const wanted = this.query.toLowerCase();
    return `${nameOf(record)}\n${this.#texts.get(record.id) ?? ""}`.toLowerCase().includes(wanted);
  }

  /** The line that was found. */
  #passage({ id }: NotebookRecord): string | undefined {
    const wanted = this.query.trim().toLowerCase();
    if (wanted === "") return undefined;
    const lines = this.#texts.get(id)?.split("\n");
    return lines
      ?.find((line) => line.toLowerCase().includes(wanted))
      ?.trim()
      .slice(0, 120);
  }

  async #create(): Promise<void> {
    location.assign(addressOf(await keepNew()));
  }

  async #onFile(event: Event): Promise<void> {
    const [file] = Array.from((event.target as HTMLInputElement).files ?? []);
    if (file) await (await import("./import.ts")).takeFile(file, (message) => this.#say(message));
  }

  #onAddress(event: SubmitEvent): void {
    event.preventDefault();
    const url = String(new FormData(event.target as HTMLFormElement).get("url") ?? "").trim();
    // A link that holds a notebook is an address, too.
    const held = /#nb=[\w-]+/.exec(url)?.[0];
    if (url !== "") location.assign(held ? `./${held}` : `./?url=${encodeURIComponent(url)}`);
  }

  async #beginRename(record: NotebookRecord): Promise<void> {
    this.renaming = record.id;
    await this.updateComplete;
    this.querySelector<HTMLInputElement>(".library-rename input")?.select();
  }

  #onRename(event: SubmitEvent, record: NotebookRecord): void {
    event.preventDefault();
    const title = String(new FormData(event.target as HTMLFormElement).get("title") ?? "").trim();
    void this.#try(`${nameOf(record)} was not renamed`, () => this.#rename(record, title));
  }

  async #rename({ id }: NotebookRecord, title: string): Promise<void> {
    await whileFree(id, async () => {
      const kept = await load(id);
      if (!kept || title === "") return;
      const metadata = { ...kept.record.metadata, title };
      await keep({ record: { ...kept.record, metadata, title }, cells: [] });
      this.#say(`Renamed to ${title}.`);
    });
    await this.#refresh();
    await this.#endRename(id);
  }

  async #endRename(id: string): Promise<void> {
    this.renaming = "";
    await this.updateComplete;
    this.querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"] .library-action`)?.focus();
  }

  async #duplicate(record: NotebookRecord): Promise<void> {
    const kept = await load(record.id);
    if (!kept) return this.#refresh();
    const title = `${nameOf(record)} (copy)`;
    await keepCopy(kept, title);
    this.#say(`${title} made.`);
    await this.#refresh();
  }

  async #delete(record: NotebookRecord): Promise<void> {
    const kept = await whileFree(record.id, async () => {
      const found = await load(record.id);
      await (await NotebookStore.open()).remove(record.id);
      return found;
    });
    this.#say(`${nameOf(record)} deleted.`);
    this.deleted = kept;
    await this.#refresh();
    await this.updateComplete;
    this.querySelector<HTMLElement>(".library-message button")?.focus();
  }

  async #restore(): Promise<void> {
    const { deleted } = this;
    if (!deleted) return;
    const { id } = deleted.record;
    await whileFree(id, async () => {
      // One of the site's may have been opened and changed again.
      if (await load(id)) throw new Error("there is a newer copy in its place");
      await keep(deleted);
    });
    this.#say(`${nameOf(deleted.record)} is there again.`);
    await this.#refresh();
  }

  /** Tells why something was not done, such as for want of room; what can be undone still can. */
  async #try(failure: string, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.message = `${failure}: ${error instanceof Error ? error.message : String(error)}.`;
    }
  }

  #say(message: string): void {
    this.message = message;
    this.deleted = undefined;
  }
}

async function load(id: string): Promise<Kept | undefined> {
  return (await NotebookStore.open()).load(id);
}

function nameOf({ id, title }: NotebookRecord): string {
  return title ?? id;
}

function textOf(cells: CellFile[]): string {
  return cells.map(({ source }) => (Array.isArray(source) ? source.join("") : source)).join("\n");
}

/** What the course's own overview links to: a chapter that is added there is here, too. */
async function chaptersOfCourse(): Promise<Chapter[]> {
  const text = await fetchText(new URL("notebooks/reference.ipynb", document.baseURI).href).catch(() => "");
  if (text === "") return [];
  const cells = (JSON.parse(text) as { cells: CellFile[] }).cells;
  return [...textOf(cells).matchAll(/^\| \[([^\]]+)\]\(\?notebook=(reference\/\w+)\) \| (.*?) \|$/gm)].map(
    ([, title = "", name, about = ""]) => ({ address: `./?notebook=${name}`, title, about }),
  );
}

customElements.define("gradbook-library", LibraryElement);
