// A JavaScript value as text, for reading: objects indented when they are long, long arrays shortened, typed arrays with
// a few significant digits, cycles and throwing proxies survived. Runs in the user worker; never calls a getter.

const MAX_DEPTH = 4;
const MAX_ITEMS = 100;
const MAX_TYPED_ITEMS = 12;
const MAX_STRING = 10_000;
const LINE_WIDTH = 88;

/** `value` as a JavaScript programmer would write it. */
export function inspect(value: unknown): string {
  return print(value, { depth: 0, seen: [] });
}

/** As `inspect`, but text is shown as it is: what `display` and the console do. */
export function inspectMessage(...values: unknown[]): string {
  return values.map((value) => (typeof value === "string" ? value : inspect(value))).join(" ");
}

interface Context {
  depth: number;
  seen: object[];
}

function print(value: unknown, context: Context): string {
  switch (typeof value) {
    case "string":
      return printString(value);
    case "bigint":
      return `${value}n`;
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "function":
      return printFunction(value as () => unknown);
    case "object":
      break;
    default:
      return String(value);
  }
  if (value === null) return "null";
  if (context.seen.includes(value)) return "[circular]";
  try {
    return printObject(value, { depth: context.depth + 1, seen: [...context.seen, value] });
  } catch (error) {
    return `[not shown: ${error instanceof Error ? error.message : "it throws"}]`;
  }
}

function printString(text: string): string {
  const shown = text.length > MAX_STRING ? `${text.slice(0, MAX_STRING)}…` : text;
  const quote = !shown.includes("'") ? "'" : !shown.includes('"') ? '"' : "`";
  const escaped = shown.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  return quote + (quote === "`" ? escaped.replaceAll("`", "\\`") : escaped) + quote;
}

function printFunction(value: () => unknown): string {
  const name = Object.getOwnPropertyDescriptor(value, "name")?.value;
  const kind = /^class\b/.test(Function.prototype.toString.call(value)) ? "class" : "function";
  return name ? `[${kind} ${String(name)}]` : `[${kind}]`;
}

function printObject(value: object, context: Context): string {
  if (Array.isArray(value)) return printArray(value, context);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return printTypedArray(value as TypedArray);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (value instanceof Promise) return "Promise";
  if (value instanceof ArrayBuffer) return `ArrayBuffer(${value.byteLength})`;
  if (value instanceof Map) {
    const entries = take(value, ([k, v]) => `${print(k, context)} => ${print(v, context)}`);
    return wrap(`Map(${value.size}) {`, shorten(entries, value.size), "}", context);
  }
  if (value instanceof Set) {
    const items = take(value, (item) => print(item, context));
    return wrap(`Set(${value.size}) {`, shorten(items, value.size), "}", context);
  }
  const name = className(value);
  if (name !== "") {
    const custom = customString(value);
    if (custom !== undefined) return custom;
  }
  const prefix = name === "" ? "" : `${name} `;
  if (context.depth > MAX_DEPTH) return `${prefix}{…}`;
  const keys = Reflect.ownKeys(value).filter(
    (key) => Object.getOwnPropertyDescriptor(value, key)?.enumerable,
  );
  const entries = keys
    .slice(0, MAX_ITEMS)
    .map((key) => `${printKey(key)}: ${printProperty(value, key, context)}`);
  return wrap(`${prefix}{`, shorten(entries, keys.length), "}", context);
}

function printArray(value: unknown[], context: Context): string {
  if (context.depth > MAX_DEPTH) return `[… ${value.length} items]`;
  const items: string[] = [];
  for (let i = 0; i < Math.min(value.length, MAX_ITEMS); i++) {
    items.push(Object.hasOwn(value, i) ? printProperty(value, String(i), context) : "empty");
  }
  return wrap("[", shorten(items, value.length), "]", context);
}

type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array | BigInt64Array;

function printTypedArray(value: TypedArray): string {
  const isFloat = value instanceof Float32Array || value instanceof Float64Array;
  const items = take(value.subarray(0, MAX_TYPED_ITEMS) as Iterable<number | bigint>, (x) =>
    isFloat ? formatNumber(Number(x)) : String(x),
  );
  const rest = value.length - items.length;
  const shown = rest > 0 ? [...items, `… ${rest} more`] : items;
  return `${value.constructor.name}(${value.length}) [${shown.join(", ")}]`;
}

/** At most six significant digits, without trailing zeros: 0.1f prints as 0.1. */
export function formatNumber(x: number): string {
  if (!Number.isFinite(x) || Number.isInteger(x)) return String(x);
  return String(Number(x.toPrecision(6)));
}

function printProperty(owner: object, key: string | symbol, context: Context): string {
  const descriptor = Object.getOwnPropertyDescriptor(owner, key);
  if (!descriptor) return "undefined";
  return "value" in descriptor ? print(descriptor.value, context) : "[getter]";
}

function printKey(key: string | symbol): string {
  if (typeof key === "symbol") return `[${String(key)}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? key : printString(key);
}

function className(value: object): string {
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === null || prototype === Object.prototype) return "";
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  return typeof maker === "function" && maker.name !== "Object" ? maker.name : "";
}

/** What the class's own `toString` says; tensors and models describe themselves so. */
function customString(value: object): string | undefined {
  const show: unknown = Reflect.get(value, "toString");
  if (typeof show !== "function" || show === Object.prototype.toString) return undefined;
  const text: unknown = show.call(value);
  return typeof text === "string" ? text : undefined;
}

function take<T>(items: Iterable<T>, show: (item: T) => string): string[] {
  const shown: string[] = [];
  for (const item of items) {
    if (shown.length === MAX_ITEMS) break;
    shown.push(show(item));
  }
  return shown;
}

function shorten(items: string[], total: number): string[] {
  return total > items.length ? [...items, `… ${total - items.length} more`] : items;
}

function wrap(open: string, items: string[], close: string, context: Context): string {
  if (items.length === 0) return open + close;
  const space = close === "}" ? " " : "";
  const line = `${open}${space}${items.join(", ")}${space}${close}`;
  if (line.length + 2 * context.depth <= LINE_WIDTH && !line.includes("\n")) return line;
  const indent = "  ".repeat(context.depth);
  const rows = close === "]" ? packRows(items, LINE_WIDTH - indent.length) : items;
  return `${open}\n${indent}${rows.join(`,\n${indent}`)}\n${indent.slice(2)}${close}`;
}

/** Short array items share lines. */
function packRows(items: string[], width: number): string[] {
  const rows: string[] = [];
  let row = "";
  for (const item of items) {
    if (row !== "" && (row.length + item.length + 2 > width || item.includes("\n"))) {
      rows.push(row);
      row = "";
    }
    row += row === "" ? item : `, ${item}`;
  }
  return [...rows, row];
}
