// What is asked of the module wasm.rs, by name; rates in units of 10⁹ a second.

import { bestRate } from "./rate.mjs";

const REGISTER_BLOCKS = [
  [4, 2],
  [2, 4],
  [8, 1],
  [3, 2],
  [5, 2],
  [6, 2],
];
const STREAM_ELEMENTS = 1 << 23;

export const JOBS = {
  /** GFLOP/s of multiply-adds alone: twelve chains of four lanes. */
  peak: (exports) => ({
    "multiply-add peak": bestRate((times) => exports.peak(1000 * times), 1000 * 12 * 4 * 2),
  }),
  /** GB/s through two arrays that do not fit a cache. */
  stream: (exports) => ({
    stream: bestRate((times) => exports.stream(STREAM_ELEMENTS, times), STREAM_ELEMENTS * 12),
  }),
  /** GFLOP/s of matrix products by the shape of their register blocks. */
  matmul(exports) {
    const found = {};
    for (const [rows, vectors] of REGISTER_BLOCKS) {
      const sizes = rows === 4 ? [64, 128, 256, 512, 1024] : [512];
      for (const n of sizes) {
        const name = `matrix product ${n}, blocks of ${rows} × ${4 * vectors}`;
        const error = exports.matmul(rows, vectors, n, 1);
        if (!(Math.abs(error) < 1e-2)) throw new Error(`${name} is wrong by ${error}`);
        found[name] = bestRate((times) => exports.matmul(rows, vectors, n, times), 2 * n ** 3);
      }
    }
    return found;
  },
};
