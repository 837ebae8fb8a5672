//! A static server on this machine's own address: with or without the headers that isolate a page, and from a sub-path
//! when asked, so that what works here works on any static host.

use std::path::PathBuf;

use anyhow::{Context, Result};
use axum::Router;
use axum::http::{HeaderName, HeaderValue, header};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

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
    runtime: Runtime,
    serving: JoinHandle<std::io::Result<()>>,
    url: String,
}

impl Server {
    /// Serves `folder`.
    pub fn start(folder: PathBuf, options: Options) -> Result<Self> {
        let base = format!("/{}/", options.base.trim_matches('/')).replace("//", "/");
        let site = site(folder, &base, options.isolated);
        let runtime = Runtime::new()?;
        let listener = runtime
            .block_on(TcpListener::bind(("127.0.0.1", options.port)))
            .with_context(|| format!("could not listen on port {}", options.port))?;
        let port = listener.local_addr()?.port();
        let serving = runtime.spawn(async move { axum::serve(listener, site).await });
        Ok(Self { runtime, serving, url: format!("http://localhost:{port}{base}") })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Serves until the program is stopped.
    pub fn wait(self) -> Result<()> {
        Ok(self.runtime.block_on(self.serving)??)
    }
}

/// The files of `folder` below the path `base`.
fn site(folder: PathBuf, base: &str, isolated: bool) -> Router {
    let files = ServeDir::new(folder);
    let mut site =
        if base == "/" { Router::new().fallback_service(files) } else { Router::new().nest_service(base, files) };
    let always = [
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    let isolating = [
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    ];
    for (name, value) in always.into_iter().chain(isolating.into_iter().filter(|_| isolated)) {
        site = site.layer(SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value)));
    }
    site
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::time::Duration;

    /// What is answered on a connection that stays open, up to the end of the headers.
    fn ask(connection: &mut TcpStream, path: &str) -> String {
        write!(connection, "HEAD {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            connection.read_exact(&mut byte).expect("an answer in time");
            answer.extend(byte);
        }
        String::from_utf8(answer).unwrap()
    }

    #[test]
    fn many_connections_that_stay_open_are_all_answered() {
        let options = Options { port: 0, isolated: true, base: "sub".into() };
        let server = Server::start(env!("CARGO_MANIFEST_DIR").into(), options).unwrap();
        let address = server.url().trim_start_matches("http://").trim_end_matches("/sub/").to_owned();
        let open = || {
            let connection = TcpStream::connect(&address).unwrap();
            connection.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
            connection
        };
        let mut connections: Vec<TcpStream> = (0..32).map(|_| open()).collect();
        for path in ["/sub/Cargo.toml", "/sub/src/main.rs"] {
            for connection in connections.iter_mut().rev() {
                let answer = ask(connection, path);
                assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
                assert!(answer.contains("cross-origin-embedder-policy: require-corp"), "{answer}");
            }
        }
        for path in ["/Cargo.toml", "/sub/../../Cargo.toml", "/sub/..%2f..%2fCargo.toml", "/sub/%2e%2e/core/Cargo.toml"]
        {
            let answer = ask(&mut connections[0], path);
            assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
        }
    }
}
