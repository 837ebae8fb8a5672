// The npm package in a page of its own: the engine in the page's thread, on both devices.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sites, visit } from "./harness.ts";

type Package = typeof import("../../web/api/index.ts");

for (const device of ["cpu", "webgpu"] as const) {
  test(`the package computes and learns in a page on ${device}`, async () => {
    await visit(sites.plain, async ({ page }) => {
      const result = await page.evaluate(
        async ({ entry, device }) => {
          const { createGradbook } = (await import(entry)) as Package;
          const g = await createGradbook({ device });
          const x = g.randn([64, 4], { seed: 1 });
          const set = g.data.from(x, x.sum(1).gt(0).cast("i32"));
          const model = g.nn.sequential([g.nn.dense({ out: 16 }), g.nn.relu(), g.nn.dense({ out: 2 })]);
          const optimizer = g.optim.adam({ lr: 0.05 });
          const history = await model.fit(set, { epochs: 5, batchSize: 16, optimizer, seed: 3 });
          const product = x.t().matmul(x).shape;
          return { device: g.device?.device, product, losses: history.points.map(({ loss }) => loss) };
        },
        { entry: new URL("npm/index.js", sites.plain).href, device },
      );
      assert.equal(result.device, device);
      assert.deepEqual(result.product, [4, 4]);
      assert.equal(result.losses.length, 20);
      assert.ok((result.losses[19] as number) < 0.5 * (result.losses[0] as number), String(result.losses));
    });
  });
}

test("from the same seed the losses on WebGPU follow those on the CPU", async () => {
  await visit(sites.plain, async ({ page }) => {
    const [cpu, webgpu] = await page.evaluate(async (entry) => {
      const { createGradbook } = (await import(entry)) as Package;
      const train = async (device: "cpu" | "webgpu") => {
        const { nn, data, optim } = await createGradbook({ device });
        const { train } = await data.mnist();
        const model = nn.sequential([
          nn.conv2d({ out: 6, kernel: 5, padding: "same" }),
          nn.relu(),
          nn.maxPool2d({ kernel: 2 }),
          nn.conv2d({ out: 16, kernel: 5 }),
          nn.relu(),
          nn.maxPool2d({ kernel: 2 }),
          nn.flatten(),
          nn.dense({ out: 84 }),
          nn.relu(),
          nn.dense({ out: 10 }),
        ]);
        const optimizer = optim.adam({ lr: 0.002 });
        const { points } = await model.fit(train.take(320), { epochs: 1, batchSize: 16, optimizer, seed: 7 });
        return points.map(({ loss }) => loss);
      };
      return [await train("cpu"), await train("webgpu")] as const;
    }, new URL("npm/index.js", sites.plain).href);
    assert.equal(cpu.length, 20);
    const apart = Math.max(...cpu.map((loss, i) => Math.abs(loss - (webgpu[i] as number))));
    assert.ok(apart <= 1e-3, `${apart} apart: ${cpu} and ${webgpu}`);
    assert.notEqual(cpu[0], cpu[19]);
  });
});

test("a data set that is missing is an error with address and status", async () => {
  await visit(sites.plain, async ({ page, errors }) => {
    const message = await page.evaluate(async (entry) => {
      const { createGradbook } = (await import(entry)) as Package;
      const real = window.fetch;
      window.fetch = (input, init) => {
        const url = String(input instanceof Request ? input.url : input);
        return real(url.endsWith("manifest.json") ? url.replace("manifest", "missing") : input, init);
      };
      const g = await createGradbook({ device: "cpu" });
      return g.data.mnist().then(
        () => "loaded",
        (error: Error) => `${error.name}: ${error.message}`,
      );
    }, new URL("npm/index.js", sites.plain).href);
    assert.match(
      message,
      /^LoadError: could not load mnist: http.*\/assets\/mnist\/manifest\.json could not be loaded: 404/,
    );
    // The browser logs every failed request.
    errors.length = 0;
  });
});
