// Points, matrices, HTML and SVG as a reader shows them: what comes out is valid, and what cannot be shown is refused in words.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { DISPLAY } from "../display/schema.ts";
import { isDisplay } from "../display/validate.ts";
import type { Displayable } from "./index.ts";
import { createGradbook } from "./index.ts";

const { plot, tensor } = await createGradbook({
  baseUrl: new URL("dist/", pathToFileURL(`${process.cwd()}/`)),
  device: "cpu",
});

async function shown(value: Displayable) {
  const display = await value[DISPLAY]();
  assert.ok(isDisplay(display), JSON.stringify(display));
  return display;
}

test("a tensor of points has a series for each class", async () => {
  const points = tensor([
    [0, 1],
    [2, 3],
    [4, 5],
  ]);
  const display = await shown(
    plot.scatter(points, { labels: tensor([1, 0, 1]), classes: ["cat", "dog"], x: "first" }),
  );
  assert.deepEqual(display, {
    kind: "scatter",
    x: { label: "first" },
    y: { label: "y" },
    series: [
      { name: "cat", x: [2], y: [3], labels: ["number 1"] },
      { name: "dog", x: [0, 4], y: [1, 5], labels: ["number 0", "number 2"] },
    ],
  });
  const series = [{ name: "a", x: [1], y: [2] }];
  assert.deepEqual(await shown(plot.scatter(series)), {
    kind: "scatter",
    x: { label: "x" },
    y: { label: "y" },
    series,
  });
  for (const [given, message] of [
    [() => plot.scatter(tensor([1, 2])), /shape \[2\]; expected \[N, 2\]/],
    [() => plot.scatter(points, { labels: [1] }), /1 labels for 3 points/],
    [() => plot.scatter([{ name: "a", x: [1], y: [] }]), /series 0 has 1 x for 0 y/],
    [() => plot.scatter(series, { labels: [1] }), /belong to a tensor/],
  ] as const)
    await assert.rejects(async () => given()[DISPLAY](), message);
  assert.throws(() => plot.scatter(series, { color: 1 } as object), /color/);
});

test("a matrix comes of rows or of a tensor, signed where it has values below 0", async () => {
  const display = await shown(plot.matrix([[1, -2]], { title: "W", columns: ["a", "b"] }));
  assert.deepEqual(display, {
    kind: "matrix",
    title: "W",
    rows: 1,
    columns: 2,
    data: new Float32Array([1, -2]),
    signed: true,
    columnLabels: ["a", "b"],
  });
  const image = await shown(plot.matrix(tensor([[[1, 2]]]), { range: [0, 4] }));
  assert.ok(image.kind === "matrix" && !image.signed && image.range?.[1] === 4);
  await assert.rejects(async () => plot.matrix([[1], [1, 2]])[DISPLAY](), /row 1 has 2 values, row 0 has 1/);
  await assert.rejects(async () => plot.matrix([])[DISPLAY](), /no values/);
  await assert.rejects(async () => plot.matrix([[1]], { rows: [] })[DISPLAY](), /0 names of rows for 1/);
});

test("HTML has words, an SVG its name space", async () => {
  const html = "<style>p {}</style><p>one <b>two</b></p><script>x()</script><p>three";
  const display = await shown(plot.html(html));
  assert.ok(display.kind === "html");
  assert.deepEqual([display.html, display.text], [html, "one two\nthree"]);
  const picture = await shown(plot.svg("<svg viewBox='0 0 1 1'><path/></svg>", { alt: "a line" }));
  assert.ok(picture.kind === "picture" && picture.text === "a line");
  assert.match(atob(picture.base64), /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox/);
  const whole =
    '<?xml version="1.0"?>\n<!DOCTYPE svg>\n<!-- <svg> -->\n<svg xmlns="http://www.w3.org/2000/svg"/>';
  const { base64 } = (await shown(plot.svg(whole))) as typeof picture;
  assert.equal(atob(base64), whole);
  await assert.rejects(async () => plot.svg("<!---->".repeat(1000))[DISPLAY](), /does not begin with <svg/);
  await assert.rejects(async () => plot.svg("<p>")[DISPLAY](), /does not begin with <svg/);
});
