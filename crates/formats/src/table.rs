//! Tables as text (CSV, TSV), by the `csv` crate: columns of numbers, and columns of words as numbers of a list of them.
//! Commas, semicolons and tabs separate; the first line has names if it is unlike those below. Lines with a gap are left out and
//! counted, as no network can learn from them.

use std::collections::HashMap;

use csv::{ByteRecord, ReaderBuilder};

use crate::{Error, Result};

const FORMAT: &str = "CSV";
/// As many columns as images of 128 × 128 × 3 have, and more.
const MOST_COLUMNS: usize = 65_536;
/// As many lines as spreadsheets have: each takes many times its bytes while the file is read.
const MOST_LINES: usize = 1 << 20;
/// Lines that are looked at to tell numbers from words, and names from values.
const LOOKED_AT: usize = 1000;

/// The columns of a table, all of the same length.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// From left to right.
    pub columns: Vec<Column>,
    /// Lines.
    pub rows: usize,
    /// Lines that were left out as a value was missing.
    pub gaps: usize,
}

/// A column with its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// What the first line calls it, else its number from 1.
    pub name: String,
    /// A value for each line.
    pub values: Values,
}

/// The values of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// All of them are numbers.
    Numbers(Vec<f32>),
    /// For each line the place of its word in the list, which is in order.
    Words {
        /// Places.
        codes: Vec<i32>,
        /// What there is, each once.
        words: Vec<String>,
    },
}

/// Reads a whole file.
///
/// # Errors
/// When lines have different numbers of values, there is none, they are too long or too many. Memory is taken in proportion to the file.
pub fn parse(bytes: &[u8]) -> Result<Table> {
    let records = records(bytes, MOST_LINES)?;
    let width = records.first().map_or(0, ByteRecord::len);
    let not_this = |reason: String| Error::NotThisFormat { format: FORMAT, reason };
    if width == 0 {
        return Err(not_this("it has no line".to_owned()));
    }
    if width > MOST_COLUMNS {
        return Err(not_this(format!("it has {width} columns; at most {MOST_COLUMNS} are read")));
    }
    let below = &records[1..];
    let looked_at = &below[..below.len().min(LOOKED_AT)];
    let is_number = |record: &ByteRecord, column: usize| number(&record[column]).is_some();
    let are_numbers: Vec<bool> = (0..width)
        .map(|column| below.iter().all(|record| is_gap(&record[column]) || is_number(record, column)))
        .collect();
    let has_names = !looked_at.is_empty()
        && ((0..width).any(|column| are_numbers[column] && !is_number(&records[0], column))
            // Words above words: names, if none of them comes again.
            || (0..width).all(|column| {
                !is_number(&records[0], column) && looked_at.iter().all(|below| below[column] != records[0][column])
            }));
    let values = if has_names { below } else { &records[..] };
    let whole: Vec<&ByteRecord> = values.iter().filter(|record| !record.iter().any(is_gap)).collect();
    if whole.is_empty() {
        return Err(not_this(format!("none of its {} lines has all its values", values.len())));
    }
    let column = |i: usize| Column {
        name: if has_names { text(&records[0][i]) } else { (i + 1).to_string() },
        values: column_values(&whole, i),
    };
    Ok(Table { columns: (0..width).map(column).collect(), rows: whole.len(), gaps: values.len() - whole.len() })
}

fn records(bytes: &[u8], most: usize) -> Result<Vec<ByteRecord>> {
    let mut reader =
        ReaderBuilder::new().has_headers(false).delimiter(delimiter(bytes)).trim(csv::Trim::All).from_reader(bytes);
    let refused = |error: csv::Error| {
        let line = error.position().map_or(0, csv::Position::line);
        let reason = match error.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!("line {line} has {len} values, the first one has {expected_len}")
            }
            other => format!("line {line}: {other:?}"),
        };
        Error::NotThisFormat { format: FORMAT, reason }
    };
    let mut records = Vec::new();
    for record in reader.byte_records() {
        if records.len() == most {
            let reason = format!("it has more than {most} lines, and at most so many are read");
            return Err(Error::NotThisFormat { format: FORMAT, reason });
        }
        records.push(record.map_err(refused)?);
    }
    Ok(records)
}

