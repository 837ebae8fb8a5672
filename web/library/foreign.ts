// Notebooks that are not the site's own: held by a link, fetched from another host, kept in this browser. Opening one runs nothing.

import type { Origin } from "../notebook/session.ts";
import { hashOf } from "../notebook/trust.ts";
import { fetchText } from "./origin.ts";
import { unpack } from "./pack.ts";

/** As much as a page can well show. */
const MOST_BYTES = 100e6;
const PATIENCE_MS = 60_000;

/** The notebook that a link holds. The same link finds the same copy again. */
export async function linked(packed: string): Promise<Origin> {
  const text = await unpack(packed);
  const name = (await hashOf(text)).slice(0, 32) || packed;
  return { id: `link:${name}`, load: async () => text, source: "a link" };
}

/** The notebook at an address. */
export function from(address: string): Origin {
  const url = rawAddress(address);
  const isOurs = url.origin === location.origin;
  return {
    id: `url:${url.href}`,
    load: () => (isOurs ? fetchText(url.href) : fetchForeign(url)),
    source: url.host + url.pathname,
  };
}

/** A notebook that is in this browser only. */
export function kept(id: string): Origin {
  return {
    id,
    load: () =>
      Promise.reject(new Error("This notebook is not in this browser (any more). All that are: ./?library")),
  };
}

/** The file itself where the address is that of a page about it. */
export function rawAddress(address: string): URL {
  let url: URL;
  try {
    url = new URL(address, document.baseURI);
  } catch {
    throw new Error(`This is not the address of a notebook: ${address}`);
  }
  if (url.protocol !== "https:" && url.origin !== location.origin)
    throw new Error(`A notebook is loaded over https only: ${address}`);
  const page = /^\/([^/]+\/[^/]+)\/blob\/(.+)$/.exec(url.pathname);
  if (url.hostname === "github.com" && page)
    return new URL(`https://raw.githubusercontent.com/${page[1]}/${page[2]}`);
  return url;
}

/**
 * The page itself may ask no other host: a frame does, `fetch.html`, which has no other rights, holds nothing of the reader's and is gone
 * after its answer. Cookies are not sent.
 */
function fetchForeign(url: URL): Promise<string> {
  const frame = document.createElement("iframe");
  frame.sandbox.add("allow-scripts");
  frame.hidden = true;
  frame.title = "Loads a notebook";
  const ended = new AbortController();
  return new Promise<string>((resolve, reject) => {
    const fail = (why: string) =>
      reject(
        new Error(
          `The notebook at ${url.href} could not be loaded: ${why}. Its host must allow other sites to read it.`,
        ),
      );
    const timer = setTimeout(() => fail("no answer"), PATIENCE_MS);
    const listener = ({
      source,
      data,
    }: MessageEvent<{ type?: unknown; text?: unknown; message?: unknown }>) => {
      if (source !== frame.contentWindow) return;
      if (data?.type === "ready") frame.contentWindow?.postMessage({ url: url.href, most: MOST_BYTES }, "*");
      else {
        clearTimeout(timer);
        if (data?.type === "text" && typeof data.text === "string") resolve(data.text);
        else fail(String(data?.message).slice(0, 300));
      }
    };
    addEventListener("message", listener, { signal: ended.signal });
    frame.src = new URL("fetch.html", document.baseURI).href;
    document.body.append(frame);
  }).finally(() => {
    ended.abort();
    frame.remove();
  });
}
