import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createScope } from "./scope.ts";
import type { CellRuntime } from "./transform.ts";
import { CellSyntaxError, transformCell } from "./transform.ts";

/** Runs cells one after the other in one scope and gives the last one's value. */
async function run(...cells: string[]): Promise<unknown> {
  const scope = createScope({});
  return runIn(scope, ...cells);
}

async function runIn(scope: Record<string, unknown>, ...cells: string[]): Promise<unknown> {
  let value: unknown;
  for (const cell of cells) value = await evaluate(cell)(scope, runtime());
  return value;
}

function evaluate(cell: string, constants?: Set<string>) {
  const compiled = compile(cell, constants);
  // biome-ignore lint/security/noGlobalEval: evaluating the cell is what is tested
  return globalThis.eval(compiled.code) as (scope: object, runtime: CellRuntime) => Promise<unknown>;
}

function compile(cell: string, constants = new Set<string>()) {
  return transformCell(cell, { isGlobal: (name) => name in globalThis, constants, sourceUrl: "cell-1" });
}

function runtime(check = () => {}): CellRuntime {
  return {
    n: 0,
    check() {
      this.n = 0;
      check();
    },
    from: (_offset, value) => value,
    own: (_offset, value) => value,
    unknown: (name) => {
      throw new ReferenceError(`${name} is not defined`);
    },
    import: async (specifier, names = []) => {
      const module: Record<string, unknown> = { default: "d", a: 1, b: 2 };
      for (const name of names)
        if (!(name in module)) throw new SyntaxError(`${String(specifier)} lacks ${name}`);
      return module;
    },
  };
}

describe("names shared between cells", () => {
  test("every kind of declaration is seen by the next cell", async () => {
    const value = await run(
      `const a = 1, b = 2
       let c
       var d = 4
       function e() { return 5 }
       class F { static six = 6 }
       const { g, h: [i, j = 10], ...k } = { g: 7, h: [8], l: 11 }`,
      "[a, b, c, d, e(), F.six, g, i, j, k]",
    );
    assert.deepEqual(value, [1, 2, undefined, 4, 5, 6, 7, 8, 10, { l: 11 }]);
  });

  test("const may be run again, and closures see the current value", async () => {
    assert.equal(await run("const x = 1; const read = () => x", "const x = 2", "read()"), 2);
  });

  test("a closure sees a function that a later cell defines", async () => {
    assert.equal(
      await run("const call = () => later(20)", "function later(n) { return n + 1 }", "call()"),
      21,
    );
  });

  test("functions are hoisted and recursive", async () => {
    assert.equal(
      await run("const n = fib(10); function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) }", "n"),
      55,
    );
  });

  test("var in a block, in a loop head and without a value", async () => {
    assert.deepEqual(
      await run(
        "if (false) { var a = 1 } for (var i = 0, j; i < 3; i++); for (var k of [7, 8]);",
        "[a, i, j, k]",
      ),
      [undefined, 3, undefined, 8],
    );
    assert.equal(await run("var n = 3", "var n; n"), 3);
  });

  test("inner names shadow shared ones", async () => {
    assert.deepEqual(
      await run(
        "const x = 1, e = 2, T = 3",
        `const inner = ((x) => { { let x = 5; } return x })(10)
         let caught; try { throw 4 } catch (e) { caught = e }
         const named = function T() { return typeof T }
         const k = class T { self() { return typeof T } };
         for (let x = 0; x < 1; x++) {}
         [x, inner, caught, e, named(), new k().self(), T]`,
      ),
      [1, 10, 4, 2, "function", "function", 3],
    );
  });

  test("shorthand properties, default values and assignment patterns", async () => {
    assert.deepEqual(
      await run("let a = 1, b = 2", "[a, b] = [b, a]; ({ a, b = 9 } = { a: a + 1 }); const o = { a, b }; o"),
      { a: 3, b: 9 },
    );
  });

  test("functions and classes keep the names of their variables", async () => {
    assert.deepEqual(await run("const f = () => 1; let g = class {}; [f.name, g.name]"), ["f", "g"]);
  });

  test("a bare call has no receiver", async () => {
    assert.equal(await run("function self() { return this }", "self()"), undefined);
    assert.equal(await run("function tag(s) { return [s[0], this] }", "String(tag`x`)"), "x,");
  });

  test("reading, calling or assigning an unknown name is a ReferenceError that names it", async () => {
    for (const cell of ["nope", "nope()", "nope = 1", "nope++", "({ nope })"]) {
      await assert.rejects(run(cell), { name: "ReferenceError", message: /nope is not defined/ }, cell);
    }
    assert.equal(await run("typeof nope"), "undefined");
    assert.equal(await run("const yes = 1", "typeof yes"), "number");
  });

  test("assigning a constant is an error, in its cell and in another", () => {
    assert.throws(() => compile("const x = 1\nx = 2"), {
      name: "SyntaxError",
      message: /"x" is declared with const/,
    });
    assert.throws(() => compile("[x] = [2]", new Set(["x"])), /declared with const/);
    assert.doesNotThrow(() => compile("let x = 1; x++", new Set(["x"])));
    assert.doesNotThrow(() => compile("function f(x) { x = 1 }", new Set(["x"])));
  });

  test("reports what a cell defines and uses", () => {
    const { defines, uses } = compile("const a = b + Math.max(c); function f() { return d } typeof e");
    assert.deepEqual([...defines.keys()].sort(), ["a", "f"]);
    assert.deepEqual([...uses].sort(), ["b", "c", "d", "e"]);
  });
});

