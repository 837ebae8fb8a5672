import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CompletionContext } from "@codemirror/autocomplete";
import { EditorState } from "@codemirror/state";
import type { Looked } from "../../kernel/look.ts";
import { codeLanguage } from "../javascript.ts";
import { Api } from "./api.ts";
import { complete } from "./complete.ts";
import { readDeclarations } from "./declarations.ts";
import { Cells, Inference, sourceOf } from "./infer.ts";
import { syntaxError } from "./syntax.ts";

const FILES = ["tests/api.d.ts", "web/kernel/inputs.ts", "web/notebook/assist/cell-names.d.ts"];
const help = readDeclarations(FILES.map((file) => readFileSync(file, "utf8")).join("\n"), [
  "Gradbook",
  "CellNames",
]);
const api = new Api(help);

/** What is offered where the text has a bar. */
async function offered(
  text: string,
  others: string[] = [],
  values: Record<string, Looked> = {},
): Promise<string[]> {
  const pos = text.indexOf("|");
  const state = EditorState.create({
    doc: text.replace("|", ""),
    extensions: codeLanguage,
  });
  const host = { others: () => others, look: async (path: string[]) => values[path.join(".")] };
  const result = await complete(new CompletionContext(state, pos, false), api, host);
  const typed = state.sliceDoc(result?.from ?? pos, pos);
  return (result?.options ?? []).map(({ label }) => label).filter((label) => label.startsWith(typed));
}

test("the API's documentation and types are read from its declarations", () => {
  const { doc, type } = help.Model?.members?.fit ?? assert.fail("Model has no fit");
  assert.match(doc ?? "", /^Trains it on a data set\./);
  assert.deepEqual(
    type.calls?.[0]?.params.map(({ name }) => name),
    ["train", "options"],
  );
  assert.equal(help.Context, undefined, "what cells do not reach is left out");
  assert.ok([...api.globals().keys()].includes("input"));
});

test("members follow from declarations, awaits, calls and other cells", async () => {
  const model = "const model = nn.sequential([nn.dense({ out: 2 })])";
  assert.deepEqual(await offered("model.fi|", [model]), ["fit"]);
  assert.ok((await offered("const { train } = await data.mnist()\ntrain.|")).includes("shuffle"));
  assert.deepEqual(await offered("const h = await m.fit(d)\nh.la|", [model.replace("model", "m")]), ["last"]);
  assert.deepEqual(await offered("for (const e of h.epochs) e.valA|", ["const h = await fit(f, d)"]), [
    "valAccuracy",
  ]);
  assert.deepEqual(await offered("(await t.matmul(t)).softm|", ["const t = zeros([2, 2])"]), ["softmax"]);
  assert.deepEqual(await offered("nothing.|"), []);
  const parts = "const parts = { head: nn.lenet(), size: 3, size2, get bad() { return 1 } }";
  assert.deepEqual(await offered("parts.si|", [parts]), ["size", "size2"]);
  assert.deepEqual(await offered("const { head: first } = parts\nfirst.fi|", [parts]), ["fit"]);
});

test("options are offered where they are passed, each once", async () => {
  const first = await offered("nn.conv2d({ |");
  assert.ok(first.includes("out") && first.includes("paddingMode") && first.includes("stride"));
  assert.ok(!(await offered("nn.conv2d({ out: 1, |")).includes("out"));
  assert.ok((await offered("fit(model, train, { |")).includes("epochs"));
  assert.deepEqual(await offered("fit(f, train, { earlyStopping: { pat| } })"), ["patience"]);
  assert.deepEqual((await offered("nn.conv2d({ padding: '|' })")).sort(), ["full", "same", "valid"]);
  assert.deepEqual(await offered("m.fit(d, { onEpoch: (e) => e.valL| })", ["const m = nn.lenet()"]), [
    "valLoss",
  ]);
});

test("a value that is there counts more than what could be concluded", async () => {
  const looked: Looked = {
    type: "Object",
    text: "{ alpha }",
    members: [{ name: "alpha", kind: "value", text: "1" }],
  };
  assert.deepEqual(await offered("mine.al|", [], { mine: looked }), ["alpha"]);
  const live: Looked = {
    type: "Tensor",
    text: "Tensor f32 [2]",
    members: [{ name: "secret", kind: "value", text: "" }],
  };
  const members = await offered("x.|", ["const x = 1"], { x: live });
  assert.ok(members.includes("matmul") && !members.includes("secret"));
});

test("names: parameters and locals only where they are known", async () => {
  const text = "function f(inside) { const local = 1; lo| }\nconst lonely = 1";
  assert.deepEqual((await offered(text)).slice(0, 2), ["local", "lonely"]);
  assert.ok(!(await offered("function f(inside) {}\nins|")).includes("inside"));
  assert.deepEqual(await offered("// not in a comm|"), []);
});

test("a declaration that speaks of itself ends", () => {
  const source = sourceOf("const a = a.b(a)\nconst b = b");
  assert.equal(codeLanguage.parser.parse(source.text).length, source.text.length);
  const inference = new Inference(api, source, new Cells([source.text]));
  assert.equal(inference.shared("a"), undefined);
});

test("errors are marked as a run would find them, and types are none", () => {
  assert.deepEqual(syntaxError("const a = ;")?.place, { line: 1, column: 11 });
  assert.match(syntaxError("export default 1")?.message ?? "", /no default export/);
  assert.equal(syntaxError("const a: number = await f<string>(1 as any)"), undefined);
  assert.ok(syntaxError("enum E { a }"));
});
