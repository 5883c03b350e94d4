//! Every failure on the way to the disk, and every change to what lies there.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::container::Seal;
use crate::disk::{Disk, Os, Place};
use crate::{Error, Op, Passphrase, SealedFile, Work, atomic_create_new, atomic_write, seal, unseal};

const KIND: &str = "wallet";
const OLD: &[u8] = b"the old content, DE123456789";
/// Several writes long.
fn new_content() -> Vec<u8> {
    b"the new content ".repeat(10_000)
}

fn quick() -> Work {
    Work::with_log_n(2).unwrap()
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(&Zeroizing::new(text.to_owned())).unwrap()
}

/// A folder with one sealed file of the old content.
fn vault() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault");
    drop(SealedFile::create(&path, &passphrase("a"), KIND, OLD, quick()).unwrap());
    (folder, path)
}

fn content(path: &Path, passphrase_text: &str) -> Result<Vec<u8>, Error> {
    SealedFile::open(path, &passphrase(passphrase_text), KIND).map(|(_, content)| content.to_vec())
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

// ---- the file ----

#[cfg(unix)]
#[test]
fn follows_a_link_to_the_file_itself() {
    let (folder, path) = vault();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink("vault", &link).unwrap();
    let (mut file, _) = SealedFile::open(&link, &passphrase("a"), KIND).unwrap();
    assert_eq!(content(&path, "a"), Err(Error::Busy));
    file.save(b"through the link").unwrap();
    drop(file);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(content(&path, "a").unwrap(), b"through the link");
}

#[cfg(unix)]
#[test]
fn refuses_a_lock_that_would_wait_for_somebody() {
    let (folder, path) = vault();
    let lock = folder.path().join(".vault.lock");
    fs::remove_file(&lock).unwrap();
    assert!(Command::new("mkfifo").arg(&lock).status().unwrap().success());
    assert_eq!(content(&path, "a"), Err(Error::Decode { what: "not a regular file" }));
}

#[test]
fn roundtrips_contents_of_all_sizes() {
    let (_folder, path) = vault();
    for size in [0, 1, 65_525, 65_536, 65_537, 1 << 20] {
        let payload = vec![0xa5; size];
        SealedFile::open(&path, &passphrase("a"), KIND).unwrap().0.save(&payload).unwrap();
        assert_eq!(content(&path, "a").unwrap(), payload);
    }
}

#[test]
fn rejects_a_wrong_passphrase_and_another_kind() {
    let (_folder, path) = vault();
    assert_eq!(content(&path, "b"), Err(Error::Unopenable));
    for kind in ["issuer-keys", "walle", "wallets"] {
        let refused = SealedFile::open(&path, &passphrase("a"), kind).unwrap_err();
        assert_eq!(refused, Error::Decode { what: "a sealed file of another kind" });
    }
}

#[test]
fn seals_without_a_file_what_opens_as_its_kind_only() {
    let sealed = seal(&passphrase("a"), KIND, OLD, quick()).unwrap();
    assert_eq!(unseal(&sealed, &passphrase("a"), KIND).unwrap().as_slice(), OLD);
    assert_eq!(unseal(&sealed, &passphrase("b"), KIND), Err(Error::Unopenable));
    assert_eq!(
        unseal(&sealed, &passphrase("a"), "other"),
        Err(Error::Decode { what: "a sealed file of another kind" })
    );
    let too_long = vec![0; crate::MAX_FILE_BYTES + 1];
    assert_eq!(unseal(&too_long, &passphrase("a"), KIND), Err(Error::Decode { what: "the file is too long" }));
}

#[test]
fn rejects_every_flipped_byte() {
    let (_folder, path) = vault();
    let whole = fs::read(&path).unwrap();
    for position in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[position] ^= 1 << (position % 8);
        let result = Seal::decode(&damaged, &passphrase("a"), KIND);
        assert!(
            matches!(result, Err(Error::Unopenable | Error::Decode { .. })),
            "byte {position} of {} changed unnoticed",
            whole.len()
        );
    }
}

