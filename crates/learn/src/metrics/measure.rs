//! A figure with how sure it is, or why there is none.

use super::Metric;
use crate::{Error, Result};
use std::fmt;

/// A figure of merit on a sample, with its uncertainty.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// What is measured.
    pub metric: &'static Metric,
    /// The figure; none if it is undefined.
    pub value: Option<f64>,
    /// Why there is no figure; with one, why it is a convention only.
    pub because: Option<Why>,
    /// Where the true figure lies; none if that cannot be said.
    pub interval: Option<Interval>,
    /// How many samples it counts: of a recall, those of its class.
    pub n: usize,
}

/// A range that covers the true figure in a share `level` of all samples that could have been drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// How often it is right, 0.95.
    pub level: f64,
    /// How it was found.
    pub method: Method,
    /// What to bear in mind, such as the method that was passed over.
    pub note: Option<&'static str>,
}

/// How an interval is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "camelCase"))]
pub enum Method {
    /// Wilson 1927: the score test of a proportion, turned round.
    Wilson,
    /// Clopper and Pearson 1934: exact for a proportion, never too short.
    ClopperPearson,
    /// The normal approximation of a proportion (Wald), clipped to 0 and 1. For comparison: too short near 0 and 1.
    Normal,
    /// Percentiles over resamples with replacement (Efron 1979).
    Bootstrap,
    /// Standard error by leaving samples out in turn, on a scale without bounds, with Student's t.
    Jackknife,
    /// Limits of independent proportions, put together by their distances (Zou and Donner 2008).
    Mover,
    /// The conservative sum of limits of dependent proportions.
    Combined,
    /// DeLong et al. 1988.
    Delong,
    /// DeLong's variance on the logit scale.
    LogitDelong,
    /// Newcombe 2006, method 5: a score interval of an AUC that holds for few samples and at 1.
    Newcombe,
    /// A mean of independent numbers by Student's t.
    StudentT,
    /// The binomial approximation on the logit scale of an average precision (Boyd et al. 2013).
    Logit,
}

/// Why a figure is undefined, or a convention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// There are no samples.
    Empty,
    /// All samples are of one class.
    OneClass,
    /// No sample is of the class in question.
    NoPositives(usize),
    /// All samples are of the class in question.
    NoNegatives(usize),
    /// No sample was predicted to be of the class.
    NeverPredicted(usize),
    /// The class neither occurs nor is predicted.
    Absent(usize),
    /// Some classes have no figure of their own; they count 0.
    SomeClasses(usize),
    /// All samples have one and the same predicted or true class.
    NoVariation,
    /// The targets are all equal.
    EqualTargets,
    /// There are fewer than two samples.
    Single,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "there are no samples"),
            Self::OneClass => write!(f, "all samples are of one class"),
            Self::NoPositives(class) => write!(f, "no sample is of class {class}"),
            Self::NoNegatives(class) => write!(f, "all samples are of class {class}"),
            Self::NeverPredicted(class) => write!(f, "class {class} was never predicted"),
            Self::Absent(class) => write!(f, "class {class} neither occurs nor was predicted"),
            Self::SomeClasses(1) => write!(f, "one class has no figure of its own and counts 0"),
            Self::SomeClasses(count) => write!(f, "{count} classes have no figure of their own and count 0"),
            Self::NoVariation => write!(f, "there is only one class on one side"),
            Self::EqualTargets => write!(f, "all targets are equal"),
            Self::Single => write!(f, "one sample says nothing of a spread"),
        }
    }
}

/// A figure, before its interval is known.
pub type Figure = Result<Given, Why>;

/// A figure that exists.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Given {
    /// The number.
    pub value: f64,
    /// Why it is a convention only.
    pub because: Option<Why>,
}

impl Given {
    /// A figure as it was found.
    pub fn found(value: f64) -> Self {
        Self { value, because: None }
    }

    /// What is said where there is no figure, as scikit-learn does with a warning.
    pub fn convention(value: f64, because: Why) -> Self {
        Self { value, because: Some(because) }
    }
}

/// How sure a figure is to be told.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields, rename_all = "camelCase"))]
pub struct Certainty {
    /// How often an interval should be right, 0.95.
    pub level: f64,
    /// How it is to be found; none chooses what holds for the sample. A figure that a method does not fit has no interval then.
    pub method: Option<Method>,
    /// How often a bootstrap draws, 2,000.
    pub resamples: usize,
    /// What its draws depend on.
    pub seed: u32,
}

impl Default for Certainty {
    fn default() -> Self {
        Self { level: 0.95, method: None, resamples: 2000, seed: 0 }
    }
}

