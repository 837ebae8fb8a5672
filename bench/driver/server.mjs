// Serves the pages and the package to the browser, isolated so that there are threads, and remembers what was asked for.

import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import zlib from "node:zlib";
import { gradbook, site } from "../paths.mjs";

const TYPES = {
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
  ".json": "application/json",
};

/** A server on a free port: its address, and the files that were asked for since `forget`. */
export async function startServer() {
  let asked = new Set();
  const server = http.createServer((request, response) => {
    const url = new URL(request.url, "http://localhost");
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    response.setHeader("Cache-Control", "no-store");
    if (url.pathname === "/") {
      response.setHeader("Content-Type", "text/html");
      response.end(page(url.searchParams.get("page")));
      return;
    }
    const file = fileOf(url.pathname);
    if (!file) {
      response.statusCode = 404;
      response.end();
      return;
    }
    asked.add(file);
    response.setHeader("Content-Type", TYPES[path.extname(file)] ?? "application/octet-stream");
    fs.createReadStream(file).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://localhost:${server.address().port}`,
    asked: () => [...asked],
    forget: () => {
      asked = new Set();
    },
    stop: () => server.close(),
  };
}

/** A page that runs what its address says. */
function page(name) {
  const script = `<script type="module" src="/${encodeURIComponent(name)}/main.js"></script>`;
  return `<!doctype html><meta charset="utf-8"><title>bench</title><link rel="icon" href="data:,">${script}`;
}

function fileOf(pathname) {
  const [folder, rest] = pathname.startsWith("/gradbook/npm/")
    ? [gradbook, pathname.slice("/gradbook/npm".length)]
    : [site, pathname];
  const file = path.join(folder, path.normalize(rest));
  return file.startsWith(folder + path.sep) && fs.statSync(file, { throwIfNoEntry: false })?.isFile()
    ? file
    : null;
}

/** What files weigh together: as they are, by gzip and by brotli at their best. */
export function weigh(files) {
  const total = { raw: 0, gzip: 0, brotli: 0 };
  for (const file of files) {
    const bytes = fs.readFileSync(file);
    // Brotli's best takes minutes for the largest modules.
    const quality = bytes.length > 4e6 ? 9 : 11;
    total.raw += bytes.length;
    total.gzip += zlib.gzipSync(bytes, { level: 9 }).length;
    total.brotli += zlib.brotliCompressSync(bytes, {
      params: { [zlib.constants.BROTLI_PARAM_QUALITY]: quality },
    }).length;
  }
  return total;
}
