// Cells run: values, names, errors at their lines, and Stop, with and without the headers that isolate a page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { sites, visit } from "./harness.ts";
import { NotebookPage } from "./notebook.ts";

test("a cell shows the value of its last expression, what it displays and what it prints, in order", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    const cell = await notebook.addAndRun("console.log('one', 1)\ndisplay('two')\n;[3, { four: 5 }]");
    assert.equal(await notebook.outputs(cell), "one 1\ntwo\n[3, { four: 5 }]");
    assert.equal(await cell.locator(".cell-count").innerText(), "[1]");
  });
});

test("names are shared, const may be run again, closures see the current value", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    const declaring = await notebook.addAndRun("const x = 1\nconst read = () => x");
    const reading = await notebook.addAndRun("read()");
    assert.equal(await notebook.outputs(reading), "1");
    await notebook.write(declaring, "const x = await Promise.resolve(2)");
    await notebook.run(declaring);
    await reading.getByText("Not run since it or its inputs changed").waitFor({ state: "hidden" });
    await notebook.run(reading);
    assert.equal(await notebook.outputs(reading), "2");
  });
});

for (const [name, source, message, line] of [
  ["thrown", "const ok = 1\nfunction deep() {\n  null.x\n}\ndeep()", "TypeError", 3],
  ["syntax", "const a = 1\nconst b = = 2", "SyntaxError", 2],
  ["unknown name", "1\n\nnope + 1", "nope is not defined", 3],
  ["rejected", "1\nawait Promise.reject(new RangeError('far'))", "RangeError", 2],
  ["rejected without a stack", "1\n\nawait fetch('blob:null/x')", "TypeError", 3],
  [
    "not awaited",
    "1\nPromise.reject(new Error('later'))\nawait new Promise((r) => setTimeout(r, 50))",
    "later",
    2,
  ],
] as const) {
  test(`an error is shown with its line: ${name}`, async () => {
    await visit(sites.plain, async ({ page, errors }) => {
      const notebook = await NotebookPage.open(page);
      const cell = await notebook.addAndRun(source);
      const error = cell.locator(".error-output");
      assert.match(await error.innerText(), new RegExp(message));
      assert.match(await error.locator(".error-place").first().innerText(), new RegExp(`line ${line}$`));
      const text = source.split("\n")[line - 1]?.trim();
      assert.equal(await error.locator(".error-code").first().innerText(), text);
      assert.equal(await cell.locator(".cm-line.error-line").innerText(), source.split("\n")[line - 1]);
      const next = await notebook.addAndRun("'alive'");
      assert.equal(await notebook.outputs(next), "'alive'");
      // The refused fetch is the sandbox's own doing.
      errors.splice(0);
    });
  });
}

for (const [site, url] of Object.entries(sites)) {
  for (const source of [
    "for (;;) {}",
    "kept++\nconst spin = () => { while (true) { try { while (true) {} } catch {} } }\nspin()",
    "await new Promise(() => {})",
    "while (true) await 0",
    "const again = (n) => n < 1 ? 1 : again(n - 1) + again(n - 1)\nagain(200)",
    "for (;;) { console.log('flood') }",
  ]) {
    test(`Stop ends ${JSON.stringify(source)} and keeps variables (${site})`, async () => {
      await visit(url, async ({ page }) => {
        const notebook = await NotebookPage.open(page);
        await notebook.addAndRun("let kept = 41");
        const cell = await notebook.add(source);
        await notebook.start(cell);
        await page.locator(".status-kernel.is-busy").waitFor();
        await page.waitForTimeout(300);
        await page.getByRole("button", { name: "Stop", exact: true }).first().click();
        await notebook.finished(cell);
        const error = await cell.locator(".error-output").innerText();
        assert.match(error, /^Stopped/);
        assert.doesNotMatch(error, /variables are gone/);
        const after = await notebook.addAndRun("kept");
        assert.match(await notebook.outputs(after), /^4[12]$/);
      });
    });
  }
}

test("a call that cannot be interrupted is ended with its worker; what was trained lives on", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    await notebook.addAndRun(TRAINED);
    const score = await notebook.outputs(await notebook.addAndRun(SCORE));
    const cell = await notebook.add("/^(a+)+$/.test('a'.repeat(40) + 'b')");
    await notebook.start(cell);
    await page.locator(".status-kernel.is-busy").waitFor();
    await page.getByRole("button", { name: "Stop", exact: true }).first().click();
    await notebook.finished(cell);
    assert.match(await cell.locator(".error-output").innerText(), /live on; other variables are gone/);
    assert.equal(await notebook.outputs(await notebook.addAndRun("typeof plain")), "'undefined'");
    assert.equal(await notebook.outputs(await notebook.addAndRun(SCORE)), score);
  });
});

test("without its compute worker a run says why, and the next one tries again", async () => {
  await visit(sites.plain, async ({ page, errors }) => {
    const notebook = await NotebookPage.open(page);
    await page.route("**/compute-worker.js", (route) => route.abort());
    const cell = await notebook.addAndRun("1 + 1");
    assert.match(await notebook.outputs(cell), /The compute worker failed/);
    assert.match(await page.locator(".status").innerText(), /No device/);
    await page.unroute("**/compute-worker.js");
    await notebook.run(cell);
    assert.equal(await notebook.outputs(cell), "2");
    // The browser's own report of the file that did not load.
    errors.splice(0);
  });
});

