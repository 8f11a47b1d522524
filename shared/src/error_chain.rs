//! Errors as people read them.

use std::error::Error;

/// What went wrong and why, from the outermost error to the innermost: `service error: AccessDenied: …`.
///
/// The SDK's own rendering adds the raw response and every field's debug form, a page for each error; its `Display` alone
/// says no more than "service error".
#[must_use]
pub(crate) fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        // Some errors repeat their source's words.
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Told(&'static str, #[source] Option<Box<Told>>);

    #[test]
    fn every_cause_is_told_once() {
        let chain = |inner| Told("service error", Some(Box::new(Told("AccessDenied", inner))));
        assert_eq!(error_chain(&chain(None)), "service error: AccessDenied");
        assert_eq!(error_chain(&chain(Some(Box::new(Told("no", None))))), "service error: AccessDenied: no");
        assert_eq!(error_chain(&chain(Some(Box::new(Told("AccessDenied", None))))), "service error: AccessDenied");
    }
}
