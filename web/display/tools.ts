// What a reader does with an output: enlarge it, copy it, save it as a picture or as numbers, read a value under the pointer. One
// toolbar for every kind, made of what its view brings. Loaded when the pointer or the focus first comes to an output.

import { csvOf } from "./csv.ts";
import { fileNameOf, saveFile } from "./save-file.ts";
import type { Display, DisplayUpdate } from "./schema.ts";
import { node, PAPER, svg, text, textOf } from "./svg.ts";
import type { Picture, View } from "./view.ts";
import { append, svgPicture } from "./view.ts";

/** An output and what draws it. */
export interface Subject {
  view: View<Display>;
  display: Display;
  /** Listeners to what is appended to it. */
  updates: Set<(update: DisplayUpdate) => void>;
}

/** Puts the tools into `bar`, behind those that are there, and shows values under the pointer in `host`. */
export function equip(bar: HTMLElement, host: HTMLElement, subject: Subject): Readout | undefined {
  const { view, display } = subject;
  const status = append(bar, "span", "output-status");
  status.role = "status";
  const add = (label: string, className: string, act: () => Promise<string>, face = "") => {
    const button = append(bar, "button", `output-tool ${className}`, face);
    button.title = button.ariaLabel = label;
    button.onclick = () => {
      act().then(
        (done) => say(status, done),
        (error: unknown) =>
          say(status, `Not done: ${error instanceof Error ? error.message : String(error)}`),
      );
    };
  };
  // Pages that came over plain HTTP have no clipboard.
  if (navigator.clipboard) {
    add("Copy text", "is-copy-text", async () => {
      await navigator.clipboard.writeText(view.text(display));
      return "Text copied";
    });
    add("Copy picture", "is-copy-picture", async () => {
      await navigator.clipboard.write([new ClipboardItem({ "image/png": pngBlob(subject) })]);
      return "Picture copied";
    });
  }
  add("Save as PNG", "is-save", async () => save(await pngBlob(subject), display, "png"), "PNG");
  if (view.picture === undefined || isVector(display)) {
    add("Save as SVG", "is-save", async () => save(blobOf(await pictureOf(subject)), display, "svg"), "SVG");
  }
  const { table } = view;
  if (table) {
    const csv = () => new Blob([csvOf(table(display))], { type: "text/csv" });
    add("Save the numbers as CSV", "is-save", async () => save(csv(), display, "csv"), "CSV");
  }
  moveByArrows(bar);
  return view.valueAt && readOut(host, subject);
}

/** Shows an output in the whole window, where it may be made larger and smaller. */
export function enlarge(subject: Subject): void {
  const { view, display, updates } = subject;
  const dialog = append(document.body, "dialog", "large-output");
  dialog.ariaLabel = titleOf(subject);
  // What fills the screen cannot be the dialog itself.
  const large = append(dialog, "div", "large");
  const bar = append(large, "div", "large-bar");
  append(bar, "span", "large-title", titleOf(subject));
  const tools = append(bar, "div", "output-tools");
  tools.role = "toolbar";
  tools.ariaLabel = "Output";
  const content = append(append(large, "div", "large-scroller"), "div", `output is-${display.kind}`);
  addZoom(tools, content, dialog);
  if (document.fullscreenEnabled) {
    const screen = append(tools, "button", "output-tool is-screen");
    screen.title = screen.ariaLabel = "Full screen";
    screen.onclick = () =>
      document.fullscreenElement ? document.exitFullscreen() : large.requestFullscreen();
  }
  const readout = equip(tools, large, subject);
  const close = append(bar, "button", "bar-button", "Close");
  close.onclick = () => dialog.close();
  dialog.showModal();
  const ended = new AbortController();
  const mounted = view.render(content, display, ended.signal);
  if (readout) readByArrows(content, readout);
  // Where keys read them, values are said.
  for (const note of large.querySelectorAll(".output-readout")) note.role = "status";
  const update = (change: DisplayUpdate) => {
    if (change.type === "points") mounted?.append?.(change);
  };
  updates.add(update);
  dialog.onclose = () => {
    ended.abort();
    updates.delete(update);
    dialog.remove();
  };
}

