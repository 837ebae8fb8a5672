//! From a template under `kernels/` to a module: values for its `$names`, bindings for its operands, the helpers it calls.

use super::{Dispatch, Ends, expr};
use crate::plan::Buffer;

/// Threads of a workgroup where one thread makes one element.
pub const THREADS: usize = 64;

/// Workgroups along one axis of a dispatch that every device allows.
const MAX_ACROSS: usize = 65_535;

/// A kernel before its operands are bound. Its text calls `read0(i)`, `read1(i)`, … and `put(i, word)`.
pub struct Shader {
    text: String,
    workgroups: [u32; 2],
}

impl Shader {
    /// A template run by so many workgroups. It may use `$group`, the flat number of the workgroup, from the builtin `wid`;
    /// groups at or past `$groups` have nothing to do.
    pub fn new(template: &str, groups: usize, values: &[(&str, String)]) -> Self {
        let down = groups.div_ceil(MAX_ACROSS);
        let across = groups.div_ceil(down.max(1));
        let group = if down <= 1 { "wid.x".to_owned() } else { format!("(wid.y * {across}u + wid.x)") };
        let count = format!("{groups}u");
        let value =
            |name: &str| values.iter().find(|(n, _)| *n == name).unwrap_or_else(|| panic!("no value for ${name}"));
        let text = fill(template, |name| match name {
            "group" => group.as_str(),
            "groups" => count.as_str(),
            _ => value(name).1.as_str(),
        });
        Self { text, workgroups: [across as u32, down as u32] }
    }

    /// A template that makes one of `$total` elements per thread.
    pub fn each(template: &str, total: usize, values: &[(&str, String)]) -> Self {
        let mut all = vec![("total", format!("{total}u")), ("threads", format!("{THREADS}u"))];
        all.extend_from_slice(values);
        Self::new(template, total.div_ceil(THREADS), &all)
    }

    /// Binds the operands: each distinct buffer once, the one that is written first.
    pub fn dispatch(self, ends: &Ends) -> Dispatch {
        let (write, mut reads) = (ends.write, ends.reads.to_vec());
        let mut finish = String::new();
        let mut word = "word";
        if let Some(epilogue) = ends.epilogue {
            finish = expr::epilogue(epilogue, reads.len());
            word = "finish_word(i, word)";
            reads.extend_from_slice(&epilogue.reads);
        }
        let mut buffers: Vec<Buffer> = vec![write.buffer];
        let mut accessors = String::new();
        for (i, read) in reads.iter().enumerate() {
            let slot = buffers.iter().position(|&b| b == read.buffer).unwrap_or_else(|| {
                buffers.push(read.buffer);
                buffers.len() - 1
            });
            let (vector, lane) = ((i + 1) / 4, LANES[(i + 1) % 4]);
            let call = format!("fn read{i}(i: u32) -> u32 {{ return buffer{slot}[offsets[{vector}].{lane} + i]; }}\n");
            accessors.push_str(&call);
        }
        let mut wgsl = format!(
            "@group(0) @binding(0) var<uniform> offsets: array<vec4<u32>, {}>;\n",
            (reads.len() + 1).div_ceil(4)
        );
        for slot in 0..buffers.len() {
            let access = if slot == 0 { "read_write" } else { "read" };
            wgsl.push_str(&format!(
                "@group(0) @binding({}) var<storage, {access}> buffer{slot}: array<u32>;\n",
                slot + 1
            ));
        }
        wgsl.push_str(&accessors);
        wgsl.push_str(&finish);
        wgsl.push_str(&format!("fn put(i: u32, word: u32) {{ buffer0[offsets[0].x + i] = {word}; }}\n\n"));
        wgsl.push_str(&helpers_of(&format!("{finish}{}", self.text)));
        wgsl.push_str(&self.text);
        let operands = std::iter::once(write).chain(reads).collect();
        Dispatch { wgsl, workgroups: self.workgroups, buffers, operands }
    }
}

const LANES: [&str; 4] = ["x", "y", "z", "w"];

