//! The passphrase: typed at the terminal without echo, or read from the first line of a file.
//!
//! Never a value on the command line, where other users of the machine and the shell's history would see it.
//!
//! Not here: what it opens; a judgement of its strength.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use milchglas_sealed::Passphrase;
use zeroize::Zeroizing;

use crate::failure::{Failure, Result};

/// Most bytes of a file with a secret line.
const MAX_FILE: u64 = 4096;

/// The passphrase of something that exists.
pub(crate) fn existing(file: Option<&Path>, what: &str) -> Result<Passphrase> {
    match file {
        Some(file) => from_file(file),
        None => take(&typed(&format!("Passphrase of the {what}: "))?),
    }
}

/// A passphrase to be set; at the terminal it is asked for twice.
pub(crate) fn new(file: Option<&Path>, what: &str) -> Result<Passphrase> {
    let Some(file) = file else {
        let first = typed(&format!("New passphrase for the {what}: "))?;
        let second = typed("The same again: ")?;
        if first != second {
            return Err(Failure::usage("the two passphrases differ"));
        }
        return take(&first);
    };
    from_file(file)
}

/// A secret line: from a file's first line, or typed without echo.
pub(crate) fn secret_line(file: Option<&Path>, prompt: &str) -> Result<Zeroizing<String>> {
    match file {
        Some(file) => first_line(file),
        None => typed(prompt),
    }
}

fn from_file(file: &Path) -> Result<Passphrase> {
    take(&first_line(file)?).map_err(|failure| failure.about(file.display()))
}

fn take(text: &Zeroizing<String>) -> Result<Passphrase> {
    Passphrase::new(text).map_err(|_| Failure::usage("the passphrase is empty"))
}

fn typed(prompt: &str) -> Result<Zeroizing<String>> {
    let typed = rpassword::prompt_password(prompt);
    typed.map(Zeroizing::new).map_err(|_| Failure::usage("no terminal to ask at; see --help for giving a file instead"))
}

fn first_line(path: &Path) -> Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_FILE as usize + 1));
    let read = File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut text));
    read.map_err(|error| Failure::storage(format!("can not be read: {error}")).about(path.display()))?;
    if text.len() as u64 > MAX_FILE {
        return Err(Failure::input("longer than 4,096 bytes").about(path.display()));
    }
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = std::str::from_utf8(line).map_err(|_| Failure::input("not a text in UTF-8").about(path.display()))?;
    Ok(Zeroizing::new(line.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_first_line_of_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for (content, line) in
            [("one\ntwo\n", "one"), ("one\r\n", "one"), ("one", "one"), ("", ""), (" a b \n", " a b ")]
        {
            std::fs::write(&path, content).unwrap();
            assert_eq!(first_line(&path).unwrap().as_str(), line);
        }
        std::fs::write(&path, "\n").unwrap();
        assert_eq!(existing(Some(&path), "wallet").unwrap_err().kind, crate::failure::Kind::Usage);
        std::fs::write(&path, [b'x'; 5000]).unwrap();
        assert_eq!(first_line(&path).unwrap_err().kind, crate::failure::Kind::Input);
    }
}
