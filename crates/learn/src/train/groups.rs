//! Options for some of a model's parameters: what is frozen, rates, decay and penalties.

use super::FitOptions;
use crate::{
    Error, Result,
    layers::{Params, Role},
    optim::{Optimiser, l1_penalty, l2_penalty},
};
use gradbook_core::Tensor;

/// Options for the parameters whose names fit a pattern. Of several groups that a parameter fits, later ones overrule.
#[derive(Clone, Debug, PartialEq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Deserialize),
    serde(rename_all = "camelCase", deny_unknown_fields, default)
)]
pub struct Group {
    /// Names of parameters, such as `head.weight`, in which `*` stands for anything.
    pub params: String,
    /// They stay as they are, and so do running statistics of the same names. While a frozen batch normalisation trains with the rest, it
    /// still normalises by the batch; its statistics are those from before once the model is used.
    pub frozen: Option<bool>,
    /// Factor of the learning rate.
    pub lr_scale: Option<f64>,
    /// Pull towards 0, in place of the optimiser's.
    pub weight_decay: Option<f32>,
    /// Factor of the sum of magnitudes in the loss. Source: course eq 28.
    pub l1: Option<f32>,
    /// Factor of the sum of squares in the loss. Source: course eq 29.
    pub l2: Option<f32>,
}

/// What holds for one parameter.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Settings {
    pub frozen: bool,
    pub lr_scale: f64,
    pub optimiser: Optimiser,
    l1: f32,
    l2: f32,
}

/// The settings of each parameter. Errors: a group that no weight fits; numbers out of range.
pub(super) fn settings(params: &Params, options: &FitOptions) -> Result<Vec<Settings>> {
    for group in &options.groups {
        let fail = |message: String| Err(Error::argument("fit", message));
        let weights = || params.0.iter().filter(|(_, param)| param.role() == Role::Weight).map(|(name, _)| name);
        if !weights().any(|name| fits(&group.params, name)) {
            let names: Vec<&str> = weights().map(String::as_str).collect();
            return fail(format!("no weight is called {}; there are {}", group.params, names.join(", ")));
        }
        let numbers =
            [group.lr_scale, group.weight_decay.map(f64::from), group.l1.map(f64::from), group.l2.map(f64::from)];
        if let Some(number) = numbers.into_iter().flatten().find(|number| !(*number >= 0.0 && number.is_finite())) {
            return fail(format!("the group {} has {number}; its numbers must not be negative", group.params));
        }
    }
    let settings = |name: &String| {
        let mut settings = Settings {
            frozen: false,
            lr_scale: 1.0,
            optimiser: options.optimiser(),
            l1: options.l1.unwrap_or(0.0),
            l2: options.l2.unwrap_or(0.0),
        };
        for group in options.groups.iter().filter(|group| fits(&group.params, name)) {
            settings.frozen = group.frozen.unwrap_or(settings.frozen);
            settings.lr_scale = group.lr_scale.unwrap_or(settings.lr_scale);
            settings.l1 = group.l1.unwrap_or(settings.l1);
            settings.l2 = group.l2.unwrap_or(settings.l2);
            if let Some(decay) = group.weight_decay {
                settings.optimiser.set_weight_decay(decay);
            }
        }
        settings
    };
    Ok(params.0.iter().map(|(name, _)| settings(name)).collect())
}

/// The loss with the penalties of its parameters added.
pub(super) fn penalised(loss: &Tensor, weights: &[(&Settings, &Tensor)]) -> Result<Tensor> {
    let mut total = loss.clone();
    for (settings, weight) in weights {
        if settings.l1 > 0.0 {
            total = total.add(&l1_penalty(weight, settings.l1)?)?;
        }
        if settings.l2 > 0.0 {
            total = total.add(&l2_penalty(weight, settings.l2)?)?;
        }
    }
    Ok(total)
}

/// Whether a name fits a pattern, in which `*` stands for anything.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_anything() {
        let fit = [
            ("*", "0.weight"),
            ("head.*", "head.bias"),
            ("*.weight", "a.b.weight"),
            ("a*c*e", "abcde"),
            ("x", "x"),
            ("*a", "aa"),
        ];
        assert!(fit.iter().all(|(pattern, name)| fits(pattern, name)));
        let not =
            [("head.*", "ahead.bias"), ("*.weight", "weight.bias"), ("a*c*e", "ace."), ("x", "xy"), ("ab*ba", "aba")];
        assert!(!not.iter().any(|(pattern, name)| fits(pattern, name)));
    }
}
