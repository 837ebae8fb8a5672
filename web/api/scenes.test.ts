// Scenes that are drawn from a seed: that they are the same everywhere, and that all that is said of them is true.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Instance, Scenes, Tensor } from "./index.ts";
import { createGradbook } from "./index.ts";

const baseUrl = new URL("dist/", pathToFileURL(`${process.cwd()}/`));
const opened = createGradbook({ baseUrl, device: "cpu" });

function with_(body: (g: Instance) => Promise<void>): () => Promise<void> {
  return async () => body(await opened);
}

/** FNV-1a of the bytes of images; crates/learn/tests/scenes.rs has the same of the same scenes. */
async function hashOf(images: Tensor): Promise<string> {
  let hash = 0x811c9dc5;
  for (const value of await images.data()) hash = Math.imul(hash ^ Math.round(255 * value), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

test(
  "a seed has the same pixels in WebAssembly as natively",
  with_(async ({ data }) => {
    const scenes = await data.scenes({ count: 16, seed: 7 });
    assert.deepEqual(scenes.images.shape, [16, 3, 64, 64]);
    assert.equal(await hashOf(scenes.images), "5b485cb4");
    const longer = await data.scenes({ count: 20, seed: 7 });
    assert.equal(await hashOf(longer.images.slice(0, 0, 16)), "5b485cb4");
    const other = await data.scenes({ count: 16, seed: 8 });
    assert.notEqual(await hashOf(other.images), "5b485cb4");
  }),
);

test(
  "boxes, masks, classes and captions agree",
  with_(async ({ data }) => {
    const emoji = await data.scenes({ count: 30, seed: 3, objects: [1, 4] });
    await assertTrue(emoji, 4);
    assert.equal(emoji.classes[0], "dog face");
    const digits = await data.scenes({
      of: "digits",
      on: "black",
      count: 30,
      seed: 3,
      size: 48,
      objects: [2, 3],
    });
    assert.deepEqual(digits.images.shape, [30, 1, 48, 48]);
    await assertTrue(digits, 3);
    const two = digits.captions.find((caption) => /^\d (left of|above) \d$/.test(caption));
    assert.ok(two, digits.captions.join("; "));
    const counted = digits.dataset();
    const counts = Array.from(await counted.y.data());
    assert.equal(counted.y.dtype, "i32");
    assert.ok(counts.every((count) => count >= 1 && count <= 3) && counts.includes(2));
  }),
);

async function assertTrue(scenes: Scenes, most: number): Promise<void> {
  const [n = 0, , size = 0] = scenes.images.shape;
  const [boxes, labels, masks, classes] = await Promise.all(
    [scenes.boxes, scenes.labels, scenes.masks, scenes.classMasks].map((tensor) => tensor.data()),
  );
  if (!boxes || !labels || !masks || !classes) throw new Error("a tensor is missing");
  assert.deepEqual(scenes.classMasks.shape, [n, size, size]);
  for (let scene = 0; scene < n; scene++) {
    for (let place = 0; place < most; place++) {
      const at = scene * most + place;
      const sides = [size, size, 0, 0];
      for (let i = 0; i < size * size; i++) {
        if (masks[scene * size * size + i] !== place + 1) continue;
        const [x, y] = [i % size, Math.floor(i / size)];
        sides[0] = Math.min(sides[0] as number, x);
        sides[1] = Math.min(sides[1] as number, y);
        sides[2] = Math.max(sides[2] as number, x + 1);
        sides[3] = Math.max(sides[3] as number, y + 1);
        assert.equal(classes[scene * size * size + i], (labels[at] ?? 0) + 1);
      }
      const label: number = labels[at] ?? -1;
      const isThere = label >= 0;
      assert.deepEqual(Array.from(boxes.slice(4 * at, 4 * at + 4)), isThere ? sides : [0, 0, 0, 0]);
      if (isThere) assert.ok(scenes.captions[scene]?.includes(scenes.classes[label] ?? "?"));
    }
  }
}

test(
  "turned digits have the angle by which they were turned",
  with_(async ({ data }) => {
    const still = await data.turnedDigits({ count: 50, turn: 0, seed: 5 });
    const turned = await data.turnedDigits({ count: 300, turn: 60, seed: 5 });
    assert.deepEqual(
      [still.x.shape, turned.x.shape],
      [
        [50, 1, 28, 28],
        [300, 1, 28, 28],
      ],
    );
    assert.deepEqual(new Set(await still.y.data()), new Set([0]));
    const angles = Array.from(await turned.y.data());
    assert.ok(
      angles.every((angle) => Math.abs(angle) <= 60) && Math.max(...angles) > 50 && Math.min(...angles) < -50,
    );
  }),
);

test(
  "what cannot be drawn is said",
  with_(async ({ data }) => {
    await assert.rejects(
      data.scenes({ classes: ["unicorn of steel"] }),
      /there is no emoji called unicorn of steel/,
    );
    await assert.rejects(data.scenes({ count: 0 }), /count is 0; it must be from 1 to 20000/);
    await assert.rejects(data.scenes({ size: 6.5 }), /scenes: size is 6\.5; it must be a whole number/);
    await assert.rejects(data.scenes({ objects: [3, 1] }), /the most objects is 1; it must be from 3 to 32/);
    await assert.rejects(data.scenes({ on: "water" as never }), /on is water; there are photos and black/);
    await assert.rejects(data.own("pets"), /sets of one's own are made in the notebook's page/);
  }),
);
