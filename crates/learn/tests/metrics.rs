//! Metrics on bad input, and what must hold between them.

use gradbook_core::rng;
use gradbook_learn::metrics::{
    Certainty, Confusion, Counted, Direction, Interpolation, METRICS, Measure, Method, MultiClass, Over, Weights, Why,
    average_precision, brier_score, class_figures, delong, delong_test, log_loss, mcnemar, mean_average_precision,
    mean_of, operating_points, regression, reliability, roc_auc, roc_auc_multiclass, top_k_accuracy,
};

fn sure() -> Certainty {
    Certainty::default()
}

/// Labels of so many classes and rows of probabilities that tell them half.
fn problem(seed: u32, n: usize, classes: usize) -> (Vec<i32>, Vec<f64>) {
    let word = |place: usize| f64::from(rng::threefry2x32([seed, 3], [place as u32, 0])[0]) / 2f64.powi(32);
    let labels: Vec<i32> = (0..n).map(|row| (word(row) * classes as f64) as i32).collect();
    let mut probs = Vec::new();
    for (row, &label) in labels.iter().enumerate() {
        let powers: Vec<f64> = (0..classes)
            .map(|class| (2.0 * word(n + row * classes + class) + f64::from(u8::from(class as i32 == label))).exp())
            .collect();
        let sum: f64 = powers.iter().sum();
        probs.extend(powers.iter().map(|power| power / sum));
    }
    (labels, probs)
}

#[test]
fn what_is_undefined_says_why() {
    let text = |measure: gradbook_learn::Result<Measure>| measure.unwrap().to_string();
    assert_eq!(text(roc_auc(&[], &[], &sure())), "undefined because there are no samples");
    assert_eq!(text(roc_auc(&[0, 0], &[0.1, 0.2], &sure())), "undefined because no sample is of class 1");
    assert_eq!(text(roc_auc(&[1, 1], &[0.1, 0.2], &sure())), "undefined because all samples are of class 1");
    assert_eq!(
        text(average_precision(&[0, 0], &[0.1, 0.2], Interpolation::None, &sure())),
        "0.000 by convention, because no sample is of class 1 (n = 2)"
    );
    assert_eq!(text(log_loss(&[], &[], 2, &sure())), "undefined because there are no samples");
    assert_eq!(
        text(roc_auc_multiclass(&[0, 1], &[0.5; 6], 3, MultiClass::Ovr, false, &sure())),
        "undefined because no sample is of class 2"
    );

    let none = Confusion::new(3, &[], &[]).unwrap();
    assert_eq!(none.measure(Counted::Accuracy, &sure()).because, Some(Why::Empty));
    let one = Confusion::new(2, &[0, 0, 0], &[0, 0, 0]).unwrap();
    let of = |confusion: &Confusion, counted| confusion.measure(counted, &sure());
    assert_eq!(of(&one, Counted::Accuracy).value, Some(1.0));
    assert_eq!(of(&one, Counted::CohenKappa(Weights::None)).because, Some(Why::NoVariation));
    let matthews = of(&one, Counted::Matthews);
    assert_eq!((matthews.value, matthews.because, matthews.interval), (Some(0.0), Some(Why::NoVariation), None));
    let precision = of(&one, Counted::Precision(Over::Class(1)));
    assert_eq!((precision.value, precision.because), (Some(0.0), Some(Why::NeverPredicted(1))));
    assert_eq!(of(&one, Counted::Recall(Over::Class(1))).because, Some(Why::NoPositives(1)));
    assert_eq!(of(&one, Counted::F1(Over::Class(1))).because, Some(Why::Absent(1)));
    // An average goes on without it, says so, and is less sure.
    let mean = of(&one, Counted::F1(Over::Macro));
    assert_eq!((mean.value, mean.because), (Some(0.5), Some(Why::SomeClasses(1))));
    assert_eq!(mean.interval.unwrap().method, Method::Combined);

    assert!(mcnemar(&[], &[], &sure()).unwrap().is_err());
    assert!(delong_test(&[1], &[0.5], &[0.5], &sure()).unwrap().is_err());
    assert!(operating_points(&[1, 1], &[0.5, 0.2], 10, &sure()).unwrap().is_err());
    let r2 = regression(&[1.0], &[2.0], &sure()).unwrap().r2;
    assert_eq!((r2.value, r2.because), (None, Some(Why::Single)));
    let equal = regression(&[1.0, 1.0], &[2.0, 1.0], &sure()).unwrap().r2;
    assert_eq!((equal.value, equal.because), (Some(0.0), Some(Why::EqualTargets)));
    assert_eq!(mean_of(&[], &sure()).unwrap().because, Some(Why::Empty));
    assert_eq!(reliability(&[], &[], 2, 10, &sure()).unwrap().error.because, Some(Why::Empty));
}

