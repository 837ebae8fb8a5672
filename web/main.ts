// The page: opens the notebook that the address names, or the first one, or the list of all.

import { LINK, originOf } from "./library/origin.ts";
import "./notebook/notebook-element.ts";
import { NotebookElement } from "./notebook/notebook-element.ts";
import { Session } from "./notebook/session.ts";
import { applyTheme } from "./notebook/theme.ts";

applyTheme();
open().catch((error: unknown) => {
  const note = document.createElement("p");
  note.className = "page-error";
  note.textContent = error instanceof Error ? error.message : String(error);
  document.body.replaceChildren(note);
});

async function open(): Promise<void> {
  const origin = await originOf(location);
  // Another link in the same tab is another notebook.
  addEventListener("hashchange", () => location.hash.startsWith(LINK) && location.reload());
  if (!origin) {
    const { LibraryElement } = await import("./library/library-element.ts");
    document.body.replaceChildren(new LibraryElement());
    return;
  }
  const view = new NotebookElement();
  view.session = await Session.open(origin);
  document.body.replaceChildren(view);
}
