// Files of numbers for tests of the reader's data, as NumPy, sound programs and CIFAR's makers write them.

/** An NPY file of version 1.0. */
export function npy(descr: string, shape: number[], body: Buffer): Buffer {
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const header = `${text.padEnd(Math.ceil((text.length + 11) / 64) * 64 - 11)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  return Buffer.concat([Buffer.from("\x93NUMPY\x01\x00", "latin1"), length, Buffer.from(header), body]);
}

/** An IDX file of bytes. */
export function idx(shape: number[], body: Buffer): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, 8, shape.length]);
  for (const [axis, size] of shape.entries()) header.writeUInt32BE(size, 4 + 4 * axis);
  return Buffer.concat([header, body]);
}

/** A WAV file: one channel of 16 bits, a tone. */
export function wav(rate: number, seconds: number, hertz: number): Buffer {
  const samples = Buffer.alloc(2 * Math.round(rate * seconds));
  for (let i = 0; i < samples.length / 2; i++)
    samples.writeInt16LE(Math.round(16384 * Math.sin((2 * Math.PI * hertz * i) / rate)), 2 * i);
  const header = Buffer.alloc(44);
  header.write("RIFF", 0, "latin1");
  header.writeUInt32LE(36 + samples.length, 4);
  header.write("WAVEfmt ", 8, "latin1");
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(2 * rate, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36, "latin1");
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}
