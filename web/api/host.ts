// Host functions: plain numbers in, plain objects out. What computes them is a wasm module of its own, loaded with the first one.

import { wasmFiles } from "../pkg/files.ts";
import type { Context } from "./context.ts";

/** The functions of the module: metrics, folds, duplicates. */
export type Host = typeof import("../pkg/host/gradbook.js");

let loading: Promise<Host> | undefined;

/** The module, loaded once. */
export function hostModule({ load }: Pick<Context, "load">): Promise<Host> {
  loading ??= (async () => {
    const [module, source] = await Promise.all([
      import("../pkg/host/gradbook.js"),
      load(wasmFiles.host.file),
    ]);
    await module.default({ module_or_path: source });
    return module;
  })();
  // What did not load may do so later.
  loading.catch(() => (loading = undefined));
  return loading;
}
