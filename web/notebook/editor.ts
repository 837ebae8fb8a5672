// The editor of a cell: CodeMirror, loaded when a cell is first edited. Its look is the style sheet's.

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import type { Extension, Text } from "@codemirror/state";
import { Compartment, EditorState, Prec, StateEffect, StateField } from "@codemirror/state";
import type { DecorationSet } from "@codemirror/view";
import {
  Decoration,
  drawSelection,
  EditorView,
  hoverTooltip,
  keymap,
  runScopeHandlers,
} from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import type { AssistHost } from "./assist/host.ts";
import { codeLanguage } from "./javascript.ts";

/** Line and column from 1. */
export interface Place {
  line: number;
  column: number;
}

export interface EditorOptions {
  source: string;
  language: "javascript" | "markdown";
  label: string;
  /** Whom completion asks. */
  assist: AssistHost;
  onChange(source: string): void;
  onBlur(event: FocusEvent): void;
  /** Keys that the cell answers: what to do after a run, or to leave; true when it did. */
  onKey(key: "stay" | "advance" | "insert" | "leave"): boolean;
}

export class CellEditor {
  readonly #view: EditorView;

  constructor(host: HTMLElement, options: EditorOptions) {
    const state = EditorState.create({ doc: options.source, extensions: extensionsFor(options) });
    this.#view = new EditorView({ state, parent: host });
    if (options.language === "markdown") void this.#loadMarkdown();
  }

  get source(): string {
    return this.#view.state.doc.toString();
  }

  /** Takes a text that was changed elsewhere. */
  set source(source: string) {
    if (source === this.source) return;
    this.#view.dispatch({ changes: { from: 0, to: this.#view.state.doc.length, insert: source } });
  }

  /** Puts the cursor at a place, or where it was. */
  focus(place?: Place): void {
    this.#view.focus();
    if (!place) return;
    const { doc } = this.#view.state;
    const line = doc.line(Math.min(Math.max(place.line, 1), doc.lines));
    const anchor = Math.min(line.from + Math.max(place.column - 1, 0), line.to);
    this.#view.dispatch({ selection: { anchor }, scrollIntoView: true });
  }

  /** Where the cursor is. */
  get cursor(): number {
    return this.#view.state.selection.main.head;
  }

  get selectedText(): string {
    const { from, to } = this.#view.state.selection.main;
    return this.#view.state.sliceDoc(from, to);
  }

  select(from: number, to: number): void {
    const most = this.#view.state.doc.length;
    const selection = { anchor: Math.min(from, most), head: Math.min(to, most) };
    this.#view.dispatch({ selection, scrollIntoView: true });
  }

  /** The position in the text under a point of the screen. */
  focusAtPoint(x: number, y: number): void {
    const anchor = this.#view.posAtCoords({ x, y }, false);
    this.#view.focus();
    this.#view.dispatch({ selection: { anchor } });
  }

  /** Marks where the last run failed: the line, and the word in it. */
  markError(place: Place | undefined): void {
    this.#view.dispatch({ effects: setError.of(place) });
  }

  destroy(): void {
    this.#view.destroy();
  }

  /** The text can be edited before its colours are there. */
  async #loadMarkdown(): Promise<void> {
    const { markdown } = await import("./editor-markdown.ts");
    this.#view.dispatch({ effects: language.reconfigure(markdown) });
  }
}

const language = new Compartment();
/** What helps with code, once it has come. */
const help = new Compartment();

const setError = StateEffect.define<Place | undefined>();

/** The place an error came from; the marks go when the text changes. */
const errorPlace = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(setError)) return marksAt(transaction.state.doc, effect.value);
    }
    return transaction.docChanged ? Decoration.none : marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** Keys that what helps answers. */
const HELP_KEYS = ["Ctrl-Space", "Mod-Shift-Space", "Mod-d", "F8"];

