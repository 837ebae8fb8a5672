//! What is emitted, run by an interpreter of WebAssembly, against the loops: the same bits.

use super::{Input, function, module};
use crate::{
    DType,
    device::cpu::{scalar, simd::Level, testing::Lcg},
    ir::{Binary, Unary},
    plan::Instr,
};
use DType::{Bool, F32, I32, U32};
use wasmi::{Config, Engine, Linker, Memory, MemoryType, Module, Store};

/// Words of a load.
const LENGTH: usize = 512;

/// Calls the function of an expression on these loads.
fn run(instrs: &[Instr], types: &[DType], inputs: &[Input], loads: &[Vec<u32>]) -> Option<Vec<u32>> {
    run_all(instrs, types, &[instrs.len() - 1], inputs, loads)
}

/// The same for the values of some registers, one after the other.
fn run_all(
    instrs: &[Instr],
    types: &[DType],
    registers: &[usize],
    inputs: &[Input],
    loads: &[Vec<u32>],
) -> Option<Vec<u32>> {
    let module_bytes = module(&[function(instrs, types, registers, inputs)?]);
    let mut config = Config::default();
    config.wasm_simd(true);
    let engine = Engine::new(&config);
    let module = Module::new(&engine, &module_bytes[..]).expect("a valid module");
    let mut store = Store::new(&engine, ());
    let memory = Memory::new(&mut store, MemoryType::new(1, None)).expect("memory");
    // Addresses at 0, the outputs from 1024 on, the loads after them.
    let outputs = registers.len();
    let at = |number: usize| 1024 + number * 4 * LENGTH;
    let addresses: Vec<u32> = (0..outputs + loads.len()).map(|number| at(number) as u32).collect();
    memory.write(&mut store, 0, bytemuck::cast_slice(&addresses)).expect("room");
    for (i, load) in loads.iter().enumerate() {
        memory.write(&mut store, at(outputs + i), bytemuck::cast_slice(load)).expect("room");
    }
    let mut linker = Linker::new(&engine);
    linker.define("m", "m", memory).expect("a new name");
    let instance = linker.instantiate_and_start(&mut store, &module).expect("an instance");
    let call = instance.get_typed_func::<(u32, u32), ()>(&store, "0").expect("the function");
    let length = loads.iter().map(Vec::len).max().expect("a load");
    call.call(&mut store, (0, length as u32 / 4)).expect("no trap");
    let mut out = vec![0u32; outputs * length];
    for (i, out) in out.chunks_mut(length).enumerate() {
        memory.read(&store, at(i), bytemuck::cast_slice_mut(out)).expect("room");
    }
    Some(out)
}

/// Interesting words of a type, and noise.
fn words(dtype: DType, seed: u64) -> Vec<u32> {
    let special = [0.0, -0.0, 1.0, -1.0, 0.5, 1.5, -2.5, 1e-40, -1e-45, 3e9, -3e9, 1e38, 9.01, -0.92, 88.72, -103.9];
    let special = special.into_iter().chain([f32::INFINITY, f32::NEG_INFINITY, f32::NAN, f32::MIN_POSITIVE, f32::MAX]);
    let mut rng = Lcg::new(seed);
    let mut words: Vec<u32> = match dtype {
        F32 => special.map(f32::to_bits).collect(),
        I32 => (-20i32..20).chain([i32::MIN, i32::MAX]).map(|x| x as u32).collect(),
        U32 => (0..40).chain([u32::MAX, 1 << 31]).collect(),
        // Whoever makes data may have put other words there than 0 and 1.
        Bool => vec![0, 1, 2, u32::MAX],
    };
    while words.len() < LENGTH {
        let noise = rng.floats(1)[0];
        words.push(match dtype {
            F32 => (noise * [0.1, 1.0, 8.0, 100.0][rng.below(4)]).to_bits(),
            I32 | U32 => noise.to_bits(),
            Bool => u32::from(noise > 0.0),
        });
    }
    // In another order for each seed, so that special values meet.
    words.rotate_left(seed as usize * 7 % LENGTH);
    words
}

fn assert_same(what: &str, dtype: DType, got: &[u32], want: &[u32]) {
    for (i, (&got, &want)) in got.iter().zip(want).enumerate() {
        let nan = |word: u32| dtype == F32 && f32::from_bits(word).is_nan();
        assert!(got == want || (nan(got) && nan(want)), "{what} at {i}: {got:#x}, not {want:#x}");
    }
}

