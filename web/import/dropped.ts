// What was dropped, pasted or chosen, as files with their places.

import { MOST_FILES } from "./limits.ts";
import type { SourceFile } from "./protocol.ts";

/** Files of an input; those of a folder have their place in it. */
export function chosenFiles(list: ArrayLike<File>): SourceFile[] {
  return Array.from(list, (file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** The files in what was dropped, folders included. To be called within the event: later it is empty. */
export function droppedFiles(data: DataTransfer): Promise<SourceFile[]> {
  const entries = Array.from(data.items, (item) => item.webkitGetAsEntry?.()).filter((entry) => !!entry);
  return entries.length > 0 ? filesIn(entries) : Promise.resolve(chosenFiles(data.files));
}

/** Walks folders, whatever their depth; one file more than are read is enough to say so. */
async function filesIn(open: FileSystemEntry[]): Promise<SourceFile[]> {
  const found: SourceFile[] = [];
  while (open.length > 0 && found.length <= MOST_FILES) {
    const entry = open.shift() as FileSystemEntry;
    if (entry.isDirectory) open.push(...(await childrenOf(entry as FileSystemDirectoryEntry)));
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

/** Browsers give them in batches, until one is empty. */
async function childrenOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve) => {
      reader.readEntries(resolve, () => resolve([]));
    });
    if (some.length === 0) return all;
    all.push(...some);
  }
}
