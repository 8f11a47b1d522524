//! The signals: why the severity is what it is, and what would make each of them wrong.

use super::super::escape::quoted;
use super::super::layout::Page;
use super::super::words::{NAME, capitalised, numbered};
use crate::detection::IncidentReport;
use crate::detection::failure_index::is_same_user;
use crate::detection::result_code::CodeClass;
use crate::detection::signal::{HIGH, Signal, points};

pub(super) fn write(page: &mut Page, report: &IncidentReport, listed: usize) {
    let (severity, points) = (report.severity().name(), points(&report.signals));
    page.heading(&format!("Why the severity is {severity} ({}; High from {HIGH})", numbered(points, "point")));
    if report.signals.is_empty() {
        page.prose(&format!("No signal changes the rule's severity, {severity}."));
    }
    for signal in &report.signals {
        let users: Vec<_> = users(*signal, report).take(listed).map(|user| quoted(user, NAME)).collect();
        let named = if users.is_empty() { String::new() } else { format!(": {}", users.join(", ")) };
        let said =
            format!("{}{named}. [{}]", capitalised(&signal.explanation(report.incident.matched_by())), signal.name());
        page.item(&format!("{:+}", signal.points()), &said);
        let mistaken = match signal.points() {
            0 => "Misleading",
            points if points < 0 => "Falsely reassuring",
            _ => "False alarm",
        };
        page.item("  ", &format!("{mistaken} if {}.", signal.mistaken_if()));
    }
}

/// The Entra users that a signal is about.
fn users(signal: Signal, report: &IncidentReport) -> Box<dyn Iterator<Item = &str> + '_> {
    let context = &report.context;
    match signal {
        Signal::SameUser | Signal::OwnMistakes => {
            let columns = &report.incident.columns;
            Box::new(context.users.iter().map(|user| &*user.user).filter(|user| is_same_user(user, columns)))
        }
        Signal::PasswordRight => {
            let of_class = context.users_by_class.get(&CodeClass::PasswordRight);
            Box::new(of_class.into_iter().flatten().map(String::as_str))
        }
        _ => Box::new(std::iter::empty()),
    }
}
