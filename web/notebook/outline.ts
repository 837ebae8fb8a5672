// The outline: headings of all texts, each a way to its cell. Beside the cells where there is room, else over them.

import { html, render } from "lit";
import type { Cell } from "./cell.ts";
import type { Actions } from "./commands/actions.ts";

export interface Heading {
  cell: Cell;
  level: number;
  text: string;
}

let panel: HTMLElement | undefined;

export function toggleOutline(actions: Actions): void {
  if (panel?.isConnected) {
    panel.remove();
    actions.element?.focus({ preventScroll: true });
    return;
  }
  panel ??= make(actions);
  document.querySelector(".cells")?.before(panel);
  draw(panel, actions);
  (panel.querySelector<HTMLElement>("a") ?? panel.querySelector("button"))?.focus();
}

/** Headings in the order of the notebook; in fenced code there are none. */
export function headingsOf(cells: readonly Cell[]): Heading[] {
  const found: Heading[] = [];
  for (const cell of cells) {
    if (cell.type !== "markdown") continue;
    let fence = "";
    for (const line of cell.source.split("\n")) {
      const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
      if (mark && (fence === "" || mark.startsWith(fence))) fence = fence === "" ? mark : "";
      const heading = fence === "" ? /^ {0,3}(#{1,6})\s+(.+?)\s*#*\s*$/.exec(line) : null;
      if (heading) found.push({ cell, level: (heading[1] ?? "").length, text: plain(heading[2] ?? "") });
    }
  }
  return found;
}

/** Without marks of emphasis, code and links. */
function plain(markdown: string): string {
  return markdown.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll(/[*_`$]/g, "");
}

function make(actions: Actions): HTMLElement {
  const nav = document.createElement("nav");
  nav.className = "outline";
  nav.setAttribute("aria-label", "Outline");
  nav.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    toggleOutline(actions);
  });
  actions.session.listen(() => nav.isConnected && draw(nav, actions));
  return nav;
}

function draw(nav: HTMLElement, actions: Actions): void {
  const headings = headingsOf(actions.session.cells);
  const go = (event: Event, { cell, text }: Heading) => {
    event.preventDefault();
    const element = actions.notebook.elementOf(cell.id);
    const titles = [...(element?.querySelectorAll<HTMLElement>("h1, h2, h3, h4, h5, h6") ?? [])];
    const title = titles.find(({ textContent }) => textContent?.trim() === text) ?? element;
    title?.scrollIntoView({ block: "start" });
    actions.cell = cell;
    element?.focus({ preventScroll: true });
    if (matchMedia("(max-width: 1250px)").matches) nav.remove();
  };
  render(
    html`<header>
        <h2>Outline</h2>
        <button class="tool-button" title="Close (Esc)" aria-label="Close" @click=${() => toggleOutline(actions)}>×</button>
      </header>
      ${
        headings.length === 0
          ? html`<p>No text has a heading: write one with #.</p>`
          : html`<ul>
              ${headings.map(
                (heading) =>
                  html`<li class=${`is-level-${heading.level}`}>
                    <a href="#" @click=${(event: Event) => go(event, heading)}>${heading.text}</a>
                  </li>`,
              )}
            </ul>`
      }`,
    nav,
  );
}
