//! Which function of the API each op is, one file an area.

mod activations;
mod augment;
mod conv;
mod explain;
mod gan;
mod init;
mod losses;
mod metrics;
mod networks;
mod norm;
mod optimisers;
mod pooling;
mod schedules;
mod tensor;

use crate::call::Function;

/// How an op of an area is computed; none if it is not offered.
pub(crate) fn find(area: &str, op: &str) -> Option<Function> {
    match area {
        "activations" => activations::find(op),
        "augment" => augment::find(op),
        "conv" => conv::find(op),
        "explain" => explain::find(op),
        "gan" => gan::find(op),
        "init" => init::find(op),
        "losses" => losses::find(op),
        "metrics" => metrics::find(op),
        "networks" => networks::find(op),
        "norm" => norm::find(op),
        "optimisers" => optimisers::find(op),
        "pooling" => pooling::find(op),
        "schedules" => schedules::find(op),
        "tensor" => tensor::find(op),
        _ => None,
    }
}
