// What the place of a file says about it: the part of the set (train, test, validation) and the class, which is the name of
// its folder.

/** A file's part, class, and whether it is one of those that systems leave everywhere. */
export interface Place {
  part: string;
  class: string;
}

/** Files that nobody means: notes of file managers, and what archives of some systems add. */
export function isClutter(path: string): boolean {
  const steps = path.split("/");
  return (
    steps.some((step) => step === "__MACOSX" || (step.startsWith(".") && step !== "." && step !== "..")) ||
    /^(thumbs\.db|desktop\.ini)$/i.test(steps.at(-1) ?? "")
  );
}

/** The folders that all paths share. */
export function commonFolders(paths: readonly string[]): string[] {
  const [first, ...others] = paths.map((path) => path.split("/").slice(0, -1));
  if (!first) return [];
  const differs = (i: number) => others.some((folders) => folders[i] !== first[i]);
  const end = first.findIndex((_, i) => differs(i));
  return end < 0 ? first : first.slice(0, end);
}

/**
 * For each path its part and class. Below what all have in common, `train/cat/1.png` is a cat to learn from, `cat/1.png` or
 * `cat/indoors/1.png` a cat; a file in no folder has the class "".
 */
export function placesOf(paths: readonly string[]): Place[] {
  const common = commonFolders(paths).length;
  const folders = paths.map((path) => path.split("/").slice(common, -1));
  // Folders are parts only where all of them are: a class may be called "test" beside others.
  const areParts = folders.every(([first]) => first !== undefined && partOf(first) !== undefined);
  return folders.map(([first = "", second = ""]) =>
    areParts ? { part: partOf(first) ?? "all", class: second } : { part: "all", class: first },
  );
}

/** The part that a file belongs to: its own name says so, else the nearest of its folders below the first `common` ones. */
export function partOfFile(path: string, common: number): string | undefined {
  const steps = path.split("/").slice(common).reverse();
  return steps.map(partOf).find((part) => part !== undefined);
}

/** The part that a word stands for: `train-images`, `X_test`, `t10k-labels`, `validation`. */
export function partOf(word: string): string | undefined {
  const words = word.toLowerCase().split(/[^a-z0-9]+/);
  const has = (...names: string[]) => names.some((name) => words.includes(name));
  if (has("train", "training", "xtrain", "ytrain")) return "train";
  if (has("test", "testing", "t10k", "xtest", "ytest")) return "test";
  return has("val", "valid", "validation", "xval", "yval", "dev") ? "validation" : undefined;
}

/** What says no part is the whole set if nothing does, else what is learnt from if nothing else is; else it is left out. */
export function inParts<T extends { path: string; part: string }>(
  all: readonly T[],
  broken: (path: string, reason: string) => void,
): T[] {
  if (all.every(({ part }) => part === "all")) return [...all];
  if (!all.some(({ part }) => part === "train"))
    return all.map((one) => (one.part === "all" ? { ...one, part: "train" } : one));
  const left = all.filter(({ part }) => part === "all");
  for (const path of new Set(left.map(({ path }) => path)))
    broken(path, "its name says no part (train, validation or test) as those of the others do");
  return all.filter(({ part }) => part !== "all");
}

/** A name without line breaks and the like: names are kept as lines. */
export function oneLine(name: string): string {
  return name.replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
}

/** Names as a person orders them: 2 before 10. */
export function inOrder(names: Iterable<string>): string[] {
  return [...new Set(names)].sort(new Intl.Collator("en", { numeric: true }).compare);
}

/** The order of parts. */
export const PARTS = ["all", "train", "validation", "test"];
