// Text: a value as `inspect` prints it, or what was written to the console. Long text folds.

import type { TextDisplay } from "./schema.ts";
import type { View } from "./view.ts";
import { append } from "./view.ts";

const FOLDED_LINES = 24;

export const textView: View<TextDisplay> = {
  text: ({ text }) => text,

  render(host, { text, stream }) {
    const shown = text.replace(/\n$/, "");
    const pre = append(host, "pre", stream === "stderr" ? "text-output is-stderr" : "text-output", shown);
    const lines = shown.split("\n").length;
    if (lines <= FOLDED_LINES + 6) return undefined;
    pre.classList.add("is-folded");
    pre.style.setProperty("--folded-lines", String(FOLDED_LINES));
    const button = append(host, "button", "quiet-button", `Show all ${lines} lines`);
    button.onclick = () => {
      const isFolded = pre.classList.toggle("is-folded");
      button.textContent = isFolded ? `Show all ${lines} lines` : "Show less";
    };
    return undefined;
  },
};
