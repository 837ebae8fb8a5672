// Notebooks come and go: the library, files, addresses, links, exports; what comes from somebody else runs only when the reader says so.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { deflateSync } from "node:zlib";
import type { Page } from "playwright-core";
import { violations } from "./axe.ts";
import { GALLERY } from "./gallery.ts";
import { picture, pictures, sites, slow, visit } from "./harness.ts";
import { NotebookPage, PLAIN } from "./notebook.ts";
import { pngOf } from "./pictures.ts";

/** A picture of one pixel. */
const DOT = pngOf(1, 1, deflateSync(Buffer.from([0, 255, 0, 0]))).toString("base64");

/** A notebook of somebody else, with an output that was saved. */
const FOREIGN = {
  ...PLAIN,
  cells: [
    {
      attachments: { "dot 1.png": { "image/png": DOT } },
      cell_type: "markdown",
      id: "t",
      metadata: {},
      source: "# From afar\n\nHello $x^2$. ![a dot](attachment:dot%201.png)",
    },
    {
      cell_type: "code",
      execution_count: 5,
      id: "c",
      metadata: {},
      outputs: [{ output_type: "stream", name: "stdout", text: "saved long ago\n" }],
      source: "console.log('ran ' + 'now')",
    },
  ],
};

test("the library: notebooks are made, named, found, copied, deleted and brought back", async () => {
  await visit(`${sites.isolated}?library`, async ({ page }) => {
    await page.getByRole("link", { name: "9 Residual networks" }).waitFor();
    await page.getByRole("button", { name: "New notebook" }).click();
    const notebook = await NotebookPage.of(page);
    await notebook.write(notebook.cell(1), "const needle = 41 + 1\nneedle");
    await page.getByText("Saved in this browser").waitFor();
    await page.getByRole("link", { name: "All notebooks" }).click();

    const rows = page.locator("section[aria-labelledby=mine] li");
    await rows.getByRole("link", { name: "New notebook" }).waitFor();
    await page.getByRole("button", { name: "Rename New notebook" }).click();
    await page.keyboard.type("Haystack");
    await page.keyboard.press("Enter");
    await page.getByText("Renamed to Haystack.").waitFor();
    await page.getByRole("button", { name: "Duplicate Haystack" }).click();
    await rows.getByRole("link", { name: "Haystack (copy)" }).waitFor();
    assert.equal(await rows.count(), 2);
    await page.getByRole("searchbox").fill("NEEDLE");
    await rows.getByText("const needle = 41 + 1").nth(1).waitFor();
    assert.equal(await rows.count(), 2);
    assert.equal(await page.locator("section[aria-labelledby=chapters] li").count(), 0);
    await page.getByRole("searchbox").fill("residual");
    assert.equal(await rows.count(), 0);
    assert.equal(await page.locator("section[aria-labelledby=chapters] li").count(), 1);
    await page.getByRole("searchbox").fill("");

    await page.getByRole("button", { name: "Delete Haystack (copy)" }).click();
    await page.getByText("Haystack (copy) deleted.").waitFor();
    assert.equal(await rows.count(), 1);
    await page.keyboard.press("Enter");
    await page.getByText("Haystack (copy) is there again.").waitFor();
    assert.equal(await rows.count(), 2);
    assert.deepEqual(await violations(page), []);
    await pictures(page, "library", { wide: 900, narrow: 1100 });

    // What another window writes is not deleted under its hands.
    const other = await page.context().newPage();
    await other.goto(
      await rows.getByRole("link", { name: "Haystack (copy)" }).evaluate((a: HTMLAnchorElement) => a.href),
    );
    await NotebookPage.of(other);
    await page.getByRole("button", { name: "Delete Haystack (copy)" }).click();
    await page.getByText("it is open in another window").waitFor();
    assert.equal(await rows.count(), 2);
    await other.close();

    // Where there is no room, it is said.
    await page.evaluate(() => {
      IDBObjectStore.prototype.put = () => {
        throw new DOMException("no room", "QuotaExceededError");
      };
    });
    await page.getByRole("button", { name: "Duplicate Haystack (copy)" }).click();
    await page.getByText("Haystack (copy) was not changed: no room.").waitFor();

    await rows.getByRole("link", { name: "Haystack (copy)" }).click();
    await NotebookPage.of(page);
    assert.match(await notebook.cell(1).locator(".cell-source").innerText(), /needle = 41/);
    assert.equal(await page.locator(".bar-title").innerText(), "Haystack (copy)");
  });
});

