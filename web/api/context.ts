// What every object of the API carries with it: the wasm module and the session that its tensors live in.

import type * as Module from "../pkg/graph/gradbook.js";
import type { Lock } from "./lock.ts";

/** The classes and functions of a wasm build; all builds have these. */
export type Binding = typeof Module;

export interface Context {
  readonly wasm: Binding;
  readonly session: Module.Session;
  /** The bytes of a file that lies beside the program, such as a module that few need. */
  readonly load: Load;
  /** Locked test sets by name and length, so that a cell that runs again finds its lock as it was. */
  readonly locks: Map<string, Lock>;
  /** Whether a compiled function is being traced: then nothing has a value. */
  readonly trace: { active: boolean };
  /** How to end each training run that is under way. */
  readonly runs: Set<() => void>;
  /** Called when a model's parameters have become other tensors. */
  parametersMoved?: () => void;
  /** Told how many steps of a training run are done, and how many there will be. */
  progressed?: (done: number, total: number) => void;
}

/** Gets a file by its path in the folder of the site or package. Errors: it could not be had. */
export type Load = (file: string) => Promise<BufferSource>;

export type TensorHandle = Module.Tensor;
export type ModelHandle = Module.Model;
export type DatasetHandle = Module.Dataset;
/** Samples that stay where they were loaded. */
export type StoredHandle = Module.Stored;

/** An error of the API itself, in the form of those that come from the module. */
export function argumentError(message: string): Error {
  const error = new Error(message);
  error.name = "ArgumentError";
  return error;
}

/** The seed that was given, checked, or a fresh one. */
export function seedOf(context: Context, seed: number | undefined): number {
  if (seed === undefined) return context.wasm.randomSeed();
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw argumentError(`seed is ${seed}; it must be a whole number from 0 to 4294967295`);
  }
  return seed;
}
