// The data sets that come with the package, in Node: what each holds, and that its labels fit its images.

import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { loadCollection } from "./collections.ts";
import type { Dataset, Instance } from "./index.ts";
import { createGradbook } from "./index.ts";

const baseUrl = new URL("dist/", pathToFileURL(`${process.cwd()}/`));
const opened = createGradbook({ baseUrl, device: "cpu" });

function with_(body: (g: Instance) => Promise<void>): () => Promise<void> {
  return async () => body(await opened);
}

/** Values from 0 to 1, and as many of each class as there are. */
async function assertSet(set: Dataset, shape: number[], counts: number[], classes: string[]): Promise<void> {
  assert.deepEqual(set.x.shape, shape);
  assert.deepEqual([await set.x.min().item(), await set.x.max().item()], [0, 1]);
  assert.deepEqual(await set.classCounts(), counts);
  assert.deepEqual(set.classes.slice(0, classes.length), classes);
  assert.equal(set.classes.length, counts.length);
}

test(
  "images with a class each",
  with_(async ({ data }) => {
    const { train, test: held } = await data.mnist();
    await assertSet(train, [8000, 1, 28, 28], [795, 906, 788, 811, 799, 702, 798, 853, 753, 795], ["0", "1"]);
    await assertSet(held, [2000, 1, 28, 28], [189, 222, 212, 242, 196, 186, 158, 215, 193, 187], ["0", "1"]);
    assert.equal(held.name, "mnist test");
    const fashion = await data.fashion();
    const clothes = ["T-shirt/top", "trouser", "pullover"];
    await assertSet(
      fashion.train,
      [5000, 1, 28, 28],
      [457, 556, 504, 501, 488, 493, 493, 512, 490, 506],
      clothes,
    );
    await assertSet(fashion.test, [1000, 1, 28, 28], [98, 101, 98, 88, 97, 105, 97, 104, 107, 105], clothes);
    const cifar = await data.cifar10();
    const things = ["airplane", "automobile", "bird"];
    await assertSet(
      cifar.train,
      [5000, 3, 32, 32],
      [505, 460, 519, 486, 519, 488, 519, 486, 520, 498],
      things,
    );
    await assertSet(cifar.test, [1000, 3, 32, 32], [87, 100, 108, 107, 95, 95, 100, 102, 102, 104], things);
    const digits = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180];
    await assertSet(await data.digits8(), [1797, 1, 8, 8], digits, ["0", "1"]);
    const drawn = new Array<number>(20).fill(100);
    await assertSet(await data.quickdraw(), [2000, 1, 28, 28], drawn, ["airplane", "apple"]);
    await assertSet(await data.faces25(), [200, 1, 25, 25], [100, 100], ["no face", "face"]);
  }),
);

test(
  "emoji in pairs, avatars, photographs, text and sound",
  with_(async ({ data }) => {
    const { noto, twemoji, alpha, names } = await data.emoji();
    const counts = [169, 386, 5, 159, 131, 218, 85, 264, 224, 270];
    for (const set of [noto, twemoji]) await assertSet(set, [1911, 3, 32, 32], counts, ["Smileys & Emotion"]);
    assert.deepEqual(alpha.noto.shape, [1911, 1, 32, 32]);
    assert.equal(names.length, 1911);
    const heart = names.indexOf("heavy black heart");
    // Red in both styles: much more than green and blue where it is covered.
    for (const set of [noto, twemoji]) {
      const [red = 0, green = 0, blue = 0] = await set.take([heart]).x.mean([0, 2, 3]).data();
      assert.ok(red > green + 0.3 && red > blue + 0.3, `${red} ${green} ${blue}`);
    }
    const { lorelei, adventurer, shows } = await data.avatars();
    const glasses = ["no glasses", "glasses"];
    await assertSet(lorelei, [450, 1, 32, 32], [229, 221], glasses);
    await assertSet(adventurer, [450, 3, 32, 32], [220, 230], glasses);
    for (const [set, shown] of [
      [lorelei, shows.lorelei],
      [adventurer, shows.adventurer],
    ] as const) {
      const labels = shown.map((each) => ("glasses" in each ? 1 : 0));
      assert.deepEqual(Array.from(await set.y.data()), labels);
    }
    // Dark hair is dark in the picture, too: the upper rows of those with the darkest colour and of those with the lightest.
    const upper = async (colour: string) => {
      const these = shows.adventurer.flatMap(({ hairColor }, i) => (hairColor === colour ? [i] : []));
      return adventurer.take(these).x.slice(2, 0, 12).mean().item();
    };
    assert.ok((await upper("#0e0e0e")) < (await upper("#e5d7a3")) - 0.1);
    const photos = await data.photos();
    assert.deepEqual(Object.keys(photos).sort(), [
      "astronaut",
      "camera",
      "chelsea",
      "china",
      "coffee",
      "flower",
      "rocket",
    ]);
    assert.deepEqual(photos.chelsea?.shape, [1, 3, 298, 448]);
    const plays = await data.shakespeare();
    assert.ok(plays.startsWith("HAMLET, PRINCE OF DENMARK\n") && plays.length === 1_036_491);
    const { female, male, surnames } = await data.names();
    assert.deepEqual([female.length, male.length, surnames.length], [4275, 1219, 10_000]);
    assert.deepEqual([female[0], male[0], surnames[0]], ["MARY", "JAMES", "SMITH"]);
    const spoken = await data.spokenDigits();
    assert.deepEqual(spoken.x.shape, [30, 8000]);
    assert.deepEqual(await spoken.classCounts(), new Array(10).fill(3));
    const loudest = await spoken.x.abs().max([1]).data();
    assert.ok(loudest.every((value) => value > 0.1 && value <= 1));
  }),
);

