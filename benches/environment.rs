//! On what was measured: the machine and the versions.

use std::fs;
use std::path::Path;
use std::process::Command;

/// A machine's processor and how many of it the system sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// The processor's name.
    pub model: String,
    /// Logical cores.
    pub cores: usize,
}

impl Machine {
    /// This machine, from `/proc/cpuinfo`; elsewhere than on Linux its processor is not named.
    #[must_use]
    pub fn this() -> Self {
        Self::parse(&fs::read_to_string("/proc/cpuinfo").unwrap_or_default())
    }

    fn parse(cpuinfo: &str) -> Self {
        let values = |key: &'static str| {
            cpuinfo.lines().filter_map(move |line| {
                let (name, value) = line.split_once(':')?;
                (name.trim() == key).then(|| value.trim().to_owned())
            })
        };
        let model = values("model name").next().unwrap_or_else(|| "unknown processor".into());
        let cores = values("processor").count();
        Self { model, cores }
    }
}

/// Machine, compiler and the packages that matter.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The machine.
    pub machine: Machine,
    /// What the compiler calls itself.
    pub compiler: String,
    /// Packages with their versions.
    pub packages: Vec<String>,
}

/// What is compared, and what stands below both sides.
const PACKAGES: [&str; 5] = ["blst", "zkryptium", "bbs_plus", "proof_system", "criterion"];

impl Environment {
    /// This one, for a workspace.
    ///
    /// # Errors
    /// If the lock file can not be read.
    pub fn of(workspace: &Path) -> std::io::Result<Self> {
        let lock = fs::read_to_string(workspace.join("Cargo.lock"))?;
        let package = |name| Some(format!("{name} {}", locked_version(&lock, name)?));
        let packages = PACKAGES.into_iter().filter_map(package).collect();
        Ok(Self { machine: Machine::this(), compiler: compiler(), packages })
    }
}

fn compiler() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output();
    output.map_or_else(|_| "unknown rustc".into(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The version of a package in a lock file; of several the first.
fn locked_version(lock: &str, package: &str) -> Option<String> {
    let mut lines = lock.lines();
    lines.by_ref().find(|line| *line == format!("name = \"{package}\""))?;
    let version = lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')?;
    Some(version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_cpuinfo() {
        let cpuinfo =
            "processor\t: 0\nmodel\t\t: 167\nmodel name\t: Xeon: fast\n\nprocessor\t: 1\nmodel name\t: Xeon: fast\n";
        assert_eq!(Machine::parse(cpuinfo), Machine { model: "Xeon: fast".into(), cores: 2 });
        assert_eq!(Machine::parse("").model, "unknown processor");
    }

    #[test]
    fn reads_a_lock_file() {
        let lock = "[[package]]\nname = \"blst\"\nversion = \"0.3.17\"\n\n[[package]]\nname = \"blst-more\"\nversion = \"1.0.0\"\n";
        assert_eq!(locked_version(lock, "blst").as_deref(), Some("0.3.17"));
        assert_eq!(locked_version(lock, "blst-more").as_deref(), Some("1.0.0"));
        assert_eq!(locked_version(lock, "bls"), None);
    }
}
