// A table with a column of targets: its other columns of numbers are the samples [N, F].

import type { SampleReader, TableColumn, TableFile } from "../api/samples.ts";
import { idxBlob, textBlob } from "./blobs.ts";
import type { Entry } from "./entries.ts";
import { MOST_CLASSES, MOST_SET_BYTES, sizeText } from "./limits.ts";
import { commonFolders, inParts, oneLine, partOfFile } from "./place.ts";
import type { PartSummary, SetFile, Summary } from "./protocol.ts";

/** Text takes several times its size while it is read. */
const MOST_BYTES = 128 * 2 ** 20;
/** More different whole numbers are measurements and no classes. */
const MOST_WHOLE = 100;

/** Reads all; tables of parts must have the same columns. Errors: none can be read, or too much for memory. */
export async function readTables(
  entries: readonly Entry[],
  reader: SampleReader,
  target: string | undefined,
  broken: (path: string, reason: string) => void,
): Promise<{ summary: Summary; files: SetFile[] }> {
  const read: { path: string; part: string; table: TableFile }[] = [];
  const common = commonFolders(entries.map(({ path }) => path)).length;
  let bytes = 0;
  for (const { path, file } of entries) {
    try {
      if (bytes + file.size > MOST_BYTES)
        throw new Error(
          `${bytes > 0 ? "with the others " : ""}it has ${sizeText(bytes + file.size)}; at most ${sizeText(MOST_BYTES)} of text are read`,
        );
      const part = partOfFile(path, common) ?? "all";
      if (read.some((other) => other.part === part))
        throw new Error("there is a table already; one set is of one table");
      const table = reader.read(path, new Uint8Array(await file.arrayBuffer()), "text");
      const unlike = read.find(({ table: other }) => namesOf(other).join("\n") !== namesOf(table).join("\n"));
      if (unlike) throw new Error("its columns are not those of the other tables");
      read.push({ path, part, table });
      bytes += file.size;
    } catch (error) {
      broken(path, error instanceof Error ? error.message : String(error));
    }
  }
  const tables = inParts(read, broken);
  const [first] = tables;
  if (!first) throw new Error("None of these files is a table.");
  const columns = namesOf(first.table);
  const mayBeTarget = (i: number) =>
    wordsOf(tables.map(({ table }) => table.columns[i])).size <= MOST_CLASSES;
  const chosen = target === undefined ? -1 : columns.indexOf(target);
  const at = chosen >= 0 && mayBeTarget(chosen) ? chosen : usualTarget(first.table, mayBeTarget);
  if (at < 0)
    throw new Error(`No column can have the targets: each has more than ${MOST_CLASSES} different words.`);
  const isNumbers = (i: number) =>
    tables.every(({ table }) => "numbers" in (table.columns[i] as TableColumn));
  const features = columns.flatMap((_, i) => (i !== at && isNumbers(i) ? [i] : []));
  if (features.length === 0) throw new Error("Beside the targets there is no column of numbers.");
  const values = tables.reduce((sum, { table }) => sum + table.rows * features.length, 0);
  if (4 * values > MOST_SET_BYTES)
    throw new Error(`The table has ${values} numbers, which are more than fit (${MOST_SET_BYTES / 4}).`);
  const classes = classesOf(tables.map(({ table }) => table.columns[at] as TableColumn));
  const files: SetFile[] = [];
  const parts = tables.map(({ part, table }): PartSummary => {
    const shape = [table.rows, features.length];
    const x = new Float32Array(table.rows * features.length);
    for (const [to, from] of features.entries()) {
      const column = table.columns[from] as { numbers: Float32Array };
      for (let row = 0; row < table.rows; row++)
        x[row * features.length + to] = column.numbers[row] as number;
    }
    const y = targetsOf(table.columns[at] as TableColumn, classes);
    const counts = (classes ?? []).map(() => 0);
    if (classes) for (const label of y) counts[label] = (counts[label] ?? 0) + 1;
    files.push([`${part}.x`, idxBlob(shape, x)], [`${part}.y`, idxBlob([table.rows], y)]);
    return { name: part, shape, counts };
  });
  files.push(["classes", textBlob((classes ?? []).join("\n"))]);
  const gaps = tables.reduce((sum, { table }) => sum + table.gaps, 0);
  const words = columns.filter((_, i) => i !== at && !isNumbers(i));
  return {
    summary: {
      suggestion: "",
      kind: "table",
      parts,
      classes: classes ?? [],
      sizes: [],
      columns,
      target: columns[at] ?? "",
      notes: [
        `Samples are the columns ${listOf(features.map((i) => columns[i] ?? ""))}.`,
        classes ? `Targets are the classes of ${columns[at]}.` : `Targets are the numbers of ${columns[at]}.`,
        ...(chosen >= 0 && chosen !== at
          ? [`${target} has more than ${MOST_CLASSES} different words, which are no classes.`]
          : []),
        ...(words.length > 0 ? [`Columns of words are left out: ${listOf(words)}.`] : []),
        ...(gaps > 0 ? [`${gaps} lines are left out, as a value is missing.`] : []),
      ],
    },
    files,
  };
}

function namesOf({ columns }: TableFile): string[] {
  return columns.map(({ name }) => name);
}

/** Of those that may be: the column that is called so; else the last one of words; else the last one. −1 if there is none. */
export function usualTarget({ columns }: TableFile, mayBe: (column: number) => boolean): number {
  const usual = /^(y|label|labels|class|target|species|digit)$/i;
  const called = columns.findIndex(({ name }, i) => usual.test(name) && mayBe(i));
  if (called >= 0) return called;
  const words = columns.findLastIndex((column, i) => "words" in column && mayBe(i));
  return words >= 0 ? words : columns.findLastIndex((_, i) => mayBe(i));
}

/** The different words of a column in all parts. */
function wordsOf(columns: readonly (TableColumn | undefined)[]): Set<string> {
  const all = new Set<string>();
  for (const column of columns)
    if (column && "words" in column) for (const word of column.words) all.add(oneLine(word));
  return all;
}

/** What the targets of all parts are called where they are classes: words, or few whole numbers. */
function classesOf(columns: readonly TableColumn[]): string[] | undefined {
  const numbers = columns.flatMap((column) => ("numbers" in column ? [column.numbers] : []));
  if (numbers.length === 0) return [...wordsOf(columns)].sort();
  if (numbers.length < columns.length)
    throw new Error("The targets are numbers in one part and words in another.");
  const values = new Set<number>();
  for (const column of numbers) {
    for (const value of column) {
      if (!Number.isInteger(value)) return undefined;
      values.add(value);
      if (values.size > MOST_WHOLE) return undefined;
    }
  }
  return [...values].sort((a, b) => a - b).map(String);
}

function targetsOf(column: TableColumn, classes: readonly string[] | undefined): Int32Array | Float32Array {
  if (!classes) return (column as { numbers: Float32Array }).numbers.slice();
  const places = new Map(classes.map((name, place) => [name, place]));
  if ("numbers" in column) return Int32Array.from(column.numbers, (value) => places.get(String(value)) ?? 0);
  const own = column.words.map((word) => places.get(oneLine(word)) ?? 0);
  return column.codes.map((code) => own[code] as number);
}

function listOf(names: readonly string[]): string {
  const [some, more] = [names.slice(0, 6), names.length - 6];
  return more > 0 ? `${some.join(", ")} and ${more} more` : some.join(", ");
}
