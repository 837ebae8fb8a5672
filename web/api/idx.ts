// Arrays as IDX files: the form in which sets are kept and handed to the engine.

/** The elements of an array. */
export type Elements = Uint8Array | Int16Array | Int32Array | Float32Array;

/** An IDX file in two parts: its header, then the elements, which the format wants big-endian. The elements' memory is reused for that. */
export function idxParts(
  dims: readonly number[],
  values: Elements,
): [header: Uint8Array<ArrayBuffer>, elements: Uint8Array<ArrayBuffer>] {
  const size = dims.reduce((product, dim) => product * dim, 1);
  if (size !== values.length) throw new Error(`${values.length} values do not fill [${dims.join(", ")}]`);
  const bytes = new Uint8Array(4 + 4 * dims.length);
  const header = new DataView(bytes.buffer);
  header.setUint8(2, codeOf(values));
  header.setUint8(3, dims.length);
  for (const [axis, dim] of dims.entries()) header.setUint32(4 + 4 * axis, dim);
  return [bytes, bigEndian(values)];
}

/** The same as one array. */
export function idxBytes(dims: readonly number[], values: Elements): Uint8Array<ArrayBuffer> {
  const [header, elements] = idxParts(dims, values);
  const file = new Uint8Array(header.length + elements.length);
  file.set(header);
  file.set(elements, header.length);
  return file;
}

/** A text as bytes. */
export function idxText(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text);
  return idxBytes([bytes.length], bytes);
}

function codeOf(values: Elements): number {
  if (values instanceof Uint8Array) return 0x08;
  if (values instanceof Int16Array) return 0x0b;
  return values instanceof Int32Array ? 0x0c : 0x0d;
}

function bigEndian(values: Elements): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
  const width = values.BYTES_PER_ELEMENT;
  if (width > 1) for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
  return bytes;
}
