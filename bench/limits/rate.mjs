// A rate that nothing else disturbs: the best of many short windows.

const WINDOW = 6;
const WINDOWS = 40;

/** In units of 10⁹ a second; `run(times)` does `work` units each time. */
export function bestRate(run, work) {
  run(1);
  let times = 1;
  let took = timed(run, times);
  while (took < WINDOW / 2) {
    times *= 2;
    took = timed(run, times);
  }
  times = Math.max(1, Math.round((times * WINDOW) / took));
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < WINDOWS; i++) best = Math.min(best, timed(run, times));
  return (work * times) / best / 1e6;
}

function timed(run, times) {
  const start = performance.now();
  run(times);
  return performance.now() - start;
}
