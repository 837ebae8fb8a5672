// What a file is, by its first bytes: names lie.

export type Format = "image" | "zip" | "gzip" | "npy" | "idx" | "wav" | "cifar" | "text" | "unknown";

/** How many bytes are looked at. */
export const HEAD = 512;

/** What a file is. `head` is its beginning, `size` its length. */
export function formatOf(path: string, head: Uint8Array, size: number): Format {
  const starts = (text: string, at = 0) =>
    Array.from(text).every((char, i) => head[at + i] === char.charCodeAt(0));
  if (starts("\x89PNG\r\n\x1a\n") || starts("\xff\xd8\xff") || starts("GIF8")) return "image";
  if (starts("RIFF") && starts("WEBP", 8)) return "image";
  if (starts("BM") && /\.(bmp|dib)$/i.test(path)) return "image";
  if (starts("ftyp", 4) && (starts("avif", 8) || starts("avis", 8))) return "image";
  if (starts("RIFF") && starts("WAVE", 8)) return "wav";
  if (starts("PK\x03\x04") || starts("PK\x05\x06")) return "zip";
  if (starts("\x1f\x8b")) return "gzip";
  if (starts("\x93NUMPY")) return "npy";
  const [zero, zeroToo, code = 0, axes = 0] = head;
  if (zero === 0 && zeroToo === 0 && code >= 0x08 && code <= 0x0e && axes >= 1 && axes <= 8) return "idx";
  if (/\.bin$/i.test(path) && size > 0 && (size % 3073 === 0 || size % 3074 === 0)) return "cifar";
  return isText(head) ? "text" : "unknown";
}

/** Why a file of an unknown kind is left out. */
export function strangeness(path: string, head: Uint8Array): string {
  const claimed = /\.([a-z0-9]{1,5})$/i.exec(path)?.[1]?.toLowerCase();
  const known = "png jpg jpeg gif webp bmp avif npy npz zip gz wav csv tsv".split(" ");
  if (claimed && known.includes(claimed))
    return `it is called .${claimed}, but what is in it is something else`;
  const first = Array.from(head.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return `it is of no kind that is read here (it starts with ${first})`;
}

function isText(head: Uint8Array): boolean {
  if (head.length === 0) return false;
  return head.every((byte) => byte >= 0x20 || byte === 9 || byte === 10 || byte === 13);
}