/// `template` with each line that begins with `#list` repeated for all items of that list, which has so many `@i` and `@j`.
pub fn repeat(template: &str, lists: &[(&str, [usize; 2])]) -> String {
    let mut text = String::with_capacity(2 * template.len());
    for line in template.lines() {
        let listed = line.trim_start().strip_prefix('#').and_then(|line| line.split_once(' '));
        let Some((list, line)) = listed else {
            text.push_str(line);
            text.push('\n');
            continue;
        };
        let found = lists.iter().find(|(name, _)| *name == list);
        let (_, [rows, columns]) = found.unwrap_or_else(|| panic!("no list {list}"));
        for (i, j) in (0..*rows).flat_map(|i| (0..*columns).map(move |j| (i, j))) {
            text.push_str(&line.replace("@i", &i.to_string()).replace("@j", &j.to_string()));
            text.push('\n');
        }
    }
    text
}

/// `template` with every `$name` replaced.
pub fn fill<'a>(template: &str, lookup: impl Fn(&str) -> &'a str) -> String {
    let mut text = String::with_capacity(template.len() + 256);
    let mut parts = template.split('$');
    text.push_str(parts.next().unwrap_or(""));
    for part in parts {
        let (name, rest) = part.split_at(name_length(part));
        text.push_str(lookup(name));
        text.push_str(rest);
    }
    text
}

/// `template` with the `$names` of these numbers replaced; other names stay.
pub fn fill_numbers(template: &str, numbers: &[(&str, usize)]) -> String {
    let mut text = String::with_capacity(template.len() + 256);
    let mut parts = template.split('$');
    text.push_str(parts.next().unwrap_or(""));
    for part in parts {
        let (name, rest) = part.split_at(name_length(part));
        match numbers.iter().find(|(n, _)| *n == name) {
            Some((_, number)) => text.push_str(&format!("{number}u")),
            None => {
                text.push('$');
                text.push_str(name);
            }
        }
        text.push_str(rest);
    }
    text
}

fn name_length(part: &str) -> usize {
    part.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(part.len())
}

/// Functions that kernels share, one per paragraph.
const HELPERS: [&str; 3] = [
    include_str!("../kernels/words.wgsl"),
    include_str!("../kernels/math.wgsl"),
    include_str!("../kernels/special.wgsl"),
];

/// The helpers that a text calls, and those that they call.
fn helpers_of(text: &str) -> String {
    let mut helpers: Vec<(&str, &str, bool)> = HELPERS
        .iter()
        .flat_map(|file| file.split("\n\n"))
        .filter_map(|paragraph| {
            let name = &paragraph[paragraph.find("fn ")? + 3..];
            Some((&name[..name.find('(')? + 1], paragraph, false))
        })
        .collect();
    let mut waiting = vec![text];
    while let Some(text) = waiting.pop() {
        for (call, paragraph, taken) in &mut helpers {
            if !*taken && text.contains(*call) {
                *taken = true;
                waiting.push(paragraph);
            }
        }
    }
    let mut all = String::new();
    for (_, paragraph, _) in helpers.iter().filter(|(_, _, taken)| *taken) {
        all.push_str(paragraph.trim_end());
        all.push_str("\n\n");
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_replaced_whole() {
        assert_eq!(fill("$a + $ab;$a", |name| if name == "a" { "1" } else { "2" }), "1 + 2;1");
    }

    #[test]
    fn lines_of_lists_are_repeated() {
        assert_eq!(
            repeat("a\n  #two b@i\n#grid c@i_@j;", &[("two", [2, 1]), ("grid", [1, 2])]),
            "a\nb0\nb1\nc0_0;\nc0_1;\n"
        );
    }

    #[test]
    fn helpers_bring_what_they_call() {
        let text = helpers_of("x = gb_max_f32(a, b);");
        assert!(text.contains("fn gb_max_f32(") && text.contains("fn gb_is_nan(") && !text.contains("fn gb_exp_f32("));
    }

    #[test]
    fn many_workgroups_spill_into_a_second_axis() {
        let shader = Shader::new("$group < $groups", 100_000, &[]);
        assert_eq!(shader.workgroups, [50_000, 2]);
        assert_eq!(shader.text, "(wid.y * 50000u + wid.x) < 100000u");
    }
}
