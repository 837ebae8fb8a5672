import assert from "node:assert/strict";
import { test } from "node:test";
import { parse } from "acorn";
import { withoutTypes } from "./types.ts";

for (const [typed, plain] of [
  ["const a: number = 1", "const a         = 1"],
  [
    "function f<T>(this: A, a?: T, ...b: T[]): a is T { return a! }",
    "function f   (         a    , ...b     )         { return a  }",
  ],
  ["const y = (x as any).z satisfies Q", "const y = (x       ).z            "],
  ["class A<T> extends B<T> implements C, D { private readonly x!: number = 1; static y?: T }", undefined],
  ["let x: T\n(f)()", "let x;  \n(f)()"],
  ["interface X { a: string }\n(f)()", ";                        \n(f)()"],
  ["type A = B\n[1].map(g)", ";         \n[1].map(g)"],
  ["let a = b as C\n(d)", "let a = b ;   \n(d)"],
  ["let a = b as C // c\n/* e */ (d)", "let a = b ;    // c\n/* e */ (d)"],
  ["const h = (a: A): {\n  b: B\n} => a", "const h = (a       \n      \n) => a"],
  ["class A { declare a: B; abstract c: D; e: F }", "class A { ;             ;              e    }"],
  ["import { type Z, w } from 'gradbook'", "import {         w } from 'gradbook'"],
  ["f<number>(3)", "f        (3)"],
  ["const g = (a: string): number => 1", "const g = (a        )         => 1"],
  ["function o(a: string): void;\nfunction o(a) {}", ";                           \nfunction o(a) {}"],
] as const) {
  test(`blanks ${typed.split("\n")[0]}`, () => {
    const text = withoutTypes(typed) ?? assert.fail("not taken for TypeScript");
    assert.equal(text.length, typed.length);
    if (plain !== undefined) assert.equal(text, plain);
    parse(text, { ecmaVersion: "latest", sourceType: "module" });
  });
}

for (const more of [
  "enum E { a }",
  "namespace N { export const a = 1 }",
  "class A { constructor(private q: T) {} }",
  "function f() { return <{\n}>x }",
  "function f() { return <\nT\n>(a: T) => a }",
  "const a = ;",
  "1 + 1",
]) {
  test(`leaves ${more}`, () => assert.equal(withoutTypes(more), undefined));
}
