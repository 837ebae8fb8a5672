// How sets are chosen from, dealt out, described and locked.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { DISPLAY } from "../display/schema.ts";
import type { Dataset, Instance } from "./index.ts";
import { createGradbook } from "./index.ts";

const baseUrl = new URL("dist/", pathToFileURL(`${process.cwd()}/`));
const opened = createGradbook({ baseUrl, device: "cpu" });

function with_(body: (g: Instance) => Promise<void>): () => Promise<void> {
  return async () => body(await opened);
}

/** Sample n has the value n; classes 0, 1 and 2 have 60, 30 and 10 samples, mixed. */
function hundred({ data, arange }: Instance, name = "hundred"): Dataset {
  const labels = Int32Array.from({ length: 100 }, (_, i) => (i % 10 < 6 ? 0 : i % 10 < 9 ? 1 : 2));
  return data.from(arange(100).cast("f32").reshape(100, 1), labels, { name, classes: ["a", "b", "c"] });
}

const values = async (set: Dataset) => Array.from(await set.x.data());
const sorted = (numbers: number[]) => [...numbers].sort((a, b) => a - b);
const all = Array.from({ length: 100 }, (_, i) => i);

test(
  "chosen, changed and joined",
  with_(async (g) => {
    const set = hundred(g);
    const rare = await set.filter((label) => label === 2);
    assert.deepEqual(await values(rare), [9, 19, 29, 39, 49, 59, 69, 79, 89, 99]);
    assert.deepEqual(await values(await set.filter((_, index) => index < 3)), [0, 1, 2]);
    await assert.rejects(
      set.filter(() => false),
      /filter: no sample of hundred is left/,
    );
    const shuffled = await values(set.shuffle({ seed: 3 }));
    assert.notDeepEqual(shuffled, all);
    assert.deepEqual(sorted(shuffled), all);
    assert.deepEqual(await values(set.shuffle({ seed: 3 })), shuffled);
    const doubled = set.map((x) => x.mul(2));
    assert.deepEqual(await values(doubled.take(3)), [0, 2, 4]);
    assert.deepEqual(doubled.classes, ["a", "b", "c"]);
    const either = set.map((x, y) => [x, y.eq(2).cast("i32")]);
    assert.deepEqual([either.classes, await either.classCounts()], [[], [90, 10]]);
    const named = set.map((x, y) => [x, y.eq(2).cast("i32")], { classes: ["other", "c"] });
    assert.deepEqual(named.classes, ["other", "c"]);
    await assert.rejects(
      set.map((x, y) => [x, y.sub(1)]).classCounts(),
      /classCounts: the label of sample 0 is -1; labels are from 0 to 1048575/,
    );
    assert.throws(
      () => set.map((x) => x.slice(0, 0, 5)),
      /map: 100 samples became \[5, 1\]; their number must stay/,
    );
    const joined = rare.concat(set.take(2), rare);
    assert.equal(joined.length, 22);
    assert.deepEqual((await values(joined)).slice(9, 13), [99, 0, 1, 9]);
    assert.throws(
      () => set.concat(g.data.from(g.zeros([1, 1]), [0], { name: "other" })),
      /concat: other has the classes \[\], hundred has \[a,b,c\]/,
    );
  }),
);

test(
  "dealt out by shares, and by shares of each class",
  with_(async (g) => {
    const set = hundred(g);
    const plain = set.split([0.7, 0.15, 0.15], { seed: 1 });
    assert.deepEqual(
      plain.map(({ length }) => length),
      [70, 15, 15],
    );
    assert.deepEqual(sorted((await Promise.all(plain.map(values))).flat()), all);
    const [first, second] = set.split(0.8, { seed: 1 });
    assert.deepEqual([first.length, second.length], [80, 20]);
    const fair = await set.stratifiedSplit(undefined, { seed: 1 });
    assert.deepEqual(sorted((await Promise.all(fair.map(values))).flat()), all);
    const counts = await Promise.all(fair.map((part) => part.classCounts()));
    assert.deepEqual(
      counts.map(([a]) => a),
      [42, 9, 9],
    );
    // 30 and 10 samples by .7, .15, .15: no part is off by more than one.
    for (const [part, share] of [0.7, 0.15, 0.15].entries()) {
      for (const [label, count] of [60, 30, 10].entries())
        assert.ok(Math.abs((counts[part]?.[label] ?? 0) - share * count) <= 1);
    }
    // Classes are mixed within a part.
    const labels = Array.from(await (fair[0] as Dataset).y.data());
    assert.notDeepEqual(labels, sorted(labels));
    assert.throws(() => set.split([0.7, 0.2], { seed: 1 }), /data set hundred: 2 shares are 0\.\d+ together/);
    await assert.rejects(set.stratifiedSplit([0.999, 0.001]), /leave part 2 of 2 empty/);
    const numbers = g.data.from(g.zeros([4, 1]), g.zeros([4]));
    await assert.rejects(numbers.stratifiedSplit(), /the targets are f32; expected class labels/);
  }),
);

test(
  "k folds hold back each sample once",
  with_(async (g) => {
    const set = hundred(g);
    for (const folds of [set.kFold(4, { seed: 2 }), await set.stratifiedKFold(4, { seed: 2 })]) {
      const held = await Promise.all(folds.map(({ validation }) => values(validation)));
      assert.deepEqual(sorted(held.flat()), all);
      for (const [i, { train, validation }] of folds.entries()) {
        assert.deepEqual([train.length, validation.length], [75, 25]);
        assert.deepEqual(sorted([...(await values(train)), ...(held[i] ?? [])]), all);
      }
    }
    const fair = await set.stratifiedKFold(10, { seed: 2 });
    for (const { validation } of fair) assert.deepEqual(await validation.classCounts(), [6, 3, 1]);
    assert.throws(() => set.kFold(1), /kFold: k is 1; it must be a whole number from 2 to 100/);
    assert.throws(() => set.kFold(4, { sed: 1 } as never), /no option sed; did you mean seed\?/);
  }),
);

