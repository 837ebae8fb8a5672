// The reader's own files: a folder that is dropped on the page becomes a data set and trains a classifier; what is broken is
// named and left out; what is hostile costs nothing; what was added is there after a reload.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Locator, Page } from "playwright-core";
import { violations } from "./axe.ts";
import { picture, sites, visit } from "./harness.ts";
import { NotebookPage } from "./notebook.ts";
import { idx, npy, wav } from "./numbers.ts";
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
      "shapes/frame/text.png: it is left out beside images: a set has one kind of sample",
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
    const inserted = page.locator("gradbook-cell-view", { hasText: 'data.own("shapes")' }).last();
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
    const inserted = page.locator("gradbook-cell-view", { hasText: 'data.own("in parts"' }).last();
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
      const add = count === 3 ? "Add this set" : "Replace the set of this name";
      await dialog.getByRole("button", { name: add }).click();
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
    await dialog.getByText("A cell asks for data.").waitFor();
    await dialog.getByRole("button", { name: "Close" }).click();
    await notebook.finished(picked);
    assert.match(await notebook.outputs(picked), /no set was chosen/);
    // A run that was refused once asks no second time; the next run does.
    const twice = await notebook.add(
      "const tries = []\nfor (const n of [1, 2]) await data.pick().catch((error) => tries.push(n, error.message))\ntries.join()",
    );
    await notebook.start(twice);
    await dialog.getByRole("button", { name: "Close" }).click();
    await notebook.finished(twice);
    assert.match(await notebook.outputs(twice), /1,.*no set was chosen,2,.*no set was chosen/);
    await notebook.start(picked);
    await dialog.getByRole("button", { name: "Use some" }).click();
    await notebook.finished(picked);
    assert.match(await notebook.outputs(picked), /some, 5/);
  });
});

test("a set that is too large to lie where it is computed on is streamed, and learnt", async () => {
  // As many of CIFAR's records as make more numbers than fit, in three files; each class has a colour.
  const [files, records] = [3, 7400];
  const many = mkdtempSync(join(tmpdir(), "gradbook-many-"));
  const paths = Array.from({ length: files }, (_, file) => {
    const bytes = Buffer.alloc(records * 3073);
    for (let i = 0; i < records; i++) {
      const label = (i * 7 + file) % 4;
      bytes[i * 3073] = label;
      for (let c = 0; c < 3; c++)
        bytes.fill(label === c ? 230 : 30 + (i % 50), i * 3073 + 1 + c * 1024, i * 3073 + 1 + (c + 1) * 1024);
    }
    const path = join(many, `data_batch_${file + 1}.bin`);
    writeFileSync(path, bytes);
    return path;
  });
  await visit(sites.isolated, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    await page.getByLabel("Device").selectOption("CPU");
    await page.getByRole("button", { name: "Your data" }).click();
    const dialog = page.getByRole("dialog", { name: "Your data" });
    await dialog.getByLabel("Choose files").setInputFiles(paths);
    await dialog.getByRole("button", { name: "Add this set" }).waitFor({ timeout: 120_000 });
    assert.match(
      await dialog.locator(".own-facts").innerText(),
      /22,200 samples in 4 classes, train \[22200, 3, 32, 32\]; 273 MB\s+as numbers: streamed, some batches at a time/,
    );
    await picture(page, "own-streamed");
    await dialog.getByLabel("Name").fill("many");
    await dialog.getByRole("button", { name: "Add this set" }).click();
    await dialog.getByText("273 MB as numbers, streamed").waitFor({ timeout: 60_000 });
    await page.keyboard.press("Escape");
    const cell = await notebook.addAndRun(`const many = await data.own("many", "train")
const [learnt, held] = await many.stratifiedSplit([0.9, 0.1], { seed: 1 })
const model = nn.sequential([nn.avgPool2d({ kernel: 8 }), nn.flatten(), nn.dense({ out: 4 })])
await model.fit(many, { epochs: 1, batchSize: 100, optimizer: optim.adam({ lr: 0.01 }), validation: held, seed: 1 })
JSON.stringify([many.isStreamed, (await model.evaluate(many)).accuracy > 0.95])`);
    assert.match(await notebook.outputs(cell), /\[true,true\]/);
    const shown = await notebook.addAndRun("many");
    assert.match(await notebook.outputs(shown), /22200 samples \[3, 32, 32\], 4 classes; streamed, 273 MB/);
    const refused = await notebook.addAndRun("many.x");
    assert.match(await notebook.outputs(refused), /stay on the host, .*take\(n\) gives fewer/);
  });
});