#[test]
fn rejects_every_truncation_and_a_trailing_byte() {
    let (_folder, path) = vault();
    let whole = fs::read(&path).unwrap();
    for length in 0..whole.len() {
        assert!(Seal::decode(&whole[..length], &passphrase("a"), KIND).is_err(), "cut to {length} bytes");
    }
    let longer = [&whole[..], &[0]].concat();
    let refused = Seal::decode(&longer, &passphrase("a"), KIND).map(|_| ()).unwrap_err();
    assert_eq!(refused, Error::Decode { what: "bytes after the end" });
}

#[test]
fn rejects_a_payload_from_another_file() {
    let (first, second) = (vault(), vault());
    let (first, second) = (fs::read(first.1).unwrap(), fs::read(second.1).unwrap());
    let payload_at = |file: &[u8]| 17 + 4 + u32::from_be_bytes(file[17..21].try_into().unwrap()) as usize;
    let spliced = [&first[..payload_at(&first)], &second[payload_at(&second)..]].concat();
    assert_eq!(Seal::decode(&spliced, &passphrase("a"), KIND).map(|_| ()), Err(Error::Unopenable));
}

#[test]
fn rejects_hostile_work_factors_and_lengths_before_working() {
    let (_folder, path) = vault();
    let whole = fs::read(&path).unwrap();
    let work_at = whole.windows(10).position(|window| window == b"-> scrypt ").unwrap();
    let line_end = work_at + whole[work_at..].iter().position(|&byte| byte == b'\n').unwrap();
    for factor in ["19", "30", "63"] {
        // One digit becomes two, so the locked part is one byte longer.
        let mut hostile = [&whole[..line_end - 1], factor.as_bytes(), &whole[line_end..]].concat();
        let longer = u32::from_be_bytes(hostile[17..21].try_into().unwrap()) + 1;
        hostile[17..21].copy_from_slice(&longer.to_be_bytes());
        let refused = Seal::decode(&hostile, &passphrase("a"), KIND).map(|_| ()).unwrap_err();
        assert_eq!(refused, Error::Decode { what: "the scrypt work factor is too high" });
    }

    let mut hostile = whole.clone();
    hostile[17..21].copy_from_slice(&u32::MAX.to_be_bytes());
    let refused = Seal::decode(&hostile, &passphrase("a"), KIND).map(|_| ()).unwrap_err();
    assert_eq!(refused, Error::Decode { what: "cut short" });

    // Sparse, so it takes no room on the disk.
    let file = fs::File::create(&path).unwrap();
    file.set_len(1 << 40).unwrap();
    assert_eq!(content(&path, "a"), Err(Error::Decode { what: "the file is too long" }));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(content(&path, "a"), Err(Error::Decode { what: "not a regular file" }));
}

#[test]
fn change_of_passphrase_shuts_out_the_old_key() {
    let (_folder, path) = vault();
    let old_copy = fs::read(&path).unwrap();
    let (mut file, _) = SealedFile::open(&path, &passphrase("a"), KIND).unwrap();
    file.change_passphrase(&passphrase("b"), b"changed", quick()).unwrap();
    file.save(b"saved after the change").unwrap();
    drop(file);
    assert_eq!(content(&path, "a"), Err(Error::Unopenable));
    assert_eq!(content(&path, "b").unwrap(), b"saved after the change");

    // The old copy's locked key in front of the new payload: the identity is another one.
    let new = fs::read(&path).unwrap();
    let payload_at = |file: &[u8]| 17 + 4 + u32::from_be_bytes(file[17..21].try_into().unwrap()) as usize;
    let spliced = [&old_copy[..payload_at(&old_copy)], &new[payload_at(&new)..]].concat();
    assert_eq!(Seal::decode(&spliced, &passphrase("a"), KIND).map(|_| ()), Err(Error::Unopenable));
}

#[test]
fn second_opening_is_busy_until_the_first_lets_go() {
    let (_folder, path) = vault();
    let (first, _) = SealedFile::open(&path, &passphrase("a"), KIND).unwrap();
    assert_eq!(content(&path, "a"), Err(Error::Busy));
    let waiting = std::thread::spawn({
        let path = path.clone();
        move || content(&path, "a")
    });
    std::thread::sleep(std::time::Duration::from_millis(200));
    drop(first);
    assert_eq!(waiting.join().unwrap().unwrap(), OLD);
}

