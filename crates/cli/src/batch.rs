//! Files of JSON lines, worked through group by group: one line in, one line out, in the same order.
//!
//! A line that can not be read or is refused becomes a line with `error` and a note on standard error, and the others go on.
//! Memory holds one group of lines, however long the file is. The output is written beside its place and moved there when it is
//! complete, so a killed run leaves the old file or none; what it leaves beside is replaced by the next run.
//!
//! Not here: what a line means (`commands::issuer`).

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::args::Deliver;
use crate::failure::{Failure, Result};
use crate::input::is_standard;
use crate::output::{self, Readers, Report, note};

/// Longest line, in bytes.
const MAX_LINE: usize = 128 << 10;
/// A group ends with the line that reaches this many bytes.
const GROUP_BYTES: usize = 1 << 20;
/// How many refused lines the JSON object of the command lists. Every one stands in the output and on standard error.
const MAX_LISTED: usize = 100;

/// What a caller names a line: carried from its input line to its output line.
#[derive(Clone, Debug, Deserialize, serde::Serialize)]
#[serde(untagged)]
pub(crate) enum Id {
    /// A whole number.
    Number(u64),
    /// A text.
    Text(String),
}

/// One line of input.
pub(crate) struct Line {
    number: u64,
    text: std::result::Result<Zeroizing<String>, Failure>,
}

/// What became of a line.
pub(crate) struct Outcome {
    /// The caller's name for it, where it could be read.
    pub(crate) id: Option<Id>,
    /// The fields of its output line, and whether they are new in this run.
    pub(crate) done: Result<(Map<String, Value>, bool)>,
}

impl Line {
    /// Reads the line as a JSON object.
    pub(crate) fn parse<'a, T: Deserialize<'a>>(&'a self) -> Result<T> {
        let text = self.text.as_ref().map_err(Failure::again)?;
        // What serde says may quote the line, and lines hold claims.
        serde_json::from_str(text).map_err(|error| {
            let reason = if error.is_data() { "not the fields of such a line" } else { "not a JSON object" };
            Failure::input(format!("{reason} (at column {})", error.column()))
        })
    }
}

/// What the lines are called in reports.
pub(crate) struct Words {
    /// What was done to a line that is new.
    pub(crate) done: &'static str,
    /// The JSON field that counts them.
    pub(crate) count: &'static str,
    /// What comes next.
    pub(crate) next: &'static str,
}

/// Works through the file: `work` gets groups of lines and gives an outcome for each.
///
/// A failure of `work` itself ends the run, and no output file appears.
pub(crate) fn run(
    file: &Path,
    to: &Deliver,
    readers: Readers,
    as_json: bool,
    group: usize,
    words: &Words,
    mut work: impl FnMut(&[Line]) -> Result<Vec<Outcome>>,
) -> Result<Report> {
    let mut input = Lines::open(file)?;
    let mut output = Output::create(to, readers, as_json)?;
    let bar = progress(input.length);
    let mut tally = Tally::default();
    loop {
        let lines = input.group(group).map_err(|failure| failure.about(file.display()))?;
        if lines.is_empty() {
            break;
        }
        let outcomes = work(&lines)?;
        for (line, outcome) in lines.iter().zip(outcomes) {
            let said = tally.add(line.number, &outcome);
            if let Some(said) = said {
                bar.suspend(|| note(&said));
            }
            output.line(line.number, outcome)?;
        }
        output.flush()?;
        bar.set_position(input.read);
        bar.set_message(format!("{} {}, {} refused", tally.new, words.done, tally.refused));
    }
    bar.finish_and_clear();
    output.finish()?;
    tally.report(to, words)
}

