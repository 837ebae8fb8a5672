// Inputs: what the reader sets reaches the cells, live cells follow, a training run takes another learning rate, and nothing
// that a cell says can pass for the reader's doing.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { violations } from "./axe.ts";
import { picture, sites, visit } from "./harness.ts";
import { NotebookPage } from "./notebook.ts";

const MINUTES = 60_000;

const ALL = `const rate = input.slider({ label: 'rate', min: 1e-4, max: 1, value: 0.1, scale: 'log' })
const n = input.number({ label: 'count', min: 1, max: 20, step: 1, value: 3 })
const kind = input.choice({ label: 'kind', options: ['sgd', 'adam'] })
const on = input.checkbox({ label: 'shuffle' })
const title = input.text({ label: 'title', value: 'a run' })
const notes = input.text({ label: 'notes', lines: 3 })
const pad = input.draw({ label: 'Digit' })
const photo = input.image({ label: 'Photo', size: 32 })`;

/** A cell that tells what it saw each time that it ran. */
const seen = (value: string) => `(globalThis.seen ??= []).push(${value}); seen.join()`;

async function makeLive(cell: Locator): Promise<void> {
  await cell.getByRole("button", { name: /^Live/ }).click();
}

/** Waits until a cell shows a text. */
async function shows(cell: Locator, text: string | RegExp): Promise<void> {
  await cell.locator(".cell-outputs", { hasText: text }).waitFor();
}

/** Waits until the value of a cell is shown so. */
async function result(cell: Locator, text: string): Promise<void> {
  await cell.locator(".is-result", { hasText: new RegExp(`^${text}$`) }).waitFor();
}

async function draw(page: Page, pad: Locator, points: [number, number][]): Promise<void> {
  await pad.scrollIntoViewIfNeeded();
  const box = await pad.boundingBox();
  assert.ok(box);
  const at = ([x, y]: [number, number]): [number, number] => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...at(points[0] ?? [0, 0]));
  await page.mouse.down();
  for (const point of points.slice(1)) await page.mouse.move(...at(point), { steps: 8 });
  await page.mouse.up();
}

test("every input is set by the keyboard alone, and cells read it", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    const cell = await notebook.addAndRun(ALL);
    await cell.getByRole("slider", { name: "rate" }).focus();
    await page.keyboard.press("End");
    await cell.getByRole("spinbutton", { name: "count" }).focus();
    await page.keyboard.press("ArrowUp");
    await cell.getByRole("combobox", { name: "kind" }).focus();
    await page.keyboard.press("ArrowDown");
    await cell.getByRole("checkbox", { name: "shuffle" }).focus();
    await page.keyboard.press("Space");
    await cell.getByRole("textbox", { name: "title" }).fill("mine");
    await cell.getByRole("textbox", { name: "notes" }).fill("a\nb");
    await cell.locator(".draw-pad").focus();
    for (const key of ["Space", "ArrowRight", "ArrowRight", "Space", "ArrowDown"])
      await page.keyboard.press(key);
    await page.waitForTimeout(300);
    const read = await notebook.addAndRun(
      "const drawn = await pad.value.sum().item(); console.log(+rate, n.value, kind.value, on.value, title.value, notes.value.length, photo.isSet, drawn > 5 && drawn < 20)",
    );
    assert.equal(await notebook.outputs(read), "1 4 adam true mine 3 false true");
    await cell.getByRole("button", { name: "Clear" }).click();
    await cell.getByRole("button", { name: "Reset rate" }).click();
    await page.waitForTimeout(300);
    const again = await notebook.addAndRun("console.log(rate.value, pad.isSet)");
    assert.equal(await notebook.outputs(again), "0.1 false");
    await cell.getByRole("button", { name: "Undo" }).click();
    await page.waitForTimeout(300);
    assert.equal(await notebook.outputs(await notebook.addAndRun("console.log(pad.isSet)")), "true");
    // What cannot be is said at the field, and does not reach the cells.
    await cell.getByRole("spinbutton", { name: "count" }).fill("99");
    await cell.locator(".input-problem", { hasText: /./ }).waitFor();
    assert.equal(await notebook.outputs(await notebook.addAndRun("console.log(n.value)")), "4");
  });
});

