//! The pass that joins the two steps of a maximum's gradient: where the maxima are, and the values put there. The joined kernel finds
//! the places while it writes, so they are never in memory, and what was pooled is read once.

use super::{
    Target,
    draft::{Draft, Drafts, ValueId, Work},
    program::Kernel,
};
use rustc_hash::FxHashSet;

/// Joins every pair of which nothing else reads the places, where windows lie apart. Windows that share pixels stay two steps: a pixel may be the
/// maximum of several, and would have to look for all of theirs.
pub(super) fn unpool(drafts: &mut Drafts, results: &[(ValueId, Target)]) {
    let writers = drafts.writers();
    let mut uses = vec![0_usize; drafts.values.len()];
    drafts.steps.iter().flat_map(Draft::all_reads).for_each(|value| uses[value] += 1);
    results.iter().for_each(|&(value, _)| uses[value] += 1);
    let mut gone = FxHashSet::default();
    for i in 0..drafts.steps.len() {
        let Work::Kernel(Kernel::Unpool(window)) = drafts.steps[i].work else { continue };
        if !window.lie_apart() {
            continue;
        }
        let [values, places] = drafts.steps[i].reads[..] else { continue };
        let Some(finder) = writers[places].filter(|_| uses[places] == 1) else { continue };
        match drafts.steps[finder].work {
            Work::Kernel(Kernel::MaxPoolArg(found)) if found == window => {}
            _ => continue,
        }
        let pooled = drafts.steps[finder].reads[0];
        let step = &mut drafts.steps[i];
        (step.work, step.reads) = (Work::Kernel(Kernel::MaxUnpool(window)), vec![values, pooled]);
        gone.insert(finder);
    }
    let mut number = 0..;
    drafts.steps.retain(|_| number.next().is_some_and(|i| !gone.contains(&i)));
}

#[cfg(test)]
mod tests {
    use crate::{LocalRunner, Result, Tensor, device::interp::Interp, ops::MaxPool2dOptions};

    #[test]
    fn windows_that_lie_apart_find_their_maxima_as_they_write() -> Result<()> {
        let is_joined = |kernel: [usize; 2], stride: [usize; 2]| -> Result<bool> {
            let x = Tensor::f32(&[1, 1, 16, 16], &[1.0; 256])?;
            let pooled = x.max_pool2d(&MaxPool2dOptions { stride, ..MaxPool2dOptions::new(kernel) })?;
            let gradient = pooled.square()?.sum_all()?.grad(&[&x])?.remove(0);
            let program = LocalRunner::native(Interp::new()).program(&[gradient])?.to_string();
            assert_ne!(program.contains("= max_unpool"), program.contains("= max_pool_arg"), "{program}");
            Ok(program.contains("= max_unpool"))
        };
        assert!(is_joined([2, 2], [2, 2])? && is_joined([1, 3], [1, 4])? && is_joined([8, 8], [8, 8])?);
        assert!(!is_joined([2, 2], [1, 2])? && !is_joined([3, 3], [2, 2])?);
        Ok(())
    }
}
