//! Weights out of Python's pickles, without Python: the few opcodes that NumPy and PyTorch write for dictionaries of arrays.
//! Nothing in a pickle is ever called; what it names stays a name.
//!
//! Source: `pickletools.py` of CPython; `_legacy_save` in PyTorch's `serialization.py`.

use std::collections::BTreeMap;
use std::rc::Rc;

use anyhow::{Context, Result, bail, ensure};

/// Single-precision elements in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    pub dims: Vec<usize>,
    pub values: Vec<f32>,
}

/// A dictionary of lists of NumPy arrays.
pub fn numpy_lists(bytes: &[u8]) -> Result<BTreeMap<String, Vec<Array>>> {
    let Value::Dict(items) = Machine::default().run(&mut &bytes[..])? else { bail!("the pickle is no dictionary") };
    let list = |(key, value): &(Value, Value)| {
        let (Value::Text(name), Value::List(arrays)) = (key, value) else { bail!("no list of arrays by name") };
        Ok((name.to_string(), arrays.iter().map(numpy_array).collect::<Result<_>>()?))
    };
    items.iter().map(list).collect()
}

/// The state of a network as PyTorch wrote it before version 1.6.
pub fn torch_legacy(bytes: &[u8]) -> Result<BTreeMap<String, Array>> {
    let mut rest = bytes;
    let mut next = || Machine::default().run(&mut rest);
    // A magic number, a version, sizes of types; then the state, and the keys of the storages in the order of their bytes.
    next()?;
    ensure!(matches!(next()?, Value::Int(1001)), "another version of the format");
    next()?;
    let (state, keys) = (next()?, next()?);
    let Value::List(keys) = keys else { bail!("no list of storages") };
    let mut storages = BTreeMap::new();
    for key in &keys {
        let Value::Text(key) = key else { bail!("a storage's key is no text") };
        let (count, after) = rest.split_first_chunk().context("the storages end early")?;
        // Those of whole numbers have eight bytes an element; they are a counter each, the only ones of one element here.
        let count = i64::from_le_bytes(*count) as usize;
        let width = if count == 1 { 8 } else { 4 };
        let (elements, after) = after.split_at_checked(width * count).context("the storages end early")?;
        storages.insert(key.to_string(), elements);
        rest = after;
    }
    let Value::Object { built, .. } = state else { bail!("the state is no dictionary") };
    let mut arrays = BTreeMap::new();
    for (key, value) in &built {
        if let (Value::Text(name), Value::Object { function, arguments, .. }) = (key, value)
            && function.contains("_rebuild_tensor")
            && !name.ends_with("num_batches_tracked")
        {
            arrays.insert(name.to_string(), torch_array(arguments, &storages).with_context(|| name.to_string())?);
        }
    }
    Ok(arrays)
}

fn numpy_array(value: &Value) -> Result<Array> {
    let Value::Object { function, state: Some(state), .. } = value else { bail!("no array") };
    ensure!(&**function == "numpy.core.multiarray _reconstruct", "{function} is no array");
    let Value::List(state) = &**state else { bail!("an array without a state") };
    let [_, Value::List(dims), Value::Object { arguments: dtype, .. }, Value::Bool(false), Value::Bytes(bytes)] =
        &state[..]
    else {
        bail!("an array in columns or of objects")
    };
    ensure!(matches!(dtype.first(), Some(Value::Text(code)) if &**code == "f4"), "not single precision");
    let dims = dims.iter().map(Value::size).collect::<Result<Vec<_>>>()?;
    let values = floats(bytes);
    ensure!(values.len() == dims.iter().product::<usize>(), "{} values for {dims:?}", values.len());
    Ok(Array { dims, values })
}

/// `_rebuild_tensor_v2(storage, offset, size, stride, …)`
fn torch_array(arguments: &[Value], storages: &BTreeMap<String, &[u8]>) -> Result<Array> {
    let [Value::Persistent(storage), offset, Value::List(sizes), Value::List(strides), ..] = arguments else {
        bail!("no tensor")
    };
    let Value::List(storage) = &**storage else { bail!("no storage") };
    let [_, _, Value::Text(key), ..] = &storage[..] else { bail!("a storage without a key") };
    let elements = floats(storages.get(&**key).with_context(|| format!("no storage {key}"))?);
    let offset = offset.size()?;
    let sizes = sizes.iter().map(Value::size).collect::<Result<Vec<_>>>()?;
    let strides = strides.iter().map(Value::size).collect::<Result<Vec<_>>>()?;
    let mut values = Vec::new();
    for place in 0..sizes.iter().product() {
        let (mut left, mut at) = (place, offset);
        for (size, stride) in sizes.iter().zip(&strides).rev() {
            at += left % size * stride;
            left /= size;
        }
        values.push(*elements.get(at).context("a tensor reaches over its storage")?);
    }
    Ok(Array { dims: sizes, values })
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|&word| f32::from_le_bytes(word)).collect()
}

