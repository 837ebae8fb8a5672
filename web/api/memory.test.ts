// Nobody disposes: the module's memory stays where it is while cells run again, epochs pass, and models come and go. Counted
// in bytes and never in time.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Instance } from "./index.ts";
import { createGradbook } from "./index.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const baseUrl = new URL("dist/", pathToFileURL(`${process.cwd()}/`));

/** Lets finalisers run and tells the engine what nobody holds. */
async function settle(g: Instance): Promise<void> {
  for (let i = 0; i < 5; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await g.tensor([1]).neg().data();
}

/** The memories of the modules that were loaded. */
const memories: WebAssembly.Memory[] = [];
const instantiate = WebAssembly.instantiate as unknown as (
  source: unknown,
  imports: unknown,
) => Promise<WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource>;
WebAssembly.instantiate = (async (source: unknown, imports: unknown) => {
  const made = await instantiate(source, imports);
  const { exports } = made instanceof WebAssembly.Instance ? made : made.instance;
  if (exports.memory instanceof WebAssembly.Memory) memories.push(exports.memory);
  return made;
}) as unknown as typeof WebAssembly.instantiate;

/** Bytes of the modules' memories, and what the device holds. */
async function held(g: Instance): Promise<{ wasm: number; live: number }> {
  await settle(g);
  const wasm = memories.reduce((sum, memory) => sum + memory.buffer.byteLength, 0);
  return { wasm, live: g.counters().liveBytes as number };
}

/** Does `body` until memory has found its size, then many times more: nothing may grow by more than `slack` bytes. */
async function stays(g: Instance, rounds: number, slack: number, body: () => Promise<void>): Promise<void> {
  const repeat = async (count: number) => {
    for (let i = 0; i < count; i++) {
      await body();
      // What a loop without pauses makes is collected when there is time; a reader's cells leave some.
      if (i % 50 === 49) await settle(g);
    }
    return held(g);
  };
  const before = await repeat(rounds / 5);
  const after = await repeat(rounds);
  const told = `${JSON.stringify(before)} before, ${JSON.stringify(after)} after`;
  assert.ok(before.wasm > 0 && after.wasm <= before.wasm + slack, told);
  assert.ok(after.live <= before.live + slack, told);
}

/** Points of two classes. */
function clusters(g: Instance, count: number) {
  const y = g.arange(count).rem(2);
  const x = g.randn([count, 8], { seed: 1 }).add(y.cast("f32").mul(2).unsqueeze(1));
  return g.data.from(x, y, { classes: ["left", "right"] });
}

function network({ nn }: Instance) {
  return nn.sequential([nn.dense({ out: 32 }), nn.relu(), nn.dense({ out: 2 })]);
}

const MEGABYTE = 1 << 20;
const opened = createGradbook({ baseUrl, device: "cpu" });

test("a thousand runs of a cell leave memory where it was", async () => {
  const g = await opened;
  // Node has modules of its own, which are counted along.
  assert.ok(memories.length >= 2, "graphs and engine");
  await stays(g, 1000, 4 * MEGABYTE, async () => {
    const x = g.randn([64, 64], { seed: 3 });
    const loss = x.matmul(x).tanh().square().mean();
    const slope = loss.grad(x);
    assert.equal((await slope.data()).length, 64 * 64);
    assert.throws(() => x.matmul(g.zeros([3, 3])));
  });
});

test("a thousand epochs leave memory where it was", async () => {
  const g = await opened;
  const data = clusters(g, 64);
  const model = network(g);
  await stays(g, 20, 4 * MEGABYTE, async () => {
    await model.fit(data, { epochs: 50, batchSize: 32, seed: 1 });
  });
});

test("hundreds of models that are made, trained and dropped leave memory where it was", async () => {
  const g = await opened;
  const data = clusters(g, 64);
  await stays(g, 200, 4 * MEGABYTE, async () => {
    const model = network(g);
    await model.fit(data, { epochs: 1, batchSize: 32, seed: 1 });
  });
});
