//! Two graphs side by side: who can be joined with whom.
//!
//! Not here: what joins them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::joins::Join;

const RADIUS: f64 = 150.0;
const CENTRE: (f64, f64) = (250.0, 250.0);
const WIDTH: f64 = 500.0;

/// The picture, an SVG file.
pub(super) fn draw(parties: &[String], graphs: [(&str, &[Join]); 2]) -> String {
    let mut svg = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1000 480\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"1000\" height=\"480\" fill=\"#fff\"/>\n",
    );
    let mut put = |text: String| svg.push_str(&text);
    for (side, (title, joins)) in [0.0, WIDTH].into_iter().zip(graphs) {
        put(format!(
            "<text x=\"{}\" y=\"36\" text-anchor=\"middle\" font-size=\"18\">{title}</text>\n",
            side + CENTRE.0
        ));
        let mut places = BTreeMap::new();
        let mut angle = 0.0_f64;
        for party in parties {
            places.insert(party, (side + CENTRE.0 + RADIUS * angle.sin(), CENTRE.1 - RADIUS * angle.cos()));
            angle += std::f64::consts::TAU / f64::from(u32::try_from(parties.len()).unwrap_or(1));
        }
        for join in joins {
            let (Some((x, y)), Some((to_x, to_y))) = (places.get(&join.left), places.get(&join.right)) else {
                continue;
            };
            let by = join.by.iter().map(|by| escaped(by)).collect::<Vec<_>>().join(", ");
            put(format!(
                "<line x1=\"{x:.0}\" y1=\"{y:.0}\" x2=\"{to_x:.0}\" y2=\"{to_y:.0}\" stroke=\"#c33\"><title>{by}</title></line>\n"
            ));
        }
        for (party, (x, y)) in &places {
            let mut node = String::new();
            // Writing to a text can not fail.
            let _written = write!(
                node,
                "<circle cx=\"{x:.0}\" cy=\"{y:.0}\" r=\"8\" fill=\"#235\"/>\n\
                 <text x=\"{x:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text>\n",
                y - 14.0,
                escaped(party)
            );
            put(node);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
