// The reliability diagram: of all samples for which a model was so sure, how many it got right. On the diagonal it is as sure as it is
// right; below it it is too sure. `reliability-plot.ts` draws it and is loaded when one is shown.

import type { ReliabilityDisplay, TableDisplay } from "./schema.ts";
import type { View } from "./view.ts";
import { append } from "./view.ts";

export const reliabilityView: View<ReliabilityDisplay> & {
  table(display: ReliabilityDisplay): TableDisplay;
} = {
  text({ title = "Reliability", bins, note }) {
    const lines = bins.map(
      ({ from, to, confidence, accuracy, interval, count }) =>
        `${from.toFixed(2)}–${to.toFixed(2)}: sure ${confidence.toFixed(3)}, right ${accuracy.toFixed(3)}${
          interval ? ` (${interval[0].toFixed(3)}–${interval[1].toFixed(3)})` : ""
        }, ${count} samples`,
    );
    return [title, ...(note === undefined ? [] : [note]), ...lines].join("\n");
  },

  table: ({ bins, note }) => ({
    kind: "table",
    columns: ["from", "to", "mean confidence", "share right", "low", "high", "samples"],
    rows: bins.map(({ from, to, confidence, accuracy, interval, count }) => [
      from,
      to,
      confidence,
      accuracy,
      interval?.[0] ?? null,
      interval?.[1] ?? null,
      count,
    ]),
    ...(note !== undefined && { note }),
  }),

  render(host, display, signal) {
    const { title, note } = display;
    if (title) append(host, "p", "curve-title", title);
    const picture = append(host, "div", "reliability-output");
    picture.role = "img";
    picture.ariaLabel = reliabilityView.text(display);
    if (note !== undefined) append(host, "p", "output-note", note);
    import("./reliability-plot.ts").then(
      ({ plotReliability }) => {
        if (!signal.aborted) plotReliability(picture, display, signal);
      },
      () => append(picture, "p", "output-note", "The plot could not be loaded."),
    );
    return undefined;
  },

  async picture(display) {
    const { reliabilityPicture } = await import("./reliability-plot.ts");
    return reliabilityPicture(display);
  },
};
