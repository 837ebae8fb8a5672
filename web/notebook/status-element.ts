// The bar at the foot of the page: what runs, on which device and why, how fast, and whether the notebook is saved.

import { html, nothing } from "lit";
import { canIsolate, isIsolatedByUs, setIsolated } from "../kernel/isolation.ts";
import type { KernelState } from "../kernel/kernel.ts";
import type { DeviceChoice } from "../kernel/protocol.ts";
import { PageElement } from "./element.ts";
import type { Session } from "./session.ts";

const KERNEL_TEXT: Record<KernelState, string> = {
  off: "Not started",
  starting: "Starting",
  idle: "Ready",
  busy: "Running",
  stopping: "Stopping",
};

const DEVICES: [DeviceChoice, string][] = [
  ["auto", "Automatic"],
  ["webgpu", "WebGPU"],
  ["cpu", "CPU"],
];

export class StatusElement extends PageElement {
  static override properties = { session: { attribute: false } };
  declare session: Session;

  override connectedCallback(): void {
    super.connectedCallback();
    this.untilRemoved(this.session.listen(() => this.requestUpdate()));
  }

  override render() {
    const { session } = this;
    const { kernelState, status } = session;
    return html`<footer class="status" aria-label="Status">
      <span class="status-kernel is-${kernelState}" role="status"><i></i>${KERNEL_TEXT[kernelState]}</span>
      <label class="status-device">
        <span class="visually-hidden">Device</span>
        <select
          @change=${(event: Event) => session.setDevice((event.target as HTMLSelectElement).value as DeviceChoice)}
        >
          ${DEVICES.map(
            ([value, text]) =>
              html`<option
                value=${value}
                ?selected=${session.device === value}
                ?disabled=${value === "webgpu" && status?.webgpu === false}
              >
                ${text}
              </option>`,
          )}
        </select>
      </label>
      ${status ? html`<span class="status-name">${status.name}</span>` : nothing}
      ${this.#threads()} ${status?.why ? html`<span class="status-why">${status.why}</span>` : nothing}
      ${status?.device === "webgpu" && kernelState !== "off" ? this.#losing() : nothing}
      ${status?.news ? html`<span class="status-news" role="status">${status.news}</span>` : nothing}
      ${status?.hint ? html`<span class="status-hint">${status.hint}</span>` : nothing}
      <span class="status-space"></span>
      ${this.#loading()} ${this.#rate()} ${this.#saved()}
    </footer>`;
  }

  #loading() {
    const { loading, kernelState } = this.session;
    if (!loading || kernelState !== "busy") return nothing;
    const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);
    return html`<span class="status-loading">
      Loading ${loading.name}
      <progress aria-label="Loading ${loading.name}" max=${loading.total} .value=${loading.loaded}></progress>
      ${megabytes(loading.loaded)} of ${megabytes(loading.total)} MB
    </span>`;
  }

  /** Where the host does not isolate the page, the reader may. */
  #threads() {
    const isOurs = isIsolatedByUs();
    if (this.session.status?.device !== "cpu" || (!isOurs && !canIsolate())) return nothing;
    const change = async () => {
      await setIsolated(!isOurs);
      location.reload();
    };
    return html`<button
      class="status-button"
      aria-pressed=${isOurs ? "true" : "false"}
      title="Loads the page anew so that threads can share memory: the CPU device then computes on all cores, with the same results"
      @click=${change}
    >
      All cores
    </button>`;
  }

  #losing() {
    return html`<button
      class="status-button"
      title="Destroys the GPU device, as the system may do at any time: everything goes on"
      @click=${() => this.session.loseDevice()}
    >
      Lose the GPU
    </button>`;
  }

  #rate() {
    const { counters } = this.session;
    if (!counters?.running) return nothing;
    const rate = counters.stepsPerSecond;
    const shown = rate >= 10 ? Math.round(rate) : Number(rate.toPrecision(2));
    return html`<span class="status-rate">step ${counters.steps.toLocaleString("en")} · ${shown} steps/s</span>`;
  }

  #saved() {
    const { state } = this.session.saver;
    switch (state.kind) {
      case "untouched":
        return nothing;
      case "saving":
        return html`<span class="status-saved">Saving</span>`;
      case "saved":
        return html`<span class="status-saved">Saved in this browser</span>`;
      case "failed":
        return html`<span class="status-saved is-failed" role="alert">Not saved: ${state.message}</span>`;
    }
  }
}

customElements.define("gradbook-status", StatusElement);
