// A notebook page as a test uses it: cells by number, typing, running, waiting.

import type { Locator, Page } from "playwright-core";

export class NotebookPage {
  private constructor(readonly page: Page) {}

  /** The notebook of a page that was just opened, when its cells are there. */
  static async of(page: Page): Promise<NotebookPage> {
    page.setDefaultTimeout(10_000);
    await page.locator("gradbook-cell-view").first().waitFor();
    return new NotebookPage(page);
  }

  cell(index: number): Locator {
    return this.page.locator("gradbook-cell-view").nth(index);
  }

  /** Adds a code cell at the end with this text, and gives it. */
  async add(source: string): Promise<Locator> {
    const count = await this.page.locator("gradbook-cell-view").count();
    await this.page.locator(".inserter.is-last button", { hasText: "Code" }).click();
    const cell = this.cell(count);
    await cell.locator(".cm-content").waitFor();
    await this.write(cell, source);
    return cell;
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

  outputs(cell: Locator): Promise<string> {
    return cell.locator(".cell-outputs").innerText();
  }
}
