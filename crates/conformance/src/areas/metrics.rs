//! Metrics, their intervals, and how samples are dealt out: host functions, the same on every device.

use crate::{
    call::{Call, Function, Output, Outputs},
    error::{Error, Result},
};
use gradbook_core::Tensor;
use gradbook_learn::{
    data::{Folding, folds, partition},
    metrics::{
        self, Certainty, Confusion, Counted, Counts, Figure, Interpolation, Measure, Method, MultiClass, Over, Ranking,
        Weights, class_figures,
    },
};

pub fn find(op: &str) -> Option<Function> {
    Some(Function::Graph(match op {
        "confusion_matrix" => |c| {
            let confusion = confusion(c)?;
            let k = confusion.classes();
            let counts: Vec<i32> = confusion.counts().iter().map(|&count| count as i32).collect();
            Ok(vec![("matrix".into(), Tensor::i32(&[k, k], &counts)?.into())])
        },
        "accuracy" => |c| counted(c, Counted::Accuracy),
        "balanced_accuracy" => |c| counted(c, Counted::BalancedAccuracy),
        "matthews_corrcoef" => |c| counted(c, Counted::Matthews),
        "cohen_kappa" => |c| {
            counted(
                c,
                Counted::CohenKappa(match c.text("weights") {
                    Some("linear") => Weights::Linear,
                    Some("quadratic") => Weights::Quadratic,
                    _ => Weights::None,
                }),
            )
        },
        "precision_recall_f1" => |c| {
            let over = match c.text("average") {
                Some("macro") => Over::Macro,
                Some("micro") => Over::Micro,
                Some("weighted") => Over::Weighted,
                _ => return Err(Error::Unsupported),
            };
            let confusion = confusion(c)?;
            let number = |counted| Ok::<_, Error>(Output::Number(given(confusion.figure(counted))?));
            Ok(vec![
                ("precision".into(), number(Counted::Precision(over))?),
                ("recall".into(), number(Counted::Recall(over))?),
                ("f1".into(), number(Counted::F1(over))?),
            ])
        },
        "per_class_metrics" => per_class,
        "binary_counts" => binary_counts,
        "top_k_accuracy" => |c| {
            let (y, scores, classes) = table(c, "scores")?;
            value(&metrics::top_k_accuracy(&y, &scores, classes, c.size("k")?, &Certainty::default())?)
        },
        "roc_curve" => |c| {
            let curve = ranking(c)?.roc_curve().map_err(undefined)?;
            Ok(vec![list("fpr", &curve.fpr)?, list("tpr", &curve.tpr)?, list("thresholds", &curve.thresholds)?])
        },
        "pr_curve" => |c| {
            let curve = ranking(c)?.pr_curve().map_err(undefined)?;
            Ok(vec![
                list("recall", &curve.recall)?,
                list("precision", &curve.precision)?,
                list("thresholds", &curve.thresholds)?,
            ])
        },
        "roc_auc" => |c| value(&metrics::roc_auc(&labels(c)?, &numbers(c, "scores")?, &Certainty::default())?),
        "roc_auc_multiclass" => |c| {
            let (y, scores, classes) = table(c, "scores")?;
            let multi = if c.text("method") == Some("ovo") { MultiClass::Ovo } else { MultiClass::Ovr };
            let weighted = c.text("average") == Some("weighted");
            value(&metrics::roc_auc_multiclass(&y, &scores, classes, multi, weighted, &Certainty::default())?)
        },
        "average_precision" => |c| average_precision(c, Interpolation::None),
        "pr_auc_trapezoid" => |c| average_precision(c, Interpolation::Trapezoid),
        "ap_interpolated" => |c| {
            average_precision(
                c,
                match c.text("method") {
                    Some("all_points") => Interpolation::AllPoints,
                    Some("eleven_point") => Interpolation::ElevenPoint,
                    Some("coco101") => Interpolation::Coco101,
                    _ => return Err(Error::Unsupported),
                },
            )
        },
        "mean_average_precision" => |c| {
            let (y, scores, classes) = table(c, "scores")?;
            value(&metrics::mean_average_precision(&y, &scores, classes, &Certainty::default())?)
        },
        "calibration_error" => calibration,
        "brier_score" => |c| {
            let (y, probs, classes) = table(c, "probs")?;
            value(&metrics::brier_score(&y, &probs, classes, &Certainty::default())?)
        },
        "log_loss" => |c| {
            let (y, probs, classes) = table(c, "probs")?;
            value(&metrics::log_loss(&y, &probs, classes, &Certainty::default())?)
        },
        "ci_wilson" => |c| interval_of_counts(c, metrics::wilson),
        "ci_clopper_pearson" => |c| interval_of_counts(c, metrics::clopper_pearson),
        "ci_normal" => |c| interval_of_counts(c, metrics::normal),
        "ci_bootstrap_accuracy" => |c| {
            let resamples = c.size("min_resamples")?;
            let certainty = Certainty { level: c.number("level")?, resamples, ..Certainty::default() };
            let correct = numbers(c, "correct")?;
            let interval = metrics::bootstrap_mean(&correct, &certainty).ok_or(Error::Unsupported)?;
            Ok(range(interval.low, interval.high))
        },
        "ci_delong_auc" => |c| {
            let (y, scores) = (labels(c)?, numbers(c, "scores")?);
            let delong = metrics::delong(&y, &scores)?.map_err(undefined)?;
            let certainty =
                Certainty { level: c.number("level")?, method: Some(Method::Delong), ..Certainty::default() };
            let interval = metrics::roc_auc(&y, &scores, &certainty)?.interval.ok_or(Error::Unsupported)?;
            let mut outputs = range(interval.low, interval.high);
            outputs.push(("auc".into(), Output::Number(delong.auc)));
            outputs.push(("variance".into(), Output::Number(delong.variance.ok_or(Error::Unsupported)?)));
            Ok(outputs)
        },
        "auc_hanley_mcneil" => |c| {
            let ranking = ranking(c)?;
            let auc = metrics::delong(&labels(c)?, &numbers(c, "scores")?)?.map_err(undefined)?.auc;
            let se = metrics::hanley_mcneil(auc, ranking.positives() as f64, ranking.negatives() as f64);
            Ok(vec![("auc".into(), Output::Number(auc)), ("se".into(), Output::Number(se))])
        },
        "k_fold" => |c| {
            let (n, k) = (c.size("n")?, c.size("k")?);
            let plain = folds(n, k, &Folding::default())?;
            let first: Vec<i32> = (0..n as i32).filter(|&sample| plain[sample as usize] == 0).collect();
            let shuffled = folds(n, k, &Folding { seed: Some(SEED), ..Folding::default() })?;
            if sizes(&plain, k) != sizes(&shuffled, k) {
                return Err(Error::text("sizes depend on shuffling"));
            }
            let mut outputs = dealt(&shuffled, k);
            outputs.push(("first_fold_unshuffled".into(), Tensor::i32(&[first.len()], &first)?.into()));
            Ok(outputs)
        },
        "stratified_k_fold" => |c| {
            let y = integers(c, "y")?;
            let k = c.size("k")?;
            let parts = folds(y.len(), k, &Folding { labels: Some(&y), groups: None, seed: Some(SEED) })?;
            let classes = y.iter().max().map_or(0, |&most| most + 1);
            let count = |fold: usize, class: i32| {
                parts.iter().zip(&y).filter(|&(&part, &label)| part as usize == fold && label == class).count() as i32
            };
            let each = |class| (0..k).map(move |fold| count(fold, class));
            let ends = |end: fn(&mut dyn Iterator<Item = i32>) -> Option<i32>| {
                (0..classes).map(|class| end(&mut each(class)).unwrap_or(0)).collect::<Vec<_>>()
            };
            let (least, most) = (ends(|counts| counts.min()), ends(|counts| counts.max()));
            Ok(vec![
                ("min_count".into(), Tensor::i32(&[least.len()], &least)?.into()),
                ("max_count".into(), Tensor::i32(&[most.len()], &most)?.into()),
            ])
        },
        "train_val_test_split" => |c| {
            let shares = c.list("fractions");
            let parts = partition(c.size("n")?, &shares, None, SEED).map_err(Error::text)?;
            Ok(dealt(&parts, shares.len()))
        },
        "regression_metrics" => |c| {
            let found = metrics::regression(&numbers(c, "y_true")?, &numbers(c, "y_pred")?, &Certainty::default())?;
            let number = |name: &str, measure: &Measure| {
                Ok::<_, Error>((name.into(), Output::Number(measure.value.ok_or(Error::Unsupported)?)))
            };
            Ok(vec![
                number("mae", &found.mean_absolute_error)?,
                number("mse", &found.mean_squared_error)?,
                number("rmse", &found.root_mean_squared_error)?,
                number("r2", &found.r2)?,
            ])
        },
        _ => return None,
    }))
}

