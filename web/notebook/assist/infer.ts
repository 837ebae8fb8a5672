// What an expression of a cell is, as far as a few rules reach: declarations of this and other cells, members and calls of the API,
// options and callbacks by the parameter that they are passed for. Nothing is run, and what is not known is undefined.

import type { SyntaxNode, Tree } from "@lezer/common";
import { codeLanguage } from "../javascript.ts";
import type { Api, Member, Shape } from "./api.ts";
import { named } from "./api.ts";

/** A text with its tree. */
export interface Source {
  text: string;
  tree: Tree;
}

/** Looks no deeper than this: `const a = a` ends. */
const MOST_DEPTH = 40;
/** Methods of arrays that hand their elements to a function. */
const EACH = new Set([
  "map",
  "forEach",
  "filter",
  "find",
  "findLast",
  "some",
  "every",
  "flatMap",
  "findIndex",
]);
const FUNCTIONS = new Set([
  "ArrowFunction",
  "FunctionExpression",
  "FunctionDeclaration",
  "MethodDeclaration",
]);

const parsed = new Map<string, Source>();

/** A cell that is not in an editor. */
export function sourceOf(text: string): Source {
  const known = parsed.get(text);
  if (known) return known;
  if (parsed.size > 500) parsed.clear();
  const source = { text, tree: codeLanguage.parser.parse(text) };
  parsed.set(text, source);
  return source;
}

let lastCells: { texts: readonly string[]; api: Api; cells: Cells } | undefined;

/** The names of these cells; while nothing changes in them, what was found out stays. */
export function cellsOf(texts: readonly string[], api: Api): Cells {
  const last = lastCells;
  const isSame = last?.api === api && last.texts.length === texts.length;
  if (isSame && texts.every((text, i) => text === last.texts[i])) return last.cells;
  const cells = new Cells(texts);
  lastCells = { texts, api, cells };
  return cells;
}

/** The names that cells give each other. */
export class Cells {
  readonly #names = new Map<string, { source: Source; definition: SyntaxNode }>();
  readonly #types = new Map<string, Shape | undefined>();

  /** Of several cells that give a name the last counts. */
  constructor(texts: readonly string[]) {
    for (const source of texts.map(sourceOf)) {
      for (const definition of topLevelNames(source)) {
        this.#names.set(source.text.slice(definition.from, definition.to), { source, definition });
      }
    }
  }

  get names(): Iterable<string> {
    return this.#names.keys();
  }

  /** What a name is; each is found out once. */
  typeOf(name: string, { api }: Inference): Shape | undefined {
    const known = this.#names.get(name);
    if (!known || this.#types.has(name)) return this.#types.get(name);
    // A name that is made of itself ends here.
    this.#types.set(name, undefined);
    const type = new Inference(api, known.source, this).typeOfDefinition(known.definition);
    this.#types.set(name, type);
    return type;
  }
}

export class Inference {
  #depth = 0;

  constructor(
    readonly api: Api,
    readonly source: Source,
    /** The other cells. */
    readonly cells: Cells,
  ) {}

