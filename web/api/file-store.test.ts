// The reader's own files in a folder, as the package keeps them in Node.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { folderFiles } from "./file-store.ts";

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "gradbook-files-"));
  await work(folder).finally(() => rmSync(folder, { recursive: true }));
}

test("a folder lists the files that can be loaded", () =>
  inFolder(async (folder) => {
    for (const name of ["b.npz", "a.safetensors", ".hidden", "a:b"])
      writeFileSync(join(folder, name), "1234");
    mkdirSync(join(folder, "more"));
    symlinkSync(join(folder, "nowhere"), join(folder, "broken.npz"));
    assert.deepEqual(await folderFiles(folder).list(), [
      { name: "a.safetensors", bytes: 4 },
      { name: "b.npz", bytes: 4 },
    ]);
  }));

test("files are written whole, one after another", () =>
  inFolder(async (folder) => {
    const store = folderFiles(folder);
    // The longest first: it would end last if they were written at once.
    const sizes = [1 << 22, 1 << 12, 3];
    const saved = sizes.map((size, i) => store.put("x.npz", new Uint8Array(size).fill(i)));
    const ended: number[] = [];
    await Promise.all(saved.map((done, i) => done.then(() => ended.push(i))));
    assert.deepEqual(ended, [0, 1, 2]);
    assert.deepEqual(await store.get("x.npz"), Uint8Array.of(2, 2, 2));
    assert.deepEqual(readdirSync(folder), ["x.npz"]);
    // Removed after what was asked for before; one that fails leaves nothing behind and holds up nothing.
    mkdirSync(join(folder, "folder"));
    const failed = assert.rejects(store.put("folder", Uint8Array.of(1)), { code: "EISDIR" });
    const [put, removed] = [store.put("x.npz", Uint8Array.of(1)), store.remove("x.npz")];
    await Promise.all([failed, put, removed]);
    assert.deepEqual(readdirSync(folder), ["folder"]);
  }));
