//! What criterion measured, read back from the files that it leaves.
//!
//! Source: criterion 0.8, `criterion/**/new/benchmark.json` (what was measured) and `estimates.json` beside it (how long it took, in
//! nanoseconds). Everything is known by its full id, `group/function` or `group/function/value`.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::Deserialize;

/// A length of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Micros(pub f64);

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (value, unit) = match self.0 {
            us if us >= 1e6 => (us / 1e6, "s"),
            us if us >= 1e3 => (us / 1e3, "ms"),
            us if us >= 1.0 => (us, "µs"),
            us => (us * 1e3, "ns"),
        };
        let decimals = if value >= 100.0 {
            0
        } else if value >= 10.0 {
            1
        } else {
            2
        };
        write!(f, "{value:.decimals$} {unit}")
    }
}

/// How long one iteration took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measurement {
    /// The median.
    pub median: Micros,
    /// The lower end of the median's 95 % confidence interval.
    pub low: Micros,
    /// The upper end.
    pub high: Micros,
    /// When it was written down.
    pub written: SystemTime,
}

/// All that was measured, by full id.
#[derive(Clone, Debug, Default)]
pub struct Measurements(BTreeMap<String, Measurement>);

/// What was not measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing(pub Vec<String>);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not measured: {}", self.0.join(", "))
    }
}

impl std::error::Error for Missing {}

/// Why criterion's files can not be read.
#[derive(Debug)]
pub enum ReadError {
    /// A file or folder can not be read.
    Io(PathBuf, io::Error),
    /// A file is not one of criterion's.
    Json(PathBuf, serde_json::Error),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Json(path, error) => write!(f, "{} is not criterion's: {error}", path.display()),
        }
    }
}

impl std::error::Error for ReadError {}

#[derive(Deserialize)]
struct Benchmark {
    full_id: String,
}

#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    confidence_interval: Interval,
    point_estimate: f64,
}

#[derive(Deserialize)]
struct Interval {
    lower_bound: f64,
    upper_bound: f64,
}

impl Measurements {
    /// Reads everything below criterion's folder.
    ///
    /// # Errors
    /// [`ReadError`] for what can not be read. A folder that does not exist holds no measurements.
    pub fn read(folder: &Path) -> Result<Self, ReadError> {
        let mut all = Self::default();
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(ReadError::Io(folder, error)),
            };
            for entry in entries {
                let path = entry.map_err(|error| ReadError::Io(folder.clone(), error))?.path();
                if path.is_dir() {
                    folders.push(path);
                }
            }
            let benchmark = folder.join("benchmark.json");
            if folder.ends_with("new") && benchmark.exists() {
                let (Benchmark { full_id }, _) = read_json(benchmark)?;
                let (Estimates { median }, written) = read_json(folder.join("estimates.json"))?;
                all.insert(&full_id, Measurement { written, ..median.into() });
            }
        }
        Ok(all)
    }

    /// Adds a measurement.
    pub fn insert(&mut self, id: &str, measurement: Measurement) {
        self.0.insert(id.to_owned(), measurement);
    }

    /// A measurement.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn get(&self, id: &str) -> Result<&Measurement, Missing> {
        self.0.get(id).ok_or_else(|| Missing(vec![id.to_owned()]))
    }

    /// The median of a measurement.
    ///
    /// # Errors
    /// [`Missing`].
    pub fn median(&self, id: &str) -> Result<Micros, Missing> {
        Ok(self.get(id)?.median)
    }

    /// The measurements of a group, by what follows the group's name.
    pub fn group<'m>(&'m self, group: &str) -> impl Iterator<Item = (&'m str, &'m Measurement)> {
        let prefix = format!("{group}/");
        self.0.iter().filter_map(move |(id, measurement)| Some((id.strip_prefix(&prefix)?, measurement)))
    }

    /// When the first and the last of these were written down.
    #[must_use]
    pub fn span<'i>(&self, ids: impl IntoIterator<Item = &'i str>) -> (SystemTime, SystemTime) {
        let times = ids.into_iter().filter_map(|id| Some(self.0.get(id)?.written));
        let ends = times.map(|time| (time, time));
        let span = ends.reduce(|(first, last), (time, _)| (first.min(time), last.max(time)));
        span.unwrap_or((SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH))
    }

    /// Checks that all of these were measured.
    ///
    /// # Errors
    /// [`Missing`], with all that were not.
    pub fn demand<'i>(&self, ids: impl IntoIterator<Item = &'i str>) -> Result<(), Missing> {
        let missing: Vec<String> = ids.into_iter().filter(|id| !self.0.contains_key(*id)).map(str::to_owned).collect();
        if missing.is_empty() { Ok(()) } else { Err(Missing(missing)) }
    }
}

