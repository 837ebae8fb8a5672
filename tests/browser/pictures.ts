// Real files for tests of the reader's data: PNG images with shapes in them, and archives, written byte by byte.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { crc32, deflateRawSync, deflateSync } from "node:zlib";

type Pixel = (x: number, y: number) => [red: number, green: number, blue: number];

/** A PNG file, 8 bits a channel. */
export function png(width: number, height: number, pixel: Pixel): Buffer {
  const rows = Buffer.alloc(height * (1 + 3 * width));
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) rows.set(pixel(x, y), y * (1 + 3 * width) + 1 + 3 * x);
  return pngOf(width, height, deflateSync(rows));
}

/** The same of pixels that are packed already, which need not fit. */
export function pngOf(width: number, height: number, packed: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const chunk = (type: string, body: Buffer) => {
    const named = Buffer.concat([Buffer.from(type, "latin1"), body]);
    const chunk = Buffer.alloc(8 + named.length);
    chunk.writeUInt32BE(body.length, 0);
    chunk.set(named, 4);
    chunk.writeUInt32BE(crc32(named), 4 + named.length);
    return chunk;
  };
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", packed),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** A blob of light or a frame of it, in a place and a colour that depend on `n`. */
export function shape(kind: "disc" | "frame", n: number, side = 40): Buffer {
  const [cx, cy] = [side * (0.35 + 0.3 * fraction(n * 0.37)), side * (0.35 + 0.3 * fraction(n * 0.61))];
  const radius = side * (0.16 + 0.1 * fraction(n * 0.83));
  const colour = [
    0.5 + 0.5 * fraction(n * 0.29),
    0.5 + 0.5 * fraction(n * 0.53),
    0.5 + 0.5 * fraction(n * 0.71),
  ];
  return png(side, side, (x, y) => {
    const [dx, dy] = [x + 0.5 - cx, y + 0.5 - cy];
    const away = kind === "disc" ? Math.hypot(dx, dy) : Math.max(Math.abs(dx), Math.abs(dy));
    const lit = kind === "disc" ? away < radius : away < radius && away > radius - 3;
    return colour.map((c) => Math.round(lit ? 255 * c : 30 * fraction((x * 7 + y * 13 + n) * 0.618))) as [
      number,
      number,
      number,
    ];
  });
}

/** A zip archive. Sizes are as told, where they are told. */
export function zip(files: Record<string, Buffer>, told: Record<string, number> = {}): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, body] of Object.entries(files)) {
    const packed = deflateRawSync(body, { level: 9 });
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt32LE(crc32(body), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(told[name] ?? body.length, 18);
    fields.writeUInt16LE(Buffer.byteLength(name), 22);
    local.push(Buffer.from("PK\x03\x04", "latin1"), fields, Buffer.from(name), packed);
    const entry = Buffer.alloc(42);
    entry.writeUInt16LE(20, 0);
    entry.set(fields, 2);
    entry.writeUInt32LE(offset, 38);
    central.push(Buffer.from("PK\x01\x02", "latin1"), entry, Buffer.from(name));
    offset += 30 + Buffer.byteLength(name) + packed.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(Object.keys(files).length, 4);
  end.writeUInt16LE(Object.keys(files).length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...local, directory, Buffer.from("PK\x05\x06", "latin1"), end]);
}

/** Writes files below a folder. */
export function writeAll(folder: string, files: Record<string, Buffer | string>): void {
  for (const [path, body] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, body);
  }
}

function fraction(value: number): number {
  return value - Math.floor(value);
}
