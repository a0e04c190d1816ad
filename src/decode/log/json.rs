//! JSON as logs hold it, an object a line, read once from front to back without building a tree (RFC 8259).
//!
//! A tree of a line of 500 bytes costs some forty allocations, and most of it is never looked at. This reader is pulled:
//! the caller asks for the next key and takes its value, enters it, or leaves it. Strings are slices of the line; only one
//! with a backslash is copied, and only when its text is asked for.
//!
//! The grammar is checked in full, in what is left as well as in what is read, so a line that was cut off or damaged is
//! rejected and not half believed. Four things are taken that a strict parser refuses, since whoever attacks writes part
//! of the line and must not be able to hide the rest: control characters and bytes that are no UTF-8 within strings, a
//! surrogate without its half, numbers of any size. Objects and arrays may be [`MAX_DEPTH`] deep.

mod pieces;
#[cfg(test)]
mod tests;
pub(super) mod values;

use std::borrow::Cow;

use memchr::memchr2;

use super::super::record::Reject;
pub(super) use pieces::Pieces;

/// Deepest nesting, the outermost object included. The kinds of open containers are kept in the bits of one word.
pub(super) const MAX_DEPTH: u32 = 64;

const CUT_OFF: Reject = Reject("cut-off JSON");
const DAMAGED: Reject = Reject("damaged JSON");
const TOO_DEEP: Reject = Reject("JSON nested too deep");

/// A string as it stands between its quotes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Text<'a> {
    /// Between the quotes, escapes as they are.
    pub(super) raw: &'a [u8],
    /// Is there a backslash in it?
    pub(super) escaped: bool,
}

impl<'a> Text<'a> {
    /// What it says.
    pub(super) fn bytes(self) -> Cow<'a, [u8]> {
        if self.escaped { unescaped(self.raw).into() } else { self.raw.into() }
    }
}

/// A value, or the beginning of one that holds others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value<'a> {
    /// A string.
    Text(Text<'a>),
    /// A number, as it is written.
    Number(&'a [u8]),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
    /// An object, entered: [`Reader::key`] is next, or [`Reader::leave`].
    Object,
    /// An array, entered: [`Reader::item`] is next, or [`Reader::leave`].
    Array,
}

impl<'a> Value<'a> {
    /// The characters of a string without escapes, of a number, or of `true` and `false`; nothing for the others. For
    /// values that need no escapes: addresses, numbers, times, words of a fixed list.
    #[inline]
    pub(super) fn plain(self) -> &'a [u8] {
        match self {
            Self::Text(Text { raw, escaped: false }) | Self::Number(raw) => raw,
            Self::Bool(true) => b"true",
            Self::Bool(false) => b"false",
            Self::Text(_) | Self::Null | Self::Object | Self::Array => b"",
        }
    }

    /// The text of a string; empty for anything else.
    #[inline]
    pub(super) fn text(self) -> Text<'a> {
        if let Self::Text(text) = self { text } else { Text::default() }
    }
}