test("a notebook that is dropped shows what was saved and runs only when the reader says so, then and later", async () => {
  await visit(sites.isolated, async ({ page }) => {
    await NotebookPage.open(page);
    const text = JSON.stringify(FOREIGN);
    await give(page, "drop", "afar.ipynb", text);
    await page.waitForURL(/mine=/);
    const notebook = await NotebookPage.of(page);
    assert.equal(await notebook.outputs(notebook.cell(1)), "saved long ago");
    const notice = page.getByRole("complementary", { name: "From somebody else" });
    assert.match(await notice.innerText(), /From afar\.ipynb\./);
    const dot = page.getByRole("img", { name: "a dot" });
    assert.equal(await dot.evaluate((img: HTMLImageElement) => img.decode().then(() => img.naturalWidth)), 1);
    await notebook.start(notebook.cell(1));
    await notice.getByRole("alert").waitFor();
    assert.equal(await notebook.outputs(notebook.cell(1)), "saved long ago");
    await page.getByText("Not started").waitFor();
    assert.deepEqual(await violations(page), []);
    await pictures(page, "foreign", { wide: 600, narrow: 800 });

    // What was wanted runs at once.
    await page.getByRole("button", { name: "Run without network" }).click();
    await notebook.cell(1).getByText("ran now").waitFor();
    await page.getByText("Saved in this browser").waitFor();
    await page.reload();
    await NotebookPage.of(page);
    assert.equal(await notice.count(), 0);

    const before = page.url();
    // The same text is trusted wherever it comes from; a changed one is another one.
    await give(page, "paste", "", text);
    await page.waitForURL((url) => url.href !== before);
    await NotebookPage.of(page);
    await page.getByText("Not started").waitFor();
    assert.equal(await notice.count(), 0);
    await give(page, "paste", "", text.replace("'now'", "'never'"));
    await notice.waitFor();
    assert.match(await notebook.cell(1).locator(".cell-source").innerText(), /'never'/);
    await give(page, "paste", "", '{ "nbformat": 3 }');
    await page.getByRole("alert").getByText("format 3").waitFor();
  });
});

