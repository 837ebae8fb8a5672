// Turns the text of a cell into the text of one async function.
//
// What changes: top-level names become properties of the scope shared by all cells (assigned where they were declared,
// so `const` may be run again and closures see the current value); every loop body and function begins with a cheap
// check that lets Stop end it; `await` remembers its place; the value of the last expression is returned.
// What stays: every line stays on its line, and `locate` maps a column of the result back to the cell.

import type { AnyNode, CallExpression, Pattern, Program, VariableDeclaration } from "acorn";
import { parse } from "acorn";
import MagicString from "magic-string";
import type { DeclarationKind } from "./names.ts";
import {
  blockNames,
  boundNames,
  childrenOf,
  exported,
  isFunction,
  Scope,
  usingNames,
  varNames,
} from "./names.ts";

/** The parameters of the compiled function: the shared scope, and the run-time half (`CellRuntime`). */
const SCOPE = "__scope";
const RUNTIME = "__cell";
const GUARD = `${RUNTIME}.n--||${RUNTIME}.check();`;

/** A place in a cell, as people count: line and column from 1. */
export interface Place {
  line: number;
  column: number;
}

/** What the compiled function calls while it runs. */
export interface CellRuntime {
  /** Counts down to 0, then `check` is called. */
  n: number;
  /** Throws when the run was stopped; sets `n` anew. */
  check(): void;
  /** Passes an awaited value on and notes the offset of the `await` in an error that knows no place in a cell. */
  from(offset: number, value: unknown): unknown;
  /** As `from`, for the cell's own statements: after Stop none of them goes on. */
  own(offset: number, value: unknown): unknown;
  /** Throws the error for an assignment to a name that no cell declares. */
  unknown(name: string): never;
  /** Resolves a built-in module; fails when it lacks one of `names`. */
  import(specifier: unknown, names?: string[]): Promise<unknown>;
}

export interface TransformOptions {
  /** Names that are plain globals now (`Math`, `console`); everything else free is looked up in the shared scope. */
  isGlobal(name: string): boolean;
  /** Names declared `const` by other cells: assigning to them is an error. */
  constants?: ReadonlySet<string>;
  /** Name of the compiled text in stack traces. */
  sourceUrl: string;
}

export interface CompiledCell {
  /** Evaluates to `async (scope, runtime) => value of the last expression`. */
  code: string;
  /** Names the cell declares at its top level. */
  defines: Map<string, DeclarationKind>;
  /** Names the cell reads or writes and does not declare, globals left out. */
  uses: Set<string>;
  /** The place in the cell of a place in `code` (both from 1), as found in a stack trace. */
  locate(line: number, column: number): Place | undefined;
  /** The place in the cell of an offset in its source. */
  placeOf(offset: number): Place;
}

/** A cell that cannot be compiled; `place` is where. */
export class CellSyntaxError extends SyntaxError {
  override readonly name: string = "SyntaxError";
  constructor(
    message: string,
    readonly place: Place,
  ) {
    super(message);
  }
}

export function transformCell(source: string, options: TransformOptions): CompiledCell {
  const program = parseCell(source);
  const rewriter = new Rewriter(source, program, options);
  rewriter.run();
  return rewriter.compiled();
}

function parseCell(source: string): Program {
  try {
    return parse(source, { ecmaVersion: "latest", sourceType: "module", locations: false });
  } catch (error) {
    if (!(error instanceof SyntaxError) || !("pos" in error)) throw error;
    const message = error.message.replace(/ \(\d+:\d+\)$/, "");
    throw new CellSyntaxError(message, placeIn(source, Number(error.pos)));
  }
}

function placeIn(source: string, offset: number): Place {
  const before = source.slice(0, offset);
  const line = before.split("\n").length;
  return { line, column: offset - before.lastIndexOf("\n") };
}

class Rewriter {
  readonly #text: MagicString;
  readonly #root = new Scope();
  readonly #defines: Map<string, DeclarationKind>;
  readonly #vars: Set<string>;
  readonly #uses = new Set<string>();
  /** How many functions surround the node being visited. */
  #functionDepth = 0;
  readonly #source: string;
  readonly #program: Program;
  readonly #options: TransformOptions;

