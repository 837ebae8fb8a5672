// TypeScript in a cell: types become blanks, so that every line and column stays. What would be more than types (enum, namespace,
// parameter properties) is refused, as Node refuses it. The parser is the editor's own.

import type { SyntaxNode, SyntaxNodeRef } from "@lezer/common";
import { parser } from "@lezer/javascript";

const typescript = parser.configure({ dialect: "ts" });

/** Nodes that are types from their first to their last letter. */
const TYPES = new Set(["TypeAnnotation", "TypeParamList", "TypeArgList", "TypePredicate"]);
/** Words before a member of a class that say nothing at run time. */
const MODIFIERS = new Set(["Privacy", "abstract", "readonly", "override", "declare"]);
const REFUSED = new Set(["EnumDeclaration", "NamespaceDeclaration"]);

/** The text with its types blanked; undefined where it is no TypeScript, or more than types. */
export function withoutTypes(source: string): string | undefined {
  const tree = typescript.parse(source);
  const blanks: Blank[] = [];
  let isRefused = false;
  tree.iterate({
    enter: (node) => {
      if (node.type.isError || REFUSED.has(node.name)) isRefused = true;
      if (isRefused) return false;
      return !blanksOf(source, node, blanks, () => (isRefused = true));
    },
  });
  if (isRefused || blanks.length === 0) return undefined;
  const letters = source.split("");
  for (const { from, to, ends, closes } of blanks) {
    if (
      source.slice(from, to).includes("\n") &&
      BEFORE_LINE.test(source.slice(Math.max(from - 100, 0), from))
    )
      return undefined;
    for (let at = from; at < to; at++) if (letters[at] !== "\n") letters[at] = " ";
    if (ends) letters[from] = ";";
    if (closes === undefined) continue;
    letters[closes] = " ";
    letters[to - 1] = ")";
  }
  return letters.join("");
}

/** Words after which a line may not end: blanks that go on there would make it another program. */
const BEFORE_LINE = /\b(?:return|throw|yield|async)\s*$/;

interface Blank {
  from: number;
  to: number;
  /** Whether a statement ends here: what begins the next line must not go on with what stands before. */
  ends?: boolean;
  /** Where the bracket of parameters stands that is to come at the end instead: no line may end between it and `=>`. */
  closes?: number;
}

/** Adds what is to be blanked of a node; true if nothing is left to look at in it. */
function blanksOf(source: string, ref: SyntaxNodeRef, blanks: Blank[], refuse: () => void): boolean {
  const { node } = ref;
  const { parent } = node;
  const add = (from: number, to: number) => blanks.push({ from, to });
  if (node.name.endsWith("Declaration") && isTypeOnly(node)) {
    // `export` goes with what it exported.
    blanks.push({
      from: parent?.name === "ExportDeclaration" ? parent.from : node.from,
      to: node.to,
      ends: true,
    });
    return true;
  }
  // Of a method that is only declared.
  if (node.name === "MethodDeclaration" && !node.getChild("Block")) {
    add(node.from, node.to);
    return true;
  }
  if (node.name === "PropertyDeclaration" && (node.getChild("declare") || node.getChild("abstract"))) {
    // A field without a value would be set to undefined.
    blanks.push({ from: node.from, to: node.to, ends: true });
    return true;
  }
  const isArrows = node.name === "TypeAnnotation" && parent?.name === "ArrowFunction";
  if (isArrows && source.slice(node.from, node.to).includes("\n")) {
    blanks.push({ from: node.from, to: node.to, closes: (parent.getChild("ParamList")?.to ?? 0) - 1 });
    return true;
  }
  if (TYPES.has(node.name)) {
    const isLast = node.name === "TypeAnnotation" && parent?.name.endsWith("Declaration");
    blanks.push({ from: node.from, to: node.to, ends: isLast && opensNext(source, node.to) });
    return true;
  }
  if (node.name === "as" || node.name === "satisfies") {
    if (parent?.name === "BinaryExpression")
      blanks.push({ from: node.from, to: parent.to, ends: opensNext(source, parent.to) });
    return false;
  }
  // `<T>x`
  if (node.name === "PrefixCast") add(node.from, node.getChild(">")?.to ?? node.from);
  // `import { type A }` and a function's `this: T`
  const isNamed = node.name === "type" && parent?.name === "ImportGroup";
  if (isNamed || (node.name === "this" && parent?.name === "ParamList")) {
    let last = node;
    while (last.nextSibling && !/^[,})]$/.test(last.nextSibling.name)) last = last.nextSibling;
    add(node.from, last.nextSibling?.name === "," ? last.nextSibling.to : last.to);
    return false;
  }
  if (node.name === "LogicOp" && parent?.name === "PostfixExpression") add(node.from, node.to);
  // `x?: T` and `x!: T`
  if (node.name === "Optional" || (node.name === "LogicOp" && node.nextSibling?.name === "TypeAnnotation"))
    add(node.from, node.to);
  if (node.name === "implements") {
    const last = lastOf(node, "ClassBody");
    add(node.from, last.to);
  }
  if (MODIFIERS.has(node.name)) {
    if (parent?.name === "ParamList") refuse();
    add(node.from, node.to);
  }
  return false;
}

/** Whether nothing of a declaration is there at run time: a type, or a function without a body. */
function isTypeOnly(node: SyntaxNode): boolean {
  if (node.name === "ImportDeclaration") return node.getChild("type") !== null;
  if (node.name === "FunctionDeclaration") return node.getChild("Block") === null;
  return ["InterfaceDeclaration", "TypeAliasDeclaration", "AmbientDeclaration"].includes(node.name);
}

/** Whether the next line begins with what no type goes on with: there the statement ends, and without the type it would not. */
function opensNext(source: string, offset: number): boolean {
  OPENS_NEXT.lastIndex = offset;
  return OPENS_NEXT.exec(source)?.[0].includes("\n") ?? false;
}

/** What opens, after spaces and comments. */
const OPENS_NEXT = /(?:\s|\/\/[^\n]*(?=\n)|\/\*[\s\S]*?\*\/)*[([`]/y;

/** The last sibling before one of a kind. */
function lastOf(node: SyntaxNode, end: string): SyntaxNode {
  let last = node;
  while (last.nextSibling && last.nextSibling.name !== end) last = last.nextSibling;
  return last;
}