/// The bar on standard error; it shows only where that is a terminal.
pub(crate) fn progress(length: Option<u64>) -> ProgressBar {
    let (bar, template) = match length {
        Some(length) => (ProgressBar::new(length), "{bar:30} {percent:>3} %  {msg}  {eta} left"),
        None => (ProgressBar::new_spinner(), "{spinner} {msg}  {elapsed}"),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

#[derive(Default)]
struct Tally {
    lines: u64,
    new: u64,
    before: u64,
    refused: u64,
    listed: Vec<Value>,
}

impl Tally {
    /// Counts the outcome; where it is a refusal, gives the sentence for it.
    fn add(&mut self, number: u64, outcome: &Outcome) -> Option<String> {
        self.lines += 1;
        match &outcome.done {
            Ok((_, true)) => self.new += 1,
            Ok((_, false)) => self.before += 1,
            Err(failure) => {
                self.refused += 1;
                if self.listed.len() < MAX_LISTED {
                    self.listed.push(json!({"line": number, "id": outcome.id, "error": failure.to_json()["error"]}));
                }
                return Some(format!("line {number}: {}", failure.message));
            }
        }
        None
    }

    fn report(self, to: &Deliver, words: &Words) -> Result<Report> {
        let Self { lines, new, before, refused, listed } = self;
        let out = to.out.as_deref().map(|out| out.display().to_string());
        let fields = json!({
            "lines": lines, (words.count): new, "before": before, "refused": refused, "refused_lines": listed, "out": out,
        });
        if refused > 0 {
            let message = format!("{refused} of {lines} lines were refused; the others are {}", words.done);
            return Err(Failure::refused(message).with(fields));
        }
        let again = if before > 0 { format!(", {before} were before") } else { String::new() };
        Ok(Report::new(format!("{lines} lines: {new} {}{again}.\nNext: {}", words.done, words.next), fields))
    }
}

/// Lines of a file or of standard input, of bounded length.
struct Lines {
    input: Box<dyn BufRead>,
    /// Bytes of the file, where it is one.
    length: Option<u64>,
    read: u64,
    number: u64,
}

impl Lines {
    fn open(path: &Path) -> Result<Self> {
        if is_standard(path) {
            return Ok(Self { input: Box::new(io::stdin().lock()), length: None, read: 0, number: 0 });
        }
        let opened = File::open(path).and_then(|file| file.metadata().map(|about| (file, about)));
        let (file, about) = opened.map_err(|error| unreadable(&error).about(path.display()))?;
        let length = about.is_file().then_some(about.len());
        Ok(Self { input: Box::new(BufReader::new(file)), length, read: 0, number: 0 })
    }

    /// The next lines, at most `most`; none at the end.
    fn group(&mut self, most: usize) -> Result<Vec<Line>> {
        let mut lines = Vec::new();
        let start = self.read;
        while lines.len() < most && self.read - start < GROUP_BYTES as u64 {
            match self.line().map_err(|error| unreadable(&error))? {
                Some(line) => lines.push(line),
                None => break,
            }
        }
        Ok(lines)
    }

    /// The next line that is not blank.
    fn line(&mut self) -> io::Result<Option<Line>> {
        loop {
            let mut bytes = Zeroizing::new(Vec::new());
            let taken = self.input.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', &mut bytes)?;
            if taken == 0 {
                return Ok(None);
            }
            self.read += taken as u64;
            self.number += 1;
            let too_long = taken > MAX_LINE && bytes.last() != Some(&b'\n');
            if too_long {
                self.skip()?;
            } else if bytes.trim_ascii().is_empty() {
                continue;
            }
            let text = if too_long {
                Err(Failure::input("longer than 128 KiB"))
            } else {
                std::str::from_utf8(&bytes)
                    .map(|text| Zeroizing::new(text.to_owned()))
                    .map_err(|_| Failure::input("not a text in UTF-8"))
            };
            return Ok(Some(Line { number: self.number, text }));
        }
    }

    /// Reads on to the end of the line without keeping it.
    fn skip(&mut self) -> io::Result<()> {
        loop {
            let buffer = self.input.fill_buf()?;
            let (used, ended) = match buffer.iter().position(|byte| *byte == b'\n') {
                Some(at) => (at + 1, true),
                None => (buffer.len(), buffer.is_empty()),
            };
            self.input.consume(used);
            self.read += used as u64;
            if ended {
                return Ok(());
            }
        }
    }
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::storage(format!("can not be read: {error}"))
}

/// Where the lines go.
enum Output {
    Standard(BufWriter<io::Stdout>),
    File { part: BufWriter<File>, beside: PathBuf, to: PathBuf, force: bool },
}

impl Output {
    fn create(to: &Deliver, readers: Readers, as_json: bool) -> Result<Self> {
        let (Some(path), None) = (&to.out, &to.qr) else {
            return Err(Failure::usage("many lines go to a file: --out, without --qr"));
        };
        if is_standard(path) {
            if as_json {
                return Err(Failure::usage("--json and --out - both want standard output"));
            }
            return Ok(Self::Standard(BufWriter::new(io::stdout())));
        }
        output::free(path, to.force)?;
        let name = path.file_name().ok_or_else(|| Failure::usage("--out names no file"))?;
        let mut part = std::ffi::OsString::from(".");
        part.push(name);
        part.push(".part");
        let beside = path.with_file_name(part);
        // What a killed run left; the issuer's lock keeps two runs apart.
        match std::fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(unwritable(&error, &beside)),
            Ok(()) | Err(_) => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, readers.mode());
        let part = options.open(&beside).map_err(|error| unwritable(&error, &beside))?;
        Ok(Self::File { part: BufWriter::new(part), beside, to: path.clone(), force: to.force })
    }

    fn line(&mut self, number: u64, outcome: Outcome) -> Result<()> {
        let mut line = Map::new();
        line.insert("line".into(), number.into());
        if let Some(id) = outcome.id {
            line.insert("id".into(), json!(id));
        }
        match outcome.done {
            Ok((fields, _)) => line.extend(fields),
            Err(failure) => {
                line.insert("error".into(), failure.to_json()["error"].take());
            }
        }
        let line = Value::Object(line);
        self.write(|out| writeln!(out, "{line}"))
    }

    fn flush(&mut self) -> Result<()> {
        self.write(|out| out.flush())
    }

    fn write(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
        match self {
            Self::Standard(out) => write(out).map_err(|error| Failure::storage(format!("standard output: {error}"))),
            Self::File { part, beside, .. } => write(part).map_err(|error| unwritable(&error, beside)),
        }
    }

    /// Moves the whole file to its place.
    fn finish(mut self) -> Result<()> {
        self.flush()?;
        let Self::File { part, beside, to, force } = self else { return Ok(()) };
        let failed = |error: &io::Error| unwritable(error, &to);
        part.get_ref().sync_all().map_err(|error| failed(&error))?;
        let beside = tempfile::TempPath::try_from_path(beside).map_err(|error| failed(&error))?;
        let moved = if force { beside.persist(&to) } else { beside.persist_noclobber(&to) };
        moved.map_err(|error| failed(&error.error))?;
        sync_folder(&to).map_err(|error| failed(&error))
    }
}

#[cfg(unix)]
fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_file: &Path) -> io::Result<()> {
    Ok(())
}

