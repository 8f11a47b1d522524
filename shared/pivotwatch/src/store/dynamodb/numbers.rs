//! Numbers for the texts and codes of a state, so that each is stored once.

use std::collections::BTreeMap;

use crate::detection::failure::Code;

/// The texts so far, by number.
#[derive(Default)]
pub(super) struct Texts {
    /// Each at its number.
    pub(super) texts: Vec<String>,
    numbers: BTreeMap<String, u32>,
}

impl Texts {
    /// Adds a text, also if it is there.
    pub(super) fn add(&mut self, text: &str) -> u32 {
        // The sets of a tally are bounded to far fewer bytes.
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(text.to_owned());
        self.numbers.entry(text.to_owned()).or_insert(number);
        number
    }

    /// The number of a text, which is added if it is new.
    pub(super) fn number(&mut self, text: &str) -> u32 {
        self.numbers.get(text).copied().unwrap_or_else(|| self.add(text))
    }
}

/// The text with a number.
pub(super) fn text(texts: &[String], number: u32) -> Result<&str, String> {
    let text = usize::try_from(number).ok().and_then(|number| texts.get(number));
    text.map(String::as_str).ok_or_else(|| "its state refers to a text that it does not have".to_owned())
}

/// The codes so far, by number.
#[derive(Default)]
pub(super) struct Codes {
    /// Each at its number.
    pub(super) codes: Vec<Code>,
    numbers: BTreeMap<Code, u16>,
}

impl Codes {
    /// The number of a code, which is added if it is new.
    pub(super) fn number(&mut self, code: Code) -> u16 {
        if let Some(number) = self.numbers.get(&code) {
            return *number;
        }
        // There are at most 24 × 256 codes in a tally, so they cannot outgrow the number.
        let number = u16::try_from(self.codes.len()).unwrap_or(u16::MAX);
        self.codes.push(code);
        self.numbers.insert(code, number);
        number
    }
}
