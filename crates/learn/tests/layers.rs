//! Layers: parameters receive gradients, options are honoured, mistakes are told.

mod support;

use gradbook_core::Tensor;
use gradbook_learn::{
    layers::{
        Activation, AvgPool2d, BatchNorm, Conv2d, Conv2dConfig, Dropout, DropoutConfig, DropoutForm, Flatten, Forward,
        Layer, LayerNorm, Linear, MaxPool2d, Padding, Params, Prelu, Role, Sequential, summary,
    },
    losses::{Loss, Reduction, mse_loss},
};
use support::values;

fn images() -> Tensor {
    Tensor::normal(&Tensor::key(3), 0, &[4, 2, 6, 6], 0.0, 1.0).unwrap()
}

#[test]
fn every_parameter_of_every_layer_receives_a_gradient() {
    let depthwise = Conv2dConfig { out: 4, kernel: 3.into(), groups: 2, padding: Padding::SAME, ..Default::default() };
    let model = Sequential::new()
        .then(Conv2d::with(depthwise))
        .then(BatchNorm::default())
        .then(Prelu::default())
        .then(MaxPool2d::new(2))
        .then(AvgPool2d::new(3))
        .then(Flatten)
        .then(LayerNorm::default())
        .then(Linear::new(3));
    let mut ctx = Forward::training(Tensor::key(0)).seeded(1);
    let y = model.forward(&images(), &mut ctx).unwrap();
    let loss = mse_loss(&y, &y.ones_like(), Reduction::Mean).unwrap();
    let params = Params::of(&model);
    let names: Vec<&str> = params.0.iter().map(|(name, _)| name.as_str()).collect();
    let expected =
        "0.weight 0.bias 1.weight 1.bias 1.running_mean 1.running_var 2.weight 6.weight 6.bias 7.weight 7.bias";
    assert_eq!(names.join(" "), expected);
    let learnt: Vec<_> = params.0.iter().filter(|(_, param)| param.role() == Role::Weight).collect();
    let inputs: Vec<Tensor> = learnt.iter().map(|(_, param)| param.value()).collect();
    let grads = loss.grad(&inputs.iter().collect::<Vec<_>>()).unwrap();
    for ((name, _), grad) in learnt.iter().zip(&grads) {
        // A shift before a normalisation over the batch changes nothing.
        let silent = name == "0.bias";
        let size = values(grad).iter().fold(0f32, |most, g| most.max(g.abs()));
        assert!(size.is_finite() && (silent || size > 1e-6), "{name}: {size}");
    }
    for (name, param) in params.0.iter().filter(|(_, param)| param.role() == Role::Buffer) {
        assert!(ctx.updated(param).is_some(), "{name}");
    }
}

#[test]
fn parameters_follow_from_the_seed_and_their_place() {
    let weights = |seed| {
        let model = Sequential::new().then(Linear::new(3)).then(Linear::new(3));
        model.forward(&Tensor::zeros(&[1, 3]).unwrap(), &mut Forward::evaluation().seeded(seed)).unwrap();
        Params::of(&model).values().iter().map(values).collect::<Vec<_>>()
    };
    assert_eq!(weights(1), weights(1));
    assert_ne!(weights(1)[0], weights(2)[0]);
    assert_ne!(weights(1)[0], weights(1)[2]);
}

#[test]
fn dropout_silences_in_training_only_and_each_layer_others() {
    let (x, key) = (Tensor::ones(&[2000]).unwrap(), Tensor::key(9));
    let layer = |p, form| Dropout(DropoutConfig { p, form });
    let mut ctx = Forward::training(key);
    let run = |layer: Dropout, ctx: &mut Forward| values(&layer.forward(&x, ctx).unwrap());
    let first = run(layer(0.25, DropoutForm::Library), &mut ctx);
    let second = run(layer(0.25, DropoutForm::Library), &mut ctx);
    let course = run(layer(0.25, DropoutForm::Course), &mut ctx);
    let kept = |values: &[f32]| values.iter().filter(|v| **v != 0.0).count() as f32 / values.len() as f32;
    assert!((kept(&first) - 0.75).abs() < 0.04 && (kept(&course) - 0.25).abs() < 0.04);
    assert!(first.iter().all(|v| *v == 0.0 || (v - 4.0 / 3.0).abs() < 1e-6));
    assert!(course.iter().all(|v| *v == 0.0 || (v - 4.0).abs() < 1e-6));
    assert_ne!(first, second);
    assert_eq!(run(layer(0.25, DropoutForm::Library), &mut Forward::evaluation()), [1.0; 2000]);
    assert_eq!(run(layer(1.0, DropoutForm::Library), &mut ctx), [0.0; 2000]);
    let error = layer(1.5, DropoutForm::Library).forward(&x, &mut ctx).unwrap_err().to_string();
    assert_eq!(error, "dropout: p is 1.5; a probability lies between 0 and 1");
}

#[test]
fn a_mistake_names_the_layer_and_what_was_expected() {
    let told = |layer: &dyn Layer| layer.forward(&images(), &mut Forward::evaluation()).unwrap_err().to_string();
    let nested = Sequential::new().then(Activation::Relu).named("block", Sequential::new().then(Conv2d::new(0, 3)));
    assert_eq!(told(&nested), "layer block.0 (conv2d): out is missing or 0; it is the number of output channels");
    let groups = Conv2d::with(Conv2dConfig { out: 4, kernel: 3.into(), groups: 3, ..Default::default() });
    assert_eq!(told(&groups), "conv2d: groups is 3; it must divide the 2 input and 4 output channels");
    let message = told(&Sequential::new().then(Flatten).then(BatchNorm::default()).then(MaxPool2d::new(2)));
    assert!(message.starts_with("layer 2 (maxPool2d): "), "{message}");
}

#[test]
fn a_summary_lists_layers_shapes_and_parameters() {
    let model = Sequential::new()
        .then(Conv2d::new(6, 5))
        .then(Activation::Relu)
        .then(MaxPool2d::new(2))
        .then(Flatten)
        .then(Linear::new(10));
    let summary = summary(&model, &[1, 1, 28, 28]).unwrap();
    assert_eq!(summary.parameters, 156 + 8650);
    let text = summary.to_string();
    let shown = "\
layer        kind             output               parameters
0            conv2d           [1, 6, 24, 24]              156
1            relu             [1, 6, 24, 24]                0
2            maxPool2d        [1, 6, 12, 12]                0
3            flatten          [1, 864]                      0
4            dense            [1, 10]                    8650
total                                                    8806
multiply-adds                                           95040";
    // By hand: 6·24² outputs of 5² products, and 864·10.
    assert_eq!(summary.multiply_adds, 6 * 24 * 24 * 25 + 864 * 10);
    assert_eq!(text, shown);
}

#[test]
fn a_custom_loss_gives_one_number() {
    let loss = Loss::custom(|output, _| Ok(output.clone()));
    let x = Tensor::zeros(&[2, 3]).unwrap();
    let error = loss.mean(&x, &x).unwrap_err().to_string();
    assert_eq!(error, "loss function: it gave f32[2, 3]; expected one f32");
}