/// Reads one document.
#[derive(Clone, Debug)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Containers that are open.
    depth: u32,
    /// One bit each, the innermost lowest: is it an object?
    objects: u64,
    /// Has the innermost container just been entered?
    fresh: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, depth: 0, objects: 0, fresh: false }
    }

    /// Bytes that have been read.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Enters the object that the document must be.
    ///
    /// # Errors
    /// When it is something else.
    pub(super) fn object(bytes: &'a [u8]) -> Result<Self, Reject> {
        let mut reader = Self::new(bytes);
        match reader.value()? {
            Value::Object => Ok(reader),
            _ => Err(Reject("no JSON object")),
        }
    }

    /// The next byte that is no white space, not taken.
    #[inline]
    fn peek(&mut self) -> Result<u8, Reject> {
        loop {
            match self.bytes.get(self.at) {
                Some(&b) if b > b' ' => return Ok(b),
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(&b) => return Ok(b),
                None => return Err(CUT_OFF),
            }
        }
    }

    /// The next key of the object that was entered last, its value still to be taken. `None`: the object is over, and its
    /// container is the innermost again.
    #[inline(always)]
    pub(super) fn key(&mut self) -> Result<Option<Text<'a>>, Reject> {
        match self.usual_key() {
            Some(raw) => Ok(Some(Text { raw, escaped: false })),
            None => self.any_key(),
        }
    }

    /// A key as machines write it: no white space around it, no escapes, fifteen bytes at most, and the line goes on.
    /// Anything else is left to [`Reader::any_key`].
    #[inline(always)]
    fn usual_key(&mut self) -> Option<&'a [u8]> {
        let rest = self.bytes.get(self.at..)?;
        let (before, rest) = match rest {
            [b',', b'"', rest @ ..] if !self.fresh => (2, rest),
            [b'"', rest @ ..] if self.fresh => (1, rest),
            _ => return None,
        };
        let len = first_mark(rest.first_chunk()?);
        if len >= 16 || !rest.get(len..).is_some_and(|rest| rest.starts_with(b"\":")) {
            return None;
        }
        self.fresh = false;
        self.at += before + len + 2;
        rest.get(..len)
    }

    fn any_key(&mut self) -> Result<Option<Text<'a>>, Reject> {
        let mut next = self.peek()?;
        if next == b'}' {
            self.at += 1;
            self.close();
            return Ok(None);
        }
        if !std::mem::take(&mut self.fresh) {
            if next != b',' {
                return Err(DAMAGED);
            }
            self.at += 1;
            next = self.peek()?;
        }
        if next != b'"' {
            return Err(DAMAGED);
        }
        self.at += 1;
        self.named()
    }

    /// The rest of a key whose opening quote has been taken, and its colon.
    fn named(&mut self) -> Result<Option<Text<'a>>, Reject> {
        let key = self.string()?;
        if self.peek()? != b':' {
            return Err(DAMAGED);
        }
        self.at += 1;
        Ok(Some(key))
    }

    /// Is there a next item in the array that was entered last? Its value is to be taken then. `false`: the array is over,
    /// and its container is the innermost again.
    #[inline]
    pub(super) fn item(&mut self) -> Result<bool, Reject> {
        let next = self.peek()?;
        if next == b']' {
            self.at += 1;
            self.close();
            return Ok(false);
        }
        if !std::mem::take(&mut self.fresh) {
            if next != b',' {
                return Err(DAMAGED);
            }
            self.at += 1;
        }
        Ok(true)
    }

    fn close(&mut self) {
        self.depth -= u32::from(self.depth > 0);
        self.objects >>= 1;
        self.fresh = false;
    }

    fn enter(&mut self, object: bool) -> Result<(), Reject> {
        if self.depth == MAX_DEPTH {
            return Err(TOO_DEEP);
        }
        self.at += 1;
        self.depth += 1;
        self.objects = self.objects << 1 | u64::from(object);
        self.fresh = true;
        Ok(())
    }

    /// Takes a value, or enters it.
    #[inline]
    pub(super) fn value(&mut self) -> Result<Value<'a>, Reject> {
        match self.peek()? {
            b'"' => {
                self.at += 1;
                self.string().map(Value::Text)
            }
            b'-' | b'0'..=b'9' => self.number().map(Value::Number),
            b'{' => self.enter(true).map(|()| Value::Object),
            b'[' => self.enter(false).map(|()| Value::Array),
            b't' => self.word(b"true").map(|()| Value::Bool(true)),
            b'f' => self.word(b"false").map(|()| Value::Bool(false)),
            b'n' => self.word(b"null").map(|()| Value::Null),
            _ => Err(DAMAGED),
        }
    }

    /// A value as machines write it: a string without escapes or a whole number without a sign, right here. Anything else is
    /// left to [`Reader::value`].
    #[inline(always)]
    fn usual(&mut self) -> Option<&'a [u8]> {
        let rest = self.bytes.get(self.at..)?;
        match rest.first()? {
            b'"' => {
                let rest = rest.get(1..)?;
                let len = quote_or_backslash(rest)?;
                if rest.get(len) != Some(&b'"') {
                    return None;
                }
                self.at += len + 2;
                rest.get(..len)
            }
            first @ b'0'..=b'9' => {
                let len = digits(rest);
                if !matches!(rest.get(len), Some(b',' | b'}' | b']')) || *first == b'0' && len > 1 {
                    return None;
                }
                self.at += len;
                rest.get(..len)
            }
            _ => None,
        }
    }

    /// Takes a value and gives its characters as they stand, without quotes, but with escapes; an object or array is left.
    /// Nothing for `null`, objects and arrays.
    #[inline(always)]
    pub(super) fn cell(&mut self) -> Result<&'a [u8], Reject> {
        match self.usual() {
            Some(raw) => Ok(raw),
            None => self.any_scalar().map(|value| if let Value::Text(text) = value { text.raw } else { value.plain() }),
        }
    }

    /// Takes a value and gives its characters as [`Value::plain`] does; an object or array is left.
    #[inline(always)]
    pub(super) fn plain(&mut self) -> Result<&'a [u8], Reject> {
        match self.usual() {
            Some(raw) => Ok(raw),
            None => self.any_scalar().map(Value::plain),
        }
    }

    /// Takes a value; an object or array is left, and stands for nothing.
    pub(super) fn any_scalar(&mut self) -> Result<Value<'a>, Reject> {
        match self.value()? {
            Value::Object | Value::Array => self.leave().map(|()| Value::Null),
            value => Ok(value),
        }
    }

    /// Takes a value that nobody needs.
    pub(super) fn skip(&mut self) -> Result<(), Reject> {
        if self.usual().is_some() {
            return Ok(());
        }
        if matches!(self.value()?, Value::Object | Value::Array) { self.leave() } else { Ok(()) }
    }

    /// Takes a value of any kind; gives the bytes that it stands in.
    pub(super) fn raw(&mut self) -> Result<&'a [u8], Reject> {
        self.peek()?;
        let from = self.at;
        self.skip()?;
        Ok(self.bytes.get(from..self.at).unwrap_or_default())
    }

    /// Leaves the container that was entered last, wherever in it the reader stands between two values.
    pub(super) fn leave(&mut self) -> Result<(), Reject> {
        let outside = self.depth.saturating_sub(1);
        while self.depth > outside {
            let more = if self.objects & 1 == 1 { self.key()?.is_some() } else { self.item()? };
            if more && self.usual().is_none() {
                self.value()?;
            }
        }
        Ok(())
    }

    /// Nothing but white space may follow.
    ///
    /// # Errors
    /// When something does.
    pub(super) fn end(&mut self) -> Result<(), Reject> {
        if self.peek() == Err(CUT_OFF) { Ok(()) } else { Err(Reject("something behind the JSON object")) }
    }

    /// The rest of a string whose opening quote has been taken.
    #[inline(always)]
    fn string(&mut self) -> Result<Text<'a>, Reject> {
        let from = self.at;
        let rest = self.bytes.get(from..).unwrap_or_default();
        let Some(found) = quote_or_backslash(rest) else { return Err(CUT_OFF) };
        if rest.get(found) == Some(&b'"') {
            self.at = from + found + 1;
            return Ok(Text { raw: rest.get(..found).unwrap_or_default(), escaped: false });
        }
        self.at = from + found;
        self.escaped_string(from)
    }

    /// The same from its first backslash on.
    fn escaped_string(&mut self, from: usize) -> Result<Text<'a>, Reject> {
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let Some(found) = memchr2(b'"', b'\\', rest) else { return Err(CUT_OFF) };
            let at = self.at + found;
            if rest.get(found) == Some(&b'"') {
                self.at = at + 1;
                return Ok(Text { raw: self.bytes.get(from..at).unwrap_or_default(), escaped: true });
            }
            self.at = at
                + match self.bytes.get(at + 1) {
                    Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
                    Some(b'u') if self.bytes.get(at + 2..at + 6).and_then(hex4).is_some() => 6,
                    Some(_) => return Err(DAMAGED),
                    None => return Err(CUT_OFF),
                };
        }
    }

    /// A number: sign, digits without a leading zero, fraction, exponent.
    #[inline]
    fn number(&mut self) -> Result<&'a [u8], Reject> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let digits = |from: usize| digits(rest.get(from..).unwrap_or_default());
        let mut at = usize::from(rest.first() == Some(&b'-'));
        let whole = digits(at);
        if whole == 0 || whole > 1 && rest.get(at) == Some(&b'0') {
            return Err(DAMAGED);
        }
        at += whole;
        if rest.get(at) == Some(&b'.') {
            let fraction = digits(at + 1);
            if fraction == 0 {
                return Err(DAMAGED);
            }
            at += 1 + fraction;
        }
        if matches!(rest.get(at), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(rest.get(at + 1), Some(b'+' | b'-')));
            let exponent = digits(at + 1 + sign);
            if exponent == 0 {
                return Err(DAMAGED);
            }
            at += 1 + sign + exponent;
        }
        self.at += at;
        Ok(rest.get(..at).unwrap_or_default())
    }

    fn word(&mut self, word: &[u8]) -> Result<(), Reject> {
        if !self.bytes.get(self.at..).unwrap_or_default().starts_with(word) {
            return Err(DAMAGED);
        }
        self.at += word.len();
        Ok(())
    }
}

