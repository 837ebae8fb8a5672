// A set that is too large to lie where it is computed on, of its real size: what can be done with it, and what says why it cannot.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { DISPLAY } from "../display/schema.ts";
import { wasmFiles } from "../pkg/files.ts";
import * as graph from "../pkg/graph/gradbook.js";
import type { CollectionFile } from "./collections.ts";
import type { Dataset } from "./dataset.ts";
import { connect, loadEngine } from "./engine.ts";
import { folderFiles } from "./file-store.ts";
import { fetchBytes } from "./files.ts";
import { openSession } from "./gradbook.ts";
import { idxBytes, idxText } from "./idx.ts";
import { keep, restore } from "./keep.ts";

const base = new URL("dist/", pathToFileURL(`${process.cwd()}/`));
const COUNT = 22_000;
const EACH = 3 * 32 * 32;
/** The brightness of all pixels of a channel. */
const byteOf = (sample: number, channel: number) => (sample % 3 === channel ? 200 : 40) + (sample % 7);

/** Images whose class is their brightest channel. */
function many(): CollectionFile[] {
  const pixels = new Uint8Array(COUNT * EACH);
  for (let i = 0; i < COUNT; i++)
    for (let c = 0; c < 3; c++) pixels.fill(byteOf(i, c), i * EACH + c * 1024, i * EACH + (c + 1) * 1024);
  const labels = Int32Array.from({ length: COUNT }, (_, i) => i % 3);
  return [
    ["all.x", idxBytes([COUNT, 3, 32, 32], pixels)],
    ["all.y", idxBytes([COUNT], labels)],
    ["classes", idxText("red\ngreen\nblue")],
  ];
}

async function bench() {
  await graph.default({ module_or_path: await fetchBytes(new URL(wasmFiles.graph.file, base)) });
  const engine = await (await loadEngine(base, { build: "base" })).open("cpu");
  const source = { base, files: folderFiles(process.cwd()), own: async () => many() };
  const client = (before?: ReturnType<typeof connect>) => {
    let connection: ReturnType<typeof connect> | undefined;
    const opened = openSession(
      graph,
      (message) => queueMicrotask(() => connection?.receive(message)),
      (file) => Promise.reject(new Error(file)),
    );
    connection = connect(
      engine,
      (reply) => queueMicrotask(() => opened.session.receive(reply)),
      source,
      before,
    );
    return { ...opened, connection };
  };
  return { engine, client };
}

const opened = bench();
const text = async (set: Dataset) => {
  const shown = await set[DISPLAY]();
  assert.equal(shown.kind, "text");
  return shown.kind === "text" ? shown.text : "";
};

test("a streamed set is read, divided and trained on, and lives on after its worker", async () => {
  const { engine, client } = await opened;
  const first = client();
  const { data, nn, optim, ensemble } = first.gradbook;
  const set = await data.own("many");
  assert.equal(await text(set), "many: 22000 samples [3, 32, 32], 3 classes; streamed, 270 MB");
  const why =
    /data set many: its samples are 67584000 numbers that stay on the host, of which 67108864 may .*take\(n\)/;
  assert.throws(() => set.x, why);
  assert.throws(() => set.map((x) => x.neg()), why);
  assert.deepEqual(await set.classCounts(), [7334, 7333, 7333]);

  // Of what fits, everything is there.
  const few = set.take([21_999, 0, 5]);
  assert.equal(await text(few), "many: 3 samples [3, 32, 32], 3 classes; resident, 37 kB");
  const expected = [21_999, 0, 5].flatMap((i) => [0, 1, 2].map((c) => Math.fround(byteOf(i, c) / 255)));
  assert.deepEqual(Array.from(await few.x.max([2, 3]).data()), expected);

  const stats = await set.channelStats();
  for (const c of [0, 1, 2]) {
    let [sum, squares] = [0, 0];
    for (let i = 0; i < COUNT; i++) {
      sum += byteOf(i, c) / 255;
      squares += (byteOf(i, c) / 255) ** 2;
    }
    const mean = sum / COUNT;
    assert.ok(Math.abs((stats.mean[c] ?? 0) - mean) < 1e-5, `${stats.mean[c]} for ${mean}`);
    const std = Math.sqrt(squares / COUNT - mean * mean);
    assert.ok(Math.abs((stats.std[c] ?? 0) - std) < 1e-5, `${stats.std[c]} for ${std}`);
  }

  const scaled = set.normalize(stats);
  assert.ok(scaled.isStreamed);
  const [rest, held] = (await scaled.stratifiedSplit([0.999, 0.001], { seed: 1 })) as [Dataset, Dataset];
  assert.deepEqual([rest.isStreamed, held.isStreamed, held.length], [true, false, 22]);
  const model = nn.sequential([nn.avgPool2d({ kernel: 16 }), nn.flatten(), nn.dense({ out: 3 })]);
  await model.fit(rest, {
    epochs: 1,
    batchSize: 128,
    optimizer: optim.adam({ lr: 0.01 }),
    seed: 1,
    validation: held,
  });
  assert.equal((await model.evaluate(rest)).accuracy, 1);
  assert.equal((await ensemble([model, model]).compare(rest)).together[1]?.accuracy, 1);
  const scores = await model.predict(scaled);
  assert.deepEqual(scores.shape, [COUNT, 3]);
  // One of the batches by itself, where it is resident.
  const numbers = Int32Array.from({ length: 256 }, (_, i) => 66 * 256 + i);
  const alone = await model.predict(scaled.take(numbers));
  assert.deepEqual(await scores.slice(0, 66 * 256, 67 * 256).data(), await alone.data());

  let seen = 0;
  for (const [x, y] of rest.batches({ size: 512, seed: 3 })) {
    // Of the three channels the brightest is the class.
    if (seen === 0) assert.deepEqual(await x.mean([2, 3]).argmax(1).data(), await y.data());
    seen += y.shape[0] ?? 0;
  }
  assert.equal(seen, rest.length);
  const { liveBytes } = engine.counters() as { liveBytes: number };
  assert.ok(liveBytes < 2 ** 27, `${liveBytes} bytes on the device`);

  const { zeros } = first.gradbook;
  const named = data.from({ b: zeros([4, 2]), a: zeros([4, 3, 1]) }, [0, 1, 0, 1]).take(3);
  keep(first.context, { set, rest, named });
  await first.gradbook.tensor([1]).neg().data();
  const next = client(first.connection);
  const kept = (await restore(next.context)) as { set: Dataset; rest: Dataset; named: Dataset };
  assert.deepEqual([await text(kept.set), await text(kept.rest)], [await text(set), await text(rest)]);
  assert.deepEqual(kept.named.inputs, [
    ["a", [3, 1]],
    ["b", [2]],
  ]);
  const places = [0, rest.length - 1];
  assert.deepEqual(await kept.rest.take(places).x.array(), await rest.take(places).x.array());
  assert.deepEqual(kept.rest.classes, ["red", "green", "blue"]);
});
