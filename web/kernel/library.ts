// The names that cells see without importing them, beside `display`: the JavaScript API, connected to the compute worker.

import { connect } from "../api/cells.ts";
import type { UserStart } from "./protocol.ts";

/** The name by which a cell imports the same. */
export const LIBRARY_MODULE = "gradbook";

/** Connects the library. */
export async function loadLibrary({ compute, graph }: UserStart): Promise<Record<string, unknown>> {
  return { ...(await connect({ compute, graph })) };
}
