//! JSON with other white space: the same text otherwise.

/// Every line of `data` with a blank on both sides of each bracket, colon and comma that stands outside a string. `None` if some
/// line is no object with balanced brackets and closed strings, where white space may change what is damaged.
#[must_use]
pub fn lines(data: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(data.len() * 2);
    for line in data.split(|&b| b == b'\n') {
        if !line.trim_ascii().is_empty() {
            serde_json::from_slice::<serde::de::IgnoredAny>(line).ok()?;
        }
        let (mut inside, mut escaped) = (false, false);
        for &byte in line {
            let token = !inside && matches!(byte, b'{' | b'}' | b'[' | b']' | b':' | b',');
            // Not in front of a line: some formats are told by its first byte.
            if token && !out.is_empty() && !out.ends_with(b"\n") {
                out.push(b' ');
            }
            out.push(byte);
            if token {
                out.push(b' ');
            }
            match byte {
                _ if escaped => escaped = false,
                b'\\' if inside => escaped = true,
                b'"' => inside = !inside,
                _ => {}
            }
        }
        out.push(b'\n');
    }
    Some(out)
}