test("arrays, tables, sound and CIFAR's files become sets, and broken ones are named", async () => {
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    const dialog = page.getByRole("dialog", { name: "Your data" });
    /** Adds files as a set, and gives what the dialog said of them. */
    const add = async (name: string, files: Record<string, Buffer | string>) => {
      const given = Object.entries(files).map(([name, body]) => ({
        name,
        mimeType: "",
        buffer: Buffer.from(body),
      }));
      if (await dialog.isVisible()) await dialog.getByLabel("Choose files").setInputFiles(given);
      else await choose(page, given);
      await dialog.getByRole("button", { name: "Add this set" }).waitFor();
      const said = await dialog.locator(".own-form").innerText();
      await dialog.getByLabel("Name").fill(name);
      await dialog.getByRole("button", { name: "Add this set" }).click();
      await dialog.getByText(`${name} was added.`).waitFor();
      return said;
    };
    const floats = Buffer.from(Float32Array.from({ length: 12 }, (_, i) => i / 2).buffer);
    const longs = Buffer.from(BigInt64Array.from([2n, 0n, 1n]).buffer);
    const npz = zip({ "x.npy": npy("<f4", [3, 4], floats), "y.npy": npy("<i8", [3], longs) });
    assert.match(await add("npz", { "three.npz": npz }), /3 samples in 3 classes, \[3, 4\]/);
    const objects = npy("|O", [1], Buffer.from("cos\nsystem\n(S'x'\ntR."));
    const some = npy("<f4", [3, 4], floats);
    const broken = await add("npy", {
      "x.npy": some,
      "objects.npy": objects,
      "cut.npy": some.subarray(0, 150),
    });
    assert.match(
      broken,
      /objects\.npy: this is no NPY file: it holds Python objects, which are programs and not numbers/,
    );
    assert.match(
      broken,
      /cut\.npy: this NPY file promises \[3, 4\] elements of 4 bytes but holds 22 bytes of them/,
    );
    assert.match(broken, /There are no targets among these files/);
    // What says no part is learnt from, beside what is tested on.
    const mixed = {
      "x.npy": some,
      "y.npy": npy("<i8", [3], longs),
      "training/x_test.npy": some,
      "training/y_test.npy": npy("<i8", [3], longs),
    };
    assert.match(
      await add("mixed", { "mixed.zip": zip(mixed) }),
      /6 samples in 3 classes, train \[3, 4\], test \[3, 4\]/,
    );
    const digits = Buffer.from(Array.from({ length: 2 * 5 * 5 }, (_, i) => i * 5));
    const pairs = {
      "train-images-idx3-ubyte.gz": gzipSync(idx([2, 5, 5], digits)),
      "train-labels-idx1-ubyte": idx([2], Buffer.from([1, 0])),
      "t10k-images-idx3-ubyte": idx([2, 5, 5], digits),
      "t10k-labels-idx1-ubyte": idx([2], Buffer.from([1, 1])),
    };
    assert.match(
      await add("idx", pairs),
      /4 samples in 2 classes, train \[2, 1, 5, 5\], test \[2, 1, 5, 5\]/,
    );
    const record = (label: number) => Buffer.concat([Buffer.from([label]), Buffer.alloc(3072, 10 * label)]);
    const cifar = {
      "data_batch_1.bin": Buffer.concat([record(3), record(9)]),
      "data_batch_2.bin": record(0),
      "test_batch.bin": record(5),
      "batches.meta.txt": "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n\n",
    };
    assert.match(
      await add("cifar", cifar),
      /4 samples in 10 classes, train \[3, 3, 32, 32\], test \[1, 3, 32, 32\]/,
    );
    const table = "height,weight,kind\n1,2,cat\n3,,cat\n5,6,dog\n";
    const said = await add("csv", { "pets.csv": table });
    assert.match(said, /2 samples in 2 classes, \[2, 2\]/);
    assert.match(
      said,
      /Samples are the columns height, weight\.[\s\S]*1 lines are left out, as a value is missing\./,
    );
    const sounds = zip({
      "low/a.wav": wav(8000, 0.5, 200),
      "high/b.wav": wav(8000, 0.25, 900),
      "high/c.wav": wav(44100, 0.1, 900),
    });
    assert.match(
      await add("wav", { "tones.zip": sounds }),
      /c\.wav: it has 44100 samples a second; most of these have 8000/,
    );
    await dialog.getByRole("button", { name: "Close" }).click();
    const cell = await notebook.addAndRun(`const all = []
for (const [name, part] of [["npz"], ["npy"], ["mixed", "train"], ["mixed", "test"], ["idx", "test"], ["cifar", "train"], ["csv"], ["wav"]]) {
  const set = await data.own(name, part)
  const x = Array.from(await set.x.data()).slice(0, 3).map((value) => Number(value.toFixed(3)))
  all.push([name, set.x.shape, x, Array.from(await set.y.data()), set.classes.slice(0, 3)])
}
JSON.stringify(all)`);
    assert.deepEqual(JSON.parse((await notebook.outputs(cell)).slice(1, -1)), [
      ["npz", [3, 4], [0, 0.5, 1], [2, 0, 1], ["0", "1", "2"]],
      ["npy", [3, 4], [0, 0.5, 1], [0, 0, 0], ["0"]],
      ["mixed", [3, 4], [0, 0.5, 1], [2, 0, 1], ["0", "1", "2"]],
      ["mixed", [3, 4], [0, 0.5, 1], [2, 0, 1], ["0", "1", "2"]],
      ["idx", [2, 1, 5, 5], [0, 0.02, 0.039], [1, 1], ["0", "1"]],
      ["cifar", [3, 3, 32, 32], [0.118, 0.118, 0.118], [3, 9, 0], ["a", "b", "c"]],
      ["csv", [2, 2], [1, 2, 5], [0, 1], ["cat", "dog"]],
      ["wav", [2, 4000], [0, 0.078, 0.155], [1, 0], ["high", "low"]],
    ]);
  });
});

