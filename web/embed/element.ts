// <gradbook-cell>: cells of a notebook in any page, from one script tag.
//
//   <script src="https://…/embed.js" defer></script>
//   <gradbook-cell src="lesson.ipynb" cells="2-4">What is seen until the cells are there, and where they cannot be.</gradbook-cell>
//
// `src` is a file that the page itself may fetch, or "site:reference/3" for a notebook of the site. Without it, the text inside is the code of
// one cell. Everything runs in a frame of the site, which is made when it comes near the window. Events: `ready`, `metric`, `error`.

import type { FromEmbed, ToEmbed } from "./protocol.ts";
import { readFromEmbed, THEME } from "./protocol.ts";

const NEAR = "400px";
const OWN = "site:";

/** Where the site lies: `embed.js` is in its root. */
const SITE = new URL("./", (document.currentScript as HTMLScriptElement | null)?.src ?? location.href);

export class GradbookCell extends HTMLElement {
  static readonly observedAttributes = ["theme"];
  readonly #frame = document.createElement("iframe");
  #ends = new AbortController();
  #isShown = false;
  /** What the frame shows is so high, in CSS pixels. */
  #height = 0;

  constructor() {
    super();
    const frame = this.#frame;
    frame.title = "Gradbook";
    frame.allow = "cross-origin-isolated; fullscreen; clipboard-write";
    frame.style.cssText =
      "display: block; width: 100%; height: 0; border: 0; visibility: hidden; color-scheme: normal";
    const style = document.createElement("style");
    style.textContent = ":host { display: block } :host([hidden]), slot[hidden] { display: none }";
    this.attachShadow({ mode: "open" }).append(style, document.createElement("slot"));
  }

  connectedCallback(): void {
    this.#ends = new AbortController();
    const { signal } = this.#ends;
    addEventListener("message", (event) => this.#receive(event), { signal });
    // The look of the page may follow the system.
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#dress(), { signal });
    const near = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        near.disconnect();
        this.#start();
      },
      { rootMargin: NEAR },
    );
    near.observe(this);
    signal.addEventListener("abort", () => near.disconnect());
  }

  disconnectedCallback(): void {
    this.#ends.abort();
    this.#frame.remove();
    this.#show(false);
  }

  attributeChangedCallback(): void {
    this.#dress();
  }

  #start(): void {
    const url = new URL("embed.html", SITE);
    const name = this.#siteName();
    if (name !== undefined)
      url.search = String(new URLSearchParams({ notebook: name, cells: this.getAttribute("cells") ?? "" }));
    this.#frame.src = url.href;
    this.shadowRoot?.append(this.#frame);
  }

  #receive({ source, data }: MessageEvent<unknown>): void {
    if (source === null || source !== this.#frame.contentWindow) return;
    const message = readFromEmbed(data);
    if (message) this.#heard(message);
  }

  #heard(message: FromEmbed): void {
    switch (message.gradbook) {
      case "hello":
        this.#dress();
        if (this.#siteName() === undefined) void this.#open();
        return;
      case "size":
        this.#height = message.height;
        this.#size();
        return;
      case "ready":
        this.#show(true);
        this.#tell("ready", { title: message.title });
        return;
      case "metric":
        this.#tell("metric", { cell: message.cell, ...message.metric });
        return;
      case "error":
        // What cannot be shown at all leaves the page as it is without us.
        if (message.cell === undefined) this.#show(false);
        this.#tell("error", { cell: message.cell, name: message.name, message: message.message });
    }
  }

  async #open(): Promise<void> {
    try {
      this.#say({
        gradbook: "open",
        notebook: await this.#notebook(),
        cells: this.getAttribute("cells") ?? "",
      });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#tell("error", { cell: undefined, name: "Error", message });
    }
  }

  /** The name of a notebook of the site, which the frame fetches itself. */
  #siteName(): string | undefined {
    const src = this.getAttribute("src");
    return src?.startsWith(OWN) ? src.slice(OWN.length) : undefined;
  }

  /** The text of the notebook file. */
  async #notebook(): Promise<string> {
    const src = this.getAttribute("src");
    if (src === null) return oneCell(this.textContent ?? "");
    const url = new URL(src, this.baseURI);
    const response = await fetch(url).catch((error: unknown) => {
      throw new Error(`${url.href} could not be reached: ${String(error)}`);
    });
    if (!response.ok) throw new Error(`${url.href} could not be loaded (${response.status}).`);
    return response.text();
  }

  /** Hands on the attribute `theme` ("light", "dark"; as the system) and the custom properties that hold here. */
  #dress(): void {
    const look = getComputedStyle(this);
    const values = Object.keys(THEME).map((name) => [name, look.getPropertyValue(name).trim()]);
    const given = values.filter(([, value]) => value !== "");
    this.#say({
      gradbook: "theme",
      scheme: this.getAttribute("theme") ?? "",
      values: Object.fromEntries(given),
    });
  }

  /** The frame in place of what stands inside, or the other way round. */
  #show(isShown: boolean): void {
    if (this.#isShown === isShown) return;
    this.#isShown = isShown;
    const slot = this.shadowRoot?.querySelector("slot");
    if (slot) slot.hidden = isShown;
    this.#frame.style.visibility = isShown ? "visible" : "hidden";
    this.#size();
  }

  /** A frame that is not seen takes no room. */
  #size(): void {
    this.#frame.style.height = this.#isShown ? `${this.#height}px` : "0";
  }

  #say(message: ToEmbed): void {
    // In a page that is sandboxed the frame has no origin that could be named; what is said is the page's own text.
    this.#frame.contentWindow?.postMessage(message, "*");
  }

  #tell(type: "ready" | "metric" | "error", detail: object): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** A notebook of one cell, whose code is indented with the page. */
function oneCell(text: string): string {
  const lines = text.replace(/^\s*\n|\s+$/g, "").split("\n");
  const indents = lines
    .filter((line) => line.trim() !== "")
    .map((line) => line.length - line.trimStart().length);
  const indent = Math.min(...indents, Number.MAX_SAFE_INTEGER);
  const source = lines.map((line) => line.slice(indent)).join("\n");
  const cell = { cell_type: "code", id: "cell", metadata: {}, source, outputs: [], execution_count: null };
  return JSON.stringify({ cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 });
}

if (!customElements.get("gradbook-cell")) customElements.define("gradbook-cell", GradbookCell);
