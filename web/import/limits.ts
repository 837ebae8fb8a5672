// How much the reader's files may ask for. What is above is refused with a word, before memory is taken for it.

const MIB = 2 ** 20;

/** Files of one set, those in archives included. */
export const MOST_FILES = 100_000;
/** Bytes of one file, unpacked. */
export const MOST_FILE_BYTES = 512 * MIB;
/** Bytes of all that archives unpack to. */
export const MOST_UNPACKED_BYTES = 2048 * MIB;
/** Pixels of one image: a browser takes four bytes for each while it decodes. */
export const MOST_PIXELS = 2 ** 26;
/** Numbers of a set: each takes four bytes where it is computed on, and as many again while it is loaded. */
export const MOST_VALUES = 2 ** 26;
/** Classes of a set, be they folders, words or numbers. */
export const MOST_CLASSES = 10_000;
/** Broken files that are listed by name; all are counted. */
export const MOST_LISTED = 1000;

/** "3.2 MB" */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  const unit = bytes < 1e6 ? "kB" : bytes < 1e9 ? "MB" : "GB";
  const value = bytes / { kB: 1e3, MB: 1e6, GB: 1e9 }[unit];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}
