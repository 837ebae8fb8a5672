// HTML behind three walls: DOMPurify takes out whatever acts, the frame's sandbox runs no script, submits no form and navigates
// nothing, and its policy loads nothing from anywhere. The frame keeps our origin, so that the page can measure it; without
// scripts there is nobody in it who could use that.

import DOMPurify from "dompurify";
import type { HtmlDisplay } from "./schema.ts";
import { append } from "./view.ts";

/** What a document of anybody's may load: only what stands in it. */
export const POLICY = "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'";
/** Attributes whose address is fetched without a click. */
const LOADING = ["src", "srcset", "poster", "background", "href", "xlink:href"];
const TALLEST = 1600;

export function showHtml(host: HTMLElement, { html, text }: HtmlDisplay, signal: AbortSignal): void {
  const clean = cleanHtml(html);
  const frame = append(host, "iframe", "html-frame");
  // A link that the reader clicks opens in a tab of its own; nothing else may.
  frame.sandbox.add("allow-same-origin", "allow-popups", "allow-popups-to-escape-sandbox");
  frame.referrerPolicy = "no-referrer";
  frame.title = `HTML output: ${text.trim().split("\n")[0]?.slice(0, 80) || "without text"}`;
  const sizes = new ResizeObserver(() => fit(frame));
  frame.onload = () => {
    sizes.disconnect();
    const root = frame.contentDocument?.documentElement;
    if (root) sizes.observe(root);
    fit(frame);
  };
  const draw = () => {
    frame.srcdoc = documentOf(clean, getComputedStyle(host));
  };
  draw();
  document.documentElement.addEventListener("theme-change", draw, { signal });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw, { signal });
  signal.addEventListener("abort", () => sizes.disconnect());
}

/** Without scripts, frames, forms, and addresses that lead anywhere but out of the page. */
export function cleanHtml(html: string): string {
  const box = document.createElement("template");
  const clean = box.content;
  // As text: of what holds no document at all there is no fragment.
  box.innerHTML = DOMPurify.sanitize(html, {
    FORBID_TAGS: ["form", "input", "button", "textarea", "select", "option", "dialog", "audio", "video"],
    FORBID_ATTR: ["autofocus", "popover", "popovertarget", "action", "formaction", "ping"],
  });
  for (const link of clean.querySelectorAll("a, area")) {
    link.setAttribute("target", "_blank");
    link.setAttribute("rel", "noopener noreferrer");
  }
  // The policy would refuse them; nobody needs to ask.
  for (const element of clean.querySelectorAll("[src], [srcset], [poster], [background], image, use")) {
    for (const name of LOADING) {
      if (!/^(data:|#)/.test(element.getAttribute(name) ?? "#")) element.removeAttribute(name);
    }
  }
  return box.innerHTML;
}

function documentOf(clean: string, style: CSSStyleDeclaration): string {
  const colour = (name: string) => style.getPropertyValue(name).trim();
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}">
<style>
:root { color-scheme: ${style.colorScheme}; }
body { margin: 0; color: ${colour("--ink")}; background: ${colour("--page")}; font: 14px/1.5 sans-serif; overflow-wrap: anywhere; }
table { border-collapse: collapse; font-size: 13px; }
th, td { padding: 3px 10px 3px 0; border-bottom: 1px solid ${colour("--line")}; text-align: start; }
img, svg { max-width: 100%; }
a { color: ${colour("--accent")}; }
</style><body>${clean}</body></html>`;
}

/** As tall as what is in it; the frame scrolls beyond a limit. */
function fit(frame: HTMLIFrameElement): void {
  const height = frame.contentDocument?.documentElement.getBoundingClientRect().height ?? 0;
  frame.style.height = `${Math.min(TALLEST, Math.ceil(height) + 2)}px`;
}
