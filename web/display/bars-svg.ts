// Bars as an SVG text: the picture beside the view in a saved notebook. Plain strings, no DOM.

import { rangeOf, valueWords } from "./bars.ts";
import type { BarsDisplay } from "./schema.ts";

const ROW = 20;
const WIDTH = 420;
const LEFT = 110;
const RIGHT = 70;

export function barsSvg(display: BarsDisplay): string {
  const { title, labels, values, intervals } = display;
  const right = intervals ? 150 : RIGHT;
  const top = title ? ROW + 4 : 4;
  const height = top + ROW * labels.length + 4;
  const [low, high] = rangeOf(display);
  const x = (value: number) =>
    LEFT + ((WIDTH - LEFT - right) * (Math.min(high, Math.max(low, value)) - low)) / (high - low);
  const rows = labels.map((label, i) => {
    const value = Number.isNaN(values[i]) ? 0 : (values[i] ?? 0);
    const [from, to] = [x(Math.min(0, value)), x(Math.max(0, value))];
    const y = top + ROW * i;
    return (
      `<text x="${LEFT - 8}" y="${y + 14}" text-anchor="end">${escaped(label.slice(0, 16))}</text>` +
      `<rect x="${from.toFixed(1)}" y="${y + 3}" width="${(to - from).toFixed(1)}" height="14" fill="#2f5fc4"/>` +
      whisker(intervals?.[i]?.map(x), y + 10) +
      `<text x="${WIDTH - right + 8}" y="${y + 14}">${escaped(valueWords(display, i))}</text>`
    );
  });
  const head = title ? `<text x="8" y="16" font-weight="bold">${escaped(title)}</text>` : "";
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" ` +
    `font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>${head}${rows.join("")}</svg>`
  );
}

function whisker([from, to]: number[] = [], y: number): string {
  if (from === undefined || to === undefined) return "";
  const ends = [from, to].map((at) => `M${at.toFixed(1)} ${y - 4}v8`).join("");
  return `<path d="M${from.toFixed(1)} ${y}H${to.toFixed(1)}${ends}" stroke="#111" stroke-width="1.5"/>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.codePointAt(0)};`);
}