const ZOOMS = [0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8];
/** Kinds that are small in the page; the others are read at the size of their text. */
const SMALL: Display["kind"][] = ["images", "overlay", "picture"];

function addZoom(tools: HTMLElement, content: HTMLElement, dialog: HTMLElement): void {
  const isSmall = SMALL.some((kind) => content.classList.contains(`is-${kind}`));
  let at = ZOOMS.indexOf(isSmall && innerWidth > 800 ? 2 : 1);
  const button = (label: string, face: string, by: number) => {
    const made = append(tools, "button", "output-tool", face);
    made.title = made.ariaLabel = label;
    made.onclick = () => zoom(by);
  };
  const zoom = (by: number) => {
    at = Math.min(Math.max(at + by, 0), ZOOMS.length - 1);
    content.style.setProperty("--zoom", String(ZOOMS[at]));
    level.textContent = `${100 * (ZOOMS[at] ?? 1)} %`;
  };
  button("Smaller", "−", -1);
  const level = append(tools, "span", "large-level");
  level.role = "status";
  button("Larger", "+", 1);
  zoom(0);
  dialog.addEventListener("keydown", ({ key }) => {
    if (key === "+" || key === "=") zoom(1);
    else if (key === "-") zoom(-1);
  });
  dialog.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      zoom(event.deltaY < 0 ? 1 : -1);
    },
    { passive: false },
  );
}

/** One stop for Tab, arrows within, as toolbars are. */
function moveByArrows(bar: HTMLElement): void {
  const tools = [...bar.querySelectorAll<HTMLElement>("button")];
  for (const tool of tools.slice(1)) tool.tabIndex = -1;
  bar.addEventListener("keydown", (event) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const from = tools.indexOf(document.activeElement as HTMLElement);
    if (by === 0 || from < 0) return;
    event.preventDefault();
    const next = tools[(from + by + tools.length) % tools.length];
    for (const tool of tools) tool.tabIndex = tool === next ? 0 : -1;
    next?.focus();
  });
}

/** The value under the pointer, beside it. */
function readOut(host: HTMLElement, subject: Subject): Readout {
  const note = append(host, "div", "output-readout");
  note.hidden = true;
  const hide = () => {
    note.hidden = true;
  };
  const at: Readout = (part, x, y) => {
    const value = subject.view.valueAt?.(subject.display, part.dataset.values ?? "", x, y);
    note.hidden = value === undefined;
    if (value === undefined) return;
    note.textContent = value;
    const { left, top, width, height } = part.getBoundingClientRect();
    const { offsetWidth, offsetHeight } = note;
    const side = (at: number, size: number, all: number) => (at + 16 + size < all ? at + 16 : at - 12 - size);
    note.style.left = `${Math.max(4, side(left + x * width, offsetWidth, innerWidth))}px`;
    note.style.top = `${Math.max(4, side(top + y * height, offsetHeight, innerHeight))}px`;
  };
  const show = ({ target, clientX, clientY }: PointerEvent) => {
    const part = target instanceof Element ? target.closest<Part>("[data-values]") : null;
    if (!part) return hide();
    const { left, top, width, height } = part.getBoundingClientRect();
    const within = (place: number) => Math.min(Math.max(place, 0), 1 - 1e-9);
    at(part, within((clientX - left) / width), within((clientY - top) / height));
  };
  host.addEventListener("pointermove", show);
  host.addEventListener("pointerdown", show);
  // A finger that is lifted is gone at once: what it pointed at is read then.
  host.addEventListener("pointerleave", ({ pointerType }) => {
    if (pointerType === "mouse") hide();
    else setTimeout(hide, SAID_MS);
  });
  return at;
}

