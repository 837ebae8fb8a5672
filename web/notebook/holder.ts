// One window writes a notebook's copy; others see it, and may take it over. Two that both wrote would undo each other's edits.

/** How long the window that writes may take to let go before it is made to. */
const PATIENCE_MS = 2000;

/** Changes a copy from outside. Errors: a window has it open for writing, and would undo the change or write half a copy over it. */
export async function whileFree<T>(notebook: string, change: () => Promise<T>): Promise<T> {
  if (!navigator.locks) return change();
  return navigator.locks.request(lockOf(notebook), { ifAvailable: true }, (lock) => {
    if (!lock) throw new Error("it is open in another window; close that one first");
    return change();
  });
}

export class Holder {
  readonly #name: string;
  readonly #channel: BroadcastChannel | undefined;
  #release: (() => void) | undefined;

  /** `yielding` writes what waits to be written, before another window takes over; `lost` is called when it has. */
  constructor(
    notebook: string,
    private readonly yielding: () => Promise<void>,
    private readonly lost: () => void,
  ) {
    this.#name = lockOf(notebook);
    if (!navigator.locks) return;
    this.#channel = new BroadcastChannel(this.#name);
    this.#channel.onmessage = () => void this.#yield();
  }

  /** Whether this window is the one that writes. Where the browser cannot tell, each is. */
  async claim(): Promise<boolean> {
    return !this.#channel || this.#request({ ifAvailable: true });
  }

  /** Makes this window the one that writes: what it shows is to be read anew then. */
  async takeOver(): Promise<void> {
    if (!this.#channel) return;
    this.#channel.postMessage("yield");
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(), PATIENCE_MS);
    const isGiven = await this.#request({ signal: waiting.signal });
    clearTimeout(timer);
    // A window that hangs does not keep the notebook.
    if (!isGiven) await this.#request({ steal: true });
  }

  async #yield(): Promise<void> {
    if (!this.#release) return;
    await this.yielding();
    this.#letGo();
  }

  #letGo(): void {
    if (!this.#release) return;
    this.#release();
    this.#release = undefined;
    this.lost();
  }

  /** Holds the lock until the window closes or another takes over; false if it is not to be had. */
  #request(options: LockOptions): Promise<boolean> {
    return new Promise((resolve) => {
      navigator.locks
        .request(this.#name, options, (lock) => {
          resolve(lock !== null);
          if (lock === null) return undefined;
          return new Promise<void>((release) => {
            this.#release = release;
          });
        })
        .catch(() => {
          // It was not given in time, or another window has taken it.
          resolve(false);
          this.#letGo();
        });
    });
  }
}

function lockOf(notebook: string): string {
  return `gradbook notebook ${notebook}`;
}
