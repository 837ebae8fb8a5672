// Notebook files: nbformat 4.5, read with care (anyone's file) and written so that Jupyter shows every output.

import { bundleOf, displayOfBundle } from "../display/mime.ts";
import type { Display, ErrorDisplay, ErrorFrame } from "../display/schema.ts";
import type { CellType, Output } from "./cell.ts";
import { Cell } from "./cell.ts";

export interface NotebookFile {
  cells: CellFile[];
  metadata: Record<string, unknown>;
  nbformat: number;
  nbformat_minor: number;
}

export interface CellFile {
  id?: string;
  cell_type: CellType;
  source: string | string[];
  metadata: Record<string, unknown>;
  execution_count?: number | null;
  outputs?: OutputFile[];
  attachments?: unknown;
}

export type MimeBundle = Record<string, unknown>;

export type OutputFile =
  | { output_type: "stream"; name: string; text: string | string[] }
  | { output_type: "error"; ename: string; evalue: string; traceback: string[] }
  | {
      output_type: "execute_result";
      execution_count: number | null;
      data: MimeBundle;
      metadata: Record<string, unknown>;
    }
  | { output_type: "display_data"; data: MimeBundle; metadata: Record<string, unknown> };

/** What a new notebook says about its language. */
const METADATA = {
  kernelspec: { display_name: "JavaScript (Gradbook)", language: "javascript", name: "gradbook" },
  language_info: { file_extension: ".js", mimetype: "text/javascript", name: "javascript" },
};

/** Reads the text of a file; an error says what is wrong with it. */
export function parseNotebook(text: string): NotebookFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`This is not a notebook file: ${(error as Error).message}`);
  }
  const { cells, metadata, nbformat, nbformat_minor } = fields(json, "a notebook");
  if (nbformat !== 4)
    throw new Error(`This notebook has format ${String(nbformat)}; Gradbook reads format 4.`);
  if (!Array.isArray(cells)) throw new Error("This notebook file has no list of cells.");
  return {
    cells: cells.map((cell, index) => checkedCell(cell, index)),
    metadata: isFields(metadata) ? metadata : {},
    nbformat: 4,
    nbformat_minor: typeof nbformat_minor === "number" ? nbformat_minor : 5,
  };
}

/** The cells of a file, with ids where they are missing or doubled. */
export function cellsOf(file: NotebookFile): Cell[] {
  const ids = new Set<string>();
  return file.cells.map((cell) => {
    const id = cell.id !== undefined && !ids.has(cell.id) ? cell.id : newCellId();
    ids.add(id);
    return cellOf(id, cell);
  });
}

export function cellOf(id: string, file: CellFile): Cell {
  return new Cell(id, file, (file.outputs ?? []).map(outputOf));
}

export function emptyCell(type: CellType): Cell {
  return cellOf(newCellId(), { cell_type: type, source: "", metadata: {} });
}

