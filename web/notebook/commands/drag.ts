// A cell that is dragged by its handle: a line says where it would go, and the page scrolls at its edges. Escape leaves it where it was.

import type { Cell } from "../cell.ts";
import type { Actions } from "./actions.ts";

/** How near to the edge of the window the page scrolls, and by how much a move of the pointer. */
const EDGE = 60;
const STEP = 18;

/** From a handle that has captured the pointer. */
export function beginDrag(handle: HTMLElement, cell: Cell, actions: Actions): void {
  const line = document.createElement("div");
  line.className = "drop-line";
  const ended = new AbortController();
  let to: number | undefined;

  const end = (isDropped: boolean) => {
    ended.abort();
    line.remove();
    const { session, structure } = actions;
    if (!isDropped || to === undefined) return;
    const from = session.cells.indexOf(cell);
    structure.moveTo(to > from ? to - 1 : to, cell);
    actions.cell = cell;
  };
  const move = ({ clientY }: PointerEvent) => {
    if (clientY < EDGE) scrollBy(0, -STEP);
    else if (clientY > innerHeight - EDGE) scrollBy(0, STEP);
    const boxes = actions.session.cells.map((other) =>
      actions.notebook.elementOf(other.id)?.getBoundingClientRect(),
    );
    const at = boxes.findIndex((box) => box !== undefined && clientY < box.top + box.height / 2);
    to = at < 0 ? boxes.length : at;
    const y = boxes[to]?.top ?? boxes.at(-1)?.bottom ?? 0;
    const box = boxes[0];
    if (!box) return;
    if (!line.isConnected) document.body.append(line);
    Object.assign(line.style, { top: `${y}px`, left: `${box.left}px`, width: `${box.width}px` });
  };
  const { signal } = ended;
  handle.addEventListener("pointermove", move, { signal });
  handle.addEventListener("pointerup", () => end(true), { signal });
  handle.addEventListener("pointercancel", () => end(false), { signal });
  addEventListener("keydown", ({ key }) => key === "Escape" && end(false), { signal });
}
