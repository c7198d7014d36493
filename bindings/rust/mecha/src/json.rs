// SPDX-License-Identifier: Apache-2.0
//! JSON for programs that want no other crate: [`Json`], read and written. Numbers are kept as they
//! are written. For types of your own there are other crates: values and bodies are `&[u8]` to them.
use crate::{Error, Result, Status};
use std::fmt::{self, Display, Write};
use std::ops::Index;

/// How deep arrays and objects may nest.
const DEEPEST: usize = 128;

/// One JSON value. `json["name"]` and `json[0]` of what is not there are [`Json::Null`].
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as it was written.
    Number(String),
    /// A text.
    Text(String),
    /// Values in order.
    Array(Vec<Json>),
    /// Names and values in order; of a name that comes twice the last one counts.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads a whole text.
    ///
    /// # Errors
    /// `DataLoss` with the place where it is not JSON.
    pub fn parse(bytes: impl AsRef<[u8]>) -> Result<Json> {
        let bytes = bytes.as_ref();
        let mut reader = Reader { bytes, at: 0 };
        let value = reader.value(0)?;
        reader.skip_blanks();
        if reader.at < bytes.len() {
            return Err(reader.wrong("more text"));
        }
        Ok(value)
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The number, if it is a whole one that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Json::Number(number) => number.parse().ok(),
            _ => None,
        }
    }

    /// The number, if it is one.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Json::Number(number) => number.parse().ok(),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Json::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The values of an array; of anything else none.
    #[must_use]
    pub fn items(&self) -> &[Json] {
        match self {
            Json::Array(items) => items,
            _ => &[],
        }
    }

    /// The names and values of an object; of anything else none.
    #[must_use]
    pub fn members(&self) -> &[(String, Json)] {
        match self {
            Json::Object(members) => members,
            _ => &[],
        }
    }

    /// The value of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        let mut members = self.members().iter().rev();
        members.find(|(other, _)| other == name).map(|(_, value)| value)
    }
}

impl Index<&str> for Json {
    type Output = Json;

    fn index(&self, name: &str) -> &Json {
        self.get(name).unwrap_or(&Json::Null)
    }
}

impl Index<usize> for Json {
    type Output = Json;

    fn index(&self, index: usize) -> &Json {
        self.items().get(index).unwrap_or(&Json::Null)
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Json {
        Json::Text(text.to_owned())
    }
}

impl From<i64> for Json {
    fn from(number: i64) -> Json {
        Json::Number(number.to_string())
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Json {
        Json::Bool(value)
    }
}

/// An object of names and values, in this order.
impl<const N: usize> From<[(&str, Json); N]> for Json {
    fn from(members: [(&str, Json); N]) -> Json {
        let owned = |(name, value): (&str, Json)| (name.to_owned(), value);
        Json::Object(members.into_iter().map(owned).collect())
    }
}

impl Display for Json {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => out.write_str("null"),
            Json::Bool(value) => write!(out, "{value}"),
            Json::Number(number) => out.write_str(number),
            Json::Text(text) => write_text(out, text),
            Json::Array(items) => {
                out.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    out.write_str(if index > 0 { "," } else { "" })?;
                    write!(out, "{item}")?;
                }
                out.write_char(']')
            }
            Json::Object(members) => {
                out.write_char('{')?;
                for (index, (name, value)) in members.iter().enumerate() {
                    out.write_str(if index > 0 { "," } else { "" })?;
                    write_text(out, name)?;
                    write!(out, ":{value}")?;
                }
                out.write_char('}')
            }
        }
    }
}

