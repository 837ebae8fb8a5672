// Boxes and arrows: a network's layers, or the steps of a computation. `graph-plot.ts` lays them out and is loaded when one is shown.

import type { GraphDisplay } from "./schema.ts";
import type { View } from "./view.ts";
import { append, svgPicture } from "./view.ts";

export const graphView: View<GraphDisplay> = {
  text({ title, boxes, edges }) {
    const titleOf = (place: number) => {
      const { label, name } = boxes[place] ?? { label: "?" };
      return name === undefined ? label : `${label} ${name}`;
    };
    const lines = boxes.map(({ notes }, i) => {
      const from = edges.filter(({ to }) => to === i);
      const sources = from.map((edge) => titleOf(edge.from) + (edge.label ? ` (${edge.label})` : ""));
      return [titleOf(i), ...notes, ...(sources.length > 0 ? [`from ${sources.join(" and ")}`] : [])].join(
        ", ",
      );
    });
    return [title, ...lines].join("\n");
  },

  render(host, display, signal) {
    append(host, "p", "graph-title", display.title);
    const scroller = append(host, "div", "graph-output");
    // It scrolls, by keys too.
    scroller.tabIndex = 0;
    const picture = append(scroller, "div", "");
    picture.role = "img";
    picture.ariaLabel = graphView.text(display);
    import("./graph-plot.ts").then(
      ({ plotGraph }) => {
        if (!signal.aborted) plotGraph(picture, display, signal);
      },
      () => append(picture, "p", "output-note", "The picture could not be loaded."),
    );
    return undefined;
  },

  async picture(display) {
    const { graphSvg } = await import("./graph-plot.ts");
    return svgPicture(graphSvg(display));
  },
};
