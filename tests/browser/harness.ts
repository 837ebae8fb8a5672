// What every browser test starts with: the built site at two addresses, and one Chromium for the file's tests.
// A page that logs an error, throws, or asks another host for anything fails its test.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after } from "node:test";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { chromium } from "playwright-core";

/** The site with the headers that isolate a page, and without them from a sub-path. */
export const sites = {
  isolated: fromEnvironment("GRADBOOK_URL"),
  plain: fromEnvironment("GRADBOOK_URL_PLAIN"),
};

/** How long a test waits for what should happen at once: a busy machine is slow, and only a page that hangs is wrong. */
const PATIENCE_MS = 90_000;

/** Whether tests that take long are wanted. */
export const slow = process.env.GRADBOOK_SLOW === "1";

const browsers = new Map<string, Promise<Browser>>();

after(async () => {
  for (const browser of browsers.values()) await (await browser).close();
});

/** What a test sees of a page beside the page itself. */
export interface Visit {
  page: Page;
  /** Errors of the page so far: thrown, logged, or requests that went elsewhere. Empty it where they are expected. */
  errors: string[];
}

export interface VisitOptions extends BrowserContextOptions {
  /** Switches of the browser beside the usual ones. */
  switches?: string[];
}

/** Opens `url`, runs `body`, and checks that the page had no errors. */
export async function visit(
  url: string,
  body: (visit: Visit) => Promise<void>,
  { switches = [], ...options }: VisitOptions = {},
): Promise<void> {
  const context = await (await launch(switches)).newContext(options);
  context.setDefaultTimeout(PATIENCE_MS);
  try {
    const page = await context.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error.stack ?? error)));
    page.on("console", (message) => {
      if (message.type() === "error") errors.push(`${message.text()} (${message.location().url})`);
    });
    page.on("request", (request) => {
      const { protocol, host } = new URL(request.url());
      if (protocol.startsWith("http") && host !== new URL(url).host) errors.push(`asked ${request.url()}`);
    });
    await page.goto(url);
    await body({ page, errors });
    assert.deepEqual(errors, []);
  } finally {
    await context.close();
  }
}

/** Saves a picture of the page under test-results/, for a person to look at. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync("test-results", { recursive: true });
  await page.screenshot({ path: `test-results/${name}.png`, fullPage: true });
}

/** Pictures of a page of so many pixels in height: wide in light and dark, and narrow, where nothing may stick out. */
export async function pictures(
  page: Page,
  name: string,
  heights: { wide: number; narrow: number },
): Promise<void> {
  const take = async (kind: string) => {
    await page.waitForTimeout(300);
    await picture(page, `${name}-${kind}`);
  };
  await page.setViewportSize({ width: 1280, height: heights.wide });
  await take("light");
  await page.getByRole("button", { name: "Light or dark" }).click();
  await take("dark");
  await page.setViewportSize({ width: 390, height: heights.narrow });
  await take("narrow");
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `the page is ${overflow} px too wide`);
}

function launch(switches: string[]): Promise<Browser> {
  const key = switches.join(" ");
  const running = browsers.get(key);
  if (running) return running;
  const browser = chromium.launch({
    executablePath: fromEnvironment("CHROMIUM"),
    timeout: PATIENCE_MS,
    args: [
      "--no-sandbox",
      "--enable-unsafe-webgpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...switches,
    ],
  });
  browsers.set(key, browser);
  return browser;
}

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; run these tests by \`cargo xtask test --only browser\``);
  return value;
}