/** What helps with code in one editor: loaded with the first letter that is typed, the first rest of the pointer, or a key that it answers. */
function assisted(host: AssistHost): Extension[] {
  let loading: Promise<ReturnType<typeof import("./assist/assist.ts").assistance>> | undefined;
  let isLoaded = false;
  const load = (view: EditorView) => {
    loading ??= import("./assist/assist.ts").then(({ assistance }) => {
      const loaded = assistance(host);
      isLoaded = true;
      view.dispatch({ effects: help.reconfigure(loaded.extensions) });
      return loaded;
    });
    // The next letter tries again.
    loading.catch(() => {
      loading = undefined;
    });
    return loading;
  };
  return [
    help.of([]),
    hoverTooltip(async (view, pos, side) => (await load(view)).hover(view, pos, side)),
    EditorView.updateListener.of(({ view, transactions, startState }) => {
      if (loading || !transactions.some((transaction) => transaction.isUserEvent("input.type"))) return;
      const isLonger = view.state.doc.length > startState.doc.length;
      void load(view).then(
        ({ complete }) => {
          // More may have been typed meanwhile.
          const { head } = view.state.selection.main;
          if (isLonger && view.hasFocus && /[\w.$]/.test(view.state.sliceDoc(head - 1, head))) complete(view);
        },
        () => {},
      );
    }),
    EditorView.domEventHandlers({
      keydown(event, view) {
        if (isLoaded || !HELP_KEYS.some((key) => isKey(key, event))) return false;
        void load(view).then(
          () => runScopeHandlers(view, event, "editor"),
          () => {},
        );
        return true;
      },
    }),
  ];
}

/** Such as `Mod-Shift-Space`, where `Mod` is Command or Control. */
function isKey(name: string, { key, ctrlKey, metaKey, shiftKey, altKey }: KeyboardEvent): boolean {
  const parts = name.split("-");
  const last = parts.pop();
  const isHeld = parts.includes("Mod")
    ? ctrlKey !== metaKey
    : parts.includes("Ctrl")
      ? ctrlKey
      : !ctrlKey && !metaKey;
  const isLast = (key === " " ? "Space" : key.length === 1 ? key.toLowerCase() : key) === last;
  return isLast && isHeld && shiftKey === parts.includes("Shift") && !altKey;
}

function marksAt(doc: Text, place: Place | undefined): DecorationSet {
  if (!place || place.line < 1 || place.line > doc.lines) return Decoration.none;
  const line = doc.line(place.line);
  const from = line.from + Math.min(Math.max(place.column - 1, 0), line.length);
  const word = /^(?:[\p{ID_Continue}$]+|\S)/u.exec(doc.sliceString(from, line.to))?.[0].length ?? 0;
  const marks = [Decoration.line({ class: "error-line" }).range(line.from)];
  if (word > 0) marks.push(Decoration.mark({ class: "error-word" }).range(from, from + word));
  return Decoration.set(marks);
}

function extensionsFor({
  language: kind,
  label,
  assist,
  onChange,
  onBlur,
  onKey,
}: EditorOptions): Extension[] {
  // A list of completions, which comes with its own, goes first.
  const cellKeys = Prec.high(
    keymap.of([
      { key: "Ctrl-Enter", run: () => onKey("stay") },
      { key: "Mod-Enter", run: () => onKey("stay") },
      { key: "Shift-Enter", run: () => onKey("advance") },
      { key: "Alt-Enter", run: () => onKey("insert") },
      // Leaves the cell, so that Tab can be the editor's own.
      { key: "Escape", run: () => onKey("leave") },
    ]),
  );
  return [
    cellKeys,
    history(),
    drawSelection(),
    indentOnInput(),
    EditorState.tabSize.of(2),
    syntaxHighlighting(classHighlighter),
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ "aria-label": label }),
    EditorView.domEventHandlers({ blur: (event) => onBlur(event) }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) onChange(update.state.doc.toString());
    }),
    errorPlace,
    ...(kind === "javascript" ? [codeLanguage, bracketMatching(), ...assisted(assist)] : [language.of([])]),
    keymap.of([...historyKeymap, indentWithTab, ...defaultKeymap]),
  ];
}
