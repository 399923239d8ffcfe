//! Texts as XML 1.0 can hold them.

use std::fmt::{self, Write as _};

use model::{printable, printable_lines};

/// The value of an attribute, on one line.
pub(super) struct Attribute<'t>(pub(super) &'t str);

/// The text of an element.
pub(super) struct XmlText<'t>(pub(super) &'t str);

impl fmt::Display for Attribute<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(&printable(self.0), formatter)
    }
}

impl fmt::Display for XmlText<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(&printable_lines(self.0), formatter)
    }
}

/// Control characters are escaped already. Of what else prints, XML has no way to write two
/// characters (<https://www.w3.org/TR/xml/#charsets>).
fn escape(text: &str, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    for character in text.chars() {
        match character {
            '&' => formatter.write_str("&amp;")?,
            '<' => formatter.write_str("&lt;")?,
            '>' => formatter.write_str("&gt;")?,
            '"' => formatter.write_str("&quot;")?,
            '\u{fffe}' | '\u{ffff}' => formatter.write_char(char::REPLACEMENT_CHARACTER)?,
            _ => formatter.write_char(character)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_neither_ends_its_element_nor_breaks_the_document() {
        let hostile = "a & <b> \"c\" 'd' ]]>\n\u{0}\u{1b}\u{ffff}";
        assert_eq!(
            Attribute(hostile).to_string(),
            "a &amp; &lt;b&gt; &quot;c&quot; 'd' ]]&gt;\\n\\u{0}\\u{1b}\u{fffd}"
        );
        assert_eq!(
            XmlText(hostile).to_string(),
            "a &amp; &lt;b&gt; &quot;c&quot; 'd' ]]&gt;\n\\u{0}\\u{1b}\u{fffd}"
        );
    }
}
