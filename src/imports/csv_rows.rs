//! The rows of a CSV file: delimiter and header found out, and each row a contact or a problem.
//!
//! A row is put together from lines, so that a quote that is never closed costs its own line and no more.

use std::collections::VecDeque;
use std::io;

use super::columns::{self, Column, ColumnGiven, Holds, Origins};
use super::rows::{Row, RowProblem};
use super::text_lines::{LONGEST_LINE, Line, TextLines};
use super::{Error, cells};
use crate::contacts::Incoming;

/// Most lines of one row.
const MOST_LINES: usize = 2000;

/// Most columns.
const MOST_COLUMNS: usize = 1000;

/// What may stand between cells.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// Reads rows.
pub(super) struct CsvRows {
    lines: TextLines,
    /// Read ahead, in search of the end of a quote.
    ahead: VecDeque<Line>,
    delimiter: u8,
    columns: Vec<Column>,
    number: i64,
}

impl CsvRows {
    /// Reads the header.
    pub(super) fn open(mut lines: TextLines, given: Option<&[ColumnGiven]>) -> Result<Self, Error> {
        let mut first = loop {
            match lines.next()? {
                Some(line) if line.is_cut => return Err(Error::File("The first line is too long to be a header.")),
                Some(line) if !line.text.trim().is_empty() => break line.text,
                Some(_) => {}
                None => return Err(Error::File("The file is empty.")),
            }
        };
        let lower = first.trim_start().to_ascii_lowercase();
        if lower.starts_with("begin:vcard") {
            return Err(Error::Format("This is a vCard file, not CSV."));
        }
        // A spreadsheet's own word for it.
        let mut delimiter = None;
        if let Some(said) = lower.strip_prefix("sep=").and_then(|rest| rest.bytes().next()) {
            delimiter = Some(said).filter(|said| DELIMITERS.contains(said));
            first = lines.next()?.map(|line| line.text).unwrap_or_default();
        }
        // The one by which most headers are known; else the one by which there are most.
        let fit = |delimiter: &u8| {
            let headers = cells_of(&first, *delimiter);
            (headers.iter().filter(|header| columns::is_known(header, given)).count(), headers.len())
        };
        let delimiter = delimiter.or_else(|| DELIMITERS.into_iter().rev().max_by_key(fit)).unwrap_or(b',');
        let mut rows = Self { lines, ahead: VecDeque::new(), delimiter, columns: Vec::new(), number: 0 };
        rows.ahead.push_back(Line { text: first, is_cut: false });
        // Headers may have line ends in quotes.
        let headers = rows.record(None)?.unwrap_or(Err("")).map_err(|_| Error::File("The first line is no header."))?;
        if headers.len() > MOST_COLUMNS {
            return Err(Error::File("The file has more than 1000 columns."));
        }
        rows.columns = columns::of_headers(&headers, given)?;
        Ok(rows)
    }