for (const [name, options] of Object.entries({
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  narrow: { viewport: { width: 390, height: 844 } },
} as const)) {
  test(`axe finds nothing in the dialog, and keys are enough (${name})`, async () => {
    await visit(
      sites.plain,
      async ({ page }) => {
        await NotebookPage.open(page);
        const files = [0, 1, 2].map((n) => ({
          name: `${n}.png`,
          mimeType: "image/png",
          buffer: shape("disc", n),
        }));
        const dialog = await choose(page, [
          ...files,
          { name: "empty.png", mimeType: "image/png", buffer: Buffer.alloc(0) },
        ]);
        const add = dialog.getByRole("button", { name: "Add this set" });
        await add.waitFor();
        assert.deepEqual(await violations(page), []);
        await picture(page, `own-preview-${name}`);
        // The name has the focus.
        await page.keyboard.press("Enter");
        await dialog.getByRole("button", { name: "Insert a cell with images" }).waitFor();
        assert.deepEqual(await violations(page), []);
        await picture(page, `own-list-${name}`);
        await page.keyboard.press("Escape");
        await dialog.waitFor({ state: "hidden" });
      },
      options,
    );
  });
}

test("the camera takes pictures class by class, after a click only", async () => {
  await visit(
    sites.plain,
    async ({ page }) => {
      await NotebookPage.open(page);
      await page.getByRole("button", { name: "Your data" }).click();
      const dialog = page.getByRole("dialog", { name: "Your data" });
      await dialog.getByRole("button", { name: "Use the camera" }).click();
      const take = (i: number) => dialog.getByRole("button", { name: `Take a picture of class ${i}` });
      assert.equal(await take(1).isDisabled(), true);
      await dialog.getByRole("button", { name: "Turn the camera on" }).click();
      await dialog.getByLabel("What the camera sees").waitFor();
      await dialog.getByLabel("Name of class 1").fill("left hand");
      for (const [i, pictures] of [
        [1, 3],
        [2, 2],
      ] as const) {
        for (let n = 0; n < pictures; n++) await take(i).press("Enter");
        await dialog.getByText(`${pictures} pictures`).waitFor();
      }
      assert.deepEqual(await violations(page), []);
      await picture(page, "own-camera");
      await dialog.getByRole("button", { name: "Use these pictures" }).click();
      await dialog.getByRole("button", { name: "Add this set" }).waitFor();
      assert.match(
        await dialog.locator(".own-facts").innerText(),
        /5 samples in 2 classes, \[5, 3, 64, 64\]|5 samples in 2 classes, \[5, 3, 256, 256\]/,
      );
      assert.deepEqual(await dialog.locator(".own-balance tbody th").allInnerTexts(), [
        "class 2",
        "left hand",
      ]);
      // Nothing films any more.
      assert.equal(await page.locator("video").count(), 0);
    },
    { switches: ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"] },
  );
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
