// Files of a set as blobs, which a browser may keep on its disk.

import type { Elements } from "../api/idx.ts";
import { idxParts, idxText } from "../api/idx.ts";

/** An array as an IDX file. The elements' memory is reused. */
export function idxBlob(dims: readonly number[], values: Elements): Blob {
  return new Blob(idxParts(dims, values));
}

/** A text as an IDX file of bytes. */
export function textBlob(text: string): Blob {
  return new Blob([idxText(text)]);
}
