// The API in the worker that runs cells: over a port to the compute worker, with the `graph` build that came as bytes.

import * as wasm from "../pkg/graph/gradbook.js";
import type { Gradbook } from "./gradbook.ts";
import { openSession } from "./gradbook.ts";

/** What the page hands to the library. */
export interface CellHost {
  /** Requests go out as arrays of `Uint8Array`s, replies come in one by one; a text says why there will be none. */
  compute: MessagePort;
  /** The bytes of the `graph` build. */
  graph: ArrayBuffer;
}

/** The API for cells. */
export interface CellLibrary {
  /** What cells see without importing it. */
  names: Gradbook;
  /** Ends the training runs under way, from this side. */
  stop(): void;
}

/** Connects. */
export async function connect({ compute, graph }: CellHost): Promise<CellLibrary> {
  await wasm.default({ module_or_path: graph });
  const { gradbook, session, stop } = openSession(wasm, batched(compute));
  compute.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data instanceof Uint8Array) session.receive(data);
    else session.fail(String(data));
  };
  compute.onmessageerror = () => session.fail("a message was lost");
  return { names: gradbook, stop };
}

/** Messages of one turn cross together: what a cell builds up before it waits costs one post. */
function batched(port: MessagePort): (message: Uint8Array) => void {
  let waiting: Uint8Array[] = [];
  return (message) => {
    waiting.push(message);
    if (waiting.length > 1) return;
    queueMicrotask(() => {
      port.postMessage(
        waiting,
        waiting.map(({ buffer }) => buffer as ArrayBuffer),
      );
      waiting = [];
    });
  };
}
