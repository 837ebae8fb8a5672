//! How well a model does, and how sure that is.
//!
//! [`Accuracy`] counts where a model runs: its counters are graph nodes, read once in a while. All else are *host functions*: plain Rust in
//! double precision on classes and scores that were read, or on counts. Names and values are scikit-learn's. Each figure is a
//! [`Measure`]: with an interval and the method that found it, or with what keeps it from being defined.

mod accuracy;
mod auc;
mod calibration;
mod confusion;
mod figures;
mod measure;
mod metric;
mod operating;
mod paired;
mod probability;
mod proportion;
mod ranking;
mod regression;
mod resample;
mod special;

pub use accuracy::{Accuracy, hits};
pub use auc::{
    Delong, DelongTest, MultiClass, delong, delong_test, hanley_mcneil, newcombe, roc_auc, roc_auc_multiclass,
};
pub use calibration::{Bin, Reliability, reliability};
pub use confusion::{Confusion, Counted, Counts, Over, Weights, f1, precision, recall, specificity};
pub use figures::{Averages, ClassFigure, ClassFigures, class_figures};
pub use measure::{Certainty, Figure, Given, Interval, Measure, Method, Why};
pub use metric::*;
pub use operating::{OperatingPoints, Rates, binary_counts, operating_points};
pub use paired::{McNemar, correct, mcnemar};
pub use probability::{brier_score, log_loss, top_k_accuracy};
pub use proportion::{clopper_pearson, normal, proportion, wilson};
pub use ranking::{Interpolation, PrCurve, Ranking, RocCurve, average_precision, mean_average_precision, one_vs_rest};
pub use regression::{Regression, regression};
pub use resample::{Mean, bootstrap_mean, mean_of, student_t};