#[derive(Debug, Clone)]
enum Value {
    None,
    Bool(bool),
    Int(i64),
    Text(Rc<str>),
    Bytes(Rc<[u8]>),
    /// A list or a tuple.
    List(Vec<Value>),
    Dict(Vec<(Value, Value)>),
    Global(Rc<str>),
    Persistent(Rc<Value>),
    /// What a call would give, what is put into it as into a dictionary, and its state.
    Object {
        function: Rc<str>,
        arguments: Vec<Value>,
        built: Vec<(Value, Value)>,
        state: Option<Rc<Value>>,
    },
    Mark,
}

impl Value {
    fn size(&self) -> Result<usize> {
        let Self::Int(size) = self else { bail!("no number") };
        Ok(usize::try_from(*size)?)
    }
}

#[derive(Default)]
struct Machine {
    stack: Vec<Value>,
    /// What was remembered is of use only while it is not changed any more: names, types and texts.
    memo: BTreeMap<u32, Value>,
}

impl Machine {
    /// Up to its end; what comes after is left.
    fn run(mut self, rest: &mut &[u8]) -> Result<Value> {
        loop {
            match take::<1>(rest)?[0] {
                // PROTO
                0x80 => drop(take::<1>(rest)?),
                b'.' => return self.pop(),
                b'(' => self.stack.push(Value::Mark),
                b'N' => self.stack.push(Value::None),
                0x88 => self.stack.push(Value::Bool(true)),
                0x89 => self.stack.push(Value::Bool(false)),
                b'K' => self.stack.push(Value::Int(take::<1>(rest)?[0].into())),
                b'M' => self.stack.push(Value::Int(u16::from_le_bytes(take(rest)?).into())),
                b'J' => self.stack.push(Value::Int(i32::from_le_bytes(take(rest)?).into())),
                // LONG1: only as a magic number, which is not looked at.
                0x8a => {
                    let length = take::<1>(rest)?[0];
                    slice(rest, length.into())?;
                    self.stack.push(Value::None);
                }
                b'X' => {
                    let text = sized(rest)?;
                    self.stack.push(Value::Text(std::str::from_utf8(text)?.into()));
                }
                b'B' => {
                    let bytes = sized(rest)?.into();
                    self.stack.push(Value::Bytes(bytes));
                }
                b'C' => {
                    let length = take::<1>(rest)?[0];
                    let bytes = slice(rest, length.into())?.into();
                    self.stack.push(Value::Bytes(bytes));
                }
                b'c' => {
                    let name = format!("{} {}", line(rest)?, line(rest)?);
                    self.stack.push(Value::Global(name.into()));
                }
                b']' | b')' => self.stack.push(Value::List(vec![])),
                b'}' => self.stack.push(Value::Dict(vec![])),
                b't' => {
                    let items = self.until_mark()?;
                    self.stack.push(Value::List(items));
                }
                code @ 0x85..=0x87 => {
                    let start =
                        self.stack.len().checked_sub(usize::from(code - 0x84)).context("the stack is too short")?;
                    let items = self.stack.split_off(start);
                    self.stack.push(Value::List(items));
                }
                b'e' => {
                    let items = self.until_mark()?;
                    let Some(Value::List(list)) = self.stack.last_mut() else { bail!("no list to append to") };
                    list.extend(items);
                }
                b's' => {
                    let (value, key) = (self.pop()?, self.pop()?);
                    self.set(vec![key, value])?;
                }
                b'u' => {
                    let items = self.until_mark()?;
                    self.set(items)?;
                }
                b'R' => {
                    let (Value::List(arguments), Value::Global(function)) = (self.pop()?, self.pop()?) else {
                        bail!("no call of a name")
                    };
                    self.stack.push(Value::Object { function, arguments, built: vec![], state: None });
                }
                b'b' => {
                    let new = self.pop()?;
                    let Some(Value::Object { state, .. }) = self.stack.last_mut() else { bail!("no object to build") };
                    *state = Some(Rc::new(new));
                }
                b'Q' => {
                    let id = self.pop()?;
                    self.stack.push(Value::Persistent(Rc::new(id)));
                }
                b'q' => self.remember(take::<1>(rest)?[0].into())?,
                b'r' => self.remember(u32::from_le_bytes(take(rest)?))?,
                b'h' => self.recall(take::<1>(rest)?[0].into())?,
                b'j' => self.recall(u32::from_le_bytes(take(rest)?))?,
                other => bail!("the opcode {other:#04x} is not known here"),
            }
        }
    }

