// Formulas, by KaTeX; loaded only where Markdown has some.

import katex from "katex";

/** Fills the spans that `renderMarkdown` left for formulas. A formula KaTeX does not know stays as it was written. */
export function typesetMath(host: HTMLElement): void {
  for (const span of host.querySelectorAll<HTMLElement>("[data-math]")) {
    const source = span.textContent ?? "";
    katex.render(source, span, {
      displayMode: span.dataset.math === "block",
      throwOnError: false,
      output: "htmlAndMathml",
      maxExpand: 200,
      trust: false,
    });
  }
}

/** A formula as MathML, which browsers draw without fonts or styles of ours. */
export function mathMarkup(source: string, displayMode: boolean): string {
  return katex.renderToString(source, {
    displayMode,
    throwOnError: false,
    output: "mathml",
    maxExpand: 200,
    trust: false,
  });
}

/** The style sheet of KaTeX, once per page. */
export async function loadMathStyles(): Promise<void> {
  if (document.querySelector("link[data-math]")) return;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = new URL("math.css", document.baseURI).href;
  link.dataset.math = "";
  document.head.append(link);
  await new Promise((resolve) => {
    link.onload = link.onerror = resolve;
  });
}
