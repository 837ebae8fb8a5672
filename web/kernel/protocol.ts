// The messages between the page and its two workers. Nothing else crosses.
//
//   page ↔ compute worker: `ToCompute`, `FromCompute` — both ours, typed.
//   page → frame:          `ToFrame`; frame → page: `FromFrame`.
//   page ↔ user worker:    `ToUser`, `FromUser`, on a port of their own, handed through the frame.
//   user worker ↔ page:    `FileRequest`, `FileReply`, on another port: files of the site, of which the worker can load none.
//   user ↔ compute worker: `Uint8Array` requests, replies and events on a port that the page makes and hands to both
//                          (`connect`, `start`); the JavaScript API and the engine define and validate the bytes.
//
// The user worker runs strangers' code, so what comes from it is checked by `readFromUser` before use.

import type { LoadProgress } from "../api/collections.ts";
import type { ControlValue, KeptInput } from "../display/control.ts";
import type { Display, DisplayUpdate } from "../display/schema.ts";
import { isDisplay, isDisplayUpdate } from "../display/validate.ts";
import type { Looked } from "./look.ts";
import { isLooked } from "./look.ts";
import { PROTOCOL_VERSION } from "./version.ts";

export { PROTOCOL_VERSION };

// Page and compute worker ---------------------------------------------------------------------------------------------

export type DeviceChoice = "auto" | "webgpu" | "cpu";

export type ToCompute =
  /** A guest is in a page of somebody else: it gets none of the reader's files, and its own last as long as it. */
  | { type: "hello"; version: number; device: DeviceChoice; isGuest: boolean }
  /** A new user worker's end; the one before is gone, and what its names held lives on for this one. */
  | { type: "connect"; port: MessagePort }
  | { type: "setDevice"; device: DeviceChoice }
  /** All sets of the reader's own, in place of those told before. */
  | { type: "own"; sets: OwnSet[] }
  /** The answer to `pick`: the name of a set, or none. */
  | { type: "picked"; name: string | undefined }
  /** Take the GPU away, as the system may do at any time: for tests and the curious. */
  | { type: "loseDevice" }
  /**
   * End what runs now, keeping every tensor. Nothing new is submitted to a device after this: if the user worker is told as
   * well, then also of what it asks for before it has heard.
   */
  | { type: "stop"; isUserTold: boolean };

export type FromCompute =
  | { type: "status"; status: ComputeStatus }
  | { type: "counters"; counters: ComputeCounters }
  /** A data set is being loaded; the last message has all of its bytes. */
  | { type: "loading"; progress: LoadProgress }
  /** A cell asks the reader for a set. */
  | { type: "pick" }
  /** The worker is of no use any more: the page ends it and says why. */
  | { type: "failed"; message: string };

/** A data set of the reader's own. Its files lie where the browser keeps them until they are read. */
export interface OwnSet {
  name: string;
  /** Another one for every set that ever had the name. */
  stamp: string;
  /** IDX files: `PART.x`, `PART.y`, `classes`. */
  files: [label: string, file: Blob][];
}

/** What computes and why; shown in the status bar word for word. */
export interface ComputeStatus {
  /** `none` where nothing can compute. */
  device: "cpu" | "webgpu" | "none";
  /** Such as "CPU · SIMD · 1 thread". */
  name: string;
  /** Why not something faster; empty when there is nothing faster. */
  why: string;
  /** A sentence for a reader whose browser lacks something, else empty. */
  hint: string;
  /** Whether WebGPU can be chosen here. */
  webgpu: boolean;
  /** What has happened to the device, in a sentence. */
  news?: string;
}

/** A training run in figures; sent a few times a second while something runs, and once when it ends. */
export interface ComputeCounters {
  running: boolean;
  /** Training steps done in this run. */
  steps: number;
  stepsPerSecond: number;
  /** Bytes held on the device. */
  bytes: number;
  /** What the device has done since it was opened. */
  device: DeviceCounts;
  /** The same at the last stop, when the compute worker heard of it. */
  atStop?: DeviceCounts;
}

export interface DeviceCounts {
  dispatches: number;
  submits: number;
  reads: number;
}

// Page and frame ------------------------------------------------------------------------------------------------------

export type ToFrame =
  | { type: "start"; version: number; page: MessagePort; start: UserStart }
  /** Stop the run with this number: step 2 of the ladder. */
  | { type: "stop"; run: number };

export type FromFrame =
  | { type: "loaded" }
  | { type: "failed"; message: string }
  /** The user worker is there no more. */
  | { type: "ended" };

/** From the user worker to the frame: a `blob:` URL that is good for as long as the worker lives, whatever it is at. */
export interface SignOfLife {
  type: "life";
  url: string;
}

/** What the user worker gets with its first message. */
export interface UserStart {
  program: CellProgram;
  /** Here it asks for files of the site, with `FileRequest`s that `FileReply`s answer. */
  files: MessagePort;
  /** The bytes of the `graph` build of the wasm module. */
  graph: ArrayBuffer;
  compute: MessagePort;
  /** Whether there was a user worker before, from which something may be left. */
  isSuccessor: boolean;
}

/** The script of the user worker, and the modules that the script puts together: each comes after those that it imports, the entry last. */
export interface CellProgram {
  loader: string;
  modules: [name: string, text: string][];
}

/** A file by its path beside the page. */
export interface FileRequest {
  id: number;
  file: string;
}

