//! NPZ: a zip archive of NPY files, as `numpy.savez` and `savez_compressed` write it. What an archive may unpack to is bounded.

use crate::array::{Raw, room};
use crate::{Error, Result, npy};
use std::io::{Cursor, Read, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

const FORMAT: &str = "NPZ";
/// What such a file begins with.
pub const MAGIC: &[u8; 4] = b"PK\x03\x04";
/// Bytes of everything in an archive, unpacked: as much as a tab can well hold twice.
const MOST_UNPACKED: u64 = 1 << 29;
const MOST_FILES: usize = 10_000;

/// The NPY files of an archive, unpacked, by name without `.npy`.
///
/// # Errors
/// When it is no such archive, is damaged, or would unpack to more than half a gigabyte.
pub fn unpack(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>> {
    let not_npz = |reason: String| Error::NotThisFormat { format: FORMAT, reason };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| not_npz(error.to_string()))?;
    if archive.len() > MOST_FILES {
        return Err(not_npz(format!("it holds {} files; at most {MOST_FILES} are read", archive.len())));
    }
    let mut left = MOST_UNPACKED;
    let mut files = Vec::new();
    for i in 0..archive.len() {
        let mut file = archive.by_index(i).map_err(|error| not_npz(error.to_string()))?;
        let path = file.name().map_err(|error| not_npz(error.to_string()))?.into_owned();
        let Some(name) = path.strip_suffix(".npy").map(str::to_owned) else {
            return Err(not_npz(format!("it holds {path:?}, which is no .npy file")));
        };
        let unpacked = read_bounded(&mut file, left).map_err(|error| match error {
            Failure::Damaged(reason) => not_npz(format!("{name} is damaged: {reason}")),
            Failure::TooMuch => not_npz(format!("it unpacks to more than {} MB", MOST_UNPACKED >> 20)),
            Failure::OutOfMemory(error) => error,
        })?;
        if file.size() != unpacked.len() as u64 {
            let (promised, held) = (format!("{} bytes of {name}", file.size()), format!("{}", unpacked.len()));
            return Err(Error::Size { format: FORMAT, promised, held });
        }
        left -= unpacked.len() as u64;
        files.push((name, unpacked));
    }
    Ok(files)
}

/// Writes arrays as an archive that is not compressed: weights hardly get smaller.
///
/// # Errors
/// When an array cannot be written as NPY, a name occurs twice, or there is no memory.
pub fn encode(arrays: &[(String, Raw<'_>)]) -> Result<Vec<u8>> {
    let unwritable = |reason: String| Error::Unwritable { format: FORMAT, reason };
    let size: usize = arrays.iter().map(|(name, array)| array.bytes().len() + 2 * name.len() + 512).sum();
    let mut writer = ZipWriter::new(Cursor::new(room(size)?));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, array) in arrays {
        let file = npy::encode(array)?;
        let started = writer.start_file(format!("{name}.npy"), options);
        started.map_err(|error| unwritable(format!("{name}: {error}")))?;
        writer.write_all(&file).map_err(|error| unwritable(format!("{name}: {error}")))?;
    }
    let done = writer.finish().map_err(|error| unwritable(error.to_string()))?;
    Ok(done.into_inner())
}

enum Failure {
    Damaged(String),
    TooMuch,
    OutOfMemory(Error),
}

/// All that a reader gives. Memory follows what really comes, not what a header promises.
fn read_bounded(from: &mut impl Read, most: u64) -> Result<Vec<u8>, Failure> {
    let mut all = Vec::new();
    let mut piece = [0; 1 << 14];
    loop {
        let count = from.read(&mut piece).map_err(|error| Failure::Damaged(error.to_string()))?;
        if count == 0 {
            return Ok(all);
        }
        if (all.len() + count) as u64 > most {
            return Err(Failure::TooMuch);
        }
        let bytes = all.len() + count;
        all.try_reserve(count).map_err(|_| Failure::OutOfMemory(Error::OutOfMemory { bytes }))?;
        all.extend_from_slice(&piece[..count]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::array::{Kind, Values};

    fn two() -> Vec<(String, Raw<'static>)> {
        let weight = Raw::of(vec![2, 2], &Values::F32(vec![1.0, 2.0, 3.0, 4.0])).unwrap().unwrap();
        let bias = Raw::new(Kind::I8, vec![0], vec![]).unwrap();
        vec![("0.weight".to_owned(), weight), ("0.bias".to_owned(), bias)]
    }

    #[test]
    fn what_was_written_is_read() {
        let files = unpack(&encode(&two()).unwrap()).unwrap();
        let read: Vec<_> = files.iter().map(|(name, file)| (name.clone(), npy::parse(file).unwrap())).collect();
        assert_eq!(read, two());
    }

    #[test]
    fn a_compressed_one_is_read() {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        let array = Raw::of(vec![100], &Values::I32(vec![7; 100])).unwrap().unwrap();
        writer.start_file("a.npy", options).unwrap();
        writer.write_all(&npy::encode(&array).unwrap()).unwrap();
        let files = unpack(&writer.finish().unwrap().into_inner()).unwrap();
        assert_eq!(npy::parse(&files[0].1).unwrap(), array);
    }

    #[test]
    fn says_what_is_wrong() {
        let message = |bytes: &[u8]| unpack(bytes).unwrap_err().to_string();
        assert!(message(b"PK\x03\x04").starts_with("this is no NPZ file: "));
        let whole = encode(&two()).unwrap();
        assert!(message(&whole[..whole.len() / 2]).starts_with("this is no NPZ file: "));
        let mut spoilt = whole.clone();
        let at = spoilt.windows(4).position(|four| four == 4.0f32.to_le_bytes()).unwrap();
        spoilt[at] ^= 1;
        assert!(message(&spoilt).starts_with("this is no NPZ file: 0.weight is damaged: "), "{}", message(&spoilt));
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file("run.py", SimpleFileOptions::default()).unwrap();
        let other = writer.finish().unwrap().into_inner();
        assert_eq!(message(&other), "this is no NPZ file: it holds \"run.py\", which is no .npy file");
    }

    #[test]
    fn a_bomb_is_refused() {
        let mut bomb = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        bomb.start_file("zeros.npy", options).unwrap();
        std::io::copy(&mut std::io::repeat(0).take(MOST_UNPACKED + 1), &mut bomb).unwrap();
        let bomb = bomb.finish().unwrap().into_inner();
        assert!(bomb.len() < 1 << 20);
        assert_eq!(unpack(&bomb).unwrap_err().to_string(), "this is no NPZ file: it unpacks to more than 512 MB");
    }
}
