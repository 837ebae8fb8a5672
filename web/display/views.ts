// The list of views, one file each. What most notebooks show is there at once, the others are loaded when the first one is shown.

import { curveView } from "./curve.ts";
import { errorView } from "./error.ts";
import { imagesView } from "./images.ts";
import { pictureView } from "./picture.ts";
import type { Display } from "./schema.ts";
import { tableView } from "./table.ts";
import { textView } from "./text.ts";
import type { View } from "./view.ts";

type ViewOf<K extends Display["kind"]> = View<Extract<Display, { kind: K }>>;

const VIEWS: { [K in Display["kind"]]: ViewOf<K> | (() => Promise<ViewOf<K>>) } = {
  text: textView,
  table: tableView,
  images: imagesView,
  curve: curveView,
  picture: pictureView,
  error: errorView,
  overlay: () => import("./overlay.ts").then(({ overlayView }) => overlayView),
  roofline: () => import("./roofline.ts").then(({ rooflineView }) => rooflineView),
  bars: () => import("./bars.ts").then(({ barsView }) => barsView),
  scatter: () => import("./scatter.ts").then(({ scatterView }) => scatterView),
  matrix: () => import("./matrix.ts").then(({ matrixView }) => matrixView),
  html: () => import("./html.ts").then(({ htmlView }) => htmlView),
  input: () => import("./input.ts").then(({ inputView }) => inputView),
  graph: () => import("./graph.ts").then(({ graphView }) => graphView),
};

/** The view of a display, or the promise of one that is being loaded. */
export function viewOf({ kind }: Display): View<Display> | Promise<View<Display>> {
  const view = VIEWS[kind] as View<Display> | (() => Promise<View<Display>>);
  return typeof view === "function" ? load(kind, view) : view;
}

/** Once it is there, it need not be waited for. */
async function load(kind: Display["kind"], loader: () => Promise<View<Display>>): Promise<View<Display>> {
  const view = await loader();
  (VIEWS as Record<string, View<Display>>)[kind] = view;
  return view;
}
