// Every page runs the workload that its address names, and leaves the result where the driver finds it.

import { runWorkload } from "../../../web/bench/workloads.ts";

/** What the driver can tell of the browser's processes. */
export const processes = { cpu: () => globalThis.cpuTime(), memory: () => globalThis.residentMemory() };

/** What the driver wants: `{ name, options, workload, settings }`. */
export const wanted = JSON.parse(new URLSearchParams(location.search).get("run"));

/** Runs it in this page with the contender that `create(options)` gives. */
export async function runHere(create) {
  const probe = { now: () => performance.now(), ...processes };
  globalThis.result = await runWorkload(
    wanted.workload,
    () => create(wanted.options),
    wanted.settings,
    probe,
  );
}
