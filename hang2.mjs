import { chromium } from "playwright-core";
const url = "http://localhost:8102/course/gradbook/";
const t = (p, ms, what) => Promise.race([p.then(v => v, e => "ERR " + e), new Promise(r => setTimeout(() => r("TIMEOUT " + what), ms))]);
for (let i = 0; i < Number(process.argv[2]); i++) {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox","--enable-unsafe-webgpu","--disable-quic","--no-first-run","--disable-background-networking","--disable-component-update","--disable-sync"] });
  const page = await browser.newPage();
  page.on("console", m => console.log("  console", m.text()));
  page.on("pageerror", m => console.log("  pageerror", m));
  const start = Date.now();
  const g = await t(page.goto(url), 60000, "goto");
  const r = await t(page.evaluate(async ({ entry }) => {
    const log = (window.__log = []);
    const at = (s) => log.push(`${Math.round(performance.now())} ${s}`);
    // trace webgpu promises
    const wrap = (proto, name) => { const f = proto[name]; proto[name] = function (...a) { const r = f.apply(this, a); if (r?.then) { const id = log.length; at(`> ${name}`); r.then(() => at(`< ${name} ${id}`), (e) => at(`x ${name} ${id} ${e}`)); } return r; } };
    wrap(GPU.prototype, "requestAdapter"); wrap(GPUAdapter.prototype, "requestDevice"); wrap(GPUBuffer.prototype, "mapAsync"); wrap(GPUQueue.prototype, "onSubmittedWorkDone"); wrap(GPUDevice.prototype, "popErrorScope"); wrap(GPUDevice.prototype, "createComputePipelineAsync");
    const sub = GPUQueue.prototype.submit; GPUQueue.prototype.submit = function (...a) { at("submit"); return sub.apply(this, a); };
    const cp = GPUDevice.prototype.createComputePipeline; GPUDevice.prototype.createComputePipeline = function (...a) { const s = performance.now(); const r = cp.apply(this, a); at("pipeline " + (performance.now() - s)); return r; };
    const { createGradbook } = await import(entry);
    at("imported");
    const g = await createGradbook({ device: "webgpu" });
    at("created");
    const x = g.randn([64, 4], { seed: 1 });
    const set = g.data.from(x, x.sum(1).gt(0).cast("i32"));
    const model = g.nn.sequential([g.nn.dense({ out: 16 }), g.nn.relu(), g.nn.dense({ out: 2 })]);
    const optimizer = g.optim.adam({ lr: 0.05 });
    const history = await model.fit(set, { epochs: 5, batchSize: 16, optimizer, seed: 3 });
    at("done");
    return "ok";
  }, { entry: new URL("npm/index.js", url).href }), 25000, "evaluate");
  console.log(i, Date.now() - start, r);
  if (r !== "ok") {
    console.log("alive?", await t(page.evaluate(() => 1 + 1), 10000, "alive"));
    console.log(await t(page.evaluate(() => window.__log.slice(-40).join("\n")), 10000, "log"));
    console.log("pending", await t(page.evaluate(() => { const done = new Set(window.__log.filter(l => / [<x] /.test(l)).map(l => l.split(" ")[3])); return window.__log.map((l, i) => [l, i]).filter(([l, i]) => / > /.test(l) && !done.has(String(i))).join("\n"); }), 10000, "pend"));
    const p2 = await browser.newPage();
    console.log("p2", await t(p2.goto(url).then(() => p2.evaluate(async () => { const a = await navigator.gpu.requestAdapter(); const d = await a.requestDevice(); await d.queue.onSubmittedWorkDone(); return "gpu ok"; })), 30000, "p2"));
    console.log("now", await t(page.evaluate(() => window.__log.slice(-5).join("\n")), 10000, "log"));
    const { execSync } = await import("node:child_process");
    console.log(execSync("ps -eLo pid,tid,stat,pcpu,wchan:20,comm,args | grep -E 'gpu-process' | grep -v grep | cut -c1-110").toString());
    console.log(execSync("ss -tn | grep 8102 | sort").toString());
    console.log("state", process.argv[3] === "hold" ? await new Promise(r => setTimeout(r, 1e6)) : "");
  }
  await t(browser.close(), 10000, "close");
}
process.exit(0);
