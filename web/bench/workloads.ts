// The workloads: what each contender is asked to do, and what of that is measured.

import { convolution, FLOP, images, makeBatches, matrices } from "./batches.ts";
import type { Contender, Trainer } from "./contender.ts";
import { measure, type Probe } from "./measure.ts";
import { type Metric, type Result, told, type Unit, type WorkloadName } from "./result.ts";
import { type ModelName, makeParams } from "./specs.ts";

/** How long is measured. */
export interface Settings {
  /** Milliseconds; they are split into blocks. */
  ms: number;
  /** Sizes of the matrices. */
  sizes?: readonly number[];
}

interface Run {
  contender: Contender;
  settings: Settings;
  probe: Probe;
  result: Result;
}

const SIZES = [64, 128, 256, 512, 1024];
/** A first step of so many milliseconds makes three single steps the measurement. */
const SLOW = 4000;
const INTEGRATED_STEPS = 50;

const WORK: Record<WorkloadName, (run: Run) => Promise<void>> = {
  W1: matmul,
  W2: convolve,
  W3: (run) => train(run, "mlp"),
  W4: (run) => train(run, "lenet"),
  W5: (run) => train(run, "resnet"),
  W6: (run) => train(run, "dcgan"),
  W7: (run) => train(run, "lstm"),
  W8: explain,
  W9: infer,
  W11: remember,
};

/** Runs one workload. What fails is told in the result. */
export async function runWorkload(
  workload: WorkloadName,
  create: () => Promise<Contender>,
  settings: Settings,
  probe: Probe,
): Promise<Result> {
  const result: Result = { workload, info: {}, metrics: [], checks: [], errors: [] };
  try {
    const start = probe.now();
    const contender = await create();
    result.info = contender.info;
    add(result, "start", "ms", [probe.now() - start]);
    await WORK[workload]({ contender, settings, probe, result });
  } catch (error) {
    result.errors.push(told(error));
  }
  return result;
}

function add(result: Result, name: string, unit: Unit, values: number[]): void {
  const known = values.filter((value) => Number.isFinite(value));
  if (known.length > 0) result.metrics.push({ name, unit, values: known });
}

/** A rate in GFLOP/s, from the milliseconds of one repetition. */
const rate = (flop: number, ms: readonly number[]) => ms.map((t) => flop / t / 1e6);

async function matmul({ contender, settings, probe, result }: Run): Promise<void> {
  for (const n of settings.sizes ?? SIZES) {
    const { a, b } = matrices(n);
    const product = await contender.matmul(n, a, b);
    const got = await product.check();
    let want = 0;
    for (let k = 0; k < n; k++) want += (a[n + k] as number) * (b[k * n + 1] as number);
    if (!(Math.abs(got - want) < 1e-3 * n)) throw new Error(`matmul ${n} is wrong: ${got}, not ${want}`);
    const { wall } = await measure(product.run, settings.ms, probe);
    add(result, `${n} × ${n}`, "GFLOP/s", rate(FLOP.matmul(n), wall));
    product.dispose?.();
  }
}

async function convolve({ contender, settings, probe, result }: Run): Promise<void> {
  const work = await contender.convolution(convolution());
  result.checks = await work.check();
  const { wall } = await measure(work.forward, settings.ms, probe);
  add(result, "forward", "GFLOP/s", rate(FLOP.convolution, wall));
  const both = await measure(work.both, settings.ms, probe);
  add(result, "forward and gradients", "GFLOP/s", rate(3 * FLOP.convolution, both.wall));
}

