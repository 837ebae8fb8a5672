// Recordings as one array of 16-bit samples [N, T]: the shorter ones end in silence.

import type { SampleReader } from "../api/samples.ts";
import type { Entry } from "./entries.ts";
import { MOST_SET_BYTES } from "./limits.ts";

export interface Sounds {
  /** Those of the files that could be read, in their order. */
  entries: Entry[];
  /** Samples a second, of all. */
  rate: number;
  /** Samples of each. */
  length: number;
  values: Int16Array<ArrayBuffer>;
  /** How many were longer than is kept. */
  cut: number;
  sizes: { size: string; count: number }[];
}

/** What is longer is cut: nothing here learns from minutes of sound. */
export const MOST_SECONDS = 10;

/** Reads all. Those with another rate than most have are left out. Errors: too many for memory. */
export async function readSounds(
  entries: readonly Entry[],
  reader: SampleReader,
  broken: (path: string, reason: string) => void,
  progress: (done: number, total: number) => void,
): Promise<Sounds> {
  const read: { entry: Entry; rate: number; samples: Int16Array; isCut: boolean }[] = [];
  let held = 0;
  for (const [i, entry] of entries.entries()) {
    progress(i, entries.length);
    try {
      const sound = reader.read(entry.path, new Uint8Array(await entry.file.arrayBuffer()), "wav");
      if (sound.samples.length === 0) throw new Error("there is no sound in it");
      const samples = sound.samples.slice(0, MOST_SECONDS * sound.rate);
      held += samples.length;
      if (2 * held > MOST_SET_BYTES) throw new TooMuch("these recordings are more samples than fit");
      read.push({ entry, rate: sound.rate, samples, isCut: samples.length < sound.samples.length });
    } catch (error) {
      if (error instanceof TooMuch) throw error;
      broken(entry.path, error instanceof Error ? error.message : String(error));
    }
  }
  const rate = mostFrequent(read.map(({ rate }) => rate));
  for (const sound of read) {
    if (sound.rate !== rate)
      broken(sound.entry.path, `it has ${sound.rate} samples a second; most of these have ${rate}`);
  }
  const kept = read.filter((sound) => sound.rate === rate);
  const length = kept.reduce((most, { samples }) => Math.max(most, samples.length), 0);
  if (2 * kept.length * length > MOST_SET_BYTES)
    throw new TooMuch("these recordings are more samples than fit");
  const values = new Int16Array(kept.length * length);
  for (const [i, { samples }] of kept.entries()) values.set(samples, i * length);
  const seconds = new Map<string, number>();
  for (const { samples } of kept) {
    const text = `${(samples.length / rate).toFixed(1)} s`;
    seconds.set(text, (seconds.get(text) ?? 0) + 1);
  }
  return {
    entries: kept.map(({ entry }) => entry),
    rate,
    length,
    values,
    cut: kept.filter(({ isCut }) => isCut).length,
    sizes: [...seconds].map(([size, count]) => ({ size, count })).sort((a, b) => b.count - a.count),
  };
}

class TooMuch extends Error {}

function mostFrequent(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 0;
}
