//! The walk-throughs of `--help` and of the README, typed as they are printed.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod program;

use program::{Ran, World};

const README: &str = include_str!("../../../README.md");
/// When the README's café checks.
const README_TIME: &str = "2026-11-23T10:22:05Z";

#[test]
fn plays_the_help_as_printed() {
    let world = World::empty();
    let help = world.run("--help").exits(0).text().replace("\\\n", " ");
    let lines: Vec<&str> = help.lines().filter_map(|line| line.strip_prefix("    milchglas ")).collect();
    let last = play(&world, lines.into_iter().map(|line| line.split("(then").next().unwrap_or_default()));
    assert!(last.text().starts_with("Accepted."), "{}", last.text());
}

#[test]
fn plays_the_readme_as_printed() {
    let world = World::empty();
    let block = block("milchglas issuer init --name \"City of Glass\"");
    let last = play(&world, commands(block));
    let printed: String =
        block.lines().skip_while(|line| !line.starts_with("Accepted.")).collect::<Vec<_>>().join("\n");
    assert_eq!(last.text().trim_end(), printed);
    // A trust list after it, as the README goes on.
    play(&world, commands(self::block("milchglas trust-list init")));
}

/// The README's block of commands that contains this.
fn block(part: &str) -> &'static str {
    let blocks = README.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.into_iter().find(|block| block.contains(part)).unwrap()
}

fn commands(block: &str) -> impl Iterator<Item = &str> {
    let lines = block.lines().filter_map(|line| line.strip_prefix("$ milchglas "));
    lines.map(|line| line.split("  #").next().unwrap_or_default())
}

/// Types each line; what a person types at the terminal is said by options: the passphrase, and yes.
fn play<'a>(world: &World, lines: impl Iterator<Item = &'a str>) -> Ran {
    let mut last = None;
    for line in lines {
        let (line, into) = line.split_once('>').map_or((line, None), |(line, file)| (line, Some(file.trim())));
        let mut words = words(line);
        let help = program::run(&world.path("."), &[&words[0], &words[1], "--help"], b"").exits(0);
        for (option, with) in [("--passphrase-file", "secret"), ("--work", "4")] {
            if help.text().contains(option) {
                words.extend([option.to_owned(), with.to_owned()]);
            }
        }
        if words[1] == "respond" {
            words.push("--yes".to_owned());
        }
        words.extend(["--now".to_owned(), README_TIME.to_owned()]);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ran = program::run(&world.path("."), &words, b"").exits(0);
        if let Some(file) = into {
            world.write(file, &ran.stdout);
        }
        last = Some(ran);
    }
    last.unwrap()
}

/// A line's words as a shell has them, where only double quotes are special.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (place, part) in line.split('"').enumerate() {
        if place % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}