  constructor(source: string, program: Program, options: TransformOptions) {
    this.#source = source;
    this.#program = program;
    this.#options = options;
    this.#text = new MagicString(source);
    this.#vars = varNames(program);
    this.#defines = blockNames(program.body);
    for (const name of this.#vars) this.#defines.set(name, "var");
  }

  run(): void {
    const body = this.#program.body;
    // A scope of its own for what stays local, so that the root holds the shared names alone.
    const scope = new Scope(this.#root);
    for (const name of usingNames(body)) scope.names.add(name);
    const last = body.findLast((node) => node.type !== "EmptyStatement");
    for (const statement of body) {
      if (statement === last && statement.type === "ExpressionStatement") {
        this.#open(statement.start, `return ${RUNTIME}.own(${statement.start},(`);
        this.#terminate(statement);
        this.#close(statement.expression.end, "))");
        this.#visit(statement.expression, scope);
      } else {
        this.#topLevel(statement, scope);
      }
    }
  }

  compiled(): CompiledCell {
    const text = this.#text;
    text.prepend(`(async function(${SCOPE},${RUNTIME}){"use strict";${this.#hoisted()}`);
    text.append(`\n})\n//# sourceURL=${this.#options.sourceUrl}`);
    let mappings: number[][][] | undefined;
    return {
      code: text.toString(),
      defines: this.#defines,
      uses: this.#uses,
      placeOf: (offset) => placeIn(this.#source, offset),
      locate: (line, column) => {
        mappings ??= text.generateDecodedMap({ hires: true }).mappings as number[][][];
        const segment = mappings[line - 1]?.findLast((s) => (s[0] ?? 0) <= column - 1);
        if (segment?.[2] === undefined || segment[3] === undefined) {
          return line <= this.#source.split("\n").length ? { line, column: 1 } : undefined;
        }
        return { line: segment[2] + 1, column: segment[3] + 1 };
      },
    };
  }

  /** Functions exist before the first statement; `var` names exist, without losing the value of an earlier run. */
  #hoisted(): string {
    let prefix = "";
    for (const name of this.#vars) prefix += `Object.hasOwn(${SCOPE},"${name}")||(${SCOPE}.${name}=void 0);`;
    for (const [name, kind] of this.#defines) if (kind === "function") prefix += `${SCOPE}.${name}=${name};`;
    return prefix;
  }

  /** A statement of the cell itself. Only here do declarations change; `#visit` does everything below. */
  #topLevel(statement: AnyNode, scope: Scope): void {
    if (statement.type === "ExportDefaultDeclaration" || statement.type === "ExportAllDeclaration") {
      this.#fail(
        "A cell has no default export and re-exports nothing: its names are shared with all cells.",
        statement,
      );
    }
    if (statement.type === "ExportNamedDeclaration") {
      if (!statement.declaration)
        this.#fail("A cell needs no exports: its names are shared with all cells.", statement);
      this.#text.update(statement.start, statement.start + "export".length, " ");
    }
    const node = exported(statement);
    if (node.type === "VariableDeclaration" && (node.kind === "let" || node.kind === "const")) {
      this.#sharedVariables(node, scope);
    } else if (node.type === "ClassDeclaration" && node.id) {
      this.#open(node.start, `${SCOPE}.${node.id.name}=`);
      this.#close(node.end, ";");
      this.#class(node, scope);
    } else if (node.type === "ImportDeclaration") {
      this.#import(node);
    } else {
      this.#visit(node, scope);
    }
  }

  /** `const { a } = f(), b = 1` becomes `({ a: scope.a } = f()), scope.b = 1;`. */
  #sharedVariables(node: VariableDeclaration, scope: Scope, terminated = true): void {
    this.#text.update(node.start, node.start + node.kind.length, " ");
    if (terminated) this.#terminate(node);
    for (const declarator of node.declarations) {
      const { id, init } = declarator;
      if (id.type !== "Identifier") {
        this.#open(declarator.start, "(");
        this.#close(declarator.end, ")");
      } else if (!init && node.kind === "let") {
        this.#close(declarator.end, "=void 0");
      } else if (init && isAnonymous(init)) {
        // An assignment to a property gives no name to a function; a property of a literal does.
        this.#open(init.start, `({${id.name}:`);
        this.#close(init.end, `}).${id.name}`);
      }
      this.#visit(id, scope);
      if (init) this.#visit(init, scope);
    }
  }

  #import(node: Extract<AnyNode, { type: "ImportDeclaration" }>): void {
    const named: string[] = [];
    const wanted: string[] = [];
    let namespace = "";
    for (const specifier of node.specifiers) {
      if (specifier.type === "ImportNamespaceSpecifier") {
        namespace = `${SCOPE}.${specifier.local.name}=`;
        continue;
      }
      const imported =
        specifier.type === "ImportDefaultSpecifier"
          ? "default"
          : specifier.imported.type === "Identifier"
            ? specifier.imported.name
            : String(specifier.imported.value);
      wanted.push(imported);
      named.push(`${JSON.stringify(imported)}:${SCOPE}.${specifier.local.name}`);
    }
    const pattern = named.length > 0 ? `{${named.join(",")}}=` : "";
    const module = JSON.stringify(node.source.value);
    const load = `await ${RUNTIME}.own(${node.start},${RUNTIME}.import(${module},${JSON.stringify(wanted)}))`;
    const newlines = this.#source.slice(node.start, node.end).replace(/[^\n]/g, "");
    this.#text.overwrite(node.start, node.end, `(${namespace}${pattern}${load});${newlines}`);
  }

