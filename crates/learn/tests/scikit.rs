//! Figures against scikit-learn on 200 random problems with ties, missing classes and extreme imbalance. `GRADBOOK_PYTHON` names a Python that
//! has it; without one there is nothing to compare with, which is said.

use gradbook_core::rng;
use gradbook_learn::metrics::{
    Certainty, Confusion, Counted, Interpolation, Measure, MultiClass, Over, Weights, average_precision, brier_score,
    log_loss, mean_average_precision, one_vs_rest, regression, roc_auc, roc_auc_multiclass, top_k_accuracy,
};
use serde_json::{Value, json};
use std::{fs, io::Write, process::Command};

const ASK: &str = r#"
import json, sys, warnings
import numpy as np
from sklearn import metrics as m
warnings.filterwarnings("ignore")
out = []
for p in json.load(open(sys.argv[1])):
    k, y, t, r = p["classes"], np.array(p["y"]), np.array(p["pred"]), {}
    s = np.array(p["probs"], dtype=np.float64).reshape(len(y), k)
    labels = list(range(k))
    r["accuracy"] = m.accuracy_score(y, t)
    r["balancedAccuracy"] = m.balanced_accuracy_score(y, t)
    r["matthews"] = m.matthews_corrcoef(y, t)
    for w in [None, "linear", "quadratic"]:
        r["kappa-" + str(w)] = m.cohen_kappa_score(y, t, labels=labels, weights=w)
    for a in ["macro", "micro", "weighted"]:
        v = m.precision_recall_fscore_support(y, t, labels=labels, average=a, zero_division=0)
        for name, value in zip(["precision", "recall", "f1"], v):
            r[name + "-" + a] = value
    v = m.precision_recall_fscore_support(y, t, labels=labels, zero_division=0)
    for c in labels:
        for name, value in zip(["precision", "recall", "f1"], v):
            r[name + "-" + str(c)] = value[c]
        r["auc-" + str(c)] = m.roc_auc_score(y == c, s[:, c]) if len(set(y == c)) == 2 else None
        r["ap-" + str(c)] = m.average_precision_score((y == c).astype(int), s[:, c])
    r["map"] = float(np.mean([r["ap-" + str(c)] for c in labels]))
    r["logLoss"] = m.log_loss(y, np.clip(s, np.finfo(np.float32).eps, 1 - np.finfo(np.float32).eps), labels=labels)
    r["brier"] = float(((s - np.eye(k)[y]) ** 2).sum(1).mean())
    if k == 2:
        r["brierBinary"] = m.brier_score_loss(y, s[:, 1], pos_label=1) if len(set(y)) == 2 else None
    if k > 2:
        r["top2"] = m.top_k_accuracy_score(y, s, k=2, labels=labels)
    if k > 2 and len(set(y)) == k:
        q = s / s.sum(1, keepdims=True)
        for multi in ["ovr", "ovo"]:
            for a in ["macro", "weighted"]:
                r["auc-" + multi + "-" + a] = m.roc_auc_score(y, q, multi_class=multi, average=a, labels=labels)
    a, b = np.array(p["target"]), np.array(p["guess"])
    r["mae"], r["mse"] = m.mean_absolute_error(a, b), m.mean_squared_error(a, b)
    r["r2"] = m.r2_score(a, b) if len(a) > 1 else None
    out.append({n: None if v is None or np.isnan(v) else float(v) for n, v in r.items()})
json.dump(out, sys.stdout)
"#;

struct Problem {
    classes: usize,
    y: Vec<i32>,
    pred: Vec<i32>,
    probs: Vec<f64>,
    target: Vec<f64>,
    guess: Vec<f64>,
}

/// A problem of its own kind: how many classes, how uneven, how many ties, which classes are missing.
fn problem(number: u32) -> Problem {
    let word = |place: u32, stream: u32| rng::threefry2x32([number, 99], [place, stream])[0];
    let uniform = |place: u32, stream: u32| f64::from(word(place, stream)) / 2f64.powi(32);
    let classes = 2 + word(0, 0) as usize % 5;
    let n = [2, 5, 30, 200, 1000][word(1, 0) as usize % 5];
    // Of even classes to one that has nearly all samples.
    let uneven = [0.0, 1.0, 4.0][word(2, 0) as usize % 3];
    let weights: Vec<f64> = (0..classes)
        .map(|class| {
            let missing = word(3, 0) % 3 == 0 && class == word(4, 0) as usize % classes;
            if missing { 0.0 } else { (-uneven * class as f64).exp() }
        })
        .collect();
    let total: f64 = weights.iter().sum();
    let draw = |at: f64| {
        let mut left = at * total;
        let found = weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        found.unwrap_or(0) as i32
    };
    // Scores on a grid tie; a grid of one value ties all.
    let grid = [0.0, 1.0, 4.0, 20.0][word(5, 0) as usize % 4];
    let y: Vec<i32> = (0..n).map(|row| draw(uniform(row, 1))).collect();
    let mut probs = Vec::new();
    for row in 0..n {
        let scores = (0..classes as u32).map(|class| {
            let score = uniform(row * 8 + class, 2) + 0.7 * f64::from(u8::from(y[row as usize] == class as i32));
            if grid > 0.0 { (score * grid).floor() / grid } else { score }
        });
        let powers: Vec<f64> = scores.map(|score| (3.0 * score).exp()).collect();
        let sum: f64 = powers.iter().sum();
        // As single precision has them.
        probs.extend(powers.iter().map(|power| f64::from((power / sum) as f32)));
    }
    let pred = probs
        .chunks(classes)
        .map(|row| (1..classes).fold(0, |best, class| if row[class] > row[best] { class } else { best }) as i32)
        .collect();
    let target: Vec<f64> = (0..n).map(|row| 1000.0 + uniform(row, 3)).collect();
    let guess = (0..n).map(|row| target[row as usize] + 0.3 * uniform(row, 4)).collect();
    Problem { classes, y, pred, probs, target, guess }
}

