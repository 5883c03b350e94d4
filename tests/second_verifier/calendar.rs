//! Days and months of the proleptic Gregorian calendar: `spec/encodings.md` and the age rule of `spec/request-language.md`.

fn is_leap(year: i128) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn month_length(year: i128, month: i128) -> i128 {
    match month {
        2 => 28 + i128::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 0001-01-01; none where the calendar has no such day.
pub(crate) fn day_number(year: i128, month: i128, day: i128) -> Option<i128> {
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=month_length(year, month)).contains(&day) {
        return None;
    }
    let past = year - 1;
    let months: i128 = (1..month).map(|month| month_length(year, month)).sum();
    Some(365 * past + past / 4 - past / 100 + past / 400 + months + day - 1)
}

/// Year, month and day of a day number.
pub(crate) fn date(days: i128) -> (i128, i128, i128) {
    let mut year = days / 366 + 1;
    while day_number(year + 1, 1, 1).is_some_and(|first| first <= days) {
        year += 1;
    }
    let mut month = 1;
    while month < 12 && day_number(year, month + 1, 1).is_some_and(|first| first <= days) {
        month += 1;
    }
    (year, month, days - day_number(year, month, 1).unwrap() + 1)
}

/// `YYYY-MM-DD`.
pub(crate) fn parse_date(text: &str) -> Option<i128> {
    let part = |range: std::ops::Range<usize>| number(text.get(range)?);
    let well_formed = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    well_formed.then_some(())?;
    day_number(part(0..4)?, part(5..7)?, part(8..10)?)
}

/// `YYYY-MM` as months since January of year 1.
pub(crate) fn parse_month(text: &str) -> Option<i128> {
    let well_formed = text.len() == 7 && text.get(4..5) == Some("-");
    well_formed.then_some(())?;
    let (year, month) = (number(&text[..4])?, number(text.get(5..)?)?);
    ((1..=9999).contains(&year) && (1..=12).contains(&month)).then_some(12 * (year - 1) + month - 1)
}

fn number(text: &str) -> Option<i128> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// The month in which a day lies.
pub(crate) fn month_of(days: i128) -> i128 {
    let (year, month, _) = date(days);
    12 * (year - 1) + month - 1
}

/// The last date of birth of who is `years` old on the day `as_of`.
pub(crate) fn last_birth(as_of: i128, years: i128) -> Option<i128> {
    let (year, month, day) = date(as_of);
    let then = year - years;
    if (month, day) == (2, 29) && !is_leap(then) { day_number(then, 2, 28) } else { day_number(then, month, day) }
}
