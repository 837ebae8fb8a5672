// A notebook as other files: a script, and a page that shows all of it without a line of script.

import { cleanHtml, POLICY } from "../display/html-frame.ts";
import { bundleOf } from "../display/mime.ts";
import type { Display, TableDisplay } from "../display/schema.ts";
import { tableView } from "../display/table.ts";
import type { Cell } from "../notebook/cell.ts";
import { highlightLines } from "../notebook/highlight.ts";
import { renderMarkdown } from "../notebook/markdown.ts";
import styles from "./page-styles.ts";

/** The cells one after the other, marked as editors know it (`// %%`); text as comments. */
export function scriptOf(title: string, cells: readonly Cell[]): string {
  const comment = (text: string) => text.replace(/^/gm, "// ").replace(/ +$/gm, "");
  const parts = cells.map(({ type, source }) =>
    type === "code" ? `// %%\n${source.trimEnd()}` : `// %% [markdown]\n${comment(source.trimEnd())}`,
  );
  return `${comment(title)}\n\n${parts.join("\n\n")}\n`;
}

/**
 * A page by itself: text, formulas, code and all outputs, as they are saved. `link` opens the notebook in Gradbook. It runs no script and
 * loads nothing, so it opens from a disk as well.
 */
export async function pageOf(
  title: string,
  cells: readonly Cell[],
  link: string | undefined,
): Promise<string> {
  const parts = await Promise.all(
    cells.map((cell) => (cell.type === "markdown" ? textPart(cell) : codePart(cell))),
  );
  const open =
    link === undefined
      ? ""
      : `<p class="open"><a href="${escaped(link)}">Open in Gradbook</a>, to run and change it</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}; frame-src 'self'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="Gradbook">
<title>${escaped(title)}</title>
<style>${styles}</style>
</head>
<body>
<main>
${open}
${parts.join("\n")}
</main>
</body>
</html>
`;
}

async function textPart({ source, file }: Cell): Promise<string> {
  const prose = document.createElement("div");
  prose.append(renderMarkdown(source, file.attachments));
  const formulas = prose.querySelectorAll<HTMLElement>("[data-math]");
  if (formulas.length > 0) {
    const { mathMarkup } = await import("../notebook/math.ts");
    for (const span of formulas)
      span.innerHTML = mathMarkup(span.textContent ?? "", span.dataset.math === "block");
  }
  // The site's notebooks do not lie beside the file.
  for (const link of prose.querySelectorAll("a[href]:not([href^='#'])"))
    if (link instanceof HTMLAnchorElement) link.setAttribute("href", link.href);
  return `<section class="prose">${prose.innerHTML}</section>`;
}

async function codePart({ type, source, count, outputs }: Cell): Promise<string> {
  const lines = highlightLines(source).map((line) =>
    line
      .map(({ text, className }) =>
        className ? `<i class="${className}">${escaped(text)}</i>` : escaped(text),
      )
      .join(""),
  );
  const number = type === "code" ? `<span class="count">[${count ?? " "}]</span>` : "";
  const shown = await Promise.all(outputs.filter(Boolean).map(({ display }) => outputPart(display)));
  return `<section class="code">${number}<pre class="source"><code>${lines.join("\n")}</code></pre>${shown.join("\n")}</section>`;
}

/** The best that a page without scripts can show of it. */
async function outputPart(display: Display): Promise<string> {
  if (display.kind === "table") return tablePart(display);
  if (display.kind === "error")
    return `<pre class="error">${escaped(`${display.name}: ${display.message}`)}</pre>`;
  const bundle = await bundleOf(display);
  const text = String(bundle["text/plain"] ?? "");
  const { "image/png": png, "image/jpeg": jpeg, "image/svg+xml": svg } = bundle;
  const raster = typeof png === "string" ? `image/png;base64,${png}` : `image/jpeg;base64,${String(jpeg)}`;
  if (typeof png === "string" || typeof jpeg === "string") return imagePart(raster.replace(/\s/g, ""), text);
  if (typeof svg === "string") return imagePart(`image/svg+xml,${encodeURIComponent(svg)}`, text);
  if (display.kind === "html") {
    const inner = `<meta http-equiv="Content-Security-Policy" content="${POLICY}"><meta name="color-scheme" content="light dark">${cleanHtml(display.html)}`;
    return `<iframe sandbox="" title="HTML output" srcdoc="${escaped(inner)}"></iframe>`;
  }
  return `<pre>${escaped(text)}</pre>`;
}

function imagePart(data: string, alt: string): string {
  return `<img src="data:${data}" alt="${escaped(alt)}">`;
}

/** As the view writes it: numbers flush right, with as many decimals as they need. */
function tablePart(display: TableDisplay): string {
  const host = document.createElement("div");
  tableView.render(host, display, new AbortController().signal);
  for (const element of host.querySelectorAll("[tabindex]")) element.removeAttribute("tabindex");
  return host.innerHTML;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.codePointAt(0)};`);
}