test("a live cell follows a slider and ends with its last value; others stay", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    const slider = (
      await notebook.addAndRun(
        "const s = input.slider({ max: 100, step: 1 }), other = input.slider({ label: 'other' })",
      )
    )
      .getByRole("slider")
      .first();
    const live = await notebook.addAndRun(
      `const now = s.value; await new Promise((r) => setTimeout(r, 50)); ${seen("now")}`,
    );
    await makeLive(live);
    const still = await notebook.addAndRun("'still ' + s.value");
    await slider.focus();
    for (let i = 0; i < 40; i++) await page.keyboard.press("ArrowRight");
    await shows(live, /,40'$/);
    await notebook.finished(live);
    const values =
      /'(.*)'/
        .exec(await notebook.outputs(live))?.[1]
        ?.split(",")
        .map(Number) ?? [];
    assert.ok(values.length < 40, `${values.length} runs for 40 changes`);
    assert.deepEqual(
      values,
      [...new Set(values)].sort((a, b) => a - b),
      "no value twice, none late",
    );
    assert.equal(await notebook.outputs(still), "'still 0'");
    // What it did not read does not concern it.
    await page.getByRole("slider", { name: "other" }).press("ArrowRight");
    await page.waitForTimeout(300);
    assert.equal(/'(.*)'/.exec(await notebook.outputs(live))?.[1]?.split(",").length, values.length);
    await makeLive(live);
    await slider.press("ArrowRight");
    await page.waitForTimeout(300);
    assert.match(await notebook.outputs(live), /,40'$/);
  });
});

test("what was set outlives a rerun, a reload and a change elsewhere in the cell, but not another description", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    const cell = await notebook.addAndRun(
      "const a = input.slider({ label: 'a', max: 10, step: 1 })\na.value",
    );
    await makeLive(cell);
    await cell.getByRole("slider").focus();
    for (let i = 0; i < 7; i++) await page.keyboard.press("ArrowRight");
    // The cell runs anew under the reader's hand, who keeps the slider.
    await result(cell, "7");
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("type")), "range");
    await makeLive(cell);
    await notebook.write(
      cell,
      "const b = input.checkbox()\nconst a = input.slider({ label: 'a', max: 10, step: 1 })\na.value",
    );
    await notebook.run(cell);
    await result(cell, "7");
    await page.locator(".status-saved", { hasText: "Saved" }).waitFor();
    await page.waitForTimeout(600);
    await page.reload();
    const again = (await NotebookPage.of(page)).cell(4);
    assert.equal(await again.getByRole("slider").inputValue(), "7");
    await shows(again, "Run the cell to use this input.");
    await again.getByRole("slider").press("ArrowRight");
    await notebook.run(again);
    await result(again, "8");
    await notebook.write(again, "const a = input.slider({ label: 'a', max: 20, step: 1 })\na.value");
    await notebook.run(again);
    await result(again, "0");
  });
});

test("a drawing reaches live cells while it is drawn, and the bars follow", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    const cell = await notebook.addAndRun("const pad = input.draw({ label: 'Digit', centre: true })");
    // Upright or flat? By the spread of the ink along both axes.
    const live =
      await notebook.addAndRun(`const spread = (axis) => pad.value.sum(axis).gt(0.5).cast('f32').sum()
const [tall, wide] = [await spread(3).item(), await spread(2).item()]
plot.bars([tall, wide], { labels: ['tall', 'wide'], range: [0, 28] })`);
    await makeLive(live);
    const bars = live.locator(".bars-output");
    assert.match((await bars.getAttribute("aria-label")) ?? "", /tall: 0\nwide: 0/);
    await draw(page, cell.locator(".draw-pad"), [
      [0.5, 0.2],
      [0.5, 0.8],
    ]);
    await live.locator(".bars-output[aria-label*='tall: 2']").waitFor();
    assert.match((await bars.getAttribute("aria-label")) ?? "", /tall: 2\d\nwide: [2345]$/);
    await cell.getByRole("button", { name: "Clear" }).click();
    await draw(page, cell.locator(".draw-pad"), [
      [0.2, 0.5],
      [0.8, 0.5],
    ]);
    await live.locator(".bars-output[aria-label*='wide: 2']").waitFor();
    // Half a stroke is seen before the pointer is lifted.
    await cell.getByRole("button", { name: "Clear" }).click();
    await live.locator(".bars-output[aria-label*='wide: 0']").waitFor();
    const box = await cell.locator(".draw-pad").boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + 50, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + 50, box.y + 200, { steps: 5 });
    await live.locator(".bars-output[aria-label*='tall: 2']").waitFor();
    await page.mouse.up();
  });
});

