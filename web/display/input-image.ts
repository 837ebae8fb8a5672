// A picture of the reader's own: chosen, dropped, pasted, or taken with the camera, which is asked for by a click here and by
// nothing else, and is off as soon as the picture is taken. Decoded and made smaller by what imports data sets.

import { droppedFiles, hasFiles, pastedFiles } from "../import/dropped.ts";
import { decode, measure } from "../import/picture.ts";
import type { ImageControl } from "./control.ts";
import { seenBy } from "./input-picture.ts";
import { append } from "./view.ts";

export function drawImagePicker(
  row: HTMLElement,
  control: ImageControl,
  tell: (value: Uint8ClampedArray | null) => void,
  signal: AbortSignal,
) {
  return new Picker(row, control, tell, signal);
}

class Picker {
  readonly #seen: HTMLElement;
  readonly #buttons: HTMLElement;
  readonly #problem: HTMLElement;
  #stream: MediaStream | undefined;
  #last: Uint8ClampedArray | null = null;

  constructor(
    row: HTMLElement,
    private readonly control: ImageControl,
    private readonly tell: (value: Uint8ClampedArray | null) => void,
    private readonly signal: AbortSignal,
  ) {
    const name = control.label || "Picture";
    append(row, "p", "input-label", name);
    const box = append(row, "div", "draw-box");
    this.#seen = append(box, "div", "image-seen");
    const side = append(box, "div", "draw-side");
    this.#buttons = append(side, "div", "draw-tools");
    this.#buttons.role = "group";
    this.#buttons.ariaLabel = `Where ${name} comes from`;
    append(side, "p", "output-note", "Or drop a picture here, or paste one while a button has the focus.");
    this.#problem = append(side, "p", "input-problem");
    this.#problem.role = "alert";
    this.#offer();
    row.ondragover = (event) => {
      if (hasFiles(event)) event.preventDefault();
    };
    row.ondrop = (event) => {
      if (!hasFiles(event) || !event.dataTransfer) return;
      event.preventDefault();
      void droppedFiles(event.dataTransfer).then((files) => this.#take(files[0]?.file));
    };
    row.onpaste = (event) => {
      const [first] = pastedFiles(event);
      if (!first) return;
      event.preventDefault();
      void this.#take(first.file);
    };
    signal.addEventListener("abort", () => this.#off());
  }

  set(value: Uint8ClampedArray | null): void {
    this.#last = value;
    this.#seen.replaceChildren();
    if (!value) {
      append(this.#seen, "p", "image-empty", "No picture yet");
      return;
    }
    const canvas = seenBy({ control: this.control, value });
    canvas.role = "img";
    canvas.ariaLabel = "The picture";
    this.#seen.append(canvas);
  }

  /** Buttons for where a picture may come from. */
  #offer(): void {
    const file = document.createElement("input");
    file.type = "file";
    file.accept = "image/*";
    file.onchange = () => void this.#take(file.files?.[0]);
    this.#show(["Choose a picture", () => file.click()], ["Camera", () => void this.#on()]);
  }

  #show(...buttons: [text: string, act: () => void][]): void {
    this.#buttons.replaceChildren();
    for (const [text, act] of buttons) append(this.#buttons, "button", "draw-button", text).onclick = act;
  }

  async #take(file: Blob | undefined): Promise<void> {
    if (!file) return;
    this.#problem.textContent = "";
    try {
      measure(new Uint8Array(await file.arrayBuffer()));
      const { size, channels } = this.control;
      const planes = new Uint8Array(3 * size * size);
      await decode(file, size, "crop", planes);
      const value = channels === 3 ? new Uint8ClampedArray(planes.buffer) : greyOf(planes, size * size);
      if (this.signal.aborted) return;
      this.set(value);
      this.tell(value);
    } catch (error) {
      this.#problem.textContent = `The picture was not taken: ${messageOf(error)}.`;
    }
  }

  async #on(): Promise<void> {
    this.#problem.textContent = "";
    try {
      if (!navigator.mediaDevices) throw new Error("a camera needs a page that came over https");
      this.#stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
      if (this.signal.aborted) return this.#off();
      const video = document.createElement("video");
      Object.assign(video, { muted: true, playsInline: true, srcObject: this.#stream });
      video.ariaLabel = "What the camera sees";
      this.#seen.replaceChildren(video);
      await video.play();
      this.#show(
        ["Take the picture", () => void this.#capture(video)],
        ["Camera off", () => this.#end(undefined)],
      );
      this.#buttons.querySelector("button")?.focus();
    } catch (error) {
      this.#end(undefined);
      const isRefused = error instanceof DOMException && error.name === "NotAllowedError";
      this.#problem.textContent = `The camera is not available: ${isRefused ? "it was not allowed" : messageOf(error)}.`;
    }
  }

  async #capture(video: HTMLVideoElement): Promise<void> {
    const canvas = new OffscreenCanvas(video.videoWidth || 1, video.videoHeight || 1);
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    this.#end(await canvas.convertToBlob({ type: "image/png" }));
  }

  /** The camera goes off, whether or not it has given a picture. */
  #end(picture: Blob | undefined): void {
    this.#off();
    this.#offer();
    this.set(this.#last);
    this.#buttons.querySelector("button")?.focus();
    void this.#take(picture);
  }

  #off(): void {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = undefined;
  }
}

/** Brightness as Rec. 601 weighs colours. */
function greyOf(planes: Uint8Array, size: number): Uint8ClampedArray {
  return Uint8ClampedArray.from(
    { length: size },
    (_, i) =>
      0.299 * (planes[i] ?? 0) + 0.587 * (planes[size + i] ?? 0) + 0.114 * (planes[2 * size + i] ?? 0),
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
