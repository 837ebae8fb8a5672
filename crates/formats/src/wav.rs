//! WAV, by the `hound` crate: sound as one channel of 16-bit samples. Several channels become their mean.

use std::io::Cursor;

use hound::{SampleFormat, WavReader};

use crate::{Error, Result};

const FORMAT: &str = "WAV";

/// One channel of sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    /// Samples a second.
    pub rate: u32,
    /// What each channel had, or the mean of all, as 16-bit numbers.
    pub samples: Vec<i16>,
}

/// Reads a whole file: whole numbers of 8 to 32 bits, or floating-point ones, whose 1 is the loudest.
///
/// # Errors
/// When it is no WAV file, ends early, or has samples of another kind. Memory is taken in proportion to the file.
pub fn parse(bytes: &[u8]) -> Result<Sound> {
    let not_wav = |error: hound::Error| match error {
        hound::Error::IoError(_) => Error::Size {
            format: FORMAT,
            promised: "more than there is".to_owned(),
            held: format!("{} bytes", bytes.len()),
        },
        other => Error::NotThisFormat { format: FORMAT, reason: other.to_string() },
    };
    let mut reader = WavReader::new(Cursor::new(bytes)).map_err(not_wav)?;
    let spec = reader.spec();
    if spec.channels == 0 || spec.sample_rate == 0 {
        let reason = format!("it has {} channels of {} samples a second", spec.channels, spec.sample_rate);
        return Err(Error::NotThisFormat { format: FORMAT, reason });
    }
    let channels = usize::from(spec.channels);
    let samples = match spec.sample_format {
        SampleFormat::Float => mixed(reader.samples::<f32>(), channels, |value| {
            // What is no number becomes silence.
            f64::from(value) * 32768.0
        }),
        SampleFormat::Int => {
            let scale = f64::from(16 - i32::from(spec.bits_per_sample)).exp2();
            mixed(reader.samples::<i32>(), channels, move |value| f64::from(value) * scale)
        }
    };
    Ok(Sound { rate: spec.sample_rate, samples: samples.map_err(not_wav)? })
}

/// The mean of each frame. The iterator ends at the first error.
fn mixed<S>(
    samples: impl Iterator<Item = hound::Result<S>>,
    channels: usize,
    scaled: impl Fn(S) -> f64,
) -> hound::Result<Vec<i16>> {
    let mut mono = vec![];
    let (mut sum, mut seen) = (0.0, 0);
    for sample in samples {
        sum += scaled(sample?);
        seen += 1;
        if seen == channels {
            // A cast saturates, and makes 0 of what is no number.
            mono.push((sum / channels as f64).round() as i16);
            (sum, seen) = (0.0, 0);
        }
    }
    Ok(mono)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hound::{WavSpec, WavWriter};
    use proptest::prelude::*;

    fn written<S: hound::Sample + Copy>(channels: u16, bits: u16, format: SampleFormat, samples: &[S]) -> Vec<u8> {
        let spec = WavSpec { channels, sample_rate: 8000, bits_per_sample: bits, sample_format: format };
        let mut bytes = Cursor::new(vec![]);
        let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
        for &sample in samples {
            writer.write_sample(sample).unwrap();
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    #[test]
    fn every_width_has_the_same_loudness() {
        let expected = Sound { rate: 8000, samples: vec![0, 16384, -32768] };
        let files = [
            written(1, 8, SampleFormat::Int, &[0, 64, -128]),
            written(1, 16, SampleFormat::Int, &[0, 16384, -32768]),
            written(1, 24, SampleFormat::Int, &[0, 1 << 22, -(1 << 23)]),
            written(1, 32, SampleFormat::Int, &[0, 1 << 30, i32::MIN]),
            written(1, 32, SampleFormat::Float, &[0.0, 0.5, -1.0]),
        ];
        for bytes in files {
            assert_eq!(parse(&bytes), Ok(expected.clone()));
        }
    }

    #[test]
    fn channels_become_their_mean_and_what_is_too_loud_is_cut() {
        let stereo = written(2, 16, SampleFormat::Int, &[100, 300, -5, -5]);
        assert_eq!(parse(&stereo).unwrap().samples, [200, -5]);
        let loud = written(1, 32, SampleFormat::Float, &[7.0, f32::NAN, f32::NEG_INFINITY]);
        assert_eq!(parse(&loud).unwrap().samples, [i16::MAX, 0, i16::MIN]);
    }

    #[test]
    fn says_what_is_wrong() {
        let message = |bytes: &[u8]| parse(bytes).unwrap_err().to_string();
        assert!(message(b"RIFF").starts_with("this WAV file promises more than there is"), "{}", message(b"RIFF"));
        assert!(message(&[7; 64]).starts_with("this is no WAV file: "), "{}", message(&[7; 64]));
        let mut cut = written(1, 16, SampleFormat::Int, &[1, 2, 3]);
        cut.truncate(cut.len() - 3);
        assert!(parse(&cut).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(place in 0usize..60, byte: u8, rest in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut bytes = written(1, 16, SampleFormat::Int, &[1, 2, 3]);
            let end = bytes.len();
            bytes[place % end] = byte;
            bytes.extend(rest);
            let _ = parse(&bytes);
        }
    }
}
