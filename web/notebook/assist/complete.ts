// Completion: members after a dot, names of options inside an object that is passed, words inside quotes, and names.

import type { Completion, CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { snippets } from "@codemirror/lang-javascript";
import { ensureSyntaxTree, syntaxTree } from "@codemirror/language";
import type { EditorState } from "@codemirror/state";
import type { SyntaxNode } from "@lezer/common";
import type { Looked, LookedMember } from "../../kernel/look.ts";
import type { Api, Member, Shape } from "./api.ts";
import { named } from "./api.ts";
import { docElement, memberDoc } from "./describe.ts";
import type { AssistHost } from "./host.ts";
import { cellsOf, definitionsIn, Inference, isVisible, LANGUAGE_GLOBALS } from "./infer.ts";

const WORD = /^[\p{ID_Continue}$]*$/u;
const KEYWORDS =
  "async await break case catch class const continue default do else false finally for function if import in instanceof let new null of return switch this throw true try typeof undefined while yield".split(
    " ",
  );

/** Where nothing is to be completed. */
const SILENT = new Set([
  "LineComment",
  "BlockComment",
  "Number",
  "RegExp",
  "VariableDefinition",
  "TemplateString",
]);

export async function complete(
  context: CompletionContext,
  api: Api,
  host: AssistHost,
): Promise<CompletionResult | null> {
  const inference = inferenceAt(context.state, context.pos, api, host);
  const node = inference.source.tree.resolveInner(context.pos, -1);
  if (node.name === "String") return words(inference, node, context);
  if (SILENT.has(node.name)) return null;
  const object = objectBefore(node);
  if (object) return members(inference, object, node, context, host);
  const word = context.matchBefore(/[\p{ID_Continue}$]+/u);
  const isKey = optionsAround(node);
  if (!word && !context.explicit && !(isKey && justOpened(context))) return null;
  if (isKey) return options(inference, isKey, word?.from ?? context.pos);
  return names(inference, node, word?.from ?? context.pos, host);
}

export function inferenceAt(state: EditorState, pos: number, api: Api, host: AssistHost): Inference {
  const tree = ensureSyntaxTree(state, pos, 100) ?? syntaxTree(state);
  return new Inference(api, { text: state.doc.toString(), tree }, cellsOf(host.others(), api));
}

/** The names that lead from a top-level one to this value: `a.b` is `["a", "b"]`. */
export function pathOf(node: SyntaxNode, text: string): string[] | undefined {
  if (node.name === "VariableName") return [text.slice(node.from, node.to)];
  const property = node.name === "MemberExpression" ? node.getChild("PropertyName") : null;
  const before = property && node.firstChild ? pathOf(node.firstChild, text) : undefined;
  return before && property ? [...before, text.slice(property.from, property.to)] : undefined;
}

/** The object of the member that is being written. */
function objectBefore(node: SyntaxNode): SyntaxNode | null | undefined {
  const isDot = node.name === "." || node.name === "?.";
  const member = isDot || node.name === "PropertyName" || node.name === "⚠" ? node.parent : null;
  return member?.name === "MemberExpression" && !member.getChild("[") ? member.firstChild : undefined;
}

async function members(
  inference: Inference,
  object: SyntaxNode,
  node: SyntaxNode,
  context: CompletionContext,
  host: AssistHost,
): Promise<CompletionResult | null> {
  const { api, source } = inference;
  const isDot = node.name === "." || node.name === "?.";
  const from = isDot ? node.to : (context.matchBefore(/[\p{ID_Continue}$]+/u)?.from ?? context.pos);
  const path = pathOf(object, source.text);
  const live = path && (await host.look(path));
  const isKnown = live && api.has(live.type);
  const known = api.members(isKnown ? named(live.type) : inference.typeOf(object));
  const found = new Map<string, Completion>();
  for (const [name, member] of known) if (WORD.test(name)) found.set(name, ofMember(api, name, member, live));
  // What the library keeps for itself is not for cells.
  for (const member of isKnown ? [] : (live?.members ?? [])) {
    if (!found.has(member.name) && WORD.test(member.name)) found.set(member.name, ofLive(member));
  }
  return found.size === 0 ? null : { from, options: [...found.values()], validFor: WORD };
}

function ofMember(api: Api, name: string, member: Member, live?: Looked): Completion {
  const calls = api.calls(member.type);
  const value = live?.members.find((m) => m.name === name && m.kind === "value")?.text;
  return {
    label: name,
    type: calls.length > 0 || member.type.is?.includes("Function") ? "method" : "property",
    detail: value ?? (calls.length > 0 ? "" : brief(member.type.text)),
    info: () =>
      member.doc || member.type.text || calls.length > 0 ? memberDoc(name, member, calls, value) : null,
  };
}

function ofLive({ name, kind, text }: LookedMember): Completion {
  return { label: name, type: kind === "function" ? "function" : "variable", detail: brief(text), boost: 1 };
}

/** The object of options that a place lies in, as a key. */
function optionsAround(node: SyntaxNode): SyntaxNode | undefined {
  const { parent } = node;
  if (node.name === "PropertyDefinition" && parent?.name === "Property") {
    return parent.parent?.name === "ObjectExpression" ? parent.parent : undefined;
  }
  if (node.name === "ObjectExpression") return node;
  if ((node.name === "{" || node.name === "," || node.name === "⚠") && parent?.name === "ObjectExpression")
    return parent;
  return undefined;
}

/** After `{` or a comma of such an object, the list opens by itself. */
function justOpened(context: CompletionContext): boolean {
  return context.matchBefore(/[{,]\s*/) !== null;
}

function options(inference: Inference, object: SyntaxNode, from: number): CompletionResult | null {
  const { api, source } = inference;
  const shape = inference.expected(object);
  const taken = new Set<string>();
  for (let child = object.firstChild; child; child = child.nextSibling) {
    const key = child.name === "Property" && child.from !== from ? child.firstChild : null;
    if (key) taken.add(source.text.slice(key.from, key.to));
  }
  const found = [...api.members(shape)].filter(([name]) => !taken.has(name));
  if (found.length === 0) return null;
  const list = found.map(([name, member]) => ({
    ...ofMember(api, name, member),
    apply: `${name}: `,
    // What must be given comes first.
    boost: member.optional ? 0 : 10,
  }));
  return { from, options: list, validFor: WORD };
}

function words(inference: Inference, node: SyntaxNode, context: CompletionContext): CompletionResult | null {
  const list = inference.api.words(inference.expected(node));
  if (list.length === 0 || context.pos <= node.from) return null;
  return {
    from: node.from + 1,
    options: [...new Set(list)].map((label) => ({ label, type: "constant" })),
    validFor: /^[^"'`\n]*$/,
  };
}

async function names(
  inference: Inference,
  at: SyntaxNode,
  from: number,
  host: AssistHost,
): Promise<CompletionResult> {
  const { api, source, cells } = inference;
  const found = new Map<string, Completion>();
  const add = (option: Completion) => {
    if (!found.has(option.label)) found.set(option.label, option);
  };
  for (const definition of definitionsIn(source)) {
    const name = source.text.slice(definition.from, definition.to);
    if (isVisible(definition, at)) add({ ...ofType(name, inference.typeOfDefinition(definition)), boost: 3 });
  }
  for (const member of (await host.look([]))?.members ?? []) {
    add({ ...ofLive(member), info: () => docElement(member.name, member.text, undefined) });
  }
  for (const label of cells.names) {
    if (!found.has(label)) add(ofType(label, cells.typeOf(label, inference)));
  }
  for (const [name, member] of api.globals())
    add({ ...ofMember(api, name, member), type: "namespace", boost: 2 });
  for (const label of LANGUAGE_GLOBALS) add({ label, type: "namespace" });
  for (const label of KEYWORDS) add({ label, type: "keyword", boost: -1 });
  return { from, options: [...found.values(), ...snippets], validFor: WORD };
}

function ofType(label: string, shape: Shape | undefined): Completion {
  return { label, type: shape?.calls ? "function" : "variable", detail: brief(shape?.text ?? "") };
}

function brief(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
