// The reader's own files: a folder that is dropped on the page becomes a data set and trains a classifier; what is broken is
// named and left out; what is hostile costs nothing; what was added is there after a reload.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { picture, sites, visit } from "./harness.ts";
import { NotebookPage } from "./notebook.ts";
import { pngOf, shape, writeAll, zip } from "./pictures.ts";

const folder = mkdtempSync(join(tmpdir(), "gradbook-own-"));
for (let n = 0; n < 60; n++)
  writeAll(folder, {
    [`shapes/disc/${n}.png`]: shape("disc", n),
    [`shapes/frame/${n}.png`]: shape("frame", n + 1000),
  });
const whole = shape("disc", 1);
writeAll(folder, {
  "shapes/disc/.DS_Store": "notes",
  "shapes/disc/empty.png": "",
  "shapes/disc/cut.png": whole.subarray(0, whole.length - 40),
  "shapes/frame/huge.png": pngOf(60_000, 60_000, Buffer.alloc(64)),
  "shapes/frame/text.png": "this is a text\n",
  "shapes/frame/spoilt.png": pngOf(40, 40, Buffer.from("not packed")),
});

test("a dropped folder becomes a data set that trains a classifier and outlives a reload", async () => {
  await visit(sites.isolated, async ({ page }) => {
    let notebook = await NotebookPage.open(page);
    await page.getByLabel("Device").selectOption("CPU");
    await dropFolder(page, join(folder, "shapes"));
    const dialog = page.getByRole("dialog", { name: "Your data" });
    await dialog.getByRole("button", { name: "Add this set" }).waitFor();
    assert.equal(await dialog.getByLabel("Name").inputValue(), "shapes");
    assert.match(
      await dialog.locator(".own-facts").innerText(),
      /120 samples in 2 classes, \[120, 3, 40, 40\]; 2\.3 MB/,
    );
    assert.deepEqual(await dialog.locator(".own-balance tbody tr").allInnerTexts(), [
      "disc\t60\t",
      "frame\t60\t",
    ]);
    const broken = await dialog.locator(".own-broken li").allInnerTexts();
    assert.deepEqual(broken.sort(), [
      "shapes/disc/cut.png: the file ends early",
      "shapes/disc/empty.png: it is empty",
      "shapes/frame/huge.png: it is 60000 × 60000 pixels; at most 67 million are read. Make it smaller first",
      "shapes/frame/spoilt.png: the browser cannot decode it; the file is damaged, or of a kind that it does not know",
      "shapes/frame/text.png: it is no image (text)",
    ]);
    await picture(page, "own-preview");
    await dialog.getByLabel("Size").selectOption("28 × 28");
    await dialog.locator(".own-facts", { hasText: "[120, 3, 28, 28]" }).waitFor();
    await dialog.getByLabel("Colours").selectOption("Grey");
    await dialog.locator(".own-facts", { hasText: "[120, 1, 28, 28]" }).waitFor();
    await dialog.getByRole("button", { name: "Add this set" }).click();
    await dialog.getByText('shapes was added. Cells find it as data.own("shapes").').waitFor();
    await picture(page, "own-list");

    await page.reload();
    notebook = await NotebookPage.of(page);
    await page.getByLabel("Device").selectOption("CPU");
    await page.getByRole("button", { name: "Your data" }).click();
    await dialog.getByRole("button", { name: "Insert a cell with shapes" }).click();
    const inserted = notebook.cell((await page.locator("gradbook-cell-view").count()) - 1);
    await notebook.run(inserted);
    assert.equal(await inserted.locator(".images-output canvas").count(), 24);
    const trained =
      await notebook.addAndRun(`const [train, held] = await shapes.stratifiedSplit([0.75, 0.25], { seed: 1 })
const model = nn.sequential([nn.conv2d({ out: 8, kernel: 3 }), nn.relu(), nn.maxPool2d({ kernel: 2 }), nn.conv2d({ out: 16, kernel: 3 }), nn.relu(),
  nn.maxPool2d({ kernel: 2 }), nn.flatten(), nn.dense({ out: 2 })])
await model.fit(train, { epochs: 12, batchSize: 16, optimizer: optim.adam({ lr: 0.003 }), seed: 1 })
const { accuracy } = await model.evaluate(held)
JSON.stringify([held.length, shapes.classes, accuracy > 0.9 ? "learnt" : accuracy])`);
    await picture(page, "own-trained");
    assert.match(await notebook.outputs(trained), /\[30,\["disc","frame"\],"learnt"\]/);
  });
});

