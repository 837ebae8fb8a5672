// Every command once: its name, its keys, what it does. Keys, palette, the list of keys and buttons read this table.

import type { CellType } from "../cell.ts";
import type { Actions } from "./actions.ts";

export type Group = "Cell" | "Run" | "Edit" | "Notebook";

export interface Command {
  id: string;
  title: string;
  group: Group;
  /** Keys while a cell has the focus and is not edited; as `Shift+M`, and `D D` for two in a row. */
  keys?: string[];
  /** Keys that hold in an editor, too. */
  anywhere?: string[];
  /** Keys that the editor itself answers; they stand here to be read. */
  editor?: string[];
  run(actions: Actions): unknown;
}

const setType = (type: CellType) => (actions: Actions) => actions.setType(type);

export const COMMANDS: readonly Command[] = [
  row("edit", "Edit cell", "Cell", ["Enter"], (a) => a.edit()),
  row("leave", "Leave the editor", "Cell", [], (a) => a.leave(), { editor: ["Escape"] }),
  row("up", "Go to the cell above", "Cell", ["ArrowUp", "K"], (a) => a.go(-1)),
  row("down", "Go to the cell below", "Cell", ["ArrowDown", "J"], (a) => a.go(1)),
  row("extend-up", "Select the cell above, too", "Cell", ["Shift+ArrowUp", "Shift+K"], (a) => a.extend(-1)),
  row("extend-down", "Select the cell below, too", "Cell", ["Shift+ArrowDown", "Shift+J"], (a) =>
    a.extend(1),
  ),
  row("insert-above", "Insert a cell above", "Cell", ["A"], (a) => a.insert("code", 0)),
  row("insert-below", "Insert a cell below", "Cell", ["B"], (a) => a.insert("code", 1)),
  row("cut", "Cut cell", "Cell", ["X"], (a) => a.cut()),
  row("copy", "Copy cell", "Cell", ["C"], (a) => a.copy()),
  row("paste", "Paste cell below", "Cell", ["V"], (a) => a.paste(1)),
  row("paste-above", "Paste cell above", "Cell", ["Shift+V"], (a) => a.paste(0)),
  row("delete", "Delete cell", "Cell", ["D D"], (a) => a.remove()),
  row("undo", "Undo change of cells", "Edit", ["Z"], (a) => a.undo()),
  row("redo", "Redo change of cells", "Edit", ["Shift+Z"], (a) => a.redo()),
  row("to-code", "Make it code", "Cell", ["Y"], setType("code")),
  row("to-text", "Make it text", "Cell", ["M"], setType("markdown")),
  row("to-raw", "Make it raw", "Cell", ["R"], setType("raw")),
  row("merge", "Merge selected cells, or with the cell below", "Cell", ["Shift+M"], (a) => a.merge()),
  row("split", "Split cell at the cursor", "Cell", [], (a) => a.split(), { anywhere: ["Mod+Shift+-"] }),
  row("move-up", "Move cell up", "Cell", [], (a) => a.move(-1), { anywhere: ["Mod+Shift+ArrowUp"] }),
  row("move-down", "Move cell down", "Cell", [], (a) => a.move(1), { anywhere: ["Mod+Shift+ArrowDown"] }),
  row("fold-outputs", "Fold or unfold outputs", "Cell", ["O"], (a) => a.fold("outputs")),
  row("fold-source", "Fold or unfold code", "Cell", ["Shift+O"], (a) => a.fold("source")),
  row("fold-all-source", "Fold or unfold all code", "Notebook", [], (a) => a.foldAll("source")),
  row("fold-all-outputs", "Fold or unfold all outputs", "Notebook", [], (a) => a.foldAll("outputs")),
  row("clear", "Clear outputs of the cell", "Cell", [], (a) => a.clear(false)),
  row("clear-all", "Clear all outputs", "Notebook", [], (a) => a.clear(true)),
  row("live", "Live: run when its inputs are set", "Run", ["L"], (a) => a.toggleLive()),
  row("run", "Run cell", "Run", ["Mod+Enter"], (a) => a.run("stay"), { editor: ["Mod+Enter"] }),
  row("run-next", "Run cell and go on", "Run", ["Shift+Enter"], (a) => a.run("advance"), {
    editor: ["Shift+Enter"],
  }),
  row("run-insert", "Run cell and insert below", "Run", ["Alt+Enter"], (a) => a.run("insert"), {
    editor: ["Alt+Enter"],
  }),
  row("run-needs", "Run cell and what it needs", "Run", ["N"], (a) => a.runWithNeeds()),
  row("run-above", "Run all above", "Run", [], (a) => a.runAbove()),
  row("run-below", "Run this cell and all below", "Run", [], (a) => a.runBelow()),
  row("run-all", "Run all", "Run", [], (a) => a.session.runAll()),
  row("stop", "Stop", "Run", ["I I"], (a) => a.session.stop()),
  row("restart", "Restart: variables go, weights stay", "Run", ["0 0"], (a) => a.session.restart()),
  row("restart-run", "Restart and run all", "Run", [], (a) => a.restartAndRun()),
  row("find", "Find and replace in all cells", "Edit", ["F"], (a) => a.find(), { anywhere: ["Mod+F"] }),
  row("palette", "All commands", "Notebook", ["P"], (a) => a.palette(), { anywhere: ["Mod+Shift+P"] }),
  row("keys", "List of keys", "Notebook", ["H"], (a) => a.listKeys()),
  row("outline", "Outline", "Notebook", ["T"], (a) => a.outline()),
  row("data", "Your data", "Notebook", [], (a) => a.notebook.openData()),
  row("files", "Files", "Notebook", [], (a) => a.notebook.openFiles()),
  row("download", "Download .ipynb", "Notebook", [], (a) => a.notebook.download()),
  row("share", "Share or save", "Notebook", [], (a) => a.notebook.share()),
  row("library", "All notebooks", "Notebook", [], () => location.assign("./?library")),
  row("theme", "Light or dark", "Notebook", [], (a) => a.toggleTheme()),
  row("complete", "Complete", "Edit", [], (a) => a.edit(), { editor: ["Ctrl+Space"] }),
  row("signature", "Explain the call, or what is at the cursor", "Edit", [], (a) => a.edit(), {
    editor: ["Mod+Shift+Space"],
  }),
  row("comment", "Comment or uncomment lines", "Edit", [], (a) => a.edit(), { editor: ["Mod+/"] }),
];

/** The keys of a command, as people read them. */
export function keysOf({ keys = [], anywhere = [], editor = [] }: Command): string[] {
  return [...new Set([...keys, ...anywhere, ...editor])].map(readable);
}

const IS_MAC = /Mac|iP(hone|ad)/.test(globalThis.navigator?.platform ?? "");
const SYMBOLS: Record<string, string> = { ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", "-": "−" };

function readable(keys: string): string {
  const part = (key: string) => SYMBOLS[key] ?? (key === "Mod" ? (IS_MAC ? "⌘" : "Ctrl") : key);
  return keys
    .split(" ")
    .map((chord) =>
      chord
        .split(/\+(?!$)/)
        .map(part)
        .join("+"),
    )
    .join(" ");
}

function row(
  id: string,
  title: string,
  group: Group,
  keys: string[],
  run: (actions: Actions) => unknown,
  more: { anywhere?: string[]; editor?: string[] } = {},
): Command {
  return { id, title, group, ...(keys.length > 0 && { keys }), ...more, run };
}
