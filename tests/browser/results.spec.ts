// What the toolbox of training reaches on the built-in sets, in the browser on the CPU: means over three seeds. Each asserts what a
// reader may count on, with a margin below what was measured. Minutes each; the times are told.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sites, slow, visit } from "./harness.ts";

type Package = typeof import("../../web/api/index.ts");
type Name = "digits" | "clothes" | "photos" | "tuned" | "taught";

const SEEDS = [1, 2, 3];

/** Accuracies on what was held back, by name. Runs in the page. */
async function run({ entry, name, seed }: { entry: string; name: Name; seed: number }) {
  const { createGradbook } = (await import(entry)) as Package;
  const { nn, data, optim, augment, models } = await createGradbook({ device: "cpu" });
  const same = { kernel: 3, padding: "same" } as const;
  const oneCycle = { schedule: { kind: "oneCycle" }, scheduleUnit: "step" } as const;
  const decayed = (lr: number, weightDecay: number) => optim.adamW({ lr, weightDecay });
  const block = (out: number) => [nn.conv2d({ out, ...same }), nn.batchNorm(), nn.relu(), nn.maxPool2d()];
  const small = () =>
    nn.sequential([
      ...block(16),
      ...block(32),
      nn.flatten(),
      nn.dropout({ p: 0.3 }),
      nn.dense({ out: 64 }),
      nn.relu(),
      nn.dense({ out: 10 }),
    ]);
  const ofClothes = {
    epochs: 12,
    batchSize: 64,
    optimizer: decayed(0.003, 0.01),
    ...oneCycle,
    augment: [augment.horizontalFlip()],
    seed,
  };
  const recipes = {
    async digits() {
      const { train, test } = await data.mnist();
      const model = nn.lenet();
      const augmented = { augment: [augment.translate({ by: 0.08 })] };
      const optimizer = decayed(0.003, 0.01);
      await model.fit(train, { epochs: 20, batchSize: 64, optimizer, ...oneCycle, ...augmented, seed });
      return { accuracy: (await model.evaluate(test)).accuracy };
    },
    async clothes() {
      const { train, test } = await data.fashion();
      const model = small();
      await model.fit(train, ofClothes);
      return { accuracy: (await model.evaluate(test)).accuracy };
    },
    async photos() {
      const { train, test } = await data.cifar10();
      const model = nn.resnet({ blocks: 1 });
      const augmented = { augment: [augment.horizontalFlip(), augment.randomCrop({ padding: 4 })] };
      const optimizer = decayed(0.01, 0.05);
      await model.fit(train, { epochs: 30, batchSize: 32, optimizer, ...oneCycle, ...augmented, seed });
      return { accuracy: (await model.evaluate(test)).accuracy };
    },
    async tuned() {
      const { train, test } = await data.cifar10();
      const [known, unseen] = [train.take(500), test.take(500)];
      const recipe = { epochs: 10, batchSize: 32, optimizer: optim.adam({ lr: 0.002 }), seed };
      const found: Record<string, number> = {};
      for (const pretrained of [true, false]) {
        // Colours as the network was trained on: blue first, 0 to 255, less their means.
        const model = nn.sequential([
          nn.resize({ size: 64, mode: "bilinear" }),
          (x) => x.flip(1).mul(255),
          nn.normalize({ mean: [104, 117, 123], std: [1, 1, 1] }),
          (await models.squeezenet({ pretrained })).features(),
          nn.dense({ out: 10 }),
        ]);
        const groups = pretrained ? [{ params: "3.*", frozen: true }] : [];
        await model.fit(known, { ...recipe, groups });
        found[pretrained ? "tuned" : "scratch"] = (await model.evaluate(unseen)).accuracy ?? Number.NaN;
      }
      return found;
    },
    async taught() {
      const { train, test } = await data.fashion();
      const teacher = small();
      await teacher.fit(train, ofClothes);
      const [alone, taught] = [nn.lenet(), nn.lenet()];
      const few = train.take(1000);
      const lesson = {
        epochs: 40,
        batchSize: 32,
        optimizer: optim.adam({ lr: 0.003 }),
        schedule: { kind: "cosine" },
        scheduleUnit: "step",
        augment: [augment.horizontalFlip()],
        seed,
      } as const;
      await alone.fit(few, lesson);
      await taught.fit(few, { ...lesson, teacher: { model: teacher, temperature: 4, alpha: 0.9 } });
      const accuracy = async (model: typeof teacher) => (await model.evaluate(test)).accuracy;
      return {
        teacher: await accuracy(teacher),
        alone: await accuracy(alone),
        taught: await accuracy(taught),
      };
    },
  };
  return (await recipes[name]()) as Record<string, number>;
}

function reaches(what: string, name: Name, check: (mean: Record<string, number>) => void): void {
  test(what, { skip: !slow }, async (t) => {
    const entry = new URL("npm/index.js", sites.plain).href;
    const found: Record<string, number>[] = [];
    for (const seed of SEEDS) {
      await visit(sites.plain, async ({ page }) => {
        const begun = performance.now();
        const accuracies = await page.evaluate(run, { entry, name, seed });
        t.diagnostic(
          `seed ${seed}: ${JSON.stringify(accuracies)}, ${((performance.now() - begun) / 1000).toFixed(0)} s`,
        );
        found.push(accuracies);
      });
    }
    const names = Object.keys(found[0] ?? {});
    const mean = (of: string) => found.reduce((sum, one) => sum + (one[of] as number), 0) / SEEDS.length;
    const means = Object.fromEntries(names.map((of) => [of, mean(of)]));
    t.diagnostic(`means: ${JSON.stringify(means)}`);
    check(means);
  });
}

const atLeast = (bar: number) => (mean: Record<string, number>) =>
  assert.ok((mean.accuracy as number) >= bar, JSON.stringify(mean));
/** That the first is above the second by this. */
const above = (first: string, second: string, by: number) => (mean: Record<string, number>) =>
  assert.ok((mean[first] as number) >= (mean[second] as number) + by, JSON.stringify(mean));

reaches("LeNet with small shifts on MNIST", "digits", atLeast(0.984));
reaches("a small network of convolutions on Fashion-MNIST", "clothes", atLeast(0.88));
reaches("a small ResNet on a part of CIFAR-10", "photos", atLeast(0.65));
reaches(
  "a trained SqueezeNet with a new head against the same from scratch",
  "tuned",
  above("tuned", "scratch", 0.15),
);
reaches("a student that is taught against one that is not", "taught", above("taught", "alone", 0.01));
