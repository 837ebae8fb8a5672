import assert from "node:assert/strict";
import { test } from "node:test";
import { Keys } from "./keys.ts";
import { COMMANDS, keysOf } from "./table.ts";

const NONE = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
/** The command of these keys, each pressed so many milliseconds after the one before. */
function commandOf(
  chords: string[],
  { after = 100, isEditing = false, repeat = false } = {},
): string | undefined {
  const keys = new Keys();
  let found: ReturnType<Keys["match"]>;
  for (const [i, chord] of chords.entries()) {
    const parts = chord.split(/\+(?!$)/);
    const key = parts.pop() ?? "";
    const held = {
      ctrlKey: parts.includes("Ctrl"),
      metaKey: parts.includes("Meta"),
      altKey: parts.includes("Alt"),
      shiftKey: parts.includes("Shift"),
    };
    found = keys.match(
      {
        ...NONE,
        ...held,
        key,
        code: key === "_" ? "Minus" : "",
        timeStamp: i * after,
        repeat: repeat && i > 0,
      },
      isEditing,
    );
  }
  return typeof found === "object" ? found.id : found;
}

test("Jupyter's keys", () => {
  const expected: Record<string, string> = {
    Enter: "edit",
    "Shift+Enter": "run-next",
    "Ctrl+Enter": "run",
    "Meta+Enter": "run",
    "Alt+Enter": "run-insert",
    a: "insert-above",
    b: "insert-below",
    x: "cut",
    c: "copy",
    v: "paste",
    "Shift+V": "paste-above",
    z: "undo",
    "Shift+Z": "redo",
    m: "to-text",
    y: "to-code",
    r: "to-raw",
    j: "down",
    k: "up",
    ArrowUp: "up",
    h: "keys",
    "Shift+M": "merge",
    f: "find",
    p: "palette",
    "Ctrl+Shift+P": "palette",
    "Ctrl+Shift+_": "split",
    "Ctrl+Shift+ArrowDown": "move-down",
    o: "fold-outputs",
  };
  for (const [chord, id] of Object.entries(expected)) assert.equal(commandOf([chord]), id, chord);
});

test("two keys in a row, soon enough, and not one that is held", () => {
  assert.equal(commandOf(["d", "d"]), "delete");
  assert.equal(commandOf(["i", "i"]), "stop");
  assert.equal(commandOf(["0", "0"]), "restart");
  assert.equal(commandOf(["d"]), "pending");
  assert.equal(commandOf(["d", "d"], { after: 5000 }), "pending");
  assert.equal(commandOf(["d", "i"]), "pending");
  assert.equal(commandOf(["d", "j", "d"]), "pending");
});

test("in an editor letters are letters, and copying stays the browser's", () => {
  assert.equal(commandOf(["d", "d"], { isEditing: true }), undefined);
  assert.equal(commandOf(["Ctrl+Shift+_"], { isEditing: true }), "split");
  assert.equal(commandOf(["Ctrl+c"]), undefined);
});

test("no name and no key stands for two commands", () => {
  const ids = COMMANDS.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const place of ["keys", "anywhere"] as const) {
    const keys = COMMANDS.flatMap((command) => [
      ...new Set([...(command[place] ?? []), ...(command.anywhere ?? [])]),
    ]);
    assert.equal(new Set(keys).size, keys.length, place);
  }
  for (const command of COMMANDS)
    assert.ok(command.title !== "" && keysOf(command).every((key) => key !== ""));
});
