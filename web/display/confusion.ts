// The confusion matrix: what was taken for what, how often, and which images those were. Each row is a class; a cell is as strongly
// coloured as its share of the row, right ones in one colour and mistakes in another. `confusion-svg.ts` draws the saved picture.

import { imagesView } from "./images.ts";
import { formatNumber } from "./inspect.ts";
import type { ConfusionDisplay, ImagesDisplay, TableDisplay } from "./schema.ts";
import { tableView } from "./table.ts";
import type { View } from "./view.ts";
import { append } from "./view.ts";

/** Mistakes that are named in words. */
const NAMED = 3;

/** One place of the matrix. */
export interface Cell {
  truth: number;
  predicted: number;
  count: number;
  /** Of its row, from 0 to 1. */
  share: number;
}

/** All cells, row by row. */
export function cellsOf({ classes, counts }: Pick<ConfusionDisplay, "classes" | "counts">): Cell[] {
  const side = classes.length;
  const totals = classes.map((_, row) => sum(counts.slice(row * side, (row + 1) * side)));
  return counts.map((count, place) => {
    const truth = Math.floor(place / side);
    return { truth, predicted: place % side, count, share: count / (totals[truth] || 1) };
  });
}

/** How strongly a cell is coloured, from 0 to 1: few mistakes are to be seen, too. */
export function strengthOf({ count, share }: Cell): number {
  return count === 0 ? 0 : 0.08 + 0.92 * Math.sqrt(share);
}

export const confusionView: { table(display: ConfusionDisplay): TableDisplay } & View<ConfusionDisplay> = {
  text(display) {
    const { title = "Confusion matrix", classes, counts } = display;
    const total = sum(counts);
    const wrong = cellsOf(display).filter(({ truth, predicted, count }) => truth !== predicted && count > 0);
    const worst = wrong
      .sort((a, b) => b.count - a.count)
      .slice(0, NAMED)
      .map(({ truth, predicted, count }) => `${classes[truth]} taken for ${classes[predicted]} (${count})`);
    const mistakes = worst.length > 0 ? `most frequent mistakes: ${worst.join(", ")}` : "no mistakes";
    const head = `${title} of ${total.toLocaleString("en")} samples, true classes down, predicted across; ${mistakes}.`;
    return `${head}\n${tableView.text(confusionView.table(display))}`;
  },

  table({ classes, counts, note }) {
    const side = classes.length;
    const rows = classes.map((name, row) => [name, ...counts.slice(row * side, (row + 1) * side)]);
    const columns = ["true \\ predicted", ...classes];
    return { kind: "table", columns, rows, ...(note !== undefined && { note }) };
  },

  render(host, display, signal) {
    const { title, note } = display;
    if (title) append(host, "p", "curve-title", title);
    const box = append(host, "div", "confusion-output");
    const chosen = append(host, "div", "confusion-samples");
    chosen.ariaLive = "polite";
    const show = (cell: Cell) => showSamples(chosen, display, cell, signal);
    box.append(gridOf(display, show));
    append(
      box,
      "p",
      "output-note",
      "Rows: what it is. Columns: what it was taken for. Colours: share of the row.",
    );
    if (note !== undefined) append(box, "p", "output-note", note);
    if (display.samples)
      append(chosen, "p", "output-note", "Choose a cell to see its images: click, or arrow keys and Enter.");
    return undefined;
  },

  async picture(display) {
    const { confusionPicture } = await import("./confusion-svg.ts");
    return confusionPicture(display);
  },
};

