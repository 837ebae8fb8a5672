// How a run learns that it was stopped: the user worker's half of step 2 of the stop ladder.
//
// Loops and functions of cells call `RunClock.check` now and then, and that asks the token: shared memory each time, a
// URL at most every 50 ms. A run that waits instead of looping is raced with the frame's message. A stopped run stays
// stopped: every later check throws again, so `catch` in a cell cannot swallow it, and what it left behind in the
// background ends too.

import type { StopToken } from "./protocol.ts";

/** Reading a URL takes 1 to 2 ms. */
const URL_INTERVAL_MS = 50;
const MAX_BUDGET = 1024;

/** Thrown into a run that was stopped. */
export class Stopped extends Error {
  override readonly name: string = "Stopped";
  constructor() {
    super("The run was stopped.");
  }
}

export class StopSignal {
  #token: StopToken;
  #run = 0;
  #stopped = false;
  /** Runs that were stopped, for what they left waiting. */
  readonly #stoppedRuns = new Set<number>();
  #revoked = false;
  #lastRead = 0;
  #renewed = () => {};
  #reject: (error: Stopped) => void = () => {};

  constructor(token: StopToken) {
    this.#token = token;
  }

  /** Begins a run; waits for a fresh token if the last run used its token up. */
  async begin(run: number): Promise<void> {
    if (this.#revoked) await new Promise<void>((resolve) => (this.#renewed = resolve));
    this.#run = run;
    this.#stopped = false;
  }

  /** `work`, or `Stopped` as soon as the frame says so. */
  race<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      work.then(resolve, reject);
    });
  }

  /** The frame stopped `run` and made a new token. */
  receive(run: number, token: StopToken): void {
    this.#token = token;
    this.#revoked = false;
    this.#renewed();
    if (run !== this.#run) return;
    this.#markStopped();
    this.#reject(new Stopped());
  }

  /** Whether that run was stopped, however long ago. */
  wasStopped(run: number): boolean {
    return this.#stoppedRuns.has(run);
  }

  /** Throws `Stopped` if the current run was stopped; asks the token when the last answer is old. */
  check(now: number): void {
    if (this.#stopped) throw new Stopped();
    if (this.#token.kind === "url" && now - this.#lastRead < URL_INTERVAL_MS) return;
    if (this.#isTokenSpent()) {
      this.#markStopped();
      throw new Stopped();
    }
    this.#lastRead = performance.now();
  }

  #markStopped(): void {
    this.#stopped = true;
    this.#stoppedRuns.add(this.#run);
  }

  #isTokenSpent(): boolean {
    if (this.#token.kind === "shared") return Atomics.load(this.#token.stopped, 0) >= this.#run;
    try {
      const request = new XMLHttpRequest();
      request.open("GET", this.#token.url, false);
      request.send();
      this.#revoked = request.status !== 200;
    } catch {
      this.#revoked = true;
    }
    return this.#revoked;
  }
}

/** The counter that compiled cells count down; `check` adapts it so that the clock is read about every millisecond. */
export class RunClock {
  n = 0;
  #budget = 1;
  #last = 0;

  constructor(readonly signal: StopSignal) {}

  check(): void {
    const now = performance.now();
    const elapsed = now - this.#last;
    if (elapsed < 1) this.#budget = Math.min(this.#budget * 2, MAX_BUDGET);
    else if (elapsed > 4) this.#budget = Math.max(this.#budget >> 2, 1);
    this.#last = now;
    // While this throws the counter stays spent, so that the very next loop throws too.
    this.n = 0;
    this.signal.check(now);
    this.n = this.#budget;
  }
}
