//! Renders a chain of errors for logs.

use std::error::Error;

/// An error and its sources, from the outermost to the innermost: `service error: AccessDenied: …`.
///
/// The SDK's `DisplayErrorContext` prints a page for each error, with the raw response and all fields. Its `Display`
/// prints only "service error".
#[must_use]
pub fn error_chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let message = error.to_string();
        // Some errors include the message of their source.
        if !text.ends_with(&message) {
            text.push_str(": ");
            text.push_str(&message);
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
    struct TestError(&'static str, #[source] Option<Box<TestError>>);

    #[test]
    fn every_source_is_shown_once() {
        let chain = |inner| TestError("service error", Some(Box::new(TestError("AccessDenied", inner))));
        assert_eq!(error_chain(&chain(None)), "service error: AccessDenied");
        assert_eq!(error_chain(&chain(Some(Box::new(TestError("no", None))))), "service error: AccessDenied: no");
        assert_eq!(error_chain(&chain(Some(Box::new(TestError("AccessDenied", None))))), "service error: AccessDenied");
    }
}