/// Where the first quote or backslash is. Most strings are short, and looked through sixteen bytes at a time here; that is
/// cheaper than a call.
#[inline(always)]
fn quote_or_backslash(rest: &[u8]) -> Option<usize> {
    let mut at = 0;
    for block in rest.as_chunks().0.iter().take(4) {
        let found = first_mark(block);
        if found < 16 {
            return Some(at + found);
        }
        at += 16;
    }
    memchr2(b'"', b'\\', rest.get(at..)?).map(|found| at + found)
}

/// Where the first quote or backslash among sixteen bytes is; 16 or more if there is none.
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
#[inline(always)]
fn first_mark(block: &[u8; 16]) -> usize {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_movemask_epi8, _mm_or_si128, _mm_set_epi64x, _mm_set1_epi8};
    let both = u128::from_le_bytes(*block);
    // SAFETY: the instructions are there: SSE2 is among the features that this is compiled for. No memory is touched.
    let marks = unsafe {
        let block = _mm_set_epi64x((both >> 64) as i64, both as i64);
        let quotes = _mm_cmpeq_epi8(block, _mm_set1_epi8(b'"' as i8));
        let backslashes = _mm_cmpeq_epi8(block, _mm_set1_epi8(b'\\' as i8));
        _mm_movemask_epi8(_mm_or_si128(quotes, backslashes))
    };
    marks.trailing_zeros() as usize
}

