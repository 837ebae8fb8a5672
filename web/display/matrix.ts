// A matrix: weights, attention, covariances. `matrix-plot.ts` draws a colour for each value, and the value where there is room.

import { formatNumber } from "./inspect.ts";
import { matrixSvg, plotMatrix } from "./matrix-plot.ts";
import { matrixTable, placeText, rangeOf } from "./pixels.ts";
import type { MatrixDisplay } from "./schema.ts";
import { tableView } from "./table.ts";
import type { View } from "./view.ts";
import { append, svgPicture } from "./view.ts";

export const matrixView: View<MatrixDisplay> = {
  text(display) {
    const { title, rows, columns, data } = display;
    if (data.length <= FEW) {
      const table = tableView.text({ kind: "table", ...tableOf(display) });
      return title ? `${title}\n${table}` : table;
    }
    const [low, high] = rangeOf(data).map(short);
    return `${title ?? "Matrix"}, ${rows} × ${columns}, ${low} to ${high}`;
  },

  render(host, display) {
    const scroller = append(host, "div", "plot-output");
    // It scrolls, by keys too.
    scroller.tabIndex = 0;
    const box = append(scroller, "div", "matrix-output");
    box.role = "img";
    box.ariaLabel = matrixView.text(display);
    plotMatrix(box, display);
    return undefined;
  },

  picture: async (display) => svgPicture(matrixSvg(display)),

  table: tableOf,

  valueAt({ rows, columns, data, rowLabels, columnLabels }, _, x, y) {
    const [row, column] = [Math.floor(y * rows), Math.floor(x * columns)];
    const names = [rowLabels?.[row], columnLabels?.[column]].filter((name) => name !== undefined);
    const value = formatNumber(data[row * columns + column] ?? Number.NaN);
    return `${[placeText(row, column), ...names].join(" · ")}: ${value}`;
  },
};

/** So many values are said one by one. */
const FEW = 200;

/** The values at the ends of the colours. Those of a signed matrix are as far from 0. */
export function matrixRange({ data, signed, range }: MatrixDisplay): readonly [low: number, high: number] {
  const [low, high] = range ?? rangeOf(data);
  if (!signed) return [low, high];
  const extent = Math.max(Math.abs(low), Math.abs(high));
  return [-extent, extent];
}

/** Three digits: a hint beside a colour. */
export function short(value: number): string {
  return formatNumber(Number(value.toPrecision(3)));
}

function tableOf({ rows, columns, data, rowLabels, columnLabels }: MatrixDisplay) {
  return matrixTable(rows, columns, data, rowLabels, columnLabels);
}
