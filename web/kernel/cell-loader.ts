// The first script of the cells' worker: makes its program of modules, which such a worker, without network or origin, cannot load
// itself. Modules are texts that become `blob:` URLs; what one imports by name is put in as a URL, and what it imports when it needs it is asked
// for from the page.

import type { CellProgram, FileReply, FileRequest, FrameToUser, Load } from "./protocol.ts";

/** What the program's entry exports. */
interface Entry {
  receive(message: FrameToUser, load: Load): void;
}

/** As the bundler writes them: other files of the program by their names beside the importing one. */
const IMPORT = /\b(from|import)\s*"\.\/([\w-]+\.js)"/g;
const IMPORT_LATER = /\bimport\(\s*"\.\/([\w-]+\.js)"\s*\)/g;
/** Stands in modules for what imports later. */
const LATER = "gradbookModule";

const texts = new Map<string, Promise<string>>();
const urls = new Map<string, Promise<string>>();
const waiting = new Map<number, { resolve(bytes: ArrayBuffer): void; reject(error: Error): void }>();
let asked = 0;
let files: MessagePort | undefined;
let entry: Promise<Entry> | undefined;

addEventListener("message", ({ data }: MessageEvent<FrameToUser>) => {
  if (data.type === "start") entry ??= open(data.start.program, data.start.files);
  entry?.then(
    ({ receive }) => receive(data, load),
    // As an error of the worker: the frame tells the page.
    (error: unknown) => reportError(error),
  );
});

Object.defineProperty(globalThis, LATER, { value: (name: string) => importModule(name) });

function open({ modules }: CellProgram, port: MessagePort): Promise<Entry> {
  files = port;
  port.onmessage = ({ data }: MessageEvent<FileReply>) => {
    const request = waiting.get(data.id);
    waiting.delete(data.id);
    if ("bytes" in data) request?.resolve(data.bytes);
    else request?.reject(new Error(data.error));
  };
  for (const [name, text] of modules) texts.set(name, Promise.resolve(text));
  const [name] = modules.at(-1) ?? [""];
  return importModule(name) as Promise<Entry>;
}

/** The bytes of a file of the site. Errors: the page does not give it, or it could not be fetched. */
function load(file: string): Promise<ArrayBuffer> {
  return new Promise((resolve, reject) => {
    waiting.set(++asked, { resolve, reject });
    files?.postMessage({ id: asked, file } satisfies FileRequest);
  });
}

async function importModule(name: string): Promise<unknown> {
  return import(await urlOf(name));
}

/** Its URL: one a module, so that all who import it share what it holds. */
function urlOf(name: string): Promise<string> {
  let url = urls.get(name);
  if (!url) {
    url = makeUrl(name);
    urls.set(name, url);
    // Another try asks the page anew.
    url.catch(() => urls.delete(name));
  }
  return url;
}

async function makeUrl(name: string): Promise<string> {
  const text = await (texts.get(name) ??
    load(`cells/${name}`).then((bytes) => new TextDecoder().decode(bytes)));
  const names = new Set(Array.from(text.matchAll(IMPORT), ([, , imported]) => imported as string));
  const known = new Map(
    await Promise.all([...names].map(async (name) => [name, await urlOf(name)] as const)),
  );
  const linked = text
    .replace(IMPORT, (_, keyword, imported) => `${keyword}"${known.get(imported)}"`)
    .replace(IMPORT_LATER, (_, later) => `${LATER}("${later}")`);
  return URL.createObjectURL(new Blob([linked], { type: "text/javascript" }));
}