test("a picture comes from a file and from the camera, which then is off", async () => {
  await visit(
    sites.plain,
    async ({ page }) => {
      const notebook = await NotebookPage.open(page);
      const cell = await notebook.addAndRun(
        "const photo = input.image({ label: 'Photo', size: 8, channels: 3 })",
      );
      const live = await notebook.addAndRun(
        "[photo.isSet, photo.value.shape, await photo.value.mean([0, 2, 3]).data()]",
      );
      await makeLive(live);
      const red = await page.evaluate(async () => {
        const canvas = new OffscreenCanvas(40, 20);
        const context = canvas.getContext("2d");
        if (context) context.fillStyle = "#ff0000";
        context?.fillRect(0, 0, 40, 20);
        return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
      });
      const choosing = page.waitForEvent("filechooser");
      await cell.getByRole("button", { name: "Choose a picture" }).click();
      await (await choosing).setFiles({ name: "red.png", mimeType: "image/png", buffer: Buffer.from(red) });
      await shows(live, /true, \[1, 3, 8, 8\].*\[1, 0, 0\]/);
      const broken = page.waitForEvent("filechooser");
      await cell.getByRole("button", { name: "Choose a picture" }).click();
      await (await broken).setFiles({
        name: "no.png",
        mimeType: "image/png",
        buffer: Buffer.from("no picture"),
      });
      await cell.locator(".input-problem", { hasText: "was not taken" }).waitFor();
      await cell.getByRole("button", { name: "Camera", exact: true }).click();
      await cell.locator("video").waitFor();
      const stream = await page.evaluateHandle(
        () => document.querySelector("video")?.srcObject as MediaStream,
      );
      await page.waitForFunction(() => (document.querySelector("video")?.videoWidth ?? 0) > 0);
      await cell.getByRole("button", { name: "Take the picture" }).click();
      await cell.locator("video").waitFor({ state: "detached" });
      assert.deepEqual(await stream.evaluate((s) => s.getTracks().map(({ readyState }) => readyState)), [
        "ended",
      ]);
      await live.locator(".cell-outputs", { hasNotText: "[1, 0, 0]" }).waitFor();
      await cell.getByRole("button", { name: "Reset Photo" }).click();
      await shows(live, /false.*\[0, 0, 0\]/);
    },
    {
      permissions: ["camera"],
      switches: ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
    },
  );
});

test("another learning rate acts on a run under way, is on the curve and in the record, which repeats the run", async () => {
  await visit(sites.isolated, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    await notebook.addAndRun(`const train = await data.digits8()
const network = () => nn.sequential([nn.flatten(), nn.dense({ out: 64 }), nn.relu(), nn.dense({ out: 10 })])`);
    const slider = await notebook.addAndRun(
      "const lr = input.slider({ label: 'learning rate', min: 1e-4, max: 1, value: 0.01, scale: 'log' })",
    );
    const fit = await notebook.add(`let first
const history = await network().fit(train, { epochs: 100000, batchSize: 32, optimizer: optim.sgd({ lr }), seed: 1,
  onEpoch: ({ lr }) => { first ??= lr; return lr === first } })
console.log(history.lrChanges.length, history.lrChanges[0].lr, history.lrChanges[1].lr === lr.value, history.last.lr === lr.value, first)
history`);
    await notebook.start(fit);
    await page.locator(".status-rate").waitFor();
    // The run ends when the rate of an epoch's last step is another one: it would go on for hours.
    await slider.getByRole("slider").press("End");
    await notebook.finished(fit);
    assert.match(await notebook.outputs(fit), /2 0\.01 true true 0\.01/);
    assert.match((await fit.locator(".curve-output").getAttribute("aria-label")) ?? "", /step \d+: lr 1/);
    const again = await notebook.addAndRun(`const { epochs, lrChanges, points } = history
const repeated = await network().fit(train, { epochs: epochs.length, batchSize: 32, optimizer: optim.sgd(), seed: 1, lrChanges })
console.log(points.length, repeated.points.length <= points.length && repeated.points.every(({ loss }, i) => loss === points[i].loss), repeated.lrChanges.length)`);
    assert.match(await notebook.outputs(again), /^[1-9]\d+ true 2$/);
    const traced = await notebook.addAndRun(
      "const step = optim.sgd({ lr }), w = variable(tensor([1])); await compile(() => { step.minimize(w.value.sum(), [w]) })()",
    );
    assert.match(await notebook.outputs(traced), /a live lr would stay what it is now/);
  });
});

