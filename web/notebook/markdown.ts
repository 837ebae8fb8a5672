// Markdown as safe HTML. Anyone's notebook: DOMPurify takes out scripts, styles, forms and what could pass for the page's
// own controls. Formulas become spans that `typesetMath` fills, loading KaTeX only where there is one.

import DOMPurify from "dompurify";
import type { TokenizerAndRendererExtension } from "marked";
import { Marked } from "marked";

const inlineMath: TokenizerAndRendererExtension = {
  name: "inlineMath",
  level: "inline",
  start: (source) => source.indexOf("$"),
  tokenizer(source) {
    // As Pandoc: no space inside the dollars, no digit after them.
    const match = /^\$(?!\s|\$)((?:\\.|[^\\$\n])+?)(?<!\s)\$(?!\d)/.exec(source);
    return match ? { type: "inlineMath", raw: match[0], text: match[1] } : undefined;
  },
  renderer: ({ text }) => `<span data-math>${escapeHtml(String(text))}</span>`,
};

const blockMath: TokenizerAndRendererExtension = {
  name: "blockMath",
  level: "block",
  start: (source) => source.indexOf("$$"),
  tokenizer(source) {
    const match = /^\$\$([\s\S]+?)\$\$(?:\n+|$)/.exec(source);
    return match ? { type: "blockMath", raw: match[0], text: match[1]?.trim() } : undefined;
  },
  renderer: ({ text }) => `<div data-math="block">${escapeHtml(String(text))}</div>`,
};

const marked = new Marked({ gfm: true, extensions: [] }).use({ extensions: [blockMath, inlineMath] });

const OWN_NOTEBOOK = /^(\.\/|\?notebook=[\w/-]+)$/;

export function renderMarkdown(source: string): DocumentFragment {
  // None where nothing is left, such as of a frameset.
  const fragment: DocumentFragment | null = DOMPurify.sanitize(marked.parse(source, { async: false }), {
    FORBID_TAGS: ["style", "form", "input", "button", "textarea", "select", "option", "dialog"],
    FORBID_ATTR: ["style", "class", "popover"],
    SANITIZE_NAMED_PROPS: true,
    RETURN_DOM_FRAGMENT: true,
  });
  if (!fragment) return document.createDocumentFragment();
  for (const link of fragment.querySelectorAll("a")) {
    // The site's own notebooks take the place of this one.
    if (OWN_NOTEBOOK.test(link.getAttribute("href") ?? "")) continue;
    // By attributes: a link in a drawing is another kind of element.
    link.setAttribute("target", "_blank");
    link.setAttribute("rel", "noopener noreferrer");
  }
  return fragment;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.codePointAt(0)};`);
}
