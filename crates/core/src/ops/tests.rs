//! What the reference cases do not say: values by hand, properties, and errors in the caller's words.

use super::*;
use crate::{Data, LocalRunner, Runner, device::interp::Interp};
use pollster::block_on;

/// By one runner a test: evaluated tensors stay with it.
fn read(t: &Tensor) -> Data {
    thread_local!(static RUNNER: LocalRunner = LocalRunner::native(Interp::new()));
    RUNNER.with(|runner| block_on(runner.read(t))).unwrap()
}

fn f32s(t: &Tensor) -> Vec<f32> {
    assert_eq!(t.dtype(), DType::F32);
    read(t).as_f32().to_vec()
}

fn i32s(t: &Tensor) -> Vec<i32> {
    assert_eq!(t.dtype(), DType::I32);
    read(t).as_i32().to_vec()
}

fn bools(t: &Tensor) -> Vec<u32> {
    assert_eq!(t.dtype(), DType::Bool);
    read(t).words
}

fn vector(values: &[f32]) -> Tensor {
    Tensor::f32(&[values.len()], values).unwrap()
}

/// 0, 1, 2, … as f32.
fn count(shape: &[usize]) -> Tensor {
    let n = shape.iter().product();
    Tensor::f32(shape, &(0..n).map(|i| i as f32).collect::<Vec<_>>()).unwrap()
}

fn message<T>(result: Result<T>) -> String {
    match result {
        Ok(_) => panic!("expected an error"),
        Err(error) => error.to_string(),
    }
}

/// The values, and the gradient of their sum. A tensor that was read is a leaf, so the gradient is taken first.
fn both(y: &Tensor, x: &Tensor) -> (Vec<f32>, Vec<f32>) {
    let gradient = y.sum_all().unwrap().grad(&[x]).unwrap().remove(0);
    (f32s(y), f32s(&gradient))
}

fn gradient(y: &Tensor, x: &Tensor) -> Vec<f32> {
    both(y, x).1
}

#[test]
fn broadcasting_says_what_does_not_fit() {
    let (a, b) = (count(&[2, 3]), count(&[2]));
    assert!(message(a.add(&b)).starts_with("add: shapes [2, 3] and [2] do not broadcast"));
    let whole = Tensor::i32(&[3], &[1, 2, 3]).unwrap();
    assert_eq!(
        message(a.mul(&whole)),
        "mul: expected f32 like the first; cast one of them, for example with cast(f32), got i32"
    );
    assert!(message(whole.add_scalar(0.5)).contains("0.5 is not a value of i32"));
    assert_eq!(i32s(&whole.add_scalar(2).unwrap()), [3, 4, 5]);
}

#[test]
fn shapes_follow_python() {
    let x = count(&[2, 3, 4]);
    assert_eq!(x.reshape(&[4, -1]).unwrap().shape()[..], [4, 6]);
    assert!(message(x.reshape(&[5, -1])).contains("do not divide"));
    assert!(message(x.reshape(&[-1, -1])).contains("at most one is -1"));
    assert!(message(x.reshape(&[7])).contains("[2, 3, 4] (24 elements) to [7]"));
    assert_eq!(x.flatten(1, -1).unwrap().shape()[..], [2, 12]);
    assert_eq!(Tensor::scalar(1.0).flatten(0, -1).unwrap().shape()[..], [1]);
    assert_eq!(x.unsqueeze(-1).unwrap().shape()[..], [2, 3, 4, 1]);
    assert!(message(x.squeeze(1)).contains("has size 3, not 1"));
    assert!(message(x.permute(&[0, 0, 1])).contains("does not name each"));
    assert!(message(x.broadcast_to(&[3, 4])).contains("only sizes of 1 are repeated"));
    let v = vector(&[0.0, 1.0, 2.0, 3.0, 4.0]);
    assert_eq!(f32s(&v.slice(0, -3, 100, 2).unwrap()), [2.0, 4.0]);
    assert_eq!(f32s(&v.slice(0, 3, 1, 1).unwrap()), []);
    assert!(message(v.slice(0, 0, 5, -1)).contains("flip reverses an axis"));
    assert!(message(v.narrow(0, 3, 3)).contains("3 entries from 3 do not fit"));
    assert_eq!(f32s(&v.select(0, -1).unwrap()), [4.0]);
}

