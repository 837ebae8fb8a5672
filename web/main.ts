// The page: opens the notebook that the address names, or the first one.

import "./notebook/notebook-element.ts";
import { NotebookElement } from "./notebook/notebook-element.ts";
import { Session } from "./notebook/session.ts";
import { applyTheme } from "./notebook/theme.ts";

const FIRST_NOTEBOOK = "first-light";

applyTheme();
open().catch((error: unknown) => {
  const note = document.createElement("p");
  note.className = "page-error";
  note.textContent = error instanceof Error ? error.message : String(error);
  document.body.replaceChildren(note);
});

async function open(): Promise<void> {
  // Names of the site's own notebooks only, such as "data" or "reference/3": opening a stranger's takes more care than a page load.
  const name =
    /^[\w-]+(\/[\w-]+)?$/.exec(new URLSearchParams(location.search).get("notebook") ?? "")?.[0] ??
    FIRST_NOTEBOOK;
  const session = await Session.open(name, new URL(`notebooks/${name}.ipynb`, document.baseURI).href);
  const view = new NotebookElement();
  view.session = session;
  document.body.replaceChildren(view);
}
