//! The pass after fusion: an element-wise step that reads what a kernel has just made, and that nothing else reads, finishes
//! the kernel's elements instead. A convolution adds its bias and applies its activation while it writes.

use super::{
    Options, Target,
    draft::{Draft, DraftEpilogue, Drafts, ValueId, Work},
    program::{Expr, Load, Source},
};
use rustc_hash::FxHashSet;

/// Makes epilogues of the steps that can be.
pub(super) fn epilogues(drafts: &mut Drafts, results: &[(ValueId, Target)], options: &Options) {
    let mut writers = drafts.writers();
    let mut uses = vec![0_usize; drafts.values.len()];
    drafts.steps.iter().flat_map(Draft::all_reads).for_each(|value| uses[value] += 1);
    results.iter().for_each(|&(value, _)| uses[value] += 1);
    let mut gone = FxHashSet::default();
    for i in 0..drafts.steps.len() {
        let Some((value, epilogue)) = finishes(drafts, &drafts.steps[i], &writers, &uses, options) else { continue };
        let kernel = writers[value].expect("a step writes it");
        let write = drafts.steps[i].write;
        gone.insert(i);
        writers[write] = Some(kernel);
        let kernel = &mut drafts.steps[kernel];
        (kernel.epilogue, kernel.write) = (Some(epilogue), write);
    }
    let mut number = 0..;
    drafts.steps.retain(|_| number.next().is_some_and(|i| !gone.contains(&i)));
}

/// The value whose kernel a step can finish, and how: the last to be made of those that it reads.
fn finishes(
    drafts: &Drafts,
    step: &Draft,
    writers: &[Option<usize>],
    uses: &[usize],
    options: &Options,
) -> Option<(ValueId, DraftEpilogue)> {
    let (shape, expr) = step.map()?;
    let &value = step.reads.iter().max_by_key(|&&value| writers[value])?;
    let kernel = &drafts.steps[writers[value]?];
    let words = drafts.values[value].words;
    // The kernel would run where it stands, so all else that is read must be there by then.
    let others_before = step.reads.iter().all(|&read| read == value || writers[read] < writers[value]);
    let fits = kernel.epilogue.is_none()
        && matches!(kernel.work, Work::Kernel(_))
        && kernel.map().is_none()
        && uses[value] == 1
        && words > 0
        && words == shape.iter().product::<usize>()
        && kernel.reads.len() + step.reads.len() - 1 <= options.max_reads;
    if !fits || !others_before {
        return None;
    }
    let reads: Vec<ValueId> = step.reads.iter().copied().filter(|&read| read != value).collect();
    let at = |read: usize| reads.iter().position(|&kept| kept == step.reads[read]).expect("it is among those kept");
    let mut loads = Vec::with_capacity(expr.loads.len());
    for load in &expr.loads {
        let source = match load.source {
            Source::Read(i) if step.reads[i] == value => {
                if !load.view.is_contiguous() {
                    return None;
                }
                Source::Made
            }
            Source::Random { key, .. } if step.reads[key] == value => return None,
            Source::Read(i) => Source::Read(at(i)),
            Source::Random { key, stream } => Source::Random { key: at(key), stream },
            other => other,
        };
        loads.push(Load { source, view: load.view.clone() });
    }
    let expr = Expr { loads, instrs: expr.instrs.clone(), types: expr.types.clone() };
    Some((value, DraftEpilogue { shape: shape.to_vec(), expr, reads }))
}
