// A report: outputs of other kinds with headings and text between them. Its picture is a page with the pictures of all.

import type { Display, ReportDisplay, TableDisplay } from "./schema.ts";
import type { View } from "./view.ts";
import { append } from "./view.ts";
import { viewOf } from "./views.ts";

/** The view of an item: all are loaded with that of reports. */
function viewOfItem(item: Display): View<Display> {
  const view = viewOf(item);
  if (view instanceof Promise) throw new Error(`the view of ${item.kind} is not there yet`);
  return view;
}

export const reportView: View<ReportDisplay> & { table(display: ReportDisplay): TableDisplay } = {
  text({ title, sections }) {
    const parts = sections.flatMap(({ title, text, items }) => [
      title.toUpperCase(),
      ...text,
      ...items.map((item) => viewOfItem(item).text(item)),
    ]);
    return [title, ...parts].join("\n\n");
  },

  render(host, { title, sections }, signal) {
    const box = append(host, "article", "report-output");
    // A notebook's own headings are above it.
    const heading = (level: number, words: string) => {
      const element = append(box, "p", `report-title is-level-${level}`, words);
      element.role = "heading";
      element.ariaLevel = String(level + 2);
    };
    heading(1, title);
    for (const section of sections) {
      heading(2, section.title);
      for (const words of section.text) append(box, "p", "report-text", words);
      for (const item of section.items) {
        const place = append(box, "div", `report-item is-${item.kind}`);
        try {
          viewOfItem(item).render(place, item, signal);
        } catch (error) {
          append(place, "p", "output-note", `This output could not be drawn: ${String(error)}`);
        }
      }
    }
    return undefined;
  },

  /** Of its tables the first: that of the figures. */
  table: ({ sections }) => {
    const tables = sections.flatMap(({ items }) => items.filter((item) => item.kind === "table"));
    return tables[0] ?? { kind: "table", columns: [], rows: [] };
  },

  async picture(display) {
    const { reportPicture } = await import("./report-svg.ts");
    return reportPicture(display, viewOfItem);
  },
};
