// The worker that runs the cells: a classic `blob:` worker made by the sandboxed frame, without origin, network or storage.
// Its first message brings ports to the page and the compute worker, the library and the stop token. `cell-loader.ts` hands on all messages.

import { loadLibrary, stopLibrary } from "./library.ts";
import type { FrameToUser, FromUser, Load, SignOfLife, ToUser } from "./protocol.ts";
import { PROTOCOL_VERSION } from "./protocol.ts";
import { Runner } from "./runner.ts";
import { StopSignal } from "./stop.ts";

/** Deep library calls above a cell's line must not push it out of the trace. */
Error.stackTraceLimit = 100;

let signal: StopSignal | undefined;

export function receive(message: FrameToUser, load: Load): void {
  if (message.type === "stop") {
    signal?.receive(message.run, message.token);
    stopLibrary();
  } else if (!signal) start(message, load);
}

function start({ token, page, start }: Extract<FrameToUser, { type: "start" }>, load: Load): void {
  // One worker a notebook: what makes more could fill the machine with them, and they would outlive a stop.
  for (const name of ["Worker", "SharedWorker"]) Reflect.deleteProperty(globalThis, name);
  signal = new StopSignal(token);
  const send = (message: FromUser) => page.postMessage(message);
  const runner = new Runner(signal, loadLibrary({ ...start, load }), send);

  for (const method of ["log", "info", "debug", "dir", "table"] as const) {
    console[method] = (...values: unknown[]) => runner.write("stdout", values);
  }
  for (const method of ["warn", "error", "trace"] as const) {
    console[method] = (...values: unknown[]) => runner.write("stderr", values);
  }
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    runner.uncaught(event.reason);
  });
  addEventListener("error", (event) => {
    event.preventDefault();
    runner.uncaught(event.error);
  });

  page.onmessage = ({ data }: MessageEvent<ToUser>) => {
    if (data.type === "run") runner.run(data);
    else if (data.type === "input") runner.set(data);
    else if (data.type === "untyped") runner.untyped(data);
    else void runner.look(data);
  };
  postMessage({ type: "life", url: URL.createObjectURL(new Blob(["life"])) } satisfies SignOfLife);
  send({ type: "ready", version: PROTOCOL_VERSION });
}
