// Where a reader's own files lie by name: in the browser's storage, in memory where there is none, or in a folder where the
// program runs on a disk (Node). Their names were looked at before (`save-request.ts`).

import { storage } from "./files.ts";
import { isFileName } from "./save-request.ts";

/** A file as lists show it. */
export interface StoredFile {
  name: string;
  bytes: number;
}

/** Files by name. */
export interface FileStore {
  /** The bytes of a file; none if there is no such file. */
  get(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** Writes a file, in place of one of the same name. Errors: there is no room. */
  put(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** What there is, by name. */
  list(): Promise<StoredFile[]>;
  remove(name: string): Promise<void>;
}

/** The browser's storage. */
export function browserFiles(): FileStore {
  const opened = storage("gradbook-files").then((cache) => (cache ? inCache(cache) : inMemory()));
  return inOrder({
    get: async (name) => (await opened).get(name),
    put: async (name, bytes) => (await opened).put(name, bytes),
    list: async () => (await opened).list(),
    remove: async (name) => (await opened).remove(name),
  });
}

/** Files that last as long as the program. */
export function inMemory(): FileStore {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  return {
    get: async (name) => files.get(name),
    put: async (name, bytes) => void files.set(name, bytes),
    list: async () => sorted(Array.from(files, ([name, { length }]) => ({ name, bytes: length }))),
    remove: async (name) => void files.delete(name),
  };
}

/** The folder that a program was started in (Node). A file that is broken off while it is written is the one before. */
export function folderFiles(folder: string): FileStore {
  const open = () => import(NODE_FILES) as Promise<typeof import("node:fs/promises")>;
  const path = (name: string) => `${folder}/${name}`;
  return inOrder({
    async get(name) {
      const bytes = await (await open()).readFile(path(name)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT") throw error;
        return undefined;
      });
      return bytes && new Uint8Array(bytes);
    },
    async put(name, bytes) {
      const { writeFile, rename, rm } = await open();
      const part = path(`.${name}.part`);
      try {
        await writeFile(part, bytes);
        await rename(part, path(name));
      } catch (error) {
        await rm(part, { force: true });
        throw error;
      }
    },
    async list() {
      const { readdir, stat } = await open();
      const names = (await readdir(folder)).filter(isFileName);
      // What cannot be looked at, such as a link to nowhere, cannot be read either.
      const look = (name: string) => stat(path(name)).catch(() => undefined);
      const files = await Promise.all(names.map(async (name) => ({ name, found: await look(name) })));
      return sorted(
        files.flatMap(({ name, found }) => (found?.isFile() ? [{ name, bytes: found.size }] : [])),
      );
    },
    remove: async (name) => (await open()).rm(path(name), { force: true }),
  });
}

/** The same store; what is written and removed is done one after another: of two saves under one name the later one stays. */
function inOrder(store: FileStore): FileStore {
  let last: Promise<void> = Promise.resolve();
  const next = (change: () => Promise<void>) => {
    const done = last.then(change);
    last = done.catch(() => undefined);
    return done;
  };
  return {
    ...store,
    put: (name, bytes) => next(() => store.put(name, bytes)),
    remove: (name) => next(() => store.remove(name)),
  };
}

/** Not a literal where it is imported: bundles for pages have no such module. */
const NODE_FILES: string = "node:fs/promises";

function inCache(cache: Cache): FileStore {
  // A cache knows addresses; nothing is ever asked for at these.
  const prefix = new URL("/own-file/", globalThis.location.href).href;
  const address = (name: string) => prefix + encodeURIComponent(name);
  return {
    async get(name) {
      const response = await cache.match(address(name));
      return response && new Uint8Array(await response.arrayBuffer());
    },
    async put(name, bytes) {
      const headers = { "content-length": String(bytes.length) };
      await cache.put(address(name), new Response(bytes, { headers })).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(
          `${name} does not fit the browser's storage: ${reason}. Remove files that are not needed`,
        );
      });
    },
    async list() {
      const files = (await cache.keys()).map(async (request) => ({
        name: decodeURIComponent(request.url.slice(prefix.length)),
        bytes: Number((await cache.match(request))?.headers.get("content-length") ?? 0),
      }));
      return sorted(await Promise.all(files));
    },
    remove: async (name) => void (await cache.delete(address(name))),
  };
}

function sorted(files: StoredFile[]): StoredFile[] {
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}
