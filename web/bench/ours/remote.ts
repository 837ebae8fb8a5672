// Gradbook computes in a worker: the page asks it for a workload, and tells it what only a page can know.

import type { createGradbook } from "../../api/index.ts";
import type { Probe } from "../measure.ts";
import type { Result, WorkloadName } from "../result.ts";
import { runWorkload, type Settings } from "../workloads.ts";
import { open, type Setup } from "./setup.ts";

/** One workload, as it is asked for. */
export interface Order {
  setup: Setup;
  workload: WorkloadName;
  settings: Settings;
  /** When the page was navigated to, on the clock that all threads share. */
  origin: number;
}

type Question = { ask: "cpu" | "memory" };
type ToPage = Question | { result: Result };
type ToWorker = { order: Order } | { answer: number };

/** Runs one workload in a worker that called `answerOrders`. */
export function order(
  worker: Worker,
  setup: Setup,
  workload: WorkloadName,
  settings: Settings,
  probe: Pick<Probe, "cpu" | "memory">,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const tell = (message: ToWorker) => worker.postMessage(message);
    worker.onerror = (event) => reject(new Error(event.message || "the worker could not be loaded"));
    worker.onmessage = ({ data }: MessageEvent<ToPage>) => {
      if ("result" in data) resolve(data.result);
      else probe[data.ask]().then((answer) => tell({ answer }), reject);
    };
    tell({ order: { setup, workload, settings, origin: performance.timeOrigin } });
  });
}

/** To be called in the worker: does what the page asks for. */
export function answerOrders(create: typeof createGradbook, baseUrl?: URL): void {
  const port = globalThis as unknown as Worker;
  let answered: (value: number) => void = () => {};
  const ask = (question: Question) =>
    new Promise<number>((resolve) => {
      answered = resolve;
      port.postMessage(question satisfies ToPage);
    });
  port.onmessage = async ({ data }: MessageEvent<ToWorker>) => {
    if ("answer" in data) return answered(data.answer);
    const { setup, workload, settings, origin } = data.order;
    const probe: Probe = {
      now: () => performance.timeOrigin - origin + performance.now(),
      cpu: () => ask({ ask: "cpu" }),
      memory: () => ask({ ask: "memory" }),
    };
    const result = await runWorkload(workload, () => open(create, setup, baseUrl), settings, probe);
    port.postMessage({ result } satisfies ToPage);
  };
}
