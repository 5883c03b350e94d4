//! The npm package of wallet and verifier: compiled, bound, put together.
//!
//! ```text
//! milchglas-wasm ──cargo──▶ .wasm ──wasm-bindgen──▶ milchglas.js, milchglas_bg.wasm ──with crates/wasm/js──▶ target/wasm-pkg
//! ```
//!
//! The compiler is the toolchain's own where it has the target `wasm32-unknown-unknown`, and otherwise Debian's (`rustc-web`), which builds the
//! standard library from its sources.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use wasm_bindgen_cli_support::Bindgen;

use crate::pack::pack;

const TARGET: &str = "wasm32-unknown-unknown";
/// What any compiler takes. A copy of more than eight bytes is one instruction instead of a load and a store for each eight, which saves 47 KiB. The stack
/// comes first and has 896 KiB, so all addresses are below 2²⁰, where they take three bytes.
const SMALL: &str = "-Cllvm-args=-inline-threshold=25 -Cllvm-args=-max-store-memcpy=1 -Cllvm-args=-max-store-memmove=1 \
                     -Cllvm-args=-max-store-memset=1 -Clink-arg=-zstack-size=917504 \
                     --cfg sha2_backend=\"soft\" --cfg sha2_backend_soft=\"compact\"";
/// With the standard library built anew. A panic ends the module, without words: their text and the code that makes it are left out.
const SILENT: &str = "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none";
/// Half as large as with the -O2 that blst's own build asks for, at a tenth more time. -Oz saves another 19 KiB, at an eighth more.
const SMALL_C: &str = "-Os";
/// What the compiler takes for granted, and every browser has since 2021.
const FEATURES: [&str; 6] =
    ["bulk-memory", "multivalue", "mutable-globals", "nontrapping-float-to-int", "reference-types", "sign-ext"];
/// Older ones confuse the table of JavaScript's values with that of functions.
const OLDEST_BINARYEN: u32 = 116;
const BINARYEN: &str = "`npm install --prefix target/binaryen binaryen@132` brings one.";
const HELP: &str = "No compiler for wasm32-unknown-unknown. Either
    rustup target add wasm32-unknown-unknown
or, on Debian,
    apt-get install rustc-web cargo-web rust-web-src lld clang";
const NO_CLANG: &str = "The backend blst is C: clang is missing. Install it (on Debian: apt-get install clang), or take --backend portable.";

/// What the command line asks.
pub(crate) struct Options {
    backend: String,
    keep_names: bool,
    /// With the exports that only tests and measurements call.
    testing: bool,
    /// Where the package goes; `target/wasm-pkg` unless it is given.
    out: Option<PathBuf>,
}

impl Options {
    pub(crate) fn parse(words: &[&str]) -> Option<Self> {
        let mut options = Self { backend: "blst".to_owned(), keep_names: false, testing: false, out: None };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--keep-names" => options.keep_names = true,
                "--testing" => options.testing = true,
                "--out" => options.out = Some(PathBuf::from(words.next()?)),
                "--backend" => {
                    options.backend = words.next().filter(|name| ["blst", "portable"].contains(*name))?.to_string();
                }
                _ => return None,
            }
        }
        // Beside the package that ships there is no other.
        (!options.testing || options.out.is_some()).then_some(options)
    }
}

/// A cargo and a rustc that can compile for the target.
struct Compiler {
    cargo: PathBuf,
    rustc: PathBuf,
    /// Whether the standard library must be built from its sources.
    builds_std: bool,
}

/// Builds the package.
pub(crate) fn build(options: Options) -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().map_err(about("the workspace"))?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
    let module = compile(&root, &target.join("wasm-build"), &options)?;

    let package = options.out.unwrap_or_else(|| target.join("wasm-pkg"));
    if package.exists() {
        fs::remove_dir_all(&package).map_err(about(&package.display().to_string()))?;
    }
    let bound = Bindgen::new()
        .input_path(module)
        .out_name("milchglas")
        .typescript(false)
        .keep_debug(false)
        // `shrink` sorts by names.
        .remove_name_section(false)
        .remove_producers_section(true)
        .web(true)
        .and_then(|bindgen| bindgen.generate(&package));
    bound.map_err(|error| format!("wasm-bindgen: {error:#}"))?;

    let sources = root.join("crates/wasm");
    for (from, to) in [
        (sources.join("README.md"), "README.md"),
        (root.join("LICENSE-APACHE"), "LICENSE-APACHE"),
        (root.join("LICENSE-MIT"), "LICENSE-MIT"),
    ] {
        copy(&from, &package.join(to))?;
    }
    for entry in fs::read_dir(sources.join("js")).map_err(about("crates/wasm/js"))? {
        let entry = entry.map_err(about("crates/wasm/js"))?;
        copy(&entry.path(), &package.join(entry.file_name()))?;
    }
    fs::create_dir(package.join("example")).map_err(about("example"))?;
    copy(&sources.join("example/cafe.mjs"), &package.join("example/cafe.mjs"))?;
    if options.testing {
        copy(&sources.join("tests/measure.js"), &package.join("measure.js"))?;
    }
    let manifest = include_str!("../package.json").replace("VERSION", env!("CARGO_PKG_VERSION"));
    fs::write(package.join("package.json"), manifest).map_err(about("package.json"))?;

    let module = package.join("milchglas_bg.wasm");
    if !options.keep_names {
        shrink(&target, &module)?;
    }
    let size = fs::metadata(&module).map_err(about(&module.display().to_string()))?.len();
    println!("{} ({} KiB)", module.display(), size.div_ceil(1024));
    Ok(())
}

