//! How an incident is reported: by a message of its own, by an update, or in a digest.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::incident::{Incident, IncidentReport, SourceFailures};
use super::signal::{Severity, Signal};
use super::source::Source;

/// The largest number of updates of an incident, which has the logins of one day.
pub const MOST_UPDATES: u32 = 6;

/// The updates after which a login alone is no reason for another one. So logins do not use up the updates that say
/// something worse.
const MOST_RETURNS: u32 = 3;

/// A login after such a time without one is news.
const QUIET: TimeDelta = TimeDelta::hours(1);

/// An incident whose last login is older than this when it is found goes into a digest.
const OLD: TimeDelta = TimeDelta::days(1);

/// Why an incident, or an update of it, is reported in a digest and not by a message of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deferral {
    /// Its last login was more than a day old when it was found.
    Old,
    /// Its address had as many messages that day as one may have.
    AddressLimit,
    /// The deployment had as many messages that hour as it may have.
    HourLimit,
    /// The seconds ahead had as many messages as they may have, or too many invocations took slots.
    TooManyAtOnce,
    /// The deployment observes: it publishes nothing but a digest a day.
    Observing,
    /// The topic had no confirmed subscriber.
    NoSubscriber,
    /// The invocation that was to publish it died, or could not publish it.
    Interrupted,
}

impl Deferral {
    /// The name in records, JSON and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Old => "old",
            Self::AddressLimit => "address_limit",
            Self::HourLimit => "hour_limit",
            Self::TooManyAtOnce => "too_many_at_once",
            Self::Observing => "observing",
            Self::NoSubscriber => "no_subscriber",
            Self::Interrupted => "interrupted",
        }
    }

    /// The explanation for a responder.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::Old => "found more than a day late",
            Self::AddressLimit => "daily limit of messages about this IP address or network reached",
            Self::HourLimit => "hourly limit of this deployment reached",
            Self::TooManyAtOnce => "too many messages at once",
            Self::Observing => "observe mode",
            Self::NoSubscriber => "nobody was subscribed",
            Self::Interrupted => "the sender stopped before it was sent",
        }
    }
}

/// Why an incident that was reported already is reported again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpdateReason {
    /// Its severity rose.
    SeverityRose,
    /// A result code became known with which the password was right.
    PasswordRight,
    /// The user logged in again after an hour without a login.
    LoggedInAgain,
}

impl UpdateReason {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SeverityRose => "severity_rose",
            Self::PasswordRight => "password_right",
            Self::LoggedInAgain => "logged_in_again",
        }
    }
}

/// How many messages are sent, and whether any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportingPolicy {
    /// The largest number of messages about an address in a UTC day.
    pub address_limit: u32,
    /// The largest number of messages about incidents in an hour.
    pub hour_limit: u32,
    /// Whether the deployment only observes.
    pub observation: Observation,
}

impl Default for ReportingPolicy {
    fn default() -> Self {
        Self { address_limit: 5, hour_limit: 60, observation: Observation::Off }
    }
}

/// Whether the deployment observes: it finds and stores incidents, and reports them in a digest a day only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Observation {
    /// It publishes.
    #[default]
    Off,
    /// It observes until this time.
    Until(DateTime<Utc>),
    /// It observes.
    On,
}

impl Observation {
    /// Whether the deployment observes `now`.
    #[must_use]
    pub fn is_on(self, now: DateTime<Utc>) -> bool {
        match self {
            Self::Off => false,
            Self::Until(end) => now < end,
            Self::On => true,
        }
    }
}

impl ReportingPolicy {
    /// Why an incident goes into a digest even if no limit is reached. `None` if a limit decides.
    #[must_use]
    pub fn deferral(&self, incident: &Incident, now: DateTime<Utc>) -> Option<Deferral> {
        if now - incident.end_time > OLD {
            Some(Deferral::Old)
        } else {
            self.observation.is_on(now).then_some(Deferral::Observing)
        }
    }
}

/// What the last report of an incident said of it. Later facts do not change it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    /// The severity.
    #[serde(rename = "reported_severity")]
    pub severity: Severity,
    /// The signals.
    #[serde(rename = "reported_signals")]
    pub signals: BTreeSet<Signal>,
    /// The failures. A digest names none.
    #[serde(rename = "reported_failures")]
    pub failures: BTreeMap<Source, SourceFailures>,
    /// The last login.
    #[serde(rename = "reported_end_time")]
    pub end_time: DateTime<Utc>,
    /// When it was sent, in whole seconds.
    #[serde(rename = "reported_at")]
    pub at: DateTime<Utc>,
}

impl Reported {
    /// What a message with this report said that was sent `at`, without the hours and applications, which are not
    /// stored.
    #[must_use]
    pub fn of(mut report: IncidentReport, at: DateTime<Utc>) -> Self {
        let (severity, end_time) = (report.severity(), report.incident.end_time);
        for failures in report.failures.values_mut() {
            failures.by_hour.clear();
            failures.apps.clear();
        }
        Self { severity, signals: report.signals, failures: report.failures, end_time, at: at.trunc_subsecs(0) }
    }

    /// The message that an incident needs after this report and so many updates, if it needs one.
    #[must_use]
    pub fn next_message(&self, incident: &Incident, signals: &BTreeSet<Signal>, updates: u32) -> Option<NextMessage> {
        let reasons = self.update_reasons(incident, signals);
        let is_return = reasons == BTreeSet::from([UpdateReason::LoggedInAgain]);
        let most = if is_return { MOST_RETURNS } else { MOST_UPDATES };
        (!reasons.is_empty() && updates < most).then(|| NextMessage { number: updates + 2, reasons })
    }

