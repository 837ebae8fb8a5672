// The names of data sets in the page and in cells.

import type { Summary } from "../import/protocol.ts";

/** The text of a cell that loads a set and shows some of it. */
export function cellFor({ name, summary }: { name: string; summary: Summary }): string {
  const quoted = JSON.stringify(name);
  const [first, ...others] = summary.parts.map((part) => part.name);
  const variable = variableOf(name);
  const show =
    summary.kind === "images" ? ".images(24)" : summary.classes.length > 0 ? ".classBalance()" : "";
  if (first === "all" || first === undefined)
    return `const ${variable} = await data.own(${quoted})\n${variable}${show}`;
  const lines = [first, ...others].map((part) => `const ${part} = await data.own(${quoted}, "${part}")`);
  return `${lines.join("\n")}\n${first}${show}`;
}

/** What a quoted string of JavaScript and the name of a collection hold without care. */
export const NAME_PATTERN = '[^:?"\\\\]+';

/** A name that no set has: the suggestion, with a number where it is taken. */
export function freeName(suggestion: string, taken: readonly { name: string }[]): string {
  const name =
    suggestion
      .replace(/[\p{Cc}\p{Cs}\u2028\u2029:?"\\]+/gu, " ")
      .trim()
      .slice(0, 50)
      .replace(/[\uD800-\uDBFF]$/, "")
      .trim() || "data";
  const isTaken = (candidate: string) => taken.some((other) => other.name === candidate);
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? name : `${name} ${n}`;
    if (!isTaken(candidate)) return candidate;
  }
}

/** "my pets 2" as a name of JavaScript: myPets2. */
function variableOf(name: string): string {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? [];
  const joined = words
    .map((word, i) => (i === 0 ? word.toLowerCase() : `${word.charAt(0).toUpperCase()}${word.slice(1)}`))
    .join("");
  return /^[\p{L}]/u.test(joined) && !RESERVED.has(joined) ? joined : `set${joined}`;
}

/** Words that cannot be names, and names that cells have already. */
const RESERVED = new Set(
  (
    "break case catch class const continue debugger default delete do else enum export extends false finally for function " +
    "if import in instanceof new null return super switch this throw true try typeof var void while with yield let static " +
    "await async data nn optim losses explain plot fit compile variable scan tensor zeros ones full arange rand randn " +
    "display input all"
  ).split(" "),
);