  /** What a name is at a place: declared around it, by another cell, or by the API. */
  nameAt(name: string, at: SyntaxNode): Shape | undefined {
    const here = definitionsIn(this.source).filter((d) => this.#text(d) === name && isVisible(d, at));
    const nearest = here.sort((a, b) => scopeSize(a) - scopeSize(b))[0];
    if (nearest) return this.typeOfDefinition(nearest);
    return this.shared(name) ?? this.api.global(name)?.type ?? this.#language(name);
  }

  /** A name that another cell declares. */
  shared(name: string): Shape | undefined {
    return this.cells.typeOf(name, this);
  }

  typeOf(node: SyntaxNode | null | undefined): Shape | undefined {
    return node ? this.#deeper(() => this.#typeOf(node)) : undefined;
  }

  #deeper(look: () => Shape | undefined): Shape | undefined {
    if (this.#depth > MOST_DEPTH) return undefined;
    this.#depth++;
    const found = look();
    this.#depth--;
    return found;
  }

  #typeOf(node: SyntaxNode): Shape | undefined {
    switch (node.name) {
      case "VariableName":
        return this.nameAt(this.#text(node), node);
      case "ParenthesizedExpression":
        return this.typeOf(node.firstChild?.nextSibling);
      case "AwaitExpression":
        return this.api.awaited(this.typeOf(node.lastChild));
      case "MemberExpression": {
        const object = this.typeOf(node.firstChild);
        const property = node.getChild("PropertyName");
        return property ? this.member(object, this.#text(property))?.type : this.api.item(object);
      }
      case "CallExpression":
        return this.api.calls(this.typeOf(node.firstChild))[0]?.returns;
      case "ArrayExpression": {
        const item = this.typeOf(node.firstChild?.nextSibling);
        return { ...named("Array"), ...(item && { item }) };
      }
      case "ObjectExpression":
        return this.#object(node);
      case "NewExpression":
        return node.getChild("VariableName")
          ? named(this.#text(node.getChild("VariableName") as SyntaxNode))
          : undefined;
      case "String":
      case "TemplateString":
        return named("string");
      case "Number":
        return named("number");
      case "BooleanLiteral":
        return named("boolean");
      case "RegExp":
        return named("RegExp");
      case "ConditionalExpression":
        return this.typeOf(node.lastChild);
      case "BinaryExpression":
        return node.getChild("as") || node.getChild("satisfies") ? this.#written(node.lastChild) : undefined;
      default:
        return FUNCTIONS.has(node.name) ? this.#function(node) : undefined;
    }
  }

  member(shape: Shape | undefined, name: string): Member | undefined {
    const known = this.api.members(shape).get(name);
    if (known) return known;
    const isRecord = shape?.item && !shape.is?.includes("Array");
    return isRecord ? { type: shape.item as Shape } : undefined;
  }

  /** What should stand where `node` stands, by the parameter or option that it is given for. */
  expected(node: SyntaxNode): Shape | undefined {
    return this.#deeper(() => this.#expected(node));
  }

  #expected(node: SyntaxNode): Shape | undefined {
    const { parent } = node;
    if (!parent) return undefined;
    switch (parent.name) {
      case "ArgList":
        return this.parameter(parent, argumentIndex(parent, node.from));
      case "Property": {
        const key = parent.firstChild;
        if (!key || key.from === node.from || !parent.parent) return undefined;
        return this.member(this.expected(parent.parent), this.#text(key).replace(/^["'](.*)["']$/, "$1"))
          ?.type;
      }
      case "ArrayExpression":
        return this.api.item(this.expected(parent));
      case "ParenthesizedExpression":
      case "ConditionalExpression":
        return this.expected(parent);
      default:
        return undefined;
    }
  }

  /** The type of a call's argument. */
  parameter(list: SyntaxNode, index: number): Shape | undefined {
    const callee = list.prevSibling;
    for (const { params } of this.api.calls(this.typeOf(callee))) {
      const param = params[index] ?? (params.at(-1)?.rest ? params.at(-1) : undefined);
      if (param) return param.rest ? this.api.item(param.type) : param.type;
    }
    return undefined;
  }

  typeOfDefinition(definition: SyntaxNode): Shape | undefined {
    return this.#deeper(() => this.#typeOfDefinition(definition));
  }

  #typeOfDefinition(definition: SyntaxNode): Shape | undefined {
    const parent = definition.parent;
    if (!parent) return undefined;
    switch (parent.name) {
      case "VariableDeclaration":
        return this.#declared(definition);
      case "ForOfSpec":
        return this.api.item(this.typeOf(parent.getChild("of")?.nextSibling));
      case "PatternProperty": {
        const key = parent.getChild("PropertyName") ?? definition;
        const pattern = parent.parent;
        return pattern ? this.member(this.typeOfDefinition(pattern), this.#text(key))?.type : undefined;
      }
      case "ArrayPattern":
        return this.api.item(this.typeOfDefinition(parent));
      case "ParamList":
        return this.#argument(definition, parent);
      case "ImportGroup":
      case "ImportDeclaration":
        return this.api.global(this.#text(definition))?.type;
      default:
        return FUNCTIONS.has(parent.name) ? this.#function(parent) : undefined;
    }
  }

  /** By its annotation, or by the value that it begins with. */
  #declared(definition: SyntaxNode): Shape | undefined {
    let next = definition.nextSibling;
    if (next?.name === "TypeAnnotation") {
      const written = this.#written(next.lastChild);
      if (written) return written;
      next = next.nextSibling;
    }
    return next?.name === "Equals" ? this.typeOf(next.nextSibling) : undefined;
  }

  #written(type: SyntaxNode | null): Shape | undefined {
    return type?.name === "TypeName" ? named(this.#text(type)) : undefined;
  }

  /** The parameter of a function that is itself an argument. */
  #argument(definition: SyntaxNode, list: SyntaxNode): Shape | undefined {
    const annotation = definition.nextSibling;
    if (annotation?.name === "TypeAnnotation") return this.#written(annotation.lastChild);
    const callback = list.parent;
    if (!callback) return undefined;
    const index = argumentIndex(list, definition.from);
    const expected = this.api.calls(this.expected(callback))[0]?.params[index]?.type;
    if (expected) return expected;
    const callee = callback.parent?.name === "ArgList" ? callback.parent.prevSibling : undefined;
    const method = callee?.getChild("PropertyName");
    if (index !== 0 || !callee || !method || !EACH.has(this.#text(method))) return undefined;
    return this.api.item(this.typeOf(callee.firstChild));
  }

  /** A function of the reader's own: what it takes, and what it gives if it is one expression. */
  #function(node: SyntaxNode): Shape {
    const list = node.getChild("ParamList");
    const params = childrenOf(list)
      .filter((child) => child.name === "VariableDefinition" || child.name.endsWith("Pattern"))
      .map((child) => ({ name: this.#text(child).replaceAll(/\s+/g, " "), type: { text: "" } }));
    const body = node.name === "ArrowFunction" ? node.lastChild : null;
    const value = body && body.name !== "Block" ? this.typeOf(body) : undefined;
    const isAsync = node.getChild("async") !== null;
    const returns = value && isAsync ? { ...named("Promise"), awaited: value } : (value ?? { text: "" });
    return { text: "function", is: ["Function"], calls: [{ params, returns }] };
  }

  /** An object as it is written. */
  #object(node: SyntaxNode): Shape {
    const members: Record<string, Member> = {};
    for (const property of childrenOf(node)) {
      const key = property.getChild("PropertyDefinition");
      if (property.name !== "Property" || !key) continue;
      const value = property.lastChild;
      const isShort = value?.from === key.from;
      const type = isShort ? this.nameAt(this.#text(key), key) : this.typeOf(value);
      members[this.#text(key)] = { type: type ?? { text: "" } };
    }
    return { text: `{ ${Object.keys(members).join(", ")} }`, members };
  }

  #language(name: string): Shape | undefined {
    return LANGUAGE_GLOBALS.includes(name) ? { text: name, is: [`global:${name}`] } : undefined;
  }

  #text(node: SyntaxNode): string {
    return this.source.text.slice(node.from, node.to);
  }
}

/** Objects of the language that cells use by name. */
export const LANGUAGE_GLOBALS = [
  "Math",
  "Object",
  "Array",
  "Number",
  "String",
  "JSON",
  "Promise",
  "Date",
  "console",
  "performance",
];

/** Which argument of a list stands at an offset. */
export function argumentIndex(list: SyntaxNode, offset: number): number {
  return childrenOf(list).filter((child) => child.name === "," && child.to <= offset).length;
}

export function childrenOf(node: SyntaxNode | null): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node?.firstChild ?? null; child; child = child.nextSibling) children.push(child);
  return children;
}

/** Nodes that give a name a meaning. */
export function definitionsIn({ tree }: Source): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  tree.iterate({
    enter: (node) => {
      if (node.name === "VariableDefinition") found.push(node.node);
    },
  });
  return found;
}

const topLevel = new WeakMap<Source, SyntaxNode[]>();

/** Of these, those that all cells see. */
function topLevelNames(source: Source): SyntaxNode[] {
  const known = topLevel.get(source);
  if (known) return known;
  const names = definitionsIn(source).filter((definition) => scopeOf(definition).name === "Script");
  topLevel.set(source, names);
  return names;
}

export function isVisible(definition: SyntaxNode, at: SyntaxNode): boolean {
  const scope = scopeOf(definition);
  return scope.from <= at.from && scope.to >= at.to;
}

function scopeSize(definition: SyntaxNode): number {
  const scope = scopeOf(definition);
  return scope.to - scope.from;
}

/** The part of the text in which a name is known. */
function scopeOf(definition: SyntaxNode): SyntaxNode {
  const isOwnName =
    definition.parent?.name === "FunctionDeclaration" || definition.parent?.name === "ClassDeclaration";
  let node: SyntaxNode = isOwnName ? (definition.parent as SyntaxNode) : definition;
  while (node.parent) {
    node = node.parent;
    if (node.name === "Block" || node.name === "ForStatement" || FUNCTIONS.has(node.name)) return node;
  }
  return node;
}