test("Stop counts while the workers are still starting", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    const cell = await notebook.add("for (;;) {}");
    await cell.evaluate((view) => {
      view.querySelector<HTMLButtonElement>(".run-button")?.click();
      setTimeout(() => document.querySelector<HTMLButtonElement>(".bar-button.is-stop")?.click());
    });
    await cell.getByText("stopped before it began").waitFor();
    const after = await notebook.addAndRun("'alive'");
    assert.equal(await notebook.outputs(after), "'alive'");
  });
});

test("Stop clears the queue; Restart clears the variables and keeps what was trained", async () => {
  await visit(sites.isolated, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    await notebook.addAndRun(TRAINED);
    const score = await notebook.outputs(await notebook.addAndRun(SCORE));
    const endless = await notebook.add("var gone = 1\nfor (;;) {}");
    const queued = await notebook.add("'ran'");
    await notebook.start(endless);
    await page.locator(".status-kernel.is-busy").waitFor();
    await notebook.start(queued);
    await notebook.stop();
    await notebook.finished(endless);
    assert.equal(await notebook.outputs(queued), "");
    await page.getByRole("button", { name: "Restart" }).click();
    const after = await notebook.addAndRun("[typeof gone, typeof plain]");
    assert.equal(await notebook.outputs(after), "['undefined', 'undefined']");
    assert.equal(await after.locator(".cell-count").innerText(), "[1]");
    assert.equal(await notebook.outputs(await notebook.addAndRun(SCORE)), score);
    // Names that held the same still do, what was not computed yet is, and training goes on from there.
    const names = await notebook.addAndRun(
      "[alias === model, (await half.data()).join(), (await model.fit(points, { epochs: 1, seed: 3 })).points.length]",
    );
    assert.equal(await notebook.outputs(names), "[true, '0.5,1', 2]");
  });
});

const TRAINED = `const plain = 1
const x = randn([64, 4], { seed: 1 })
const points = data.from(x, x.sum(1).gt(0).cast('i32'))
const head = nn.dense({ out: 2 })
const model = nn.sequential([nn.dense({ out: 8 }), nn.batchNorm(), nn.relu(), head])
const alias = model
const half = tensor([1, 2]).mul(0.5)
await model.fit(points, { epochs: 5, batchSize: 16, optimizer: optim.adam({ lr: 0.05 }), seed: 2 })`;
const SCORE = "JSON.stringify([await model.evaluate(points), (await head.parameters.weight.data()).join()])";

test("a worker that has ended is told of, and one click goes on", async () => {
  await visit(sites.plain, async ({ page, errors }) => {
    const notebook = await NotebookPage.open(page);
    const cell = await notebook.add("close(); await new Promise(() => {})");
    await notebook.run(notebook.cell(1));
    await notebook.start(cell);
    const notice = page.locator(".notice", { hasText: "has ended by itself" });
    await notice.waitFor();
    await notebook.write(cell, "mean(squares)");
    await notice.getByRole("button", { name: /^Go on/ }).click();
    await cell.getByText("28.5").waitFor();
    assert.equal(await notice.count(), 0);
    // The browser says in the console that what the worker held cannot be read.
    errors.splice(0);
  });
});

test("a training run says how far it has come", async () => {
  await visit(sites.isolated, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    const cell = await notebook.add(
      "const net = nn.sequential([nn.flatten(), nn.dense({ out: 10 })])\nawait net.fit(await data.digits8(), { epochs: 5000 })",
    );
    await notebook.start(cell);
    await cell
      .locator(".cell-progress", { hasText: /step [\d,]+ of [\d,]+ · .* steps\/s · .* left · .* MB/ })
      .waitFor();
    await notebook.stop();
    await notebook.finished(cell);
    assert.equal(await cell.locator(".cell-progress").count(), 0);
  });
});

test("Stop counts before there is a kernel; such a run has no number", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    let goOn = () => {};
    const held = new Promise<void>((resolve) => (goOn = resolve));
    await page.route("**/chunks/page-kernel-*.js", async (route) => {
      await held;
      await route.continue();
    });
    const cell = await notebook.add("for (;;) {}");
    await notebook.start(cell);
    await notebook.stop();
    goOn();
    await cell.getByText("stopped before it began").waitFor();
    assert.equal(await cell.locator(".cell-count").innerText(), "[ ]");
  });
});

test("what runs when all are run anew runs again; a cell that was edited meanwhile is behind", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    const cell = await notebook.add(
      "while (typeof squares === 'undefined') await 0\nawait new Promise((r) => setTimeout(r, 300))\n'came'",
    );
    await notebook.start(cell);
    await page.locator(".status-kernel.is-busy").waitFor();
    await cell.focus();
    await page.keyboard.press("Control+Shift+P");
    await page.getByRole("combobox", { name: "Find a command" }).fill("restart and run all");
    await page.keyboard.press("Enter");
    await cell.getByText("'came'", { exact: true }).nth(1).waitFor();
    assert.equal(await cell.locator(".cell-count").innerText(), "[3]");

    await notebook.write(cell, "await new Promise((r) => setTimeout(r, 1000))\n'first'");
    await notebook.start(cell);
    await page.locator(".status-kernel.is-busy").waitFor();
    await notebook.write(cell, "'second'");
    await notebook.finished(cell);
    await cell.getByText("Not run since it or its inputs changed").waitFor();
  });
});
