// A table as comma-separated values (RFC 4180).

import type { Table } from "./view.ts";

export function csvOf({ columns, rows }: Table): string {
  return [columns, ...rows].map((row) => `${row.map(fieldOf).join(",")}\r\n`).join("");
}

/** Nothing for what is not there. Numbers keep all digits that they have; those that are none are words. */
function fieldOf(value: string | number | boolean | null): string {
  const text = value === null ? "" : typeof value === "string" ? asWords(value) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Words that a spreadsheet would take for a formula, which may come from anybody's notebook, get an apostrophe in front. */
function asWords(text: string): string {
  return /^[=+\-@\t\r]/.test(text) && !Number.isFinite(Number(text)) ? `'${text}` : text;
}
