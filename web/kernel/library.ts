// The names that cells see without importing them, beside `display`: the JavaScript API, connected to the compute worker.

import type { CellHost, CellLibrary } from "../api/cells.ts";
import { connect } from "../api/cells.ts";

/** The name by which a cell imports the same. */
export const LIBRARY_MODULE = "gradbook";

let library: CellLibrary | undefined;

/** Connects the library. */
export async function loadLibrary(host: CellHost): Promise<CellLibrary> {
  library = await connect(host);
  return library;
}

/** The page said stop: training runs end from this side too, wherever they are. */
export function stopLibrary(): void {
  library?.stop();
}
