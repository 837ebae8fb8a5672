import assert from "node:assert/strict";
import { test } from "node:test";
import type { StopToken } from "./protocol.ts";
import { RunClock, Stopped, StopSignal } from "./stop.ts";

function sharedToken(): { token: StopToken; stop(run: number): void } {
  const stopped = new Int32Array(new SharedArrayBuffer(4));
  return { token: { kind: "shared", stopped }, stop: (run) => Atomics.store(stopped, 0, run) };
}

/** What compiled loops do. */
function spin(clock: RunClock, iterations: number): void {
  for (let i = 0; i < iterations; i++) clock.n-- || clock.check();
}

test("a loop ends when its run is stopped, and not when an earlier one was", async () => {
  const { token, stop } = sharedToken();
  const signal = new StopSignal(token);
  stop(1);
  await signal.begin(2);
  const clock = new RunClock(signal);
  spin(clock, 100_000);
  stop(2);
  assert.throws(() => spin(clock, Infinity), Stopped);
});

test("a stopped run cannot go on behind a catch", async () => {
  const { token, stop } = sharedToken();
  const signal = new StopSignal(token);
  await signal.begin(1);
  const clock = new RunClock(signal);
  stop(1);
  assert.throws(() => {
    for (;;) {
      spin(clock, 1);
      try {
        spin(clock, Infinity);
      } catch {}
    }
  }, Stopped);
  // Until the next run begins.
  await signal.begin(2);
  spin(clock, 100_000);
});

test("a wait ends with the frame's message, but only that of its own run", async () => {
  const { token } = sharedToken();
  const signal = new StopSignal(token);
  await signal.begin(7);
  const waiting = signal.race(new Promise(() => {}));
  signal.receive(6, token);
  assert.equal(await Promise.race([waiting, Promise.resolve("waits")]), "waits");
  signal.receive(7, token);
  await assert.rejects(waiting, Stopped);
});

test("after a spent URL the next run waits for a new one", async () => {
  globalThis.XMLHttpRequest = class {
    status = 0;
    open() {}
    send() {
      throw new Error("revoked");
    }
  } as never;
  const signal = new StopSignal({ kind: "url", url: "blob:null/spent" });
  await signal.begin(1);
  const clock = new RunClock(signal);
  assert.throws(() => spin(clock, Infinity), Stopped);
  let begun = false;
  const beginning = signal.begin(2).then(() => {
    begun = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(begun, false);
  signal.receive(1, { kind: "url", url: "blob:null/fresh" });
  await beginning;
});
