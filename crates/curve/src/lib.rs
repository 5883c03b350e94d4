//! BLS12-381 for Milchglas: checked points, scalars, multi-scalar multiplication, pairing products, hash to curve
