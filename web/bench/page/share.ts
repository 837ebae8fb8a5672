// A report as the fragment of an address. What comes back may be anybody's: it is taken only if it has the right form.

import type { Column, Report, Row } from "./report.ts";

const FORM = 1;
const MARK = "#result=";
/** More than any report needs. */
const LONGEST_TEXT = 300;
const MOST_ROWS = 100;
const MOST_COLUMNS = 8;

/** The fragment that carries a report. */
export function fragmentOf({ date, device, columns, rows, errors }: Report): string {
  const compact = [
    FORM,
    date,
    device,
    columns.map(({ title, detail }) => [title, detail]),
    rows.map(({ label, unit, figures }) => [label, unit, figures]),
    errors.slice(0, MOST_ROWS).map((error) => error.slice(0, LONGEST_TEXT)),
  ];
  const bytes = new TextEncoder().encode(JSON.stringify(compact));
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return MARK + text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** The report that a fragment carries; undefined if there is none, or none of the right form. */
export function reportIn(fragment: string): Report | undefined {
  if (!fragment.startsWith(MARK)) return undefined;
  try {
    const text = atob(fragment.slice(MARK.length).replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    return read(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch {
    return undefined;
  }
}

/** Errors: the form is not that of a report. */
function read(value: unknown): Report {
  const [form, date, device, columns, rows, errors] = list(value, 6);
  if (form !== FORM) throw new Error("another form");
  const titles = list(columns, MOST_COLUMNS).map(column);
  return {
    date: text(date),
    device: text(device),
    columns: titles,
    rows: list(rows, MOST_ROWS).map((one) => row(one, titles.length)),
    errors: list(errors, MOST_ROWS).map(text),
  };
}

function column(value: unknown): Column {
  const [title, detail] = list(value, 2);
  return { title: text(title), detail: text(detail) };
}

function row(value: unknown, columns: number): Row {
  const [label, unit, figures] = list(value, 3);
  const cells = list(figures, columns);
  if (cells.length !== columns) throw new Error("a row that does not fit");
  return { label: text(label), unit: text(unit), figures: cells.map(figure) };
}

function list(value: unknown, most: number): unknown[] {
  if (!Array.isArray(value) || value.length > most) throw new Error("not a list of that length");
  return value;
}

function text(value: unknown): string {
  if (typeof value !== "string" || value.length > LONGEST_TEXT) throw new Error("not a text of that length");
  return value;
}

function figure(value: unknown): number | null {
  if (value === null || (typeof value === "number" && Number.isFinite(value))) return value;
  throw new Error("not a figure");
}