/// Our figures by the names of the script; none where we say that it is undefined.
fn ours(problem: &Problem) -> Vec<(String, Option<f64>)> {
    let Problem { classes, y, pred, probs, target, guess } = problem;
    let classes = *classes;
    // Few resamples: intervals do not count here.
    let certainty = Certainty { resamples: 100, ..Certainty::default() };
    let confusion = Confusion::new(classes, y, pred).unwrap();
    let counted = |counted| confusion.figure(counted).ok().map(|given| given.value);
    let mut all: Vec<(String, Option<f64>)> = vec![
        ("accuracy".into(), counted(Counted::Accuracy)),
        ("balancedAccuracy".into(), counted(Counted::BalancedAccuracy)),
        ("matthews".into(), counted(Counted::Matthews)),
        ("kappa-None".into(), counted(Counted::CohenKappa(Weights::None))),
        ("kappa-linear".into(), counted(Counted::CohenKappa(Weights::Linear))),
        ("kappa-quadratic".into(), counted(Counted::CohenKappa(Weights::Quadratic))),
    ];
    let overs = [("macro".to_owned(), Over::Macro), ("micro".into(), Over::Micro), ("weighted".into(), Over::Weighted)];
    for (name, over) in overs.into_iter().chain((0..classes).map(|class| (class.to_string(), Over::Class(class)))) {
        all.push((format!("precision-{name}"), counted(Counted::Precision(over))));
        all.push((format!("recall-{name}"), counted(Counted::Recall(over))));
        all.push((format!("f1-{name}"), counted(Counted::F1(over))));
    }
    let value = |measure: gradbook_learn::Result<Measure>| measure.unwrap().value;
    for class in 0..classes {
        let (labels, scores) = one_vs_rest(y, probs, classes, class).unwrap();
        all.push((format!("auc-{class}"), value(roc_auc(&labels, &scores, &certainty))));
        let precision = average_precision(&labels, &scores, Interpolation::None, &certainty);
        all.push((format!("ap-{class}"), value(precision)));
    }
    all.push(("map".into(), value(mean_average_precision(y, probs, classes, &certainty))));
    all.push(("logLoss".into(), value(log_loss(y, probs, classes, &certainty))));
    all.push(("brier".into(), value(brier_score(y, probs, classes, &certainty))));
    if classes == 2 {
        let upper: Vec<f64> = probs.chunks(2).map(|row| row[1]).collect();
        all.push(("brierBinary".into(), value(brier_score(y, &upper, 1, &certainty))));
    } else {
        all.push(("top2".into(), value(top_k_accuracy(y, probs, classes, 2, &certainty))));
        for (multi, kind) in [("ovr", MultiClass::Ovr), ("ovo", MultiClass::Ovo)] {
            for (average, weighted) in [("macro", false), ("weighted", true)] {
                let area = roc_auc_multiclass(y, probs, classes, kind, weighted, &certainty);
                all.push((format!("auc-{multi}-{average}"), value(area)));
            }
        }
    }
    let found = regression(target, guess, &certainty).unwrap();
    all.push(("mae".into(), found.mean_absolute_error.value));
    all.push(("mse".into(), found.mean_squared_error.value));
    all.push(("r2".into(), found.r2.value));
    all
}

#[test]
#[ignore = "needs Python with scikit-learn; run by --slow"]
fn figures_are_those_of_scikit_learn() {
    let Ok(python) = std::env::var("GRADBOOK_PYTHON") else {
        // Not printed: what a test that passes prints is not shown.
        let mut shown = std::io::stderr();
        writeln!(shown, "skipped: GRADBOOK_PYTHON names no Python that has scikit-learn").unwrap();
        return;
    };
    let problems: Vec<Problem> = (0..200).map(problem).collect();
    let given: Vec<Value> = problems
        .iter()
        .map(|p| {
            json!({ "classes": p.classes, "y": p.y, "pred": p.pred, "probs": p.probs, "target": p.target, "guess": p.guess })
        })
        .collect();
    let file = std::env::temp_dir().join(format!("gradbook-metrics-{}.json", std::process::id()));
    fs::write(&file, serde_json::to_string(&given).unwrap()).unwrap();
    let asked = Command::new(python).args(["-c", ASK]).arg(&file).output().unwrap();
    fs::remove_file(&file).unwrap();
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    let theirs: Vec<Value> = serde_json::from_slice(&asked.stdout).unwrap();
    let (mut compared, mut undefined, mut largest, mut wrong) = (0, 0, 0f64, Vec::new());
    for (number, (problem, theirs)) in problems.iter().zip(&theirs).enumerate() {
        for (name, value) in ours(problem) {
            match (value, theirs.get(&name).and_then(Value::as_f64)) {
                (Some(value), Some(wanted)) => {
                    compared += 1;
                    largest = largest.max((value - wanted).abs());
                    if (value - wanted).abs() > 1e-6 {
                        wrong.push(format!("problem {number}: {name} is {value}, not {wanted}"));
                    }
                }
                (None, None) => undefined += 1,
                // Its binary score wants both classes; ours does not.
                (Some(_), None) if name == "brierBinary" => undefined += 1,
                (value, wanted) => wrong.push(format!("problem {number}: {name} is {value:?}, not {wanted:?}")),
            }
        }
    }
    println!("{compared} figures agree to {largest:.1e}, {undefined} are undefined on both sides");
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
    assert!(compared > 5000 && undefined > 50, "{compared}, {undefined}");
}
