// Errors that a run would meet before it begins, marked while the reader writes: the very check that a run makes.

import type { Diagnostic } from "@codemirror/lint";
import { linter, lintKeymap } from "@codemirror/lint";
import type { EditorState } from "@codemirror/state";
import { keymap } from "@codemirror/view";
import { CellSyntaxError, transformCell } from "../../kernel/transform.ts";
import { withoutTypes } from "../../kernel/types.ts";

/** Marked when the reader pauses: half a line is not an error. */
const PAUSE_MS = 800;

export function syntaxCheck() {
  return [linter((view) => faults(view.state), { delay: PAUSE_MS }), keymap.of(lintKeymap)];
}

function faults(state: EditorState): Diagnostic[] {
  const fault = syntaxError(state.doc.toString());
  if (!fault) return [];
  const line = state.doc.line(Math.min(fault.place.line, state.doc.lines));
  const from = Math.min(line.from + fault.place.column - 1, line.to);
  const word = /^[\p{ID_Continue}$]+/u.exec(state.sliceDoc(from, line.to))?.[0].length ?? 1;
  const to = Math.min(from + word, line.to);
  // At the end of a line there is nothing to underline but what stands before it.
  return [
    { from: to > from ? from : Math.max(from - 1, line.from), to, severity: "error", message: fault.message },
  ];
}

/** Why a cell cannot run, if it cannot. */
export function syntaxError(source: string): CellSyntaxError | undefined {
  const compile = (text: string) => transformCell(text, { isGlobal: () => false, sourceUrl: "check" });
  try {
    compile(source);
  } catch (error) {
    if (!(error instanceof CellSyntaxError)) throw error;
    const plain = withoutTypes(source);
    if (plain === undefined) return error;
    try {
      compile(plain);
    } catch (typed) {
      if (typed instanceof CellSyntaxError) return typed;
      throw typed;
    }
  }
  return undefined;
}
