//! The page of results.

use std::time::SystemTime;

use milchglas_benches::additions::{ADDITIONS, Additions, REVIEW};
use milchglas_benches::environment::Environment;
use milchglas_benches::measurements::{Measurement, Measurements, Micros, Missing};
use milchglas_benches::predictions::{BATCHES, CARD, HIDDEN, MESSAGES, PREDICATES, predictions};
use milchglas_benches::primitives::Primitives;
use milchglas_benches::targets::{AtLeast, COMPARED, TARGETS, fastest_peer, is_decoded, is_ours};
use milchglas_credential::date::Timestamp;

/// Writes the page.
pub fn render(
    measurements: &Measurements,
    primitives: &Primitives,
    environment: &Environment,
    (first, last): (SystemTime, SystemTime),
) -> Result<String, Missing> {
    let mut page = format!(
        "# Results\n\n\
        Written by `cargo run --release -p milchglas-benches --bin report` from what `cargo bench` measured. A time is the median of an \
        iteration, in processor time of the one thread that does the work. An interval is that of the median, with 95 % confidence.\n\n\
        | | |\n|---|---|\n\
        | machine | {}, {} logical cores |\n| compiler | {} |\n| packages | {} |\n| measured | {} to {} |\n\n",
        environment.machine.model,
        environment.machine.cores,
        environment.compiler,
        environment.packages.join(", "),
        date(first),
        date(last),
    );
    targets(&mut page, measurements)?;
    comparison(&mut page, measurements)?;
    additions(&mut page, measurements)?;
    growth(&mut page, measurements)?;
    model(&mut page, measurements, primitives)?;
    Ok(page)
}

fn targets(page: &mut String, measurements: &Measurements) -> Result<(), Missing> {
    page.push_str(
        "## Targets\n\n\
        The factor is to the fastest other implementation of the same operation.\n\n\
        | work | Milchglas | fastest other | reached | at least | |\n|---|--:|--:|--:|--:|---|\n",
    );
    for target in &TARGETS {
        let outcome = target.outcome(measurements)?;
        let peer = outcome.peer.map_or_else(|| "–".into(), |(name, time)| format!("`{name}` {time}"));
        let (reached, least) = match target.at_least {
            AtLeast::Times(least, _) => (factor(outcome.reached), format!("{least} ×")),
            AtLeast::PerSecond(least) => (format!("{:.0}/s", outcome.reached), format!("{least}/s")),
        };
        let met = if outcome.met { "met" } else { "**missed**" };
        line(page, &format!("| {} | {} | {peer} | {reached} | {least} | {met} |", target.work, outcome.each));
    }
    let checked = measurements.median("adult_prove/milchglas_self_check")?;
    let applications = Micros(measurements.median("issue_bulk/milchglas_check_applications")?.0 / 100.0);
    line(
        page,
        &format!(
            "\nNot in these: the wallet's check of its own proof, {checked} for adult; the check of an application, {applications}.\n"
        ),
    );
    Ok(())
}

fn comparison(page: &mut String, measurements: &Measurements) -> Result<(), Missing> {
    page.push_str(
        "## Beside others\n\n\
        Ten messages, three disclosed. Everything starts and ends with bytes, as programs exchange them. A name in `_decoded` is the other \
        one's check without the decoding of the proof before it, for comparison with figures published elsewhere; factors that \
        count leave it out. Ours has no such row: a point that was not checked when it was read does not exist. `adult` is a signature \
        and a range of 16 bits, `cafe` one of 8 bits more.\n\n\
        | group | function | median | interval | to ours |\n|---|---|--:|--:|--:|\n",
    );
    for (group, _) in COMPARED {
        let ours = measurements.median(&format!("{group}/milchglas"))?;
        let fastest = fastest_peer(measurements, group)?.0;
        // One iteration of a batch is no single operation.
        let single = |function: &str| !function.contains("batch");
        for (function, measurement) in measurements.group(group).filter(|(function, _)| single(function)) {
            let Measurement { median, low, high, .. } = measurement;
            let ratio = factor(median.0 / ours.0);
            let ratio = if function == fastest { format!("**{ratio}**") } else { ratio };
            let ratio = if is_ours(function) && function == "milchglas" { "1".into() } else { ratio };
            let note = if is_decoded(function) { " (not from bytes)" } else { "" };
            line(page, &format!("| {group} | `{function}`{note} | {median} | {low} – {high} | {ratio} |"));
        }
    }
    page.push('\n');
    Ok(())
}

