// Turns a run into tables, and into rows for other programs: node report.mjs RUN [--tables FILE] [--json FILE]

import fs from "node:fs";
import { parseArgs } from "node:util";
import { digits } from "./report/format.mjs";
import { ratios } from "./report/ratios.mjs";
import { contendersOf, rowsOf } from "./report/rows.mjs";
import { errors, losses, medians, processorTime, shareOfPeak } from "./report/tables.mjs";

const { values, positionals } = parseArgs({
  options: { tables: { type: "string" }, json: { type: "string" } },
  allowPositionals: true,
});
const { host, date, runs } = JSON.parse(fs.readFileSync(positionals[0], "utf8"));
const names = contendersOf(runs);
const rows = rowsOf(runs);
const text = [
  heading(),
  medians(names, rows, runs),
  shareOfPeak(names, rows),
  processorTime(names, rows),
  ratios(names, rows),
  losses(names, runs),
  errors(runs),
].join("");
console.log(text);
if (values.tables) fs.writeFileSync(values.tables, text);
if (values.json) fs.writeFileSync(values.json, `${JSON.stringify({ rows }, null, 1)}\n`);

function heading() {
  const rounds = Math.max(...runs.map(({ round }) => round)) + 1;
  const loads = runs.flatMap(({ load }) => load ?? []);
  const browser = runs.find((run) => run.browser)?.browser;
  const lines = [
    `${date.slice(0, 10)}: ${host.cores} × ${host.processor}, ${host.memory} GiB; ${browser ? `Chromium ${browser}, ` : ""}Node ${host.node}.`,
    `${rounds} rounds; median [min–max] of all blocks. Load ${digits(Math.min(...loads))} to ${digits(Math.max(...loads))}.`,
  ];
  return `${lines.join("\n")}\n`;
}
