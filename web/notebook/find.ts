// Finding in texts: what matches, and what it is replaced by.

export interface Query {
  text: string;
  isCase: boolean;
  isWord: boolean;
  isRegExp: boolean;
}

export interface Match {
  from: number;
  to: number;
}

/** More are not counted. */
const MOST_MATCHES = 2000;

/** Errors: a regular expression that is none. */
export function patternOf({ text, isCase, isWord, isRegExp }: Query): RegExp {
  const source = isRegExp ? text : text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const whole = isWord ? `(?<![\\p{L}\\p{N}_$])(?:${source})(?![\\p{L}\\p{N}_$])` : source;
  return new RegExp(whole, isCase ? "gmu" : "gimu");
}

/** Where a text matches; empty matches are none. */
export function matchesIn(text: string, pattern: RegExp): Match[] {
  const found: Match[] = [];
  for (const match of text.matchAll(pattern)) {
    if (match[0] !== "") found.push({ from: match.index, to: match.index + match[0].length });
    if (found.length === MOST_MATCHES) break;
  }
  return found;
}

/** The text with every match replaced; of a regular expression, `$1` is what its first group matched. */
export function replaceAll(text: string, pattern: RegExp, by: string, isRegExp: boolean): string {
  return isRegExp ? text.replaceAll(pattern, by) : text.replaceAll(pattern, () => by);
}

/** The text with one match replaced. */
export function replaceOne(
  text: string,
  { from, to }: Match,
  pattern: RegExp,
  by: string,
  isRegExp: boolean,
): string {
  const one = new RegExp(pattern.source, `${pattern.flags.replace("g", "")}y`);
  one.lastIndex = from;
  const found = one.exec(text);
  const replaced = isRegExp && found ? expanded(by, found) : by;
  return text.slice(0, from) + replaced + text.slice(to);
}

/** What `replace` makes of `$1`, `$<name>`, `$&` and `$$`. */
function expanded(by: string, match: RegExpExecArray): string {
  return by.replaceAll(/\$(?:(\$)|(&)|(\d{1,2})|<([^>]*)>)/g, (all, dollar, whole, number, name) => {
    if (dollar) return "$";
    if (whole) return match[0];
    return (number ? match[Number(number)] : match.groups?.[name]) ?? (number ? "" : all);
  });
}