export type FileReply = { id: number } & ({ bytes: ArrayBuffer } | { error: string });

/** How the user worker gets a file of the site. */
export type Load = (file: string) => Promise<ArrayBuffer>;

/** From the frame to the user worker. */
export type FrameToUser =
  | { type: "start"; token: StopToken; page: MessagePort; start: UserStart }
  | { type: "stop"; run: number; token: StopToken };

/**
 * How a loop that never yields learns of Stop: the number of the last stopped run in shared memory where the frame is
 * isolated, else a `blob:` URL that is readable until it is revoked.
 */
export type StopToken = { kind: "shared"; stopped: Int32Array } | { kind: "url"; url: string };

// Page and user worker ------------------------------------------------------------------------------------------------

export type ToUser =
  /** `inputs` is what the reader set in the cell before. */
  | { type: "run"; run: number; cell: string; source: string; inputs: KeptInput[] }
  /** The reader set an input; versions of one rise. */
  | { type: "input"; id: string; version: number; value: ControlValue }
  /** The answer to `types`: the run's text without its types; none where it is no TypeScript. */
  | { type: "untyped"; run: number; source: string | undefined }
  /** What lies under a path of names? Answered by `looked` as soon as the worker hears. */
  | { type: "look"; id: number; path: string[] };

export type FromUser =
  | { type: "ready"; version: number }
  /** Outputs of one run are numbered from 0 in the order of their `display` calls, and may arrive out of order. */
  | { type: "output"; run: number; index: number; display: Display; isResult: boolean }
  | { type: "update"; run: number; index: number; update: DisplayUpdate }
  /** How many steps of a training run are done, of how many; at most once a frame. */
  | { type: "progress"; run: number; done: number; total: number }
  /** The run's text is no JavaScript: perhaps it has types. */
  | { type: "types"; run: number }
  | { type: "looked"; id: number; value?: Looked }
  | {
      type: "done";
      run: number;
      end: RunEnd;
      milliseconds: number;
      defines: string[];
      uses: string[];
      /** Inputs that it read, and in which version last. */
      reads: [input: string, version: number][];
    };

export type RunEnd = "ok" | "error" | "stopped";

/** The message if it is a well-formed one, else undefined. */
export function readFromUser(message: unknown): FromUser | undefined {
  if (typeof message !== "object" || message === null) return undefined;
  const m = message as Record<string, unknown>;
  switch (m.type) {
    case "ready":
      return m.version === PROTOCOL_VERSION ? (m as FromUser) : undefined;
    case "output":
      return isCount(m.run) &&
        isPlace(m.index) &&
        typeof m.isResult === "boolean" &&
        isUsersDisplay(m.display)
        ? (m as FromUser)
        : undefined;
    case "update":
      return isCount(m.run) && isPlace(m.index) && isUsersUpdate(m.update) ? (m as FromUser) : undefined;
    case "progress":
      return isCount(m.run) && isCount(m.done) && isCount(m.total) && m.done <= m.total
        ? (m as FromUser)
        : undefined;
    case "types":
      return isCount(m.run) ? (m as FromUser) : undefined;
    case "looked":
      return isCount(m.id) && (m.value === undefined || isLooked(m.value)) ? (m as FromUser) : undefined;
    case "done":
      return isCount(m.run) &&
        (m.end === "ok" || m.end === "error" || m.end === "stopped") &&
        typeof m.milliseconds === "number" &&
        isNames(m.defines) &&
        isNames(m.uses) &&
        isReads(m.reads)
        ? (m as FromUser)
        : undefined;
    default:
      return undefined;
  }
}

/** The request if it is for a file that cells may load: later modules of their program, and what computes on the host. */
export function readFileRequest(message: unknown): FileRequest | undefined {
  if (typeof message !== "object" || message === null) return undefined;
  const { id, file } = message as Record<string, unknown>;
  return isCount(id) &&
    typeof file === "string" &&
    /^(cells\/[\w-]+\.js|wasm\/host-[0-9a-f]+\.wasm)$/.test(file)
    ? { id, file }
    : undefined;
}

/** The frame runs our code only, but shares its origin-less window with no one we could name: checked all the same. */
export function readFromFrame(message: unknown): FromFrame | undefined {
  if (typeof message !== "object" || message === null) return undefined;
  const m = message as Record<string, unknown>;
  if (m.type === "loaded" || m.type === "ended") return { type: m.type };
  if (m.type === "failed" && typeof m.message === "string") return { type: "failed", message: m.message };
  return undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Where an output stands in its run: a worker cuts its own floods off far below this, the page takes no more. */
function isPlace(value: unknown): value is number {
  return isCount(value) && value < MOST_OUTPUTS;
}

const MOST_OUTPUTS = 1000;

/** A display that a worker may send: what an input is set to is the reader's to say. */
function isUsersDisplay(value: unknown): value is Display {
  return isDisplay(value) && (value.kind !== "input" || value.value === undefined);
}

function isUsersUpdate(value: unknown): value is DisplayUpdate {
  return isDisplayUpdate(value) && (value.type !== "replace" || isUsersDisplay(value.display));
}

function isReads(value: unknown): value is [string, number][] {
  return (
    Array.isArray(value) &&
    value.length < 10_000 &&
    value.every(
      (read) => Array.isArray(read) && read.length === 2 && typeof read[0] === "string" && isCount(read[1]),
    )
  );
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.length < 10_000 && value.every((name) => typeof name === "string");
}
