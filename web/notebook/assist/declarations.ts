// Reads the declarations of the API (`tests/api.d.ts`) when the site is built: what the editor needs to know of them, no more. The parser is
// the editor's own.

import type { SyntaxNode } from "@lezer/common";
import { parser } from "@lezer/javascript";
import type { ApiHelp, Member, Parameter, Shape, Signature, TypeHelp } from "./api.ts";

/** The types that a text declares and that values of `roots` lead to. */
export function readDeclarations(text: string, roots: string[]): ApiHelp {
  const all = new Reader(text).read();
  const needed: ApiHelp = {};
  const pending = [...roots];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const type = all[name];
    if (!type || needed[name]) continue;
    needed[name] = type;
    pending.push(...namesIn(type));
  }
  return Object.fromEntries(Object.entries(needed).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function namesIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "is" ? (inner as string[]) : namesIn(inner),
  );
}

class Reader {
  readonly #types: ApiHelp = {};
  #unnamed = 0;

  constructor(private readonly text: string) {}

  read(): ApiHelp {
    const tree = parser.configure({ dialect: "ts" }).parse(this.text);
    for (let node = tree.topNode.firstChild; node; node = node.nextSibling) {
      const declared = node.name === "ExportDeclaration" ? this.#inner(node) : node;
      if (declared) this.#declaration(declared, this.#docBefore(node));
    }
    return this.#types;
  }