impl From<Estimate> for Measurement {
    fn from(Estimate { confidence_interval, point_estimate }: Estimate) -> Self {
        let micros = |nanos| Micros(nanos / 1000.0);
        Self {
            median: micros(point_estimate),
            low: micros(confidence_interval.lower_bound),
            high: micros(confidence_interval.upper_bound),
            written: SystemTime::UNIX_EPOCH,
        }
    }
}

/// A measurement without spread and time.
impl From<Micros> for Measurement {
    fn from(median: Micros) -> Self {
        Self { median, low: median, high: median, written: SystemTime::UNIX_EPOCH }
    }
}

/// A file's content, and when it was written.
fn read_json<T: for<'de> Deserialize<'de>>(path: PathBuf) -> Result<(T, SystemTime), ReadError> {
    let read = || Ok((fs::read_to_string(&path)?, fs::metadata(&path)?.modified()?));
    let (text, written) = read().map_err(|error| ReadError::Io(path.clone(), error))?;
    let content = serde_json::from_str(&text).map_err(|error| ReadError::Json(path, error))?;
    Ok((content, written))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BENCHMARK: &str = r#"{"group_id":"pairing_product","function_id":"projective","value_str":"3","throughput":null,
        "full_id":"pairing_product/projective/3","directory_name":"pairing_product/projective/3","title":"t"}"#;
    // With `slope` null, as criterion writes it for samples of one length.
    const ESTIMATES: &str = r#"{"mean":{"confidence_interval":{"confidence_level":0.95,"lower_bound":1.0,"upper_bound":3.0},
        "point_estimate":2.0,"standard_error":1.0},"median":{"confidence_interval":{"confidence_level":0.95,"lower_bound":649000.0,
        "upper_bound":651000.0},"point_estimate":650133.0,"standard_error":289.0},"slope":null}"#;

    fn write(folder: &Path, benchmark: &str, estimates: &str) {
        fs::create_dir_all(folder).unwrap();
        fs::write(folder.join("benchmark.json"), benchmark).unwrap();
        fs::write(folder.join("estimates.json"), estimates).unwrap();
    }

    #[test]
    fn reads_what_criterion_leaves() {
        let folder = tempfile::tempdir().unwrap();
        let bench = folder.path().join("pairing_product/projective/3");
        write(&bench.join("new"), BENCHMARK, ESTIMATES);
        write(&bench.join("base"), BENCHMARK, "the run before is not read");
        let all = Measurements::read(folder.path()).unwrap();
        let read = all.get("pairing_product/projective/3").unwrap();
        assert_eq!((read.median, read.low, read.high), (Micros(650.133), Micros(649.0), Micros(651.0)));
        assert!(read.written > SystemTime::UNIX_EPOCH);
        assert_eq!(all.group("pairing_product").map(|(name, _)| name).collect::<Vec<_>>(), ["projective/3"]);
        assert_eq!(all.group("pairing").count(), 0);
    }

    #[test]
    fn names_what_it_can_not_read() {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("a/new"), BENCHMARK, r#"{"mean": 1}"#);
        let error = Measurements::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("estimates.json is not criterion's: missing field `median`"), "{error}");
        fs::remove_file(folder.path().join("a/new/estimates.json")).unwrap();
        assert!(matches!(Measurements::read(folder.path()), Err(ReadError::Io(..))));
    }

    #[test]
    fn names_everything_that_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let mut all = Measurements::read(&folder.path().join("never made")).unwrap();
        all.insert("a/b", Micros(1.0).into());
        let missing = all.demand(["c/d", "a/b", "a"]).unwrap_err();
        assert_eq!(missing.to_string(), "not measured: c/d, a");
        assert_eq!(all.demand(["a/b"]), Ok(()));
        assert_eq!(all.median("a/c"), Err(Missing(vec!["a/c".into()])));
    }

    #[test]
    fn prints_times_with_three_digits() {
        for (micros, printed) in [
            (0.0173, "17.3 ns"),
            (1.0, "1.00 µs"),
            (56.154, "56.2 µs"),
            (999.4, "999 µs"),
            (1742.1, "1.74 ms"),
            (3.4e6, "3.40 s"),
        ] {
            assert_eq!(Micros(micros).to_string(), printed);
        }
    }
}
