//! Sums of products named by letters.

use crate::{Error, Result, Tensor};
use std::collections::BTreeMap;

impl Tensor {
    /// Einstein summation of one or two tensors: `einsum("bij,bkj->bik", &[&a, &b])`. Every axis has a letter; letters that the
    /// result does not name are summed.
    ///
    /// Errors: an equation that does not fit the tensors, sizes of one letter that differ, a letter twice in one term.
    pub fn einsum(equation: &str, tensors: &[&Self]) -> Result<Self> {
        let fail = |why: String| Error::argument("einsum", format!("'{equation}': {why}"));
        let (terms, result) = equation.split_once("->").ok_or_else(|| fail("there is no '->'".into()))?;
        let terms: Vec<Vec<char>> = terms.split(',').map(|term| term.trim().chars().collect()).collect();
        let result: Vec<char> = result.trim().chars().collect();
        if terms.len() != tensors.len() || !(1..=2).contains(&terms.len()) {
            return Err(fail(format!("{} terms for {} tensors; one or two are possible", terms.len(), tensors.len())));
        }
        let mut sizes = BTreeMap::new();
        for (term, tensor) in terms.iter().zip(tensors) {
            if term.len() != tensor.shape().rank() {
                return Err(fail(format!(
                    "'{}' does not name the axes of {}",
                    String::from_iter(term),
                    tensor.shape()
                )));
            }
            for (&letter, &size) in term.iter().zip(tensor.shape().iter()) {
                if *sizes.entry(letter).or_insert(size) != size {
                    return Err(fail(format!("axis '{letter}' has sizes {} and {size}", sizes[&letter])));
                }
            }
        }
        let twice = |term: &[char]| (1..term.len()).any(|i| term[..i].contains(&term[i]));
        if terms.iter().any(|term| twice(term)) || twice(&result) {
            return Err(fail("a letter stands twice in one term".into()));
        }
        if let Some(letter) = result.iter().find(|letter| !sizes.contains_key(letter)) {
            return Err(fail(format!("the result names '{letter}', which no term has")));
        }
        if let [term] = &terms[..] {
            let (kept, x) = tensors[0].summed(term, &result)?;
            return x.order(positions(&result, &kept));
        }
        let (left, a) = tensors[0].summed(&terms[0], &[&terms[1][..], &result].concat())?;
        let (right, b) = tensors[1].summed(&terms[1], &[&terms[0][..], &result].concat())?;
        let pick = |from: &[char], both: bool, named: bool| -> Vec<char> {
            let other = if from == left { &right } else { &left };
            from.iter().copied().filter(|c| other.contains(c) == both && result.contains(c) == named).collect()
        };
        let (batch, inner) = (pick(&left, true, true), pick(&left, true, false));
        let rows: Vec<char> = left.iter().copied().filter(|c| !right.contains(c)).collect();
        let columns: Vec<char> = right.iter().copied().filter(|c| !left.contains(c)).collect();
        let size = |letters: &[char]| letters.iter().map(|c| sizes[c]).product::<usize>();
        let (n_batch, n_rows, n_inner, n_columns) = (size(&batch), size(&rows), size(&inner), size(&columns));
        let a = a.order(positions(&[&batch[..], &rows, &inner].concat(), &left))?.dims(&[n_batch, n_rows, n_inner])?;
        let b = b
            .order(positions(&[&batch[..], &inner, &columns].concat(), &right))?
            .dims(&[n_batch, n_inner, n_columns])?;
        let made = [batch, rows, columns].concat();
        let dims: Vec<usize> = made.iter().map(|c| sizes[c]).collect();
        a.batched(&b)?.dims(&dims)?.order(positions(&result, &made))
    }

    /// The sum over the axes whose letters are not named, and the letters that stay.
    fn summed(&self, term: &[char], named: &[char]) -> Result<(Vec<char>, Self)> {
        let gone: Vec<isize> = (0..term.len()).filter(|&i| !named.contains(&term[i])).map(|i| i as isize).collect();
        let kept = term.iter().copied().filter(|c| named.contains(c)).collect();
        Ok((kept, if gone.is_empty() { self.clone() } else { self.sum(&gone, false)? }))
    }
}

/// Where each wanted letter stands.
fn positions(wanted: &[char], letters: &[char]) -> Vec<usize> {
    wanted.iter().map(|c| letters.iter().position(|l| l == c).expect("a letter of the term")).collect()
}
