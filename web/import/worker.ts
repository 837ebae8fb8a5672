// The worker that reads the reader's files. It holds up nothing but itself: the page ends it where the reader cancels.

import type { FromImport, ToImport } from "./protocol.ts";
import { NothingToRead, read } from "./read.ts";

/** Files lie beside this one. */
const SITE = new URL("./", import.meta.url);
const PROGRESS_MS = 100;

addEventListener("message", async ({ data }: MessageEvent<ToImport>) => {
  const { id, files, options } = data;
  let told = 0;
  const progress = (done: number, total: number) => {
    if (performance.now() - told < PROGRESS_MS) return;
    told = performance.now();
    tell({ type: "progress", id, done, total });
  };
  try {
    tell({ type: "done", id, result: await read(files, options, SITE, progress) });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    tell({ type: "failed", id, message, broken: error instanceof NothingToRead ? error.broken : [] });
  }
});

function tell(message: FromImport): void {
  postMessage(message);
}
