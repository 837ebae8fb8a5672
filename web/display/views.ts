// The list of views, one file each.

import { barsView } from "./bars.ts";
import { confusionView } from "./confusion.ts";
import { curveView } from "./curve.ts";
import { errorView } from "./error.ts";
import { graphView } from "./graph.ts";
import { imagesView } from "./images.ts";
import { inputView } from "./input.ts";
import { overlayView } from "./overlay.ts";
import { pictureView } from "./picture.ts";
import { reliabilityView } from "./reliability.ts";
import { reportView } from "./report.ts";
import { rooflineView } from "./roofline.ts";
import type { Display } from "./schema.ts";
import { tableView } from "./table.ts";
import { textView } from "./text.ts";
import { thresholdsView } from "./thresholds.ts";
import type { View } from "./view.ts";

const VIEWS: { [K in Display["kind"]]: View<Extract<Display, { kind: K }>> } = {
  text: textView,
  table: tableView,
  images: imagesView,
  curve: curveView,
  overlay: overlayView,
  roofline: rooflineView,
  bars: barsView,
  input: inputView,
  graph: graphView,
  confusion: confusionView,
  thresholds: thresholdsView,
  reliability: reliabilityView,
  report: reportView,
  picture: pictureView,
  error: errorView,
};

export function viewOf(display: Display): View<Display> {
  return VIEWS[display.kind] as View<Display>;
}
