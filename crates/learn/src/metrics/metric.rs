//! What is measured: the names, which way is better, and the unit.

/// A figure of merit.
#[derive(Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Metric {
    /// scikit-learn's name in the form of JavaScript, `balancedAccuracy`.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// Which way is better.
    pub direction: Direction,
    /// What it counts.
    pub unit: Unit,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub enum Direction {
    /// As an accuracy.
    Higher,
    /// As a loss.
    Lower,
}

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub enum Unit {
    /// A share of 1.
    Share,
    /// From −1, all wrong, over 0, chance, to 1.
    Agreement,
    /// Information, by the natural logarithm.
    Nats,
    /// That of the target.
    Target,
    /// The square of the target's.
    TargetSquared,
}

macro_rules! metrics {
    ($($constant:ident: $name:literal, $title:literal, $direction:ident, $unit:ident;)*) => {
        $(
            #[doc = concat!($title, ".")]
            pub const $constant: Metric =
                Metric { name: $name, title: $title, direction: Direction::$direction, unit: Unit::$unit };
        )*
        /// All of them.
        pub const METRICS: &[Metric] = &[$($constant),*];
    };
}

metrics! {
    ACCURACY: "accuracy", "Accuracy", Higher, Share;
    BALANCED_ACCURACY: "balancedAccuracy", "Balanced accuracy", Higher, Share;
    PRECISION: "precision", "Precision", Higher, Share;
    RECALL: "recall", "Recall", Higher, Share;
    SPECIFICITY: "specificity", "Specificity", Higher, Share;
    F1: "f1", "F1", Higher, Share;
    COHEN_KAPPA: "cohenKappa", "Cohen's kappa", Higher, Agreement;
    MATTHEWS: "matthewsCorrcoef", "Matthews correlation", Higher, Agreement;
    TOP_K: "topKAccuracy", "Top-k accuracy", Higher, Share;
    ROC_AUC: "rocAuc", "Area under the ROC curve", Higher, Share;
    AVERAGE_PRECISION: "averagePrecision", "Average precision", Higher, Share;
    MEAN_AVERAGE_PRECISION: "meanAveragePrecision", "Mean average precision", Higher, Share;
    LOG_LOSS: "logLoss", "Log loss", Lower, Nats;
    BRIER: "brierScore", "Brier score", Lower, Share;
    CALIBRATION_ERROR: "calibrationError", "Expected calibration error", Lower, Share;
    MAX_CALIBRATION_ERROR: "maxCalibrationError", "Largest calibration error", Lower, Share;
    MEAN_ABSOLUTE_ERROR: "meanAbsoluteError", "Mean absolute error", Lower, Target;
    MEAN_SQUARED_ERROR: "meanSquaredError", "Mean squared error", Lower, TargetSquared;
    ROOT_MEAN_SQUARED_ERROR: "rootMeanSquaredError", "Root mean squared error", Lower, Target;
    R2: "r2", "R²", Higher, Share;
}