#[test]
fn create_refuses_to_replace_and_opening_nothing_leaves_nothing() {
    let (folder, path) = vault();
    let refused = SealedFile::create(&path, &passphrase("a"), KIND, b"other", quick()).unwrap_err();
    assert_eq!(refused, Error::Io { op: Op::Create, kind: io::ErrorKind::AlreadyExists });
    assert_eq!(content(&path, "a").unwrap(), OLD);

    let absent = content(&folder.path().join("absent"), "a");
    assert_eq!(absent, Err(Error::Io { op: Op::Read, kind: io::ErrorKind::NotFound }));
    assert_eq!(names(folder.path()), [".vault.lock", "vault"]);
}

#[test]
fn rejects_misuse() {
    assert!(matches!(Passphrase::new(&Zeroizing::new(String::new())), Err(Error::Misuse { .. })));
    assert!(matches!(Work::with_log_n(0), Err(Error::Misuse { .. })));
    assert!(matches!(Work::with_log_n(19), Err(Error::Misuse { .. })));
    assert!(matches!(Place::new(Path::new("/")), Err(Error::Misuse { .. })));
    let (_folder, path) = vault();
    assert!(matches!(SealedFile::open(&path, &passphrase("a"), ""), Err(Error::Misuse { .. })));
    let (mut file, _) = SealedFile::open(&path, &passphrase("a"), KIND).unwrap();
    assert!(matches!(file.save(&vec![0; 64 << 20]), Err(Error::Misuse { .. })));
    // The largest content that is accepted can be read back.
    let largest = (64 << 20) - (16 << 10) - (16 << 10);
    file.save(&vec![7; largest]).unwrap();
    drop(file);
    assert_eq!(content(&path, "a").unwrap().len(), largest);
}

#[test]
fn shows_no_secret() {
    let (folder, path) = vault();
    assert_eq!(format!("{:?}", passphrase("swordfish")), "Passphrase(..)");
    let (file, _) = SealedFile::open(&path, &passphrase("a"), KIND).unwrap();
    let shown = format!("{file:?}");
    assert!(!shown.contains("AGE-SECRET-KEY") && !shown.contains("age1"), "{shown}");
    for name in names(folder.path()) {
        let bytes = fs::read(folder.path().join(name)).unwrap();
        for secret in [&b"DE123456789"[..], b"wallet", b"AGE-SECRET-KEY", b"age1"] {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret));
        }
    }
}

#[cfg(unix)]
#[test]
fn files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, path) = vault();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    SealedFile::open(&path, &passphrase("a"), KIND).unwrap().0.save(b"again").unwrap();
    for name in names(folder.path()) {
        assert_eq!(mode(&folder.path().join(&name)), 0o600, "{name}");
    }
    // A file that somebody opened to others is closed again by the next save.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    SealedFile::open(&path, &passphrase("a"), KIND).unwrap().0.save(b"again").unwrap();
    assert_eq!(mode(&path), 0o600);

    let public = folder.path().join("public");
    atomic_write(&public, b"1", 0o644).unwrap();
    assert_eq!(mode(&public), 0o644);
    atomic_write(&public, b"2", 0o640).unwrap();
    assert_eq!((mode(&public), fs::read(&public).unwrap()), (0o640, b"2".to_vec()));
}

#[test]
fn atomic_create_new_refuses_to_replace() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    atomic_create_new(&path, b"first", 0o644).unwrap();
    let refused = atomic_create_new(&path, b"second", 0o644).unwrap_err();
    assert_eq!(refused, Error::Io { op: Op::Create, kind: io::ErrorKind::AlreadyExists });
    // The move itself refuses too, whoever comes in between.
    fs::write(folder.path().join("temporary"), b"second").unwrap();
    let refused = Os.rename_new(&folder.path().join("temporary"), &path).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&path).unwrap(), b"first");
}

// ---- a disk that fails ----

/// What happens at the chosen step.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// The step fails, half done; later steps work.
    Error,
    /// The step and everything after it fails.
    Gone,
    /// The process dies, half through the step.
    Abort,
}

