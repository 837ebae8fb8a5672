import assert from "node:assert/strict";
import { test } from "node:test";
import { isLooked, look, MOST_MEMBERS } from "./look.ts";

const none = () => undefined;

test("names, members and a line, without calling anything", () => {
  const trap = () => assert.fail("something of the reader's was called");
  class Own {
    field = 1;
    get bad() {
      return trap();
    }
    toString() {
      return trap();
    }
    method(a: number) {
      return a;
    }
  }
  const scope = { own: new Own(), f: (a: number) => a, text: "abc" };
  Object.defineProperty(scope, "getter", { get: trap, enumerable: true });
  const names = look(scope, [], none)?.members;
  assert.deepEqual(
    names?.map(({ name, kind }) => [name, kind]),
    [
      ["own", "value"],
      ["f", "function"],
      ["text", "value"],
      ["getter", "getter"],
    ],
  );
  assert.equal(names?.[2]?.text, "'abc'");
  const own = look(scope, ["own"], none);
  assert.equal(own?.type, "Own");
  assert.deepEqual(
    own?.members.map(({ name, kind }) => [name, kind]),
    [
      ["field", "value"],
      ["bad", "getter"],
      ["toString", "function"],
      ["method", "function"],
    ],
  );
  assert.equal(look(scope, ["own", "bad"], none), undefined);
  assert.equal(look(scope, ["getter", "x"], none), undefined);
  assert.equal(look(scope, ["own", "field"], none)?.text, "1");
});

test("hostile objects are nothing to look at", () => {
  const proxy = new Proxy(
    {},
    {
      getPrototypeOf: () => assert.fail(),
      ownKeys: () => assert.fail(),
      getOwnPropertyDescriptor: () => assert.fail(),
    },
  );
  assert.equal(look({ proxy }, ["proxy", "x"], none), undefined);
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`n${i}`, i]));
  const looked = look({ many }, ["many"], none);
  assert.equal(looked?.members.length, MOST_MEMBERS);
  assert.ok(isLooked(looked));
});

test("the library's values say what they are", () => {
  const describe = (value: unknown) => (value === 7 ? "Tensor f32 [7]" : undefined);
  assert.equal(look({ x: 7 }, [], describe)?.members[0]?.text, "Tensor f32 [7]");
});

test("what is too long or malformed is refused", () => {
  const good = { type: "Object", text: "{}", members: [] };
  assert.ok(isLooked(good));
  assert.ok(!isLooked({ ...good, text: "x".repeat(1000) }));
  assert.ok(!isLooked({ ...good, members: [{ name: "a", kind: "html", text: "" }] }));
  assert.ok(
    !isLooked({
      ...good,
      members: Array.from({ length: MOST_MEMBERS + 1 }, () => ({ name: "a", kind: "value", text: "" })),
    }),
  );
});