  #visit(node: AnyNode, scope: Scope): void {
    if (endsWithSemicolon(node)) this.#terminate(node);
    switch (node.type) {
      case "Identifier":
        this.#reference(node, scope);
        return;
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        this.#function(node, scope);
        return;
      case "ClassDeclaration":
      case "ClassExpression":
        this.#class(node, scope);
        return;
      case "BlockStatement":
      case "StaticBlock":
        this.#block(node.body, scope, node.type === "StaticBlock" ? varNames(node) : []);
        return;
      case "SwitchStatement":
        this.#visit(node.discriminant, scope);
        this.#switch(node, scope);
        return;
      case "CatchClause": {
        const inner = this.#child(
          scope,
          boundNames(node.param).map((b) => b.name),
        );
        if (node.param) this.#visit(node.param, inner);
        this.#visit(node.body, inner);
        return;
      }
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement":
      case "WhileStatement":
      case "DoWhileStatement":
        this.#loop(node, scope);
        return;
      case "VariableDeclaration":
        this.#terminate(node);
        this.#variables(node, scope);
        return;
      case "CallExpression":
        this.#call(node, scope);
        return;
      case "TaggedTemplateExpression":
        if (node.tag.type === "Identifier") this.#callee(node.tag.start, node.tag.end, node.tag.name, scope);
        this.#children(node, scope);
        return;
      case "UnaryExpression":
        if (node.operator === "typeof" && node.argument.type === "Identifier") {
          this.#typeof(node.argument.name, node.argument.start, node.argument.end, scope);
        } else {
          this.#visit(node.argument, scope);
        }
        return;
      case "AwaitExpression":
        this.#open(node.argument.start, `${RUNTIME}.${this.#functionDepth ? "from" : "own"}(${node.start},(`);
        this.#close(node.argument.end, "))");
        this.#visit(node.argument, scope);
        return;
      case "AssignmentExpression":
        this.#assignment(node, scope);
        return;
      case "UpdateExpression":
        this.#assigned(boundNames(node.argument as Pattern), scope);
        this.#visit(node.argument, scope);
        return;
      case "MemberExpression":
        this.#visit(node.object, scope);
        if (node.computed) this.#visit(node.property, scope);
        return;
      case "Property":
        this.#property(node, scope);
        return;
      case "MethodDefinition":
      case "PropertyDefinition":
        if (node.computed) this.#visit(node.key, scope);
        if (node.value) this.#visit(node.value, scope);
        return;
      case "LabeledStatement":
        this.#visit(node.body, scope);
        return;
      case "BreakStatement":
      case "ContinueStatement":
        return;
      case "ImportExpression":
        this.#text.update(node.start, node.start + "import".length, `${RUNTIME}.import`);
        this.#visit(node.source, scope);
        return;
      case "MetaProperty":
        if (node.meta.name === "import") this.#fail("import.meta has no meaning in a cell.", node);
        return;
      default:
        this.#children(node, scope);
    }
  }

  #children(node: AnyNode, scope: Scope): void {
    for (const child of childrenOf(node)) this.#visit(child, scope);
  }

  #child(scope: Scope, names: Iterable<string>): Scope {
    const inner = new Scope(scope);
    for (const name of names) inner.names.add(name);
    return inner;
  }

  #block(body: readonly AnyNode[], scope: Scope, extra: Iterable<string>): void {
    const inner = this.#child(scope, [...blockNames(body).keys(), ...usingNames(body), ...extra]);
    for (const statement of body) this.#visit(statement, inner);
  }

  #switch(node: Extract<AnyNode, { type: "SwitchStatement" }>, scope: Scope): void {
    const statements = node.cases.flatMap((c) => c.consequent as AnyNode[]);
    const inner = this.#child(scope, [...blockNames(statements).keys(), ...usingNames(statements)]);
    for (const branch of node.cases) this.#children(branch, inner);
  }

  #function(
    node: Extract<
      AnyNode,
      { type: "FunctionDeclaration" | "FunctionExpression" | "ArrowFunctionExpression" }
    >,
    scope: Scope,
  ): void {
    const names = node.params.flatMap((p) => boundNames(p).map((b) => b.name));
    if (node.type === "FunctionExpression" && node.id) names.push(node.id.name);
    if (node.type !== "ArrowFunctionExpression") names.push("arguments");
    const inner = this.#child(scope, names);
    const body = node.body;
    if (body.type === "BlockStatement") {
      for (const name of varNames(body)) inner.names.add(name);
      const directive = body.body.findLast(
        (s) => s.type === "ExpressionStatement" && s.directive !== undefined,
      );
      // A directive without a semicolon gets one (`#visit`), then the guard follows it.
      if (directive) this.#close(directive.end, GUARD);
      else this.#text.appendLeft(body.start + 1, GUARD);
    } else {
      this.#open(body.start, `(${GUARD.slice(0, -1)},`);
      this.#close(body.end, ")");
    }
    this.#functionDepth++;
    for (const param of node.params) this.#visit(param, inner);
    if (body.type === "BlockStatement") this.#block(body.body, inner, []);
    else this.#visit(body, inner);
    this.#functionDepth--;
  }

  #class(node: Extract<AnyNode, { type: "ClassDeclaration" | "ClassExpression" }>, scope: Scope): void {
    const inner = this.#child(scope, node.id ? [node.id.name] : []);
    if (node.superClass) this.#visit(node.superClass, inner);
    for (const member of node.body.body) this.#visit(member, inner);
  }

  #loop(
    node: Extract<
      AnyNode,
      {
        type: "ForStatement" | "ForInStatement" | "ForOfStatement" | "WhileStatement" | "DoWhileStatement";
      }
    >,
    scope: Scope,
  ): void {
    const head = node.type === "ForStatement" ? node.init : "left" in node ? node.left : undefined;
    const local = head?.type === "VariableDeclaration" && head.kind !== "var";
    const names = local ? head.declarations.flatMap((d) => boundNames(d.id).map((b) => b.name)) : [];
    if (head && head.type !== "VariableDeclaration" && "left" in node)
      this.#assigned(boundNames(head as Pattern), scope);
    const inner = this.#child(scope, names);
    const { body } = node;
    if (body.type === "BlockStatement") {
      this.#text.appendLeft(body.start + 1, GUARD);
    } else {
      this.#open(body.start, `{${GUARD}`);
      this.#close(body.end, "}");
    }
    for (const child of childrenOf(node)) {
      if (child === head && child.type === "VariableDeclaration") this.#variables(child, inner);
      else this.#visit(child, inner);
    }
  }

  /** A declaration below the top level: shared if it is a `var` of the cell itself, else left as it is. */
  #variables(node: VariableDeclaration, scope: Scope): void {
    const shared =
      node.kind === "var" &&
      node.declarations.some((d) => boundNames(d.id).some((b) => !scope.isLocal(b.name)));
    if (shared) this.#sharedVariables(node, scope, false);
    else this.#children(node, scope);
  }

  #call(node: CallExpression, scope: Scope): void {
    const { callee } = node;
    // A bare call has no `this`: `scope.f()` would pass the scope.
    if (callee.type === "Identifier") this.#callee(callee.start, callee.end, callee.name, scope);
    this.#children(node, scope);
  }

  #callee(start: number, end: number, name: string, scope: Scope): void {
    if (!this.#isShared(name, scope)) return;
    this.#open(start, "(0,");
    this.#close(end, ")");
  }

  #typeof(name: string, start: number, end: number, scope: Scope): void {
    if (!this.#isShared(name, scope)) return;
    this.#use(name);
    this.#open(start, `("${name}"in ${SCOPE}?${SCOPE}.`);
    this.#close(end, ":void 0)");
  }

  #property(node: Extract<AnyNode, { type: "Property" }>, scope: Scope): void {
    if (!node.shorthand) {
      if (node.computed) this.#visit(node.key, scope);
      this.#visit(node.value, scope);
      return;
    }
    if (node.key.type === "Identifier" && this.#isShared(node.key.name, scope)) {
      this.#open(node.start, `${node.key.name}:`);
    }
    this.#visit(node.value, scope);
  }

  #reference(node: Extract<AnyNode, { type: "Identifier" }>, scope: Scope): void {
    if (!this.#isShared(node.name, scope)) return;
    this.#use(node.name);
    this.#open(node.start, `${SCOPE}.`);
  }

  #isShared(name: string, scope: Scope): boolean {
    if (scope.isLocal(name)) return false;
    return (
      this.#defines.has(name) ||
      !(this.#options.isGlobal(name) || name === "arguments" || name === "undefined")
    );
  }

  #use(name: string): void {
    if (!this.#defines.has(name)) this.#uses.add(name);
  }

  #assignment(node: Extract<AnyNode, { type: "AssignmentExpression" }>, scope: Scope): void {
    const targets = boundNames(node.left as Pattern);
    this.#assigned(targets, scope);
    const foreign = targets.filter(({ name }) => this.#isShared(name, scope) && !this.#defines.has(name));
    if (foreign.length > 0 && node.operator === "=") {
      const checks = foreign.map(({ name }) => `"${name}"in ${SCOPE}||${RUNTIME}.unknown("${name}"),`);
      this.#open(node.start, `(${checks.join("")}`);
      this.#close(node.end, ")");
    }
    this.#children(node, scope);
  }

  /** An assignment to a constant is found here: as properties, the shared names would allow it. */
  #assigned(targets: { name: string; node: { start: number } }[], scope: Scope): void {
    for (const { name, node } of targets) {
      if (scope.isLocal(name)) continue;
      const own = this.#defines.get(name);
      const constant = own ? own === "const" || own === "import" : this.#options.constants?.has(name);
      if (constant) this.#fail(`Assignment to constant variable: "${name}" is declared with const.`, node);
    }
  }

  /** The source relied on a line break to end this statement; what begins the next line may no longer allow that. */
  #terminate(node: AnyNode): void {
    if (this.#source[node.end - 1] !== ";") this.#close(node.end, ";");
  }

  /** Text before `offset`; called from the outside in, so the outermost comes first. */
  #open(offset: number, text: string): void {
    this.#text.appendRight(offset, text);
  }

  /** Text after `offset`; called from the outside in, so the outermost comes last. */
  #close(offset: number, text: string): void {
    this.#text.prependLeft(offset, text);
  }

  #fail(message: string, node: { start: number }): never {
    throw new CellSyntaxError(message, placeIn(this.#source, node.start));
  }
}

function isAnonymous(node: AnyNode): boolean {
  if (node.type === "ClassExpression") return !node.id;
  return isFunction(node) && !(node.type === "FunctionExpression" && node.id);
}

function endsWithSemicolon(node: AnyNode): boolean {
  switch (node.type) {
    case "ExpressionStatement":
    case "ReturnStatement":
    case "ThrowStatement":
    case "BreakStatement":
    case "ContinueStatement":
    case "DebuggerStatement":
    case "DoWhileStatement":
      return true;
    default:
      return false;
  }
}
