//! Many additions of affine points at once, with one field inversion for all.
//!
//! Source: Montgomery's simultaneous inversion (1987), applied to λ = (y₂ − y₁)/(x₂ − x₁). An addition costs 5 multiplications and
//! a squaring, where adding an affine to a projective point costs 7 and 4.
//!
//! Timing: constant in the coordinates; there is no branch on any.
//! Caution: no pair may be equal or opposite. Who calls this says why none is.

#![forbid(unsafe_code)]

use super::fp::{self, Fp};
use super::g1::Affine;
use zeroize::Zeroize;

/// Adds to each point of `left` the point of `right` at the same place. Needs left ≠ ±right in each place.
///
/// `products` is scratch space; the caller erases it.
pub(super) fn add_each(left: &mut [Affine], right: &[Affine], products: &mut Vec<Fp>) {
    let mut product: Option<Fp> = None;
    products.clear();
    for (p, q) in left.iter().zip(right) {
        let difference = fp::sub(&q.x, &p.x);
        let next = product.map_or(difference, |product| fp::mul(&product, &difference));
        products.push(next);
        product = Some(next);
    }
    let Some(product) = product else { return };
    // The inverse of the product of all differences up to the current one.
    let mut inverse = fp::invert(&product);
    for (i, (p, q)) in left.iter_mut().zip(right).enumerate().rev() {
        let slope = match i.checked_sub(1).and_then(|before| products.get(before)) {
            Some(before) => {
                let inverse_here = fp::mul(&inverse, before);
                inverse = fp::mul(&inverse, &fp::sub(&q.x, &p.x));
                fp::mul(&inverse_here, &fp::sub(&q.y, &p.y))
            }
            None => fp::mul(&inverse, &fp::sub(&q.y, &p.y)),
        };
        let x = fp::sub(&fp::sub(&fp::square(&slope), &p.x), &q.x);
        let y = fp::sub(&fp::mul(&slope, &fp::sub(&p.x, &x)), &p.y);
        *p = Affine { x, y };
    }
}

/// Overwrites points with 0.
pub(super) fn clear_points(points: &mut [Affine]) {
    for point in points {
        point.x.l.zeroize();
        point.y.l.zeroize();
    }
}

/// Overwrites field elements with 0.
pub(super) fn clear_elements(elements: &mut [Fp]) {
    for element in elements {
        element.l.zeroize();
    }
}