    fn pop(&mut self) -> Result<Value> {
        self.stack.pop().context("the stack is empty")
    }

    fn until_mark(&mut self) -> Result<Vec<Value>> {
        let mark = self.stack.iter().rposition(|value| matches!(value, Value::Mark)).context("there is no mark")?;
        let items = self.stack.split_off(mark + 1);
        self.stack.pop();
        Ok(items)
    }

    fn set(&mut self, items: Vec<Value>) -> Result<()> {
        let (Some(Value::Dict(pairs)) | Some(Value::Object { built: pairs, .. })) = self.stack.last_mut() else {
            bail!("no dictionary to put into")
        };
        let mut items = items.into_iter();
        while let (Some(key), Some(value)) = (items.next(), items.next()) {
            pairs.push((key, value));
        }
        Ok(())
    }

    fn remember(&mut self, place: u32) -> Result<()> {
        let value = self.stack.last().context("the stack is empty")?.clone();
        self.memo.insert(place, value);
        Ok(())
    }

    fn recall(&mut self, place: u32) -> Result<()> {
        self.stack.push(self.memo.get(&place).context("nothing was remembered")?.clone());
        Ok(())
    }
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N]> {
    let (head, tail) = rest.split_first_chunk().context("the pickle ends early")?;
    *rest = tail;
    Ok(*head)
}

fn slice<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8]> {
    let (head, tail) = rest.split_at_checked(length).context("the pickle ends early")?;
    *rest = tail;
    Ok(head)
}

fn sized<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8]> {
    let length = u32::from_le_bytes(take(rest)?);
    slice(rest, length as usize)
}

fn line<'a>(rest: &mut &'a [u8]) -> Result<&'a str> {
    let end = rest.iter().position(|&byte| byte == b'\n').context("the pickle ends early")?;
    let text = slice(rest, end)?;
    take::<1>(rest)?;
    Ok(std::str::from_utf8(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dictionary_of_arrays_is_read() {
        // pickle.dumps({'a': [numpy.array([[1.5, -2.0]], 'f4')]}, 3), by hand.
        let pickle =
            b"\x80\x03}X\x01\0\0\0a](cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85C\x01b\x87R\
            (K\x01K\x01K\x02\x86cnumpy\ndtype\nX\x02\0\0\0f4K\0K\x01\x87R\x89C\x08\0\0\xc0\x3f\0\0\0\xc0tbes.";
        let lists = numpy_lists(pickle).unwrap();
        assert_eq!(lists["a"], [Array { dims: vec![1, 2], values: vec![1.5, -2.0] }]);
        assert!(numpy_lists(&pickle[..pickle.len() - 3]).is_err());
    }

    #[test]
    fn strides_are_followed() {
        let storage = |key: &str| Value::List(vec![Value::None, Value::None, Value::Text(key.into())]);
        let numbers = |numbers: &[i64]| Value::List(numbers.iter().copied().map(Value::Int).collect());
        let arguments = [Value::Persistent(Rc::new(storage("7"))), Value::Int(1), numbers(&[2, 3]), numbers(&[1, 2])];
        let bytes: Vec<u8> = (0..7).flat_map(|i| (i as f32).to_le_bytes()).collect();
        let array = torch_array(&arguments, &BTreeMap::from([("7".to_owned(), &bytes[..])])).unwrap();
        assert_eq!(array, Array { dims: vec![2, 3], values: vec![1.0, 3.0, 5.0, 2.0, 4.0, 6.0] });
    }
}
