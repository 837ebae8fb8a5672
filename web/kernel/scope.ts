// The scope that all cells share: one plain object for speed, with the built-in names behind it, and behind those a
// proxy that makes an unknown name the error it is in JavaScript.

export type SharedScope = Record<string, unknown>;

/** A new scope. `builtins` are visible in every cell and may be shadowed by a cell's own names. */
export function createScope(builtins: Record<string, unknown>): SharedScope {
  const unknownNames = new Proxy(Object.create(null) as object, {
    has: (_, name) => name in globalThis,
    get(_, name) {
      if (typeof name === "symbol" || name in globalThis) return Reflect.get(globalThis, name);
      throw new ReferenceError(`${name} is not defined`);
    },
    // Reached when a cell declares a name for the first time; assignments to unknown names are caught before.
    set: (_, name, value, receiver: object) =>
      Reflect.defineProperty(receiver, name, { value, writable: true, enumerable: true, configurable: true }),
  });
  return Object.create(Object.assign(Object.create(unknownNames), builtins)) as SharedScope;
}
