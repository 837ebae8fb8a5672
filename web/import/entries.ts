// The files behind what was dropped: what archives hold takes their place, at most one archive within another, and no more
// bytes than the limits allow, whatever an archive says of itself.

import type { Format } from "./format.ts";
import { formatOf, HEAD, strangeness } from "./format.ts";
import { MOST_FILE_BYTES, MOST_FILES, MOST_UNPACKED_BYTES, sizeText } from "./limits.ts";
import { isClutter } from "./place.ts";
import type { SourceFile } from "./protocol.ts";

/** A file that may be part of a set. */
export interface Entry extends SourceFile {
  format: Exclude<Format, "zip" | "gzip" | "unknown">;
}

/** What is told on the way. */
export interface Listener {
  found(entry: Entry): void;
  broken(path: string, reason: string): void;
  progress(done: number, total: number): void;
}

/** Looks at all files, those in archives too. */
export async function openAll(files: readonly SourceFile[], listener: Listener): Promise<void> {
  const walk = new Walk(listener);
  for (const [i, source] of files.entries()) {
    listener.progress(i, files.length);
    await walk.open(source, 0);
  }
}

const MOST_DEPTH = 2;
/** A path that is longer names nothing that a person made. */
const MOST_PATH = 1000;

class Walk {
  #files = 0;
  #unpacked = 0;

  constructor(private readonly listener: Listener) {}

  async open({ path, file }: SourceFile, depth: number): Promise<void> {
    if (isClutter(path)) return;
    if (++this.#files > MOST_FILES) {
      if (this.#files === MOST_FILES + 1)
        this.listener.broken(path, `it and all after it: a set is made of at most ${MOST_FILES} files`);
      return;
    }
    try {
      await this.#look(path, file, depth);
    } catch (error) {
      this.listener.broken(path, error instanceof Error ? error.message : String(error));
    }
  }

  async #look(path: string, file: Blob, depth: number): Promise<void> {
    if (file.size === 0) throw new Error("it is empty");
    const head = new Uint8Array(await file.slice(0, HEAD).arrayBuffer());
    const format = formatOf(path, head, file.size);
    if (format === "unknown") throw new Error(strangeness(path, head));
    if (format === "zip" || format === "gzip") {
      if (depth === MOST_DEPTH) throw new Error("it is an archive in an archive in an archive");
      return format === "zip" ? this.#unzip(path, file, depth) : this.#gunzip(path, file, depth);
    }
    if (file.size > MOST_FILE_BYTES)
      throw new Error(`it has ${sizeText(file.size)}; at most ${sizeText(MOST_FILE_BYTES)} are read`);
    this.listener.found({ path, file, format });
  }

  async #gunzip(path: string, file: Blob, depth: number): Promise<void> {
    const stream = file.stream().pipeThrough(new DecompressionStream("gzip"));
    const unpacked = this.#bounded();
    await stream.pipeTo(unpacked.sink).catch((error: unknown) => {
      throw unpacked.refusal ?? new Error(`it cannot be unpacked: ${messageOf(error)}`);
    });
    await this.open({ path: path.replace(/\.gz$/i, ""), file: unpacked.blob() }, depth + 1);
  }

  async #unzip(path: string, file: Blob, depth: number): Promise<void> {
    const { BlobReader, configure, ZipReader } = await import("@zip.js/zip.js/lib/zip-core-native.js");
    configure({ useWebWorkers: false });
    const reader = new ZipReader(new BlobReader(file));
    const folder = `${path.replace(/\.(zip|npz)$/i, "")}/`;
    try {
      for await (const entry of reader.getEntriesGenerator()) {
        if (entry.directory) continue;
        const inner = `${folder}${entry.filename.replaceAll("\\", "/")}`.slice(0, MOST_PATH);
        if (isClutter(inner)) continue;
        if (entry.encrypted) {
          this.listener.broken(inner, "it is encrypted");
          continue;
        }
        const unpacked = this.#bounded();
        try {
          await entry.getData(unpacked.sink, { checkSignature: true });
        } catch (error) {
          this.listener.broken(
            inner,
            unpacked.refusal?.message ?? `it cannot be unpacked: ${messageOf(error)}`,
          );
          if (this.#unpacked > MOST_UNPACKED_BYTES) break;
          continue;
        }
        await this.open({ path: inner, file: unpacked.blob() }, depth + 1);
        if (this.#files > MOST_FILES) break;
      }
    } catch (error) {
      throw new Error(`the archive cannot be read: ${messageOf(error)}`);
    } finally {
      await reader.close().catch(() => {});
    }
  }

  /** Takes what comes out of an archive, until it is too much. The browser may put a blob on the disk. */
  #bounded(): { sink: WritableStream<Uint8Array>; blob(): Blob; refusal: Error | undefined } {
    const parts: Blob[] = [];
    let waiting: Uint8Array<ArrayBuffer>[] = [];
    let [size, held] = [0, 0];
    const flush = () => {
      parts.push(new Blob(waiting));
      waiting = [];
      held = 0;
    };
    const result = {
      refusal: undefined as Error | undefined,
      blob: () => {
        flush();
        return new Blob(parts);
      },
      sink: new WritableStream<Uint8Array>({
        write: (chunk) => {
          size += chunk.length;
          this.#unpacked += chunk.length;
          held += chunk.length;
          waiting.push(chunk.slice());
          if (held > 2 ** 24) flush();
          if (size > MOST_FILE_BYTES) result.refusal = tooMuch("it unpacks to", MOST_FILE_BYTES);
          else if (this.#unpacked > MOST_UNPACKED_BYTES)
            result.refusal = tooMuch("all archives together unpack to", MOST_UNPACKED_BYTES);
          if (result.refusal) throw result.refusal;
        },
      }),
    };
    return result;
  }
}

function tooMuch(what: string, most: number): Error {
  return new Error(`${what} more than ${sizeText(most)}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
