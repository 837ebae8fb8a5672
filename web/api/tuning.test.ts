import assert from "node:assert/strict";
import { test } from "node:test";
import type { Gpu } from "../pkg/gpu/gradbook.js";
import { tune } from "./tuning.ts";

const BASE = new URL("https://site.test/");
const FOUND = "small large small direct";

/** A GPU that notes what is asked of it. */
function fake(detail: string, software = false) {
  const asked: string[] = [];
  const gpu = {
    info: () => ({ device: "webgpu", detail, software }),
    useTuning(tuning: string) {
      asked.push(tuning);
      if (tuning !== FOUND) throw new Error("such are unknown");
    },
    async tune() {
      asked.push("measure");
      return FOUND;
    },
  };
  return { gpu: gpu as unknown as Gpu, asked };
}

/** A browser's storage; with `full`, nothing can be kept. */
function storage(full = false): Map<string, string> {
  const files = new Map<string, string>();
  const cache = {
    match: async (key: URL) => (files.has(key.href) ? new Response(files.get(key.href)) : undefined),
    async put(key: URL, response: Response) {
      if (full) throw new Error("the disk is full");
      files.set(key.href, await response.text());
    },
  };
  Object.assign(globalThis, { caches: { open: async () => cache } });
  return files;
}

test("a GPU is measured once, and each by its own name", async () => {
  const files = storage();
  const [first, again, other] = [fake("a GPU"), fake("a GPU"), fake("another")];
  await tune(first.gpu, BASE);
  assert.deepEqual([...files.values()], [FOUND]);
  assert.match([...files.keys()][0] ?? "", /^https:\/\/site\.test\/tuning\/a%20GPU\?.*\.wasm$/);
  await tune(again.gpu, BASE);
  await tune(other.gpu, BASE);
  assert.deepEqual([first.asked, again.asked, other.asked], [["measure"], [FOUND], ["measure"]]);
});

test("what was kept and makes no sense is measured again", async () => {
  const files = storage();
  await tune(fake("a GPU").gpu, BASE);
  for (const key of files.keys()) files.set(key, "tiny");
  const { gpu, asked } = fake("a GPU");
  await tune(gpu, BASE);
  assert.deepEqual(asked, ["tiny", "measure"]);
  assert.deepEqual([...files.values()], [FOUND]);
});

test("software adapters are not measured, and a full disk is no matter", async () => {
  const files = storage(true);
  const [software, full] = [fake("SwiftShader", true), fake("a GPU")];
  await tune(software.gpu, BASE);
  await tune(full.gpu, BASE);
  assert.deepEqual([software.asked, full.asked, files.size], [[], ["measure"], 0]);
});
