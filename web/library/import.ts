// Notebook files that are dropped, chosen or pasted: each is kept in this browser and opened. Loaded when one comes.

import { addressOf, keepText } from "./keep.ts";

/** More than any notebook that a page can show. */
const MOST_BYTES = 100e6;

/** Keeps a file and opens it; what is wrong with it is told. */
export async function takeFile(file: File, tell: (message: string) => void): Promise<void> {
  if (file.size > MOST_BYTES)
    return tell(
      `${file.name} has ${Math.round(file.size / 1e6)} MB; at most ${MOST_BYTES / 1e6} are opened.`,
    );
  // A folder cannot be read, for one.
  const text = await file.text().catch((error: unknown) => tell(`${file.name} could not be read: ${error}`));
  if (text !== undefined) await takeText(text, file.name, tell);
}

/** The same for the text of one. */
export async function takeText(text: string, source: string, tell: (message: string) => void): Promise<void> {
  try {
    location.assign(addressOf(await keepText(text, source)));
  } catch (error) {
    tell(`${source}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Takes what is dropped on or pasted into the page, until the returned function is called. */
export function takeNotebooks(tell: (message: string) => void): () => void {
  const ended = new AbortController();
  const { signal } = ended;
  addEventListener("dragover", (event) => event.preventDefault(), { signal });
  addEventListener(
    "drop",
    (event) => {
      event.preventDefault();
      const [file] = Array.from(event.dataTransfer?.files ?? []);
      if (file) void takeFile(file, tell);
    },
    { signal },
  );
  addEventListener(
    "paste",
    (event) => {
      const [file] = Array.from(event.clipboardData?.files ?? []);
      const text = event.clipboardData?.getData("text/plain").trim() ?? "";
      if (file) void takeFile(file, tell);
      // What is pasted into a field belongs there.
      else if (text.startsWith("{") && !(event.target instanceof HTMLInputElement))
        void takeText(text, "pasted text", tell);
    },
    { signal },
  );
  return () => ended.abort();
}
