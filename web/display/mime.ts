// A display as a MIME bundle and back: text and a picture for every other program, and beside them our own data, so
// that the view is alive again when the notebook is opened here. Bundles come from anyone's files: all is validated.

import type { Display } from "./schema.ts";
import { isDisplay } from "./validate.ts";
import { viewOf } from "./views.ts";

/** Our own data: the display as JSON with typed arrays in base64. */
export const DISPLAY_MIME = "application/vnd.gradbook.display+json";

/** Kinds that are whole without our own data. */
const PLAIN: Display["kind"][] = ["picture", "text", "html"];

/** Above this size only the picture is kept. */
const MAX_DATA = 400_000;

export async function bundleOf(display: Display): Promise<Record<string, unknown>> {
  const view = await viewOf(display);
  const bundle: Record<string, unknown> = { "text/plain": view.text(display) };
  const picture = await view.picture?.(display);
  if (picture?.mime === "image/png") bundle["image/png"] = picture.base64;
  else if (picture) bundle[picture.mime] = utf8(picture.base64);
  if (display.kind === "html") bundle["text/html"] = display.html;
  if (PLAIN.includes(display.kind)) return bundle;
  // A worker's name for an input means nothing to another.
  const data = pack(display.kind === "input" ? { ...display, id: undefined } : display);
  if (JSON.stringify(data).length <= MAX_DATA) bundle[DISPLAY_MIME] = data;
  return bundle;
}

/** The best of a bundle that this page can show; multi-line strings already joined. */
export function displayOfBundle(bundle: Record<string, unknown>): Display {
  const own = ownOf(bundle[DISPLAY_MIME]);
  if (isDisplay(own)) return own;
  const plain = bundle["text/plain"];
  const text = typeof plain === "string" ? plain : "";
  for (const mime of ["image/png", "image/jpeg"] as const) {
    const picture = { kind: "picture", mime, base64: bundle[mime], text };
    if (isDisplay(picture)) return picture;
  }
  const svg = bundle["image/svg+xml"];
  if (typeof svg === "string") return { kind: "picture", mime: "image/svg+xml", base64: base64(svg), text };
  const html = { kind: "html", html: bundle["text/html"], text: text || "An HTML document" };
  if (isDisplay(html)) return html;
  return {
    kind: "text",
    text: text || `(an output that this page does not show: ${Object.keys(bundle).join(", ")})`,
  };
}

/** Nothing if it is nested deeper than any display: the rest of the notebook is shown nevertheless. */
function ownOf(data: unknown): unknown {
  try {
    return unpack(data);
  } catch {
    return undefined;
  }
}

function pack(value: unknown): unknown {
  if (value instanceof Float32Array)
    return { $f32: bytesToBase64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) };
  if (value instanceof Int32Array)
    return { $i32: bytesToBase64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) };
  if (value instanceof Uint8ClampedArray) return { $u8: bytesToBase64(new Uint8Array(value)) };
  // JSON has no word for these.
  if (typeof value === "number" && !Number.isFinite(value)) return { $number: String(value) };
  if (Array.isArray(value)) return value.map(pack);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, pack(field)]));
}

function unpack(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unpack);
  if (typeof value !== "object" || value === null) return value;
  const { $f32, $i32, $u8, $number } = value as Partial<Record<"$f32" | "$i32" | "$u8" | "$number", unknown>>;
  if (typeof $number === "string") return Number($number);
  try {
    if (typeof $f32 === "string") return new Float32Array(base64ToBytes($f32).buffer);
    if (typeof $i32 === "string") return new Int32Array(base64ToBytes($i32).buffer);
    if (typeof $u8 === "string") return new Uint8ClampedArray(base64ToBytes($u8).buffer);
  } catch {
    return undefined;
  }
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, unpack(field)]));
}

function bytesToBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let i = 0; i < bytes.length; i += 0x8000)
    binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(binary);
}

function base64ToBytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

function base64(text: string): string {
  return bytesToBase64(new TextEncoder().encode(text));
}

function utf8(text: string): string {
  return new TextDecoder().decode(base64ToBytes(text));
}
