//! Somebody else's words inside ours.

use std::borrow::Cow;

/// The text as it stands between double quotes: a quote of its own cannot end them.
#[must_use]
pub fn within_quotes(text: &str) -> Cow<'_, str> {
    if text.contains(['"', '\\']) { Cow::Owned(text.replace('\\', "\\\\").replace('"', "\\\"")) } else { Cow::Borrowed(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_breaks_out() {
        assert_eq!(within_quotes("ET SCAN x"), "ET SCAN x");
        assert_eq!(within_quotes("x\" said \\ nobody"), "x\\\" said \\\\ nobody");
    }
}
