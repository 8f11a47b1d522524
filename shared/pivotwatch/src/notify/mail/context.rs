//! The lines of a message about the facts beside the rule: signals, users by kind of result, who succeeded, failed
//! console logins, the way back to Entra ID.

use std::fmt::Write;

use super::{about, shown, time};
use crate::detection::IncidentReport;
use crate::detection::context::{Context, FailedLogins, ReferencedFailure};
use crate::detection::signal::{HIGH, points};

/// Failures that are shown to look up in Entra ID. The record and the JSON have more.
const REFERENCES_SHOWN: usize = 4;

/// The severity, and why.
pub(super) fn severity(report: &IncidentReport) -> String {
    format!("{}: {} points, High from {HIGH}", report.severity().name(), points(&report.signals))
}

/// Each signal with its points, and what makes it misleading.
pub(super) fn write_signals(text: &mut String, report: &IncidentReport) {
    if report.signals.is_empty() {
        return;
    }
    let _ = writeln!(text, "\nSignals, with their points:\n");
    for signal in &report.signals {
        let _ = writeln!(text, "  {:+}  {}: {}", signal.points(), signal.name(), signal.explanation());
        let _ = writeln!(text, "      misleading if {}", signal.mistaken_if());
    }
}

/// The context of the failures.
pub(super) fn write_context(text: &mut String, context: &Context) {
    if !context.users_by_class.is_empty() {
        let _ = writeln!(text, "\nUsers by kind of result:\n");
        for (class, users) in &context.users_by_class {
            let users: Vec<_> = users.iter().map(|user| shown(user)).collect();
            let _ = writeln!(text, "  {:<20} {}", class.name(), users.join(", "));
        }
    }
    let succeeded = context.users_succeeded;
    if succeeded > 0 {
        let about = about(context.users_succeeded_estimated);
        let _ = writeln!(text, "\nSigned in to Entra ID successfully from there: at least {about}{succeeded} users");
    }
    if let Some(FailedLogins { count, count_estimated, first, last, users }) = &context.failed_logins {
        let about = about(*count_estimated);
        let _ = writeln!(
            text,
            "\nFailed AWS console logins before: {about}{count}, from {} to {}",
            time(*first),
            time(*last)
        );
        if !users.is_empty() {
            let users: Vec<_> = users.iter().map(|user| shown(user)).collect();
            let _ = writeln!(text, "    users {}", users.join(", "));
        }
    }
    if !context.references.is_empty() {
        let _ = writeln!(text, "\nTo look up in Entra ID:\n");
        for tenant in &context.tenants {
            let _ = writeln!(text, "  tenant {}", shown(tenant));
        }
        for reference in context.references.iter().take(REFERENCES_SHOWN) {
            write_reference(text, reference);
        }
    }
}

fn write_reference(text: &mut String, reference: &ReferencedFailure) {
    let ReferencedFailure { time: at, code, user, request_id, correlation_id, export } = reference;
    let _ = writeln!(text, "  {} {code} {}", time(*at), shown(user));
    let _ = writeln!(text, "    request {}, correlation {}", shown(request_id), shown(correlation_id));
    let _ = writeln!(text, "    export {}", shown(export));
}
