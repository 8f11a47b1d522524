//! Lays out the text for people: prose at most 72 columns wide, as mail clients quote and phones show it.
//!
//! Identifiers, links and commands stand on lines of their own, so that they can be copied whole.

/// The largest width of prose.
pub(super) const WIDTH: usize = 72;

/// The columns of a label, with its margin.
const LABEL: usize = 14;

/// A text that grows line by line.
#[derive(Debug, Default)]
pub(super) struct Page(String);

impl Page {
    /// The text.
    pub(super) fn into_text(self) -> String {
        self.0
    }

    /// A heading, after an empty line.
    pub(super) fn heading(&mut self, heading: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.line("", heading);
    }

    /// A paragraph, after an empty line unless it is the first.
    pub(super) fn paragraph(&mut self, text: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.wrapped("", "", text);
    }

    /// Prose that is indented by two columns.
    pub(super) fn prose(&mut self, text: &str) {
        self.wrapped("  ", "  ", text);
    }

    /// Prose after a bullet, a number or a similar mark.
    pub(super) fn item(&mut self, mark: &str, text: &str) {
        let first = format!("  {mark} ");
        self.wrapped(&first, &" ".repeat(first.chars().count()), text);
    }

    /// A label and its value.
    pub(super) fn field(&mut self, label: &str, value: &str) {
        self.wrapped(&format!("  {label:<width$}", width = LABEL - 2), &" ".repeat(LABEL), value);
    }

    /// A label and its value, below a line of prose.
    pub(super) fn detail(&mut self, label: &str, value: &str) {
        self.wrapped(&format!("    {label:<width$}", width = LABEL - 2), &" ".repeat(LABEL + 2), value);
    }

    /// An identifier, a link or a line of a command.
    pub(super) fn verbatim(&mut self, text: &str) {
        self.line("    ", text);
    }

    /// Breaks `text` at blanks. A word that is wider than a line is not broken.
    fn wrapped(&mut self, first: &str, rest: &str, text: &str) {
        let (mut margin, mut line, mut width) = (first, String::new(), 0);
        for word in text.split(' ') {
            let length = word.chars().count();
            if !line.is_empty() && margin.chars().count() + width + 1 + length > WIDTH {
                self.line(margin, &line);
                (margin, width) = (rest, 0);
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
                width += 1;
            }
            line.push_str(word);
            width += length;
        }
        self.line(margin, &line);
    }

    fn line(&mut self, margin: &str, text: &str) {
        let start = self.0.len();
        self.0.push_str(margin);
        self.0.push_str(text);
        self.0.truncate(start + self.0[start..].trim_end().len());
        self.0.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn prose_is_broken_at_blanks_and_continued_under_its_beginning() {
        let mut page = Page::default();
        page.heading("Who");
        page.field("User agent", &"word ".repeat(20));
        page.item("1.", &"word ".repeat(20));
        page.verbatim(&"x".repeat(100));
        let text = page.into_text();
        assert!(text.starts_with("Who\n  User agent  word word"), "{text}");
        assert!(text.contains("\n              word") && text.contains("\n  1. word") && text.contains("\n     word"));
    }

    proptest! {
        #[test]
        fn only_a_line_of_one_word_is_wider(words in proptest::collection::vec("[a-z]{1,90}", 1..20)) {
            let mut page = Page::default();
            page.field("Label", &words.join(" "));
            let text = page.into_text();
            for line in text.lines().filter(|line| line.chars().count() > WIDTH) {
                prop_assert!(!line.trim_start_matches("  Label").trim().contains(' '), "{line}");
            }
            let read: Vec<_> = text.trim_start_matches("  Label").split_whitespace().collect();
            prop_assert_eq!(read, words);
        }
    }
}
