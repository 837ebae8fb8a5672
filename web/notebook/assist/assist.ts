// Help for who writes code: completion, documentation under the pointer, the call that is being written, errors in the line. Loaded at
// the first completion or the first rest of the pointer, with what it knows of the API.

import type { CompletionContext } from "@codemirror/autocomplete";
import type { EditorView } from "@codemirror/view";
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
    complete: (context: CompletionContext) => complete(context, api, host),
    hover: (view: EditorView, pos: number, side: -1 | 1) => hover(view, pos, side, api, host),
    extensions: [signatureHelp(api, host), syntaxCheck()],
  };
}
