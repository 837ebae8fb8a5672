// A notebook page as a test uses it: cells by number, typing, running, waiting.

import type { Locator, Page } from "playwright-core";
import type { ComputeCounters } from "../../web/kernel/protocol.ts";

interface StatusView {
  session: { counters?: ComputeCounters };
}

export class NotebookPage {
  private constructor(readonly page: Page) {}

  /** Opens a small notebook of plain JavaScript instead of the site's first one. */
  static async open(page: Page, file: object = PLAIN): Promise<NotebookPage> {
    await page.route("**/notebooks/first-light.ipynb", (route) => route.fulfill({ json: file }));
    await page.reload();
    return NotebookPage.of(page);
  }

  /** The notebook of a page that was just loaded, when its cells are there. */
  static async of(page: Page): Promise<NotebookPage> {
    await page.locator("gradbook-cell-view").first().waitFor();
    return new NotebookPage(page);
  }

  cell(index: number): Locator {
    return this.page.locator("gradbook-cell-view").nth(index);
  }

  /** Adds a code cell at the end with this text, and gives it. */
  async add(source: string): Promise<Locator> {
    const count = await this.page.locator("gradbook-cell-view").count();
    await this.#settled();
    await this.page.locator(".inserter.is-last button", { hasText: "Code" }).click();
    const cell = this.cell(count);
    // In two steps, so that a failure says which one did not come.
    await cell.waitFor();
    await cell.locator(".cm-content").waitFor();
    await this.write(cell, source);
    return cell;
  }

  /** Waits until nothing moves for a moment: what is drawn a little later would move the page under the pointer between press and release. */
  async #settled(): Promise<void> {
    await this.page.evaluate(
      ([still, most]) =>
        new Promise<void>((resolve) => {
          const begun = performance.now();
          let [height, since] = [-1, begun];
          const look = () => {
            const now = performance.now();
            const { scrollHeight } = document.documentElement;
            if (scrollHeight !== height) [height, since] = [scrollHeight, now];
            if (now - since > still || now - begun > most) resolve();
            else requestAnimationFrame(look);
          };
          look();
        }),
      [100, 5000] as const,
    );
  }

  /** Replaces the text of a code cell, as one paste does. */
  async write(cell: Locator, source: string): Promise<void> {
    if ((await cell.locator(".cm-content").count()) === 0) await cell.locator(".cell-source").click();
    await cell.locator(".cm-content").click();
    await this.page.keyboard.press("ControlOrMeta+A");
    await this.page.keyboard.insertText(source);
  }

  /** Presses the cell's button and waits for the end of the run. */
  async run(cell: Locator): Promise<void> {
    await this.start(cell);
    await this.finished(cell);
  }

  async start(cell: Locator): Promise<void> {
    await cell.getByRole("button", { name: /^Run code cell/ }).click();
  }

  async finished(cell: Locator): Promise<void> {
    await cell.locator(".cell.is-idle").waitFor();
  }

  async addAndRun(source: string): Promise<Locator> {
    const cell = await this.add(source);
    await this.run(cell);
    return cell;
  }

  /** Presses the bar's button. */
  async stop(): Promise<void> {
    await this.page.getByRole("button", { name: "Stop", exact: true }).first().click();
  }

  /** What the compute worker told last. */
  counters(): Promise<ComputeCounters | undefined> {
    return this.page.evaluate(
      () => (document.querySelector("gradbook-status") as unknown as StatusView).session.counters,
    );
  }

  outputs(cell: Locator): Promise<string> {
    return cell.locator(".cell-outputs").innerText();
  }
}

/** Text, code, text with a formula, code. */
export const PLAIN = {
  cells: [
    { cell_type: "markdown", id: "title", metadata: {}, source: "# Plain cells\n\nFor tests." },
    code("squares", "const squares = Array.from({ length: 10 }, (_, i) => i * i)\nsquares"),
    { cell_type: "markdown", id: "formula", metadata: {}, source: "The mean is $\\frac{1}{n} \\sum_i x_i$." },
    code("mean", "const mean = (xs) => xs.reduce((sum, x) => sum + x, 0) / xs.length\nmean(squares)"),
  ],
  metadata: {},
  nbformat: 4,
  nbformat_minor: 5,
};

function code(id: string, source: string) {
  return { cell_type: "code", execution_count: null, id, metadata: {}, outputs: [], source };
}