const SEED: u32 = 7;

fn per_class(c: &Call) -> Result<Outputs> {
    let figures = class_figures(&confusion(c)?, &Certainty::default()).per_class;
    let column = |name: &str, of: fn(&metrics::Averages) -> &Measure| {
        let values: Option<Vec<f64>> = figures.iter().map(|class| of(&class.figures).value).collect();
        list(name, &values.ok_or(Error::Unsupported)?)
    };
    let support: Vec<i32> = figures.iter().map(|class| class.support as i32).collect();
    Ok(vec![
        column("precision", |class| &class.precision)?,
        column("recall", |class| &class.recall)?,
        column("specificity", |class| &class.specificity)?,
        column("f1", |class| &class.f1)?,
        ("support".into(), Tensor::i32(&[support.len()], &support)?.into()),
    ])
}

fn binary_counts(c: &Call) -> Result<Outputs> {
    let counts = metrics::binary_counts(&labels(c)?, &numbers(c, "scores")?, c.number("threshold")?)?;
    let Counts { tp, fp, missed, tn } = counts;
    let specificity = metrics::specificity(counts, 1);
    // The other end of the same share: 0 where nothing is of class 0.
    let fpr = if specificity.because.is_some() { 0.0 } else { 1.0 - specificity.value };
    let numbers = [
        ("tp", tp as f64),
        ("fp", fp as f64),
        ("fn", missed as f64),
        ("tn", tn as f64),
        ("precision", metrics::precision(counts, 1).value),
        ("recall", metrics::recall(counts, 1).value),
        ("specificity", specificity.value),
        ("fpr", fpr),
        ("f1", metrics::f1(counts, 1).value),
    ];
    Ok(numbers.into_iter().map(|(name, value)| (name.into(), Output::Number(value))).collect())
}

