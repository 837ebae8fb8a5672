//! Explanations: properties that hold for every model, on the device that defines every op.

mod support;

use gradbook_core::Tensor;
use gradbook_learn::{
    explain::{GradCam, Occlusion, Target, grad_cam, occlusion, saliency},
    layers::{
        Activation, Conv2d, Conv2dConfig, Dropout, Flatten, Forward, GlobalAvgPool, Layer, Linear, Padding, Params,
        Sequential, build,
    },
};
use support::values;

fn images(n: usize, seed: u64) -> Tensor {
    let x = Tensor::normal(&Tensor::key(seed), 0, &[n, 1, 5, 5], 0.0, 1.0).unwrap();
    Tensor::f32(&[n, 1, 5, 5], &values(&x)).unwrap()
}

fn scores(model: &dyn Layer, x: &Tensor) -> Vec<f32> {
    values(&model.forward(x, &mut Forward::evaluation()).unwrap())
}

fn cnn() -> Sequential {
    let conv = Conv2d::with(Conv2dConfig { out: 3, kernel: 3.into(), padding: Padding::SAME, ..Default::default() });
    let model =
        Sequential::new().then(conv).then(Activation::Tanh).then(Dropout::new(0.5)).then(Flatten).then(Linear::new(4));
    build(&model, &[1, 1, 5, 5], 11).unwrap();
    model
}

#[test]
fn saliency_is_the_slope_of_the_score_for_each_image_alone() {
    let (model, x) = (cnn(), images(2, 1));
    let map = values(&saliency(&model, &x, &Target::Each(Tensor::i32(&[2], &[3, 0]).unwrap())).unwrap());
    let h = 1e-2;
    for (image, pixel, class) in [(0, 7, 3), (0, 24, 3), (1, 0, 0), (1, 13, 0)] {
        let moved = |by: f32| {
            let mut x = values(&x);
            x[image * 25 + pixel] += by;
            scores(&model, &Tensor::f32(&[2, 1, 5, 5], &x).unwrap())[image * 4 + class]
        };
        let slope = (moved(h) - moved(-h)) / (2.0 * h);
        let got = map[image * 25 + pixel];
        assert!((slope - got).abs() < 1e-3 * (1.0 + slope.abs()), "image {image} pixel {pixel}: {got}, slope {slope}");
    }
}

#[test]
fn the_predicted_class_is_explained_where_none_is_named() {
    let (model, x) = (cnn(), images(3, 2));
    let best: Vec<i32> = scores(&model, &x)
        .chunks(4)
        .map(|row| (0..4).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap() as i32)
        .collect();
    let named = saliency(&model, &x, &Target::Each(Tensor::i32(&[3], &best).unwrap())).unwrap();
    assert_eq!(values(&saliency(&model, &x, &Target::Predicted).unwrap()), values(&named));
}

/// A mean over each plane and a linear head: the score is Σ w_k mean(A_k), so the gradient at every pixel of A_k is w_k / 25.
#[test]
fn grad_cam_of_a_linear_head_has_its_weights() {
    let conv = Conv2d::with(Conv2dConfig { out: 3, kernel: 3.into(), padding: Padding::SAME, ..Default::default() });
    let model = Sequential::new().named("features", conv).then(GlobalAvgPool).named("head", Linear::new(2));
    build(&model, &[1, 1, 5, 5], 5).unwrap();
    let x = images(2, 3);
    let maps = grad_cam(&model, &x, &GradCam::new("features", Target::Class(1))).unwrap();

    let params = Params::of(&model);
    let head = values(&params.0.iter().find(|(name, _)| name == "head.weight").unwrap().1.value());
    let weights = values(&maps.channel_weights);
    for image in 0..2 {
        for channel in 0..3 {
            let (got, expected) = (weights[image * 3 + channel], head[3 + channel] / 25.0);
            assert!((got - expected).abs() < 1e-6, "{got} {expected}");
        }
    }
    let mut ctx = Forward::evaluation();
    model.forward(&x, &mut ctx).unwrap();
    let features = values(&ctx.output("features").unwrap());
    let raw = values(&maps.raw);
    for image in 0..2 {
        for pixel in 0..25 {
            let sum: f32 = (0..3).map(|k| head[3 + k] / 25.0 * features[(image * 3 + k) * 25 + pixel]).sum();
            assert!((raw[image * 25 + pixel] - sum.max(0.0)).abs() < 1e-5);
        }
    }
    // The feature map is as large as the image, so there is nothing to resize.
    assert_eq!(values(&maps.upsampled).len(), raw.len());
    let error = grad_cam(&model, &x, &GradCam::new("tail", Target::Class(1))).unwrap_err().to_string();
    assert_eq!(error, "model: no layer is called tail; there are features (conv2d), 1 (globalAvgPool), head (dense)");
    let error = grad_cam(&model, &x, &GradCam::new("1", Target::Class(1))).unwrap_err().to_string();
    assert_eq!(error, "gradCam: layer 1 gives shape [2, 3]; expected a feature map [N, K, h, w]");
}

/// The score of a linear model falls by Σ w (x − baseline) over the window; windows that tile the image add up to completeness.
#[test]
fn occlusion_of_a_linear_model_is_its_share_of_the_score() {
    let model = Sequential::new().then(Flatten).then(Linear::new(3));
    build(&model, &[1, 1, 5, 5], 9).unwrap();
    let x = images(2, 4);
    let options = Occlusion { target: Target::Class(2), window: [2, 2], stride: [2, 2], baseline: 0.25 };
    let maps = occlusion(&model, &x, &options).unwrap();
    assert_eq!((&maps.sensitivity.shape()[..], &maps.map.shape()[..]), (&[2, 3, 3][..], &[2, 5, 5][..]));
    let weight = values(&Params::of(&model).values()[0]);
    let (pixels, falls, map) = (values(&x), values(&maps.sensitivity), values(&maps.map));
    for image in 0..2 {
        for (window, fall) in falls[image * 9..][..9].iter().enumerate() {
            let inside = |p: usize| p / 5 / 2 == window / 3 && p % 5 / 2 == window % 3;
            let share = |p: usize| weight[2 * 25 + p] * (pixels[image * 25 + p] - 0.25);
            let expected: f32 = (0..25).filter(|&p| inside(p)).map(share).sum();
            assert!((fall - expected).abs() < 1e-5, "{fall} {expected}");
            (0..25).filter(|&p| inside(p)).for_each(|p| assert!((map[image * 25 + p] - fall).abs() < 1e-6));
        }
    }
}

#[test]
fn a_class_that_does_not_exist_is_told() {
    let error = saliency(&cnn(), &images(1, 1), &Target::Class(4)).unwrap_err().to_string();
    assert_eq!(error, "explain: class 4 of a model that tells 4 apart; expected 0 to 3");
    let flat = Sequential::new().then(Flatten).then(Linear::new(4));
    let named = Target::Each(Tensor::i32(&[1], &[1]).unwrap());
    let error = saliency(&flat, &images(2, 1), &named).unwrap_err().to_string();
    assert_eq!(error, "explain: the target is i32[1]; expected a class for each image, i32[2]");
}
