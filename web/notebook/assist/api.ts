// What the editor knows of the API: its types as far as completion needs them, made from the declarations when the site is built
// (`declarations.ts`). No type checker: what an expression is follows from a few rules, and what they do not reach is left unsaid.

/** A type, as it was written and as far as it is understood. */
export interface Shape {
  text: string;
  /** Types whose members its values have; `this` is the type that the member belongs to. */
  is?: string[];
  /** Of a promise: what it resolves to. */
  awaited?: Shape;
  /** Of an array or a record: what its elements are. */
  item?: Shape;
  calls?: Signature[];
  /** Strings that it consists of. */
  words?: string[];
  /** Members of its own, beside those of `is`. */
  members?: Record<string, Member>;
  /** Members that it lacks of those of `is`. */
  without?: string[];
}

export interface Parameter {
  name: string;
  type: Shape;
  optional?: boolean;
  rest?: boolean;
}

export interface Signature {
  params: Parameter[];
  returns: Shape;
}

export interface Member {
  doc?: string;
  type: Shape;
  optional?: boolean;
}

export interface TypeHelp {
  doc?: string;
  extends?: Shape[];
  members?: Record<string, Member>;
  calls?: Signature[];
}

/** All types by name. */
export type ApiHelp = Record<string, TypeHelp>;

/** The types that hold what every cell sees. */
const GLOBALS = ["Gradbook", "CellNames"];

/** Types of the language whose members the page's own objects tell. */
const LANGUAGE: Record<string, object> = {
  string: String.prototype,
  number: Number.prototype,
  boolean: Boolean.prototype,
  Array: Array.prototype,
  Promise: Promise.prototype,
  Function: Function.prototype,
  Float32Array: Float32Array.prototype,
  Int32Array: Int32Array.prototype,
  Uint32Array: Uint32Array.prototype,
  Uint8Array: Uint8Array.prototype,
  Map: Map.prototype,
  Set: Set.prototype,
  RegExp: RegExp.prototype,
};

export class Api {
  /** Those of one type, once they were wanted. */
  readonly #members = new Map<string, ReadonlyMap<string, Member>>();

  constructor(private readonly types: ApiHelp) {}

  /** A name that cells see without declaring it. */
  global(name: string): Member | undefined {
    return this.globals().get(name);
  }

  globals(): ReadonlyMap<string, Member> {
    return this.members({ text: "", is: GLOBALS });
  }

  /** What stands about a type itself. */
  docOf(type: string): string | undefined {
    return Object.hasOwn(this.types, type) ? this.types[type]?.doc : undefined;
  }

  has(type: string): boolean {
    return Object.hasOwn(this.types, type);
  }

  /** The members of a value, those of its first type first. */
  members(shape: Shape | undefined): ReadonlyMap<string, Member> {
    const name = shape?.is?.length === 1 && !shape.members && !shape.without ? shape.is[0] : undefined;
    const known = name === undefined ? undefined : this.#members.get(name);
    if (known) return known;
    const found = new Map<string, Member>();
    this.#collect(shape, shape?.text ?? "", found, new Set());
    if (name !== undefined && name !== "this") this.#members.set(name, found);
    return found;
  }

  #collect(shape: Shape | undefined, self: string, found: Map<string, Member>, seen: Set<string>): void {
    const without = new Set(shape?.without);
    for (const [member, help] of Object.entries(shape?.members ?? {})) found.set(member, help);
    for (const name of shape?.is ?? []) {
      const type = name === "this" ? self : name;
      if (seen.has(type)) continue;
      seen.add(type);
      const own = new Map<string, Member>();
      if (Object.hasOwn(this.types, type)) {
        for (const [member, help] of Object.entries(this.types[type]?.members ?? {})) own.set(member, help);
        for (const above of this.types[type]?.extends ?? []) this.#collect(above, type, own, seen);
      } else {
        const object = languageObject(type);
        if (object) for (const [member, help] of languageMembers(object)) own.set(member, help);
      }
      for (const [member, help] of own) {
        if (!found.has(member) && !without.has(member)) found.set(member, ofType(help, type));
      }
    }
  }

  /** How a value can be called. */
  calls(shape: Shape | undefined): Signature[] {
    return [
      ...(shape?.calls ?? []),
      ...this.#through(
        shape,
        (type) => type.calls ?? [],
        (s) => s.calls ?? [],
      ),
    ];
  }

  /** The strings that a value may be. */
  words(shape: Shape | undefined): string[] {
    return [
      ...(shape?.words ?? []),
      ...this.#through(
        shape,
        () => [],
        (above) => above.words ?? [],
      ),
    ];
  }

  awaited(shape: Shape | undefined): Shape | undefined {
    return (
      shape?.awaited ??
      this.#through(
        shape,
        () => [],
        (s) => (s.awaited ? [s.awaited] : []),
      )[0] ??
      shape
    );
  }

  item(shape: Shape | undefined): Shape | undefined {
    return (
      shape?.item ??
      this.#through(
        shape,
        () => [],
        (s) => (s.item ? [s.item] : []),
      )[0]
    );
  }

  /** What the types of a shape say themselves, and what those say that they extend or stand for. */
  #through<T>(shape: Shape | undefined, own: (type: TypeHelp) => T[], above: (shape: Shape) => T[]): T[] {
    const found: T[] = [];
    const pending = [...(shape?.is ?? [])];
    const seen = new Set<string>();
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      if (seen.has(name) || !Object.hasOwn(this.types, name)) continue;
      seen.add(name);
      const type = this.types[name] as TypeHelp;
      found.push(...own(type));
      for (const other of type.extends ?? []) {
        found.push(...above(other));
        pending.push(...(other.is ?? []));
      }
    }
    return found;
  }
}

/** A value of a type, for what is known by its name alone. */
export function named(type: string): Shape {
  return { text: type, is: [type] };
}

/** The page's own object for a type of the language, or for one of its globals: `global:Math`. */
function languageObject(type: string): object | undefined {
  if (Object.hasOwn(LANGUAGE, type)) return LANGUAGE[type];
  return type.startsWith("global:") ? Reflect.get(globalThis, type.slice("global:".length)) : undefined;
}

/** The members of one of the page's own objects. */
function languageMembers(object: object): Map<string, Member> {
  const found = new Map<string, Member>();
  for (
    let owner: object | null = object;
    owner && owner !== Object.prototype;
    owner = Object.getPrototypeOf(owner)
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
      if (found.has(name) || name === "constructor" || name.startsWith("__")) continue;
      const isFunction = typeof value === "function";
      found.set(name, { type: isFunction ? { text: "function", is: ["Function"] } : named(typeof value) });
    }
  }
  return found;
}

/** A member whose type speaks of `this`, with the type that it belongs to in its place. */
function ofType(member: Member, type: string): Member {
  return JSON.stringify(member.type).includes('"this"')
    ? {
        ...member,
        type: JSON.parse(JSON.stringify(member.type).replaceAll('"is":["this"]', `"is":["${type}"]`)),
      }
    : member;
}
