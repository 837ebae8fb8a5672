// What the editor may ask of the reader's own values: names, kinds, members, a line of description. Nothing of the reader's is called:
// no getter, no `toString`; own classes of the library describe themselves.

import { inspect } from "../display/inspect.ts";

export interface LookedMember {
  name: string;
  kind: "function" | "value" | "getter";
  /** In a line. */
  text: string;
}

export interface Looked {
  /** The class, or the type of a primitive. */
  type: string;
  text: string;
  members: LookedMember[];
}

export const MOST_MEMBERS = 400;
export const MOST_TEXT = 120;
const MOST_PATH = 20;

/** A line about one of the library's own values. */
export type DescribeOwn = (value: unknown) => string | undefined;

/** What lies under `path` in the scope of all cells; of an empty path the scope itself. */
export function look(scope: object, path: readonly string[], describe: DescribeOwn): Looked | undefined {
  if (path.length > MOST_PATH) return undefined;
  try {
    let value: unknown = scope;
    for (const [i, name] of path.entries()) {
      const descriptor = descriptorOf(value, name, i === 0 ? 2 : 10);
      if (!descriptor || !("value" in descriptor)) return undefined;
      value = descriptor.value;
    }
    return path.length === 0
      ? { type: "scope", text: "", members: membersOf(scope, describe, 1) }
      : { type: typeOf(value), text: lineOf(value, describe), members: membersOf(value, describe, 10) };
  } catch {
    // A proxy that throws is nothing to look at.
    return undefined;
  }
}

/** The property of this name along the prototypes, which are `depth` at most. */
function descriptorOf(value: unknown, name: string, depth: number): PropertyDescriptor | undefined {
  let owner = objectOf(value);
  for (let i = 0; owner && i < depth; i++) {
    const descriptor = Object.getOwnPropertyDescriptor(owner, name);
    if (descriptor) return descriptor;
    owner = Object.getPrototypeOf(owner);
  }
  return undefined;
}

function objectOf(value: unknown): object | null {
  return (typeof value === "object" && value !== null) || typeof value === "function" ? value : null;
}

function membersOf(value: unknown, describe: DescribeOwn, depth: number): LookedMember[] {
  const found = new Map<string, LookedMember>();
  // The elements of a list are no names to complete.
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return [];
  let owner = objectOf(value);
  for (let i = 0; owner && i < depth && owner !== Object.prototype && owner !== Function.prototype; i++) {
    for (const name of Object.getOwnPropertyNames(owner)) {
      if (found.size === MOST_MEMBERS) return [...found.values()];
      if (found.has(name) || name === "constructor" || name.length > MOST_TEXT) continue;
      const descriptor = Object.getOwnPropertyDescriptor(owner, name);
      if (descriptor) found.set(name, memberOf(name, descriptor, describe));
    }
    owner = Object.getPrototypeOf(owner);
  }
  return [...found.values()];
}

function memberOf(name: string, descriptor: PropertyDescriptor, describe: DescribeOwn): LookedMember {
  if (!("value" in descriptor)) return { name, kind: "getter", text: "" };
  const { value } = descriptor as { value: unknown };
  return { name, kind: typeof value === "function" ? "function" : "value", text: lineOf(value, describe) };
}

function typeOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  const object = objectOf(value);
  if (!object) return typeof value;
  if (typeof value === "function") return "Function";
  const prototype: object | null = Object.getPrototypeOf(object);
  const maker: unknown = prototype && Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  const name: unknown = typeof maker === "function" && Object.getOwnPropertyDescriptor(maker, "name")?.value;
  return typeof name === "string" && name !== "" ? name.slice(0, MOST_TEXT) : "Object";
}

function lineOf(value: unknown, describe: DescribeOwn): string {
  return (describe(value) ?? plainLine(value)).replaceAll(/\s+/g, " ").slice(0, MOST_TEXT);
}

function plainLine(value: unknown): string {
  const object = objectOf(value);
  if (!object) return typeof value === "string" ? inspect(value.slice(0, MOST_TEXT)) : inspect(value);
  if (typeof value === "function")
    return /^[^{=]*\)/.exec(Function.prototype.toString.call(value))?.[0] ?? "function";
  const length: unknown = Object.getOwnPropertyDescriptor(object, "length")?.value;
  if (Array.isArray(value)) return `Array(${String(length)})`;
  if (typeOf(value) !== "Object") return typeOf(value);
  const names = Object.getOwnPropertyNames(object).slice(0, 8);
  return names.length > 0 ? `{ ${names.join(", ")} }` : "{}";
}

/** Whether a message holds a `Looked`. */
export function isLooked(value: unknown): value is Looked {
  if (typeof value !== "object" || value === null) return false;
  const { type, text, members } = value as Record<string, unknown>;
  return (
    isText(type) &&
    isText(text) &&
    Array.isArray(members) &&
    members.length <= MOST_MEMBERS &&
    members.every(isMember)
  );
}

function isMember(value: unknown): value is LookedMember {
  if (typeof value !== "object" || value === null) return false;
  const { name, kind, text } = value as Record<string, unknown>;
  return isText(name) && isText(text) && (kind === "function" || kind === "value" || kind === "getter");
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= MOST_TEXT;
}