async function train({ contender, settings, probe, result }: Run, model: ModelName): Promise<void> {
  const [params, batches] = [makeParams(model), makeBatches(model)];
  const start = probe.now();
  const trainer = await contender.train(model, params, batches);
  await trainer.step(0);
  const first = await trainer.loss();
  const took = probe.now() - start;
  if (!(first > 0)) throw new Error(`the first loss is ${first}`);
  result.checks.push(first);
  add(result, "first step", "ms", [took]);
  add(result, "navigation to first step", "ms", [probe.now()]);
  const blocks = took > SLOW ? await singleSteps(trainer, probe, result) : await manySteps(trainer);
  add(
    result,
    "training",
    "steps/s",
    blocks.wall.map((ms) => 1000 / ms),
  );
  add(result, "processor time of a step", "ms", blocks.cpu);

  async function manySteps(trainer: Trainer) {
    await trainer.step(1);
    result.checks.push(await trainer.loss());
    for (const i of [2, 3]) await trainer.step(i);
    result.checks.push(await trainer.loss());
    let i = 4;
    const some = async (count: number) => {
      for (let k = 0; k < count; k++) await trainer.step(i++);
      await trainer.loss();
    };
    return measure(some, settings.ms, probe);
  }
}

/** For a contender that is very slow. */
async function singleSteps(trainer: Trainer, probe: Probe, result: Result) {
  const blocks = { wall: [] as number[], cpu: [] as number[] };
  for (const i of [1, 2, 3]) {
    const cpu = await probe.cpu();
    const start = probe.now();
    await trainer.step(i);
    const loss = await trainer.loss();
    blocks.wall.push(probe.now() - start);
    blocks.cpu.push((await probe.cpu()) - cpu);
    if (i !== 2) result.checks.push(loss);
  }
  return blocks;
}

/** The trained LeNet's weights do not matter here, nor does the image. */
function sample() {
  const [batch] = images("lenet", 1);
  if (!batch) throw new Error("there is no image");
  return { params: makeParams("lenet"), x: batch.x.slice(0, 784), label: batch.y[0] as number };
}

async function explain({ contender, settings, probe, result }: Run): Promise<void> {
  const { params, x, label } = sample();
  const saliency = await contender.saliency(params, x, label);
  const integrated = () => saliency.integrated(INTEGRATED_STEPS);
  result.checks = [magnitude(await saliency.grad()), magnitude(await integrated())];
  for (const [name, work] of [
    ["saliency", saliency.grad],
    ["integrated gradients", integrated],
  ] as const) {
    const repeated = async (times: number) => {
      for (let i = 0; i < times; i++) await work();
    };
    add(result, name, "ms", (await measure(repeated, settings.ms, probe)).wall);
  }
}

function magnitude(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + Math.abs(value), 0);
}

async function infer({ contender, settings, probe, result }: Run): Promise<void> {
  const { params, x } = sample();
  const inference = await contender.infer(params, x);
  result.checks = Array.from(await inference.run()).slice(0, 3);
  for (let i = 0; i < 10; i++) await inference.run();
  const repeated = async (times: number) => {
    for (let i = 0; i < times; i++) await inference.run();
  };
  add(result, "one image", "ms", (await measure(repeated, settings.ms, probe)).wall);
}

const MEMORY_STEPS = [100, 1000];
/** Seconds after which a contender is too slow for so many steps. */
const PATIENCE = 200;

/** Whether training leaves anything behind. */
async function remember({ contender, probe, result }: Run): Promise<void> {
  const trainer = await contender.train("lenet", makeParams("lenet"), makeBatches("lenet"));
  await trainer.step(0);
  await trainer.loss();
  const start = probe.now();
  let done = 0;
  for (const steps of MEMORY_STEPS) {
    while (done < steps) {
      await trainer.step(done++);
      if (done % 10 > 0) continue;
      await trainer.loss();
      const needs = ((probe.now() - start) / 1000 / done) * (MEMORY_STEPS.at(-1) as number);
      if (needs > PATIENCE) throw new Error(`too slow: 1000 steps would take ${Math.round(needs)} s`);
    }
    const metric: Metric = { name: `after ${steps} steps`, unit: "MiB", values: [await probe.memory()] };
    add(result, metric.name, metric.unit, metric.values);
  }
}
