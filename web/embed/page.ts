// The page in the frame: some cells of a notebook, which the surrounding page hands over or the address names. It reads and keeps nothing of
// the reader's, since it shows anyone's code in anyone's page.

import { Session } from "../notebook/session.ts";
import { applyTheme } from "../notebook/theme.ts";
import { chosen } from "./choose.ts";
import { EmbedElement } from "./embed-element.ts";
import type { FromEmbed } from "./protocol.ts";
import { readToEmbed, THEME } from "./protocol.ts";
import { tellOf } from "./tell.ts";

let isOpen = false;

addEventListener("message", ({ source, data }: MessageEvent<unknown>) => {
  if (source !== parent) return;
  const message = readToEmbed(data);
  if (message?.gradbook === "theme") dress(message.scheme, message.values);
  else if (message && !isOpen) open(message.notebook, message.cells);
});

new ResizeObserver(() => {
  const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
  tell({ gradbook: "size", height });
  // As course systems know it.
  if (parent !== window) parent.postMessage({ subject: "lti.frameResize", height }, "*");
}).observe(document.documentElement);

applyTheme(false);
const { notebook, cells = "", theme } = Object.fromEntries(new URLSearchParams(location.search));
if (theme !== undefined) dress(theme, {});
tell({ gradbook: "hello" });
if (notebook) void openNamed(notebook, cells);

/** A notebook of the site, by the address of a plain frame. */
async function openNamed(name: string, cells: string): Promise<void> {
  isOpen = true;
  try {
    if (!/^[\w-]+(\/[\w-]+)?$/.test(name)) throw new Error(`The site has no notebook "${name}".`);
    const response = await fetch(new URL(`notebooks/${name}.ipynb`, document.baseURI));
    if (!response.ok) throw new Error(`The notebook "${name}" could not be loaded (${response.status}).`);
    open(await response.text(), cells, name);
  } catch (error) {
    fail(error);
  }
}

function open(text: string, cells: string, name?: string): void {
  isOpen = true;
  try {
    const view = new EmbedElement();
    view.session = Session.embedded(text);
    view.shown = chosen(view.session.cells, cells);
    view.name = name;
    document.body.replaceChildren(view);
    tellOf(view.session, tell);
    tell({ gradbook: "ready", title: view.session.title });
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown): void {
  const [name, message] = error instanceof Error ? [error.name, error.message] : ["Error", String(error)];
  const note = document.createElement("p");
  note.className = "page-error";
  note.textContent = message;
  document.body.replaceChildren(note);
  tell({ gradbook: "error", name, message: message.slice(0, 10_000) });
}

/** Gives the page the look that the surrounding one asks for. A custom property is set as such, so a value can do no more. */
function dress(scheme: string, values: Record<string, string>): void {
  const root = document.documentElement;
  if (scheme === "light" || scheme === "dark") root.dataset.theme = scheme;
  else delete root.dataset.theme;
  for (const [name, own] of Object.entries(THEME)) {
    const value = values[name]?.trim();
    if (value) root.style.setProperty(own, value);
    else root.style.removeProperty(own);
  }
  root.dispatchEvent(new Event("theme-change"));
}

function tell(message: FromEmbed): void {
  if (parent !== window) parent.postMessage(message, "*");
}
