// Samples of any kind, in the order of their files, to the parts of a set: train, validation and test where folders say so.

import type { Elements } from "../api/idx.ts";
import { idxBlob, textBlob } from "./blobs.ts";
import { MOST_CLASSES } from "./limits.ts";
import { inOrder, oneLine, PARTS, type Place } from "./place.ts";
import type { PartSummary, SetFile } from "./protocol.ts";

/** Equal samples one behind the other, with the place of each. */
export interface Samples {
  /** The shape of one, as the engine reads it: [C, H, W] or [T]. */
  shape: number[];
  values: Elements;
  places: Place[];
}

export interface Parts {
  parts: PartSummary[];
  classes: string[];
  files: SetFile[];
}

/**
 * Each class is a number in the order of names, the same in all parts; files in no folder are a class of that name. Errors:
 * there are too many classes.
 */
export function partsOf({ shape, values, places }: Samples, nameless: string): Parts {
  const each = shape.reduce((product, size) => product * size, 1);
  const className = (place: Place) => oneLine(place.class || nameless);
  const classes = inOrder(places.map(className));
  if (classes.length > MOST_CLASSES)
    throw new Error(
      `These are ${classes.length} folders, and each folder is a class; there may be ${MOST_CLASSES}. Put the files of a class into one folder.`,
    );
  const labelOf = new Map(classes.map((name, label) => [name, label]));
  const files: SetFile[] = [];
  const parts = PARTS.flatMap((name): PartSummary[] => {
    const numbers = places.flatMap((place, i) => (place.part === name ? [i] : []));
    if (numbers.length === 0) return [];
    const x = values.slice(0, numbers.length * each);
    for (const [to, from] of numbers.entries())
      x.set(values.subarray(from * each, (from + 1) * each) as never, to * each);
    const labels = Int32Array.from(numbers, (i) => labelOf.get(className(places[i] as Place)) as number);
    const counts = classes.map(() => 0);
    for (const label of labels) counts[label] = (counts[label] as number) + 1;
    files.push(
      [`${name}.x`, idxBlob([numbers.length, ...shape], x)],
      [`${name}.y`, idxBlob([numbers.length], labels)],
    );
    return [{ name, shape: [numbers.length, ...shape], counts }];
  });
  files.push(["classes", textBlob(classes.join("\n"))]);
  return { parts, classes, files };
}
