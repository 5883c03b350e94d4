//! Operators by value and by reference, from the one implementation on two references.

/// From `&L op &R -> O`: the three other combinations, and where L = O the assigning operator.
macro_rules! forward_binary {
    ($op:ident::$method:ident, $assign_op:ident::$assign:ident, $left:ty, $right:ty) => {
        crate::operators::forward_binary!($op::$method, $left, $right, $left);

        impl $assign_op<$right> for $left {
            fn $assign(&mut self, other: $right) {
                *self = $op::$method(&*self, &other);
            }
        }

        impl $assign_op<&$right> for $left {
            fn $assign(&mut self, other: &$right) {
                *self = $op::$method(&*self, other);
            }
        }
    };
    ($op:ident::$method:ident, $left:ty, $right:ty, $output:ty) => {
        impl $op<$right> for $left {
            type Output = $output;
            fn $method(self, other: $right) -> $output {
                $op::$method(&self, &other)
            }
        }

        impl $op<&$right> for $left {
            type Output = $output;
            fn $method(self, other: &$right) -> $output {
                $op::$method(&self, other)
            }
        }

        impl $op<$right> for &$left {
            type Output = $output;
            fn $method(self, other: $right) -> $output {
                $op::$method(self, &other)
            }
        }
    };
}

/// `Sum` over values and over references.
macro_rules! forward_sum {
    ($sum:ty, $item:ty, $zero:expr) => {
        impl core::iter::Sum<$item> for $sum {
            fn sum<I: Iterator<Item = $item>>(items: I) -> Self {
                items.fold($zero, |sum, item| sum + item)
            }
        }

        impl<'a> core::iter::Sum<&'a $item> for $sum {
            fn sum<I: Iterator<Item = &'a $item>>(items: I) -> Self {
                items.fold($zero, |sum, item| sum + item)
            }
        }
    };
}