#[test]
fn what_is_wrong_is_named_with_its_row() {
    let text = |result: gradbook_learn::Result<Measure>| result.unwrap_err().to_string();
    assert_eq!(text(roc_auc(&[0, 1], &[0.1, f64::NAN], &sure())), "scores: row 1 has a score that is NaN");
    assert_eq!(text(roc_auc(&[0, 2], &[0.1, 0.2], &sure())), "scores: row 1 has class 2; with 2 classes it is 0 to 1");
    assert_eq!(text(roc_auc(&[0, 1], &[0.1], &sure())), "scores: 1 scores for 2 samples with 1 each");
    assert_eq!(
        text(log_loss(&[0, 1], &[0.5, 0.5, 3.0, -2.0], 2, &sure())),
        "logLoss: row 1 has the probability 3; it is from 0 to 1. Of scores take the softmax"
    );
    assert_eq!(
        text(top_k_accuracy(&[0], &[0.1, 0.2], 2, 3, &sure())),
        "topKAccuracy: k is 3; with 2 classes it is 1 to 2"
    );
    let level = Certainty { level: 95.0, ..sure() };
    assert_eq!(text(roc_auc(&[0, 1], &[0.1, 0.2], &level)), "level: 95 is not between 0 and 1, as 0.95 is");
    assert!(Confusion::new(2, &[0, 1], &[0]).is_err() && Confusion::new(2, &[-1], &[0]).is_err());
    assert!(Confusion::from_counts(2, vec![1; 3]).is_err() && Confusion::new(1 << 20, &[0], &[0]).is_err());
}

