//! How often intervals contain the truth, by drawing samples from populations whose figures are known.
//!
//! The ordinary tests draw little and have wide bars; the ignored ones draw 10,000 times and print what they measure, which is where the
//! figures in the docstrings of `metrics` come from: `cargo test -p gradbook-learn --test coverage -- --ignored --nocapture`.

use gradbook_core::rng;
use gradbook_learn::metrics::{
    Certainty, Confusion, Counted, Interpolation, Interval, Method, Over, Weights, average_precision, bootstrap_mean,
    clopper_pearson, log_loss, proportion, regression, roc_auc, wilson,
};

/// Random numbers in order, which a seed gives again.
struct Draws {
    seed: u32,
    next: u32,
}

impl Draws {
    fn new(seed: u32) -> Self {
        Self { seed, next: 0 }
    }

    fn words(&mut self) -> [u32; 2] {
        self.next += 1;
        rng::threefry2x32([self.seed, 1], [self.next, 0])
    }

    /// Between 0 and 1.
    fn uniform(&mut self) -> f64 {
        (f64::from(self.words()[0]) + 0.5) / 2f64.powi(32)
    }

    /// By Box and Muller.
    fn normal(&mut self) -> f64 {
        let [a, b] = self.words().map(|word| (f64::from(word) + 0.5) / 2f64.powi(32));
        (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
    }
}

/// The share of draws whose interval contains the truth, and the share of draws that have an interval.
fn coverage(times: u32, truth: f64, mut interval: impl FnMut(&mut Draws) -> Option<Interval>) -> (f64, f64) {
    let (mut right, mut had) = (0, 0);
    for time in 0..times {
        if let Some(interval) = interval(&mut Draws::new(time)) {
            had += 1;
            right += u32::from((interval.low..=interval.high).contains(&truth));
        }
    }
    (f64::from(right) / f64::from(had.max(1)), f64::from(had) / f64::from(times))
}

fn by(method: Option<Method>, resamples: usize) -> Certainty {
    Certainty { method, resamples, ..Certainty::default() }
}

// Proportions: no drawing is needed, all counts can be weighed.

/// The exact coverage of an interval of k of n for a probability.
fn exact(n: usize, p: f64, interval: impl Fn(usize) -> (f64, f64)) -> f64 {
    let mut weight = n as f64 * (1.0 - p).ln();
    let mut sum = 0.0;
    for k in 0..=n {
        let (low, high) = interval(k);
        sum += if (low..=high).contains(&p) { weight.exp() } else { 0.0 };
        weight += ((n - k) as f64 / (k + 1) as f64 * p / (1.0 - p)).ln();
    }
    sum
}

/// The least and the largest coverage over probabilities from 0.1 to 0.9, off the grid of counts.
fn range(n: usize, interval: impl Fn(usize) -> (f64, f64)) -> (f64, f64) {
    let all: Vec<(f64, f64)> = (0..=n).map(interval).collect();
    let each = (0..=400).map(|i| exact(n, 0.1 + 0.8 * (f64::from(i) + 0.137) / 401.0, |k| all[k]));
    each.fold((1.0, 0.0), |(least, most), share| (f64::min(least, share), f64::max(most, share)))
}

#[test]
fn intervals_of_proportions_hold_for_every_count() {
    let chosen = |n| move |k| proportion(k, n, &Certainty::default()).map(|i| (i.low, i.high)).unwrap();
    for n in [1, 5, 10, 20, 39, 40, 60, 100, 200, 500] {
        let (least, most) = range(n, |k| clopper_pearson(k, n, 0.95));
        println!("n {n}: Clopper–Pearson {least:.4}–{most:.4}");
        assert!(least >= 0.95 - 1e-9, "n {n}: {least}");
        let (least, most) = range(n, |k| wilson(k, n, 0.95));
        println!("n {n}: Wilson {least:.4}–{most:.4}");
        if n >= 200 {
            assert!(least >= 0.93 && most <= 0.98, "n {n}: {least}–{most}");
        }
        let (least, _) = range(n, chosen(n));
        println!("n {n}: the default {least:.4}");
        assert!(least >= 0.93, "n {n}: {least}");
    }
    // Near the ends, too.
    for n in [10, 60, 100, 200, 1000] {
        for p in [0.0005, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.97] {
            assert!(exact(n, p, |k| clopper_pearson(k, n, 0.95)) >= 0.95, "n {n}, p {p}");
            let share = exact(n, p, chosen(n));
            println!("n {n}, p {p}: the default {share:.4}");
            assert!(share >= 0.93, "n {n}, p {p}: {share}");
        }
    }
}

#[test]
#[ignore = "10,000 draws"]
fn intervals_of_proportions_by_simulation() {
    for n in [20, 100, 2000] {
        for p in [0.1, 0.3, 0.5, 0.7, 0.9] {
            let drawn = |method| {
                coverage(10_000, p, |draws| {
                    let successes = (0..n).filter(|_| draws.uniform() < p).count();
                    proportion(successes, n, &by(method, 2000))
                })
            };
            let (exact, score) = (drawn(Some(Method::ClopperPearson)).0, drawn(Some(Method::Wilson)).0);
            println!("n {n}, p {p}: Clopper–Pearson {exact:.4}, Wilson {score:.4}, the default {:.4}", drawn(None).0);
            // Three standard errors of so many draws are 0.0065.
            assert!(exact >= 0.95 - 0.0065, "n {n}, p {p}: {exact}");
            assert!((0.93..=0.98).contains(&score), "n {n}, p {p}: {score}");
        }
    }
}

// Areas under ROC curves: two normal populations, `apart` standard deviations.

fn two_normals(draws: &mut Draws, positives: usize, negatives: usize, apart: f64) -> (Vec<i32>, Vec<f64>) {
    let labels: Vec<i32> = (0..positives + negatives).map(|i| i32::from(i < positives)).collect();
    let scores = labels.iter().map(|&label| draws.normal() + apart * f64::from(label)).collect();
    (labels, scores)
}

/// Distances in standard deviations, and the areas that they make: Φ(d / √2).
const APART: [(f64, f64); 4] = [(0.0, 0.5), (0.741_614_252_9, 0.7), (1.812_387_604_9, 0.9), (2.904_476_3, 0.98)];

fn area_coverage(
    times: u32,
    positives: usize,
    negatives: usize,
    (apart, auc): (f64, f64),
    method: Option<Method>,
) -> f64 {
    coverage(times, auc, |draws| {
        let (labels, scores) = two_normals(draws, positives, negatives, apart);
        roc_auc(&labels, &scores, &by(method, 2000)).unwrap().interval
    })
    .0
}

#[test]
fn intervals_of_areas_hold() {
    for (positives, negatives) in [(200, 200), (40, 360), (8, 12)] {
        for population in APART {
            let share = area_coverage(400, positives, negatives, population, None);
            // Four standard errors of so few draws are 0.044.
            assert!(share >= 0.90, "{positives} and {negatives}, {population:?}: {share}");
        }
    }
}

#[test]
#[ignore = "10,000 draws"]
fn intervals_of_areas_by_simulation() {
    for (positives, negatives) in [
        (1000, 1000),
        (200, 1800),
        (200, 200),
        (100, 900),
        (100, 100),
        (50, 500),
        (50, 50),
        (30, 300),
        (30, 30),
        (20, 20),
        (10, 10),
        (5, 50),
        (5, 5),
    ] {
        for (apart, auc) in APART {
            // All methods on the same draws.
            let mut right = [0u32; 4];
            for time in 0..10_000 {
                let (labels, scores) = two_normals(&mut Draws::new(time), positives, negatives, apart);
                let methods = [Some(Method::Delong), Some(Method::LogitDelong), Some(Method::Newcombe), None];
                for (right, method) in right.iter_mut().zip(methods) {
                    let interval = roc_auc(&labels, &scores, &by(method, 2000)).unwrap().interval;
                    // Where a method has no interval, it is not right.
                    *right += u32::from(interval.is_some_and(|i| (i.low..=i.high).contains(&auc)));
                }
            }
            let [plain, logit, newcombe, chosen] = right.map(|right| f64::from(right) / 10_000.0);
            println!(
                "{positives} and {negatives}, area {auc}: DeLong {plain:.4}, logit {logit:.4}, Newcombe {newcombe:.4}, the default {chosen:.4}"
            );
            if positives + negatives >= 2000 {
                assert!((logit - 0.95).abs() <= 0.02);
                assert!(positives < negatives || (plain - 0.95).abs() <= 0.02);
            }
            assert!(chosen >= 0.93, "{positives} and {negatives}, area {auc}: {chosen}");
        }
    }
}

// Figures of confusion matrices: populations given by their probabilities.

struct Population {
    name: &'static str,
    classes: usize,
    cells: Vec<u64>,
}

fn populations() -> Vec<Population> {
    let even = |classes: usize, right: u64, wrong: u64| {
        (0..classes * classes).map(|cell| if cell % (classes + 1) == 0 { right } else { wrong }).collect()
    };
    vec![
        Population { name: "ten even classes, 91 % right", classes: 10, cells: even(10, 910, 10) },
        Population { name: "three even classes, 70 % right", classes: 3, cells: even(3, 700, 150) },
        Population { name: "two classes, one of 10 %, found to 80 %", classes: 2, cells: vec![8550, 450, 200, 800] },
        Population { name: "two even classes, 97 % right", classes: 2, cells: vec![485, 15, 15, 485] },
    ]
}

fn sample(population: &Population, n: usize, draws: &mut Draws) -> Confusion {
    let total = population.cells.iter().sum::<u64>() as f64;
    let mut edges = Vec::new();
    let mut sum = 0.0;
    for &cell in &population.cells {
        sum += cell as f64 / total;
        edges.push(sum);
    }
    let mut counts = vec![0; population.cells.len()];
    for _ in 0..n {
        let at = draws.uniform();
        let cell = edges.partition_point(|&edge| edge <= at).min(counts.len() - 1);
        counts[cell] += 1;
    }
    Confusion::from_counts(population.classes, counts).unwrap()
}

const FIGURES: [(&str, Counted); 5] = [
    ("balanced accuracy", Counted::BalancedAccuracy),
    ("kappa", Counted::CohenKappa(Weights::None)),
    ("Matthews", Counted::Matthews),
    ("macro F1", Counted::F1(Over::Macro)),
    ("F1 of class 1", Counted::F1(Over::Class(1))),
];

/// The coverage of each of the figures.
fn figure_coverage(times: u32, population: &Population, n: usize, certainty: &Certainty) -> Vec<f64> {
    let whole = Confusion::from_counts(population.classes, population.cells.clone()).unwrap();
    let counted = FIGURES.map(|(_, counted)| counted);
    let truths = counted.map(|counted| whole.figure(counted).unwrap().value);
    let (mut right, mut had) = ([0u32; 5], [0u32; 5]);
    for time in 0..times {
        let drawn = sample(population, n, &mut Draws::new(time));
        let certainty = Certainty { seed: time, ..certainty.clone() };
        for (at, measure) in drawn.measures(&counted, &certainty).into_iter().enumerate() {
            if let Some(interval) = measure.interval {
                had[at] += 1;
                right[at] += u32::from((interval.low..=interval.high).contains(&truths[at]));
            }
        }
    }
    right.iter().zip(had).map(|(&right, had)| f64::from(right) / f64::from(had.max(1))).collect()
}

fn told(shares: &[f64]) -> String {
    let each = FIGURES.iter().zip(shares).map(|((name, _), share)| format!("{name} {share:.4}"));
    each.collect::<Vec<_>>().join(", ")
}

#[test]
fn intervals_of_figures_of_counts_hold() {
    for population in populations() {
        for (n, times) in [(60, 400), (1200, 400)] {
            let shares = figure_coverage(times, &population, n, &by(None, 300));
            // Four standard errors of so few draws are 0.044.
            assert!(shares.iter().all(|&share| share >= 0.90), "{}, n {n}: {}", population.name, told(&shares));
        }
    }
}

#[test]
#[ignore = "10,000 draws"]
fn intervals_of_figures_of_counts_by_simulation() {
    for population in populations() {
        for n in [20, 50, 100, 200, 500, 1000, 2000] {
            let chosen = figure_coverage(10_000, &population, n, &by(None, 2000));
            println!("{}, n {n}, the default: {}", population.name, told(&chosen));
        }
        for n in [50, 200, 2000] {
            let drawn = figure_coverage(10_000, &population, n, &by(Some(Method::Bootstrap), 250));
            println!("{}, n {n}, bootstrap: {}", population.name, told(&drawn));
            if n == 2000 {
                assert!(drawn.iter().all(|share| (share - 0.95).abs() <= 0.02));
            }
        }
    }
}

// Means of losses, and average precision.

/// A calibrated model: the logit is normal, the label follows from it.
fn calibrated(draws: &mut Draws, n: usize) -> (Vec<i32>, Vec<f64>) {
    let probs: Vec<f64> = (0..n).map(|_| 1.0 / (1.0 + (-2.0 * draws.normal()).exp())).collect();
    let labels = probs.iter().map(|&p| i32::from(draws.uniform() < p)).collect();
    (labels, probs)
}

/// ∫ f(x) φ(x) dx.
fn expectation(f: impl Fn(f64) -> f64) -> f64 {
    let step = 1e-3;
    let density = |x: f64| (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt();
    (-9000..=9000).map(|i| f64::from(i) * step).map(|x| f(x) * density(x) * step).sum()
}

fn true_log_loss() -> f64 {
    expectation(|x| {
        let p = 1.0 / (1.0 + (-2.0 * x).exp());
        if p <= 0.0 || p >= 1.0 { 0.0 } else { -p * p.ln() - (1.0 - p) * (1.0 - p).ln() }
    })
}

/// The average precision of two normal populations, a share of the samples being of the upper one.
fn true_precision(apart: f64, share: f64) -> f64 {
    // What lies above x, of a normal population.
    let step = 1e-3;
    let mut above = vec![0.0; 20_001];
    for i in (0..20_000).rev() {
        let x = -10.0 + (i as f64 + 0.5) * step;
        above[i] = above[i + 1] + (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt() * step;
    }
    let tail = |x: f64| above[(((x + 10.0) / step).round().clamp(0.0, 20_000.0)) as usize];
    expectation(|x| {
        let (found, wrong) = (share * tail(x), (1.0 - share) * tail(x + apart));
        if found + wrong <= 0.0 { 1.0 } else { found / (found + wrong) }
    })
}

fn precision_coverage(times: u32, positives: usize, negatives: usize, certainty: &Certainty) -> f64 {
    let apart = APART[2].0;
    let truth = true_precision(apart, positives as f64 / (positives + negatives) as f64);
    coverage(times, truth, |draws| {
        let (labels, scores) = two_normals(draws, positives, negatives, apart);
        average_precision(&labels, &scores, Interpolation::None, certainty).unwrap().interval
    })
    .0
}

fn loss_coverage(times: u32, n: usize, certainty: &Certainty) -> f64 {
    coverage(times, true_log_loss(), |draws| {
        let (labels, probs) = calibrated(draws, n);
        log_loss(&labels, &probs, 1, certainty).unwrap().interval
    })
    .0
}

/// R² of a line with noise: 0.8.
fn explained_coverage(times: u32, n: usize, certainty: &Certainty) -> f64 {
    coverage(times, 0.8, |draws| {
        let x: Vec<f64> = (0..n).map(|_| 2.0 * draws.normal()).collect();
        let y: Vec<f64> = x.iter().map(|x| x + draws.normal()).collect();
        regression(&y, &x, certainty).unwrap().r2.interval
    })
    .0
}

#[test]
fn intervals_of_means_and_of_average_precision_hold() {
    for n in [50, 500] {
        assert!(loss_coverage(400, n, &by(None, 300)) >= 0.89);
        assert!(explained_coverage(400, n, &by(None, 300)) >= 0.89);
    }
    assert!(loss_coverage(60, 1000, &by(None, 300)) >= 0.82);
    for (positives, negatives) in [(20, 80), (50, 150)] {
        let share = precision_coverage(400, positives, negatives, &by(None, 300));
        assert!(share >= 0.89, "{positives} and {negatives}: {share}");
    }
    assert!(precision_coverage(60, 250, 750, &by(None, 300)) >= 0.82);
}

#[test]
#[ignore = "10,000 draws"]
fn intervals_of_means_by_simulation() {
    for n in [10, 20, 50, 100, 200, 500, 2000] {
        let (loss, explained) =
            (loss_coverage(10_000, n, &by(None, 400)), explained_coverage(10_000, n, &by(None, 400)));
        println!("n {n}, Student's t: log loss {loss:.4}, R² {explained:.4}");
    }
    let drawn = coverage(10_000, 0.8, |draws| {
        let right: Vec<f64> = (0..2000).map(|_| f64::from(u8::from(draws.uniform() < 0.8))).collect();
        bootstrap_mean(&right, &by(None, 250))
    });
    println!("n 2000, bootstrap: accuracy {:.4}", drawn.0);
    assert!((drawn.0 - 0.95).abs() <= 0.02);
    for n in [50, 200, 2000] {
        let certainty = by(Some(Method::Bootstrap), 250);
        let (loss, explained) = (loss_coverage(10_000, n, &certainty), explained_coverage(10_000, n, &certainty));
        println!("n {n}, bootstrap: log loss {loss:.4}, R² {explained:.4}");
        if n == 2000 {
            assert!((loss - 0.95).abs() <= 0.02 && (explained - 0.95).abs() <= 0.02);
        }
    }
}

#[test]
#[ignore = "10,000 draws"]
fn intervals_of_average_precision_by_simulation() {
    for (positives, negatives) in
        [(5, 45), (10, 40), (20, 180), (50, 150), (100, 900), (200, 800), (200, 1800), (1000, 1000)]
    {
        let drawn = |method| precision_coverage(10_000, positives, negatives, &by(Some(method), 250));
        let (logit, bootstrap) = (drawn(Method::Logit), drawn(Method::Bootstrap));
        println!("{positives} and {negatives}: average precision by logit {logit:.4}, bootstrap {bootstrap:.4}");
        if positives + negatives >= 2000 {
            assert!((bootstrap - 0.95).abs() <= 0.02);
        }
    }
}
