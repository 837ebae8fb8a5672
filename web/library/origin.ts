// What an address asks for: `?notebook=` one of the site's own, `?library` the list of all, `?mine=` a copy in this browser, `?url=` a
// file somewhere else, `#nb=` a notebook that the link itself holds.

import type { Origin } from "../notebook/session.ts";

const FIRST_NOTEBOOK = "first-light";

/** The fragment that holds a notebook begins so. */
export const LINK = "#nb=";

/** The notebook that an address names; nothing if it names the library. */
export async function originOf({
  search,
  hash,
}: Pick<Location, "search" | "hash">): Promise<Origin | undefined> {
  const asked = new URLSearchParams(search);
  if (asked.has("library")) return undefined;
  const [mine, url] = [asked.get("mine"), asked.get("url")];
  if (hash.startsWith(LINK) || url !== null || mine !== null) {
    const { linked, from, kept } = await import("./foreign.ts");
    return hash.startsWith(LINK)
      ? linked(hash.slice(LINK.length))
      : url !== null
        ? from(url)
        : kept(mine ?? "");
  }
  // Names such as "data" or "reference/3".
  const name = /^[\w-]+(\/[\w-]+)?$/.exec(asked.get("notebook") ?? "")?.[0] ?? FIRST_NOTEBOOK;
  return { id: name, load: () => fetchText(new URL(`notebooks/${name}.ipynb`, document.baseURI).href) };
}

/** A text of the site. */
export async function fetchText(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The notebook could not be loaded: ${url} (${response.status}).`);
  return response.text();
}