/// The one that the first line has most of.
fn delimiter(bytes: &[u8]) -> u8 {
    let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: u8| line.iter().filter(|&&byte| byte == delimiter).count();
    // The last of equals: a comma.
    [b'\t', b';', b','].into_iter().max_by_key(|&delimiter| count(delimiter)).unwrap_or(b',')
}

/// What programs write where nothing was measured.
fn is_gap(value: &[u8]) -> bool {
    matches!(value, b"" | b"NA" | b"N/A" | b"NaN" | b"nan" | b"null" | b"?")
}

/// Finite numbers only.
fn number(value: &[u8]) -> Option<f32> {
    std::str::from_utf8(value).ok()?.parse().ok().filter(|value: &f32| value.is_finite())
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}

fn column_values(records: &[&ByteRecord], column: usize) -> Values {
    if let Some(numbers) = records.iter().map(|record| number(&record[column])).collect() {
        return Values::Numbers(numbers);
    }
    let mut words: Vec<String> = records.iter().map(|record| text(&record[column])).collect();
    words.sort();
    words.dedup();
    let places: HashMap<&str, i32> = words.iter().zip(0..).map(|(word, place)| (word.as_str(), place)).collect();
    let codes = records.iter().map(|record| places[text(&record[column]).as_str()]).collect();
    Values::Words { codes, words }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(table: &Table) -> Vec<&str> {
        table.columns.iter().map(|column| column.name.as_str()).collect()
    }

    #[test]
    fn numbers_words_names_and_gaps() {
        let table = parse(b"sepal, petal, species\n5.1,1.4,setosa\n7,4.7,versicolor\n6.3,,virginica\n4.9,1e0,setosa\n")
            .unwrap();
        assert_eq!(names(&table), ["sepal", "petal", "species"]);
        assert_eq!((table.rows, table.gaps), (3, 1));
        assert_eq!(table.columns[0].values, Values::Numbers(vec![5.1, 7.0, 4.9]));
        let words = vec!["setosa".to_owned(), "versicolor".to_owned()];
        assert_eq!(table.columns[2].values, Values::Words { codes: vec![0, 1, 0], words });
    }

    #[test]
    fn a_first_line_like_the_others_is_a_line() {
        let table = parse(b"1\t2\n3\t4\n").unwrap();
        assert_eq!((names(&table), table.rows), (vec!["1", "2"], 2));
        let words = parse(b"red;cat\nblue;dog\nred;cat").unwrap();
        assert_eq!((names(&words), words.rows), (vec!["1", "2"], 3));
        let named = parse(b"colour;animal\nblue;dog\nred;cat").unwrap();
        assert_eq!((names(&named), named.rows), (vec!["colour", "animal"], 2));
        assert_eq!(parse(b"\xef\xbb\xbfa,b\n1,2").unwrap().columns[0].name, "a");
    }

    #[test]
    fn says_what_is_wrong() {
        let message = |bytes: &[u8]| parse(bytes).unwrap_err().to_string();
        assert_eq!(message(b""), "this is no CSV file: it has no line");
        assert_eq!(message(b"a,b\n1,2\n3\n"), "this is no CSV file: line 3 has 1 values, the first one has 2");
        assert_eq!(message(b"a,b\n1,NA\n"), "this is no CSV file: none of its 1 lines has all its values");
        assert!(message(&[b','; MOST_COLUMNS + 1]).contains("at most 65536 are read"));
        assert_eq!(records(b"1\n2\n", 2).unwrap().len(), 2);
        let many = records(b"1\n2\n3\n", 2).unwrap_err().to_string();
        assert_eq!(many, "this is no CSV file: it has more than 2 lines, and at most so many are read");
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[a-c0-9,;\t\"\n .\\-]{0,80}") {
            if let Ok(table) = parse(text.as_bytes()) {
                for column in &table.columns {
                    let (length, most) = match &column.values {
                        Values::Numbers(numbers) => (numbers.len(), 0),
                        Values::Words { codes, words } => (codes.len(), codes.iter().max().map_or(0, |&code| code as usize + 1 - words.len())),
                    };
                    prop_assert_eq!((length, most), (table.rows, 0));
                }
            }
        }
    }
}
