// An error: its name and message, and the lines of the cells it came through, innermost first.
// The page marks the line in the cell itself.

import type { ErrorDisplay, ErrorFrame } from "./schema.ts";
import type { View } from "./view.ts";
import { append } from "./view.ts";

/** A frame was chosen: the page goes to its line. Bubbles from the output. */
export const GO_TO_LINE = "go-to-line";

export const errorView: View<ErrorDisplay> = {
  text({ name, message, frames }) {
    const places = frames.map((f) => `  cell [${f.count}], line ${f.line}: ${f.text.trim()}`);
    return [`${name}: ${message}`, ...places].join("\n");
  },

  render(host, { name, message, frames, causes }) {
    const box = append(host, "div", name === "Stopped" ? "error-output is-stopped" : "error-output");
    box.role = "alert";
    const title = append(box, "p", "error-title");
    append(title, "strong", "", name);
    append(title, "span", "error-message", message);
    for (const cause of causes ?? []) append(box, "p", "error-cause", `Caused by ${cause}`);
    const [first, ...rest] = frames;
    if (first) appendFrame(box, first);
    if (rest.length > 0) {
      const details = append(box, "details", "error-frames");
      append(
        details,
        "summary",
        "",
        rest.length === 1 ? "Called from 1 line" : `Called from ${rest.length} lines`,
      );
      for (const frame of rest) appendFrame(details, frame);
    }
    return undefined;
  },
};

function appendFrame(box: HTMLElement, frame: ErrorFrame): void {
  const line = append(box, "button", "error-frame");
  append(line, "span", "error-place", `[${frame.count}] line ${frame.line}`);
  const code = append(line, "code", "error-code");
  const text = frame.text.trimStart();
  const column = Math.max(0, frame.column - 1 - (frame.text.length - text.length));
  // The word at the error's column is marked.
  const length = /^[\p{ID_Continue}$]+|^./u.exec(text.slice(column))?.[0].length ?? 0;
  code.append(text.slice(0, column));
  append(code, "mark", "", text.slice(column, column + length));
  code.append(text.slice(column + length));
  line.onclick = () => line.dispatchEvent(new CustomEvent(GO_TO_LINE, { bubbles: true, detail: frame }));
}