test(
  "described by channel and by class",
  with_(async (g) => {
    // Channel 0 is 1 and 3, channel 1 is always 5.
    const x = g.tensor([
      [[[1, 1]], [[5, 5]]],
      [[[3, 3]], [[5, 5]]],
    ]);
    const set = g.data.from(x, [0, 1]);
    assert.deepEqual(await set.channelStats(), { mean: [2, 5], std: [1, 0] });
    assert.throws(() => set.normalize({ mean: [2, 5], std: [1, 0] }), /the deviations are \[1, 0\]/);
    assert.throws(
      () => set.normalize({ mean: [2], std: [1] }),
      /1 means and 1 deviations.*each of 2 channels/,
    );
    const normal = set.normalize({ mean: [2, 5], std: [1, 2] });
    assert.deepEqual(await values(normal), [-1, -1, 0, 0, 1, 1, 0, 0]);
    const hundreds = hundred(g);
    assert.deepEqual(await hundreds.classCounts(), [60, 30, 10]);
    // 100 / (3 · count).
    const weights = await hundreds.classWeights();
    assert.deepEqual(
      weights.map((weight) => Number(weight.toFixed(4))),
      [0.5556, 1.1111, 3.3333],
    );
    const table = await hundreds.classBalance()[DISPLAY]();
    assert.deepEqual(table, {
      kind: "table",
      columns: ["class", "samples", "share"],
      rows: [
        ["a", 60, "60.0 %"],
        ["b", 30, "30.0 %"],
        ["c", 10, "10.0 %"],
      ],
    });
  }),
);

test(
  "a locked test set is opened once, and again only with a reason",
  with_(async (g) => {
    const warnings: string[] = [];
    const { warn } = console;
    console.warn = (text: string) => warnings.push(text);
    try {
      const [train, validation, held] = await hundred(g, "locked").stratifiedSplit(undefined, { seed: 1 });
      assert.ok(train && validation && held);
      const locked = held.locked();
      const model = g.nn.sequential([g.nn.dense({ out: 3 })]);
      await model.fit(train, { epochs: 1, validation, seed: 1 });
      await model.evaluate(validation);
      // What fails tells nothing.
      const wrong = g.nn.sequential([g.nn.conv2d({ out: 3, kernel: 3 })]);
      await assert.rejects(wrong.evaluate(locked));
      assert.deepEqual(locked.openings, []);
      // Of two at the same time one is refused.
      const both = await Promise.allSettled([model.evaluate(locked), model.evaluate(locked)]);
      assert.deepEqual(both.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
      assert.deepEqual(locked.openings, [{ by: "evaluate" }]);
      // By a part of it; locked anew, as a cell that runs again does; by whatever method.
      const refused =
        /^LockedSetError: \w+: the locked test set locked was opened before \(evaluate\)\..*reopen\("why"\)/;
      for (const again of [
        () => model.evaluate(locked.take(5)),
        () => model.evaluate(held.locked()),
        () => model.predict(locked),
        async () => [...locked.batches()],
        () => g.ensemble([model]).compare(locked),
      ])
        await assert.rejects(again, refused);
      const learns = /fit: the locked test set locked is to be used by fit, which learns from it/;
      await assert.rejects(model.fit(train, { epochs: 1, validation: locked, seed: 1 }), learns);
      await assert.rejects(model.fit(locked, { epochs: 1, seed: 1 }), learns);
      assert.deepEqual(warnings, []);
      assert.throws(() => locked.reopen(" "), /say why/);
      assert.throws(() => train.reopen("x"), /hundred|locked/);
      await model.evaluate(locked.reopen("to test"));
      assert.match(
        warnings.join(),
        /^The locked test set locked was opened again by evaluate \(use 2\): to test\./,
      );
      await assert.rejects(model.evaluate(locked), /opened before \(evaluate, evaluate\)/);
      assert.deepEqual(locked.openings, [{ by: "evaluate" }, { by: "evaluate", reason: "to test" }]);
      assert.throws(() => locked.concat(train.locked()), /lock what they make/);
      // Unlocked, it is as before.
      await model.evaluate(held);
      assert.deepEqual([held.isLocked, held.openings], [false, []]);
    } finally {
      console.warn = warn;
    }
  }),
);

test(
  "a set says how it was made",
  with_(async (g) => {
    const set = hundred(g);
    const [part] = await set.stratifiedSplit([0.5, 0.5], { seed: 2 });
    assert.deepEqual(part?.take(10).shuffle({ seed: 3 }).provenance, [
      "stratified split 0.5 / 0.5, seed 2: part 1",
      "the first 10 samples",
      "shuffled, seed 3",
    ]);
    const [fold] = set.kFold(4, { seed: 2 });
    assert.deepEqual(fold?.validation.provenance, ["4 folds, seed 2: fold 1"]);
    assert.deepEqual(set.split(0.8, { seed: 1 })[1].provenance, ["split 0.8 / 0.2, seed 1: part 2"]);
    assert.deepEqual(set.map((x) => x).provenance, ["changed by a function"]);
  }),
);
