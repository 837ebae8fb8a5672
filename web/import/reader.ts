// The page's side of reading files: a worker for as long as a set is being made. What is asked for last counts; what
// the reader cancels is ended with its worker.

import type { Broken, FromImport, Imported, ImportOptions, SourceFile, ToImport } from "./protocol.ts";

/** Nothing came of it. */
export class ImportFailed extends Error {
  constructor(
    message: string,
    readonly broken: Broken[],
  ) {
    super(message);
  }
}

export class Reader {
  #worker: Worker | undefined;
  #id = 0;

  /** Reads files to a set. Never settles if another reading or `end` comes before it is done. Errors: `ImportFailed`. */
  read(
    files: SourceFile[],
    options: ImportOptions,
    progress: (done: number, total: number) => void,
  ): Promise<Imported> {
    this.end();
    const id = ++this.#id;
    const worker = new Worker(new URL("import-worker.js", document.baseURI), {
      type: "module",
      name: "import",
    });
    this.#worker = worker;
    return new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<FromImport>) => {
        if (data.id !== this.#id) return;
        if (data.type === "progress") return progress(data.done, data.total);
        this.end();
        if (data.type === "done") resolve(data.result);
        else reject(new ImportFailed(data.message, data.broken));
      };
      worker.onerror = (event) => {
        this.end();
        reject(new ImportFailed(event.message || "the files could not be read", []));
      };
      worker.postMessage({ type: "read", id, files, options } satisfies ToImport);
    });
  }

  /** Ends what is under way. */
  end(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }
}