/// The same eight bytes at a time. A byte is zero after the exclusive or if it is the one looked for, and the lowest bit of
/// what is left is its highest: what the borrow of the subtraction adds stands above it.
#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
#[inline(always)]
fn first_mark(block: &[u8; 16]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let zero = |w: u64| w.wrapping_sub(ONES) & !w;
    let mut at = 0;
    for word in block.as_chunks::<8>().0 {
        let word = u64::from_le_bytes(*word);
        let found = (zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\')))) & (ONES << 7);
        if found != 0 {
            return at + found.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    16
}

/// How many decimal digits there are at the beginning, eight at a time: less 0x30 they are below ten, and what is not
/// carries into the highest bit of its byte and no further.
#[inline(always)]
fn digits(text: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let (words, rest) = text.as_chunks::<8>();
    let mut at = 0;
    for word in words {
        let less = u64::from_le_bytes(*word) ^ (ONES * 0x30);
        let others = (less | ((less & (ONES * 0x7f)) + ONES * 0x76)) & (ONES << 7);
        if others != 0 {
            return at + others.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at + rest.iter().take_while(|b| b.is_ascii_digit()).count()
}

fn hex4(digits: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(digits).ok().filter(|t| t.len() == 4 && t.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u16::from_str_radix(text, 16).ok()
}

/// Without escapes. A surrogate without its half becomes U+FFFD, as in [`String::from_utf16_lossy`].
fn unescaped(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(found) = memchr::memchr(b'\\', rest) {
        out.extend_from_slice(rest.get(..found).unwrap_or_default());
        let mut len = 2;
        match rest.get(found + 1) {
            Some(b'b') => out.push(8),
            Some(b'f') => out.push(12),
            Some(b'n') => out.push(b'\n'),
            Some(b'r') => out.push(b'\r'),
            Some(b't') => out.push(b'\t'),
            Some(b'u') => {
                let unit = |at: usize| rest.get(at..at + 4).and_then(hex4);
                let first = unit(found + 2).unwrap_or(0xfffd);
                len = 6;
                let mut units = [first, 0];
                let mut used = 1;
                if (0xd800..0xdc00).contains(&first)
                    && rest.get(found + 6..found + 8) == Some(b"\\u")
                    && let Some(second @ 0xdc00..0xe000) = unit(found + 8)
                {
                    (units[1], used, len) = (second, 2, 12);
                }
                let text = String::from_utf16_lossy(units.get(..used).unwrap_or_default());
                out.extend_from_slice(text.as_bytes());
            }
            // A quote, a backslash, a slash.
            Some(&b) => out.push(b),
            None => {}
        }
        rest = rest.get(found + len..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

/// An unsigned number in decimal digits, nothing else; what does not fit is none.
#[inline]
pub(super) fn unsigned(text: &[u8]) -> Option<u64> {
    if text.len() < 20 {
        // Nineteen digits always fit.
        let (mut sum, mut wrong) = (0_u64, text.is_empty());
        for b in text {
            let digit = b.wrapping_sub(b'0');
            wrong |= digit > 9;
            sum = sum.wrapping_mul(10).wrapping_add(u64::from(digit));
        }
        return if wrong { None } else { Some(sum) };
    }
    if text.len() > 20 {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, b| {
        let digit = b.wrapping_sub(b'0');
        if digit > 9 { None } else { sum.checked_mul(10)?.checked_add(u64::from(digit)) }
    })
}
