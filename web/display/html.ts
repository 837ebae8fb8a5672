// A document of anybody's: cleaned, then shown in a frame that runs no script and loads nothing. `html-frame.ts` does both and is
// loaded when one is shown.

import type { HtmlDisplay } from "./schema.ts";
import type { View } from "./view.ts";
import { append } from "./view.ts";

export const htmlView: View<HtmlDisplay> = {
  text: ({ text }) => text,

  render(host, display, signal) {
    const box = append(host, "div", "html-output");
    import("./html-frame.ts").then(
      ({ showHtml }) => {
        if (!signal.aborted) showHtml(box, display, signal);
      },
      () => append(box, "p", "output-note", "This output could not be loaded."),
    );
    return undefined;
  },
};
