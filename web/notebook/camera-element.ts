// Samples from the camera, class by class. The camera is asked for by a click, and is off as soon as this leaves the page.

import { html, nothing } from "lit";
import { createRef, ref } from "lit/directives/ref.js";
import type { SourceFile } from "../import/protocol.ts";
import { PageElement } from "./element.ts";

/** Pixels of a captured square's side: more than any size that networks here are trained on. */
const SIDE = 256;
/** Between two pictures while the button is held down. */
const EVERY_MS = 150;

export class CameraElement extends PageElement {
  static override properties = {
    classes: { state: true },
    error: { state: true },
    isOn: { state: true },
  };
  declare classes: { name: string; files: Blob[] }[];
  declare error: string;
  declare isOn: boolean;
  readonly #video = createRef<HTMLVideoElement>();
  #stream: MediaStream | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    this.classes = [
      { name: "class 1", files: [] },
      { name: "class 2", files: [] },
    ];
    this.error = "";
    this.isOn = false;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.untilRemoved(() => this.#off());
  }

  override render() {
    return html`<div class="camera">
      <video class="camera-picture" muted playsinline aria-label="What the camera sees" ?hidden=${!this.isOn} ${ref(this.#video)}></video>
      ${
        this.isOn
          ? nothing
          : html`<button class="bar-button is-primary" @click=${this.#on}>Turn the camera on</button>
              <p class="own-hint">The browser asks for your permission. Pictures stay in this page.</p>`
      }
      ${this.error ? html`<p class="own-failed" role="alert">${this.error}</p>` : nothing}
      <ul class="own-list" aria-label="Classes">
        ${this.classes.map((own, i) => this.#classOf(own, i))}
      </ul>
      <div class="own-buttons">
        <button class="bar-button" @click=${this.#addClass}>Add a class</button>
        <button
          class="bar-button is-primary"
          ?disabled=${this.classes.every(({ files }) => files.length === 0)}
          @click=${() => this.#done(this.#files())}
        >
          Use these pictures
        </button>
        <button class="bar-button" @click=${() => this.#done([])}>Back</button>
      </div>
    </div>`;
  }

  #classOf(own: { name: string; files: Blob[] }, i: number) {
    const hold = () => {
      void this.#capture(i);
      this.#timer ??= setInterval(() => void this.#capture(i), EVERY_MS);
    };
    return html`<li>
      <label>
        <span class="visually-hidden">Name of class ${i + 1}</span>
        <input
          maxlength="60"
          .value=${own.name}
          @input=${(event: Event) => (own.name = (event.target as HTMLInputElement).value)}
        />
      </label>
      <span aria-live="polite">${own.files.length} ${own.files.length === 1 ? "picture" : "pictures"}</span>
      <button
        class="bar-button"
        ?disabled=${!this.isOn}
        title="Hold it down for many"
        aria-label="Take a picture of class ${i + 1}"
        @pointerdown=${hold}
        @pointerup=${this.#release}
        @pointerleave=${this.#release}
        @pointercancel=${this.#release}
        @click=${(event: MouseEvent) => {
          // By a key or a screen reader; a pointer was heard already.
          if (event.detail === 0) void this.#capture(i);
        }}
      >
        Take a picture
      </button>
    </li>`;
  }

  readonly #on = async (): Promise<void> => {
    this.error = "";
    try {
      if (!navigator.mediaDevices) throw new Error("a camera needs a page that came over https");
      const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
      // It may have been closed while the reader was asked.
      if (!this.isConnected) return stopAll(stream);
      this.#stream = stream;
      const video = this.#video.value;
      if (!video) return;
      video.srcObject = stream;
      await video.play();
      this.isOn = true;
    } catch (error) {
      const reason =
        error instanceof DOMException && error.name === "NotAllowedError"
          ? "it was not allowed"
          : String(error);
      this.error = `The camera is not available: ${reason}.`;
    }
  };

  #off(): void {
    this.#release();
    if (this.#stream) stopAll(this.#stream);
    this.#stream = undefined;
    this.isOn = false;
  }

  readonly #release = (): void => {
    clearInterval(this.#timer);
    this.#timer = undefined;
  };

  /** The square in the middle of what the camera sees now. */
  async #capture(i: number): Promise<void> {
    const video = this.#video.value;
    const own = this.classes[i];
    if (!video || !own || !this.isOn) return;
    const side = Math.min(video.videoWidth, video.videoHeight);
    if (side === 0) return;
    const canvas = new OffscreenCanvas(SIDE, SIDE);
    const [x, y] = [(video.videoWidth - side) / 2, (video.videoHeight - side) / 2];
    canvas.getContext("2d")?.drawImage(video, x, y, side, side, 0, 0, SIDE, SIDE);
    own.files.push(await canvas.convertToBlob({ type: "image/png" }));
    this.requestUpdate();
  }

  readonly #addClass = (): void => {
    this.classes = [...this.classes, { name: `class ${this.classes.length + 1}`, files: [] }];
  };

  #files(): SourceFile[] {
    return this.classes.flatMap(({ name, files }, i) =>
      files.map((file, n) => ({
        path: `${name.replaceAll("/", " ").trim() || `class ${i + 1}`}/${n + 1}.png`,
        file,
      })),
    );
  }

  #done(files: SourceFile[]): void {
    this.dispatchEvent(new CustomEvent<SourceFile[]>("camera-done", { detail: files }));
  }
}

function stopAll(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

customElements.define("gradbook-camera", CameraElement);
