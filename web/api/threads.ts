// Threads of the CPU device: workers that share the memory of the engine.

/** What a helper is started with. */
export interface ToHelper {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
}

/** Its answer. */
export type FromHelper = "ready";

/** The most threads that are used unless more are asked for: beyond that, cores of one machine are seldom of one kind. */
const MOST = 8;

/** As many threads as the machine has, up to a sensible number. */
export function defaultThreads(): number {
  return Math.min(globalThis.navigator?.hardwareConcurrency ?? 1, MOST);
}

/**
 * Whether threads can share memory here: the page is cross-origin isolated, and this is a worker, since a page may not
 * wait for one.
 */
export function canShareMemory(): boolean {
  return (
    globalThis.crossOriginIsolated === true &&
    typeof SharedArrayBuffer === "function" &&
    typeof Worker === "function" &&
    "WorkerGlobalScope" in globalThis
  );
}

/** Starts helpers from the script in the folder; gives how many came up, which the device then says of itself. */
export async function startHelpers(base: URL, start: ToHelper, count: number): Promise<number> {
  const helpers = Array.from({ length: count }, () => startHelper(base, start));
  return (await Promise.all(helpers)).filter(Boolean).length;
}

function startHelper(base: URL, start: ToHelper): Promise<boolean> {
  return new Promise((resolve) => {
    const worker = new Worker(new URL("helper-worker.js", base), { type: "module", name: "gradbook-helper" });
    worker.onmessage = () => resolve(true);
    worker.onerror = () => resolve(false);
    worker.postMessage(start);
  });
}
