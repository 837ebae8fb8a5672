// The palette: every command in one list, found by a few letters, with its keys. And the list of keys.

import { html, nothing, render } from "lit";
import type { Actions } from "./commands/actions.ts";
import type { Command, Group } from "./commands/table.ts";
import { COMMANDS, keysOf } from "./commands/table.ts";

const GROUPS: Group[] = ["Cell", "Run", "Edit", "Notebook"];
/** The palette offers what can be chosen there; keys of the editor alone are in the list of keys. */
const CHOICES = COMMANDS.filter(
  ({ editor, keys, anywhere, id }) => id !== "palette" && (!editor || keys || anywhere),
);

export function openPalette(actions: Actions): void {
  let [text, at] = ["", 0];
  const dialog = openDialog("palette", "All commands");
  const choose = (command: Command | undefined) => {
    if (!command) return;
    dialog.close();
    void command.run(actions);
  };
  const onKey = (event: KeyboardEvent) => {
    const found = matching(text);
    const by = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (by !== 0) at = (at + by + found.length) % Math.max(found.length, 1);
    else if (event.key === "Enter") choose(found[at]);
    else return;
    event.preventDefault();
    draw();
    dialog.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  };
  const draw = () => {
    const found = matching(text);
    render(
      html`<input
          type="text"
          role="combobox"
          aria-label="Find a command"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant=${found[at] === undefined ? nothing : `palette-${found[at]?.id}`}
          placeholder="Find a command"
          autocomplete="off"
          spellcheck="false"
          autofocus
          @keydown=${onKey}
          @input=${({ target }: InputEvent) => {
            [text, at] = [(target as HTMLInputElement).value, 0];
            draw();
          }}
        />
        <ul id="palette-list" role="listbox" aria-label="Commands">
          ${found.map(
            (command, i) =>
              html`<li
                id=${`palette-${command.id}`}
                role="option"
                aria-selected=${i === at ? "true" : "false"}
                @click=${() => choose(command)}
              >
                <span>${command.title}</span>${keyCaps(command)}
              </li>`,
          )}
        </ul>
        ${found.length === 0 ? html`<p role="status">No command is called so.</p>` : nothing}`,
      dialog,
    );
  };
  draw();
  dialog.querySelector("input")?.focus();
}

export function openKeys(_actions: Actions): void {
  const dialog = openDialog("key-list", "Keys");
  const rows = (group: Group) =>
    COMMANDS.filter((command) => command.group === group && keysOf(command).length > 0);
  render(
    html`<h2>Keys</h2>
      <p>
        Letters work while a cell has the focus and is not being edited: Esc leaves an editor, Enter opens it. Chords with Ctrl or ⌘ work in
        both.
      </p>
      <div class="key-groups">
        ${GROUPS.map(
          (group) =>
            html`<section>
              <h3>${group}</h3>
              <dl>${rows(group).map((row) => html`<div><dt>${row.title}</dt><dd>${keyCaps(row)}</dd></div>`)}</dl>
            </section>`,
        )}
      </div>
      <button class="bar-button" autofocus @click=${() => dialog.close()}>Close</button>`,
    dialog,
  );
}

/** Commands with all words of the text in their names, those that begin with it first. */
export function matching(text: string): Command[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = CHOICES.filter(({ title }) => words.every((word) => title.toLowerCase().includes(word)));
  const first = words[0] ?? "";
  return found.sort((a, b) => rank(a, first) - rank(b, first));
}

function rank({ title }: Command, word: string): number {
  return title.toLowerCase().startsWith(word) ? 0 : 1;
}

function keyCaps(command: Command) {
  return html`<span class="key-caps">${keysOf(command).map((keys) => html`<kbd>${keys}</kbd>`)}</span>`;
}

/** A dialog that goes when it is closed; what had the focus has it again. */
function openDialog(className: string, label: string): HTMLDialogElement {
  document.querySelector<HTMLDialogElement>("dialog.command-dialog")?.close();
  const dialog = document.createElement("dialog");
  dialog.className = `command-dialog ${className}`;
  dialog.setAttribute("aria-label", label);
  dialog.addEventListener("close", () => dialog.remove());
  // A click beside it.
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
