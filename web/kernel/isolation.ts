// Threads where the host sends no headers for them: a service worker of ours adds them, if the reader asks for it. The sandbox then needs a frame
// without credentials, since a service worker does not answer for frames without an origin; not all browsers have those.

/** Whether the reader can have threads by this. */
export function canIsolate(): boolean {
  return (
    !globalThis.crossOriginIsolated &&
    isSecureContext &&
    origin !== "null" &&
    navigator.serviceWorker !== undefined &&
    navigator.hardwareConcurrency > 1 &&
    "credentialless" in HTMLIFrameElement.prototype
  );
}

/** Whether the page is isolated by us and not by its host. */
export function isIsolatedByUs(): boolean {
  return globalThis.crossOriginIsolated && Boolean(navigator.serviceWorker?.controller);
}

/** Isolates the page, or ends it: with the next load. */
export async function setIsolated(isWanted: boolean): Promise<void> {
  if (isWanted) {
    const taken = new Promise((resolve) =>
      navigator.serviceWorker.addEventListener("controllerchange", resolve),
    );
    await navigator.serviceWorker.register(new URL("service-worker.js", document.baseURI));
    if (!navigator.serviceWorker.controller) await taken;
  } else {
    const registration = await navigator.serviceWorker.getRegistration(document.baseURI);
    await registration?.unregister();
  }
}
