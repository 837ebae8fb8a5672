// Which names a cell's syntax tree declares, and where: the scope half of the cell transform.
// It knows nothing of rewriting; it treats a function's parameters and body as one scope, which no cell can tell apart.

import type { AnyNode, Node, Pattern } from "acorn";

export type DeclarationKind = "var" | "let" | "const" | "function" | "class" | "import";

/** One lexical scope. The root scope is the cell itself, whose names are shared between cells. */
export class Scope {
  readonly names = new Set<string>();

  constructor(readonly parent?: Scope) {}

  /** Whether `name` is declared between here and the cell's root, the root left out. */
  isLocal(name: string): boolean {
    for (let scope: Scope = this; scope.parent; scope = scope.parent) {
      if (scope.names.has(name)) return true;
    }
    return false;
  }
}

/** Names bound by a pattern, with their nodes: `{ a, b: [c = 1], ...d }` gives a, c, d. */
export function boundNames(pattern: Pattern | null | undefined): { name: string; node: Node }[] {
  if (!pattern) return [];
  switch (pattern.type) {
    case "Identifier":
      return [{ name: pattern.name, node: pattern }];
    case "ObjectPattern":
      return pattern.properties.flatMap((p) => boundNames(p.type === "Property" ? p.value : p.argument));
    case "ArrayPattern":
      return pattern.elements.flatMap((element) => boundNames(element));
    case "AssignmentPattern":
      return boundNames(pattern.left);
    case "RestElement":
      return boundNames(pattern.argument);
    case "MemberExpression":
      return [];
  }
}

/** Names that the statements of one block declare for that block: let, const, class, function, import. */
export function blockNames(statements: readonly AnyNode[]): Map<string, DeclarationKind> {
  const names = new Map<string, DeclarationKind>();
  for (const statement of statements) {
    const node = exported(statement);
    if (node.type === "VariableDeclaration" && (node.kind === "let" || node.kind === "const")) {
      for (const d of node.declarations) for (const { name } of boundNames(d.id)) names.set(name, node.kind);
    } else if (node.type === "FunctionDeclaration" && node.id) {
      names.set(node.id.name, "function");
    } else if (node.type === "ClassDeclaration" && node.id) {
      names.set(node.id.name, "class");
    } else if (node.type === "ImportDeclaration") {
      for (const specifier of node.specifiers) names.set(specifier.local.name, "import");
    }
  }
  return names;
}

/** Names of `using` declarations, which stay local: they end with the cell's run. */
export function usingNames(statements: readonly AnyNode[]): string[] {
  return statements.flatMap((node) =>
    node.type === "VariableDeclaration" && node.kind.endsWith("using")
      ? node.declarations.flatMap((d) => boundNames(d.id).map(({ name }) => name))
      : [],
  );
}

/** Names that `var` hoists to the function (or cell) around `node`, however deeply nested. */
export function varNames(node: AnyNode): Set<string> {
  const names = new Set<string>();
  const pending: AnyNode[] = [node];
  for (let current = pending.pop(); current; current = pending.pop()) {
    if (current.type === "VariableDeclaration" && current.kind === "var") {
      for (const d of current.declarations) for (const { name } of boundNames(d.id)) names.add(name);
    }
    for (const child of childrenOf(current)) {
      if (!isFunction(child) && child.type !== "ClassBody") pending.push(child);
    }
  }
  return names;
}

/** The declaration inside `export …`, or the statement itself. */
export function exported(statement: AnyNode): AnyNode {
  return statement.type === "ExportNamedDeclaration" && statement.declaration
    ? statement.declaration
    : statement;
}

export function isFunction(node: AnyNode): boolean {
  return (
    node.type === "FunctionDeclaration" ||
    node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression"
  );
}

/** The nodes directly under `node`, in source order. */
export function childrenOf(node: AnyNode): AnyNode[] {
  const children: AnyNode[] = [];
  for (const value of Object.values(node)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item && typeof item === "object" && typeof item.type === "string") children.push(item as AnyNode);
    }
  }
  return children.sort((a, b) => a.start - b.start);
}
