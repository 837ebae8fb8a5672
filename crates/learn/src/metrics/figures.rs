//! All that follows from a confusion matrix, in one call.

use super::{Certainty, Confusion, Counted, Counts, Measure, Over, Weights};

/// The figures of a matrix.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "camelCase"))]
pub struct ClassFigures {
    /// How many samples there are.
    pub n: u64,
    /// The share of right answers.
    pub accuracy: Measure,
    /// The mean recall of the classes that occur.
    pub balanced_accuracy: Measure,
    /// Agreement beyond chance.
    pub cohen_kappa: Measure,
    /// The correlation of truth and prediction.
    pub matthews_corrcoef: Measure,
    /// Means over classes.
    #[cfg_attr(feature = "serde", serde(rename = "macro"))]
    pub means: Averages,
    /// All decisions together.
    pub micro: Averages,
    /// Means weighted by how often classes occur.
    pub weighted: Averages,
    /// Each class against all others.
    pub per_class: Vec<ClassFigure>,
}

/// The four figures of a class or an average.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Averages {
    /// tp / (tp + fp).
    pub precision: Measure,
    /// tp / (tp + fn).
    pub recall: Measure,
    /// tn / (tn + fp).
    pub specificity: Measure,
    /// 2tp / (2tp + fp + fn).
    pub f1: Measure,
}

/// A class against all others.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ClassFigure {
    /// How many samples are of it.
    pub support: u64,
    /// How many were taken for it.
    pub predicted: u64,
    /// The decisions about it.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub counts: Counts,
    /// Its figures.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub figures: Averages,
}

/// All figures of a matrix, whose bootstrap draws the samples once for all.
pub fn class_figures(confusion: &Confusion, certainty: &Certainty) -> ClassFigures {
    let overs = [Over::Macro, Over::Micro, Over::Weighted].into_iter().chain((0..confusion.classes()).map(Over::Class));
    let each = |over| [Counted::Precision(over), Counted::Recall(over), Counted::Specificity(over), Counted::F1(over)];
    let first = [Counted::Accuracy, Counted::BalancedAccuracy, Counted::CohenKappa(Weights::None), Counted::Matthews];
    let counted: Vec<Counted> = first.into_iter().chain(overs.flat_map(each)).collect();
    let mut measures = confusion.measures(&counted, certainty).into_iter();
    let mut next = || measures.next().expect("one for each");
    let (accuracy, balanced_accuracy, cohen_kappa, matthews_corrcoef) = (next(), next(), next(), next());
    let mut four = || Averages { precision: next(), recall: next(), specificity: next(), f1: next() };
    ClassFigures {
        n: confusion.total(),
        accuracy,
        balanced_accuracy,
        cohen_kappa,
        matthews_corrcoef,
        means: four(),
        micro: four(),
        weighted: four(),
        per_class: (0..confusion.classes())
            .map(|class| ClassFigure {
                support: confusion.support(class),
                predicted: confusion.predicted(class),
                counts: confusion.about(class),
                figures: four(),
            })
            .collect(),
    }
}
