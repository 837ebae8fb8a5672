// A document of anybody's: cleaned, then shown in a frame that runs no script and loads nothing. `html-frame.ts` does both.

import { showHtml } from "./html-frame.ts";
import type { HtmlDisplay } from "./schema.ts";
import type { View } from "./view.ts";
import { append } from "./view.ts";

export const htmlView: View<HtmlDisplay> = {
  text: ({ text }) => text,

  render(host, display, signal) {
    const box = append(host, "div", "html-output");
    showHtml(box, display, signal);
    return undefined;
  },
};