type Part = HTMLElement | SVGElement;
type Readout = (part: Part, x: number, y: number) => void;

const STEPS: Record<string, [down: number, right: number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** Values that lie in rows and columns are read by arrows, one after the other. */
function readByArrows(content: HTMLElement, readout: Readout): void {
  for (const part of content.querySelectorAll<Part>("[data-grid]")) {
    const [rows = 1, columns = 1] = part.dataset.grid?.split(" ").map(Number) ?? [];
    let [row, column] = [0, 0];
    part.tabIndex = 0;
    const read = () => readout(part, (column + 0.5) / columns, (row + 0.5) / rows);
    part.addEventListener("focus", read);
    part.addEventListener("keydown", (event) => {
      const step = STEPS[(event as KeyboardEvent).key];
      if (!step) return;
      event.preventDefault();
      row = Math.min(Math.max(row + step[0], 0), rows - 1);
      column = Math.min(Math.max(column + step[1], 0), columns - 1);
      read();
    });
  }
}

/** The view's picture, or its words set as one. */
async function pictureOf({ view, display }: Subject): Promise<Picture> {
  return (await view.picture?.(display)) ?? svgPicture(textPicture(view.text(display)));
}

const [LETTER, LINE, MOST_LINES, MOST_LETTERS] = [7.3, 17, 400, 200];

/** Text as a picture, letter by letter as a terminal shows it. */
export function textPicture(words: string): string {
  const all = words.replace(/\n$/, "").split("\n");
  const lines = all.slice(0, MOST_LINES).map((line) => line.slice(0, MOST_LETTERS));
  if (all.length > MOST_LINES) lines.push(`… ${all.length - MOST_LINES} more lines`);
  const width = Math.ceil(16 + LETTER * Math.max(1, ...lines.map(({ length }) => length)));
  const height = 14 + LINE * lines.length;
  const font = { "font-family": "monospace", "font-size": 12, "xml:space": "preserve" };
  return textOf(
    svg(width, height, [
      node("rect", { width, height, fill: PAPER.back }),
      ...lines.map((line, i) => text(line, 8, 19 + i * LINE, PAPER.strong, "start", font)),
    ]),
  );
}

/** Whether the view's picture is drawn in lines. */
function isVector(display: Display): boolean {
  return (
    !["images", "overlay"].includes(display.kind) && !("mime" in display && display.mime !== "image/svg+xml")
  );
}

/** Twice as fine as on paper. */
const FINE = 2;

async function pngBlob(subject: Subject): Promise<Blob> {
  const picture = await pictureOf(subject);
  if (picture.mime === "image/png") return blobOf(picture);
  const image = new Image();
  image.src = `data:${picture.mime};base64,${picture.base64}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  const fine = picture.mime === "image/svg+xml" ? FINE : 1;
  canvas.width = image.naturalWidth * fine;
  canvas.height = image.naturalHeight * fine;
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error("the picture is too large"))),
      "image/png",
    );
  });
}

function blobOf({ mime, base64 }: Picture): Blob {
  return new Blob([Uint8Array.from(atob(base64.replace(/\s/g, "")), (c) => c.charCodeAt(0))], { type: mime });
}

function save(blob: Blob, display: Display, extension: string): string {
  const given = "title" in display ? display.title : "label" in display ? display.label : undefined;
  const name = `${fileNameOf(given ?? "", display.kind)}.${extension}`;
  saveFile(blob, name);
  return `${name} saved`;
}

function titleOf({ view, display }: Subject): string {
  return view.text(display).split("\n")[0]?.slice(0, 120) || "Output";
}

const SAID_MS = 3000;

function say(status: HTMLElement, words: string): void {
  status.textContent = words;
  setTimeout(() => {
    if (status.textContent === words) status.textContent = "";
  }, SAID_MS);
}