/// The real disk, with a fault at one step.
struct Faulty {
    fault: Fault,
    /// Steps until the fault.
    left: usize,
    hit: Option<&'static str>,
}

impl Faulty {
    fn at(step: usize, fault: Fault) -> Self {
        Self { fault, left: step, hit: None }
    }

    fn step(&mut self, name: &'static str, half: impl FnOnce()) -> io::Result<()> {
        if self.hit.is_some() {
            return if self.fault == Fault::Gone { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) };
        }
        if self.left > 0 {
            self.left -= 1;
            return Ok(());
        }
        half();
        if self.fault == Fault::Abort {
            std::process::abort();
        }
        self.hit = Some(name);
        Err(io::ErrorKind::StorageFull.into())
    }
}

impl Disk for Faulty {
    type File = fs::File;

    fn create_new(&mut self, path: &Path) -> io::Result<fs::File> {
        self.step("create", || ())?;
        Os.create_new(path)
    }

    fn write(&mut self, file: &mut fs::File, bytes: &[u8]) -> io::Result<()> {
        self.step("write", || Os.write(file, &bytes[..bytes.len() / 2]).unwrap())?;
        Os.write(file, bytes)
    }

    fn set_mode(&mut self, file: &fs::File, mode: u32) -> io::Result<()> {
        self.step("set_mode", || ())?;
        Os.set_mode(file, mode)
    }

    fn sync(&mut self, file: &fs::File) -> io::Result<()> {
        self.step("sync", || ())?;
        Os.sync(file)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.step("rename", || ())?;
        Os.rename(from, to)
    }

    fn rename_new(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.step("rename_new", || ())?;
        Os.rename_new(from, to)
    }

    fn sync_folder(&mut self, folder: &Path) -> io::Result<()> {
        self.step("sync_folder", || ())?;
        Os.sync_folder(folder)
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.step("remove", || ())?;
        Os.remove(path)
    }
}

#[test]
fn a_failed_step_leaves_the_old_file_and_no_temporary() {
    let mut hits = Vec::new();
    for step in 0.. {
        let (folder, path) = vault();
        let (mut file, _) = SealedFile::open(&path, &passphrase("a"), KIND).unwrap();
        let mut disk = Faulty::at(step, Fault::Error);
        let result = file.save_on(&mut disk, &new_content());
        drop(file);
        let Some(hit) = disk.hit else {
            assert_eq!((result, content(&path, "a").unwrap()), (Ok(()), new_content()));
            break;
        };
        hits.push(hit);
        assert_eq!(names(folder.path()), [".vault.lock", "vault"], "temporary left after {hit}");
        match hit {
            // Clearing what is not there may fail as it likes.
            "remove" => assert_eq!((result, content(&path, "a").unwrap()), (Ok(()), new_content())),
            "sync_folder" => {
                assert_eq!(result, Err(Error::Io { op: Op::SyncFolder, kind: io::ErrorKind::StorageFull }));
                assert_eq!(content(&path, "a").unwrap(), new_content());
            }
            _ => {
                assert!(matches!(result, Err(Error::Io { kind: io::ErrorKind::StorageFull, .. })), "{hit}: {result:?}");
                assert_eq!(content(&path, "a").unwrap(), OLD, "after {hit}");
            }
        }
    }
    assert_eq!(hits, ["remove", "create", "write", "write", "write", "set_mode", "sync", "rename", "sync_folder"]);
}

#[test]
fn a_disk_gone_for_good_leaves_the_old_file_or_the_new() {
    for step in 0..9 {
        let (folder, path) = vault();
        let (mut file, _) = SealedFile::open(&path, &passphrase("a"), KIND).unwrap();
        let mut disk = Faulty::at(step, Fault::Gone);
        assert!(file.save_on(&mut disk, &new_content()).is_err());
        drop(file);
        let expected = if disk.hit == Some("sync_folder") { new_content() } else { OLD.to_vec() };
        // Opening clears the temporary that could not be removed.
        assert_eq!(content(&path, "a").unwrap(), expected, "at {:?}", disk.hit);
        assert_eq!(names(folder.path()), [".vault.lock", "vault"]);
    }
}