  #inner(node: SyntaxNode): SyntaxNode | undefined {
    const kinds = ["InterfaceDeclaration", "ClassDeclaration", "TypeAliasDeclaration"];
    for (let child = node.firstChild; child; child = child.nextSibling) {
      if (kinds.includes(child.name)) return child;
      if (child.name === "AmbientDeclaration") return this.#inner(child);
    }
    return undefined;
  }

  #declaration(node: SyntaxNode, doc: string | undefined): void {
    const name = node.getChild("TypeDefinition") ?? node.getChild("VariableDefinition");
    if (!name) return;
    const type: TypeHelp = { ...(doc && { doc }) };
    if (node.name === "TypeAliasDeclaration") {
      const value = node.lastChild?.name === ";" ? node.lastChild.prevSibling : node.lastChild;
      if (value) type.extends = [this.#shape(value)];
    } else if (node.name === "InterfaceDeclaration" || node.name === "ClassDeclaration") {
      const above = this.#extended(node);
      if (above.length > 0) type.extends = above;
      const body = node.getChild("ObjectType") ?? node.getChild("ClassBody");
      if (body) Object.assign(type, this.#body(body));
    } else return;
    this.#types[this.#of(name)] = type;
  }

  #extended(node: SyntaxNode): Shape[] {
    const shapes: Shape[] = [];
    let after = false;
    for (let child = node.firstChild; child; child = child.nextSibling) {
      if (child.name === "extends") after = true;
      else if (child.name === "implements" || child.name === "ClassBody" || child.name === "ObjectType")
        after = false;
      else if (after && child.name !== "," && child.name !== "TypeArgList") shapes.push(this.#shape(child));
    }
    return shapes;
  }

  #body(body: SyntaxNode): Pick<TypeHelp, "members" | "calls"> {
    const members: Record<string, Member> = {};
    const calls: Signature[] = [];
    for (let node = body.firstChild; node; node = node.nextSibling) {
      if (node.name === "CallSignature") calls.push(this.#signature(node));
      const property = node.getChild("PropertyDefinition");
      if (!property || node.name === "IndexSignature" || node.getChild("Privacy") || node.getChild("static"))
        continue;
      const name = this.#of(property).replace(/^"(.*)"$/, "$1");
      const doc = this.#docBefore(node);
      if (name === "constructor" || doc?.includes("@internal") || members[name]) continue;
      const isGetter = node.getChild("get") !== null;
      const isMethod = (node.name === "MethodDeclaration" || node.name === "MethodType") && !isGetter;
      if (node.getChild("set")) continue;
      const type = isMethod ? this.#method(node) : this.#annotation(node);
      members[name] = { ...(doc && { doc }), type, ...(node.getChild("Optional") && { optional: true }) };
    }
    return { ...(Object.keys(members).length > 0 && { members }), ...(calls.length > 0 && { calls }) };
  }

  #method(node: SyntaxNode): Shape {
    return { text: "", calls: [this.#signature(node)] };
  }

  #signature(node: SyntaxNode): Signature {
    const params = node.getChild("ParamList");
    const arrow = node.getChild("Arrow");
    const returned = arrow?.nextSibling;
    return {
      params: params ? this.#parameters(params) : [],
      returns: returned ? this.#shape(returned) : this.#annotation(node),
    };
  }

  #parameters(list: SyntaxNode): Parameter[] {
    const params: Parameter[] = [];
    let [rest, from]: [boolean, SyntaxNode | undefined] = [false, undefined];
    for (let node = list.firstChild; node; node = node.nextSibling) {
      if (node.name === "Spread") rest = true;
      else if (node.name === "VariableDefinition" || node.name.endsWith("Pattern")) {
        params.push({
          name: node.name.endsWith("Pattern") ? "options" : this.#of(node),
          type: { text: "unknown" },
        });
        from = node;
        if (rest) (params.at(-1) as Parameter).rest = true;
        rest = false;
      } else if (from && node.name === "Optional") (params.at(-1) as Parameter).optional = true;
      else if (from && node.name === "Equals") (params.at(-1) as Parameter).optional = true;
      else if (from && node.name === "TypeAnnotation")
        (params.at(-1) as Parameter).type = this.#annotated(node);
    }
    return params;
  }

  #annotation(node: SyntaxNode): Shape {
    const annotation = node.getChild("TypeAnnotation");
    return annotation ? this.#annotated(annotation) : { text: "unknown" };
  }

  #annotated(annotation: SyntaxNode): Shape {
    const type = annotation.lastChild;
    return type ? this.#shape(type) : { text: "unknown" };
  }

  #shape(node: SyntaxNode): Shape {
    const shape: Shape = { text: this.#short(node) };
    this.#understand(node, shape);
    return shape;
  }

  /** Adds to `shape` what its type says. */
  #understand(node: SyntaxNode, shape: Shape): void {
    const is = (name: string) => {
      if (name !== "unknown" && name !== "void" && name !== "null" && name !== "undefined") {
        shape.is = [...new Set([...(shape.is ?? []), name])];
      }
    };
    switch (node.name) {
      case "TypeName":
      case "VariableName":
        is(this.#of(node));
        break;
      case "ThisType":
        is("this");
        break;
      case "LiteralType":
        if (/^["']/.test(this.#of(node))) shape.words = [...(shape.words ?? []), this.#of(node).slice(1, -1)];
        break;
      case "UnionType":
      case "IntersectionType":
      case "ParenthesizedType":
      case "ReadonlyType":
        for (let child = node.firstChild; child; child = child.nextSibling) this.#understand(child, shape);
        break;
      case "ArrayType":
        is("Array");
        if (node.firstChild) shape.item = this.#shape(node.firstChild);
        break;
      case "TupleType":
        is("Array");
        break;
      case "FunctionSignature":
        shape.calls = [...(shape.calls ?? []), this.#signature(node)];
        break;
      case "ObjectType": {
        const name = `#${++this.#unnamed}`;
        this.#types[name] = this.#body(node);
        is(name);
        break;
      }
      case "ParameterizedType":
        this.#parameterised(node, shape, is);
        break;
    }
  }

  #parameterised(node: SyntaxNode, shape: Shape, is: (name: string) => void): void {
    const name = node.firstChild ? this.#of(node.firstChild) : "";
    const list = node.getChild("TypeArgList");
    const args: SyntaxNode[] = [];
    for (let arg = list?.firstChild; arg; arg = arg.nextSibling)
      if (!/^[<>,]$/.test(arg.name)) args.push(arg);
    const [first, second] = args;
    if (name === "Promise" && first) {
      is("Promise");
      shape.awaited = this.#shape(first);
    } else if (name === "Record" && second) shape.item = this.#shape(second);
    else if ((name === "Readonly" || name === "Partial" || name === "Required") && first)
      this.#understand(first, shape);
    else if (name === "Omit" && first && second) {
      this.#understand(first, shape);
      shape.without = this.#shape(second).words ?? [];
    } else is(name);
  }

  /** A type in one line. */
  #short(node: SyntaxNode): string {
    const text = this.#of(node)
      .replaceAll(/\/\*[\s\S]*?\*\//g, "")
      .replaceAll(/\s+/g, " ")
      .replaceAll(/; }/g, " }");
    return text.length > 120 ? `${text.slice(0, 117)}…` : text;
  }

  #of(node: SyntaxNode): string {
    return this.text.slice(node.from, node.to);
  }

  #docBefore(node: SyntaxNode): string | undefined {
    const before = node.prevSibling;
    if (before?.name !== "BlockComment") return undefined;
    const text = this.#of(before);
    if (!text.startsWith("/**")) return undefined;
    const lines = text
      .slice(3, -2)
      .split("\n")
      .map((line) => line.replace(/^\s*\* ?/, ""));
    return joined(lines).trim();
  }
}

/** Lines of a paragraph are one line; those of code stay. */
function joined(lines: string[]): string {
  let [text, isCode] = ["", false];
  for (const line of lines) {
    const isFence = line.startsWith("```");
    if (isCode || isFence || line.trim() === "") text += `\n${line.trimEnd()}`;
    else text += text === "" || text.endsWith("\n") ? line.trim() : ` ${line.trim()}`;
    if (isFence) isCode = !isCode;
    if (isFence && !isCode) text += "\n";
  }
  return text;
}
