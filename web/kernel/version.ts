// The version of the messages between the page and its workers, by itself: a page that only shows a notebook needs no more of them.

/** Raised with every change of a message; both ends refuse another version. */
export const PROTOCOL_VERSION = 8;
