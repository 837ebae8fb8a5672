//! The language: ops, the nodes that callers hold, shape rules, gradients, prints and the wire form.
//! Names no device.

mod grad;
mod graph;
mod infer;
mod node;
mod op;
pub mod print;
pub mod scalar;
mod scan;
mod simplify;
pub mod wire;

pub use grad::{Rules, gradient, vjp};
pub use graph::{Graph, Kind, Node, NodeId, Traced};
pub use node::Tensor;
pub use op::{ConvGeometry, Op, Resident, Window};
pub use scalar::{Binary, Unary};
pub use scan::Scan;
pub(crate) use scan::close;
pub use simplify::simplify;