/// Compiles the crate; where the module is.
fn compile(root: &Path, target: &Path, options: &Options) -> Result<PathBuf, String> {
    let Compiler { cargo, rustc, builds_std } = find_compiler().ok_or(HELP)?;
    let mut command = Command::new(cargo);
    command.current_dir(root).env("RUSTC", rustc);
    // Those of the cargo that runs this.
    command.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO_ENCODED_RUSTFLAGS").env_remove("RUSTFLAGS");
    command.args(["build", "--locked", "--package", "milchglas-wasm", "--lib", "--profile", "wasm"]);
    command.args(["--target", TARGET, "--no-default-features", "--features", &options.backend]);
    if options.testing {
        command.args(["--features", "testing"]);
    }
    command.arg("--target-dir").arg(target);
    if builds_std {
        command.args(["-Z", "build-std=std,panic_abort", "-Z", "build-std-features=optimize_for_size"]);
        command.env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld");
        command.env("RUSTFLAGS", format!("{SMALL} {SILENT}"));
    } else {
        command.env("RUSTFLAGS", SMALL);
    }
    if options.backend == "blst" {
        if !runs(Command::new("clang").arg("--version")) {
            return Err(NO_CLANG.to_owned());
        }
        command.env("CC_wasm32_unknown_unknown", "clang").env("CFLAGS_wasm32_unknown_unknown", SMALL_C);
    }
    let status = command.status().map_err(about("cargo"))?;
    if !status.success() {
        return Err("The module could not be compiled.".to_owned());
    }
    Ok(target.join(TARGET).join("wasm/milchglas_wasm.wasm"))
}

/// Makes the module smaller, and drops the names.
fn shrink(target: &Path, module: &Path) -> Result<(), String> {
    match find_wasm_opt(target) {
        Some(wasm_opt) => optimize(&wasm_opt, module)?,
        None => println!(
            "No wasm-opt of version {OLDEST_BINARYEN} or later; the module stays larger than it must be. {BINARYEN}"
        ),
    }
    let at = module.display().to_string();
    let packed = pack(&fs::read(module).map_err(about(&at))?).map_err(|error| format!("{at}: {error}"))?;
    fs::write(module, packed).map_err(about(&at))
}

/// A wasm-opt that is new enough.
fn find_wasm_opt(target: &Path) -> Option<PathBuf> {
    let places = [target.join("binaryen/node_modules/.bin/wasm-opt"), PathBuf::from("wasm-opt")];
    let new_enough = |place: &PathBuf| version(place).is_some_and(|version| version >= OLDEST_BINARYEN);
    places.into_iter().find(new_enough)
}

/// Functions of similar names are much alike, and pack better side by side. A large function pulled into its only caller saves little, and makes
/// both harder to pack: the numbers of their local variables mix (by 40 KiB, after gzip).
fn optimize(wasm_opt: &Path, module: &Path) -> Result<(), String> {
    let status = Command::new(wasm_opt)
        .args(FEATURES.map(|feature| format!("--enable-{feature}")))
        .args(["-Oz", "--one-caller-inline-max-function-size=15", "--reorder-functions-by-name"])
        .args(["--strip-debug", "--strip-producers"])
        .arg(module)
        .arg("-o")
        .arg(module)
        .status();
    if status.map_err(about("wasm-opt"))?.success() { Ok(()) } else { Err("wasm-opt failed.".to_owned()) }
}

/// The number in `wasm-opt version 132 (version_132)`.
fn version(wasm_opt: &Path) -> Option<u32> {
    let output = Command::new(wasm_opt).arg("--version").output().ok()?;
    String::from_utf8(output.stdout).ok()?.split_whitespace().nth(2)?.parse().ok()
}

fn find_compiler() -> Option<Compiler> {
    let own =
        |variable: &str, name: &str| std::env::var_os(variable).map_or_else(|| PathBuf::from(name), PathBuf::from);
    let candidates = [
        (own("CARGO", "cargo"), own("RUSTC", "rustc")),
        (PathBuf::from("/usr/bin/cargo"), PathBuf::from("/usr/bin/rustc")),
    ];
    candidates.into_iter().find_map(|(cargo, rustc)| {
        let has_target =
            printed(&rustc, &["--target", TARGET, "--print", "target-libdir"]).is_some_and(|dir| dir.is_dir());
        let has_sources = || {
            printed(&rustc, &["--print", "sysroot"])
                .is_some_and(|root| root.join("lib/rustlib/src/rust/library/std/Cargo.toml").is_file())
                && runs(Command::new("wasm-ld").arg("--version"))
        };
        (has_target || has_sources()).then_some(Compiler { cargo, rustc, builds_std: !has_target })
    })
}

/// A path that the compiler prints.
fn printed(rustc: &Path, arguments: &[&str]) -> Option<PathBuf> {
    let output = Command::new(rustc).args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
}

fn runs(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::copy(from, to).map(drop).map_err(about(&from.display().to_string()))
}

fn about(what: &str) -> impl Fn(std::io::Error) -> String {
    let what = what.to_owned();
    move |error| format!("{what}: {error}")
}
