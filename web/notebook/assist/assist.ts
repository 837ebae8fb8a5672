// Help for who writes code: completion, brackets that close, documentation under the pointer, the call that is being written, errors in the
// line. Loaded with the first letter or the first rest of the pointer, with what it knows of the API.

import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  startCompletion,
} from "@codemirror/autocomplete";
import { highlightSelectionMatches, selectNextOccurrence } from "@codemirror/search";
import type { EditorView } from "@codemirror/view";
import { keymap } from "@codemirror/view";
import { loadEditStyles } from "../edit-styles.ts";
import help from "./api.json";
import { Api } from "./api.ts";
import { complete } from "./complete.ts";
import type { AssistHost } from "./host.ts";
import { hover } from "./hover.ts";
import { signatureHelp } from "./signature.ts";
import { syntaxCheck } from "./syntax.ts";

const api = new Api(help);
loadEditStyles();

/** For one editor. */
export function assistance(host: AssistHost) {
  return {
    hover: (view: EditorView, pos: number, side: -1 | 1) => hover(view, pos, side, api, host),
    /** Offers what goes on from the cursor. */
    complete: startCompletion,
    extensions: [
      closeBrackets(),
      autocompletion({ override: [(context) => complete(context, api, host)] }),
      highlightSelectionMatches(),
      signatureHelp(api, host),
      syntaxCheck(),
      keymap.of([...closeBracketsKeymap, { key: "Mod-d", run: selectNextOccurrence, preventDefault: true }]),
    ],
  };
}
