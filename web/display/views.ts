// The list of views, one file each.

import { barsView } from "./bars.ts";
import { curveView } from "./curve.ts";
import { errorView } from "./error.ts";
import { graphView } from "./graph.ts";
import { htmlView } from "./html.ts";
import { imagesView } from "./images.ts";
import { inputView } from "./input.ts";
import { matrixView } from "./matrix.ts";
import { overlayView } from "./overlay.ts";
import { pictureView } from "./picture.ts";
import { rooflineView } from "./roofline.ts";
import { scatterView } from "./scatter.ts";
import type { Display } from "./schema.ts";
import { tableView } from "./table.ts";
import { textView } from "./text.ts";
import type { View } from "./view.ts";

const VIEWS: { [K in Display["kind"]]: View<Extract<Display, { kind: K }>> } = {
  text: textView,
  table: tableView,
  images: imagesView,
  curve: curveView,
  overlay: overlayView,
  roofline: rooflineView,
  bars: barsView,
  scatter: scatterView,
  matrix: matrixView,
  html: htmlView,
  input: inputView,
  graph: graphView,
  picture: pictureView,
  error: errorView,
};

export function viewOf(display: Display): View<Display> {
  return VIEWS[display.kind] as View<Display>;
}