#[test]
fn joining_keeps_order_and_gradients() {
    // More than are joined at once.
    let parts: Vec<Tensor> = (0..45).map(|i| vector(&[i as f32, 0.5])).collect();
    let all = Tensor::concat(&parts.iter().collect::<Vec<_>>(), 0).unwrap();
    let expected: Vec<f32> = (0..45).flat_map(|i| [i as f32, 0.5]).collect();
    assert_eq!(gradient(&all.mul(&count(&[90])).unwrap(), &parts[20]), [40.0, 41.0]);
    assert_eq!(f32s(&all), expected);
    let flags = Tensor::bool(&[2], &[true, false]).unwrap();
    assert_eq!(bools(&Tensor::stack(&[&flags, &flags], -1).unwrap()), [1, 1, 0, 0]);
    assert!(message(Tensor::concat(&[], 0)).contains("at least one"));
    assert!(message(Tensor::concat(&[&count(&[2, 2]), &count(&[3, 3])], 0)).contains("do not join along axis 0"));
    assert_eq!(f32s(&count(&[2]).repeat_interleave(2, 0).unwrap()), [0.0, 0.0, 1.0, 1.0]);
    assert_eq!(f32s(&count(&[2]).repeat(&[2, 2]).unwrap()), [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0]);
}

#[test]
fn triangles_and_diagonals() {
    let x = count(&[2, 3]).add_scalar(1).unwrap();
    assert_eq!(f32s(&x.triu(1).unwrap()), [0.0, 2.0, 3.0, 0.0, 0.0, 6.0]);
    assert_eq!(f32s(&x.tril(0).unwrap()), [1.0, 0.0, 0.0, 4.0, 5.0, 0.0]);
    assert_eq!(f32s(&x.diag().unwrap()), [1.0, 5.0]);
    assert_eq!(f32s(&vector(&[3.0, 4.0]).diag().unwrap()), [3.0, 0.0, 0.0, 4.0]);
    assert_eq!(f32s(&Tensor::eye(2).unwrap()), [1.0, 0.0, 0.0, 1.0]);
}

#[test]
fn paddings_mirror_repeat_and_check() {
    let v = vector(&[1.0, 2.0, 3.0]);
    let pad = |mode| f32s(&v.pad(&[[2, 1]], mode).unwrap());
    assert_eq!(pad(PadMode::Reflect), [3.0, 2.0, 1.0, 2.0, 3.0, 2.0]);
    assert_eq!(pad(PadMode::Replicate), [1.0, 1.0, 1.0, 2.0, 3.0, 3.0]);
    assert_eq!(pad(PadMode::Circular), [2.0, 3.0, 1.0, 2.0, 3.0, 1.0]);
    assert_eq!(pad(PadMode::Constant(-7.0)), [-7.0, -7.0, 1.0, 2.0, 3.0, -7.0]);
    assert!(message(v.pad(&[[3, 0]], PadMode::Reflect)).contains("3 entries cannot be reflected"));
}

#[test]
fn products_of_every_rank() {
    let (m, v) = (count(&[2, 3]), count(&[3]));
    assert_eq!(f32s(&m.matmul(&v).unwrap()), [5.0, 14.0]);
    assert_eq!(f32s(&v.matmul(&m.t().unwrap()).unwrap()), [5.0, 14.0]);
    assert_eq!(f32s(&v.matmul(&v).unwrap()), [5.0]);
    assert_eq!(v.matmul(&v).unwrap().shape().rank(), 0);
    let batch = count(&[4, 1, 2, 3]).matmul(&count(&[5, 3, 2])).unwrap();
    assert_eq!(batch.shape()[..], [4, 5, 2, 2]);
    assert_eq!(f32s(&batch)[..4], [10.0, 13.0, 28.0, 40.0]);
    assert_eq!(m.matmul(&count(&[7, 3, 2])).unwrap().shape()[..], [7, 2, 2]);
    assert_eq!(
        message(m.matmul(&m)),
        "matmul: shapes [2, 3] and [2, 3]: the first has 3 columns, the second 2 rows; these must be equal"
    );
}