test("archives: parts by folder, a zip bomb, nested and lying ones, and what is no archive", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    const bomb = zip({ "zeros.bmp": Buffer.alloc(600 * 2 ** 20) });
    const file = (path: string, n: number) =>
      [path, shape(path.includes("disc") ? "disc" : "frame", n)] as const;
    const parts = zip(
      {
        ...Object.fromEntries(
          [0, 1, 2].flatMap((n) => [file(`train/disc/${n}.png`, n), file(`train/frame/${n}.png`, n)]),
        ),
        ...Object.fromEntries([file("test/disc/7.png", 7), file("test/frame/8.png", 8)]),
        "test/disc/lies.png": shape("disc", 3),
      },
      { "test/disc/lies.png": 10 },
    );
    const dialog = await choose(page, [
      { name: "parts.zip", mimeType: "application/zip", buffer: parts },
      { name: "bomb.zip", mimeType: "application/zip", buffer: bomb },
      { name: "cut.zip", mimeType: "application/zip", buffer: parts.subarray(0, 900) },
      {
        name: "nest.zip",
        mimeType: "application/zip",
        buffer: zip({ "a.zip": zip({ "b.zip": zip({ "c.png": whole }) }) }),
      },
      {
        name: "program.exe",
        mimeType: "application/octet-stream",
        buffer: Buffer.from([0x4d, 0x5a, 0x90, 0]),
      },
    ]);
    await dialog.getByRole("button", { name: "Add this set" }).waitFor();
    const broken = (await dialog.locator(".own-broken li").allInnerTexts()).join("\n");
    assert.match(broken, /bomb\/zeros\.bmp: it unpacks to more than 537 MB/);
    assert.match(broken, /cut\.zip: the archive cannot be read: /);
    assert.match(broken, /nest\/a\/b\.zip: it is an archive in an archive in an archive/);
    assert.match(broken, /parts\/test\/disc\/lies\.png: it cannot be unpacked: /);
    assert.match(broken, /program\.exe: it is of no kind that is read here \(it starts with 4d 5a 90 00\)/);
    assert.match(
      await dialog.locator(".own-facts").innerText(),
      /8 samples in 2 classes, train \[6, 3, 40, 40\], test \[2, 3, 40, 40\]/,
    );
    await dialog.getByLabel("Name").fill("in parts");
    await dialog.getByRole("button", { name: "Add this set" }).click();
    await dialog.getByRole("button", { name: "Insert a cell with in parts" }).click();
    const inserted = notebook.cell((await page.locator("gradbook-cell-view").count()) - 1);
    await notebook.run(inserted);
    assert.equal(await inserted.locator(".images-output canvas").count(), 6);
    const cell = await notebook.addAndRun(
      "[test.length, test.name, (await test.y.data()).join()].join(' | ')",
    );
    assert.match(await notebook.outputs(cell), /2 \| in parts test \| 0,1/);
    const unnamed = await notebook.addAndRun('await data.own("in parts")');
    assert.match(
      await notebook.outputs(unnamed),
      /own: in parts has the parts train, test; write data\.own\("in parts", "train"\)/,
    );
    const missing = await notebook.addAndRun('await data.own("cats")');
    assert.match(await notebook.outputs(missing), /there is no set of this name; there are: in parts/);
  });
});

test("a cell lets the reader pick, sees another set of the same name, and hears when they pick none", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    const picked = await notebook.add('const mine = await data.pick()\nmine.name.concat(", ", mine.length)');
    const dialog = page.getByRole("dialog", { name: "Your data" });
    const addSome = async (count: number) => {
      const files = Array.from({ length: count }, (_, n) => ({
        name: `${n}.png`,
        mimeType: "image/png",
        buffer: shape("disc", n),
      }));
      await dialog.getByLabel("Choose files").setInputFiles(files);
      await dialog.getByLabel("Name").fill("some");
      await dialog.getByRole("button", { name: "Add this set" }).click();
    };
    await notebook.start(picked);
    await addSome(3);
    await notebook.finished(picked);
    assert.match(await notebook.outputs(picked), /some, 3/);
    await page.getByRole("button", { name: "Your data" }).click();
    await addSome(5);
    await dialog.getByRole("button", { name: "Close" }).click();
    const again = await notebook.addAndRun('(await data.own("some")).length');
    assert.equal(await notebook.outputs(again), "5");
    await notebook.start(picked);
    await dialog.getByRole("button", { name: "Use some" }).click();
    await notebook.finished(picked);
    assert.match(await notebook.outputs(picked), /some, 5/);
    await notebook.start(picked);
    await dialog.getByRole("button", { name: "Close" }).click();
    await notebook.finished(picked);
    assert.match(await notebook.outputs(picked), /no set was chosen/);
  });
});

async function choose(
  page: Page,
  files: { name: string; mimeType: string; buffer: Buffer }[],
): Promise<Locator> {
  await page.getByRole("button", { name: "Your data" }).click();
  const dialog = page.getByRole("dialog", { name: "Your data" });
  await dialog.getByLabel("Choose files").setInputFiles(files);
  return dialog;
}

/** Drops the files of a folder with their places, as a browser hands them to a page. */
async function dropFolder(page: Page, path: string): Promise<void> {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile()
      ? [
          {
            path: join(relative(join(path, ".."), entry.parentPath), entry.name),
            base64: readFileSync(join(entry.parentPath, entry.name)).toString("base64"),
          },
        ]
      : [],
  );
  await page.evaluate((files) => {
    // A script cannot make the entries of a drop: these have what the page uses of them.
    type Tree = Map<string, Tree | File>;
    const root: Tree = new Map();
    for (const { path, base64 } of files) {
      const steps = path.split("/");
      const name = steps.pop() as string;
      let at = root;
      for (const step of steps) {
        if (!at.has(step)) at.set(step, new Map());
        at = at.get(step) as Tree;
      }
      at.set(name, new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
    }
    const entryOf = (name: string, node: Tree | File, above: string): object =>
      node instanceof File
        ? {
            isDirectory: false,
            fullPath: `${above}/${name}`,
            file: (done: (file: File) => void) => done(node),
          }
        : {
            isDirectory: true,
            fullPath: `${above}/${name}`,
            createReader() {
              const batches = [
                [...node].map(([inner, child]) => entryOf(inner, child, `${above}/${name}`)),
                [],
              ];
              return { readEntries: (done: (entries: object[]) => void) => done(batches.shift() ?? []) };
            },
          };
    const items = [...root].map(([name, node]) => ({ webkitGetAsEntry: () => entryOf(name, node, "") }));
    const event = new DragEvent("drop", { bubbles: true, cancelable: true });
    Object.defineProperty(event, "dataTransfer", { value: { items, files: [], types: ["Files"] } });
    document.body.dispatchEvent(event);
  }, files);
}
