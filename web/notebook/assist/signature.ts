// The call that is being written, above it: what it takes, and which argument is next. By a key, also what is at the cursor.

import type { EditorState } from "@codemirror/state";
import { Prec, StateEffect, StateField } from "@codemirror/state";
import type { Tooltip, ViewUpdate } from "@codemirror/view";
import { EditorView, keymap, showTooltip } from "@codemirror/view";
import type { SyntaxNode } from "@lezer/common";
import type { Api, Signature } from "./api.ts";
import { inferenceAt } from "./complete.ts";
import { docElement, parameterText } from "./describe.ts";
import type { AssistHost } from "./host.ts";
import { hover } from "./hover.ts";
import type { Inference } from "./infer.ts";
import { argumentIndex } from "./infer.ts";

const show = StateEffect.define<Tooltip | null>();

/** Shown from `(` or a comma on, until the cursor leaves the call, or Escape. */
const shown = StateField.define<Tooltip | null>({
  create: () => null,
  update(tooltip, transaction) {
    for (const effect of transaction.effects) if (effect.is(show)) return effect.value;
    return tooltip && transaction.docChanged
      ? { ...tooltip, pos: transaction.changes.mapPos(tooltip.pos) }
      : tooltip;
  },
  provide: (field) => showTooltip.from(field),
});

export function signatureHelp(api: Api, host: AssistHost) {
  const refresh = (view: EditorView, isWanted: boolean) => {
    const tooltip = isWanted ? tooltipAt(view.state, api, host) : null;
    if (tooltip === null && view.state.field(shown) === null) return false;
    view.dispatch({ effects: show.of(tooltip) });
    return tooltip !== null;
  };
  /** The call around the cursor, or what the cursor is on. */
  const explain = (view: EditorView) => {
    if (refresh(view, true)) return true;
    const { head } = view.state.selection.main;
    const { state } = view;
    void hover(view, head, -1, api, host).then((tooltip) => {
      // Not where the reader has gone on.
      if (tooltip && view.state === state) view.dispatch({ effects: show.of(tooltip) });
    });
    return true;
  };
  const hide = (view: EditorView) => {
    const isOpen = view.state.field(shown) !== null;
    if (isOpen) refresh(view, false);
    return isOpen;
  };
  const follow = (update: ViewUpdate) => {
    if (!update.docChanged && !update.selectionSet) return;
    const isOpen = update.state.field(shown) !== null;
    const opens = update.docChanged && /[(,]/.test(typed(update));
    // Not while the update that led here is under way.
    if (isOpen || opens) queueMicrotask(() => refresh(update.view, update.view.hasFocus));
  };
  return [
    shown,
    EditorView.updateListener.of(follow),
    keymap.of([{ key: "Mod-Shift-Space", run: explain }]),
    // Before the key leaves the cell.
    Prec.highest(keymap.of([{ key: "Escape", run: hide }])),
  ];
}

function typed(update: ViewUpdate): string {
  let text = "";
  update.changes.iterChanges((_from, _to, _fromB, _toB, inserted) => {
    text += inserted.length > 40 ? "" : inserted.toString();
  });
  return text;
}

function tooltipAt(state: EditorState, api: Api, host: AssistHost): Tooltip | null {
  const { head } = state.selection.main;
  const inference = inferenceAt(state, head, api, host);
  for (let node: SyntaxNode | null = inference.source.tree.resolveInner(head, -1); node; node = node.parent) {
    if (/Function$|FunctionExpression|Block/.test(node.name)) return null;
    if (node.name !== "ArgList" || head <= node.from || isAfter(node, head)) continue;
    const callee = node.prevSibling;
    const type = inference.typeOf(callee);
    const signature = inference.api.calls(type)[0];
    if (!callee || !signature) return null;
    const name = inference.source.text.slice((callee.getChild("PropertyName") ?? callee).from, callee.to);
    const index = argumentIndex(node, head);
    const doc = sentenceAbout(callee, name, inference);
    return {
      pos: node.from,
      above: true,
      create: () => ({ dom: signatureElement(name, signature, index, doc) }),
    };
  }
  return null;
}

/** The first sentence about what is called. */
function sentenceAbout(callee: SyntaxNode, name: string, inference: Inference): string | undefined {
  const member =
    callee.name === "MemberExpression"
      ? inference.member(inference.typeOf(callee.firstChild), name)
      : inference.api.global(name);
  return member?.doc?.split(/(?<=[.!?])\s/)[0];
}

/** Whether a place lies behind the closing parenthesis. */
function isAfter(list: SyntaxNode, pos: number): boolean {
  return list.lastChild?.name === ")" && pos >= list.to;
}

function signatureElement(
  name: string,
  signature: Signature,
  index: number,
  doc: string | undefined,
): HTMLElement {
  const box = docElement(" ", undefined, doc);
  box.setAttribute("role", "status");
  const head = box.firstElementChild as HTMLElement;
  head.replaceChildren(`${name}(`);
  for (const [i, param] of signature.params.entries()) {
    const isNext = i === index || (param.rest === true && index >= i);
    const part = document.createElement(isNext ? "strong" : "span");
    part.textContent = parameterText(param);
    head.append(...(i > 0 ? [", ", part] : [part]));
  }
  head.append(signature.returns.text ? `): ${signature.returns.text}` : ")");
  return box;
}
