// What axe finds in a page that WCAG 2.2 AA does not allow.

import axe from "axe-core";
import type { Page } from "playwright-core";

/** One line for each element that breaks a rule. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run({
      runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"],
    }),
  );
  return violations.flatMap((v) =>
    v.nodes.map((node) => `${v.id}: ${node.html.slice(0, 200)} ${node.any[0]?.message ?? ""}`),
  );
}
