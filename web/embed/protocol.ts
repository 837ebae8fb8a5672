// The messages between a page that shows cells of a notebook and the frame of ours in it. Both ends look at what comes: the frame may be in
// anyone's page, and anyone may show a frame.

/** What the surrounding page says. Only the first `open` counts. */
export type ToEmbed =
  /** The text of an `.ipynb` file, of which `cells` are shown (all, where it is empty), by number from 1 or by id: "2 4-6 1f00ab7c". */
  | { gradbook: "open"; notebook: string; cells: string }
  /** "light", "dark", or as the system; and values for `THEME`. */
  | { gradbook: "theme"; scheme: string; values: Record<string, string> };

/** What the frame says. */
export type FromEmbed =
  /** It listens. */
  | { gradbook: "hello" }
  /** It shows the notebook. */
  | { gradbook: "ready"; title: string }
  /** What it shows is so high, in CSS pixels. */
  | { gradbook: "size"; height: number }
  /** The newest point of a line of a curve. */
  | { gradbook: "metric"; cell: string; metric: Metric }
  /** A cell failed, or the notebook cannot be shown: then there is no cell. */
  | { gradbook: "error"; cell?: string; name: string; message: string };

/** A point of a line, such as the loss of the last epoch. */
export interface Metric {
  /** What the panel says, such as "Loss". */
  label: string;
  /** The line, such as "train". */
  series: string;
  x: number;
  y: number;
}

/** The custom properties by which a page gives a frame its look, and ours that each stands for. */
export const THEME: Readonly<Record<string, string>> = {
  "--gradbook-background": "--page",
  "--gradbook-panel": "--panel",
  "--gradbook-line": "--line",
  "--gradbook-ink": "--ink",
  "--gradbook-ink-soft": "--ink-soft",
  "--gradbook-accent": "--accent",
  "--gradbook-accent-ink": "--accent-ink",
  "--gradbook-font": "--font-ui",
  "--gradbook-font-code": "--font-code",
  "--gradbook-radius": "--radius",
};

/** A frame that is higher scrolls. */
const MOST_HEIGHT = 20_000;
/** Characters of a file, and of what is told. */
const MOST_FILE = 100e6;
const MOST_TEXT = 10_000;

/** The message if it is one for a frame, else undefined. */
export function readToEmbed(data: unknown): ToEmbed | undefined {
  if (!isFields(data)) return undefined;
  const { gradbook, notebook, cells, scheme, values } = data;
  if (gradbook === "open" && isText(notebook, MOST_FILE) && isText(cells))
    return { gradbook, notebook, cells };
  if (gradbook === "theme" && isText(scheme) && isFields(values)) {
    const known = Object.entries(values).filter(([name, value]) => name in THEME && isText(value));
    return { gradbook, scheme, values: Object.fromEntries(known) as Record<string, string> };
  }
  return undefined;
}

/** The message if it is one of a frame, else undefined. */
export function readFromEmbed(data: unknown): FromEmbed | undefined {
  if (!isFields(data)) return undefined;
  const { gradbook, title, height, cell, metric, name, message } = data;
  if (gradbook === "hello") return { gradbook };
  if (gradbook === "ready" && isText(title)) return { gradbook, title };
  if (gradbook === "size" && typeof height === "number" && height >= 0)
    return { gradbook, height: Math.min(height, MOST_HEIGHT) };
  if (gradbook === "metric" && isText(cell) && isFields(metric)) {
    const { label, series, x, y } = metric;
    return isText(label) && isText(series) && typeof x === "number" && typeof y === "number"
      ? { gradbook, cell, metric: { label, series, x, y } }
      : undefined;
  }
  if (gradbook === "error" && isText(name) && isText(message))
    return { gradbook, ...(isText(cell) && { cell }), name, message };
  return undefined;
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown, most = MOST_TEXT): value is string {
  return typeof value === "string" && value.length <= most;
}
