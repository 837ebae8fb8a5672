// How many times faster we are: than the best of the others on the same kind of device, than one native thread, and two threads
// than one. Ratios within one run, of medians or of best blocks, which other programs on the machine disturb less; above 1 is in
// our favour.

import { CONTENDERS } from "../contenders.mjs";
import { table } from "./format.mjs";
import { isRate } from "./rows.mjs";
import { find } from "./tables.mjs";

/** What is compared: `[title, work, metric]`. */
const COMPARED = [
  ...[64, 128, 256, 512, 1024].map((n) => [`W1 ${n}`, "W1", `${n} × ${n}`]),
  ["W2 forward", "W2", "forward"],
  ["W2 forward and gradients", "W2", "forward and gradients"],
  ["W3 MLP", "W3", "training"],
  ["W4 LeNet", "W4", "training"],
  ["W4 navigation to first loss", "W4", "navigation to first step"],
  ["W5 ResNet", "W5", "training"],
  ["W6 DCGAN", "W6", "training"],
  ["W7 LSTM", "W7", "training"],
  ["W8 saliency", "W8", "saliency"],
  ["W8 integrated gradients", "W8", "integrated gradients"],
  ["W9 inference", "W9", "one image"],
];

/** What a row is compared by. */
const MEDIAN = { title: "How many times faster", of: (row) => row.median };
const BEST = {
  title: "How many times faster, by the best blocks",
  of: (row) => (isRate(row.unit) ? row.max : row.min),
};

/** By medians, and by best blocks. */
export function ratios(names, rows) {
  return [MEDIAN, BEST].map((by) => compared(names, rows, by)).join("\n\n");
}

/** One row for each thing that is measured. */
function compared(names, rows, by) {
  const present = CONTENDERS.filter(({ name }) => names.includes(name));
  const ours = present.filter(({ ours }) => ours);
  const columns = [
    ...ours.map((entry) => ({
      title: `${entry.name} : best other`,
      cell: (what) => best(present, rows, entry, what, by),
    })),
    ...ours.map(({ name }) => ({
      title: `${name} : torch-1`,
      cell: (what) => against(rows, name, "torch-1", what, by),
    })),
    { title: "cpu-2 : cpu-1", cell: (what) => against(rows, "gradbook-cpu-2", "gradbook-cpu-1", what, by) },
  ];
  const cells = COMPARED.map(([title, ...what]) => [title, ...columns.map(({ cell }) => cell(what))]);
  const telling = columns.map((_, i) => cells.some((row) => row[i + 1] !== "-"));
  const kept = (row) => row.filter((_, i) => i === 0 || telling[i - 1]);
  return table(by.title, kept(["", ...columns.map(({ title }) => title)]), cells.map(kept));
}

function best(present, rows, entry, [work, metric], by) {
  const others = present.filter((other) => !other.ours && other.device === entry.device);
  const found = others.map(({ name }) => find(rows, name, work, metric)).filter(Boolean);
  const mine = find(rows, entry.name, work, metric);
  if (!mine || found.length === 0) return "-";
  const fastest = found.reduce((one, other) => (faster(other, one, by) > 1 ? other : one));
  return `${shown(faster(mine, fastest, by))} (${fastest.contender})`;
}

function against(rows, name, other, [work, metric], by) {
  const [mine, theirs] = [name, other].map((one) => find(rows, one, work, metric));
  return mine && theirs ? shown(faster(mine, theirs, by)) : "-";
}

function faster(a, b, { of }) {
  return isRate(a.unit) ? of(a) / of(b) : of(b) / of(a);
}

function shown(ratio) {
  if (ratio >= 10) return ratio.toFixed(0);
  return ratio >= 0.1 ? ratio.toFixed(2) : ratio.toPrecision(1);
}
