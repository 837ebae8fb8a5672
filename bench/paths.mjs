// Where things lie: everything that is made goes to target/bench/.

import path from "node:path";
import { fileURLToPath } from "node:url";

export const bench = path.dirname(fileURLToPath(import.meta.url));
export const project = path.dirname(bench);

/** The built npm package, which is measured. */
export const gradbook = path.join(project, "dist/npm");

const made = path.join(project, "target/bench");
/** What the browser loads. */
export const site = path.join(made, "site");
/** Weights and batches for PyTorch. */
export const data = path.join(made, "data");
/** Programs that were compiled or bundled for the driver. */
export const programs = path.join(made, "programs");
export const results = path.join(made, "results");
