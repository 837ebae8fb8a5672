// The page's side of the cells' worker: the hidden frame that holds it, what it is started with, and the files that it may ask for.

import { wasmFiles } from "../pkg/files.ts";
import { isIsolatedByUs } from "./isolation.ts";
import { assetUrl } from "./kernel.ts";
import type { CellProgram, FileReply, FromUser, ToFrame, ToUser } from "./protocol.ts";
import { PROTOCOL_VERSION, readFileRequest, readFromFrame, readFromUser } from "./protocol.ts";

const START_PATIENCE_MS = 60_000;

/** One hidden frame with its user worker. */
export class UserSide {
  private constructor(
    private readonly frame: HTMLIFrameElement,
    private readonly port: MessagePort,
  ) {}

  static async open(
    compute: MessagePort,
    isSuccessor: boolean,
    receive: (message: FromUser, from: UserSide) => void,
  ): Promise<UserSide> {
    const opening = openFrame();
    const [program, graph, frame] = await Promise.all([
      fetchAsset("cells.json").then((response) => response.json() as Promise<CellProgram>),
      fetchAsset(wasmFiles.graph.file).then((response) => response.arrayBuffer()),
      opening,
    ]).catch((error: unknown) => {
      // The next try makes a frame of its own.
      opening.then(
        (unused) => unused.remove(),
        () => {},
      );
      throw error;
    });
    const { port1: port, port2: page } = new MessageChannel();
    const user = new UserSide(frame, port);
    const ready = new Promise<void>((resolve, reject) => {
      port.onmessage = ({ data }: MessageEvent<unknown>) => {
        const message = readFromUser(data);
        if (message?.type === "ready") resolve();
        else if (message) receive(message, user);
      };
      listenToFrame(frame, (message) => {
        if (message.type === "failed") reject(new Error(message.message));
      });
      setTimeout(() => reject(new Error("The sandbox did not start in time.")), START_PATIENCE_MS);
    });
    const start = { program, files: filePort(), compute, graph, isSuccessor };
    user.#tell({ type: "start", version: PROTOCOL_VERSION, page, start }, [page, compute, start.files]);
    try {
      await ready;
    } catch (error) {
      user.close();
      throw error;
    }
    return user;
  }

  send(message: ToUser): void {
    this.port.postMessage(message);
  }

  /** Calls this when the worker has ended by itself. */
  onEnd(listener: () => void): void {
    listenToFrame(this.frame, (message) => {
      if (message.type === "ended") listener();
    });
  }

  stop(run: number): void {
    this.#tell({ type: "stop", run });
  }

  close(): void {
    this.port.close();
    this.frame.remove();
  }

  #tell(message: ToFrame, transfer: Transferable[] = []): void {
    // The frame's origin is opaque: no target origin but "*" names it.
    this.frame.contentWindow?.postMessage(message, "*", transfer);
  }
}

function openFrame(): Promise<HTMLIFrameElement> {
  const frame = document.createElement("iframe");
  frame.sandbox.add("allow-scripts");
  frame.allow = "cross-origin-isolated";
  // Its file comes without the headers that we add to others.
  if (isIsolatedByUs()) frame.setAttribute("credentialless", "");
  frame.className = "sandbox-frame";
  frame.title = "Gradbook sandbox";
  frame.tabIndex = -1;
  frame.ariaHidden = "true";
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      frame.remove();
      reject(new Error("The sandbox did not load."));
    }, START_PATIENCE_MS);
    listenToFrame(frame, (message) => {
      if (message.type !== "loaded") return;
      clearTimeout(timer);
      resolve(frame);
    });
    frame.src = assetUrl("frame.html");
    document.body.append(frame);
  });
}

function listenToFrame(
  frame: HTMLIFrameElement,
  receive: (message: NonNullable<ReturnType<typeof readFromFrame>>) => void,
): void {
  const listener = ({ source, data }: MessageEvent<unknown>) => {
    if (!frame.isConnected) removeEventListener("message", listener);
    else if (source === frame.contentWindow) {
      const message = readFromFrame(data);
      if (message) receive(message);
    }
  };
  addEventListener("message", listener);
}

/** There are far fewer files; a worker that asks for more wants to keep the page or its host busy. */
const MOST_FILES = 300;

/** A port on which the worker gets the files that it may have. */
function filePort(): MessagePort {
  let asked = 0;
  const { port1: port, port2: workers } = new MessageChannel();
  port.onmessage = async ({ data }: MessageEvent<unknown>) => {
    const request = readFileRequest(data);
    if (!request) return;
    const { id, file } = request;
    try {
      if (++asked > MOST_FILES) throw new Error("The cells have asked for too many files: restart them.");
      const bytes = await (await fetchAsset(file)).arrayBuffer();
      port.postMessage({ id, bytes } satisfies FileReply, [bytes]);
    } catch (error) {
      port.postMessage({ id, error: String(error) } satisfies FileReply);
    }
  };
  return workers;
}

async function fetchAsset(file: string): Promise<Response> {
  const response = await fetch(assetUrl(file));
  if (!response.ok) throw new Error(`${file} could not be loaded (${response.status}).`);
  return response;
}
