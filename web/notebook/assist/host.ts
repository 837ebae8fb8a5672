// What completion may ask the page: the other cells' texts, and the reader's own values.

import type { Looked } from "../../kernel/look.ts";

export interface AssistHost {
  /** The texts of the other code cells. */
  others(): string[];
  /** What lies under a path of names, or with an empty one all names; undefined where nothing does, or nobody answers soon. */
  look(path: string[]): Promise<Looked | undefined>;
}