    /// Why the incident, which now has these signals, must be reported again.
    #[must_use]
    pub fn update_reasons(&self, incident: &Incident, signals: &BTreeSet<Signal>) -> BTreeSet<UpdateReason> {
        let is_new = |signal| signals.contains(&signal) && !self.signals.contains(&signal);
        [
            (UpdateReason::SeverityRose, Severity::of(signals) > self.severity),
            (UpdateReason::PasswordRight, is_new(Signal::PasswordRight)),
            (UpdateReason::LoggedInAgain, self.is_login_after_quiet(incident)),
        ]
        .into_iter()
        .filter_map(|(reason, holds)| holds.then_some(reason))
        .collect()
    }

    /// Whether a login was not reported, and came an hour after the login before it. Of many logins only the first are
    /// listed, so that the others count as one.
    fn is_login_after_quiet(&self, incident: &Incident) -> bool {
        let listed = incident.logins.listed().iter().map(|login| login.time);
        let unreported = listed.chain([incident.end_time]).filter(|time| *time > self.end_time);
        let mut before = self.end_time;
        unreported.into_iter().any(|time| time - std::mem::replace(&mut before, time) >= QUIET)
    }
}

/// The message that an incident needs next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextMessage {
    /// Its number: 1, or 2 for the first update.
    pub number: u32,
    /// Why there is an update.
    pub reasons: BTreeSet<UpdateReason>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detection::fixtures::{address, login, noon};

    /// An incident with logins so many minutes after noon.
    fn incident(minutes: &[i64]) -> Incident {
        let login = |minutes: &i64| login(&format!("login {minutes}"), noon() + TimeDelta::minutes(*minutes));
        let of = |minutes| Incident::of(&login(minutes), address(), BTreeSet::from([Source::Interactive]));
        let mut incident = of(&minutes[0]);
        minutes[1..].iter().for_each(|minutes| incident.join(of(minutes)));
        incident
    }

    fn reported(signals: &[Signal], minutes: i64) -> Reported {
        let signals: BTreeSet<_> = signals.iter().copied().collect();
        let end_time = noon() + TimeDelta::minutes(minutes);
        Reported { severity: Severity::of(&signals), signals, failures: BTreeMap::new(), end_time, at: noon() }
    }

    #[test]
    fn an_incident_is_reported_again_if_it_became_worse() {
        use UpdateReason::{LoggedInAgain, PasswordRight, SeverityRose};
        for (before, now, reasons) in [
            (&[][..], &[][..], &[][..]),
            (&[], &[Signal::SameUser], &[]),
            (&[], &[Signal::NoMfa], &[SeverityRose]),
            (&[Signal::NoMfa], &[], &[]),
            (&[], &[Signal::PasswordRight], &[PasswordRight]),
            (&[Signal::PasswordRight], &[Signal::PasswordRight, Signal::NoMfa], &[SeverityRose]),
        ] {
            let found = reported(before, 0).update_reasons(&incident(&[0]), &now.iter().copied().collect());
            assert_eq!(found, reasons.iter().copied().collect(), "{before:?} and then {now:?}");
        }
        for (until, logins, is_again) in [
            (0, &[0][..], false),
            (0, &[0, 59], false),
            (0, &[0, 60], true),
            (0, &[-90, 0], false),
            (0, &[0, 40, 80, 120], false),
            (120, &[0, 40, 80, 120, 300], true),
            (300, &[0, 40, 80, 120, 300], false),
        ] {
            let found = reported(&[], until).update_reasons(&incident(logins), &BTreeSet::new());
            assert_eq!(found.contains(&LoggedInAgain), is_again, "reported until {until}, logins {logins:?}");
        }
    }

    #[test]
    fn of_more_logins_than_are_listed_the_others_count_as_one() {
        let many: Vec<_> = (0..60).collect();
        let reported = reported(&[], 0);
        assert!(!reported.is_login_after_quiet(&incident(&many)));
        assert!(reported.is_login_after_quiet(&incident(&[many, vec![200]].concat())));
    }

    #[test]
    fn logins_do_not_use_up_the_updates_that_say_something_worse() {
        let worse = BTreeSet::from([Signal::PasswordRight]);
        for (updates, on_return, on_worse) in [(0, true, true), (2, true, true), (3, false, true), (6, false, false)] {
            let next = |signals| reported(&[], 0).next_message(&incident(&[0, 60]), signals, updates).is_some();
            assert_eq!((next(&BTreeSet::new()), next(&worse)), (on_return, on_worse), "after {updates} updates");
        }
    }

    #[test]
    fn an_observing_deployment_defers_everything_until_its_end() {
        let until = Observation::Until(noon() + TimeDelta::hours(1));
        let policy = ReportingPolicy { observation: until, ..ReportingPolicy::default() };
        assert_eq!(policy.deferral(&incident(&[0]), noon()), Some(Deferral::Observing));
        assert_eq!(policy.deferral(&incident(&[0]), noon() + TimeDelta::hours(1)), None);
        assert_eq!(policy.deferral(&incident(&[0]), noon() + TimeDelta::hours(25)), Some(Deferral::Old));
    }
}
