// One run of the benchmark: each workload on each way to compute, one after the other, each in a worker of its own.

import { order } from "../ours/remote.ts";
import { told, WORKLOADS, type WorkloadName } from "../result.ts";
import { describeDevice, ways } from "./device.ts";
import { enter, type Report } from "./report.ts";

/** How much is measured. */
export const EXTENTS = {
  quick: ["W1", "W2", "W3", "W4"],
  all: ["W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8", "W9"],
} as const satisfies Record<string, readonly WorkloadName[]>;

/** Milliseconds that a measurement takes. */
const MS = 300;

/** What goes on: so much of all is done, and this is next. */
export interface Progress {
  done: number;
  total: number;
  doing: string;
}

/** Measures, telling after each step how far it is; ends early, with what there is, when `signal` says so. */
export async function measureAll(
  workloads: readonly WorkloadName[],
  signal: AbortSignal,
  tell: (report: Report, progress: Progress) => void,
): Promise<void> {
  const found = await ways();
  const report: Report = {
    date: new Date().toISOString().slice(0, 10),
    device: describeDevice(),
    columns: found.map(({ title }) => ({ title, detail: "" })),
    rows: [],
    errors: [],
  };
  const total = found.length * workloads.length;
  let done = 0;
  for (const [column, { title, setup }] of found.entries()) {
    for (const workload of workloads) {
      if (signal.aborted) return;
      tell(report, { done, total, doing: `${WORKLOADS[workload]} on ${title}` });
      const result = await one(setup, workload, signal);
      if (result) enter(report, column, result);
      done += 1;
    }
  }
  tell(report, { done, total, doing: "" });
}

/** One workload; nothing if it was stopped. */
async function one(setup: Parameters<typeof order>[1], workload: WorkloadName, signal: AbortSignal) {
  const worker = new Worker(new URL("./bench-worker.js", document.baseURI), { type: "module" });
  const stopped = new Promise<undefined>((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  const unknown = async () => Number.NaN;
  const asked = order(worker, setup, workload, { ms: MS }, { cpu: unknown, memory: unknown }).catch(
    (error) => ({
      workload,
      info: {},
      metrics: [],
      checks: [],
      errors: [told(error)],
    }),
  );
  try {
    return await Promise.race([asked, stopped]);
  } finally {
    worker.terminate();
  }
}