fn additions(page: &mut String, measurements: &Measurements) -> Result<(), Missing> {
    page.push_str(
        "## What each statement adds\n\n\
        A presentation with it less one without: a card of 7 messages, nothing disclosed, warm tables, without the wallet's check of its own \
        proof.\n\n\
        | statement | prove | at most | verify | at most | bytes | |\n|---|--:|--:|--:|--:|--:|---|\n",
    );
    let scene = Additions::default();
    for (name, says, base, limit) in ADDITIONS {
        let more = |group: &str| -> Result<Micros, Missing> {
            let time = |name: &str| measurements.median(&format!("{group}/{name}"));
            Ok(Micros(time(name)?.0 - time(base)?.0))
        };
        let (prove, verify) = (more("added_prove")?, more("added_verify")?);
        let bytes = scene.size(name).saturating_sub(scene.size(base));
        let met = if prove.0 <= limit.prove && verify.0 <= limit.verify { "met" } else { "**missed**" };
        let (most_prove, most_verify) = (Micros(limit.prove), Micros(limit.verify));
        line(page, &format!("| {says} | {prove} | {most_prove} | {verify} | {most_verify} | {bytes} | {met} |"));
    }
    let review = measurements.median(REVIEW)?;
    line(
        page,
        &format!(
            "\nA set that the verifier signs is read and checked when the wallet reviews the request, before the person has chosen: {review} for \
             two values. A wallet that answers without a review pays both."
        ),
    );
    page.push('\n');
    Ok(())
}

fn growth(page: &mut String, measurements: &Measurements) -> Result<(), Missing> {
    page.push_str("## Growth\n\n![growth with messages](messages.svg)\n\n");
    let mut table = |title: &str, group: &str, sizes: &[usize]| {
        line(page, &format!("| {title} | prove | verify |\n|--:|--:|--:|"));
        for n in sizes {
            let prove = measurements.median(&format!("{group}/{n}"))?;
            let verify = measurements.median(&format!("{group}_verify/{n}"))?;
            line(page, &format!("| {n} | {prove} | {verify} |"));
        }
        page.push('\n');
        Ok(())
    };
    table("messages, all hidden, one 16-bit range", "scale_messages", &MESSAGES)?;
    table(&format!("hidden of {CARD} messages, one 16-bit range"), "scale_hidden", &HIDDEN)?;
    table("16-bit ranges over 10 messages, all hidden", "scale_predicates", &PREDICATES)?;
    page.push_str("![cost of each in a batch](batch.svg)\n\n| adult presentations checked together | all | each |\n|--:|--:|--:|\n");
    for n in BATCHES {
        let all = measurements.median(&format!("scale_batch/{n}"))?;
        line(page, &format!("| {n} | {all} | {} |", Micros(all.0 / n as f64)));
    }
    page.push('\n');
    Ok(())
}

fn model(page: &mut String, measurements: &Measurements, primitives: &Primitives) -> Result<(), Missing> {
    page.push_str(
        "## Predicted and measured\n\n\
        The prediction is the cost model of [`spec/performance.md`](../spec/performance.md) over the operations below. The floor of a \
        check is the reading of its points and a product of two pairings.\n\n\
        ![what one verification is spent on](verification.svg)\n\n\
        | work | predicted | measured | difference | floor | to the floor |\n|---|--:|--:|--:|--:|--:|\n",
    );
    for prediction in predictions() {
        let predicted = prediction.work.cost(primitives);
        let measured = Micros(measurements.median(&prediction.id)?.0 / prediction.iteration as f64);
        let difference = 100.0 * (measured.0 - predicted.0) / predicted.0;
        let (floor, distance) = match prediction.floor {
            Some(floor) => {
                let floor = floor.cost(primitives);
                (floor.to_string(), factor(measured.0 / floor.0))
            }
            None => ("–".into(), "–".into()),
        };
        let name = prediction.name;
        line(page, &format!("| {name} | {predicted} | {measured} | {difference:+.0} % | {floor} | {distance} |"));
    }
    page.push_str("\n### Operations\n\n| operation | time |\n|---|--:|\n");
    for (name, time) in primitives.table() {
        line(page, &format!("| {name} | {time} |"));
    }
    Ok(())
}

fn line(page: &mut String, text: &str) {
    page.push_str(text);
    page.push('\n');
}

fn factor(ratio: f64) -> String {
    let decimals = if ratio >= 100.0 {
        0
    } else if ratio >= 10.0 {
        1
    } else {
        2
    };
    format!("{ratio:.decimals$} ×")
}

fn date(time: SystemTime) -> String {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Timestamp::from_unix(seconds).map_or_else(|| "unknown".into(), |time| time.to_string())
}
