// From keys to commands. Two keys in a row, such as D D, are remembered for a moment.

import type { Command } from "./table.ts";
import { COMMANDS } from "./table.ts";

const DOUBLE_MS = 800;

export interface Key {
  key: string;
  code?: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  timeStamp: number;
  /** Whether it is held down. */
  repeat?: boolean;
}

export class Keys {
  #first = "";
  #firstAt = Number.NEGATIVE_INFINITY;

  /** The command of a key, of those for a place; `pending` when the first of two was pressed. */
  match(event: Key, isEditing: boolean): Command | "pending" | undefined {
    const chord = chordOf(event);
    const twice = event.timeStamp - this.#firstAt < DOUBLE_MS && chord === this.#first;
    this.#first = "";
    if (isEditing) return find((command) => command.anywhere, chord);
    const both = twice ? find((command) => command.keys, `${chord} ${chord}`) : undefined;
    if (both) return both;
    if (!event.repeat && find((command) => command.keys, `${chord} ${chord}`)) {
      this.#first = chord;
      this.#firstAt = event.timeStamp;
      return "pending";
    }
    return find((command) => [...(command.keys ?? []), ...(command.anywhere ?? [])], chord);
  }
}

function find(keysOf: (command: Command) => string[] | undefined, chord: string): Command | undefined {
  return COMMANDS.find((command) => keysOf(command)?.includes(chord));
}

/** Such as `Mod+Shift+P`. Control and Command are one. */
export function chordOf({ key, code, ctrlKey, metaKey, altKey, shiftKey }: Key): string {
  const name = code === "Minus" ? "-" : key.length === 1 ? key.toUpperCase() : key;
  return [ctrlKey || metaKey ? "Mod" : "", altKey ? "Alt" : "", shiftKey ? "Shift" : "", name]
    .filter(Boolean)
    .join("+");
}
