//! Cross-validation: which samples are held out together, as lists of fold numbers.

use super::permutation;
use crate::{Error, Result};

/// What folds respect.
#[derive(Clone, Copy, Debug, Default)]
pub struct Folding<'a> {
    /// Classes, of which each fold gets its share.
    pub labels: Option<&'a [i32]>,
    /// Samples of one group, such as one patient, that stay in one fold.
    pub groups: Option<&'a [i32]>,
    /// Draws the order in which samples are dealt; without it they are dealt as they come.
    pub seed: Option<u32>,
}

/// For each of `n` samples the number of the fold that holds it out, 0 … `k` − 1.
///
/// Plain folds have sizes that differ by one at most; unshuffled they are ranges, as of scikit-learn's `KFold`. Stratified folds have of each class a number of
/// samples that differs by one at most. Grouped ones are as even as groups allow: groups are dealt by falling size, each to the fold where sizes (and
/// classes, if there are labels) stay the most even.
///
/// Errors: `k` is not 2 … `n`, labels or groups of other samples, fewer groups than folds.
///
/// ```
/// use gradbook_learn::data::{Folding, folds};
/// assert_eq!(folds(5, 2, &Folding::default())?, [0, 0, 0, 1, 1]);
/// let labels = [0, 0, 0, 0, 1, 1];
/// assert_eq!(folds(6, 2, &Folding { labels: Some(&labels), ..Folding::default() })?, [0, 0, 1, 1, 0, 1]);
/// # Ok::<(), gradbook_learn::Error>(())
/// ```
pub fn folds(n: usize, k: usize, folding: &Folding) -> Result<Vec<u32>> {
    if !(2..=n).contains(&k) {
        return Err(Error::argument("kFold", format!("k is {k}; of {n} samples there can be 2 to {n} folds")));
    }
    for (what, list) in [("labels", folding.labels), ("groups", folding.groups)] {
        if let Some(list) = list.filter(|list| list.len() != n) {
            return Err(Error::argument("kFold", format!("there are {} {what} for {n} samples", list.len())));
        }
    }
    let order = match folding.seed {
        Some(seed) => permutation(seed, FOLDS, n),
        None => (0..n as i32).collect(),
    };
    match (folding.groups, folding.labels) {
        (Some(groups), labels) => grouped(&order, k, groups, labels),
        (None, Some(labels)) => Ok(stratified(&order, k, labels)),
        (None, None) => {
            let mut parts = vec![0; n];
            for (place, &sample) in order.iter().enumerate() {
                // The first n mod k folds have one more.
                let (size, larger) = (n / k, n % k);
                let within = larger * (size + 1);
                let fold = if place < within { place / (size + 1) } else { larger + (place - within) / size };
                parts[sample as usize] = fold as u32;
            }
            Ok(parts)
        }
    }
}

/// Keeps the order of folds apart from those of epochs with the same seed.
const FOLDS: u32 = u32::MAX;

/// Each class in runs, one a fold. Where a class does not divide, its rest goes on from the fold where the last class's rest ended.
fn stratified(order: &[i32], k: usize, labels: &[i32]) -> Vec<u32> {
    let mut parts = vec![0; order.len()];
    let mut first = 0;
    for class in sorted(labels) {
        let samples: Vec<usize> = order.iter().map(|&s| s as usize).filter(|&s| labels[s] == class).collect();
        let (size, rest) = (samples.len() / k, samples.len() % k);
        let mut left = samples.into_iter();
        for fold in 0..k {
            let extra = usize::from((fold + k - first) % k < rest);
            left.by_ref().take(size + extra).for_each(|sample| parts[sample] = fold as u32);
        }
        first = (first + rest) % k;
    }
    parts
}

