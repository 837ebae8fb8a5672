// Data sets of the reader's own: files that were dropped on the page, which keeps them under a name. They go from the page
// to where they are computed on; what comes here are handles.

import { OWN, PICK } from "./collections.ts";
import type { Context, StoredHandle, TensorHandle } from "./context.ts";
import { argumentError } from "./context.ts";
import { Dataset } from "./dataset.ts";
import { Tensor } from "./tensor.ts";

/** Data sets of the reader's own files. */
export interface Own {
  /**
   * A set that was made of files on the page ("Your data" in the bar, or by dropping files anywhere), by the name that it was
   * given: `await data.own("pets")`. A set whose folders were train and test has two parts: `await data.own("pets", "train")`.
   * Images have values 0…1; classes are numbered in the order of their names. A set that does not fit where it is computed on is streamed.
   * Errors: there is no such set or part.
   */
  own(name: string, part?: "train" | "validation" | "test"): Promise<Dataset>;
  /** Lets the reader drop or choose files, or a set that is there; waits until they have. Of a set with parts it is the first. */
  pick(): Promise<Dataset>;
}

export function own(context: Context): Own {
  const load = async (what: string) =>
    new Map((await context.session.load(what)) as [string, TensorHandle | StoredHandle][]);
  const isTensor = (handle: TensorHandle | StoredHandle | undefined): handle is TensorHandle =>
    handle instanceof context.wasm.Tensor;
  const text = async (handle: TensorHandle | StoredHandle | undefined) =>
    isTensor(handle)
      ? new TextDecoder().decode(Uint8Array.from((await new Tensor(context, handle).data()) as Int32Array))
      : "";
  const api: Own = {
    async own(name, part) {
      if (typeof name !== "string") throw argumentError("own: expected the name of a set");
      const files = await load(`${OWN}${name}`);
      const parts = [...files.keys()].flatMap((label) => (label.endsWith(".x") ? [label.slice(0, -2)] : []));
      const chosen = part ?? (parts.length === 1 ? parts[0] : undefined);
      const [x, y] = [files.get(`${chosen}.x`), files.get(`${chosen}.y`)];
      if (!x || !isTensor(y))
        throw argumentError(
          `own: ${name} has ${parts[0] === "all" ? "no parts" : `the parts ${parts.join(", ")}`}; write data.own("${name}"${parts[0] === "all" ? "" : `, "${parts[0]}"`})`,
        );
      const classes = await text(files.get("classes"));
      return Dataset.of(
        context,
        chosen === "all" ? name : `${name} ${chosen}`,
        isTensor(x) ? new Tensor(context, x) : x,
        new Tensor(context, y),
        classes === "" ? [] : classes.split("\n"),
      );
    },
    async pick() {
      const [name, part] = (await text((await load(PICK)).get("name"))).split("\n");
      return api.own(name ?? "", part as "train" | undefined);
    },
  };
  return api;
}