describe("the value of a cell", () => {
  test("is that of a last expression", async () => {
    assert.equal(await run("1 + 1"), 2);
    assert.equal(await run("(1, 2) // comment"), 2);
    assert.equal(await run("await (0, 3);"), 3);
    assert.equal(await run("'use strict'"), "use strict");
    assert.deepEqual(await run("({ a: 1 })\n;"), { a: 1 });
    assert.equal(await run("const x = 1"), undefined);
    assert.equal(await run("if (true) { 5 }"), undefined);
    assert.equal(await run(""), undefined);
  });

  test("does not depend on semicolons", async () => {
    assert.equal(await run("let a = 1\nconst f = () => a\nf()\nf()"), 1);
    assert.deepEqual(
      await run(`const log = []
        const push = (x) => log.push(x)
        { const x = 1
          push(x)
          let y = 2
          push(y) }
        class A {}
        push(3)
        const { length } = log
        ;[length, log.length]`),
      [3, 3],
    );
  });

  test("awaits at top level and in loops", async () => {
    assert.equal(await run("let s = 0; for await (const x of [1, Promise.resolve(2)]) s += x\ns"), 3);
  });
});

describe("imports", () => {
  test("named, default, namespace and dynamic", async () => {
    assert.deepEqual(
      await run(
        "import d, { a as one,\n b } from 'm'\nimport * as all from 'm'\n[d, one, b, all.a, (await import('m')).b]",
      ),
      ["d", 1, 2, 1, 2],
    );
    await assert.rejects(run("import { nope } from 'm'"), /m lacks nope/);
  });

  test("exports are accepted before a declaration only", async () => {
    assert.equal(await run("export const a = 1; export function f() { return a }", "f()"), 1);
    assert.throws(() => compile("export default 1"), CellSyntaxError);
  });
});

describe("places", () => {
  test("a syntax error knows its line and column", () => {
    assert.throws(
      () => compile("let a = 1\nlet b = ;"),
      (error) => error instanceof CellSyntaxError && error.place.line === 2 && error.place.column === 9,
    );
  });

  test("a place in a stack trace is mapped back to the cell", async () => {
    const cell =
      "const before = 1\nconst { deep } = { deep() {\n  const a = before; before.nope.x } }\ndeep()";
    const compiled = compile(cell);
    // biome-ignore lint/security/noGlobalEval: evaluating the cell is what is tested
    const main = globalThis.eval(compiled.code) as (scope: object, runtime: CellRuntime) => Promise<unknown>;
    const error = await main(createScope({}), runtime()).catch((e: unknown) => e);
    assert.ok(error instanceof TypeError);
    const frames = [...(error.stack ?? "").matchAll(/cell-1:(\d+):(\d+)/g)].map((m) => [
      Number(m[1]),
      Number(m[2]),
    ]);
    assert.deepEqual(
      frames.slice(0, 2).map(([line = 0, column = 0]) => compiled.locate(line, column)),
      [
        { line: 3, column: 33 },
        { line: 4, column: 5 },
      ],
    );
  });
});

describe("guards", () => {
  class Stop extends Error {}
  const stopAfter = (limit: number) => {
    let count = 0;
    return runtime(() => {
      if (++count > limit) throw new Stop();
    });
  };

  for (const cell of [
    "for (;;) {}",
    "for (;;);",
    "while (true) ;",
    "do { } while (true)",
    "do ; while (true)",
    "for (const x of (function* () { while (true) yield 1 })()) {}",
    "while (true) { try { while (true) {} } catch {} finally {} }",
    "const f = () => f(); try { f() } catch (e) { throw e }",
    "function f() { 'use strict'\n f() } f()",
    "async function f() { await null; return f() } await f()",
    "const o = { get x() { return this.x } }; o.x",
    "new Array(1e6).fill(0).map((x) => x + 1)",
    "label: for (;;) { continue label }",
    "if (true) for (;;) var x = 1",
  ]) {
    test(`stop ${JSON.stringify(cell)}`, async () => {
      await assert.rejects(evaluate(cell)(createScope({}), stopAfter(100)), Stop);
    });
  }
});
