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

/** `attachments` are the images that a Jupyter cell holds by name. */
export function renderMarkdown(text: string, attachments?: unknown): DocumentFragment {
  const source = text.replace(/\]\(attachment:([^)\s]+)\)/g, (whole, name: string) => {
    const data = imageOf(attachments, decoded(name));
    return data === undefined ? whole : `](${data})`;
  });
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

/** A name with a bare % is itself. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function imageOf(attachments: unknown, name: string): string | undefined {
  const bundle = (attachments as Record<string, Record<string, unknown>> | undefined)?.[name];
  const [mime, data] =
    Object.entries(bundle ?? {}).find(([mime]) => /^image\/(png|jpeg|gif)$/.test(mime)) ?? [];
  return typeof data === "string" ? `data:${mime};base64,${data.replace(/[^A-Za-z0-9+/=]/g, "")}` : undefined;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.codePointAt(0)};`);
}