test("a link holds the notebook; whoever opens it runs nothing, and a cut one is refused in words", async () => {
  let link = "";
  await visit(sites.plain, async ({ page }) => {
    await NotebookPage.open(page, FOREIGN);
    await page.getByRole("button", { name: "Share or save" }).click();
    const dialog = page.getByRole("dialog", { name: "Share or save" });
    await dialog.getByText(/The link has \d+ letters/).waitFor();
    const without = await dialog.getByLabel("Link").inputValue();
    await dialog.getByLabel("With outputs").check();
    await page.waitForFunction(
      (old) => document.querySelector<HTMLInputElement>(".share-link input")?.value !== old,
      without,
    );
    link = await dialog.getByLabel("Link").inputValue();
    assert.match(link, /\/course\/gradbook\/#nb=[\w-]+$/);
    assert.deepEqual(await violations(page), []);
    await picture(page, "share-light");
    await page.emulateMedia({ colorScheme: "dark" });
    await page.setViewportSize({ width: 390, height: 800 });
    await picture(page, "share-narrow");
  });
  await visit(link, async ({ page }) => {
    const notebook = await NotebookPage.of(page);
    assert.equal(await notebook.outputs(notebook.cell(1)), "saved long ago");
    await page.getByRole("button", { name: "Run without network" }).waitFor();
    await page.getByText("Not started").waitFor();
    await page.evaluate((cut) => location.assign(cut), link.slice(0, -20));
    await page.getByText("The link does not hold a whole notebook").waitFor();
  });
});

test("a notebook is opened by its address, of this site and of another one, without rights for the page", async () => {
  await visit(`${sites.plain}?url=notebooks/inputs.ipynb`, async ({ page, errors }) => {
    await NotebookPage.of(page);
    await page.getByRole("button", { name: "Run without network" }).waitFor();
    const asked: (string | null)[] = [];
    await page.route("https://raw.githubusercontent.com/**", (route) => {
      asked.push(route.request().url(), route.request().headers().origin ?? null);
      return route.fulfill({ json: FOREIGN, headers: { "access-control-allow-origin": "*" } });
    });
    await page.goto(
      `${sites.plain}?url=${encodeURIComponent("https://github.com/some/where/blob/main/a/b.ipynb")}`,
    );
    const notebook = await NotebookPage.of(page);
    assert.equal(await notebook.outputs(notebook.cell(1)), "saved long ago");
    const raw = "https://raw.githubusercontent.com/some/where/main/a/b.ipynb";
    assert.deepEqual(asked, [raw, "null"]);
    assert.deepEqual(errors.splice(0), [`asked ${raw}`]);
    // The page itself still asks nobody.
    const direct = await page.evaluate((url) => fetch(url).then(String, String), raw);
    assert.match(direct, /TypeError/);
    errors.splice(0);
  });
});

test("a page and a script are whole by themselves", async () => {
  await visit(sites.plain, async ({ page }) => {
    const text = "See [the data](?notebook=data).";
    const cells = [...PLAIN.cells, { cell_type: "markdown", id: "link", metadata: {}, source: text }];
    const notebook = await NotebookPage.open(page, { ...PLAIN, cells });
    for (const name of ["table", "saliency", "curve", "matrix", "html", "error"])
      if (GALLERY[name]) await notebook.addAndRun(GALLERY[name]);
    await page.getByRole("button", { name: "Share or save" }).click();
    const saved = async (name: string) => {
      const waiting = page.waitForEvent("download");
      await page.getByRole("button", { name }).click();
      return readFile(await (await waiting).path(), "utf8");
    };
    const script = await saved("Script (.js)");
    assert.match(
      script,
      /^\/\/ Plain cells\n\n\/\/ %% \[markdown\]\n\/\/ # Plain cells\n\/\/\n\/\/ For tests\.\n\n\/\/ %%\nconst squares/,
    );
    const file = join(mkdtempSync(join(tmpdir(), "gradbook-page-")), "page.html");
    writeFileSync(file, await saved("Page (.html)"));
    await page.goto(pathToFileURL(file).href);
    assert.equal(await page.locator("script").count(), 0);
    assert.equal(
      await page.getByRole("link", { name: "the data" }).getAttribute("href"),
      `${sites.plain}?notebook=data`,
    );
    assert.equal(await page.locator("math").count(), 1);
    assert.ok((await page.locator("img").count()) >= 4);
    for (const image of await page.locator("img").all())
      assert.ok(
        await image.evaluate((img: HTMLImageElement) => img.decode().then(() => img.naturalWidth > 0)),
      );
    await page.frameLocator("iframe").getByText("A frame").waitFor();
    assert.equal(await page.locator("td.is-number").first().innerText(), "0");
    await page.getByText("RangeError: conv2d").waitFor();
    await picture(page, "page");
    assert.match(
      (await page.getByRole("link", { name: "Open in Gradbook" }).getAttribute("href")) ?? "",
      /#nb=/,
    );
    await page.getByRole("link", { name: "Open in Gradbook" }).click();
    await NotebookPage.of(page);
    assert.equal(await page.locator(".bar-title").innerText(), "Plain cells");
  });
});

test("Jupyter's own tools accept, keep and show what the page writes", { skip: !slow }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "gradbook-jupyter-"));
  const file = join(folder, "all.ipynb");
  await visit(sites.plain, async ({ page }) => {
    const notebook = await NotebookPage.open(page);
    for (const source of Object.values(GALLERY)) await notebook.addAndRun(source);
    const waiting = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download .ipynb" }).click();
    writeFileSync(file, await readFile(await (await waiting).path()));
  });
  const python = join("target", "jupyter", "bin", "python");
  if (!existsSync(python)) execFileSync("python3", ["-m", "venv", join("target", "jupyter")]);
  execFileSync(python, ["-m", "pip", "install", "--quiet", "nbformat==5.10.4", "nbconvert==7.16.6"]);
  const check = `import nbformat, sys
text = open(sys.argv[1]).read()
notebook = nbformat.reads(text, as_version=4)
nbformat.validate(notebook)
open(sys.argv[1] + '.again', 'w').write(nbformat.writes(notebook) + '\\n')`;
  execFileSync(python, ["-c", check, file]);
  const validate =
    "import nbformat, sys\nfor file in sys.argv[1:]: nbformat.validate(nbformat.read(file, as_version=4))";
  const published = readdirSync("web/notebooks", { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".ipynb"),
  );
  assert.ok(published.length > 10);
  execFileSync(python, ["-c", validate, ...published.map((name) => join("web/notebooks", name))]);
  // Jupyter writes the same lines, but for how Python writes a few numbers.
  const [ours, theirs] = [file, `${file}.again`].map((path) => readFileSync(path, "utf8").split("\n"));
  assert.equal(ours?.length, theirs?.length);
  const unlike = ours?.filter((line, i) => line !== theirs?.[i]) ?? [];
  assert.ok(
    unlike.every((line) => /^\s*-?[\d.e+-]+,?$/.test(line)),
    unlike.slice(0, 3).join("\n"),
  );
  execFileSync(python, ["-m", "nbconvert", "--to", "html", file], { stdio: "pipe" });
  const shown = readFileSync(file.replace(".ipynb", ".html"), "utf8");
  const { cells } = JSON.parse(readFileSync(file, "utf8")) as { cells: { outputs?: { data?: object }[] }[] };
  const outputs = cells.flatMap(({ outputs = [] }) => outputs);
  const pictured = outputs.filter(({ data = {} }) =>
    Object.keys(data).some((mime) => mime.startsWith("image/")),
  );
  assert.ok(pictured.length >= 10);
  const images = (shown.match(/<img [^>]*src="data:image\/png|<img alt="No description|<svg xmlns/g) ?? [])
    .length;
  assert.ok(images >= pictured.length, `${images} pictures of ${pictured.length}`);
  assert.match(shown, /<h3>A frame<\/h3>/);
});

/** Drops or pastes a file, or text without one. */
async function give(page: Page, how: "drop" | "paste", name: string, text: string): Promise<void> {
  await page.evaluate(
    ([how, name, text]) => {
      const data = new DataTransfer();
      if (name) data.items.add(new File([text], name));
      else data.setData("text/plain", text);
      const event =
        how === "drop"
          ? new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true })
          : new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
      document.body.dispatchEvent(event);
    },
    [how, name, text] as const,
  );
}