#[test]
fn einsum_sums_what_the_result_does_not_name() {
    let (a, b) = (count(&[2, 3]), count(&[2, 3]));
    assert_eq!(f32s(&Tensor::einsum("ij->ji", &[&a]).unwrap()), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
    assert_eq!(f32s(&Tensor::einsum("ij->", &[&a]).unwrap()), [15.0]);
    assert_eq!(f32s(&Tensor::einsum("ij,ij->i", &[&a, &b]).unwrap()), [5.0, 50.0]);
    assert_eq!(f32s(&Tensor::einsum("ij,kl->il", &[&a, &b]).unwrap()), [9.0, 15.0, 21.0, 36.0, 60.0, 84.0]);
    assert!(message(Tensor::einsum("ij,jk->ik", &[&a, &b])).contains("axis 'j' has sizes 3 and 2"));
    assert!(message(Tensor::einsum("ij->k", &[&a])).contains("names 'k'"));
    assert!(message(Tensor::einsum("ii->i", &[&a])).contains("axis 'i' has sizes"));
}

#[test]
fn products_have_gradients_where_factors_are_zero() {
    let x = vector(&[2.0, 0.0, 3.0, 4.0, 1.0]);
    let y = x.prod(0, false).unwrap();
    assert_eq!(both(&y, &x), (vec![0.0], vec![0.0, 24.0, 0.0, 0.0, 0.0]));
    let y = x.cumprod(0).unwrap();
    // The sum is x₀ + x₀x₁ + x₀x₁x₂ + …
    let slopes = vec![1.0, 2.0 + 6.0 + 24.0 + 24.0, 0.0, 0.0, 0.0];
    assert_eq!(both(&y, &x), (vec![2.0, 0.0, 0.0, 0.0, 0.0], slopes));
    assert_eq!(f32s(&vector(&[]).prod(0, false).unwrap()), [1.0]);
    assert_eq!(f32s(&count(&[5]).cumsum(0).unwrap()), [0.0, 1.0, 3.0, 6.0, 10.0]);
}

#[test]
fn reductions_of_bool_nothing_and_zero() {
    let flags = Tensor::bool(&[2, 2], &[true, true, false, true]).unwrap();
    assert_eq!(i32s(&flags.sum(&[1], false).unwrap()), [2, 1]);
    assert_eq!(bools(&flags.all(&[1], false).unwrap()), [1, 0]);
    assert_eq!(bools(&flags.any(&[], false).unwrap()), [1]);
    assert!(f32s(&vector(&[]).mean_all().unwrap())[0].is_nan());
    let zeros = Tensor::zeros(&[2]).unwrap();
    assert_eq!(gradient(&zeros.norm(2.0, &[], false).unwrap(), &zeros), [0.0, 0.0]);
    let x = vector(&[1.0, 3.0, 3.0]);
    let (largest, index) = x.max(0, false).unwrap();
    assert_eq!(both(&largest, &x), (vec![3.0], vec![0.0, 1.0, 0.0]));
    assert_eq!(i32s(&index), [1]);
    assert_eq!(gradient(&x.amax(&[], false).unwrap(), &x), [0.0, 0.5, 0.5]);
    assert!(message(vector(&[]).argmax(0, false)).contains("no elements to choose from"));
}

#[test]
fn exponentials_survive_extremes() {
    let far = vector(&[-1e30, 0.0, 1e30]);
    assert_eq!(f32s(&far.softmax(0).unwrap()), [0.0, 0.0, 1.0]);
    assert_eq!(f32s(&far.softplus(1.0, 20.0).unwrap()), [0.0, 2f32.ln(), 1e30]);
    assert_eq!(gradient(&far.softplus(1.0, 20.0).unwrap(), &far), [0.0, 0.5, 1.0]);
    assert_eq!(gradient(&far.elu(1.0).unwrap(), &far), [0.0, 1.0, 1.0]);
    let none = vector(&[f32::NEG_INFINITY; 2]);
    assert_eq!(f32s(&none.logsumexp(&[], false).unwrap()), [f32::NEG_INFINITY]);
    assert!(message(far.softplus(0.0, 20.0)).contains("beta is 0"));
}

#[test]
fn indices_outside_read_zero_and_write_nothing() {
    let x = Tensor::f32(&[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
    let index = Tensor::i32(&[2, 2], &[0, 3, -1, 2]).unwrap();
    assert_eq!(f32s(&x.gather(1, &index).unwrap()), [1.0, 0.0, 0.0, 6.0]);
    let src = Tensor::ones(&[2, 2]).unwrap();
    assert_eq!(f32s(&x.scatter_add(1, &index, &src).unwrap()), [2.0, 2.0, 3.0, 4.0, 5.0, 7.0]);
    assert_eq!(f32s(&x.scatter(1, &index, &src).unwrap()), [1.0, 2.0, 3.0, 4.0, 5.0, 1.0]);
    assert_eq!(f32s(&Tensor::i32(&[2], &[1, 9]).unwrap().one_hot(3).unwrap()), [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    let rows = x.embedding(&Tensor::i32(&[2], &[1, 0]).unwrap(), Some(0)).unwrap();
    let values = vec![4.0, 5.0, 6.0, 1.0, 2.0, 3.0];
    assert_eq!(both(&rows, &x), (values, vec![0.0, 0.0, 0.0, 1.0, 1.0, 1.0]));
    assert!(message(x.gather(1, &x)).contains("expected i32 for the index"));
}

#[test]
fn sorting_keeps_ties_in_order() {
    let x = vector(&[2.0, 1.0, 2.0, 0.0, 1.0]);
    let (values, order) = x.sort(0, false).unwrap();
    assert_eq!((f32s(&values), i32s(&order)), (vec![0.0, 1.0, 1.0, 2.0, 2.0], vec![3, 1, 4, 0, 2]));
    assert_eq!(i32s(&x.argsort(0, true).unwrap()), [0, 2, 1, 4, 3]);
    let (values, order) = x.topk(2).unwrap();
    assert_eq!((f32s(&values), i32s(&order)), (vec![2.0, 2.0], vec![0, 2]));
    assert!(message(x.topk(6)).contains("k is 6"));
}

#[test]
fn random_numbers_have_their_moments_and_depend_on_the_key() {
    let n = 20_000;
    let moments = |t: &Tensor| {
        let values = f32s(t);
        let mean = values.iter().sum::<f32>() / n as f32;
        let var = values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / n as f32;
        (mean, var.sqrt())
    };
    let key = Tensor::key(3);
    let (mean, std) = moments(&Tensor::normal(&key, 0, &[n], 2.0, 3.0).unwrap());
    assert!((mean - 2.0).abs() < 0.1 && (std - 3.0).abs() < 0.1, "{mean} {std}");
    let uniform = Tensor::uniform(&key, 1, &[n], -1.0, 3.0).unwrap();
    let (mean, std) = moments(&uniform);
    assert!((mean - 1.0).abs() < 0.05 && (std - 4.0 / 12f32.sqrt()).abs() < 0.05, "{mean} {std}");
    assert!(f32s(&uniform).iter().all(|v| (-1.0..3.0).contains(v)));
    let kept = bools(&Tensor::bernoulli(&key, 2, &[n], 0.3).unwrap()).iter().sum::<u32>();
    assert!((5_700..6_300).contains(&kept), "{kept}");
    let bits = |key: &Tensor| read(&Tensor::random_bits(key, 0, &[4]).unwrap()).words;
    let step = |i: i32| Tensor::fold_in(&key, &Tensor::i32(&[], &[i]).unwrap()).unwrap();
    let draws = [bits(&key), bits(&step(0)), bits(&step(1)), bits(&Tensor::key(4))];
    assert_eq!(bits(&step(1)), draws[2]);
    for (i, draw) in draws.iter().enumerate() {
        assert!(draws[..i].iter().all(|other| other.iter().zip(draw).all(|(a, b)| a != b)));
    }
    assert!(message(Tensor::random_bits(&count(&[2]), 0, &[1])).contains("expected u32[2]"));
}

#[test]
fn pooling_checks_its_windows() {
    let x = count(&[1, 1, 3, 3]);
    let wide = MaxPool2dOptions::new([4, 4]);
    assert!(message(x.max_pool2d(&wide)).starts_with("max_pool2d: the feature map is 3×3, the window 4×4"));
    let padded = AvgPool2dOptions { padding: [2, 0], ..AvgPool2dOptions::new([2, 2]) };
    assert!(message(x.avg_pool2d(&padded)).contains("more than half of the window"));
    assert!(message(x.max_pool2d(&MaxPool2dOptions::new([0, 1]))).contains("the kernel is 0"));
    let ceil = MaxPool2dOptions { ceil_mode: true, ..MaxPool2dOptions::new([5, 5]) };
    assert_eq!(x.max_pool2d(&ceil).unwrap().shape()[2..], [1, 1], "its only window may leave the image");
    let single = MaxPool2dOptions { stride: [1, 1], ..ceil };
    assert!(message(x.max_pool2d(&single)).contains("it does not fit"));
    assert_eq!(f32s(&x.upsample([2, 2], Interpolation::Nearest, false).unwrap()), [0.0, 1.0, 3.0, 4.0]);
    assert!(message(x.pixel_shuffle(2)).contains("not a multiple of 2² = 4"));
}

#[test]
fn derivatives_of_what_is_linear_are_zero() {
    let x = vector(&[1.0, -2.0]);
    let y = x.relu().unwrap().mul_scalar(3).unwrap().sum_all().unwrap();
    assert_eq!(f32s(&y.hvp(&[&x], &[&x]).unwrap()[0]), [0.0, 0.0]);
    let cubic = x.pow_scalar(3).unwrap().sum_all().unwrap();
    assert_eq!(f32s(&cubic.hessian(&x).unwrap()), [6.0, 0.0, 0.0, -12.0]);
    assert_eq!(f32s(&x.square().unwrap().jacobian(&x).unwrap()), [2.0, 0.0, 0.0, -4.0]);
    let held = x.mul(&x.detach().unwrap()).unwrap();
    assert_eq!(gradient(&held, &x), [1.0, -2.0]);
    assert!(message(x.grad(&[&x])).contains("sum it up or give a seed"));
}

#[test]
fn logaddexp_neither_overflows_nor_prefers_one_of_equals() {
    let (big, inf) = (1e30f32, f32::INFINITY);
    let [a, b] = [[1.0, big, 100.0, -inf, inf, 0.5], [2.0, big, -big, -inf, 3.0, 0.5]].map(|v| vector(&v));
    let y = a.logaddexp(&b).unwrap();
    let gradient = y.narrow(0, 5, 1).unwrap().sum_all().unwrap().grad(&[&a, &b]).unwrap();
    let expected = [2.313_261_7, big, 100.0, -inf, inf, 0.5 + std::f32::consts::LN_2];
    for (got, want) in f32s(&y).iter().zip(expected) {
        assert!(*got == want || (got - want).abs() < 1e-6, "{got} is not {want}");
    }
    assert_eq!(gradient.iter().map(|g| f32s(g)[5]).collect::<Vec<_>>(), [0.5, 0.5]);
}
