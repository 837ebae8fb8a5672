// A locked test set: it is opened once, at the end. Every use has a name and is counted; a second one is refused unless the reader says why,
// and whoever reads the result is told.

import type { Context, DatasetHandle } from "./context.ts";

/** A use of a locked set. */
export interface Opening {
  /** What used it: "evaluate", "predict", "report" … */
  by: string;
  /** Why it was opened again, for all but the first. */
  reason?: string;
}

/** Shared by all that was taken from one locked set. */
export interface Lock {
  openings: Opening[];
  /** Why the next opening is allowed, if it is not the first. */
  reason?: string;
}

/** The lock of a set: one of this name and length that was locked before has the same, so that to run a cell again is no way around it. */
export function lockOf(context: Context, { name, length }: DatasetHandle, known?: Lock): Lock {
  const key = `${name} ${length}`;
  const lock = context.locks.get(key) ?? known ?? { openings: [] };
  context.locks.set(key, lock);
  return lock;
}

/** Allows one more opening. */
export function reopen(lock: Lock, reason: string): void {
  if (typeof reason !== "string" || reason.trim() === "")
    throw locked("reopen: say why, such as reopen('a mistake in the labels was mended'); reports tell it");
  lock.reason = reason;
}

/**
 * Opens what is locked among these sets, each lock once: all of them or none. It counts from now on, so that of two uses at the same time one
 * is refused. Gives what takes it back, for a use that failed and told nothing.
 */
export function openAll(
  sets: readonly { name: string; lock?: Lock | undefined }[],
  by: string,
  isScoring: boolean,
): () => void {
  const names = new Map(sets.flatMap(({ lock, name }) => (lock ? [[lock, name]] : [])));
  for (const [lock, name] of names) checkOpening(lock, name, by, isScoring);
  const undo = [...names].map(([lock, name]) => noteOpening(lock, name, by));
  return () => {
    for (const one of undo) one();
  };
}

/** Errors: it was opened before, and nobody said why it should be again; or it is to be learnt from. */
function checkOpening({ openings, reason }: Lock, name: string, by: string, isScoring: boolean): void {
  if (reason !== undefined || (isScoring && openings.length === 0)) return;
  const before = openings.map((opening) => opening.by).join(", ");
  const fault = isScoring
    ? `was opened before (${before}). What is chosen by its results fits it, and its score no longer says how the model does on new samples`
    : `is to be used by ${by}, which learns from it or chooses by it`;
  throw locked(
    `${by}: the locked test set ${name} ${fault}. Choose by validation samples; if it must be, set.reopen("why") opens it once more, and reports say so.`,
  );
}

/** Notes an opening, and says aloud that it is not the first. Gives what takes it back. */
function noteOpening(lock: Lock, name: string, by: string): () => void {
  const { reason } = lock;
  const opening = { by, ...(reason !== undefined && { reason }) };
  lock.openings.push(opening);
  delete lock.reason;
  const undo = () => {
    lock.openings = lock.openings.filter((one) => one !== opening);
    if (reason !== undefined) lock.reason ??= reason;
  };
  if (reason === undefined) return undo;
  // biome-ignore lint/suspicious/noConsole: in a cell this is shown among its outputs, in a program on its own console.
  console.warn(
    `The locked test set ${name} was opened again by ${by} (use ${lock.openings.length}): ${reason}. What is chosen by its results fits it.`,
  );
  return undo;
}

/** "once" and by what, or how often and why. */
export function openingsText(openings: readonly Opening[]): string {
  if (openings.length === 0) return "never opened";
  const [first, ...again] = openings;
  if (again.length === 0) return `opened once, by ${first?.by}`;
  const told = again.map(({ by, reason }) => `again by ${by}: ${reason}`).join("; ");
  return `opened ${openings.length} times: first by ${first?.by}; ${told}`;
}

function locked(message: string): Error {
  const error = new Error(message);
  error.name = "LockedSetError";
  return error;
}
