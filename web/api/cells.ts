// The API in the worker that runs cells: over a port to the compute worker, with the `graph` build that came as bytes.

import * as wasm from "../pkg/graph/gradbook.js";
import type { Gradbook } from "./gradbook.ts";
import { openSession } from "./gradbook.ts";
import { keep, restore } from "./keep.ts";
import { oneLine } from "./one-line.ts";

/** What the page hands to the library. */
export interface CellHost {
  /** Requests go out as arrays of `Uint8Array`s, replies come in one by one; a text says why there will be none. */
  compute: MessagePort;
  /** The bytes of the `graph` build. */
  graph: ArrayBuffer;
  /** Whether a worker before this one may have left something. */
  isSuccessor: boolean;
  /** The bytes of a file that lies beside the page, by its path there. */
  load(file: string): Promise<ArrayBuffer>;
}

/** The API for cells. */
export interface CellLibrary {
  /** What cells see without importing it. */
  names: Gradbook;
  /** What the names of the worker before this one hold, where that lives on; nothing if it was the first. */
  restored: Record<string, unknown>;
  /** Lets what these names hold live on when this worker ends. */
  keep(names: Readonly<Record<string, unknown>>): void;
  /** Calls this whenever what a name holds has come to lie elsewhere, as a model's weights do when it is trained. */
  onMoved(listener: () => void): void;
  /** Calls this with the steps that a training run has done and will do. */
  onProgress(listener: (done: number, total: number) => void): void;
  /** A line about one of the library's own values. */
  describe(value: unknown): string | undefined;
  /** Ends the training runs under way, from this side. */
  stop(): void;
}

/** Connects. */
export async function connect({ compute, graph, isSuccessor, load }: CellHost): Promise<CellLibrary> {
  await wasm.default({ module_or_path: graph });
  const { gradbook, context, session, stop } = openSession(wasm, batched(compute), load);
  compute.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data instanceof Uint8Array) session.receive(data);
    else session.fail(String(data));
  };
  compute.onmessageerror = () => session.fail("a message was lost");
  return {
    names: gradbook,
    // Without a compute worker nothing lives on, and a cell that needs it hears why.
    restored: isSuccessor ? await restore(context).catch(() => ({})) : {},
    keep: (names) => keep(context, names),
    onMoved: (listener) => {
      context.parametersMoved = listener;
    },
    onProgress: (listener) => {
      context.progressed = listener;
    },
    describe: oneLine,
    stop,
  };
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
