// Runs the cases of a folder in headless Chromium: `browser.mjs URL DEVICE AREA FILE...`. The folder at URL holds the
// compiled library and the files; an empty AREA means all. Prints what the native command prints.

import { chromium } from "playwright-core";

interface Library {
  default(): Promise<unknown>;
  conformance(
    device: string,
    text: string,
    only: string | undefined,
    print: (line: string) => void,
  ): Promise<Uint32Array>;
}

const [url = "", device = "", area = "", ...files] = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${line}\n`);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--enable-unsafe-webgpu", "--disable-quic", "--no-first-run"],
});
try {
  const page = await browser.newPage();
  page.on("pageerror", (error) => say(`error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") say(`error: ${message.text()}`);
  });
  await page.exposeFunction("say", say);
  await page.goto(`${url}index.html`);
  const totals = [0, 0, 0];
  for (const file of files) {
    const counts = await page.evaluate(
      async ({ device, file, area }) => {
        const library: Library = await import(new URL("conformance.js", location.href).href);
        await library.default();
        const text = await (await fetch(`cases/${file}`)).text();
        const { say } = globalThis as unknown as { say: (line: string) => void };
        return [...(await library.conformance(device, text, area || undefined, say))];
      },
      { device, file, area },
    );
    counts.forEach((count, kind) => {
      totals[kind] = (totals[kind] ?? 0) + count;
    });
  }
  const [passed = 0, failed = 0, skipped = 0] = totals;
  say(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  if (failed > 0 || passed + skipped === 0) process.exitCode = 1;
} finally {
  await browser.close();
}