/** Eight characters as Jupyter makes them. */
export function newCellId(): string {
  return [...crypto.getRandomValues(new Uint8Array(4))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
}

/** The file of a notebook as it is now. */
export async function fileOf(
  cells: readonly Cell[],
  metadata: Record<string, unknown>,
): Promise<NotebookFile> {
  return {
    cells: await Promise.all(cells.map(cellFileOf)),
    metadata: { ...METADATA, ...metadata },
    nbformat: 4,
    nbformat_minor: 5,
  };
}

export async function cellFileOf(cell: Cell): Promise<CellFile> {
  const { cell_type: _, outputs: __, execution_count: ___, ...rest } = cell.file;
  const common = { ...rest, id: cell.id, source: lines(cell.source) };
  if (cell.type !== "code") return { cell_type: cell.type, ...common };
  const outputs = await Promise.all(cell.outputs.filter(Boolean).map((output) => outputFileOf(output, cell)));
  return { cell_type: "code", execution_count: cell.count ?? null, outputs, ...common };
}

/** As Jupyter writes files: sorted keys, one space of indent, a final newline. What did not change is no difference. */
export function notebookText(file: NotebookFile): string {
  return `${JSON.stringify(sorted(file), undefined, 1)}\n`;
}

/** What a notebook is called: as it says itself, or by its first heading. */
export function titleOf(
  metadata: Record<string, unknown>,
  cells: readonly { type: CellType; source: string }[],
): string {
  if (typeof metadata.title === "string" && metadata.title.trim() !== "") return metadata.title.trim();
  const heading = cells.find((c) => c.type === "markdown" && /^#\s/m.test(c.source));
  return /^#\s+(.*)$/m.exec(heading?.source ?? "")?.[1]?.trim() || "Notebook";
}

async function outputFileOf(output: Output, cell: Cell): Promise<OutputFile> {
  if (output.file) return output.file;
  const { display, isResult } = output;
  if (display.kind === "text" && display.stream) {
    return { output_type: "stream", name: display.stream, text: lines(display.text) };
  }
  if (display.kind === "error") {
    const { name, message } = display;
    return { output_type: "error", ename: name, evalue: message, traceback: tracebackOf(display) };
  }
  const bundle = Object.entries(await bundleOf(display));
  const data: MimeBundle = Object.fromEntries(
    bundle.map(([mime, value]) => [mime, typeof value === "string" && isLines(mime) ? lines(value) : value]),
  );
  if (!isResult) return { output_type: "display_data", data, metadata: {} };
  return { output_type: "execute_result", execution_count: cell.count ?? null, data, metadata: {} };
}

function outputOf(file: OutputFile): Output {
  const isResult = file.output_type === "execute_result";
  return { display: displayOf(file), isResult, file, updates: new Set() };
}

function displayOf(file: OutputFile): Display {
  switch (file.output_type) {
    case "stream":
      return {
        kind: "text",
        text: joined(file.text).replace(TERMINAL, ""),
        stream: file.name === "stderr" ? "stderr" : "stdout",
      };
    case "error":
      return errorOf(file);
    case "execute_result":
    case "display_data": {
      const bundle = Object.fromEntries(
        Object.entries(file.data).map(([mime, data]) => [mime, Array.isArray(data) ? data.join("") : data]),
      );
      return displayOfBundle(bundle);
    }
    default:
      return { kind: "text", text: "(an output of a kind that this page does not know)" };
  }
}

/** What tells a terminal about colours. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const TERMINAL = /\u001b\[[\d;]*[A-Za-z]/g;

const TRACE_LINE = /^ {2}at cell ([\w-]+) \[(\d+)\], line (\d+), column (\d+): (.*)$/;

function tracebackOf({ name, message, frames, causes }: ErrorDisplay): string[] {
  return [
    `${name}: ${message}`,
    ...frames.map((f) => `  at cell ${f.cell} [${f.count}], line ${f.line}, column ${f.column}: ${f.text}`),
    ...(causes ?? []).map((cause) => `Caused by: ${cause}`),
  ];
}

function errorOf({ ename, evalue, traceback }: Extract<OutputFile, { output_type: "error" }>): ErrorDisplay {
  const frames: ErrorFrame[] = [];
  for (const line of traceback) {
    const match = TRACE_LINE.exec(line);
    if (!match) continue;
    const [, cell = "", count, row, column, text = ""] = match;
    frames.push({ cell, count: Number(count), line: Number(row), column: Number(column), text });
  }
  const causes = traceback.filter((line) => line.startsWith("Caused by: ")).map((line) => line.slice(11));
  return { kind: "error", name: ename, message: evalue, frames, ...(causes.length > 0 ? { causes } : {}) };
}

function checkedCell(value: unknown, index: number): CellFile {
  const where = `cell ${index + 1}`;
  const cell = fields(value, where);
  const { cell_type: type, source, id, outputs, execution_count: count } = cell;
  if (type !== "code" && type !== "markdown" && type !== "raw") {
    throw new Error(`This notebook file has a cell of an unknown type: ${where} is "${String(type)}".`);
  }
  if (!isText(source)) throw new Error(`This notebook file has a cell without text: ${where}.`);
  return {
    ...cell,
    ...(typeof id === "string" && /^[\w-]{1,64}$/.test(id) ? { id } : { id: newCellId() }),
    cell_type: type,
    source: source,
    metadata: isFields(cell.metadata) ? cell.metadata : {},
    execution_count: typeof count === "number" ? count : null,
    outputs: Array.isArray(outputs) ? outputs.filter(isOutput) : [],
  };
}

function isOutput(value: unknown): value is OutputFile {
  if (!isFields(value)) return false;
  switch (value.output_type) {
    case "stream":
      return isText(value.text);
    case "error":
      return (
        typeof value.ename === "string" &&
        typeof value.evalue === "string" &&
        Array.isArray(value.traceback) &&
        value.traceback.every((line) => typeof line === "string")
      );
    case "execute_result":
    case "display_data":
      return isFields(value.data);
    default:
      return false;
  }
}

function fields(value: unknown, what: string): Record<string, unknown> {
  if (!isFields(value)) throw new Error(`This notebook file is damaged: ${what} is missing.`);
  return value;
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string | string[] {
  return (
    typeof value === "string" || (Array.isArray(value) && value.every((line) => typeof line === "string"))
  );
}

function joined(text: string | string[]): string {
  return Array.isArray(text) ? text.join("") : text;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isFields(value)) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key])]));
}

/** What Jupyter keeps line by line: text, and pictures that are text. */
function isLines(mime: string): boolean {
  return mime.startsWith("text/") || mime === "image/svg+xml";
}

/** Text as Jupyter keeps it: one string a line, so that a change of one line is a difference of one line. */
function lines(text: string): string[] {
  return text.split(/(?<=\n)/).filter((line) => line !== "");
}
