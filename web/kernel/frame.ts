// The script of the hidden frame: makes the user worker from text and owns the stop token. The frame has an opaque origin
// (`sandbox="allow-scripts"`) and, by its policy, no network; so has the worker it makes.

import type { FrameToUser, FromFrame, SignOfLife, StopToken, ToFrame } from "./protocol.ts";
import { PROTOCOL_VERSION } from "./protocol.ts";

let worker: Worker | undefined;
let token = makeToken();
let isWatching = false;

/** How often it is looked whether the worker lives. */
const BEAT_MS = 1500;

addEventListener("message", ({ source, data }: MessageEvent<ToFrame>) => {
  if (source !== parent) return;
  if (data.type === "start" && !worker) start(data);
  else if (data.type === "stop") stop(data.run);
});

tell({ type: "loaded" });

function start({ version, page, start }: Extract<ToFrame, { type: "start" }>): void {
  if (version !== PROTOCOL_VERSION) {
    tell({ type: "failed", message: "The page and its sandbox are of different versions: reload the page." });
    return;
  }
  const loader = new Blob([start.program.loader], { type: "text/javascript" });
  worker = new Worker(URL.createObjectURL(loader));
  worker.onmessage = ({ data }: MessageEvent<Partial<SignOfLife> | undefined>) => {
    if (data?.type === "life" && typeof data.url === "string") watch(data.url);
  };
  worker.onerror = (event) => tell({ type: "failed", message: event.message || "The worker did not start." });
  send({ type: "start", token, page, start }, [page, start.compute, start.files]);
}

/** Tells when the worker has ended, which no event does: what it made a URL for can be read for as long as it lives. */
function watch(url: string): void {
  if (isWatching || !url.startsWith("blob:")) return;
  isWatching = true;
  let missed = 0;
  const timer = setInterval(async () => {
    missed = await fetch(url).then(
      () => 0,
      () => missed + 1,
    );
    if (missed < 2) return;
    clearInterval(timer);
    tell({ type: "ended" });
  }, BEAT_MS);
}

function stop(run: number): void {
  if (token.kind === "shared") {
    Atomics.store(token.stopped, 0, run);
  } else {
    URL.revokeObjectURL(token.url);
    token = makeToken();
  }
  send({ type: "stop", run, token });
}

function makeToken(): StopToken {
  if (crossOriginIsolated) return { kind: "shared", stopped: new Int32Array(new SharedArrayBuffer(4)) };
  return { kind: "url", url: URL.createObjectURL(new Blob(["run"])) };
}

function send(message: FrameToUser, transfer: Transferable[] = []): void {
  worker?.postMessage(message, transfer);
}

function tell(message: FromFrame): void {
  parent.postMessage(message, "*");
}
