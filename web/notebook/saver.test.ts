import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cell } from "./cell.ts";
import { cellOf } from "./ipynb.ts";
import { Saver } from "./saver.ts";
import type { Changes, NotebookStore } from "./store.ts";

/** The cells that a store would hold, written as it writes them. */
class Records {
  readonly cells = new Map<string, string>();
  order: string[] = [];
  isFull = false;

  async save({ notebook, cells, removed }: Changes): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve));
    if (this.isFull) throw new Error("full");
    this.order = notebook.order;
    for (const [id, { source }] of cells) this.cells.set(id, String(source));
    for (const id of removed) this.cells.delete(id);
  }
}

function opened(...ids: string[]) {
  const records = new Records();
  const saver = new Saver(records as unknown as NotebookStore, "", () => {});
  saver.begin("notebook", { original: "" });
  const cells = ids.map((id) => cellOf(id, { cell_type: "markdown", source: id, metadata: {} }));
  const save = (now: Cell[], changed: Cell[], removed: Cell[] = []) => saver.save(now, {}, changed, removed);
  return { records, saver, cells, save };
}

test("a cell that is removed and comes back while another write goes on is kept", async () => {
  const { records, saver, cells, save } = opened("a", "b");
  const [a, b] = cells as [Cell, Cell];
  save([a, b], [a]);
  save([a], [], [b]);
  save([a, b], [b]);
  await saver.flush();
  assert.deepEqual([...records.cells.keys()], ["a", "b"]);
  save([a], [b], [b]);
  await saver.flush();
  assert.deepEqual([...records.cells.keys()], ["a"]);
});

test("what a failed write took is written with the next, as it stands then", async () => {
  const { records, saver, cells, save } = opened("a", "b");
  const [a, b] = cells as [Cell, Cell];
  save([a, b], []);
  await saver.flush();
  records.isFull = true;
  save([a], [], [b]);
  await saver.flush();
  assert.equal(saver.state.kind, "failed");
  records.isFull = false;
  save([b, a], [b]);
  await saver.flush();
  assert.deepEqual(records.order, ["b", "a"]);
  assert.deepEqual([...records.cells.keys()], ["a", "b"]);
});