/// Nothing is outside its own interval, whatever the problem and the method.
#[test]
fn a_figure_lies_in_its_interval() {
    for seed in 0..12 {
        for n in [1, 2, 3, 12, 80, 1100] {
            for classes in [2, 4] {
                let (labels, probs) = problem(seed, n, classes);
                let predicted: Vec<i32> = probs
                    .chunks(classes)
                    .map(|row| (1..classes).fold(0, |best, c| if row[c] > row[best] { c } else { best }) as i32)
                    .collect();
                let certainty = Certainty { resamples: 200, ..sure() };
                let figures = class_figures(&Confusion::new(classes, &labels, &predicted).unwrap(), &certainty);
                let averages = [&figures.means, &figures.micro, &figures.weighted];
                let each = averages.into_iter().chain(figures.per_class.iter().map(|class| &class.figures));
                let mut all: Vec<Measure> =
                    each.flat_map(|f| [&f.precision, &f.recall, &f.specificity, &f.f1]).cloned().collect();
                all.extend(
                    [&figures.accuracy, &figures.balanced_accuracy, &figures.cohen_kappa, &figures.matthews_corrcoef]
                        .map(Measure::clone),
                );
                all.push(mean_average_precision(&labels, &probs, classes, &certainty).unwrap());
                for multi in [MultiClass::Ovr, MultiClass::Ovo] {
                    all.push(roc_auc_multiclass(&labels, &probs, classes, multi, true, &certainty).unwrap());
                }
                all.push(log_loss(&labels, &probs, classes, &certainty).unwrap());
                all.push(brier_score(&labels, &probs, classes, &certainty).unwrap());
                all.push(top_k_accuracy(&labels, &probs, classes, 2, &certainty).unwrap());
                for measure in all {
                    let name = measure.metric.name;
                    assert!(
                        measure.value.is_some() || measure.because.is_some(),
                        "{name}, n {n}: neither value nor reason"
                    );
                    let (Some(value), Some(interval)) = (measure.value, measure.interval) else { continue };
                    assert!(
                        interval.low - 1e-9 <= value && value <= interval.high + 1e-9,
                        "{name}, n {n}, classes {classes}, seed {seed}: {value} in {interval:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn areas_of_two_classes_are_one_area() {
    let (labels, probs) = problem(5, 300, 2);
    let upper: Vec<f64> = probs.chunks(2).map(|row| row[1]).collect();
    let one = roc_auc(&labels, &upper, &sure()).unwrap();
    for multi in [MultiClass::Ovr, MultiClass::Ovo] {
        let both = roc_auc_multiclass(&labels, &probs, 2, multi, false, &sure()).unwrap();
        let (a, b) = (one.interval.as_ref().unwrap(), both.interval.unwrap());
        assert!((one.value.unwrap() - both.value.unwrap()).abs() < 1e-12);
        assert!((a.low - b.low).abs() < 1e-12 && (a.high - b.high).abs() < 1e-12 && a.method == b.method);
    }
    // Pair by pair, as it is defined.
    let pairs = labels.iter().zip(&upper).filter(|(label, _)| **label == 1).flat_map(|(_, high)| {
        let below = labels.iter().zip(&upper).filter(|(label, _)| **label == 0);
        below.map(move |(_, low)| {
            if high > low {
                1.0
            } else if high == low {
                0.5
            } else {
                0.0
            }
        })
    });
    let pairs: Vec<f64> = pairs.collect();
    assert!((pairs.iter().sum::<f64>() / pairs.len() as f64 - one.value.unwrap()).abs() < 1e-12);
}

#[test]
fn equal_models_do_not_differ() {
    let (labels, probs) = problem(6, 200, 2);
    let upper: Vec<f64> = probs.chunks(2).map(|row| row[1]).collect();
    let stretched: Vec<f64> = upper.iter().map(|p| 3.0 * p - 7.0).collect();
    let test = delong_test(&labels, &upper, &stretched, &sure()).unwrap().unwrap();
    assert_eq!((test.difference, test.p_value), (0.0, Some(1.0)));
    // The variance of a difference is that of one area where the other ranks by chance, but for what they share.
    let noise: Vec<f64> = (0..200).map(|i| f64::from(rng::threefry2x32([1, 2], [i, 0])[0])).collect();
    let test = delong_test(&labels, &upper, &noise, &sure()).unwrap().unwrap();
    let variance = |scores: &[f64]| delong(&labels, scores).unwrap().unwrap().variance.unwrap();
    let error = test.difference / test.z.unwrap();
    let apart = variance(&upper) + variance(&noise);
    assert!(test.p_value.unwrap() < 1e-6 && (error * error / apart - 1.0).abs() < 0.3, "{test:?}");

    let right: Vec<bool> = (0..100).map(|i| i % 5 > 0).collect();
    let same = mcnemar(&right, &right, &sure()).unwrap().unwrap();
    assert_eq!((same.p_value, same.difference, same.both, same.neither), (1.0, 0.0, 80, 20));
    // Ten of ten coins: 2 / 2^10.
    let none = vec![false; 10];
    let all = mcnemar(&[true; 10], &none, &sure()).unwrap().unwrap();
    assert!((all.p_value - 2.0 / 1024.0).abs() < 1e-12);
    assert!(all.interval.low > 0.5 && all.interval.high <= 1.0);
}

#[test]
fn the_table_names_each_metric_once() {
    let mut names: Vec<&str> = METRICS.iter().map(|metric| metric.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), METRICS.len());
    let losses = METRICS.iter().filter(|metric| metric.direction == Direction::Lower);
    assert!(
        losses
            .into_iter()
            .all(|metric| metric.name.contains("oss") || metric.name.contains("rror") || metric.name == "brierScore")
    );
}

#[test]
fn thresholds_are_those_of_the_curve() {
    let (labels, probs) = problem(7, 500, 2);
    let upper: Vec<f64> = probs.chunks(2).map(|row| row[1]).collect();
    let all = operating_points(&labels, &upper, 1000, &sure()).unwrap().unwrap();
    assert_eq!(all.thresholds.len(), 501);
    let few = operating_points(&labels, &upper, 50, &sure()).unwrap().unwrap();
    assert!((40..=50).contains(&few.thresholds.len()), "{}", few.thresholds.len());
    let positives = labels.iter().filter(|&&label| label == 1).count() as u64;
    assert_eq!((few.tp.first(), few.tp.last()), (Some(&0), Some(&positives)));
    for (at, &threshold) in few.thresholds.iter().enumerate() {
        let predicted = upper.iter().map(|&score| i32::from(score >= threshold)).collect::<Vec<_>>();
        let confusion = Confusion::new(2, &labels, &predicted).unwrap();
        assert_eq!(confusion.counts(), [few.tn[at], few.fp[at], few.missed[at], few.tp[at]]);
        let f1 = confusion.measure(Counted::F1(Over::Class(1)), &sure());
        assert_eq!(few.f1.value[at], f1.value.filter(|_| f1.because.is_none()));
        assert_eq!(few.f1.low[at], f1.interval.map(|interval| interval.low));
    }
}
