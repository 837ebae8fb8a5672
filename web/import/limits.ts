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
/** Bytes of a set as it is stored: an image has one for each number, sound two, all else four. They stay in memory while it is streamed. */
export const MOST_SET_BYTES = 256 * MIB;
/** Numbers of a part that lie where they are computed on, with four bytes each; a larger part is streamed. As in the core. */
export const MOST_RESIDENT = 2 ** 26;
/** Classes of a set, be they folders, words or numbers. */
export const MOST_CLASSES = 10_000;
/** Broken files that are listed by name; all are counted. */
export const MOST_LISTED = 1000;

export { sizeText } from "../api/size-text.ts";
