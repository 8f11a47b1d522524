//! `pivotwatch explain`: what Entra's result codes mean.

use std::io::{self, Write};
use std::str::FromStr;

use clap::Args;
use pivotwatch::detection::Rule;
use pivotwatch::detection::failure::Code;
use pivotwatch::detection::result_code::{self, CodeClass, Password, ResultCode};
use serde::Serialize;

use crate::files::{self, Format};
use crate::log::Log;
use crate::{ExitStatus, json};

/// Explain result codes of Entra ID: meaning, classes, whether the rule counts it, whether the password was right.
///
/// Exit status: 0 every code is known, 1 some code is not, 2 wrong arguments. Entra ID adds codes over time; the rule
/// counts those that are not known, too.
#[derive(Args)]
pub(crate) struct Explain {
    /// Result codes, such as 50126 or AADSTS50126.
    #[arg(required = true, value_name = "CODE")]
    codes: Vec<CodeArgument>,

    /// How to print: a table for people, or a JSON object on each line.
    #[arg(long, default_value = "table")]
    format: Format,
}

/// A result code, perhaps with the prefix that Entra's messages have.
#[derive(Clone)]
struct CodeArgument(Code);

#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a result code, which has one to ten digits, such as 50126")]
struct NotACode(String);

impl FromStr for CodeArgument {
    type Err = NotACode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const PREFIX: &str = "AADSTS";
        let trimmed = text.trim();
        let prefixed = trimmed.split_at_checked(PREFIX.len()).filter(|(start, _)| start.eq_ignore_ascii_case(PREFIX));
        let digits = prefixed.map_or(trimmed, |(_, digits)| digits);
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        Code::from(digits).ok().filter(|_| is_number).map(Self).ok_or_else(|| NotACode(text.to_owned()))
    }
}

/// What is known of a code, as JSON has it.
#[derive(Serialize)]
struct Explanation<'a> {
    code: &'a str,
    meaning: Option<&'static str>,
    classes: &'static [CodeClass],
    counted: bool,
    /// `None` if the code does not say it.
    password_right: Option<bool>,
}

impl Explain {
    /// Prints explanations to `out`, and names the unknown codes in `log`. Returns the exit status, and whether the
    /// explanations could be printed.
    pub(crate) fn run(self, out: &mut impl Write, log: &mut Log<impl Write>) -> (ExitStatus, io::Result<()>) {
        let explanations: Vec<_> = self.codes.iter().map(|CodeArgument(code)| Explanation::of(code)).collect();
        let mut status = ExitStatus::Clean;
        for Explanation { code, counted, .. } in explanations.iter().filter(|one| one.meaning.is_none()) {
            let counts = if *counted { "counts" } else { "does not count" };
            log.say(format_args!("{code} is not in the table of result codes; the rule {counts} it"));
            status = ExitStatus::Trouble;
        }
        let printed = match self.format {
            Format::Json => explanations.iter().try_for_each(|explanation| json::write_line(out, explanation)),
            Format::Table => table(&explanations, out),
        };
        (status, printed.and_then(|()| out.flush()))
    }
}

impl<'a> Explanation<'a> {
    fn of(code: &'a str) -> Self {
        let counted = Rule::is_failure(code);
        match result_code::lookup(code) {
            Some(&ResultCode { meaning, classes, password, .. }) => {
                Self { code, meaning: Some(meaning), classes, counted, password_right: is_right(password) }
            }
            None => Self { code, meaning: None, classes: &[], counted, password_right: None },
        }
    }
}

const fn is_right(password: Password) -> Option<bool> {
    match password {
        Password::Right => Some(true),
        Password::Wrong => Some(false),
        Password::Unknown => None,
    }
}

fn table(explanations: &[Explanation<'_>], out: &mut impl Write) -> io::Result<()> {
    let mut table = files::table(&["Code", "Meaning", "Classes", "Counted", "Password"]);
    for Explanation { code, meaning, classes, counted, password_right } in explanations {
        let classes: Vec<_> = classes.iter().map(|class| class.name()).collect();
        let counted = if *counted { "yes" } else { "no" };
        let password = password_right.map_or("unknown", |is_right| if is_right { "right" } else { "wrong" });
        table.add_row([*code, meaning.unwrap_or("unknown"), &classes.join(", "), counted, password]);
    }
    writeln!(out, "{table}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_code_is_one_to_ten_digits_with_or_without_entras_prefix(
            prefix in prop::sample::select(vec!["", "AADSTS", "aadsts", " AadSts", "AADST", "AADSTS ", "+", "-"]),
            digits in prop_oneof!["[0-9]{0,12}", "[0-9]{1,3}[,. a٣][0-9]{1,3}"],
            end in prop::sample::select(vec!["", " ", "\n", ":", "x"]),
        ) {
            let parsed = format!("{prefix}{digits}{end}").parse::<CodeArgument>();
            let is_number = (1..=10).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
            let is_code = is_number && !["AADST", "AADSTS ", "+", "-"].contains(&prefix) && ![":", "x"].contains(&end);
            prop_assert_eq!(parsed.map(|CodeArgument(code)| code.to_string()).ok(), is_code.then_some(digits));
        }

        #[test]
        fn no_text_makes_parsing_panic(text in any::<String>()) {
            if let Ok(CodeArgument(code)) = text.parse() {
                prop_assert!(text.contains(&*code));
            }
        }
    }
}
