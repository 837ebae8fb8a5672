// A table; numbers are set flush right.

import { formatNumber } from "./inspect.ts";
import type { TableDisplay } from "./schema.ts";
import type { View } from "./view.ts";
import { append } from "./view.ts";

const MAX_ROWS = 500;

type Cell = TableDisplay["rows"][number][number];

export const tableView: View<TableDisplay> = {
  text({ columns, rows, note }) {
    const write = writers({ columns, rows });
    const cells = [columns, ...rows.map((row) => row.map((cell, i) => write[i]?.(cell) ?? ""))];
    const widths = columns.map((_, i) => longest(cells.map((row) => row[i]?.length ?? 0)));
    const lines = cells.map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join("  ")
        .trimEnd(),
    );
    return [...lines, ...(note === undefined ? [] : [note])].join("\n");
  },

  render(host, { columns, rows, note }) {
    const scroller = append(host, "div", "table-output");
    scroller.tabIndex = 0;
    const table = append(scroller, "table", "");
    const head = append(append(table, "thead", ""), "tr", "");
    for (const [i, column] of columns.entries()) {
      append(head, "th", isNumeric(rows, i) ? "is-number" : "", column).scope = "col";
    }
    const body = append(table, "tbody", "");
    const write = writers({ columns, rows });
    for (const row of rows.slice(0, MAX_ROWS)) {
      const line = append(body, "tr", "");
      for (const [i, cell] of row.entries()) {
        append(line, "td", typeof cell === "number" ? "is-number" : "", write[i]?.(cell));
      }
    }
    if (rows.length > MAX_ROWS) append(host, "p", "output-note", `${rows.length - MAX_ROWS} more rows`);
    if (note !== undefined) append(host, "p", "output-note", note);
    return undefined;
  },

  table: ({ columns, rows }) => ({ columns, rows }),
};

/** Of any number of rows: so many as arguments of a call are refused. */
function longest(lengths: number[]): number {
  return lengths.reduce((most, length) => Math.max(most, length), 0);
}

/** How to write the cells of each column: its fractions get equally many decimals, as many as they need. */
function writers({ columns, rows }: Pick<TableDisplay, "columns" | "rows">): ((cell: Cell) => string)[] {
  return columns.map((_, column) => {
    const values = rows.map((row) => row[column]).filter((cell) => typeof cell === "number");
    const isPlain = values.every((value) => !formatNumber(value).includes("e"));
    const decimals = longest(values.map((value) => formatNumber(value).split(".")[1]?.length ?? 0));
    return (cell) => {
      if (cell === null) return "";
      if (typeof cell !== "number") return String(cell);
      return isPlain && Number.isFinite(cell) ? cell.toFixed(decimals) : formatNumber(cell);
    };
  });
}

function isNumeric(rows: TableDisplay["rows"], column: number): boolean {
  return rows.length > 0 && rows.every((row) => typeof row[column] === "number");
}