    /// The next row; none at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Row>> {
        let width = self.columns.len();
        let Some(record) = self.record(Some(width))? else { return Ok(None) };
        self.number += 1;
        let (content, origins) = match record {
            Ok(cells) if cells.iter().skip(width).any(|cell| !cell.trim().is_empty()) => {
                let message = "This row has more cells than the file has columns.";
                (Err(RowProblem { column: None, message }), Origins::default())
            }
            Ok(cells) => {
                let (incoming, origins) = self.contact(&cells);
                (Ok(incoming), origins)
            }
            Err(message) => (Err(RowProblem { column: None, message }), Origins::default()),
        };
        Ok(Some(Row { number: self.number, content, origins }))
    }

    fn line(&mut self) -> io::Result<Option<Line>> {
        match self.ahead.pop_front() {
            Some(line) => Ok(Some(line)),
            None => self.lines.next(),
        }
    }

    /// The cells of the next row that is not empty, or why it has none.
    fn record(&mut self, width: Option<usize>) -> io::Result<Option<Result<Vec<String>, &'static str>>> {
        let first = loop {
            match self.line()? {
                None => return Ok(None),
                Some(line) if line.is_cut => return Ok(Some(Err("This row is too long."))),
                Some(line) if line.text.trim_matches(['\r', '\n', ' ', '\t', ';', ',']).is_empty() => {}
                Some(line) => break line,
            }
        };
        let mut state = quotes(&first.text, self.delimiter, false);
        if state != Quotes::Open {
            return Ok(Some(Ok(cells_of(&first.text, self.delimiter))));
        }
        let (mut text, mut further) = (first.text, Vec::new());
        while state == Quotes::Open && text.len() < LONGEST_LINE && further.len() < MOST_LINES {
            match self.line()? {
                Some(line) if !line.is_cut => {
                    state = quotes(&line.text, self.delimiter, true);
                    text.push_str(&line.text);
                    further.push(line);
                }
                other => {
                    further.extend(other);
                    break;
                }
            }
        }
        let cells = cells_of(&text, self.delimiter);
        if state != Quotes::Closed || width.is_some_and(|width| cells.len() != width) {
            // Its other end belongs to another row: that one shall not go with it.
            for line in further.into_iter().rev() {
                self.ahead.push_front(line);
            }
            return Ok(Some(Err("A quote in this row is not closed.")));
        }
        Ok(Some(Ok(cells)))
    }

    fn contact(&self, cells: &[String]) -> (Incoming, Origins) {
        let (mut given, mut origins) = (Incoming::default(), Origins::default());
        let mut parts: Vec<(u8, &str)> = Vec::new();
        let (mut email_labels, mut phone_labels) = (Vec::new(), Vec::new());
        for (number, Column { header, holds }) in self.columns.iter().enumerate() {
            let cell = cells::bare(cells.get(number).map(String::as_str).unwrap_or_default());
            let one = |text: &mut Option<String>, origin: &mut Option<std::sync::Arc<str>>| {
                if text.as_ref().is_none_or(|text| text.trim().is_empty()) {
                    *text = Some(cell.to_owned());
                    *origin = Some(header.clone());
                }
            };
            let many = |list: &mut Option<Vec<(String, Option<String>)>>, values: Vec<String>, of: &mut Vec<_>| {
                of.extend(values.iter().map(|_| header.clone()));
                list.get_or_insert_default().extend(values.into_iter().map(|value| (value, None)));
            };
            match holds {
                None => {}
                Some(Holds::Name) => one(&mut given.name, &mut origins.name),
                Some(Holds::NamePart(part)) => parts.push((*part, cell.trim())),
                Some(Holds::Company) => one(&mut given.company, &mut origins.company),
                Some(Holds::JobTitle) => one(&mut given.job_title, &mut origins.job_title),
                Some(Holds::Notes) => one(&mut given.notes, &mut origins.notes),
                Some(Holds::Emails) => {
                    let values = cells::values(cell.trim(), &[',', ';']);
                    many(&mut given.emails, values, &mut origins.emails);
                }
                Some(Holds::Phones) => {
                    let values = cells::values(cell, &[';']);
                    many(&mut given.phones, values, &mut origins.phones);
                }
                Some(Holds::EmailLabels) => email_labels.extend(cell.lines()),
                Some(Holds::PhoneLabels) => phone_labels.extend(cell.lines()),
                Some(Holds::Tags) => {
                    let names = cells::names(cell);
                    origins.tags.extend(names.iter().map(|_| header.clone()));
                    given.tags.get_or_insert_default().extend(names);
                }
            }
        }
        if given.name.as_ref().is_none_or(|name| name.trim().is_empty()) && !parts.is_empty() {
            parts.sort_by_key(|(part, _)| *part);
            let words: Vec<&str> = parts.into_iter().map(|(_, text)| text).filter(|text| !text.is_empty()).collect();
            given.name = Some(words.join(" "));
        }
        for (list, labels) in [(&mut given.emails, email_labels), (&mut given.phones, phone_labels)] {
            for ((_, label), given) in list.iter_mut().flatten().zip(labels) {
                *label = Some(given.to_owned());
            }
        }
        (given, origins)
    }
}