/// Everything that G1 and G2 do alike besides their inherent methods.
macro_rules! group_traits {
    ($point:ident, $nonzero:ident, $backend:ident) => {
        impl PartialEq for $point {
            fn eq(&self, other: &Self) -> bool {
                self.ct_eq(other).into()
            }
        }

        impl Eq for $point {}

        impl ConstantTimeEq for $point {
            fn ct_eq(&self, other: &Self) -> Choice {
                $backend::ct_eq(&self.0, &other.0)
            }
        }

        impl ConditionallySelectable for $point {
            fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
                Self($backend::select(&a.0, &b.0, choice))
            }
        }

        impl Default for $point {
            /// The identity.
            fn default() -> Self {
                Self::identity()
            }
        }

        impl Zeroize for $point {
            /// Overwrites with the identity.
            fn zeroize(&mut self) {
                $backend::zeroize(&mut self.0);
            }
        }

        impl fmt::Debug for $point {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                crate::operators::write_hex(f, stringify!($point), &self.to_bytes())
            }
        }

        impl PartialEq for $nonzero {
            fn eq(&self, other: &Self) -> bool {
                self.ct_eq(other).into()
            }
        }

        impl Eq for $nonzero {}

        impl ConstantTimeEq for $nonzero {
            fn ct_eq(&self, other: &Self) -> Choice {
                $backend::ct_eq_affine(&self.0, &other.0)
            }
        }

        impl ConditionallySelectable for $nonzero {
            fn conditional_select(a: &Self, b: &Self, choice: Choice) -> Self {
                Self($backend::select_affine(&a.0, &b.0, choice))
            }
        }

        impl fmt::Debug for $nonzero {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                crate::operators::write_hex(f, stringify!($nonzero), &self.to_bytes())
            }
        }

        impl From<$nonzero> for $point {
            fn from(point: $nonzero) -> Self {
                Self($backend::from_affine(&point.0))
            }
        }

        impl From<&$nonzero> for $point {
            fn from(point: &$nonzero) -> Self {
                Self($backend::from_affine(&point.0))
            }
        }

        impl Add<&$point> for &$point {
            type Output = $point;
            fn add(self, other: &$point) -> $point {
                $point($backend::add(&self.0, &other.0))
            }
        }

        impl Sub<&$point> for &$point {
            type Output = $point;
            fn sub(self, other: &$point) -> $point {
                $point($backend::add(&self.0, &$backend::neg(&other.0)))
            }
        }

        impl Add<&$nonzero> for &$point {
            type Output = $point;
            fn add(self, other: &$nonzero) -> $point {
                $point($backend::add_affine(&self.0, &other.0))
            }
        }

        impl Sub<&$nonzero> for &$point {
            type Output = $point;
            fn sub(self, other: &$nonzero) -> $point {
                $point($backend::add_affine(&self.0, &$backend::neg_affine(&other.0)))
            }
        }

        impl Add<&$point> for &$nonzero {
            type Output = $point;
            fn add(self, other: &$point) -> $point {
                other + self
            }
        }

        impl Sub<&$point> for &$nonzero {
            type Output = $point;
            fn sub(self, other: &$point) -> $point {
                -other + self
            }
        }

        impl Add<&$nonzero> for &$nonzero {
            type Output = $point;
            fn add(self, other: &$nonzero) -> $point {
                $point::from(self) + other
            }
        }

        impl Sub<&$nonzero> for &$nonzero {
            type Output = $point;
            fn sub(self, other: &$nonzero) -> $point {
                $point::from(self) - other
            }
        }

        impl Mul<&Scalar> for &$point {
            type Output = $point;
            /// In constant time.
            fn mul(self, scalar: &Scalar) -> $point {
                $point($backend::mul(&self.0, &scalar.0))
            }
        }

        impl Mul<&Scalar> for &$nonzero {
            type Output = $point;
            /// In constant time.
            fn mul(self, scalar: &Scalar) -> $point {
                &$point::from(self) * scalar
            }
        }

        impl Neg for $point {
            type Output = Self;
            fn neg(self) -> Self {
                Self($backend::neg(&self.0))
            }
        }

        impl Neg for &$point {
            type Output = $point;
            fn neg(self) -> $point {
                -*self
            }
        }

        impl Neg for $nonzero {
            type Output = Self;
            fn neg(self) -> Self {
                Self($backend::neg_affine(&self.0))
            }
        }

        impl Neg for &$nonzero {
            type Output = $nonzero;
            fn neg(self) -> $nonzero {
                -*self
            }
        }

        crate::operators::forward_binary!(Add::add, AddAssign::add_assign, $point, $point);
        crate::operators::forward_binary!(Sub::sub, SubAssign::sub_assign, $point, $point);
        crate::operators::forward_binary!(Add::add, AddAssign::add_assign, $point, $nonzero);
        crate::operators::forward_binary!(Sub::sub, SubAssign::sub_assign, $point, $nonzero);
        crate::operators::forward_binary!(Mul::mul, MulAssign::mul_assign, $point, Scalar);
        crate::operators::forward_binary!(Add::add, $nonzero, $point, $point);
        crate::operators::forward_binary!(Sub::sub, $nonzero, $point, $point);
        crate::operators::forward_binary!(Add::add, $nonzero, $nonzero, $point);
        crate::operators::forward_binary!(Sub::sub, $nonzero, $nonzero, $point);
        crate::operators::forward_binary!(Mul::mul, $nonzero, Scalar, $point);
        crate::operators::forward_sum!($point, $point, $point::identity());
        crate::operators::forward_sum!($point, $nonzero, $point::identity());
    };
}

pub(crate) use {forward_binary, forward_sum, group_traits};

/// `Name(0123…)`.
pub(crate) fn write_hex(f: &mut core::fmt::Formatter<'_>, name: &str, bytes: &[u8]) -> core::fmt::Result {
    write!(f, "{name}(")?;
    for byte in bytes {
        write!(f, "{byte:02x}")?;
    }
    f.write_str(")")
}
