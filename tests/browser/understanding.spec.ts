// What helps to understand a network, as a reader asks for it: real networks, drawn in the page. The pictures are for a person to look at.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pictures, sites, visit } from "./harness.ts";
import { NotebookPage } from "./notebook.ts";

const CELLS = {
  network: "nn.resnet({ blocks: 1, channels: 8 }).graph([1, 3, 32, 32])",
  small:
    "nn.sequential([nn.flatten(), nn.dense({ out: 32 }), nn.relu(), nn.dense({ out: 10 })]).graph([1, 1, 28, 28])",
  backprop: `const [w, x, b] = [tensor([0.5, -1]), tensor([2, 1]), tensor(0.25)]
const z = w.mul(x).sum().add(b)
const loss = z.sigmoid().sub(1).square()
const steps = await explain.backprop(loss, { w, x, b, z })
display(steps, steps.table)`,
  variances: `const deep = (init) => nn.sequential(Array.from({ length: 12 }, () => [nn.dense({ out: 128, init }), nn.tanh()]).flat())
const inits = { Xavier: 'xavierCourse', Glorot: 'xavierNormal', He: 'heNormal', orthogonal: 'orthogonal', 'σ = 0.01': { kind: 'normal', std: 0.01 }, 'σ = 0.5': { kind: 'normal', std: 0.5 } }
await explain.variances(Object.fromEntries(Object.entries(inits).map(([name, init]) => [name, deep(init)])), randn([64, 128], { seed: 1 }))`,
  norms: `const block = () => nn.sequential([nn.dense({ out: 64 }), nn.sigmoid()])
const rows = (wrap) => nn.sequential([nn.flatten(), nn.dense({ out: 64 }), ...Array.from({ length: 16 }, () => wrap(block())), nn.dense({ out: 10 })])
await explain.gradientNorms({ 'with skips': rows(nn.residual), without: rows((body) => body) }, (await data.mnist()).train.take(64))`,
  live: `const points = rand([256, 2], { seed: 1, low: -1, high: 1 })
const set = data.from(points, points.sum(1).gt(0).cast('i32'))
const net = nn.sequential([...Array.from({ length: 9 }, () => [nn.dense({ out: 16 }), nn.relu()]).flat(), nn.dense({ out: 2 })])
const curve = plot.curve()
display(curve)
await net.fit(set, { epochs: 12, batchSize: 32, gradientNorms: true, plot: curve, seed: 1 })
undefined`,
  field: `const photo = (await data.mnist()).test.take(4).x
const lenet = nn.sequential([nn.conv2d({ out: 6, kernel: 5, padding: 'same' }), nn.tanh(), nn.avgPool2d({ kernel: 2 }), nn.conv2d({ out: 16, kernel: 5 }), nn.tanh(), nn.avgPool2d({ kernel: 2 })])
lenet.build([1, 1, 28, 28], { seed: 1 })
display(explain.receptiveField(lenet, photo, { layer: 0 }), explain.receptiveField(lenet, photo, { layer: 3 }), explain.receptiveField(lenet, photo, { layer: [0, 2, 3, 5] }))
display(nn.featureMaps(28, [{ name: 'conv1', kernel: 5, padding: 'same' }, { name: 'pool1', kernel: 2, stride: 2 }, { name: 'conv2', kernel: 5 }, { name: 'pool2', kernel: 2, stride: 2 }]))`,
  branches: `nn.graph({
  pixels: { layer: nn.sequential([nn.parallel([nn.conv2d({ out: 8, kernel: 1 }), nn.conv2d({ out: 8, kernel: 3, padding: 'same' }), nn.conv2d({ out: 8, kernel: 5, padding: 'same' })]), nn.denseBlock([nn.conv2d({ out: 4, kernel: 3, padding: 'same' }), nn.conv2d({ out: 4, kernel: 3, padding: 'same' })]), nn.globalAvgPool()]), in: 'image' },
  out: { layer: nn.dense({ out: 10 }), in: ['pixels', 'age'] },
}, { inputs: { image: [3, 16, 16], age: [1] } }).graph()`,
  large: "nn.densenet({ layers: 4 }).graph([1, 3, 32, 32])",
  ensemble: `const team = await ensemble.kFold(() => nn.sequential([nn.dense({ out: 4 }), nn.relu(), nn.dense({ out: 2 })]), set, { k: 5, epochs: 3, seed: 3 })
await team.compare(set)`,
};

test("networks, computations and layers are looked at", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    for (const source of Object.values(CELLS)) await notebook.addAndRun(source);
    assert.equal(await page.locator(".error-output").count(), 0);
    await page.locator(".uplot canvas").nth(6).waitFor();
    assert.equal(await page.locator(".output-note", { hasText: "could not" }).count(), 0);
    assert.equal(await page.locator(".graph-output svg").count(), 5);
    assert.equal(await page.locator(".overlay-frame").count(), 2);
    const words = (await page.locator(".graph-output [role=img]").nth(2).getAttribute("aria-label")) ?? "";
    assert.match(words, /z, = v\d \+ b, value 0.25, gradient −0\.216, from v\d \(× 1\) and b \(× 1\)/);
    assert.match(await page.locator(".table-output").first().innerText(), /out\tv4 · v4/);
    const panels = await page.locator(".curve-panel .curve-label").allInnerTexts();
    assert.ok(panels.includes("norm of the gradient, by layer"), panels.join());
    await pictures(page, "understanding", { wide: 8200, narrow: 9800 });
  });
});
