//! The failed sign-ins: how many, when, with which results, by whom, and what they look like.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::super::escape::{quoted, shown};
use super::super::layout::Page;
use super::super::words::{NAME, about, and_more, capitalised, numbered, time};
use crate::detection::context::{Context, USERS_A_CLASS, UserHistory};
use crate::detection::incident::SourceFailures;
use crate::detection::likely_cause::likely_cause;
use crate::detection::parameters::Order;
use crate::detection::result_code::{CodeClass, lookup};
use crate::detection::{IncidentReport, Rule, Source};

/// Hours that are shown of a source: those with most failures.
const HOURS: usize = 6;

pub(super) fn write(page: &mut Page, report: &IncidentReport, rule: &Rule, listed: usize) {
    let sides = match rule.order {
        Order::Any => "of",
        Order::FailuresFirst => "before",
    };
    let logins = if report.incident.logins.total() > 1 { "these logins" } else { "this login" };
    page.heading(&format!("Failed Entra ID sign-ins within {} {sides} {logins}", hours(rule.window)));
    for (source, failures) in &report.failures {
        write_source(page, *source, failures, rule, listed);
    }
    write_users(page, &report.context, listed);

    page.heading("What this looks like");
    let cause = likely_cause(report);
    page.prose(&cause.sentence());
    page.prose(&format!("Reason: {}. A guess, which does not change the first steps below.", cause.reason));
}

fn write_source(page: &mut Page, source: Source, failures: &SourceFailures, rule: &Rule, listed: usize) {
    let about = about(failures.count_estimated);
    let threshold = if failures.exceeded {
        format!("alert threshold: more than {}", rule.threshold)
    } else {
        "below the alert threshold".to_owned()
    };
    page.prose(&format!("{}: {about}{} failed ({threshold})", source_name(source), failures.count));
    page.detail("First", &time(failures.first));
    page.detail("Last", &time(failures.last));
    page.detail("By hour UTC", &by_hour(&failures.by_hour, about));
    let mut codes: Vec<_> = failures.error_codes.iter().collect();
    codes.sort_by_key(|(_, number)| Reverse(**number));
    for (code, number) in codes.iter().take(listed) {
        page.detail(&shown(code, 11), &format!("{about}{number} x {}", meaning(code)));
    }
    if codes.len() > listed {
        page.detail("", &format!("and {}", numbered(codes.len() - listed, "more code")));
    }
    if !failures.apps.is_empty() {
        let apps: Vec<_> = failures.apps.iter().take(listed).map(|app| quoted(app, NAME)).collect();
        page.detail("Apps", &format!("with most failures: {}", apps.join(", ")));
    }
    if !failures.users.is_empty() {
        let users: Vec<_> = failures.users.iter().take(listed).map(|user| quoted(user, NAME)).collect();
        let more = and_more(failures.users_total, users.len(), failures.users_estimated);
        page.detail("Users", &format!("of the whole days: {}{more}", users.join(", ")));
    }
}

/// What a code means, and its classes.
fn meaning(code: &str) -> String {
    lookup(code).map_or_else(
        || "a code that this version does not know".to_owned(),
        |row| {
            let classes: Vec<_> = row.classes.iter().map(|class| class_words(*class)).collect();
            format!("{} [{}]", row.meaning, classes.join(", "))
        },
    )
}

fn class_words(class: CodeClass) -> String {
    class.name().replace('_', " ")
}

/// The hours with most failures, in the order of time.
fn by_hour(hours: &BTreeMap<DateTime<Utc>, u64>, about: &str) -> String {
    let mut most: Vec<_> = hours.iter().collect();
    most.sort_by_key(|(hour, number)| (Reverse(**number), **hour));
    let others: u64 = most.iter().skip(HOURS).map(|(_, number)| **number).sum();
    most.truncate(HOURS);
    most.sort();
    let mut day = None;
    let shown = most.into_iter().map(|(hour, number)| {
        let date =
            (day.replace(hour.date_naive()) != Some(hour.date_naive())).then(|| hour.format("%Y-%m-%d ").to_string());
        format!("{}{} ({about}{number})", date.unwrap_or_default(), hour.format("%H:00"))
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    if others > 0 { format!("{shown}, and {about}{others} in other hours") } else { shown }
}

/// Which user had which results, those with a right password first.
fn write_users(page: &mut Page, context: &Context, listed: usize) {
    let mut by_user = BTreeMap::<&str, Vec<CodeClass>>::new();
    for (class, users) in &context.users_by_class {
        for user in users {
            by_user.entry(user).or_default().push(*class);
        }
    }
    if by_user.is_empty() {
        return;
    }
    let mut users: Vec<_> = by_user.into_iter().collect();
    users.sort_by_key(|(user, classes)| (!classes.contains(&CodeClass::PasswordRight), *user));
    page.prose(&format!("Results by user (at most {USERS_A_CLASS} users for each result):"));
    for (user, classes) in users.iter().take(listed) {
        let history = context.users.iter().find(|history| history.user == *user);
        let succeeded = if history.is_some_and(|history| history.succeeded) { "; also signed in" } else { "" };
        let number = history.map_or_else(String::new, |UserHistory { failures, failures_incomplete, .. }| {
            let at_least = if *failures_incomplete { "at least " } else { "" };
            format!("{at_least}{}: ", numbered(failures, "failure"))
        });
        let classes: Vec<_> = classes.iter().map(|class| class_words(*class)).collect();
        page.item("-", &format!("{}, {number}{}{succeeded}", quoted(user, NAME), classes.join(", ")));
    }
    if users.len() > listed {
        page.item("-", &format!("and {} more", users.len() - listed));
    }
}

/// A source's name for people.
fn source_name(source: Source) -> String {
    capitalised(&source.name().replace('_', "-"))
}

fn hours(window: TimeDelta) -> String {
    match (window.num_minutes() / 60, window.num_minutes() % 60) {
        (hours, 0) => numbered(hours, "hour"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}