#[test]
fn a_failed_change_of_passphrase_leaves_a_usable_pair() {
    for step in 0..9 {
        let (_folder, path) = vault();
        let (mut file, _) = SealedFile::open(&path, &passphrase("a"), KIND).unwrap();
        let mut disk = Faulty::at(step, Fault::Error);
        let result = file.change_passphrase_on(&mut disk, &passphrase("b"), &new_content(), quick());
        let valid = match result {
            Ok(()) | Err(Error::Io { op: Op::SyncFolder, .. }) => "b",
            Err(_) => "a",
        };
        // The handle goes on with the passphrase that the file has.
        file.save(b"afterwards").unwrap();
        drop(file);
        assert_eq!(content(&path, valid).unwrap(), b"afterwards", "step {step}");
        let invalid = if valid == "a" { "b" } else { "a" };
        assert_eq!(content(&path, invalid), Err(Error::Unopenable), "step {step}");
    }
}

#[test]
fn a_failed_creation_leaves_no_file() {
    for step in 1.. {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vault");
        let mut disk = Faulty::at(step, Fault::Error);
        let result = SealedFile::create_on(&mut disk, &path, &passphrase("a"), KIND, OLD, quick());
        let Some(hit) = disk.hit else {
            result.unwrap();
            break;
        };
        assert!(result.is_err(), "{hit}");
        assert_eq!(path.exists(), hit == "sync_folder", "{hit}");
        assert!(!folder.path().join(".vault.tmp").exists(), "{hit}");
    }
}

#[test]
fn a_failed_atomic_write_leaves_the_old_file_and_no_temporary() {
    for step in 0..6 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, b"old").unwrap();
        let mut disk = Faulty::at(step, Fault::Error);
        let place = Place::new(&path).unwrap();
        assert!(place.replace_unlocked(&mut disk, b"new", 0o644).is_err(), "{step}");
        let expected: &[u8] = if disk.hit == Some("sync_folder") { b"new" } else { b"old" };
        assert_eq!(fs::read(&path).unwrap(), expected, "{:?}", disk.hit);
        assert_eq!(names(folder.path()), ["file"], "{:?}", disk.hit);
    }
}

// ---- in a process of its own ----

/// Runs one ignored test of this file as a child process.
#[cfg(unix)]
fn child(before: &str, name: &str, path: &Path, step: usize) -> std::process::Output {
    Command::new("sh")
        .args(["-c", &format!("{before} exec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", &format!("tests::{name}")])
        .env("SEALED_TEST_PATH", path)
        .env("SEALED_TEST_STEP", step.to_string())
        .output()
        .unwrap()
}

#[cfg(unix)]
fn given_path() -> PathBuf {
    std::env::var_os("SEALED_TEST_PATH").expect("runs as a child process of another test").into()
}

#[cfg(unix)]
#[test]
#[ignore = "runs as a child process of another test"]
fn child_dies_while_saving() {
    let step = std::env::var("SEALED_TEST_STEP").unwrap().parse().unwrap();
    let (mut file, _) = SealedFile::open(given_path(), &passphrase("a"), KIND).unwrap();
    file.save_on(&mut Faulty::at(step, Fault::Abort), &new_content()).unwrap();
}

#[cfg(unix)]
#[test]
fn a_process_killed_at_any_step_leaves_the_old_file_or_the_new() {
    let (folder, path) = vault();
    for step in 0..9 {
        let output = child("ulimit -c 0;", "child_dies_while_saving", &path, step);
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&output.status), Some(6), "{output:?}");
        // The dead process holds no lock, and what it left is cleared.
        let expected = if step == 8 { new_content() } else { OLD.to_vec() };
        assert_eq!(content(&path, "a").unwrap(), expected, "killed at step {step}");
        assert_eq!(names(folder.path()), [".vault.lock", "vault"]);
    }
    let output = child("", "child_dies_while_saving", &path, 9);
    assert!(output.status.success(), "{output:?}");
}

