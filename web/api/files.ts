// Files beside the program: over the network, or from the disk where the program lies on one (Node).

/**
 * The bytes of a file; `onBytes` is told how many have come. Errors: it could not be had; the message names the address and what
 * came of it.
 */
export async function fetchBytes(
  url: URL,
  onBytes?: (count: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  if (url.protocol === "file:") {
    const { readFile } = (await import(NODE_FILES)) as typeof import("node:fs/promises");
    return new Uint8Array(await readFile(url));
  }
  const response = await fetch(url).catch((error: unknown) => {
    throw new Error(
      `${url.href} could not be reached: ${error instanceof Error ? error.message : String(error)}`,
    );
  });
  if (!response.ok) {
    const status = [response.status, response.statusText].filter(Boolean).join(" ");
    throw new Error(`${url.href} could not be loaded: ${status}`);
  }
  const body = onBytes && response.body ? response.body.pipeThrough(counted(onBytes)) : response.body;
  return new Uint8Array(await new Response(body).arrayBuffer());
}

function counted(onBytes: (count: number) => void): TransformStream<Uint8Array, Uint8Array> {
  let count = 0;
  return new TransformStream({
    transform(chunk, controller) {
      count += chunk.length;
      onBytes(count);
      controller.enqueue(chunk);
    },
  });
}

/** Not a literal where it is imported: bundles for pages have no such module. */
const NODE_FILES: string = "node:fs/promises";

/** Unpacks gzip. Errors: it is damaged, or holds more than `most` bytes. */
export async function gunzip(bytes: Uint8Array<ArrayBuffer>, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const bounded = counted((count) => {
    if (count > most) throw new Error(`more than ${most} bytes`);
  });
  const unpacked = new Response(bytes).body
    ?.pipeThrough(new DecompressionStream("gzip"))
    .pipeThrough(bounded);
  return new Uint8Array(await new Response(unpacked).arrayBuffer());
}

/** The browser's storage for files; none in Node, in private windows of some browsers, or without a secure context. */
export async function storage(name: string): Promise<Cache | undefined> {
  try {
    return await globalThis.caches?.open(name);
  } catch {
    return undefined;
  }
}

/** The SHA-256 in hexadecimal; none where the page is not in a secure context. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) return undefined;
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
