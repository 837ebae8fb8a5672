// Which notebooks of other people may run: those whose text the reader has let run, by its hash. A file cannot say it of itself, and a
// changed one is another one.

const KEY = "gradbook-trusted";
/** The oldest are forgotten. */
const MOST = 500;

export function isTrusted(hash: string): boolean {
  return hash !== "" && known().includes(hash);
}

/** Without a hash, or where nothing is kept, it holds for this visit only, and the caller remembers it. */
export function trust(hash: string): void {
  if (hash === "" || isTrusted(hash)) return;
  try {
    localStorage.setItem(KEY, JSON.stringify([...known(), hash].slice(-MOST)));
  } catch {
    // The reader is asked again.
  }
}

function known(): unknown[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}

/** SHA-256 of a text. Empty where the browser does not hash: on a page that came over plain HTTP. */
export async function hashOf(text: string): Promise<string> {
  if (!isSecureContext) return "";
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
