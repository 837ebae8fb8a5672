// How notebooks travel without a page: packed into links, found by address, written as scripts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Cell } from "../notebook/cell.ts";
import { titleOf } from "../notebook/ipynb.ts";
import { isTrusted, trust } from "../notebook/trust.ts";
import { scriptOf } from "./export.ts";
import { rawAddress } from "./foreign.ts";
import { addressOf } from "./keep.ts";
import { originOf } from "./origin.ts";
import { pack, unpack } from "./pack.ts";

const site = "https://course.example/gradbook/";
Object.assign(globalThis, { location: new URL(site), document: { baseURI: site }, isSecureContext: true });

test("a text comes out of a link as it went in, in letters that addresses have", async () => {
  for (const text of ["", "{}", "ä 🎉 \u0000 \n".repeat(5000)]) {
    const packed = await pack(text);
    assert.match(packed, /^[\w-]*$/);
    assert.equal(await unpack(packed), text);
  }
  assert.ok((await pack("const model = nn.sequential([])\n".repeat(100))).length < 200);
});

test("a damaged link and one that swells are refused in words", async () => {
  const packed = await pack("x".repeat(1000) + Math.PI);
  for (const bad of [packed.slice(0, -6), `${packed.slice(0, 4)}!`, "AAAA", "____", packed.slice(3)])
    await assert.rejects(unpack(bad), /does not hold a whole notebook/);
  await assert.rejects(unpack(await pack("\0".repeat(65e6))), /more than 64 MB/);
});

test("an address names one of the site's notebooks and nothing else of it", async () => {
  const idOf = async (search: string, hash = "") => (await originOf({ search, hash }))?.id;
  assert.equal(await idOf(""), "first-light");
  assert.equal(await idOf("?notebook=reference/3"), "reference/3");
  for (const bad of ["../x", "https://a.b/c", "a/b/c", "%2e%2e/x", "mine:1"])
    assert.equal(await idOf(`?notebook=${bad}`), "first-light");
  assert.equal(await idOf("?library"), undefined);
  assert.equal(await idOf("?mine=mine:12"), "mine:12");
  assert.match((await idOf("", `#nb=${await pack("{}")}`)) ?? "", /^link:/);
});

test("a kept notebook's address leads to it again", async () => {
  for (const id of [
    "reference/3",
    "data",
    "mine:0a1b",
    "link:00ff",
    "url:https://a.example/b c.ipynb?d=e&f#g",
  ]) {
    const { search, hash } = new URL(addressOf(id), site);
    assert.equal((await originOf({ search, hash }))?.id.replace("%20", " "), id);
  }
});

test("addresses: pages about a file lead to the file; only https, but on the site itself", () => {
  assert.equal(
    rawAddress("https://github.com/a/b/blob/main/c/d.ipynb").href,
    "https://raw.githubusercontent.com/a/b/main/c/d.ipynb",
  );
  assert.equal(rawAddress("notebooks/data.ipynb").href, `${site}notebooks/data.ipynb`);
  for (const bad of ["http://a.example/b.ipynb", "file:///etc/passwd", "javascript:1", "data:text/plain,x"])
    assert.throws(() => rawAddress(bad), /https only/);
  assert.throws(() => rawAddress("https://"), /not the address/);
});

test("a script has code as it is and text as comments", () => {
  const cell = (type: "code" | "markdown" | "raw", source: string) =>
    new Cell(type, { cell_type: type, source, metadata: {} }, []);
  const cells = [cell("markdown", "# A\n\nb"), cell("code", "const x = 1\nx\n"), cell("raw", "*/ raw")];
  assert.equal(
    scriptOf("A\nalert(1)", cells),
    "// A\n// alert(1)\n\n// %% [markdown]\n// # A\n//\n// b\n\n// %%\nconst x = 1\nx\n\n// %% [markdown]\n// */ raw\n",
  );
});

test("a notebook is called as it says, else by its first heading", () => {
  const cells = [
    { type: "code" as const, source: "# no" },
    { type: "markdown" as const, source: "text\n# First  \n# Second" },
  ];
  assert.equal(titleOf({}, cells), "First");
  assert.equal(titleOf({ title: " Mine " }, cells), "Mine");
  assert.equal(titleOf({ title: 7 }, []), "Notebook");
});

test("what is trusted is remembered by its hash, and nothing is trusted without one", () => {
  const kept = new Map<string, string>([["gradbook-trusted", "{"]]);
  const localStorage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  };
  Object.defineProperty(globalThis, "localStorage", { value: localStorage, configurable: true });
  assert.ok(!isTrusted("aa"));
  trust("aa");
  trust("");
  assert.ok(isTrusted("aa") && !isTrusted("ab") && !isTrusted(""));
  for (let i = 0; i < 500; i++) trust(`h${i}`);
  assert.ok(!isTrusted("aa") && isTrusted("h0") && isTrusted("h499"));
});
