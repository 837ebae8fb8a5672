//! Augmentation of images, signals, boxes, masks and labels.

use crate::{
    call::{Call, Function, Output, Outputs, output},
    error::{Error, Result},
};
use gradbook_core::Tensor;
use gradbook_learn::{
    augment::{
        AffineParams, Augment, Batch, Edge, HorizontalFlip, Noise, RandomCrop, ResizeTo, Sampling, additive_noise,
        affine, affine_boxes, augment, autocontrast, brightness, center_crop, channel_mean_std, contrast, crop,
        crop_boxes, cutmix, cutout, five_crop, flip_boxes, gain, gamma, gaussian_blur, grayscale, hue, invert,
        label_smooth_onehot, mixup, pad, per_image_standardise, perspective, resize, resize_boxes, rot90, rotate,
        saturation, sharpness, solarize, speed, ten_crop, tta_mean,
    },
    layers::{Pair, ResizeMode, normalise},
};

pub fn find(op: &str) -> Option<Function> {
    Some(Function::Graph(match op {
        "hflip" => |c| output(c.tensor("x")?.flip(&[-1])?),
        "vflip" => |c| output(c.tensor("x")?.flip(&[-2])?),
        "rot90" => |c| output(rot90(&c.tensor("x")?, c.number("k")? as i32)?),
        "crop" => |c| output(crop(&c.tensor("x")?, at(c)?, size(c)?)?),
        "center_crop" => |c| output(center_crop(&c.tensor("x")?, size(c)?)?),
        "five_crop" => |c| output(five_crop(&c.tensor("x")?, size(c)?)?),
        "ten_crop" => |c| output(ten_crop(&c.tensor("x")?, size(c)?)?),
        "resize" => |c| image(c, |x| Ok(resize(x, c.pair("size", 1), mode(c)?, c.flag("antialias"))?)),
        "pad" => padded,
        "affine" => |c| image(c, |x| Ok(affine(x, &params(c)?, sampling(c))?)),
        "rotate" => |c| image(c, |x| Ok(rotate(x, c.f32("angle")?, sampling(c))?)),
        "perspective" => {
            |c| image(c, |x| Ok(perspective(x, points(c, "start")?, points(c, "end")?, Sampling::Bilinear)?))
        }
        "brightness" => |c| image(c, |x| Ok(brightness(x, &factor(c)?)?)),
        "contrast" => |c| image(c, |x| Ok(contrast(x, &factor(c)?)?)),
        "saturation" => |c| image(c, |x| Ok(saturation(x, &factor(c)?)?)),
        "sharpness" => |c| image(c, |x| Ok(sharpness(x, &factor(c)?)?)),
        "hue" => |c| image(c, |x| Ok(hue(x, &factor(c)?)?)),
        "grayscale" => |c| image(c, |x| Ok(grayscale(x)?)),
        "gamma" => |c| image(c, |x| Ok(gamma(x, &Tensor::scalar(c.f32("gamma")?), c.f32("gain")?)?)),
        "normalise" => |c| {
            let numbers = |name: &str| {
                let list: Vec<f32> = c.list(name).iter().map(|&v| v as f32).collect();
                Tensor::f32(&[list.len()], &list)
            };
            image(c, |x| Ok(normalise(x, &numbers("mean")?, &numbers("std")?)?))
        },
        "channel_mean_std" => |c| {
            let (mean, std) = channel_mean_std(&c.tensor("x")?)?;
            Ok(vec![("mean".into(), mean.into()), ("std".into(), std.into())])
        },
        "per_image_standardise" => |c| image(c, |x| Ok(per_image_standardise(x)?)),
        "invert" => |c| output(invert(&c.tensor("x")?)?),
        "solarize" => |c| output(solarize(&c.tensor("x")?, c.f32("threshold")?)?),
        "autocontrast" => |c| image(c, |x| Ok(autocontrast(x)?)),
        "gaussian_blur" => |c| image(c, |x| Ok(gaussian_blur(x, c.size("kernel")?, &Tensor::scalar(c.f32("sigma")?))?)),
        "cutout" => |c| {
            let [top, left] = at(c)?.map(|at| Tensor::i32(&[], &[at as i32]));
            let (top, left) = (top?, left?);
            image(c, |x| Ok(cutout(x, &top, &left, size(c)?, c.f32("value")?)?))
        },
        "mixup" => |c| {
            let (labels, permutation) = (c.tensor("labels")?, c.tensor("permutation")?);
            let (x, labels) = mixup(&c.tensor("x")?, &labels, &permutation, &Tensor::scalar(c.f32("lam")?))?;
            Ok(vec![("output".into(), x.into()), ("labels".into(), labels.into())])
        },
        "cutmix" => mixed,
        "additive_noise" => {
            |c| output(additive_noise(&c.tensor("x")?, &c.tensor("noise")?, c.f32("sigma")?, c.flag("clip"))?)
        }
        "gaussian_noise_stats" => noise_statistics,
        "random_crop_stats" => crop_statistics,
        "tta_mean" => |c| {
            let (probs, prediction) = tta_mean(&c.tensor("logits")?)?;
            Ok(vec![("probs".into(), probs.into()), ("prediction".into(), prediction.into())])
        },
        "flip_boxes" => |c| output(flip_boxes(&c.tensor("boxes")?, c.text("direction") == Some("h"), canvas(c))?),
        "crop_boxes" => |c| {
            let [top, left] = at(c)?.map(|at| Tensor::scalar(at as f32));
            let (boxes, keep) = crop_boxes(&c.tensor("boxes")?, &top, &left, size(c)?)?;
            Ok(vec![("boxes".into(), boxes.into()), ("keep".into(), keep.into())])
        },
        "resize_boxes" => |c| output(resize_boxes(&c.tensor("boxes")?, canvas(c), c.pair("size", 1))?),
        "affine_boxes" => |c| output(affine_boxes(&c.tensor("boxes")?, &params(c)?, canvas(c))?),
        "transform_mask" => mask,
        "audio_speed" => |c| output(speed(&c.tensor("x")?, c.f32("speed")?)?),
        "audio_gain" => |c| output(gain(&c.tensor("x")?, &Tensor::scalar(c.f32("db")?))?),
        "label_smooth_onehot" => {
            |c| output(label_smooth_onehot(&c.tensor("index")?, c.size("num_classes")?, c.f32("eps")?)?)
        }
        _ => return None,
    }))
}