fn calibration(c: &Call) -> Result<Outputs> {
    let (y, probs, classes) = table(c, "probs")?;
    let found = metrics::reliability(&y, &probs, classes, c.size("bins")?, &Certainty::default())?;
    let number = |measure: &Measure| measure.value.map(Output::Number).ok_or(Error::Unsupported);
    let counts: Vec<i32> = found.bins.iter().map(|bin| bin.count as i32).collect();
    let column = |of: fn(&metrics::Bin) -> f64| found.bins.iter().map(of).collect::<Vec<_>>();
    Ok(vec![
        ("ece".into(), number(&found.error)?),
        ("mce".into(), number(&found.largest)?),
        ("bin_count".into(), Tensor::i32(&[counts.len()], &counts)?.into()),
        list("bin_accuracy", &column(|bin| bin.accuracy))?,
        list("bin_confidence", &column(|bin| bin.confidence))?,
    ])
}

fn average_precision(c: &Call, interpolation: Interpolation) -> Result<Outputs> {
    let (y, scores) = (labels(c)?, numbers(c, "scores")?);
    value(&metrics::average_precision(&y, &scores, interpolation, &Certainty::default())?)
}

fn counted(c: &Call, counted: Counted) -> Result<Outputs> {
    Ok(vec![("value".into(), Output::Number(given(confusion(c)?.figure(counted))?))])
}

fn interval_of_counts(c: &Call, interval: fn(usize, usize, f64) -> (f64, f64)) -> Result<Outputs> {
    let (low, high) = interval(c.size("successes")?, c.size("n")?, c.number("level")?);
    Ok(range(low, high))
}

fn range(low: f64, high: f64) -> Outputs {
    vec![("low".into(), Output::Number(low)), ("high".into(), Output::Number(high))]
}

/// Sizes of parts; that each sample is in one of them, and in one only, is how parts are written.
fn dealt(parts: &[u32], k: usize) -> Outputs {
    let complete = parts.iter().all(|&part| (part as usize) < k);
    vec![
        ("sizes".into(), Output::List(sizes(parts, k))),
        ("disjoint".into(), Output::Number(1.0)),
        ("complete".into(), Output::Number(f64::from(u8::from(complete)))),
    ]
}

fn sizes(parts: &[u32], k: usize) -> Vec<f64> {
    (0..k).map(|fold| parts.iter().filter(|&&part| part as usize == fold).count() as f64).collect()
}

fn confusion(c: &Call) -> Result<Confusion> {
    let (y_true, y_pred) = (labels(c)?, integers(c, "y_pred")?);
    let most = y_true.iter().chain(&y_pred).max().map_or(0, |&most| most as usize);
    let classes = c.maybe("num_classes").map_or(most + 1, |classes| classes as usize);
    Ok(Confusion::new(classes, &y_true, &y_pred)?)
}

fn ranking(c: &Call) -> Result<Ranking> {
    Ok(Ranking::new(&labels(c)?, &numbers(c, "scores")?)?)
}

/// Labels, rows of numbers, and how many a row has.
fn table(c: &Call, name: &str) -> Result<(Vec<i32>, Vec<f64>, usize)> {
    let columns = c.array(name)?.shape.get(1).copied().ok_or_else(|| Error::text("rows are expected"))?;
    Ok((labels(c)?, numbers(c, name)?, columns))
}

fn labels(c: &Call) -> Result<Vec<i32>> {
    integers(c, "y_true")
}

fn integers(c: &Call, name: &str) -> Result<Vec<i32>> {
    Ok(c.array(name)?.values.iter().map(|&value| value as i32).collect())
}

fn numbers(c: &Call, name: &str) -> Result<Vec<f64>> {
    Ok(c.array(name)?.values.clone())
}

fn value(measure: &Measure) -> Result<Outputs> {
    // The cases write NaN for what is undefined.
    Ok(vec![("value".into(), Output::Number(measure.value.unwrap_or(f64::NAN)))])
}

fn given(figure: Figure) -> Result<f64> {
    figure.map(|given| given.value).map_err(undefined)
}

fn undefined(why: metrics::Why) -> Error {
    Error::text(format!("undefined because {why}"))
}

fn list(name: &str, values: &[f64]) -> Result<(String, Output)> {
    Ok((name.into(), Output::List(values.to_vec())))
}
