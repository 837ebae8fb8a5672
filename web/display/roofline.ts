// Kernels against a device's ceilings (Williams, Waterman and Patterson, 2009): what limits each, and which lose most time.
// `roofline-plot.ts` draws it, live and for the saved picture, and is loaded when one is shown.

import type { RooflineDisplay } from "./schema.ts";
import type { View } from "./view.ts";
import { append, svgPicture } from "./view.ts";

/** How a kernel stands against the ceilings. */
export interface Standing {
  /** What it computes, and the first word of that. */
  kernel: string;
  name: string;
  ms: number;
  /** Part of the time of all, from 0 to 1. */
  share: number;
  /** Part of the ceiling that it reaches; above 1 where caches serve it. */
  reached: number;
  /** Milliseconds that it takes beyond what the ceilings allow. */
  lost: number;
  /** Which ceiling is above it. */
  bound: "memory" | "arithmetic";
  /** Floating-point operations a byte; 0 if it computes nothing. */
  intensity: number;
  /** Whether it has a place in the picture: it took time, and had something to do. */
  isTimed: boolean;
}

/** Kernels that are named at most. */
const NAMED = 5;
/** Part of the time below which what is lost matters to nobody. */
const MATTERS = 0.01;

/** All kernels, in the display's order. */
export function standings({ flops, bytes, kernels }: RooflineDisplay): Standing[] {
  const total = kernels.reduce((sum, { ms }) => sum + ms, 0);
  return kernels.map(({ kernel, ms, ...work }) => {
    const [arithmetic, memory] = [(1e3 * work.flops) / (flops || 1), (1e3 * work.bytes) / (bytes || 1)];
    const least = Math.max(arithmetic, memory);
    return {
      kernel,
      name: kernel.split(" ")[0] ?? kernel,
      ms,
      share: total > 0 ? ms / total : 0,
      reached: ms > 0 ? least / ms : 0,
      lost: Math.max(0, ms - least),
      bound: arithmetic > memory ? "arithmetic" : "memory",
      intensity: work.bytes > 0 ? work.flops / work.bytes : 0,
      isTimed: ms > 0 && least > 0,
    };
  });
}

/** Those that lose most time, the worst first. */
export function worst(all: Standing[]): Standing[] {
  const total = all.reduce((sum, { ms }) => sum + ms, 0);
  const matter = all.filter(({ lost, isTimed }) => isTimed && lost > MATTERS * total);
  return matter.sort((a, b) => b.lost - a.lost).slice(0, NAMED);
}

/** What is said of a kernel beside its name. */
export function figures({ ms, share, reached, bound }: Standing): string {
  const of = bound === "memory" ? "bandwidth" : "arithmetic";
  return `${digits(ms)} ms, ${percent(share)} of the time, ${percent(reached)} of the ${of}`;
}

/** The ceilings with their units. */
export function ceilings({ flops, bytes }: RooflineDisplay): { flops: string; bytes: string } {
  return { flops: `${digits(flops / 1e9)} GFLOP/s`, bytes: `${digits(bytes / 1e9)} GB/s` };
}

export const rooflineView: View<RooflineDisplay> = {
  text(display) {
    const { flops, bytes } = ceilings(display);
    const lines = standings(display).map((standing) => `${figures(standing)}: ${standing.kernel}`);
    return [`Kernels on ${display.device}, which does ${flops} and moves ${bytes}`, ...lines].join("\n");
  },

  render(host, display, signal) {
    const box = append(host, "div", "roofline-output");
    const picture = append(box, "div", "roofline-plot");
    picture.role = "img";
    picture.ariaLabel = rooflineView.text(display);
    import("./roofline-plot.ts").then(
      ({ plotRoofline }) => {
        if (!signal.aborted) plotRoofline(picture, display, signal);
      },
      () => append(picture, "p", "output-note", "The plot could not be loaded."),
    );
    const list = append(box, "ol", "roofline-worst");
    for (const standing of worst(standings(display))) {
      const item = append(list, "li", "");
      append(item, "code", "", standing.kernel).title = standing.kernel;
      append(item, "span", "", figures(standing));
    }
    if (list.childElementCount === 0) list.replaceWith("No kernel loses much time.");
    return undefined;
  },

  async picture(display) {
    const { rooflineSvg } = await import("./roofline-plot.ts");
    return svgPicture(rooflineSvg(display));
  },

  table: ({ kernels }) => ({
    columns: ["kernel", "ms", "floating-point operations", "bytes"],
    rows: kernels.map(({ kernel, ms, flops, bytes }) => [kernel, ms, flops, bytes]),
  }),
};

function percent(part: number): string {
  return `${(100 * part).toFixed(part >= 0.1 ? 0 : 1)} %`;
}

function digits(value: number): string {
  if (value >= 100 || value === 0) return value.toFixed(0);
  return String(Number(value.toPrecision(value < 0.01 ? 1 : 3)));
}