/// A function of images [N, C, H, W] of the case's one image.
fn image(c: &Call, change: impl FnOnce(&Tensor) -> Result<Tensor>) -> Result<Outputs> {
    output(change(&c.tensor("x")?.unsqueeze(0)?)?.squeeze(0)?)
}

fn at(c: &Call) -> Result<[isize; 2]> {
    Ok([c.axis("top")?, c.axis("left")?])
}

fn size(c: &Call) -> Result<[usize; 2]> {
    Ok([c.size("height")?, c.size("width")?])
}

fn canvas(c: &Call) -> [usize; 2] {
    c.pair("canvas", 1)
}

fn factor(c: &Call) -> Result<Tensor> {
    Ok(Tensor::scalar(c.f32("factor")?))
}

fn sampling(c: &Call) -> Sampling {
    if c.text("interpolation") == Some("nearest") { Sampling::Nearest } else { Sampling::Bilinear }
}

fn mode(c: &Call) -> Result<ResizeMode> {
    Ok(match c.text("interpolation") {
        Some("nearest") => ResizeMode::Nearest,
        Some("bilinear") => ResizeMode::Bilinear,
        Some("bicubic") => ResizeMode::Bicubic,
        other => return Err(Error::text(format!("interpolation {other:?}"))),
    })
}

fn params(c: &Call) -> Result<AffineParams> {
    let two = |name: &str| match c.list(name)[..] {
        [a, b] => Ok([a as f32, b as f32]),
        _ => Err(Error::text(format!("{name} has not two numbers"))),
    };
    Ok(AffineParams::constant(c.f32("angle")?, two("translate")?, c.f32("scale")?, two("shear")?))
}

fn points(c: &Call, name: &str) -> Result<[[f32; 2]; 4]> {
    let given = c.case.params.get(name).ok_or_else(|| Error::text(format!("there are no {name} points")))?;
    let number = |i: usize, axis: usize| given[i][axis].as_f64().map(|v| v as f32);
    let mut points = [[0.0; 2]; 4];
    for (i, point) in points.iter_mut().enumerate() {
        let [Some(x), Some(y)] = [number(i, 0), number(i, 1)] else {
            return Err(Error::text(format!("{name} has not four points")));
        };
        *point = [x, y];
    }
    Ok(points)
}

fn padded(c: &Call) -> Result<Outputs> {
    let edge = match c.text("mode") {
        Some("constant") => Edge::Constant(c.maybe("fill").unwrap_or(0.0) as f32),
        Some("edge") => Edge::Edge,
        Some("reflect") => Edge::Reflect,
        Some("symmetric") => Edge::Symmetric,
        other => return Err(Error::text(format!("padding mode {other:?}"))),
    };
    let &[left, top, right, bottom] = &c.sizes("padding")[..] else {
        return Err(Error::text("padding has not four numbers"));
    };
    output(pad(&c.tensor("x")?, [left, top, right, bottom], edge)?)
}

