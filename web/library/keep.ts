// Puts notebooks into this browser: new ones, copies, and files that were dropped, chosen or pasted.

import type { CellFile } from "../notebook/ipynb.ts";
import { cellsOf, newCellId, parseNotebook, titleOf } from "../notebook/ipynb.ts";
import type { NotebookRecord } from "../notebook/store.ts";
import { NotebookStore } from "../notebook/store.ts";
import { hashOf } from "../notebook/trust.ts";

export interface Kept {
  record: NotebookRecord;
  cells: CellFile[];
}

/** Keeps the text of a file; `source` says where it came from. Gives its id. Errors: it is no notebook. */
export async function keepText(text: string, source: string): Promise<string> {
  const file = parseNotebook(text);
  const cells = cellsOf(file);
  if (cells.length === 0) throw new Error("This notebook has no cells.");
  const files = cells.map((cell) => ({ ...cell.file, id: cell.id }));
  const original = await hashOf(text);
  const title = titleOf(file.metadata, cells);
  return keep({
    record: recordOf({ metadata: file.metadata, title, original, source }, files),
    cells: files,
  });
}

/** Keeps an empty notebook. */
export function keepNew(): Promise<string> {
  const title = "New notebook";
  const cells: CellFile[] = [
    { id: newCellId(), cell_type: "markdown", metadata: {}, source: `# ${title}` },
    { id: newCellId(), cell_type: "code", metadata: {}, source: "", outputs: [], execution_count: null },
  ];
  return keep({ record: recordOf({ metadata: {}, title, original: "" }, cells), cells });
}

/** Keeps a second one, under a name of its own. It stays somebody else's if the first one is. */
export function keepCopy({ record, cells }: Kept, title: string): Promise<string> {
  const { original, source } = record;
  const metadata = { ...record.metadata, title };
  return keep({
    record: recordOf({ metadata, title, original, ...(source !== undefined && { source }) }, cells),
    cells,
  });
}

/** Keeps what is whole already, such as one that was deleted. */
export async function keep({ record, cells }: Kept): Promise<string> {
  const store = await NotebookStore.open();
  const files = new Map(cells.map((cell) => [cell.id ?? "", cell]));
  await store.save({ notebook: record, cells: files, removed: [] });
  return record.id;
}

/** Where the page opens it. */
export function addressOf(id: string): string {
  if (id.startsWith("url:")) return `./?url=${encodeURIComponent(id.slice(4))}`;
  if (id.includes(":")) return `./?mine=${encodeURIComponent(id)}`;
  return `./?notebook=${encodeURIComponent(id).replaceAll("%2F", "/")}`;
}

function recordOf(
  known: Pick<NotebookRecord, "metadata" | "title" | "original" | "source">,
  cells: CellFile[],
): NotebookRecord {
  return { ...known, id: `mine:${newCellId()}`, order: cells.map(({ id }) => id ?? ""), savedAt: Date.now() };
}
