// A line about a value of the library, for the editor: methods of the classes themselves, whatever the value was made to have.

import { Variable } from "./compile.ts";
import { Dataset } from "./dataset.ts";
import { History } from "./history.ts";
import { Model } from "./model.ts";
import { Tensor } from "./tensor.ts";

const describeTensor = Tensor.prototype.toString;
const describeVariable = Variable.prototype.toString;
const getterOf = (prototype: object, name: string) => Object.getOwnPropertyDescriptor(prototype, name)?.get;
const kindOf = getterOf(Model.prototype, "kind");
const shapeOf = getterOf(Dataset.prototype, "shape");

/** Such as `Tensor f32 [3, 28, 28]`; undefined for what is not the library's. */
export function oneLine(value: unknown): string | undefined {
  try {
    if (value instanceof Tensor) return describeTensor.call(value);
    if (value instanceof Variable) return describeVariable.call(value);
    if (value instanceof Model) return `Model ${String(kindOf?.call(value))}`;
    if (value instanceof Dataset)
      return `Dataset [${(shapeOf?.call(value) as number[] | undefined)?.join(", ")}]`;
    if (value instanceof History) return "History";
  } catch {
    // Something that only pretends to be one.
  }
  return undefined;
}
