// Limits of a build of the module, measured in so many workers at once: the sums of what each reaches.

/** For each of `jobs`, rates by name. */
export async function inWorkers(build, threads, jobs) {
  const module = await WebAssembly.compileStreaming(fetch(`/limits-${build}.wasm`));
  const all = await Promise.all(Array.from({ length: threads }, () => inWorker(module, jobs)));
  return all[0].map((rates, job) => {
    const sum = (name) => all.reduce((total, one) => total + one[job][name], 0);
    return Object.fromEntries(Object.keys(rates).map((name) => [name, sum(name)]));
  });
}

function inWorker(module, jobs) {
  const worker = new Worker("/limits-worker/main.js", { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onerror = (event) => reject(new Error(event.message));
    worker.onmessage = ({ data }) => resolve(data);
    worker.postMessage({ module, jobs });
  }).finally(() => worker.terminate());
}
