//! How samples are dealt out to several parts, the same everywhere for a seed.

use super::permutation;

/// For each of `n` samples the number of its part. Parts get as many samples as their `shares` of 1 say, to within about one;
/// with `labels` also of each class, to within about two. Which sample goes where is random.
///
/// Each place in the order goes to the part that is furthest behind its share. Stratified samples lie in the order of their classes
/// meanwhile.
///
/// Errors: shares that are not above 0 or not 1 together, a part that would be empty, labels of other samples or below 0.
///
/// ```
/// let parts = gradbook_learn::data::partition(10, &[0.7, 0.3], None, 42)?;
/// assert_eq!(parts.iter().filter(|&&part| part == 0).count(), 7);
/// # Ok::<(), String>(())
/// ```
pub fn partition(n: usize, shares: &[f64], labels: Option<&[i32]>, seed: u32) -> Result<Vec<u32>, String> {
    let sum: f64 = shares.iter().sum();
    if !shares.iter().all(|&share| share > 0.0) || (sum - 1.0).abs() > 1e-6 {
        return Err(format!(
            "{} shares are {sum} together; expected numbers above 0 that are 1 together",
            shares.len()
        ));
    }
    let mut order = permutation(seed, 0, n);
    if let Some(labels) = labels {
        order = by_class(&order, labels)?;
    }
    let mut counts = vec![0u32; shares.len()];
    let mut parts = vec![0; n];
    for (place, sample) in order.into_iter().enumerate() {
        let behind = |part: usize| shares[part] * (place + 1) as f64 - f64::from(counts[part]);
        // The first of those that are furthest behind.
        let part = (1..shares.len()).fold(0, |most, part| if behind(part) > behind(most) + 1e-9 { part } else { most });
        counts[part] += 1;
        parts[sample as usize] = part as u32;
    }
    match counts.iter().position(|&count| count == 0) {
        Some(empty) => Err(format!("{n} samples leave part {} of {} empty", empty + 1, shares.len())),
        None => Ok(parts),
    }
}

/// The same samples in the order of their classes.
fn by_class(order: &[i32], labels: &[i32]) -> Result<Vec<i32>, String> {
    if labels.len() != order.len() {
        return Err(format!("there are {} labels for {} samples", labels.len(), order.len()));
    }
    if let Some(label) = labels.iter().find(|&&label| !(0..MOST_CLASSES).contains(&label)) {
        return Err(format!("there is a label {label}; classes are 0 to {}", MOST_CLASSES - 1));
    }
    let classes = labels.iter().max().map_or(0, |&most| most as usize + 1);
    // Where the next sample of each class goes.
    let mut next = vec![0; classes + 1];
    for &label in labels {
        next[label as usize + 1] += 1;
    }
    for class in 1..=classes {
        next[class] += next[class - 1];
    }
    let mut sorted = vec![0; order.len()];
    for &sample in order {
        let at: &mut usize = &mut next[labels[sample as usize] as usize];
        sorted[*at] = sample;
        *at += 1;
    }
    Ok(sorted)
}

const MOST_CLASSES: i32 = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use gradbook_core::rng;

    #[test]
    fn another_seed_deals_otherwise() {
        let deal = |seed| partition(100, &[0.5, 0.5], None, seed).unwrap();
        assert_eq!(deal(1), deal(1));
        assert_ne!(deal(1), deal(2));
    }

    #[test]
    fn says_what_is_wrong() {
        let message = |n, shares: &[f64], labels| partition(n, shares, labels, 0).unwrap_err();
        assert_eq!(
            message(9, &[0.5, 0.25], None),
            "2 shares are 0.75 together; expected numbers above 0 that are 1 together"
        );
        assert!(partition(9, &[f64::NAN], None, 0).is_err() && partition(9, &[1.5, -0.5], None, 0).is_err());
        assert!(partition(9, &[], None, 0).is_err());
        assert_eq!(message(2, &[0.4, 0.3, 0.3], None), "2 samples leave part 3 of 3 empty");
        assert_eq!(message(2, &[0.5, 0.5], Some(&[0, -1])), "there is a label -1; classes are 0 to 1048575");
        assert_eq!(message(2, &[0.5, 0.5], Some(&[0])), "there are 1 labels for 2 samples");
    }

    #[test]
    fn every_class_is_dealt_by_the_shares() {
        for case in 0..50 {
            let word = |place: u32| rng::threefry2x32([case, 7], [place, 0])[0];
            let n = 20 + word(0) as usize % 180;
            let labels: Vec<i32> = (0..n).map(|sample| (word(10 + sample as u32) % 4) as i32).collect();
            let weights: Vec<u32> = (1..3 + word(1) % 3).map(|part| 1 + word(1 + part) % 4).collect();
            let sum: u32 = weights.iter().sum();
            let shares: Vec<f64> = weights.iter().map(|&weight| f64::from(weight) / f64::from(sum)).collect();
            let parts = partition(n, &shares, Some(&labels), case).unwrap();
            for (part, share) in shares.iter().enumerate() {
                let count = |class: Option<i32>| {
                    let both = parts.iter().zip(&labels);
                    both.filter(|&(&p, &l)| p as usize == part && class.is_none_or(|class| class == l)).count() as f64
                };
                // Of all samples nearly exactly; of a class what was off before it and after it.
                assert!((count(None) - share * n as f64).abs() < 1.0, "case {case}");
                for class in 0..4 {
                    let of_class = labels.iter().filter(|&&label| label == class).count() as f64;
                    assert!((count(Some(class)) - share * of_class).abs() < 2.0, "case {case}, class {class}");
                }
            }
        }
    }
}
