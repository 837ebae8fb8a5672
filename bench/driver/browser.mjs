// One round of one contender in a fresh browser: a page for each workload.

import os from "node:os";
import { chromium } from "playwright-core";
import { cpuTime, memory, workers } from "./processes.mjs";
import { weigh } from "./server.mjs";

const SWITCHES = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--enable-unsafe-webgpu",
];

/** A browser with an empty profile. */
export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: SWITCHES });
}

/** Yields a result for each workload. */
export async function* browserRound(entry, { server, workloads, ms, patience, withSizes }) {
  let browser = await launch();
  try {
    for (const workload of workloads) {
      server.forget();
      const load = os.loadavg()[0];
      const { lost, ...result } = await runPage(browser, server, entry, workload, ms, patience);
      if (withSizes && workload === "W4" && result.errors.length === 0) addDownload(result, server.asked());
      yield { ...result, browser: browser.version(), load: [load, os.loadavg()[0]] };
      if (lost) {
        // Whoever did not answer may still be busy.
        await close(browser);
        browser = await launch();
      }
    }
  } finally {
    await close(browser);
  }
}

const close = (browser) => within(8, browser.close()).catch(() => {});

async function runPage(browser, server, entry, workload, ms, patience) {
  const page = await browser.newPage();
  const heard = new Set();
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) heard.add(message.text().slice(0, 300));
  });
  page.on("pageerror", (error) => heard.add(String(error).slice(0, 300)));
  try {
    let processes;
    const known = () => {
      processes ??= workers();
      return processes;
    };
    await page.exposeFunction("cpuTime", () => cpuTime(known()));
    await page.exposeFunction("residentMemory", () => memory(known(), "renderer", "VmRSS"));
    const run = { name: entry.name, options: entry.options ?? {}, workload, settings: { ms } };
    const query = new URLSearchParams({ page: entry.page, run: JSON.stringify(run) });
    await page.goto(`${server.address}/?${query}`, { waitUntil: "commit" });
    const answer = page.waitForFunction("globalThis.result", null, { timeout: patience * 1000 });
    await within(patience, answer);
    const result = await page.evaluate("globalThis.result");
    if (workload === "W4" && result.errors.length === 0) addMemory(result);
    return { ...result, console: [...heard].slice(0, 3) };
  } catch (error) {
    const errors = [`no result: ${String(error.message ?? error).split("\n")[0]}`];
    return {
      workload,
      info: {},
      metrics: [],
      checks: [],
      errors,
      console: [...heard].slice(0, 3),
      lost: true,
    };
  } finally {
    await within(5, page.close()).catch(() => {});
  }
}

/** Peaks since the browser started: W4 comes first. */
function addMemory(result) {
  const processes = workers();
  for (const [kind, name] of [
    ["renderer", "peak memory of the page"],
    ["gpu-process", "peak memory of the GPU process"],
  ]) {
    const peak = memory(processes, kind, "VmHWM");
    if (Number.isFinite(peak)) result.metrics.push({ name, unit: "MiB", values: [peak] });
  }
}

function addDownload(result, files) {
  const sizes = weigh(files);
  for (const [form, size] of Object.entries(sizes)) {
    result.metrics.push({ name: `download, ${form}`, unit: "bytes", values: [size] });
  }
}

function within(seconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