impl Certainty {
    /// Errors: a level that is not between 0 and 1, less than 100 draws or more than 100,000.
    pub fn check(&self) -> Result<()> {
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(Error::argument("level", format!("{} is not between 0 and 1, as 0.95 is", self.level)));
        }
        if !(100..=100_000).contains(&self.resamples) {
            return Err(Error::argument("resamples", format!("{} is not from 100 to 100000", self.resamples)));
        }
        Ok(())
    }

    /// The share below an interval.
    pub(super) fn tail(&self) -> f64 {
        0.5 * (1.0 - self.level)
    }

    /// Half the width of an interval in standard errors.
    pub(super) fn z(&self) -> f64 {
        super::special::normal_quantile(1.0 - self.tail())
    }

    /// An interval by a method.
    pub(super) fn interval(&self, (low, high): (f64, f64), method: Method) -> Interval {
        Interval { low, high, level: self.level, method, note: None }
    }
}

impl Interval {
    /// The same with something to bear in mind.
    pub(super) fn noted(self, note: &'static str) -> Self {
        Self { note: Some(note), ..self }
    }

    /// The range of a monotone rising function of the figure.
    pub(super) fn map(self, f: impl Fn(f64) -> f64) -> Self {
        Self { low: f(self.low), high: f(self.high), ..self }
    }
}

impl Measure {
    /// A figure of a metric; the interval is asked for if there is a figure that is no convention.
    pub(super) fn new(
        metric: &'static Metric,
        n: usize,
        figure: Figure,
        interval: impl FnOnce(f64) -> Option<Interval>,
    ) -> Self {
        let (value, because) = match figure {
            Ok(Given { value, because }) => (Some(value), because),
            Err(why) => (None, Some(why)),
        };
        // A convention says nothing about what is true, but where single classes of an average are concerned.
        let sure = !matches!(because, Some(why) if !matches!(why, Why::SomeClasses(_)));
        Self { metric, value, because, n, interval: value.filter(|_| sure).and_then(interval) }
    }
}

/// `0.953 (95 %: 0.946–0.959, Wilson, n = 4000)`
impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.value, self.because) {
            (None, Some(why)) => return write!(f, "undefined because {why}"),
            (None, None) => return write!(f, "undefined"),
            (Some(value), Some(why)) => write!(f, "{value:.3} by convention, because {why}")?,
            (Some(value), None) => write!(f, "{value:.3}")?,
        }
        match &self.interval {
            Some(Interval { low, high, level, method, .. }) => {
                write!(f, " ({} %: {low:.3}–{high:.3}, {method}, n = {})", level * 100.0, self.n)
            }
            None => write!(f, " (n = {})", self.n),
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Wilson => "Wilson",
            Self::ClopperPearson => "Clopper–Pearson",
            Self::Normal => "normal approximation",
            Self::Bootstrap => "bootstrap",
            Self::Jackknife => "jackknife",
            Self::Mover => "MOVER",
            Self::Combined => "combined limits",
            Self::Delong => "DeLong",
            Self::LogitDelong => "logit DeLong",
            Self::Newcombe => "Newcombe",
            Self::StudentT => "Student's t",
            Self::Logit => "logit",
        })
    }
}

#[cfg(feature = "serde")]
pub(super) fn said<S: serde::Serializer>(because: &Option<Why>, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    match because {
        Some(why) => serializer.collect_str(why),
        None => serializer.serialize_none(),
    }
}

/// As objects for a page, which shows what people read.
#[cfg(feature = "serde")]
mod shown {
    use super::{Interval, Measure};
    use serde::{Serialize, Serializer, ser::SerializeStruct};

    impl Serialize for Measure {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut object = serializer.serialize_struct("Measure", 6)?;
            object.serialize_field("metric", self.metric)?;
            object.serialize_field("value", &self.value)?;
            object.serialize_field("because", &self.because.map(|why| why.to_string()))?;
            object.serialize_field("interval", &self.interval)?;
            object.serialize_field("n", &self.n)?;
            object.serialize_field("text", &self.to_string())?;
            object.end()
        }
    }

    impl Serialize for Interval {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut object = serializer.serialize_struct("Interval", 6)?;
            object.serialize_field("low", &self.low)?;
            object.serialize_field("high", &self.high)?;
            object.serialize_field("level", &self.level)?;
            object.serialize_field("method", &self.method)?;
            object.serialize_field("methodName", &self.method.to_string())?;
            object.serialize_field("note", &self.note)?;
            object.end()
        }
    }
}