fn unwritable(error: &io::Error, path: &Path) -> Failure {
    Failure::storage(format!("can not be written: {error}")).about(path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(input: Vec<u8>) -> Lines {
        Lines { input: Box::new(io::Cursor::new(input)), length: None, read: 0, number: 0 }
    }

    #[test]
    fn counts_all_lines_and_gives_those_that_are_not_blank() {
        let mut input = lines(b"{}\n\n  \r\n{\"a\": 1}\n\xff\nlast".to_vec());
        let group = input.group(100).unwrap();
        let numbers: Vec<u64> = group.iter().map(|line| line.number).collect();
        assert_eq!(numbers, [1, 4, 5, 6]);
        assert!(group[2].text.is_err());
        assert_eq!(group[3].text.as_ref().unwrap().as_str(), "last");
        assert!(input.group(100).unwrap().is_empty());
    }

    #[test]
    fn skips_a_line_that_is_too_long_and_reads_the_next() {
        let exact = vec![b'a'; MAX_LINE - 1];
        let input = [&exact[..], b"\n", &vec![b'b'; 3 * MAX_LINE], b"\n{}\n", &vec![b'c'; MAX_LINE + 1]].concat();
        let length = input.len() as u64;
        let mut input = lines(input);
        let group = input.group(100).unwrap();
        let readable: Vec<bool> = group.iter().map(|line| line.text.is_ok()).collect();
        assert_eq!(readable, [true, false, true, false]);
        assert_eq!(input.read, length);
    }

    #[test]
    fn ends_a_group_by_lines_and_by_bytes() {
        let mut input = lines(b"{}\n".repeat(5));
        let sizes: Vec<usize> = (0..4).map(|_| input.group(2).unwrap().len()).collect();
        assert_eq!(sizes, [2, 2, 1, 0]);
        let long = [vec![b' '; MAX_LINE - 3], b"{}\n".to_vec()].concat();
        let mut input = lines(long.repeat(2 * GROUP_BYTES / MAX_LINE));
        assert_eq!(input.group(1000).unwrap().len(), GROUP_BYTES / MAX_LINE);
    }

    #[test]
    fn tells_nothing_of_a_line_that_it_can_not_read() {
        #[derive(Debug, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Nothing {}
        for text in ["{\"surname\": \"Marker\"}", "{\"Marker", "\"Marker\""] {
            let line = Line { number: 1, text: Ok(Zeroizing::new(text.into())) };
            assert!(!line.parse::<Nothing>().unwrap_err().message.contains("arker"), "{text}");
        }
    }
}
