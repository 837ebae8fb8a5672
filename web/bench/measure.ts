// How a rate is measured: a few blocks of work, each long enough for the clock, each ended by a read-back.

/** What only the surroundings can know. */
export interface Probe {
  /** Milliseconds since navigation. */
  now(): number;
  /** Processor time of the whole browser so far, in milliseconds; NaN where nobody can tell. */
  cpu(): Promise<number>;
  /** Memory of the process now, in MiB; NaN where nobody can tell. */
  memory(): Promise<number>;
}

/** For each block: milliseconds and processor milliseconds of one repetition. */
export interface Blocks {
  wall: number[];
  cpu: number[];
}

const COUNT = 5;
const MOST_REPEATS = 5000;
/** A single call that takes so many milliseconds is measured fewer times. */
const LONG = 1500;
/** How many times `ms` something runs before it is measured: browsers compile again what runs often, and better. */
const WARM = 4;

/**
 * Measures `run(times)` in blocks that take 3/5 of `ms` each: some of them fall between the bursts of what else runs. Before, it
 * runs for a while.
 */
export async function measure(
  run: (times: number) => Promise<unknown>,
  ms: number,
  probe: Probe,
): Promise<Blocks> {
  const block = (3 * ms) / COUNT;
  const end = probe.now() + WARM * ms;
  let { times, took } = await longEnough(run, block, probe);
  while (probe.now() < end) {
    const start = probe.now();
    await run(times);
    took = Math.max(probe.now() - start, 0.01);
  }
  const repeats = Math.min(MOST_REPEATS, Math.max(1, Math.round((times * block) / took)));
  const count = times === 1 && took > LONG ? 2 : COUNT;
  const blocks: Blocks = { wall: [], cpu: [] };
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    const cpu = await probe.cpu();
    const start = probe.now();
    await run(repeats);
    blocks.wall.push((probe.now() - start) / repeats);
    blocks.cpu.push(((await probe.cpu()) - cpu) / repeats);
  }
  return blocks;
}

/** Repeats more and more until the time says how many repetitions fill a block. */
async function longEnough(run: (times: number) => Promise<unknown>, block: number, probe: Probe) {
  for (let times = 1; ; ) {
    const start = probe.now();
    await run(times);
    const took = Math.max(probe.now() - start, 0.01);
    if (took > block / 5 || times >= MOST_REPEATS) return { times, took };
    const wanted = Math.ceil((times * block) / 4 / took);
    times = Math.min(MOST_REPEATS, Math.max(times * 2, Math.min(wanted, times * 20)));
  }
}
