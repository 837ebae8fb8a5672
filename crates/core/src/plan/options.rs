//! What the passes may do, each with a switch of its own: so that tests can leave one out, and a doubt can be settled.

/// What the passes may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Options {
    /// Make equal nodes one and leave out what changes nothing, before anything else.
    pub simplify: bool,
    /// Let element-wise chains grow; without it each op is a step of its own.
    pub fuse: bool,
    /// Let the gradient of a maximum find its places itself.
    pub unpool: bool,
    /// Let kernels finish their elements by the element-wise step that follows.
    pub epilogues: bool,
    /// Let one step do what many steps do alike, each on a value of its own: update all parameters.
    pub batch: bool,
    /// Let one element-wise step make several values, one after the other.
    pub stack: bool,
    /// Let values share memory if no two of them are needed at a time.
    pub reuse: bool,
    /// Distinct values that one expression may read (a device's bindings less one for the output).
    pub max_reads: usize,
    /// Instructions that one expression may have.
    pub max_instrs: usize,
}

impl Options {
    /// No pass does anything.
    pub const PLAIN: Self = Self {
        simplify: false,
        fuse: false,
        unpool: false,
        epilogues: false,
        batch: false,
        stack: false,
        reuse: false,
        max_reads: 6,
        max_instrs: 48,
    };
}

impl Default for Options {
    fn default() -> Self {
        Self {
            simplify: true,
            fuse: true,
            unpool: true,
            epilogues: true,
            batch: true,
            stack: true,
            reuse: true,
            ..Self::PLAIN
        }
    }
}
