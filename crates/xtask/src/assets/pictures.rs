//! Pictures out of archives: decoded, cut and made smaller by rules that give the same bytes on every machine.

use std::io::Cursor;

use anyhow::{Result, bail};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// Pixels in rows, channels beside each other.
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub channels: usize,
    pub values: Vec<u8>,
}

/// A PNG file, with 8 bits a channel.
pub fn png(bytes: &[u8]) -> Result<Picture> {
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info()?;
    let Some(size) = reader.output_buffer_size() else { bail!("the picture is too large") };
    let mut values = vec![0; size];
    let frame = reader.next_frame(&mut values)?;
    values.truncate(frame.buffer_size());
    let (width, height) = (frame.width as usize, frame.height as usize);
    Ok(Picture { width, height, channels: values.len() / (width * height), values })
}

/// A JPEG file, in red, green and blue.
pub fn jpeg(bytes: &[u8]) -> Result<Picture> {
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(Cursor::new(bytes), options);
    let values = decoder.decode()?;
    let Some((width, height)) = decoder.dimensions() else { bail!("the picture has no size") };
    Ok(Picture { width, height, channels: 3, values })
}

impl Picture {
    /// Red, green and blue planes; grey ones become three alike, transparency goes.
    pub fn rgb_planes(&self) -> Vec<u8> {
        let plane = |channel: usize| {
            let channel = if self.channels < 3 { 0 } else { channel };
            self.values.chunks_exact(self.channels).map(move |pixel| pixel[channel])
        };
        (0..3).flat_map(plane).collect()
    }

    /// A square of it.
    pub fn cut(&self, left: usize, top: usize, size: usize) -> Picture {
        let row = |y: usize| &self.values[((top + y) * self.width + left) * self.channels..][..size * self.channels];
        Picture {
            width: size,
            height: size,
            channels: self.channels,
            values: (0..size).flat_map(row).copied().collect(),
        }
    }

    /// No side longer than `longest`: each pixel is the mean of the area that it covers.
    pub fn at_most(self, longest: usize) -> Picture {
        let side = self.width.max(self.height);
        if side <= longest {
            return self;
        }
        let scaled = |length: usize| (length * longest + side / 2) / side;
        let (width, height) = (scaled(self.width), scaled(self.height));
        let (columns, rows) = (shares(self.width, width), shares(self.height, height));
        let mut values = Vec::with_capacity(width * height * self.channels);
        for row in &rows {
            for column in &columns {
                for channel in 0..self.channels {
                    let mut sum = 0.0;
                    for &(y, high) in row {
                        for &(x, wide) in column {
                            let value = self.values[(y * self.width + x) * self.channels + channel];
                            sum += high * wide * f64::from(value);
                        }
                    }
                    values.push(sum.round().clamp(0.0, 255.0) as u8);
                }
            }
        }
        Picture { width, height, channels: self.channels, values }
    }
}

/// For each of `to` places along a side of `from` pixels: the pixels that it covers, each with its share of the mean.
fn shares(from: usize, to: usize) -> Vec<Vec<(usize, f64)>> {
    let place = |i: usize| {
        // In units of 1 / `to` of a pixel, so that all is exact.
        let (start, end) = (i * from, (i + 1) * from);
        let covered = |pixel: usize| ((pixel + 1) * to).min(end) - (pixel * to).max(start);
        (start / to..end.div_ceil(to)).map(|pixel| (pixel, covered(pixel) as f64 / from as f64)).collect()
    };
    (0..to).map(place).collect()
}

/// A drawing of `size` × `size` moved by whole pixels, so that what is not 0 lies in the middle.
pub fn centred(values: &[u8], size: usize) -> Vec<u8> {
    let inked: Vec<usize> = (0..values.len()).filter(|&at| values[at] > 0).collect();
    let range = |place: fn(usize, usize) -> usize| {
        let places = inked.iter().map(|&at| place(at, size));
        (places.clone().min().unwrap_or(0), places.max().unwrap_or(size - 1))
    };
    let (left, right) = range(|at, size| at % size);
    let (top, bottom) = range(|at, size| at / size);
    let (to_left, to_top) = ((size - 1 - (right - left)) / 2, (size - 1 - (bottom - top)) / 2);
    let mut moved = vec![0; values.len()];
    for y in top..=bottom {
        for x in left..=right {
            moved[(y - top + to_top) * size + x - left + to_left] = values[y * size + x];
        }
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smaller_picture_keeps_the_mean() {
        // Three pixels over two: each takes one whole and half of the middle one, (10·2 + 40)/3 = 20 and (40 + 100·2)/3 = 80.
        let picture = Picture { width: 3, height: 1, channels: 1, values: vec![10, 40, 100] };
        let smaller = picture.at_most(2);
        assert_eq!((smaller.width, smaller.height), (2, 1));
        assert_eq!(smaller.values, [20, 80]);
    }

    #[test]
    fn a_drawing_moves_to_the_middle() {
        assert_eq!(centred(&[7, 8, 0, 0, 0, 0, 0, 0, 0], 3), [0, 0, 0, 7, 8, 0, 0, 0, 0]);
        assert_eq!(centred(&[0; 9], 3), [0; 9]);
    }
}
