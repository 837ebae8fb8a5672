//! The pass that joins the two steps of a maximum's gradient: where the maxima are, and the values put there. The joined kernel finds
//! the places while it writes, so they are never in memory, and what was pooled is read once.

use super::{
    Target,
    draft::{Draft, Drafts, ValueId, Work},
    program::Kernel,
};
use rustc_hash::FxHashSet;

/// Joins every pair of which nothing else reads the places.
pub(super) fn unpool(drafts: &mut Drafts, results: &[(ValueId, Target)]) {
    let writers = drafts.writers();
    let mut uses = vec![0_usize; drafts.values.len()];
    drafts.steps.iter().flat_map(Draft::all_reads).for_each(|value| uses[value] += 1);
    results.iter().for_each(|&(value, _)| uses[value] += 1);
    let mut gone = FxHashSet::default();
    for i in 0..drafts.steps.len() {
        let Work::Kernel(Kernel::Unpool(window)) = drafts.steps[i].work else { continue };
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
