// The language of code cells: the grammar that CodeMirror's own package wraps, without the completions that come with that.

import { continuedIndent, delimitedIndent, indentNodeProp, LRLanguage } from "@codemirror/language";
import { parser } from "@lezer/javascript";

/** JavaScript with types. */
export const codeLanguage = LRLanguage.define({
  name: "typescript",
  parser: parser.configure({
    dialect: "ts",
    props: [
      indentNodeProp.add({
        Block: delimitedIndent({ closing: "}" }),
        ClassBody: delimitedIndent({ closing: "}" }),
        ObjectExpression: delimitedIndent({ closing: "}" }),
        ArrayExpression: delimitedIndent({ closing: "]" }),
        ArgList: delimitedIndent({ closing: ")" }),
        ParamList: delimitedIndent({ closing: ")" }),
        // Cases are a step in, what they do is another.
        SwitchBody: ({ textAfter, baseIndent, unit }) =>
          baseIndent +
          (/^\s*\}/.test(textAfter) ? 0 : /^\s*(case|default)\b/.test(textAfter) ? unit : 2 * unit),
        IfStatement: continuedIndent({ except: /^\s*(\{|else\b)/ }),
        TryStatement: continuedIndent({ except: /^\s*(\{|catch\b|finally\b)/ }),
        "Statement Property": continuedIndent({ except: /^\s*\{/ }),
        // What is inside is the writer's.
        "TemplateString BlockComment": () => null,
      }),
    ],
  }),
  languageData: {
    commentTokens: { line: "//", block: { open: "/*", close: "*/" } },
    closeBrackets: { brackets: ["(", "[", "{", "'", '"', "`"] },
    indentOnInput: /^\s*(?:case .*:|default:|\{|\})$/,
  },
});
