// What was dropped, pasted or chosen, as files with their places.

import { MOST_FILES } from "./limits.ts";
import type { SourceFile } from "./protocol.ts";

/** Files of an input; those of a folder have their place in it. */
export function chosenFiles(list: ArrayLike<File>): SourceFile[] {
  return Array.from(list, (file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** The files that were pasted; none where text is pasted into a field: programs add a picture of what was copied. */
export function pastedFiles({ clipboardData, target }: ClipboardEvent): SourceFile[] {
  const isField = target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
  if (isField && clipboardData?.types.includes("text/plain")) return [];
  return chosenFiles(clipboardData?.files ?? []);
}

/** Whether files are dragged, and no text. */
export function hasFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes("Files") === true;
}

/** The files in what was dropped, folders included. To be called within the event: later it is empty. */
export function droppedFiles(data: DataTransfer): Promise<SourceFile[]> {
  const entries = Array.from(data.items, (item) => item.webkitGetAsEntry?.()).filter((entry) => !!entry);
  return entries.length > 0 ? filesIn(entries) : Promise.resolve(chosenFiles(data.files));
}

/** Walks folders, whatever their depth; one file more than are read is enough to say so. */
async function filesIn(open: FileSystemEntry[]): Promise<SourceFile[]> {
  const found: SourceFile[] = [];
  // Children follow their folder: the walk is in the order of depth, and what was walked is not moved again.
  for (let at = 0; at < open.length && found.length <= MOST_FILES; at++) {
    const entry = open[at] as FileSystemEntry;
    if (entry.isDirectory)
      for (const child of await childrenOf(entry as FileSystemDirectoryEntry)) open.push(child);
    else
      found.push({
        path: entry.fullPath.replace(/^\//, ""),
        file: await fileOf(entry as FileSystemFileEntry),
      });
  }
  return found;
}

function fileOf(entry: FileSystemFileEntry): Promise<Blob> {
  // A file that cannot be opened is one without bytes, which is left out by name.
  return new Promise((resolve) => entry.file(resolve, () => resolve(new Blob())));
}

/** Browsers give them in batches, until one is empty. No more of them than are read, and one. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve) => {
      reader.readEntries(resolve, () => resolve([]));
    });
    if (some.length === 0) return all;
    for (const entry of some) {
      all.push(entry);
      if (all.length > MOST_FILES) return all;
    }
  }
}