fn mixed(c: &Call) -> Result<Outputs> {
    let &[x1, y1, x2, y2] = &c.axes("box")[..] else { return Err(Error::text("the box has not four numbers")) };
    let number = |n: isize| Tensor::i32(&[], &[n as i32]);
    let (from, to) = ([&number(y1)?, &number(x1)?], [&number(y2)?, &number(x2)?]);
    let (x, labels, lam) = cutmix(&c.tensor("x")?, &c.tensor("labels")?, &c.tensor("permutation")?, from, to)?;
    Ok(vec![("output".into(), x.into()), ("labels".into(), labels.into()), ("lam".into(), lam.into())])
}

/// A class for each pixel, by the transforms that training uses; an angle, which they draw, is given to what they call.
fn mask(c: &Call) -> Result<Outputs> {
    let mask = c.tensor("mask")?;
    let masks = mask.unsqueeze(0)?;
    let moved = |transform: Augment| -> Result<Outputs> {
        let batch = Batch::new(masks.unsqueeze(1)?.to_f32()?, masks.clone(), None);
        let moved = augment(&[transform], batch, Tensor::key(0))?;
        output(moved.masks.expect("targets of pixels are masks").squeeze(0)?)
    };
    match c.text("transform") {
        Some("hflip") => moved(Augment::HorizontalFlip(HorizontalFlip { p: 1.0 })),
        Some("crop") => cropped(&masks, at(c)?, size(c)?),
        Some("resize") => {
            let [height, width] = c.pair("size", 1);
            moved(Augment::ResizeTo(ResizeTo { size: Pair::Each([height, width]), mode: ResizeMode::Bilinear }))
        }
        Some("rotate") => {
            output(rotate(&masks.unsqueeze(1)?, c.f32("angle")?, Sampling::Nearest)?.squeeze(0)?.squeeze(0)?)
        }
        _ => Err(Error::Unsupported),
    }
}

/// Of many random crops of one mask [1, H, W], the first that begins at a given place.
fn cropped(mask: &Tensor, [top, left]: [isize; 2], size: [usize; 2]) -> Result<Outputs> {
    const MANY: usize = 256;
    let [_, h, w] = mask.shape()[..] else { return Err(Error::text("the mask has not two axes")) };
    let places = Tensor::arange(h * w)?.to_f32()?.reshape(&[1, 1, h as isize, w as isize])?;
    let batch = Batch::new(places.broadcast_to(&[MANY, 1, h, w])?, mask.broadcast_to(&[MANY, h, w])?, None);
    let crop = RandomCrop { size: Some(Pair::Each(size)), ..Default::default() };
    let parts = augment(&[Augment::RandomCrop(crop)], batch, Tensor::key(7))?;
    let corners = parts.x.select(3, 0)?.select(2, 0)?.select(1, 0)?;
    let first = corners.eq_scalar((top * w as isize + left) as f64)?.to_f32()?.argmax(0, true)?;
    let masks = parts.masks.expect("targets of pixels are masks");
    output(masks.rows("crop", &first)?.squeeze(0)?)
}

/// What noise adds to a constant image, by the transform that training uses.
fn noise_statistics(c: &Call) -> Result<Outputs> {
    let x = Tensor::full(&c.sizes("shape"), c.f32("level")?)?;
    let noise = Augment::Noise(Noise { sigma: c.f32("sigma")?, clip: true });
    let noisy = augment(
        &[noise],
        Batch { x: x.clone(), labels: None, masks: None, boxes: None, classes: None },
        Tensor::key(3),
    )?;
    let added = noisy.x.sub(&x)?;
    let all: Vec<isize> = (0..added.shape().rank() as isize).collect();
    let named = [("mean", added.mean_all()?), ("std", added.std(&all, 0.0, false)?)];
    Ok(named.map(|(name, value)| (name.into(), Output::Tensor(value))).into())
}

/// Where random crops begin, by the transform that training uses: pixels say in which row they are.
fn crop_statistics(c: &Call) -> Result<Outputs> {
    let (height, part, draws) = (c.size("height")?, c.size("crop")?, c.size("draws")?);
    let rows = Tensor::arange(height)?.to_f32()?.reshape(&[1, 1, -1, 1])?.broadcast_to(&[draws, 1, height, 1])?;
    let batch = Batch { x: rows, labels: None, masks: None, boxes: None, classes: None };
    let crop = RandomCrop { size: Some(Pair::Each([part, 1])), ..Default::default() };
    let parts = augment(&[Augment::RandomCrop(crop)], batch, Tensor::key(11))?;
    Ok(vec![("mean".into(), parts.x.select(2, 0)?.mean_all()?.into())])
}
