// What the browser's processes use, from /proc; on systems without it there is nothing to tell.

import fs from "node:fs";

/** Milliseconds of one tick of the kernel's clock for processes. */
const TICK = 10;

/** The processes of a browser that compute: those that render pages, and the one for the GPU. */
export function workers() {
  return descendants(process.pid)
    .map((pid) => ({ pid, kind: kind(pid) }))
    .filter((process) => process.kind);
}

/** User and system time of processes so far, in milliseconds. */
export function cpuTime(processes) {
  if (processes.length === 0) return Number.NaN;
  return processes.reduce((sum, { pid }) => {
    const fields = stat(pid);
    return fields ? sum + (Number(fields[11]) + Number(fields[12])) * TICK : sum;
  }, 0);
}

/** The most memory that a process of a kind holds (`VmRSS`) or held (`VmHWM`), in MiB. */
export function memory(processes, kind, field) {
  const sizes = processes.filter((process) => process.kind === kind).map(({ pid }) => kibibytes(pid, field));
  const known = sizes.filter(Number.isFinite);
  return known.length > 0 ? Math.max(...known) / 1024 : Number.NaN;
}

function kibibytes(pid, field) {
  const line = new RegExp(`${field}:\\s+(\\d+)`).exec(read(`/proc/${pid}/status`) ?? "");
  return line ? Number(line[1]) : Number.NaN;
}

function kind(pid) {
  const command = read(`/proc/${pid}/cmdline`) ?? "";
  // The browser's own interface is rendered, too.
  if (command.includes("--top-chrome-webui")) return undefined;
  return /--type=(renderer|gpu-process)/.exec(command)?.[1];
}

function descendants(root) {
  const children = new Map();
  for (const pid of list("/proc").filter((name) => /^\d+$/.test(name))) {
    const parent = Number(stat(pid)?.[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(pid)]);
  }
  const found = [];
  for (let open = [root]; open.length > 0; ) {
    const next = children.get(open.pop()) ?? [];
    found.push(...next);
    open = open.concat(next);
  }
  return found;
}

/** The fields of a process's line after its name: state, parent and so on. */
function stat(pid) {
  const line = read(`/proc/${pid}/stat`);
  return line?.slice(line.lastIndexOf(")") + 2).split(" ");
}

function list(folder) {
  try {
    return fs.readdirSync(folder);
  } catch {
    return [];
  }
}

function read(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
