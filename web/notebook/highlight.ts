// Colours for JavaScript that is only read, without a parser: the editor, with its own, is loaded when a cell is edited.
// The class names are those of CodeMirror's `classHighlighter`, so that both look the same.

const IDENTIFIER = String.raw`[\p{ID_Start}$_][\p{ID_Continue}$]*`;
const TOKENS = new RegExp(
  [
    String.raw`(?<comment>\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$))`,
    String.raw`(?<string>'(?:\\.|[^'\\\n])*'?|"(?:\\.|[^"\\\n])*"?|\x60(?:\\[\s\S]|[^\x60\\])*\x60?)`,
    String.raw`(?<number>\b(?:0[xob][\da-f_]+|\d[\d_]*(?:\.[\d_]*)?(?:e[+-]?\d+)?)n?\b)`,
    // After one dot, but not the three of a spread.
    String.raw`(?<property>(?<=(?<!\.)\.)${IDENTIFIER})`,
    `(?<word>${IDENTIFIER})`,
  ].join("|"),
  "giu",
);

const KEYWORDS = new Set(
  (
    "async await break case catch class const continue debugger default delete do else export extends finally for from " +
    "function get if import in instanceof let new of return set static super switch this throw try typeof using var void " +
    "while with yield"
  ).split(" "),
);
const ATOMS = new Set(["true", "false", "null", "undefined", "NaN", "Infinity"]);

export interface Span {
  text: string;
  className: string;
}

/** The source as spans, line by line. */
export function highlightLines(source: string): Span[][] {
  const lines: Span[][] = [[]];
  const push = (text: string, className: string) => {
    for (const [i, part] of text.split("\n").entries()) {
      if (i > 0) lines.push([]);
      if (part !== "") lines.at(-1)?.push({ text: part, className });
    }
  };
  let end = 0;
  for (const match of source.matchAll(TOKENS)) {
    push(source.slice(end, match.index), "");
    push(match[0], classOf(match, source));
    end = match.index + match[0].length;
  }
  push(source.slice(end), "");
  return lines;
}

function classOf(match: RegExpMatchArray, source: string): string {
  const { comment, string, number, word } = match.groups ?? {};
  if (comment) return "tok-comment";
  if (string) return "tok-string";
  if (number) return "tok-number";
  if (word === undefined) return "tok-propertyName";
  if (KEYWORDS.has(word) && !isPropertyKey(match, source)) return "tok-keyword";
  if (ATOMS.has(word)) return "tok-atom";
  return isPropertyKey(match, source) ? "tok-propertyName" : "tok-variableName";
}

function isPropertyKey(match: RegExpMatchArray, source: string): boolean {
  const next = source.slice((match.index ?? 0) + match[0].length).match(/^\s*(.)/);
  const before = source.slice(0, match.index).match(/(.)\s*$/);
  return next?.[1] === ":" && before?.[1] !== "?" && before?.[1] !== ")";
}
