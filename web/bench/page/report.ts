// What the page shows and what a link carries: figures of this or another device.

import { median, type Result, WORKLOADS, type WorkloadName } from "../result.ts";

/** Figures in rows, a column for each way to compute. */
export interface Report {
  /** The day, as in 2026-01-31. */
  date: string;
  /** Browser, system and cores. */
  device: string;
  columns: Column[];
  rows: Row[];
  /** What failed. */
  errors: string[];
}

/** A way to compute. */
export interface Column {
  title: string;
  /** What the device says of itself. */
  detail: string;
}

export interface Row {
  label: string;
  unit: string;
  /** One for each column; null where there is none. */
  figures: (number | null)[];
}

/** Whether a metric is of interest to a visitor. */
const SHOWN = (name: string) => !/^(start|processor time|navigation)/.test(name);

/** Puts a workload's medians into a column. */
export function enter(report: Report, column: number, result: Result): void {
  for (const { name, unit, values } of result.metrics.filter((metric) => SHOWN(metric.name))) {
    const label = `${WORKLOADS[result.workload]}, ${name}`;
    const row = report.rows.find((one) => one.label === label) ?? addRow(report, label, unit);
    row.figures[column] = Number(median(values).toPrecision(4));
  }
  const { detail, software } = result.info;
  const own = report.columns[column];
  // The number of threads is in the title.
  if (own && typeof detail === "string")
    own.detail = detail.replace(/, \d+ threads?$/, "") + (software ? ", software" : "");
  const title = own?.title ?? "";
  const workload: WorkloadName = result.workload;
  report.errors.push(...result.errors.map((error) => `${title}, ${WORKLOADS[workload]}: ${error}`));
}

function addRow(report: Report, label: string, unit: string): Row {
  const row = { label, unit, figures: report.columns.map(() => null) };
  report.rows.push(row);
  return row;
}

/** A figure for the eye: three digits or so. */
export function digits(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return value >= 10 ? value.toFixed(1) : value.toPrecision(3);
}

/** The table for a text. */
export function markdown(report: Report): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const head = [
    "",
    "unit",
    ...report.columns.map(({ title, detail }) => (detail ? `${title} (${detail})` : title)),
  ];
  const rows = report.rows.map(({ label, unit, figures }) => [label, unit, ...figures.map(shown)]);
  const rule = head.map((_, i) => (i < 2 ? "---" : "--:"));
  const notes = report.errors.length > 0 ? ["", ...report.errors.map((error) => `- ${error}`)] : [];
  return [
    `Gradbook on ${report.device}, ${report.date}`,
    "",
    ...[head, rule, ...rows].map(line),
    ...notes,
    "",
  ].join("\n");
}

export function shown(figure: number | null): string {
  return figure === null ? "–" : digits(figure);
}
