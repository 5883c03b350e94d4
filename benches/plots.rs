//! The plots of the report, as SVG.

use std::error::Error;
use std::path::Path;

use milchglas_benches::cost_model::Part;
use milchglas_benches::measurements::Measurements;
use milchglas_benches::predictions::{BATCHES, MESSAGES, Prediction, predictions};
use milchglas_benches::primitives::Primitives;
use plotters::coord::Shift;
use plotters::coord::ranged1d::{Ranged, ValueFormatter};
use plotters::prelude::*;

const SIZE: (u32, u32) = (720, 400);
const FONT: (&str, u32) = ("sans-serif", 15);
const CAPTION: (&str, u32) = ("sans-serif", 19);
/// Of lines and of parts; told apart also without colour vision (Okabe and Ito 2008).
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(153, 153, 153),
];

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;
type Area<'p> = DrawingArea<SVGBackend<'p>, Shift>;

/// A line: its name and its points.
struct Line<'n> {
    name: &'n str,
    points: Vec<(f64, f64)>,
}

/// How proving and verifying grow with the messages signed.
pub fn messages(measurements: &Measurements, file: &Path) -> Result {
    let line = |name, group: &str| -> Result<Line<'_>> {
        let mut points = Vec::new();
        for n in MESSAGES {
            points.push((n as f64, measurements.median(&format!("{group}/{n}"))?.0 / 1000.0));
        }
        Ok(Line { name, points })
    };
    let lines = [line("prove", "scale_messages")?, line("verify", "scale_messages_verify")?];
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    let longest = MESSAGES.iter().max().copied().unwrap_or(1) as f64;
    let text = Text { caption: "A signature and a 16-bit range, all messages hidden", x: "messages signed", y: "ms" };
    draw_lines(&area, &text, 0.0..longest, &lines)
}

/// What each presentation of a batch costs.
pub fn batch(measurements: &Measurements, primitives: &Primitives, file: &Path) -> Result {
    let mut measured = Line { name: "measured", points: Vec::new() };
    let mut predicted = Line { name: "predicted", points: Vec::new() };
    let all = predictions();
    for n in BATCHES {
        let id = format!("scale_batch/{n}");
        measured.points.push((n as f64, measurements.median(&id)?.0 / 1000.0 / n as f64));
        let prediction = all.iter().find(|prediction| prediction.id == id);
        predicted.points.extend(prediction.map(|of| (n as f64, of.work.cost(primitives).0 / 1000.0)));
    }
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    let most = BATCHES.iter().max().copied().unwrap_or(1) as f64;
    let text =
        Text { caption: "Adult presentations checked together, each", x: "presentations in the batch", y: "ms each" };
    draw_lines(&area, &text, (1.0..most).log_scale(), &[measured, predicted])
}

/// What the check of one presentation is spent on.
pub fn verification(measurements: &Measurements, primitives: &Primitives, file: &Path) -> Result {
    let all = predictions();
    let mut bars = Vec::new();
    for id in ["adult_verify/milchglas", "adult_verify/milchglas_batch_1000", "cafe_verify/milchglas"] {
        let prediction = all.iter().find(|prediction| prediction.id == id).ok_or("a prediction for each bar")?;
        bars.push(bar(prediction, measurements, primitives)?);
    }
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    draw_bars(&area, "What one verification is spent on, by the cost model", &bars)
}

/// A stacked bar: what is written over it, and the lengths of its parts.
struct Bar {
    label: String,
    parts: Vec<(&'static str, f64)>,
}

/// The model's parts, and what is measured beyond them.
fn bar(prediction: &Prediction, measurements: &Measurements, primitives: &Primitives) -> Result<Bar> {
    let part = |part: Part| (part.name(), prediction.work.cost_of(part, primitives).0 / 1000.0);
    let mut parts: Vec<_> = Part::ALL.into_iter().map(part).collect();
    let measured = measurements.median(&prediction.id)?.0 / prediction.iteration as f64 / 1000.0;
    let modelled: f64 = parts.iter().map(|(_, length)| length).sum();
    parts.push(("not in the model", (measured - modelled).max(0.0)));
    Ok(Bar { label: format!("{}: measured {measured:.2} ms", prediction.name), parts })
}

struct Text<'t> {
    caption: &'t str,
    x: &'t str,
    y: &'t str,
}

fn draw_lines<X>(area: &Area<'_>, text: &Text<'_>, x: X, lines: &[Line<'_>]) -> Result
where
    X: plotters::coord::ranged1d::AsRangedCoord<Value = f64>,
    X::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    area.fill(&WHITE)?;
    let highest = lines.iter().flat_map(|line| &line.points).map(|(_, y)| *y).fold(0.0, f64::max);
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .caption(text.caption, CAPTION)
        .x_label_area_size(42)
        .y_label_area_size(52)
        .build_cartesian_2d(x, 0.0..1.1 * highest)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .label_style(FONT)
        .x_desc(text.x)
        .y_desc(text.y)
        .x_label_formatter(&|x| format!("{x:.0}"))
        .draw()?;
    for (line, colour) in lines.iter().zip(COLOURS) {
        chart
            .draw_series(LineSeries::new(line.points.iter().copied(), colour.stroke_width(2)))?
            .label(line.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
        chart.draw_series(line.points.iter().map(|point| Circle::new(*point, 3, colour.filled())))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .label_font(FONT)
        .background_style(WHITE)
        .border_style(BLACK.mix(0.3))
        .draw()?;
    area.present()?;
    Ok(())
}

fn draw_bars(area: &Area<'_>, caption: &str, bars: &[Bar]) -> Result {
    area.fill(&WHITE)?;
    let longest = bars.iter().map(|bar| bar.parts.iter().map(|(_, length)| length).sum()).fold(0.0, f64::max);
    let rows = bars.len() as f64;
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .caption(caption, CAPTION)
        .x_label_area_size(42)
        .build_cartesian_2d(0.0..1.05 * longest, -rows..0.9)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .light_line_style(WHITE)
        .label_style(FONT)
        .x_desc("ms")
        .draw()?;
    for (row, bar) in bars.iter().enumerate() {
        let top = -(row as f64) - 0.35;
        let mut start = 0.0;
        for ((_, length), colour) in bar.parts.iter().zip(COLOURS) {
            let corners = [(start, top), (start + length, top - 0.5)];
            chart.draw_series([Rectangle::new(corners, colour.filled())])?;
            start += length;
        }
        chart.draw_series([plotters::element::Text::new(bar.label.clone(), (0.0, top + 0.28), FONT)])?;
    }
    // The legend in two rows above the bars.
    let names = bars.first().map(|bar| bar.parts.iter().map(|(name, _)| *name)).into_iter().flatten();
    for (place, (name, colour)) in names.zip(COLOURS).enumerate() {
        let (column, row) = (place % 3, place / 3);
        let (x, y) = (column as f64 / 3.0 * longest, 0.8 - 0.3 * row as f64);
        let square = [(x, y), (x + 0.018 * longest, y - 0.16)];
        chart.draw_series([Rectangle::new(square, colour.filled())])?;
        chart.draw_series([plotters::element::Text::new(name, (x + 0.026 * longest, y + 0.01), FONT)])?;
    }
    area.present()?;
    Ok(())
}
