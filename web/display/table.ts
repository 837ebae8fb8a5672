// A table; numbers are set flush right.

import { formatNumber } from "./inspect.ts";
import type { TableDisplay } from "./schema.ts";
import type { View } from "./view.ts";
import { append } from "./view.ts";

const MAX_ROWS = 500;

export const tableView: View<TableDisplay> = {
  text({ columns, rows }) {
    const cells = [columns, ...rows.map((row) => row.map(textOf))];
    const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i]?.length ?? 0)));
    return cells
      .map((row) =>
        row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join("  ")
          .trimEnd(),
      )
      .join("\n");
  },

  render(host, { columns, rows }) {
    const scroller = append(host, "div", "table-output");
    scroller.tabIndex = 0;
    const table = append(scroller, "table", "");
    const head = append(append(table, "thead", ""), "tr", "");
    for (const [i, column] of columns.entries()) {
      append(head, "th", isNumeric(rows, i) ? "is-number" : "", column).scope = "col";
    }
    const body = append(table, "tbody", "");
    for (const row of rows.slice(0, MAX_ROWS)) {
      const line = append(body, "tr", "");
      for (const cell of row) append(line, "td", typeof cell === "number" ? "is-number" : "", textOf(cell));
    }
    if (rows.length > MAX_ROWS) append(host, "p", "output-note", `${rows.length - MAX_ROWS} more rows`);
    return undefined;
  },
};

function textOf(cell: string | number | boolean | null): string {
  if (cell === null) return "";
  return typeof cell === "number" ? formatNumber(cell) : String(cell);
}

function isNumeric(rows: TableDisplay["rows"], column: number): boolean {
  return rows.length > 0 && rows.every((row) => typeof row[column] === "number");
}