/// What the quotes of a row are behind one of its lines.
#[derive(Clone, Copy, PartialEq)]
enum Quotes {
    /// All are closed.
    Closed,
    /// One is open.
    Open,
    /// All are closed, but one within a cell: where a row has several lines, that is the opening one of another row.
    Odd,
}

/// The quotes behind a line. One opens only where a cell begins.
fn quotes(line: &str, delimiter: u8, mut open: bool) -> Quotes {
    let (mut begins, mut odd) = (true, false);
    let mut bytes = line.bytes().peekable();
    while let Some(byte) = bytes.next() {
        if open {
            if byte == b'"' {
                // Two of them stand for one.
                open = bytes.next_if_eq(&b'"').is_some();
                let ends = |next: &u8| *next == delimiter || matches!(next, b'\r' | b'\n');
                odd |= !open && !bytes.peek().is_none_or(ends);
            }
            begins = false;
        } else {
            open = begins && byte == b'"';
            begins = byte == delimiter;
        }
    }
    match (open, odd) {
        (true, _) => Quotes::Open,
        (false, true) => Quotes::Odd,
        (false, false) => Quotes::Closed,
    }
}

fn cells_of(row: &str, delimiter: u8) -> Vec<String> {
    let mut reader =
        csv::ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(row.as_bytes());
    let record = reader.records().next().and_then(Result::ok).unwrap_or_default();
    record.iter().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, SeekFrom, Write};

    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<Row> {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(text.as_bytes()).expect("written");
        file.seek(SeekFrom::Start(0)).expect("sought");
        let mut rows = CsvRows::open(TextLines::open(file).expect("a text"), None).expect("a header");
        std::iter::from_fn(|| rows.next().expect("read")).collect()
    }

    fn name(row: Row) -> Option<String> {
        row.content.ok().and_then(|given| given.name)
    }

    #[test]
    fn a_quote_that_is_never_closed_costs_its_own_line() {
        let rows = read("name;tags;notes\na;\"x\nb;y;z\n\"c;d\nlast;;\n");
        let names: Vec<_> = rows.into_iter().map(name).collect();
        assert_eq!(names, [None, Some("b".to_owned()), None, Some("last".to_owned())]);
    }

    #[test]
    fn the_delimiter_is_found_out() {
        for text in [
            "name,x;y\nJan,1\n",
            "sep=;\nname;a,b,c,d\nJan;1\n",
            "name\tx,\nJan\t1\n",
            "name\nJan\n",
            "\"name\";\"a,b\"\nJan;1",
        ] {
            let names: Vec<_> = read(text).into_iter().map(name).collect();
            assert_eq!(names, [Some("Jan".to_owned())], "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            rows in prop::collection::vec(("[a-c\"]{1,4}", "[a-c\", \n\r;]{0,8}", "[a-c\", \n;]{0,8}"), 1..8),
            delimiter in prop::sample::select(&DELIMITERS[..]),
        ) {
            let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
            writer.write_record(["name", "company", "notes"]).expect("written");
            for (name, company, notes) in &rows {
                writer.write_record([name, company, notes]).expect("written");
            }
            let text = String::from_utf8(writer.into_inner().expect("whole")).expect("text");
            let read = read(&text).into_iter().map(|row| row.content.expect("sound"));
            let text = Option::unwrap_or_default;
            let read: Vec<_> = read.map(|given| (text(given.name), text(given.company), text(given.notes))).collect();
            prop_assert_eq!(read, rows);
        }

        #[test]
        fn rows_are_numbered_whatever_they_hold(lines in prop::collection::vec("[a\",]{0,6}", 0..20)) {
            let rows = read(&format!("name,company\n{}\nlast,row\n", lines.join("\n")));
            prop_assert!(rows.len() <= lines.len() + 1);
            prop_assert!(rows.iter().map(|row| row.number).eq(1..=i64::try_from(rows.len()).expect("few")));
        }
    }
}
