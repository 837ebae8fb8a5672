// A report survives the way through an address, and nothing else comes out of one.

import assert from "node:assert/strict";
import { test } from "node:test";
import { enter, markdown, type Report } from "./report.ts";
import { fragmentOf, reportIn } from "./share.ts";

function sample(): Report {
  const columns = [
    { title: "CPU, 1 thread", detail: "simd128" },
    { title: "WebGPU", detail: "größte | Karte" },
  ];
  const report: Report = {
    date: "2026-01-31",
    device: "Chromium 150 on Linux, 2 cores",
    columns,
    rows: [],
    errors: [],
  };
  const training = { name: "training", unit: "steps/s" as const, values: [10.12345, 20, 5] };
  const start = { name: "start", unit: "ms" as const, values: [1] };
  const info = { device: "cpu", detail: "simd128, 1 thread" };
  enter(report, 0, { workload: "W3", info, metrics: [start, training], checks: [], errors: [] });
  enter(report, 1, { workload: "W3", info: {}, metrics: [], checks: [], errors: ["no adapter"] });
  return report;
}

test("medians are entered where they belong", () => {
  const { rows, errors, columns } = sample();
  assert.deepEqual(rows, [{ label: "MLP, training", unit: "steps/s", figures: [10.12, null] }]);
  assert.deepEqual(errors, ["WebGPU, MLP: no adapter"]);
  assert.equal(columns[0]?.detail, "simd128");
});

test("a report comes back from its fragment", () => {
  const fragment = fragmentOf(sample());
  assert.match(fragment, /^#result=[\w-]+$/);
  assert.deepEqual(reportIn(fragment), sample());
});

test("what is not a report is none", () => {
  const carried = (value: unknown) => `#result=${btoa(JSON.stringify(value)).replace(/=+$/, "")}`;
  const valid = [1, "", "", [["CPU", ""]], [["MLP", "ms", [1]]], []];
  assert.ok(reportIn(carried(valid)));
  const changed = (at: number, value: unknown) => carried(valid.with(at, value as string));
  for (const fragment of [
    "",
    "#result=",
    "#result=%%%",
    "#other",
    carried(null),
    carried({}),
    changed(0, 2),
    changed(1, "x".repeat(1000)),
    changed(2, { toString: "x" }),
    changed(3, Array(9).fill(["CPU", ""])),
    changed(4, [["MLP", "ms", []]]),
    changed(4, [["MLP", "ms", ["<b>"]]]),
    changed(5, [1]),
  ]) {
    assert.equal(reportIn(fragment), undefined, fragment);
  }
});

test("the table is Markdown", () => {
  assert.equal(
    markdown(sample()),
    [
      "Gradbook on Chromium 150 on Linux, 2 cores, 2026-01-31",
      "",
      "|  | unit | CPU, 1 thread (simd128) | WebGPU (größte \\| Karte) |",
      "| --- | --- | --: | --: |",
      "| MLP, training | steps/s | 10.1 | – |",
      "",
      "- WebGPU, MLP: no adapter",
      "",
    ].join("\n"),
  );
});
