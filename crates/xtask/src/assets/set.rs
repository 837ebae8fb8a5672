//! A packed data set: a folder with `manifest.json`, which says of each file how large it is and what it hashes to, packed
//! and unpacked; the files, gzipped; and a `NOTICE`.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::Result;
use flate2::{Compression, GzBuilder};
use gradbook_formats::{idx, residual};
use serde_json::{Map, Value, json};

use super::archive::Archive;
use crate::stamp;

/// What is known of a set, and its parts.
pub struct Set {
    pub name: &'static str,
    pub title: &'static str,
    /// A licence by its SPDX name, or "none stated".
    pub licence: &'static str,
    /// What the `NOTICE` says above the list of packages: what was taken, who made it, and on what terms.
    pub notice: String,
    pub from: Vec<&'static Archive>,
    pub classes: Vec<String>,
    /// Mean and standard deviation of each channel of the first part's images, from 0 to 1.
    pub statistics: Option<Vec<(f64, f64)>>,
    parts: Vec<Part>,
}

struct Part {
    name: String,
    count: usize,
    files: Vec<(&'static str, Vec<u8>)>,
}

impl Set {
    pub fn new(
        name: &'static str,
        title: &'static str,
        licence: &'static str,
        from: &[&'static Archive],
        notice: impl Into<String>,
    ) -> Self {
        let (classes, parts) = (vec![], vec![]);
        Self { name, title, licence, notice: notice.into(), from: from.to_vec(), classes, statistics: None, parts }
    }

    pub fn classes(mut self, classes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.classes = classes.into_iter().map(Into::into).collect();
        self
    }

    /// With a licence's own text at the end of the notice.
    pub fn licence_text(mut self, text: &[u8]) -> Self {
        self.notice += &format!("\n\n----\n{}\n----", String::from_utf8_lossy(text).trim());
        self
    }

    /// Adds a part whose files are named by what they hold.
    pub fn part(mut self, name: impl Into<String>, count: usize, files: Vec<(&'static str, Vec<u8>)>) -> Self {
        self.parts.push(Part { name: name.into(), count, files });
        self
    }

    /// Adds a part of images and labels, 0 to 255.
    pub fn labelled(mut self, name: &'static str, images: &Images, labels: &[u8]) -> Result<Self> {
        if self.statistics.is_none() {
            self.statistics = Some(images.statistics());
        }
        let files = vec![("images", images.file()?), ("labels", idx::encode_u8(&[labels.len()], labels)?)];
        Ok(self.part(name, images.dims[0], files))
    }

    /// The files of the folder, the same bytes on every machine.
    pub fn pack(&self) -> Result<BTreeMap<String, Vec<u8>>> {
        let mut packed = BTreeMap::new();
        let mut parts = Map::new();
        for part in &self.parts {
            let mut described = Map::new();
            described.insert("count".into(), part.count.into());
            for (what, plain) in &part.files {
                let form = match *what {
                    "tensors" => "safetensors",
                    _ if plain.starts_with(residual::MAGIC) => "gbr",
                    _ => "idx",
                };
                let name = format!("{}-{what}.{form}.gz", part.name);
                let bytes = compress(plain)?;
                let entry = json!({
                    "file": name, "bytes": bytes.len(), "sha256": stamp::sha256(&bytes),
                    "plain": { "bytes": plain.len(), "sha256": stamp::sha256(plain) },
                });
                described.insert((*what).into(), entry);
                packed.insert(name, bytes);
            }
            parts.insert(part.name.clone(), described.into());
        }
        let mut manifest = json!({ "name": self.name, "title": self.title, "licence": self.licence });
        if !self.classes.is_empty() {
            manifest["classes"] = json!(self.classes);
        }
        if let Some(statistics) = &self.statistics {
            let rounded = |value: f64| (value * 1e4).round() / 1e4;
            manifest["mean"] = statistics.iter().map(|&(mean, _)| rounded(mean)).collect();
            manifest["std"] = statistics.iter().map(|&(_, deviation)| rounded(deviation)).collect();
        }
        let source = |archive: &&Archive| json!({ "package": archive.package, "sha256": archive.sha256 });
        manifest["source"] = self.from.iter().map(source).collect();
        manifest["parts"] = Value::Object(parts);
        packed.insert("manifest.json".into(), (serde_json::to_string_pretty(&manifest)? + "\n").into());
        packed.insert("NOTICE".into(), self.written_notice().into());
        Ok(packed)
    }

    fn written_notice(&self) -> String {
        let mut text = format!("{}\nLicence: {}\n\n{}\n", self.title, self.licence, self.notice.trim());
        text += "\nThe licence of this project does not cover these files. Taken from:\n";
        for archive in &self.from {
            text += &format!("  {} ({}, sha256 {})\n", archive.package, archive.file, archive.sha256);
        }
        text
    }
}

/// Images of one size, [N, C, H, W], and how they are stored.
pub struct Images {
    pub dims: [usize; 4],
    pub values: Vec<u8>,
    pub stored: Stored,
}

/// How images are stored.
pub enum Stored {
    /// As they are: drawings, which gzip packs well.
    Plain,
    /// As residuals, off by no more than so much: photographs.
    Residuals(u8),
}

impl Images {
    pub fn file(&self) -> Result<Vec<u8>> {
        let [n, c, h, w] = self.dims;
        Ok(match self.stored {
            Stored::Plain if c == 1 => idx::encode_u8(&[n, h, w], &self.values)?,
            Stored::Plain => idx::encode_u8(&self.dims, &self.values)?,
            Stored::Residuals(near) => residual::encode(self.dims, &self.values, near)?,
        })
    }

    pub fn statistics(&self) -> Vec<(f64, f64)> {
        let [n, c, h, w] = self.dims;
        let moments = |channel: usize| {
            let planes = (0..n).map(|image| &self.values[(image * c + channel) * h * w..][..h * w]);
            let (mut sum, mut squares) = (0u64, 0u64);
            for &value in planes.flatten() {
                sum += u64::from(value);
                squares += u64::from(value).pow(2);
            }
            let count = (n * h * w) as f64;
            let mean = sum as f64 / count;
            (mean / 255.0, (squares as f64 / count - mean * mean).sqrt() / 255.0)
        };
        (0..c).map(moments).collect()
    }
}

/// gzip without a time, a name or a system in its header.
fn compress(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzBuilder::new().mtime(0).operating_system(255).write(vec![], Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}