#[test]
fn a_function_writes_several_values() {
    let [a, b] = [1, 2].map(|seed| words(I32, seed));
    let instrs = [Instr::Load(0), Instr::Load(1), Instr::Binary(Binary::Add, 0, 1), Instr::Binary(Binary::Sub, 2, 1)];
    let loads = [a.clone(), b.clone()];
    let got = run_all(&instrs, &[I32; 4], &[2, 1, 3], &[Input::Words; 2], &loads).unwrap();
    let sums: Vec<u32> = a.iter().zip(&b).map(|(a, b)| a.wrapping_add(*b)).collect();
    assert_eq!(got, [sums, b, a].concat());
}

#[test]
fn functions_give_the_bits_of_the_loops() {
    let mut emitted = 0;
    for &function in Unary::ALL {
        for &dtype in function.row().types {
            let result = function.row().result.unwrap_or(dtype);
            let a = words(dtype, 1);
            let mut want = vec![0; LENGTH];
            scalar::unary(Level::Base, function, dtype).run(&mut want, &a);
            let instrs = [Instr::Load(0), Instr::Unary(function, 0)];
            if let Some(got) = run(&instrs, &[dtype, result], &[Input::Words], &[a]) {
                assert_same(&format!("{function:?} {dtype}"), result, &got, &want);
                emitted += 1;
            }
        }
    }
    for &function in Binary::ALL {
        for &dtype in function.row().types {
            let result = function.row().result.unwrap_or(dtype);
            for seed in 2..6 {
                let (a, b) = (words(dtype, seed), words(dtype, seed * 31));
                let mut want = vec![0; LENGTH];
                scalar::binary(Level::Base, function, dtype).run(&mut want, &a, &b);
                let instrs = [Instr::Load(0), Instr::Load(1), Instr::Binary(function, 0, 1)];
                if let Some(got) = run(&instrs, &[dtype, dtype, result], &[Input::Words; 2], &[a, b]) {
                    assert_same(&format!("{function:?} {dtype}"), result, &got, &want);
                    emitted += usize::from(seed == 2);
                }
            }
        }
    }
    assert!(emitted >= 55, "only {emitted} functions of a type are emitted");
}

#[test]
fn casts_and_choices_give_the_bits_of_the_loops() {
    for from in DType::ALL {
        for to in DType::ALL {
            let a = words(from, 3);
            let mut want = a.clone();
            if !scalar::cast_keeps_words(from, to) {
                scalar::cast(Level::Base, from, to).run(&mut want, &a);
            }
            let got = run(&[Instr::Load(0), Instr::Cast(0)], &[from, to], &[Input::Words], &[a]).expect("every cast");
            assert_same(&format!("{from} to {to}"), to, &got, &want);
        }
    }
    let (c, a, b) = (words(Bool, 4), words(F32, 5), words(F32, 6));
    let mut want = vec![0; LENGTH];
    scalar::select(Level::Base)(&mut want, &c, &a, &b);
    let instrs = [Instr::Load(0), Instr::Load(1), Instr::Load(2), Instr::Select(0, 1, 2)];
    let got = run(&instrs, &[Bool, F32, F32, F32], &[Input::Words; 3], &[c, a, b]).expect("a choice");
    assert_same("select", F32, &got, &want);
}

#[test]
fn constants_and_uniform_loads_go_to_all_elements() {
    // max(0, a · u) where a · u < 3, else 0; and the other way round.
    for swapped in [false, true] {
        let (yes, no) = if swapped { (0, 5) } else { (5, 0) };
        let instrs = [
            Instr::Load(0),
            Instr::Load(1),
            Instr::Load(2),
            Instr::Load(3),
            Instr::Binary(Binary::Mul, 1, 2),
            Instr::Binary(Binary::Max, 0, 4),
            Instr::Binary(Binary::Lt, 4, 3),
            Instr::Select(6, yes, no),
        ];
        let types = [F32, F32, F32, F32, F32, F32, Bool, F32];
        let inputs = [Input::Constant(0), Input::Words, Input::Uniform, Input::Constant(3f32.to_bits())];
        let (a, u) = (words(F32, 8), 1.7f32);
        let got = run(&instrs, &types, &inputs, &[vec![], a.clone(), vec![u.to_bits(); 4], vec![]]).expect("emitted");
        let want = a.iter().map(|&a| {
            let product = f32::from_bits(a) * u;
            let clipped = if 0.0 >= product { 0.0 } else { product };
            let value = if (product < 3.0) != swapped { clipped } else { 0.0 };
            value.to_bits()
        });
        assert_same("a clipped product", F32, &got, &want.collect::<Vec<_>>());
    }
}
