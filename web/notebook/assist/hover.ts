// What stands under the pointer, in a box: signature, present value, documentation.

import type { EditorView, Tooltip } from "@codemirror/view";
import type { SyntaxNode } from "@lezer/common";
import type { Api, Member } from "./api.ts";
import { named } from "./api.ts";
import { inferenceAt, pathOf } from "./complete.ts";
import { memberDoc } from "./describe.ts";
import type { AssistHost } from "./host.ts";
import type { Inference } from "./infer.ts";

const NAMES = new Set(["VariableName", "VariableDefinition", "PropertyName", "PropertyDefinition"]);

export async function hover(
  view: EditorView,
  pos: number,
  side: -1 | 1,
  api: Api,
  host: AssistHost,
): Promise<Tooltip | null> {
  const inference = inferenceAt(view.state, pos, api, host);
  const node = inference.source.tree.resolveInner(pos, side);
  if (!NAMES.has(node.name)) return null;
  const name = inference.source.text.slice(node.from, node.to);
  const value = await present(node, inference, host);
  const member = memberAt(node, name, inference) ?? (value && { type: named(value.type) });
  if (!member || (!value && !member.doc && !member.type.text && !member.type.calls)) return null;
  const { api: types } = inference;
  const doc = member.doc ?? types.docOf(member.type.is?.[0] ?? "");
  // A function of the library says no more by its text.
  const shown = value?.type === "Function" && member.type.calls ? undefined : value?.text;
  const box = () => memberDoc(name, { ...member, ...(doc && { doc }) }, types.calls(member.type), shown);
  return { pos: node.from, end: node.to, above: true, create: () => ({ dom: box() }) };
}

function memberAt(node: SyntaxNode, name: string, inference: Inference): Member | undefined {
  const { parent } = node;
  if (node.name === "PropertyName" && parent?.name === "MemberExpression") {
    return inference.member(inference.typeOf(parent.firstChild), name);
  }
  if (node.name === "PropertyDefinition" && parent?.name === "Property" && parent.parent) {
    return inference.member(inference.expected(parent.parent), name);
  }
  if (node.name === "VariableDefinition") {
    const type = inference.typeOfDefinition(node);
    return type && { type };
  }
  const type = node.name === "VariableName" ? inference.nameAt(name, node) : undefined;
  if (!type) return undefined;
  const global = inference.api.global(name);
  return global?.type === type ? global : { type };
}

/** The value that a name or a chain of members has now. */
async function present(node: SyntaxNode, { source }: Inference, host: AssistHost) {
  if (node.name === "VariableDefinition") return host.look([source.text.slice(node.from, node.to)]);
  const path = pathOf(node.name === "PropertyName" && node.parent ? node.parent : node, source.text);
  return path ? host.look(path) : undefined;
}
