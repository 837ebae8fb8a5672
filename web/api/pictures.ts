// Pictures that few cells show: points, matrices, HTML, SVG. Loaded when the first of them is shown.

import type { LiveDisplay, ScatterSeries } from "../display/schema.ts";
import { svgPicture } from "../display/view.ts";
import { argumentError } from "./context.ts";
import type { MatrixOptions, Points, ScatterOptions } from "./plot.ts";
import { atLeast, floats } from "./plot.ts";
import { Tensor } from "./tensor.ts";

/** @internal */
export async function scatterDisplay(
  points: readonly Points[] | Tensor,
  { title, x = "x", y = "y", labels, classes }: ScatterOptions,
): Promise<LiveDisplay> {
  if (!(points instanceof Tensor) && (labels || classes))
    throw argumentError("scatter: labels and classes belong to a tensor [N, 2]; series have names");
  const series =
    points instanceof Tensor
      ? await seriesOf(points, labels, classes)
      : points.map((one, i) => copyOf(one, i));
  return {
    kind: "scatter",
    ...(title !== undefined && { title: String(title) }),
    x: { label: String(x) },
    y: { label: String(y) },
    series,
  };
}

function copyOf({ name, x, y, labels }: Points, index: number): ScatterSeries {
  if (x?.length === undefined || x.length !== y?.length)
    throw argumentError(`scatter: series ${index} has ${x?.length} x for ${y?.length} y`);
  if (labels && labels.length !== x.length)
    throw argumentError(`scatter: series ${index} has ${labels.length} labels for ${x.length} points`);
  const texts = labels && { labels: labels.map(String) };
  return { name: String(name), x: Array.from(x), y: Array.from(y), ...texts };
}

/** A series for each class, in order; the numbers of the points are their labels. */
async function seriesOf(
  points: Tensor,
  labels: ScatterOptions["labels"],
  classes: readonly string[] | undefined,
): Promise<ScatterSeries[]> {
  const [count = 0, axes] = points.shape;
  if (points.rank !== 2 || axes !== 2)
    throw argumentError(`scatter: a tensor of shape [${points.shape.join(", ")}]; expected [N, 2]`);
  const places = await floats(points);
  const given = labels instanceof Tensor ? Array.from(await floats(labels)) : labels;
  if (given && given.length !== count)
    throw argumentError(`scatter: ${given.length} labels for ${count} points`);
  const found = new Map<number, ScatterSeries & { labels: string[] }>();
  for (let i = 0; i < count; i++) {
    const label = given?.[i] ?? 0;
    const name = given ? (classes?.[label] ?? String(label)) : "points";
    const one = found.get(label) ?? { name: String(name), x: [], y: [], labels: [] };
    one.x.push(places[2 * i] ?? Number.NaN);
    one.y.push(places[2 * i + 1] ?? Number.NaN);
    one.labels.push(`number ${i}`);
    found.set(label, one);
  }
  return [...found].sort(([a], [b]) => a - b).map(([, one]) => one);
}

/** @internal */
export async function matrixDisplay(
  values: readonly (readonly number[])[] | Tensor,
  { title, rows: rowLabels, columns: columnLabels, signed, range }: MatrixOptions,
): Promise<LiveDisplay> {
  const { rows, columns, data } = values instanceof Tensor ? await tensorMatrix(values) : arrayMatrix(values);
  const check = (what: string, labels: readonly string[] | undefined, count: number) => {
    if (labels && labels.length !== count)
      throw argumentError(`matrix: ${labels.length} names of ${what} for ${count}`);
  };
  check("rows", rowLabels, rows);
  check("columns", columnLabels, columns);
  return {
    kind: "matrix",
    ...(title !== undefined && { title: String(title) }),
    rows,
    columns,
    data,
    signed: signed ?? data.some((value) => value < 0),
    ...(range && { range: [range[0], range[1]] }),
    ...(rowLabels && { rowLabels: rowLabels.map(String) }),
    ...(columnLabels && { columnLabels: columnLabels.map(String) }),
  };
}

async function tensorMatrix(values: Tensor) {
  const [rows, columns] = atLeast(values, 2, "matrix", "[H, W]") as [number, number];
  return { rows, columns, data: await floats(values) };
}

function arrayMatrix(values: readonly (readonly number[])[]) {
  const columns = values[0]?.length ?? 0;
  const odd = values.findIndex((row) => row.length !== columns);
  if (columns === 0 || odd >= 0)
    throw argumentError(
      columns === 0
        ? "matrix: no values"
        : `matrix: row ${odd} has ${values[odd]?.length} values, row 0 has ${columns}`,
    );
  return { rows: values.length, columns, data: Float32Array.from(values.flat()) };
}

/** @internal */
export function htmlDisplay(html: string): LiveDisplay {
  const text = String(html)
    .replace(/<(style|script)\b[\s\S]*?<\/\1\s*>/gi, "")
    .replace(/<(br|\/p|\/div|\/tr|\/li|\/h\d)\b[^>]*>/gi, "\n")
    .replace(/<[^>]*>/g, " ")
    .replace(/[ \t]+/g, " ")
    .replace(/ ?\n[\s]*/g, "\n")
    .trim();
  return { kind: "html", html: String(html), text: text || "An HTML document" };
}

/** @internal */
export function svgDisplay(svg: string, { alt = "A drawing" }: { alt?: string }): LiveDisplay {
  const given = String(svg);
  // What stands before the drawing in files of many programs: a declaration, a type, comments.
  if (!/^(\s|<\?xml[^>]*>|<!DOCTYPE[^>]*>|<!--((?!-->)[\s\S])*-->)*<svg[\s>]/.test(given))
    throw argumentError("svg: the text does not begin with <svg");
  // An image by itself needs its name space.
  const whole = /<svg[^>]*\sxmlns=/.test(given)
    ? given
    : given.replace(/<svg(?=[\s>])/, '<svg xmlns="http://www.w3.org/2000/svg"');
  return { kind: "picture", ...svgPicture(whole), text: String(alt) };
}