test("descriptions that cannot be, floods and forged values are refused", async () => {
  await visit(sites.plain, async ({ page, errors }) => {
    const notebook = await NotebookPage.open(page);
    const slider = "{ type: 'slider', label: 'mine', min: 0, max: 1, scale: 'linear', value: 0.5 }";
    const forge = (control: string, more = "") =>
      `({ [Symbol.for('gradbook.display')]: () => ({ kind: 'input', id: 'x', control: ${control}${more} }) })`;
    const cell = await notebook.addAndRun(`const good = ${slider}
for (const bad of [
  { ...good, min: NaN }, { ...good, max: Infinity }, { ...good, label: 'x'.repeat(1e6) }, { ...good, type: 'file' }, { ...good, type: 'html' },
  { ...good, label: { innerHTML: '<img>' } }, { ...good, step: -1 }, { type: 'choice', label: '', options: Array(1e6).fill('a'), value: 0 },
  { type: 'draw', label: '', size: 1e6, centre: true, value: { strokes: [] } }, { type: 'text', label: '', value: 'x', lines: 1e9 },
]) display(${forge("bad")})
display(${forge("good", ", value: 0.9")})
'shown'`);
    assert.equal(await notebook.outputs(cell), "'shown'");
    // Markup in a label is text.
    const label = "<b>bold</b><img src=x onerror=alert(1)>";
    const marked = await notebook.addAndRun(`input.checkbox({ label: ${JSON.stringify(label)} })`);
    assert.equal(await marked.locator(".input-label").innerText(), label);
    assert.equal(await marked.locator(".cell-outputs img, .cell-outputs b").count(), 0);
    const flood = await notebook.addAndRun(`for (let i = 0; i < 500; i++) display(${forge(slider)})`);
    assert.equal(await flood.locator(".input-output").count(), 50);
    // Nothing that a cell does afterwards moves what the reader sees.
    const set = await notebook.addAndRun("const s = input.slider({ label: 's', value: 0.5 }); s");
    const range = set.getByRole("slider");
    const before = await range.inputValue();
    const moved = await notebook.addAndRun("s.value = 0.9");
    assert.match(await notebook.outputs(moved), /TypeError.*the reader's to set/s);
    assert.equal(await range.inputValue(), before);
    assert.equal(await set.getByRole("button", { name: "Reset s" }).count(), 0);
    assert.deepEqual(errors, []);
  });
});

test("a saved notebook holds what was set, in words and pictures for others", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    const cell = await notebook.addAndRun(ALL);
    await cell.getByRole("slider", { name: "rate" }).press("End");
    await draw(page, cell.locator(".draw-pad"), [
      [0.3, 0.3],
      [0.7, 0.7],
    ]);
    await page.waitForTimeout(300);
    const waiting = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download .ipynb" }).click();
    const file = JSON.parse(await readFile(await (await waiting).path(), "utf8"));
    const data = file.cells.at(-1).outputs.map((output: { data: Record<string, unknown> }) => output.data);
    const texts = data.map((bundle: Record<string, unknown>) => [bundle["text/plain"]].flat().join(""));
    assert.deepEqual(texts, [
      "rate: 1",
      "count: 3",
      "kind: sgd",
      "shuffle: no",
      "title: a run",
      "notes: ",
      "Digit: a drawing of 1 stroke",
      "Photo: no picture",
    ]);
    assert.deepEqual(data.map((bundle: object) => "image/png" in bundle).indexOf(true), 6);
    assert.doesNotMatch(JSON.stringify(data), /"id"/);
  });
});

for (const [name, options] of Object.entries({
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  narrow: { viewport: { width: 390, height: 844 }, hasTouch: true },
} as const)) {
  test(`axe finds nothing in inputs, and what is to be touched is large enough (${name})`, async () => {
    await visit(
      sites.plain,
      async ({ page }) => {
        const notebook = await NotebookPage.open(page);
        const cell = await notebook.addAndRun(ALL);
        await notebook.addAndRun(
          "plot.bars([0.1, 0.7, 0.2], { labels: ['cat', 'dog', 'fish'], title: 'It is' })",
        );
        await cell.getByRole("slider", { name: "rate" }).press("End");
        assert.deepEqual(await violations(page), []);
        const small = await cell
          .locator(".input-output :is(input, select, textarea, button):visible")
          .evaluateAll(
            (all) =>
              all.map((e) => e.getBoundingClientRect()).filter((r) => r.width < 24 || r.height < 24).length,
          );
        assert.equal(small, 0);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, `the page is ${overflow} px too wide`);
        await picture(page, `inputs-${name}`);
      },
      options,
    );
  });
}

test("the notebook of inputs learns digits and reads one that is drawn", async () => {
  await visit(`${sites.isolated}?notebook=inputs`, async ({ page }) => {
    const notebook = await NotebookPage.of(page);
    const cellOf = (id: string) => page.locator(`gradbook-cell-view[data-cell="${id}"]`);
    await page.getByRole("button", { name: "Run all" }).click();
    await page.locator(".bar-button.is-stop:not(:disabled)").waitFor();
    await page.locator(".bar-button.is-stop:disabled").waitFor({ timeout: 10 * MINUTES });
    assert.deepEqual(await page.locator(".error-output").allInnerTexts(), []);
    await draw(page, cellOf("pad").locator(".draw-pad"), [
      [0.25, 0.2],
      [0.72, 0.2],
      [0.42, 0.85],
    ]);
    await cellOf("bars")
      .locator(".bars-output[aria-label*='7: 0.9'], .bars-output[aria-label*='7: 1']")
      .waitFor();
    await cellOf("picture").getByRole("combobox").selectOption("upright edges");
    await notebook.finished(cellOf("filtered"));
    assert.equal(await cellOf("filtered").locator(".images-output canvas").count(), 2);
    await picture(page, "inputs-notebook");
  });
});
