// Isolates the page where its host sends no such headers, for readers who ask for it: memory that threads share needs them. Adds them to
// what the host answers, and does nothing else.

/** What is used of a service worker's scope, whose types exclude those of a page. */
interface Scope {
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
  addEventListener(type: "install" | "activate" | "fetch", listener: (event: ScopeEvent) => void): void;
}

interface ScopeEvent {
  request: Request;
  waitUntil(done: Promise<void>): void;
  respondWith(answer: Promise<Response>): void;
}

const HEADERS = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
};

const scope = globalThis as unknown as Scope;
scope.addEventListener("install", () => void scope.skipWaiting());
scope.addEventListener("activate", (event) => event.waitUntil(scope.clients.claim()));
scope.addEventListener("fetch", (event) => {
  const { url, method } = event.request;
  if (method === "GET" && new URL(url).origin === location.origin) event.respondWith(isolated(event.request));
});

async function isolated(request: Request): Promise<Response> {
  const response = await fetch(request);
  // What cannot be read cannot be answered anew.
  if (response.type === "opaque" || response.type === "opaqueredirect" || response.status === 0)
    return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  const { status, statusText } = response;
  // A status that has no body must not get one.
  const body = [204, 205, 304].includes(status) ? null : response.body;
  return new Response(body, { status, statusText, headers });
}