fn write_text(out: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for letter in text.chars() {
        match letter {
            '"' | '\\' => write!(out, "\\{letter}")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            letter if u32::from(letter) < 0x20 => write!(out, "\\u{:04x}", u32::from(letter))?,
            letter => out.write_char(letter)?,
        }
    }
    out.write_char('"')
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn wrong(&self, what: &str) -> Error {
        let text = format!("not JSON: {what} at byte {}", self.at);
        Error::new(Status::DataLoss, text)
    }

    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\n' | b'\r') {
            self.at += 1;
        }
    }

    fn takes(&mut self, byte: u8) -> bool {
        self.skip_blanks();
        let is_there = self.peek() == byte;
        self.at += usize::from(is_there);
        is_there
    }

    fn value(&mut self, depth: usize) -> Result<Json> {
        self.skip_blanks();
        if depth > DEEPEST {
            return Err(self.wrong("too deep"));
        }
        match self.peek() {
            b'{' => self.object(depth),
            b'[' => self.array(depth),
            b'"' => self.text().map(Json::Text),
            b'-' | b'0'..=b'9' => self.number(),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Json> {
        let words =
            [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))];
        for (word, value) in words {
            if self.bytes[self.at..].starts_with(word.as_bytes()) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.wrong("no value"))
    }

    fn digits(&mut self) -> Result<()> {
        if !self.peek().is_ascii_digit() {
            return Err(self.wrong("no digit"));
        }
        while self.peek().is_ascii_digit() {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Json> {
        let begin = self.at;
        self.at += usize::from(self.peek() == b'-');
        if self.peek() == b'0' {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), b'e' | b'E') {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), b'+' | b'-'));
            self.digits()?;
        }
        let number = String::from_utf8_lossy(&self.bytes[begin..self.at]);
        Ok(Json::Number(number.into_owned()))
    }

    fn array(&mut self, depth: usize) -> Result<Json> {
        self.at += 1;
        let mut items = Vec::new();
        if self.takes(b']') {
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            if self.takes(b']') {
                return Ok(Json::Array(items));
            }
            if !self.takes(b',') {
                return Err(self.wrong("no comma"));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json> {
        self.at += 1;
        let mut members = Vec::new();
        if self.takes(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.skip_blanks();
            let name = self.text()?;
            if !self.takes(b':') {
                return Err(self.wrong("no colon"));
            }
            members.push((name, self.value(depth + 1)?));
            if self.takes(b'}') {
                return Ok(Json::Object(members));
            }
            if !self.takes(b',') {
                return Err(self.wrong("no comma"));
            }
        }
    }

    fn text(&mut self) -> Result<String> {
        if self.peek() != b'"' {
            return Err(self.wrong("no text"));
        }
        self.at += 1;
        let mut text = Vec::new();
        loop {
            let byte = self.peek();
            self.at += 1;
            match byte {
                b'"' => break,
                b'\\' => self.escape(&mut text)?,
                0..=0x1f => return Err(self.wrong("a control character or the end in a text")),
                _ => text.push(byte),
            }
        }
        String::from_utf8(text).map_err(|_| self.wrong("no UTF-8 before the end of a text"))
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<()> {
        let byte = self.peek();
        self.at += 1;
        text.push(match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                let letter = self.letter()?;
                let mut buffer = [0; 4];
                text.extend(letter.encode_utf8(&mut buffer).bytes());
                return Ok(());
            }
            _ => return Err(self.wrong("no such escape")),
        });
        Ok(())
    }

    fn letter(&mut self) -> Result<char> {
        let first = self.hexadecimal()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first).ok_or_else(|| self.wrong("half a letter"));
        }
        if !self.bytes[self.at..].starts_with(b"\\u") {
            return Err(self.wrong("half a letter"));
        }
        self.at += 2;
        let second = self.hexadecimal()?;
        if !(0xdc00..0xe000).contains(&second) {
            return Err(self.wrong("half a letter"));
        }
        let letter = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        char::from_u32(letter).ok_or_else(|| self.wrong("half a letter"))
    }

    fn hexadecimal(&mut self) -> Result<u32> {
        let digits = self.bytes.get(self.at..self.at + 4);
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let number = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        self.at += 4;
        number.ok_or_else(|| self.wrong("no four hexadecimal digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_written_again() {
        let text = r#"{"a":[1,-2.5e3,true,null,"x\"\\\n\u0001é😀"],"b":{},"c":[]}"#;
        let json = Json::parse(text).unwrap();
        assert_eq!(json.to_string(), text);
        assert_eq!(json["a"][0].as_i64(), Some(1));
        assert_eq!(json["a"][1].as_f64(), Some(-2500.0));
        assert_eq!(json["a"][2].as_bool(), Some(true));
        assert_eq!(json["nothing"]["here"], Json::Null);
        let escaped = Json::parse(r#""\u00e9\ud83d\ude00\/""#).unwrap();
        assert_eq!(escaped.as_str(), Some("é😀/"));
    }

    #[test]
    fn of_a_name_that_comes_twice_the_last_counts() {
        let json = Json::parse(r#" { "a" : 1 , "a" : 2 } "#).unwrap();
        assert_eq!(json["a"].as_i64(), Some(2));
    }

    #[test]
    fn what_is_no_json_is_an_error_with_its_place() {
        let deep = "[".repeat(1000);
        let wrong = [
            "",
            "{",
            "[1,",
            "[1 2]",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "01",
            "1.",
            "-",
            "1e",
            "tru",
            "\"",
            "\"\\x\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\\u12\"",
            "\"\n\"",
            "1 2",
            &deep,
        ];
        for text in wrong {
            let error = Json::parse(text).unwrap_err();
            assert_eq!(error.status(), Status::DataLoss, "{text}");
            assert!(error.message().contains("at byte"), "{error}");
        }
        assert!(Json::parse(b"\"\xff\"").is_err());
    }
}
