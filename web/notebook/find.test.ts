import assert from "node:assert/strict";
import { test } from "node:test";
import type { Query } from "./find.ts";
import { matchesIn, patternOf, replaceAll, replaceOne } from "./find.ts";

const plain: Query = { text: "", isCase: false, isWord: false, isRegExp: false };
const found = (text: string, query: Partial<Query>) =>
  matchesIn(text, patternOf({ ...plain, ...query })).map(({ from, to }) => text.slice(from, to));

test("letters, case, words, regular expressions", () => {
  assert.deepEqual(found("Net net network", { text: "net" }), ["Net", "net", "net"]);
  assert.deepEqual(found("Net net network", { text: "net", isCase: true }), ["net", "net"]);
  assert.deepEqual(found("Net net network", { text: "net", isWord: true }), ["Net", "net"]);
  assert.deepEqual(found("a.b a+b", { text: "a.b" }), ["a.b"]);
  assert.deepEqual(found("lr1 lr22", { text: "lr\\d+", isRegExp: true }), ["lr1", "lr22"]);
  assert.deepEqual(found("Größe größer", { text: "größe", isWord: true }), ["Größe"]);
  assert.deepEqual(found("aaa", { text: "x*", isRegExp: true }), []);
  assert.throws(() => patternOf({ ...plain, text: "(", isRegExp: true }), SyntaxError);
});

test("replacing puts groups in only for regular expressions", () => {
  const groups = patternOf({ ...plain, text: "(\\w)=(\\d)", isRegExp: true });
  assert.equal(replaceAll("a=1 b=2", groups, "$2=$1", true), "1=a 2=b");
  assert.equal(replaceOne("a=1 b=2", { from: 4, to: 7 }, groups, "$2:$1 $$ $&", true), "a=1 2:b $ b=2");
  const text = patternOf({ ...plain, text: "a" });
  assert.equal(replaceAll("a a", text, "$1", false), "$1 $1");
  assert.equal(replaceOne("a a", { from: 2, to: 3 }, text, "$&", false), "a $&");
});
