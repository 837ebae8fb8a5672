// Which live cells are behind: each input has a version that rises when the reader sets it, and a run tells which versions it
// read last. A run that read an input until its end, as a training run does its learning rate, is not behind.

export class LiveInputs {
  readonly #versions = new Map<string, number>();

  /** The reader set an input: its new version. */
  set(id: string): number {
    const version = (this.#versions.get(id) ?? 0) + 1;
    this.#versions.set(id, version);
    return version;
  }

  /** Whether an input was set after a run had read it for the last time. */
  isBehind(reads: readonly [input: string, version: number][]): boolean {
    return reads.some(([id, version]) => version < (this.#versions.get(id) ?? 0));
  }
}