/** A grid that arrow keys walk through; Enter, Space or a click choose a cell. */
function gridOf(display: ConfusionDisplay, choose: (cell: Cell) => void): HTMLElement {
  const { classes, title = "Confusion matrix" } = display;
  const table = document.createElement("table");
  table.className = "confusion-grid";
  table.setAttribute("role", "grid");
  table.ariaLabel = `${title}: true classes down, predicted classes across`;
  const head = append(append(table, "thead", ""), "tr", "");
  append(head, "td", "").role = "presentation";
  for (const name of classes) append(head, "th", "", name).scope = "col";
  const body = append(table, "tbody", "");
  const cells = cellsOf(display);
  const places = cells.map((cell) => {
    const row = (body.children[cell.truth] as HTMLElement | undefined) ?? rowOf(body, classes[cell.truth]);
    const place = append(row, "td", cell.truth === cell.predicted ? "is-right" : "is-wrong");
    place.setAttribute("role", "gridcell");
    place.tabIndex = -1;
    place.textContent = cell.count === 0 ? "" : String(cell.count);
    place.ariaLabel = cellText(display, cell);
    place.title = place.ariaLabel;
    place.style.setProperty("--strength", `${(100 * strengthOf(cell)).toFixed(1)}%`);
    place.classList.toggle("is-strong", strengthOf(cell) > 0.6);
    return place;
  });
  let current = 0;
  const move = (to: number) => {
    const [before, next] = [places[current], places[to]];
    if (!next) return;
    if (before) before.tabIndex = -1;
    next.tabIndex = 0;
    current = to;
  };
  move(0);
  const select = (at: number) => {
    for (const [i, place] of places.entries()) place.ariaSelected = String(i === at);
    choose(cells[at] as Cell);
  };
  table.addEventListener("click", ({ target }) => {
    const at = places.indexOf((target as HTMLElement).closest("td") as HTMLTableCellElement);
    if (at < 0) return;
    move(at);
    select(at);
  });
  table.addEventListener("keydown", (event) => {
    const side = classes.length;
    const [row, column] = [Math.floor(current / side), current % side];
    const steps: Record<string, number> = {
      ArrowLeft: column > 0 ? current - 1 : current,
      ArrowRight: column < side - 1 ? current + 1 : current,
      ArrowUp: row > 0 ? current - side : current,
      ArrowDown: row < side - 1 ? current + side : current,
      Home: row * side,
      End: row * side + side - 1,
    };
    const to = steps[event.key];
    if (to !== undefined) {
      move(to);
      places[to]?.focus();
    } else if (event.key === "Enter" || event.key === " ") select(current);
    else return;
    // Neither the page scrolls, nor is a key of the notebook pressed.
    event.preventDefault();
    event.stopPropagation();
  });
  return table;
}

function rowOf(body: HTMLElement, name = ""): HTMLElement {
  const row = append(body, "tr", "");
  append(row, "th", "", name).scope = "row";
  return row;
}

function cellText({ classes }: ConfusionDisplay, { truth, predicted, count, share }: Cell): string {
  const what =
    truth === predicted ? `${classes[truth]}, right` : `${classes[truth]} taken for ${classes[predicted]}`;
  return `${what}: ${count} (${formatNumber(Number((100 * share).toPrecision(3)))} % of its class)`;
}

function showSamples(host: HTMLElement, display: ConfusionDisplay, cell: Cell, signal: AbortSignal): void {
  const { samples, classes } = display;
  host.replaceChildren();
  const found = samples ? samplesAt(samples, cell.truth * classes.length + cell.predicted) : undefined;
  const kept = found?.count ?? 0;
  const missing = samples ? "" : " The matrix was made without images: give it the data set.";
  const how =
    kept === 0
      ? `${missing || " No image of them is kept."}`
      : kept < cell.count
        ? ` The first ${kept}:`
        : "";
  append(host, "p", "confusion-chosen", `${cellText(display, cell)}.${cell.count === 0 ? "" : how}`);
  if (found && kept > 0) imagesView.render(append(host, "div", ""), found, signal);
}

function samplesAt({ images, cells }: NonNullable<ConfusionDisplay["samples"]>, at: number): ImagesDisplay {
  const { channels, height, width, data, captions } = images;
  const size = channels * height * width;
  const chosen = cells.flatMap((cell, i) => (cell === at ? [i] : []));
  const pixels =
    data instanceof Uint8ClampedArray
      ? new Uint8ClampedArray(chosen.length * size)
      : new Float32Array(chosen.length * size);
  for (const [to, from] of chosen.entries())
    pixels.set(data.subarray(from * size, (from + 1) * size), to * size);
  const { boxes: _, masks: __, columns: ___, ...rest } = images;
  return {
    ...rest,
    count: chosen.length,
    data: pixels,
    ...(captions && { captions: chosen.map((i) => captions[i] ?? "") }),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
