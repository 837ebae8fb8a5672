// Arrays as IDX files, the form in which a set is kept and handed to the engine.

/** The elements of an array. */
export type Elements = Uint8Array | Int16Array | Int32Array | Float32Array;

/** An IDX file: its header, then the elements, which the format wants big-endian. The elements' memory is reused for that. */
export function idxFile(dims: readonly number[], values: Elements): Blob {
  const size = dims.reduce((product, dim) => product * dim, 1);
  if (size !== values.length) throw new Error(`${values.length} values do not fill [${dims.join(", ")}]`);
  const header = new DataView(new ArrayBuffer(4 + 4 * dims.length));
  header.setUint8(2, codeOf(values));
  header.setUint8(3, dims.length);
  for (const [axis, dim] of dims.entries()) header.setUint32(4 + 4 * axis, dim);
  return new Blob([header, bigEndian(values)]);
}

/** A text as an IDX file of bytes. */
export function textFile(text: string): Blob {
  const bytes = new TextEncoder().encode(text);
  return idxFile([bytes.length], bytes);
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
