// The benchmark for anybody's device: runs Gradbook's own workloads, shows figures, and makes a link that carries them.

import { html, nothing, render } from "lit";
import { playAllIcon, stopIcon, themeIcon } from "../../notebook/icons.ts";
import { applyTheme, toggleTheme } from "../../notebook/theme.ts";
import { markdown, type Report, shown } from "./report.ts";
import { EXTENTS, measureAll, type Progress } from "./runs.ts";
import { fragmentOf, reportIn } from "./share.ts";

let report: Report | undefined;
let progress: Progress | undefined;
let running: AbortController | undefined;
/** Whether the figures came with the address. */
let isShared = false;
let note = "";

applyTheme();
document.body.replaceChildren();
openShared();
addEventListener("hashchange", openShared);

/** Shows what the address carries. */
function openShared(): void {
  const shared = reportIn(location.hash);
  if (shared && !running) {
    report = shared;
    isShared = true;
  }
  draw();
}

async function run(extent: keyof typeof EXTENTS): Promise<void> {
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  running = new AbortController();
  isShared = false;
  note = "";
  report = undefined;
  const { signal } = running;
  try {
    await measureAll(EXTENTS[extent], signal, (next, far) => {
      report = next;
      progress = far;
      draw();
    });
    note = signal.aborted ? "Stopped: the table has what was measured until then." : "";
  } catch (error) {
    note = error instanceof Error ? error.message : String(error);
  }
  running = undefined;
  progress = undefined;
  draw();
}

function draw(): void {
  render(
    html`<header class="bar">
        <a class="bar-name" href="./">Gradbook</a>
        <span class="bar-title">Benchmark</span>
        <div class="bar-tools">
          <button class="bar-button is-quiet" title="Light or dark" aria-label="Light or dark" @click=${toggleTheme}>
            ${themeIcon}
          </button>
        </div>
      </header>
      <main class="bench">
        <h1>How fast does this device train?</h1>
        <p class="bench-lead">
          Matrix products, convolutions and small networks, timed in this browser on every device that Gradbook can compute with here.
          Nothing leaves the page. Close what else is busy for steady figures.
        </p>
        ${controls()} ${isShared ? sharedNote() : nothing} ${note ? html`<p class="bench-note" role="status">${note}</p>` : nothing}
        ${report && report.rows.length > 0 ? results(report) : nothing}
      </main>`,
    document.body,
  );
}

function controls() {
  const start = (extent: keyof typeof EXTENTS, text: string, kind: string) =>
    html`<button class="bar-button ${kind}" ?disabled=${running !== undefined} @click=${() => run(extent)}>
      ${kind ? playAllIcon : nothing}${text}
    </button>`;
  return html`<div class="bench-controls">
      ${start("quick", "Run", "is-primary")} ${start("all", "Run all nine workloads", "")}
      <button class="bar-button is-stop" ?disabled=${!running} @click=${() => running?.abort()}>
        ${stopIcon}Stop
      </button>
    </div>
    ${
      progress
        ? html`<div class="bench-progress">
            <progress max=${progress.total} value=${progress.done} aria-label="Progress"></progress>
            <span role="status">${progress.doing}</span>
          </div>`
        : nothing
    }`;
}

function sharedNote() {
  return html`<p class="bench-note">These figures came with the link. Run measures this device.</p>`;
}

function results(report: Report) {
  const { columns, rows, errors } = report;
  return html`<section class="bench-results">
    <h2>${report.device}<span class="bench-date">${report.date}</span></h2>
    <table>
      <thead>
        <tr>
          <td></td>
          ${columns.map(
            ({ title, detail }) =>
              html`<th scope="col">${title}<span class="bench-detail">${detail}</span></th>`,
          )}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ label, unit, figures }) =>
            html`<tr>
              <th scope="row">${label} <span class="bench-unit">${unit}</span></th>
              ${figures.map((figure) => html`<td>${shown(figure)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
    <p class="bench-legend">GFLOP/s and steps/s: more is better. ms: less is better. Medians of five measurements.</p>
    ${errors.length > 0 ? html`<ul class="bench-errors">${errors.map((error) => html`<li>${error}</li>`)}</ul>` : nothing}
    ${running ? nothing : shareButtons(report)}
  </section>`;
}

function shareButtons(report: Report) {
  const link = () => new URL(fragmentOf(report), location.href).href;
  const copies: [string, () => string][] = [
    ["Copy link", link],
    ["Copy as Markdown", () => markdown(report)],
    ["Copy as JSON", () => JSON.stringify(report, null, 1)],
  ];
  return html`<div class="bench-share">
    ${copies.map(
      ([text, make]) =>
        html`<button class="bar-button" @click=${(event: Event) => copy(event.currentTarget as Element, make())}>${text}</button>`,
    )}
    <a class="bench-link" href=${fragmentOf(report)}>Link to this result</a>
  </div>`;
}

/** Copies, and says so for a moment where it was asked. */
async function copy(button: Element, text: string): Promise<void> {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not allowed to copy";
  }
  setTimeout(() => {
    button.textContent = before;
  }, 1500);
}
