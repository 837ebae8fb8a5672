// How the cells' worker speaks of a reader's files with the one that keeps them: what they may be called, and what is wanted of them. Looked at
// where it is asked for, before anything is sent, and again where it is written: what comes there is from code that we did not write.

/** What is to be saved, besides the tensors. */
export interface SaveRequest {
  file: string;
  metadata: Record<string, string>;
  /** Whether numbers with a fraction take 16 bits. */
  half: boolean;
}

/** @internal What collections of a reader's own files are asked for by. */
export const FILE = "file:";

/** @internal The label of what a file says besides its tensors. */
export const METADATA = ":metadata";

const LONGEST_NAME = 120;

/** Whether a file may be called so: it is no path, not too long, and has no letters that cannot be seen. */
export function isFileName(name: unknown): name is string {
  return (
    typeof name === "string" &&
    name.length > 0 &&
    name.length <= LONGEST_NAME &&
    !name.startsWith(".") &&
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be in it
    !/[\u0000-\u001f\u007f/\\:]/.test(name)
  );
}

/** The name, if it may be one of a file. */
export function fileName(name: unknown): string {
  if (!isFileName(name))
    throw new Error(
      `${JSON.stringify(name)} is no name of a file: 1 to ${LONGEST_NAME} characters, no / or : among them, no dot first`,
    );
  return name;
}

/** Whether a file of this name is NumPy's archive, which has no place for metadata. */
export function isNpz(name: string): boolean {
  return /\.npz$/i.test(name);
}

/** The request, if it can be met. Errors: the name is none, the format cannot hold it, or a part is something else. */
export function checkedRequest(request: unknown): SaveRequest {
  const { file, metadata, half } = Object(request) as Record<keyof SaveRequest, unknown>;
  const name = fileName(file);
  if (/\.npy$/i.test(name))
    throw new Error(`${name}: an NPY file holds one array without a name; call it .safetensors or .npz`);
  if (typeof metadata !== "object" || metadata === null || Array.isArray(metadata))
    throw new Error(`${name}: metadata must be an object of texts`);
  const odd = Object.entries(metadata).find(([, text]) => typeof text !== "string");
  if (odd) throw new Error(`${name}: metadata holds texts; ${odd[0]} is ${typeof odd[1]}`);
  if (isNpz(name) && Object.keys(metadata).length > 0)
    throw new Error(`${name}: NPZ keeps tensors and nothing else; call it .safetensors`);
  if (typeof half !== "boolean") throw new Error(`${name}: half is ${typeof half}; it must be true or false`);
  return { file: name, metadata: metadata as SaveRequest["metadata"], half };
}