fn grouped(order: &[i32], k: usize, groups: &[i32], labels: Option<&[i32]>) -> Result<Vec<u32>> {
    let names = sorted(groups);
    if names.len() < k {
        return Err(Error::argument("kFold", format!("{} groups cannot fill {k} folds", names.len())));
    }
    let classes = labels.map_or(vec![0], sorted);
    let place = |list: &[i32], value| list.binary_search(&value).expect("was listed");
    // How many samples of each class a group has; groups in the order in which their first sample comes.
    let mut counts = vec![vec![0usize; classes.len()]; names.len()];
    let mut comes = Vec::new();
    for &sample in order {
        let group = place(&names, groups[sample as usize]);
        if counts[group].iter().all(|&count| count == 0) {
            comes.push(group);
        }
        counts[group][labels.map_or(0, |labels| place(&classes, labels[sample as usize]))] += 1;
    }
    comes.sort_by_key(|&group| std::cmp::Reverse(counts[group].iter().sum::<usize>()));
    let totals: Vec<f64> =
        (0..classes.len()).map(|class| counts.iter().map(|count| count[class]).sum::<usize>() as f64).collect();
    let mut filled = vec![vec![0usize; classes.len()]; k];
    let mut fold_of = vec![0u32; names.len()];
    for (dealt, &group) in comes.iter().enumerate() {
        // By how much the sum of squared shares would grow; no fold stays empty.
        let empty = filled.iter().filter(|fold| fold.iter().all(|&count| count == 0)).count();
        let must = comes.len() - dealt <= empty;
        let growth = |fold: &Vec<usize>| {
            let shares = (0..classes.len()).map(|class| {
                let (has, more) = (fold[class] as f64, counts[group][class] as f64);
                more * (2.0 * has + more) / (totals[class] * totals[class])
            });
            shares.sum::<f64>()
        };
        let open = (0..k).filter(|&fold| !must || filled[fold].iter().all(|&count| count == 0));
        let fold = open.min_by(|&a, &b| growth(&filled[a]).total_cmp(&growth(&filled[b]))).expect("there is a fold");
        filled[fold].iter_mut().zip(&counts[group]).for_each(|(has, more)| *has += more);
        fold_of[group] = fold as u32;
    }
    Ok(groups.iter().map(|&group| fold_of[place(&names, group)]).collect())
}

/// The distinct values, rising.
fn sorted(values: &[i32]) -> Vec<i32> {
    let mut values = values.to_vec();
    values.sort_unstable();
    values.dedup();
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use gradbook_core::rng;

    #[test]
    fn each_fold_has_its_share_of_each_class_and_groups_stay_whole() {
        for case in 0..60 {
            let word = |place: u32| rng::threefry2x32([case, 11], [place, 0])[0];
            let n = 30 + word(0) as usize % 200;
            let k = 2 + word(1) as usize % 5;
            let labels: Vec<i32> = (0..n).map(|s| (word(10 + s as u32) % 3) as i32).collect();
            let groups: Vec<i32> = (0..n).map(|s| (word(1000 + s as u32) % 20) as i32 - 5).collect();
            let parts = folds(n, k, &Folding { labels: Some(&labels), groups: None, seed: Some(case) }).unwrap();
            let count = |parts: &[u32], fold: usize, class: Option<i32>| {
                let both = parts.iter().zip(&labels);
                both.filter(|&(&p, &l)| p as usize == fold && class.is_none_or(|class| class == l)).count()
            };
            for class in [None, Some(0), Some(1), Some(2)] {
                let counts: Vec<usize> = (0..k).map(|fold| count(&parts, fold, class)).collect();
                let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
                assert!(most - least <= 1, "case {case}, class {class:?}: {counts:?}");
            }
            let whole =
                folds(n, k, &Folding { labels: Some(&labels), groups: Some(&groups), seed: Some(case) }).unwrap();
            for (a, &group) in groups.iter().enumerate() {
                let same = groups.iter().zip(&whole).filter(|&(&other, _)| other == group);
                assert!(same.into_iter().all(|(_, &fold)| fold == whole[a]), "case {case}, group {group}");
            }
            // No fold is further from its share than the largest group.
            let largest = (-5..15).map(|g| groups.iter().filter(|&&other| other == g).count()).max().unwrap();
            for fold in 0..k {
                let size = count(&whole, fold, None);
                assert!(size.abs_diff(n / k) <= largest, "case {case}, fold {fold}: {size} of {n} in {k}");
            }
        }
    }

    #[test]
    fn says_what_is_wrong() {
        let message = |n, k, folding: &Folding| folds(n, k, folding).unwrap_err().to_string();
        assert_eq!(message(3, 4, &Folding::default()), "kFold: k is 4; of 3 samples there can be 2 to 3 folds");
        let few = Folding { groups: Some(&[1, 1, 1]), ..Folding::default() };
        assert_eq!(message(3, 2, &few), "kFold: 1 groups cannot fill 2 folds");
        let other = Folding { labels: Some(&[1, 1]), ..Folding::default() };
        assert_eq!(message(3, 2, &other), "kFold: there are 2 labels for 3 samples");
    }
}
