// What a drawing or a chosen picture looks like to the cell: for the preview beside it, and for the saved notebook.

import type { ControlValue, DrawControl, Drawing, ImageControl } from "./control.ts";
import { canvasOf, rgbaOf } from "./pixels.ts";
import { pixelsOf } from "./raster.ts";
import type { InputDisplay } from "./schema.ts";
import type { Picture } from "./view.ts";
import { pngOf } from "./view.ts";

/** Its pixels, as the cell gets them. */
export function seenBy({ control, value }: { control: DrawControl | ImageControl; value: ControlValue }) {
  const { size } = control;
  if (control.type === "draw") {
    const data = pixelsOf(value as Drawing, size, control.centre);
    return canvasOf(rgbaOf({ channels: 1, height: size, width: size, data }, 0, [0, 1]), size, size);
  }
  const { channels } = control;
  const data = (value as Uint8ClampedArray | null) ?? new Uint8ClampedArray(channels * size * size);
  return canvasOf(rgbaOf({ channels, height: size, width: size, data }, 0, [0, 255]), size, size);
}

export async function pictureOf({ control, value }: InputDisplay): Promise<Picture | undefined> {
  if (control.type !== "draw" && control.type !== "image") return undefined;
  if (value === undefined || value === null) return undefined;
  return pngOf(seenBy({ control, value }));
}
