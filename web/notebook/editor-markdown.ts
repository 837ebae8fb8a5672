// Markdown in the editor, loaded with the first text cell that is edited. Without the parsers of HTML, CSS and JavaScript
// for what is embedded in it, which weigh more than Markdown itself.

import { markdownKeymap, markdownLanguage, pasteURLAsLink } from "@codemirror/lang-markdown";
import type { Extension } from "@codemirror/state";
import { Prec } from "@codemirror/state";
import { keymap } from "@codemirror/view";

export const markdown: Extension = [
  markdownLanguage,
  Prec.high(keymap.of([...markdownKeymap])),
  pasteURLAsLink,
];
