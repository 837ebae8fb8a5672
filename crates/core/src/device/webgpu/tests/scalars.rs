//! Every row of the scalar table and every cast, over its domain and at special values.

use super::{
    cases::{Case, expr, load, noise},
    check,
};
use crate::{
    DType,
    ir::{Binary, Unary},
    plan::{Instr, Kernel, Source, View},
};

/// One case for each row and type.
pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for &unary in Unary::ALL {
        for &dtype in unary.row().types {
            let values = unary_domain(unary, dtype);
            let result = unary.row().result.unwrap_or(dtype);
            let instrs = [(Instr::Load(0), dtype), (Instr::Unary(unary, 0), result)];
            let mut case = case(format!("{} of {dtype}", unary.row().name), &instrs, vec![values], 1e-6);
            // What is left of an angle after many turns is known to so many digits after the point.
            case.scale = if matches!(unary, Unary::Sin | Unary::Cos | Unary::Tan) { 1.0 } else { 0.0 };
            cases.push(case);
        }
    }
    for &binary in Binary::ALL {
        for &dtype in binary.row().types {
            let reads = pairs(binary, dtype);
            let result = binary.row().result.unwrap_or(dtype);
            let instrs = [(Instr::Load(0), dtype), (Instr::Load(1), dtype), (Instr::Binary(binary, 0, 1), result)];
            cases.push(case(format!("{} of {dtype}", binary.row().name), &instrs, reads, 1e-6));
        }
    }
    for from in DType::ALL {
        for to in DType::ALL {
            let instrs = [(Instr::Load(0), from), (Instr::Cast(0), to)];
            cases.push(case(format!("{from} as {to}"), &instrs, vec![words(from)], 0.0));
        }
    }
    cases
}

fn case(name: String, instrs: &[(Instr, DType)], reads: Vec<Vec<u32>>, tolerance: f32) -> Case {
    let shape = vec![reads[0].len()];
    let loads = (0..reads.len()).map(|i| load(Source::Read(i), View::contiguous(&shape))).collect();
    Case { name, kernel: Kernel::map(shape, expr(loads, instrs)), reads, tolerance, scale: 0.0 }
}

/// Numbers where functions turn, overflow or lose their footing. No subnormal ones: a device may take them for 0.
const SPECIAL: [f32; 24] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    1.5,
    2.5,
    -2.5,
    3.0,
    -7.0,
    1e-6,
    -1e-6,
    1e-30,
    -1e-30,
    88.0,
    -87.0,
    1e10,
    -1e10,
    f32::MAX,
    f32::MIN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
];

/// Words of a type: special ones and many others.
fn words(dtype: DType) -> Vec<u32> {
    match dtype {
        DType::F32 => {
            let scaled =
                |(i, &w): (usize, &u32)| (f32::from_bits(w) * [0.1, 1.0, 3.0, 10.0, 80.0, 1000.0][i % 6]).to_bits();
            let noise = noise(3000, 17);
            SPECIAL.iter().map(|v| v.to_bits()).chain(noise.iter().enumerate().map(scaled)).collect()
        }
        DType::I32 => [0, 1, -1, 2, -2, 3, -3, 7, -7, 100, -100, 12345, -12345, i32::MAX, i32::MIN, i32::MIN + 1]
            .map(|v| v as u32)
            .to_vec(),
        DType::U32 => vec![0, 1, 2, 3, 7, 31, 32, 33, 100, 65_535, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff],
        DType::Bool => vec![0, 1],
    }
}

fn unary_domain(unary: Unary, dtype: DType) -> Vec<u32> {
    let all = words(dtype);
    // The quarter turn is known to so many digits.
    let far = matches!(unary, Unary::Sin | Unary::Cos | Unary::Tan);
    all.into_iter()
        .filter(|&w| !far || !(1e5..).contains(&f32::from_bits(w).abs()) || !f32::from_bits(w).is_finite())
        .collect()
}

fn pairs(binary: Binary, dtype: DType) -> Vec<Vec<u32>> {
    let all = words(dtype);
    let (mut a, mut b) = (Vec::new(), Vec::new());
    let special = all.len().min(SPECIAL.len());
    for &x in &all[..special] {
        for &y in &all[..special] {
            a.push(x);
            b.push(y);
        }
    }
    // Enough others, the second of a moderate size.
    if dtype == DType::F32 {
        for (i, &x) in all[special..].iter().enumerate() {
            a.push(x);
            b.push((f32::from_bits(all[special + (i * 7 + 1) % (all.len() - special)]) % 13.0).to_bits());
        }
    }
    let keep: Vec<bool> = a.iter().zip(&b).map(|(&x, &y)| kept(binary, dtype, x, y)).collect();
    let pick = |list: &[u32]| list.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(&w, _)| w).collect::<Vec<_>>();
    vec![pick(&a), pick(&b)]
}

/// Leaves out what WGSL leaves open: division by numbers beyond 2^126 and remainders of quotients beyond the precision.
fn kept(binary: Binary, dtype: DType, a: u32, b: u32) -> bool {
    if dtype != DType::F32 {
        return true;
    }
    let (a, b) = (f32::from_bits(a), f32::from_bits(b));
    match binary {
        Binary::Div => b.is_nan() || b.abs() < 8.5e37,
        Binary::Atan2 => !(a.is_finite() && b.is_finite()) || a.abs().max(b.abs()) < 8.5e37,
        Binary::Rem => a.is_finite() && b.is_finite() && b != 0.0 && (a / b).abs() < 1e4,
        _ => true,
    }
}

#[test]
fn rows_meet_their_definitions() {
    check(&cases());
}
