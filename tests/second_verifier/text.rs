//! The rules of text: `spec/encodings.md`, Text.

/// Words of 1 to `max` characters that can be shown.
pub(crate) fn is_readable(text: &str, max: usize) -> bool {
    let count = text.chars().count();
    let edge = |c: Option<char>| c.is_some_and(|c| !c.is_whitespace());
    (1..=max).contains(&count)
        && edge(text.chars().next())
        && edge(text.chars().next_back())
        && text.chars().any(|c| {
            !c.is_whitespace()
                && !matches!(u32::from(c),
                    0x17b4 | 0x17b5 | 0x180b..=0x180d | 0x180f | 0x200c | 0x200d | 0x2800 | 0xfe00..=0xfe0f)
        })
        && text.chars().all(|c| {
            !c.is_control()
                && !matches!(u32::from(c),
                    0xad | 0x34f | 0x61c | 0x115f | 0x1160 | 0x180e | 0x200b | 0x200e | 0x200f | 0x2028..=0x202e
                    | 0x2060..=0x206f | 0x3164 | 0xfeff | 0xffa0 | 0xfff9..=0xfffb | 0xe0000..=0xe0fff)
        })
}
