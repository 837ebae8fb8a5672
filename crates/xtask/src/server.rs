//! A small static server on this machine's own address: right MIME types, the headers that isolate a page, and a
//! sub-path when asked, so that what works here works on any static host.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use anyhow::{Result, anyhow};
use tiny_http::{Header, Method, Request, Response};

pub struct Options {
    /// 0 takes any free one.
    pub port: u16,
    /// Send COOP and COEP, which give the page shared memory and precise clocks.
    pub isolated: bool,
    /// The path under which the site appears.
    pub base: String,
}

/// A running server; it ends with the program or when dropped.
pub struct Server {
    http: Arc<tiny_http::Server>,
    threads: Vec<JoinHandle<()>>,
    url: String,
}

impl Server {
    /// Serves `folder`.
    pub fn start(folder: PathBuf, options: Options) -> Result<Self> {
        let address = ("127.0.0.1", options.port);
        let http = tiny_http::Server::http(address)
            .map_err(|error| anyhow!("could not listen on port {}: {error}", options.port))?;
        let port = http.server_addr().to_ip().map_or(options.port, |address| address.port());
        let base = format!("/{}/", options.base.trim_matches('/')).replace("//", "/");
        let http = Arc::new(http);
        let site = Arc::new(Site { folder, base: base.clone(), isolated: options.isolated });
        // Browsers open several connections at once and keep them.
        let threads = (0..8)
            .map(|_| {
                let (http, site) = (http.clone(), site.clone());
                thread::spawn(move || {
                    while let Ok(request) = http.recv() {
                        site.answer(request);
                    }
                })
            })
            .collect();
        Ok(Self { http, threads, url: format!("http://localhost:{port}{base}") })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Serves until the program is stopped.
    pub fn wait(mut self) {
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for _ in &self.threads {
            self.http.unblock();
        }
    }
}

struct Site {
    folder: PathBuf,
    base: String,
    isolated: bool,
}

impl Site {
    fn answer(&self, request: Request) {
        let (status, kind, body) = match request.method() {
            Method::Get | Method::Head => self.find(request.url()),
            _ => (405, TEXT, b"only GET and HEAD\n".to_vec()),
        };
        let mut response = Response::from_data(body).with_status_code(status);
        response.add_header(header("Content-Type", kind));
        response.add_header(header("Cache-Control", "no-cache"));
        response.add_header(header("X-Content-Type-Options", "nosniff"));
        response.add_header(header("Cross-Origin-Resource-Policy", "cross-origin"));
        if self.isolated {
            response.add_header(header("Cross-Origin-Opener-Policy", "same-origin"));
            response.add_header(header("Cross-Origin-Embedder-Policy", "require-corp"));
        }
        // The reader may be gone already; then there is nobody to tell.
        let _ = request.respond(response);
    }

    fn find(&self, url: &str) -> (u16, &'static str, Vec<u8>) {
        let missing = (404, TEXT, b"not found\n".to_vec());
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let Some(mut file) = relative_path(path, &self.base).map(|path| self.folder.join(path)) else {
            return missing;
        };
        if path.ends_with('/') {
            file.push("index.html");
        }
        match fs::read(&file) {
            Ok(bytes) => (200, mime(&file), bytes),
            Err(_) => missing,
        }
    }
}

/// The path below `base`, decoded; none when it would leave the folder.
fn relative_path(path: &str, base: &str) -> Option<String> {
    let decoded = percent_decode(path.strip_prefix(base)?)?;
    let is_plain = |part: &str| part != ".." && part != "." && !part.contains(['\\', ':', '\0']);
    (!decoded.starts_with('/') && decoded.split('/').all(is_plain)).then_some(decoded)
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

const TEXT: &str = "text/plain; charset=utf-8";

fn mime(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "ipynb" | "map" | "webmanifest" => "application/json; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        // Not Content-Encoding: the page unpacks these itself.
        "gz" => "application/gzip",
        "txt" | "md" | "ts" => TEXT,
        _ => "application/octet-stream",
    }
}

fn header(name: &str, value: &str) -> Header {
    Header::from_bytes(name, value).expect("names and values are ASCII")
}

#[cfg(test)]
mod tests {
    use super::relative_path;

    #[test]
    fn paths_stay_in_the_folder() {
        assert_eq!(relative_path("/a/b%20c.js", "/").as_deref(), Some("a/b c.js"));
        assert_eq!(relative_path("/sub/main.js", "/sub/").as_deref(), Some("main.js"));
        assert_eq!(relative_path("/sub/", "/sub/").as_deref(), Some(""));
        for bad in ["/../secret", "/a/%2e%2e/secret", "//etc/passwd", "/a\\..\\b", "/%", "/%ff", "/c:/x"] {
            assert_eq!(relative_path(bad, "/"), None, "{bad}");
        }
        assert_eq!(relative_path("/main.js", "/sub/"), None);
    }
}
