//! How many tests passed, as their runners say.

use std::fmt;
use std::ops::AddAssign;

use crate::process::Transcript;

/// The outcome of some tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: u64,
    pub failed: u64,
    pub skipped: u64,
}

impl Counts {
    /// One test.
    pub fn one(passed: bool) -> Self {
        Self { passed: u64::from(passed), failed: u64::from(!passed), skipped: 0 }
    }

    /// The sum over the closing lines of cargo's test programs, native or wasm. A test that says "skipped: …" has not passed.
    pub fn of_cargo(transcript: &Transcript) -> Self {
        let mut counts = Self::default();
        for line in transcript.text.lines() {
            if line.starts_with("skipped: ") {
                counts.skipped += 1;
                counts.passed = counts.passed.saturating_sub(1);
            }
            if let Some((_, result)) = line.split_once("test result:") {
                counts += Self {
                    passed: number_before(result, " passed"),
                    failed: number_before(result, " failed"),
                    skipped: number_before(result, " ignored"),
                };
            }
        }
        counts.checked(transcript)
    }

    /// The closing lines of Node's test runner.
    pub fn of_node(transcript: &Transcript) -> Self {
        let mut counts = Self::default();
        for line in transcript.text.lines() {
            let mut words = line.split_whitespace().skip(1);
            let (Some(word), Some(Ok(number)), None) =
                (words.next(), words.next().map(str::parse::<u64>), words.next())
            else {
                continue;
            };
            match word {
                "pass" => counts.passed += number,
                "fail" | "cancelled" => counts.failed += number,
                "skipped" | "todo" => counts.skipped += number,
                _ => {}
            }
        }
        counts.checked(transcript)
    }

    /// The last line that `cargo xtask conformance` prints.
    pub fn of_conformance(transcript: &Transcript) -> Self {
        let closing = transcript.text.lines().rfind(|line| line.contains(" passed, ") && line.ends_with(" skipped"));
        let number = |word| closing.map_or(0, |line| number_before(line, word));
        Self { passed: number(" passed"), failed: number(" failed"), skipped: number(" skipped") }
            .checked(transcript)
            .not_empty()
    }

    /// A stage without a single test has failed.
    pub fn not_empty(mut self) -> Self {
        if self.passed + self.failed == 0 {
            eprintln!("error: no test ran");
            self.failed = 1;
        }
        self
    }

    /// A runner that ends badly without a failed test has failed itself.
    fn checked(mut self, transcript: &Transcript) -> Self {
        if !transcript.success && self.failed == 0 {
            self.failed = 1;
        }
        self
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)?;
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        Ok(())
    }
}

fn number_before(text: &str, word: &str) -> u64 {
    let digits = text.split(word).next().unwrap_or_default();
    let digits = digits.rsplit(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn transcript(text: &str, success: bool) -> Transcript {
        Transcript { text: text.to_owned(), success }
    }

    #[test]
    fn cargo_closes_once_per_program() {
        let text = "running 2 tests\ntest result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n\
                    test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 5 filtered out";
        let counts = Counts::of_cargo(&transcript(text, false));
        assert_eq!(counts, Counts { passed: 15, failed: 2, skipped: 1 });
        let text =
            "test fetches ... ok\ntest result: ok. 2 passed; 0 failed; 0 ignored\n\nskipped: there is no network";
        assert_eq!(Counts::of_cargo(&transcript(text, true)), Counts { passed: 1, failed: 0, skipped: 1 });
    }

    #[test]
    fn node_closes_with_a_line_per_kind() {
        let text = "✔ adds (1ms)\nℹ tests 5\nℹ suites 0\nℹ pass 3\nℹ fail 1\nℹ cancelled 1\nℹ skipped 1\nℹ todo 0";
        let counts = Counts::of_node(&transcript(text, false));
        assert_eq!(counts, Counts { passed: 3, failed: 2, skipped: 1 });
    }

    #[test]
    fn conformance_closes_with_one_line() {
        let text = "PASS conv/a 1e-6\nFAIL conv/b shape [2] not [3]\n4 passed, 1 failed, 7 skipped\n";
        let counts = Counts::of_conformance(&transcript(text, false));
        assert_eq!(counts, Counts { passed: 4, failed: 1, skipped: 7 });
        assert_eq!(Counts::of_conformance(&transcript("error: no device", false)).failed, 1);
    }

    #[test]
    fn a_crash_and_an_empty_run_are_failures() {
        assert_eq!(Counts::of_cargo(&transcript("test result: ok. 4 passed; 0 failed", false)).failed, 1);
        assert_eq!(Counts::of_node(&transcript("", true)).not_empty().failed, 1);
        assert_eq!(Counts { passed: 2, ..Counts::default() }.to_string(), "2 passed, 0 failed");
    }
}