#[cfg(unix)]
#[test]
#[ignore = "runs as a child process of another test"]
fn child_saves_more_than_it_may() {
    let (mut file, _) = SealedFile::open(given_path(), &passphrase("a"), KIND).unwrap();
    let refused = file.save(&new_content()).unwrap_err();
    assert_eq!(refused, Error::Io { op: Op::Write, kind: io::ErrorKind::FileTooLarge });
    println!("refused as expected");
}

#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_old_file() {
    let (folder, path) = vault();
    // The operating system itself cuts the write short; the limit is in blocks of 512 bytes.
    let output = child("trap '' XFSZ; ulimit -f 64;", "child_saves_more_than_it_may", &path, 0);
    assert!(output.status.success(), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("refused as expected"));
    assert_eq!(content(&path, "a").unwrap(), OLD);
    assert_eq!(names(folder.path()), [".vault.lock", "vault"]);
}

// ---- power failure ----

/// A disk in memory that keeps apart what was written and what was forced to the disk.
#[derive(Clone, Default)]
struct Volatile {
    files: Vec<Bytes>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    left: usize,
}

#[derive(Clone, Default)]
struct Bytes {
    written: Vec<u8>,
    durable: Vec<u8>,
}

impl Volatile {
    fn step(&mut self) -> io::Result<()> {
        self.left = self.left.checked_sub(1).ok_or(io::ErrorKind::Other)?;
        Ok(())
    }

    /// What may be found after the power returns: each set of names that a file system may have kept, with the content
    /// that is certain.
    fn after_power_failure(&self, path: &Path) -> [Option<&[u8]>; 2] {
        [&self.names, &self.durable_names].map(|names| names.get(path).map(|&file| self.files[file].durable.as_slice()))
    }
}

impl Disk for Volatile {
    type File = usize;

    fn create_new(&mut self, path: &Path) -> io::Result<usize> {
        self.step()?;
        if self.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.files.push(Bytes::default());
        self.names.insert(path.to_owned(), self.files.len() - 1);
        Ok(self.files.len() - 1)
    }

    fn write(&mut self, file: &mut usize, bytes: &[u8]) -> io::Result<()> {
        self.step()?;
        self.files[*file].written.extend_from_slice(bytes);
        Ok(())
    }

    fn set_mode(&mut self, _file: &usize, _mode: u32) -> io::Result<()> {
        self.step()
    }

    fn sync(&mut self, file: &usize) -> io::Result<()> {
        self.step()?;
        self.files[*file].durable = self.files[*file].written.clone();
        Ok(())
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        let file = self.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        self.names.insert(to.to_owned(), file);
        Ok(())
    }

    fn rename_new(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        if self.names.contains_key(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.rename(from, to)
    }

    fn sync_folder(&mut self, _folder: &Path) -> io::Result<()> {
        self.step()?;
        self.durable_names = self.names.clone();
        Ok(())
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.step()?;
        self.names.remove(path).map(|_| ()).ok_or(io::ErrorKind::NotFound.into())
    }
}

#[test]
fn a_power_failure_at_any_step_leaves_the_old_file_or_the_new() {
    let place = Place::new(Path::new("/folder/vault")).unwrap();
    let path = place.path();
    let old = b"old".to_vec();
    let new = vec![1; 200_000];

    let mut before = Volatile { left: usize::MAX, ..Volatile::default() };
    place.create_locked(&mut before, &old).unwrap();
    for step in 0.. {
        let mut disk = Volatile { left: step, ..before.clone() };
        let result = place.replace_locked(&mut disk, &new);
        for found in disk.after_power_failure(&path) {
            let found = found.expect("the file is gone");
            assert!(found == old || found == new, "step {step}: {} bytes", found.len());
            if result.is_ok() {
                assert!(found == new, "step {step}: reported as saved, and lost");
            }
        }
        if result.is_ok() {
            break;
        }
    }

    // A creation: nothing or all of it, and all of it once it is reported.
    for step in 0.. {
        let mut disk = Volatile { left: step, ..Volatile::default() };
        let result = place.create_locked(&mut disk, &new);
        for found in disk.after_power_failure(&path) {
            assert!(found.is_none_or(|found| found == new), "step {step}");
            assert!(result.is_err() || found.is_some(), "step {step}: reported as created, and lost");
        }
        if result.is_ok() {
            break;
        }
    }
}