test("a file that is damaged or cut short is an error with its name; how far loading has come is told", async () => {
  const folder = await mkdtemp(join(tmpdir(), "gradbook-assets-"));
  await cp(new URL("assets/digits8", baseUrl), join(folder, "digits8"), { recursive: true });
  const assets = pathToFileURL(`${folder}/`);
  const told: number[] = [];
  const files = await loadCollection(assets, "digits8", ({ name, loaded, total }) => {
    assert.equal(name, "digits8");
    told.push(loaded / total);
  });
  assert.equal(told.at(-1), 1);
  assert.deepEqual(
    files.map(([label]) => label),
    ["all.images", "all.labels", "classes"],
  );
  const labels = join(folder, "digits8/all-labels.idx.gz");
  const whole = await readFile(labels);
  await writeFile(labels, whole.subarray(0, 100));
  await assert.rejects(
    loadCollection(assets, "digits8"),
    /all-labels\.idx\.gz is damaged: it cannot be unpacked/,
  );
  const other = await readFile(join(folder, "digits8/all-images.idx.gz"));
  await writeFile(labels, other);
  await assert.rejects(
    loadCollection(assets, "digits8"),
    /damaged: it cannot be unpacked to 1805 bytes\. Run the cell/,
  );
  const [, [, plain] = []] = files;
  assert.ok(plain);
  // A server that unpacks on the way.
  await writeFile(labels, plain);
  assert.equal((await loadCollection(assets, "digits8")).length, 3);
  await writeFile(labels, plain.with(1000, 9));
  await assert.rejects(loadCollection(assets, "digits8"), /damaged: its SHA-256 is [0-9a-f]{64}/);
  await assert.rejects(loadCollection(assets, "../digits8"), /no data set of this name/);
});

/** How often the nearest other sample has the same label. */
async function nearestNeighbour(g: Instance, set: Dataset): Promise<number> {
  const x = set.x.flatten(1);
  const labels = (await set.y.data()) as Int32Array;
  const lengths = x.square().sum([1]);
  const rows = 500;
  let right = 0;
  for (let start = 0; start < set.length; start += rows) {
    const stop = Math.min(start + rows, set.length);
    // |a − b|² less |a|², which is the same along a row; a sample is not its own neighbour.
    const some = x.slice(0, start, stop);
    const apart = lengths.sub(some.matmul(x.t()).mul(2));
    const own = g.arange(set.length).slice(0, start, stop).unsqueeze(1).eq(g.arange(set.length));
    const nearest = await own.where(1e9, apart).argmin(1).data();
    nearest.forEach((neighbour, i) => {
      if (labels[neighbour] === labels[start + i]) right += 1;
    });
  }
  return (100 * right) / set.length;
}

const slow = { skip: process.env.GRADBOOK_SLOW === "1" ? false : "slow" };

/** Each sample with mean 0 and deviation 1. */
function standardised(set: Dataset): Dataset {
  return set.map((x, y) => {
    const apart = x.flatten(1).sub(x.flatten(1).mean([1], true));
    return [apart.div(apart.square().mean([1], true).sqrt()), y];
  });
}

// Percent, each sample against all others by squared differences of pixels. Measured from the packages by other code: for raw
// CIFAR-10 by a loop in C over the original bytes. Its photographs are told apart better without their brightness and contrast.
for (const [name, expected, load] of [
  ["digits8", 98.8, ({ data }) => data.digits8()],
  ["the first 5,000 of MNIST", 95.2, async ({ data }) => (await data.mnist()).train.take(5000)],
  ["5,000 of Fashion-MNIST", 79.8, async ({ data }) => (await data.fashion()).train],
  ["the first 4,000 of CIFAR-10", 26.4, async ({ data }) => (await data.cifar10()).train.take(4000)],
  [
    "the first 4,000 of CIFAR-10, each standardised",
    33.7,
    async ({ data }) => standardised((await data.cifar10()).train.take(4000)),
  ],
] as const satisfies [string, number, (g: Instance) => Promise<Dataset>][]) {
  test(`labels fit images: the nearest neighbour in ${name}`, slow, async (t) => {
    const g = await opened;
    const accuracy = await nearestNeighbour(g, await load(g));
    t.diagnostic(`${name}: ${accuracy.toFixed(1)} % (expected ${expected} ± 2)`);
    assert.ok(Math.abs(accuracy - expected) <= 2, `${accuracy} %`);
  });
}
