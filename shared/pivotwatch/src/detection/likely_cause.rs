//! What the failures around an incident look like: an attack of some kind, or an ordinary mistake.
//!
//! It is a guess for a responder, from numbers that an attacker can shape. It decides nothing: neither the severity nor
//! whether an incident is reported.

use super::incident::IncidentReport;
use super::result_code::{CodeClass, classes};
use super::signal::{MANY_USERS, Signal};

/// Failures of one user beyond this number are more than a person types.
const TYPED: u64 = 10;

/// Of so many tries for each user on average, or fewer, an attacker tries one name after the other.
const FEW_TRIES: u64 = 5;

/// A cause of failed sign-ins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Many passwords for few users.
    Guessing,
    /// Few passwords for many users.
    Spraying,
    /// Pairs of names and passwords that leaked elsewhere.
    Stuffing,
    /// One person who mistyped or forgot a password.
    ForgetfulPerson,
    /// A client with an expired token, or steps of ordinary sign-ins.
    ExpiredToken,
    /// Sign-ins that something stopped after the password, such as the second factor.
    StoppedAfterPassword,
    /// Many people share one address.
    SharedAddress,
    /// None of these stands out.
    Unclear,
}

impl Cause {
    /// The name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Guessing => "guessing",
            Self::Spraying => "spraying",
            Self::Stuffing => "stuffing",
            Self::ForgetfulPerson => "forgetful_person",
            Self::ExpiredToken => "expired_token",
            Self::StoppedAfterPassword => "stopped_after_password",
            Self::SharedAddress => "shared_address",
            Self::Unclear => "unclear",
        }
    }

    /// The explanation for a responder, as the end of a sentence.
    const fn explanation(self) -> &'static str {
        match self {
            Self::Guessing => "password guessing",
            Self::Spraying => "password spraying: few passwords, many users",
            Self::Stuffing => "credential stuffing: names and passwords that leaked elsewhere",
            Self::ForgetfulPerson => "one person who mistyped or forgot a password",
            Self::ExpiredToken => "a client with an expired token, or steps of ordinary sign-ins",
            Self::StoppedAfterPassword => {
                "sign-ins that were stopped after the password: by the user, or by somebody who knows it"
            }
            Self::SharedAddress => "many people behind one connection, such as an office or a VPN",
            Self::Unclear => "No pattern stands out",
        }
    }
}

/// How sure a cause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likelihood {
    /// Another cause would look the same.
    Possible,
    /// Other causes seldom look like this.
    Likely,
}

impl Likelihood {
    /// The word in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
        }
    }
}

/// The cause of the failures that fits best.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LikelyCause {
    /// The cause.
    pub cause: Cause,
    /// How sure it is.
    pub likelihood: Likelihood,
    /// One sentence for a responder, without names.
    pub reason: String,
}

impl LikelyCause {
    /// The cause in a sentence for a responder.
    #[must_use]
    pub fn sentence(&self) -> String {
        let explanation = self.cause.explanation();
        match (self.cause, self.likelihood) {
            (Cause::Unclear, _) => format!("{explanation}."),
            (_, Likelihood::Likely) => format!("This is likely {explanation}."),
            (_, Likelihood::Possible) => format!("This is possibly {explanation}."),
        }
    }
}

/// The numbers that decide the cause.
struct Numbers {
    failures: u64,
    /// Failures whose code says that a token expired, or that a sign-in took an ordinary step.
    ordinary: u64,
    /// Failures whose code says that the second factor or a policy stopped the sign-in.
    stopped: u64,
    unknown_users: u64,
    /// The largest number of users of a source, since the same user can fail in two.
    users: u64,
    /// Users who signed in successfully: a lower bound.
    succeeded: u64,
    few_succeeded: bool,
    most_succeeded: bool,
    /// Whether one of the users who failed is known to have signed in successfully.
    same_user_succeeded: bool,
}

impl Numbers {
    fn of(report: &IncidentReport) -> Self {
        let codes = || report.failures.values().flat_map(|failures| &failures.error_codes);
        let sum = |holds: &dyn Fn(&str) -> bool| codes().filter(|(code, _)| holds(code)).map(|(_, n)| *n).sum();
        Self {
            failures: report.failures.values().map(|failures| failures.count).sum(),
            ordinary: sum(&|code| classes(code).any(is_ordinary)),
            stopped: sum(&|code| classes(code).any(stops)),
            unknown_users: sum(&|code| classes(code).any(|class| class == CodeClass::UnknownUser)),
            users: report.failures.values().map(|failures| failures.users_total).max().unwrap_or(0),
            succeeded: report.context.users_succeeded,
            few_succeeded: report.signals.contains(&Signal::FewSucceeded),
            most_succeeded: report.signals.contains(&Signal::MostSucceeded),
            same_user_succeeded: report.context.users.iter().any(|user| user.succeeded && user.failures > 0),
        }
    }
}

/// Whether a class says that a token expired, or that a sign-in took an ordinary step.
const fn is_ordinary(class: CodeClass) -> bool {
    matches!(class, CodeClass::SsoStep | CodeClass::TokenRefresh | CodeClass::Consent | CodeClass::Transient)
}

/// Whether a class says that something other than the password stopped the sign-in.
const fn stops(class: CodeClass) -> bool {
    matches!(class, CodeClass::Mfa | CodeClass::ConditionalAccess)
}

/// The cause of the failures of `report` that fits best.
#[must_use]
pub fn likely_cause(report: &IncidentReport) -> LikelyCause {
    let numbers = Numbers::of(report);
    let Numbers { failures, ordinary, stopped, unknown_users, users, succeeded, .. } = numbers;
    let tries = failures / users.max(1);
    let is_many = users > MANY_USERS as u64;
    let found = |cause, likelihood, reason| LikelyCause { cause, likelihood, reason };
    if numbers.most_succeeded {
        let reason = format!("most of the {users} users who failed also signed in successfully from there");
        return found(Cause::SharedAddress, Likelihood::Likely, reason);
    }
    if ordinary * 5 >= failures * 4 && failures > 0 {
        let reason = format!("{ordinary} of {failures} failures are not about a password");
        return found(Cause::ExpiredToken, Likelihood::Likely, reason);
    }
    if stopped * 5 >= failures * 4 && failures > 0 {
        let reason = format!("the second factor or a policy stopped {stopped} of {failures} sign-ins");
        return found(Cause::StoppedAfterPassword, Likelihood::Possible, reason);
    }
    if is_many && unknown_users * 3 >= failures && tries <= 1 {
        let reason = format!("{users} users, about one try each, and {unknown_users} tries for users who do not exist");
        return found(Cause::Stuffing, Likelihood::Possible, reason);
    }
    if is_many && tries <= FEW_TRIES {
        let (likelihood, also) = if numbers.few_succeeded {
            (Likelihood::Likely, ", few or none of them signed in successfully from there")
        } else if succeeded > 0 {
            (Likelihood::Possible, ", though some users signed in successfully from there, as in an office")
        } else {
            // Successes are not counted.
            (Likelihood::Possible, "")
        };
        let reason = format!("{users} users failed, about {} each{also}", times(tries));
        return found(Cause::Spraying, likelihood, reason);
    }
    if users == 1 && failures <= TYPED {
        return if numbers.same_user_succeeded {
            let reason = format!("one user failed {} and also signed in successfully from there", times(failures));
            found(Cause::ForgetfulPerson, Likelihood::Likely, reason)
        } else {
            let reason = format!("one user failed {}, which is also how guessing begins", times(failures));
            found(Cause::ForgetfulPerson, Likelihood::Possible, reason)
        };
    }
    if users > 0 && !is_many && tries > FEW_TRIES {
        let likelihood = if numbers.same_user_succeeded { Likelihood::Possible } else { Likelihood::Likely };
        let who = if users == 1 { "one user".to_owned() } else { format!("{users} users") };
        let reason = format!("{who} failed {} in total, more than people mistype", times(failures));
        return found(Cause::Guessing, likelihood, reason);
    }
    let reason = if (2..=MANY_USERS as u64).contains(&users) {
        format!("{users} users failed {} in total: guessing and forgotten passwords look alike here", times(failures))
    } else {
        "the failures fit several causes".to_owned()
    };
    found(Cause::Unclear, Likelihood::Possible, reason)
}

fn times(number: u64) -> String {
    match number {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        _ => format!("{number} times"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
    use crate::detection::context::{Context, UserHistory};
    use crate::detection::fixtures::{address, login, noon};
    use crate::detection::incident::SourceFailures;
    use crate::detection::{Incident, Source};

    fn report(users: u64, codes: &[(&str, u64)], succeeded: u64, signals: &[Signal]) -> IncidentReport {
        let failures = SourceFailures {
            count: codes.iter().map(|(_, number)| number).sum(),
            count_estimated: false,
            exceeded: true,
            first: noon(),
            last: noon(),
            by_hour: BTreeMap::new(),
            error_codes: codes.iter().map(|(code, number)| ((*code).to_owned(), *number)).collect(),
            apps: Vec::new(),
            users: BTreeSet::new(),
            users_total: users,
            users_estimated: false,
        };
        let history = UserHistory {
            user: "ann@contoso.example".to_owned(),
            failures: 1,
            failures_incomplete: false,
            first_failure: None,
            succeeded: succeeded > 0,
            first_success: None,
        };
        IncidentReport {
            incident: Incident::of(&login("one", noon()), address(), BTreeSet::new()),
            failures: [(Source::Interactive, failures)].into(),
            signals: signals.iter().copied().collect(),
            context: Context { users: vec![history], users_succeeded: succeeded, ..Context::default() },
            hidden_by: BTreeSet::new(),
            held_by: BTreeSet::new(),
        }
    }

    #[test]
    fn a_cause_follows_from_users_tries_codes_and_successes() {
        use Cause::*;
        use Likelihood::*;
        for (users, codes, succeeded, signals, expected) in [
            (174, &[("50126", 258)][..], 170, &[Signal::MostSucceeded][..], (SharedAddress, Likely)),
            (1, &[("70043", 48)], 0, &[], (ExpiredToken, Likely)),
            (1, &[("500121", 6), ("50074", 1)], 0, &[], (StoppedAfterPassword, Possible)),
            (1, &[("53003", 9)], 0, &[], (StoppedAfterPassword, Possible)),
            (3, &[("50058", 8), ("50126", 2)], 0, &[], (ExpiredToken, Likely)),
            (3, &[("50058", 7), ("50126", 3)], 0, &[], (Unclear, Possible)),
            (11, &[("50126", 16)], 0, &[Signal::FewSucceeded], (Spraying, Likely)),
            (11, &[("50126", 55)], 1, &[Signal::FewSucceeded], (Spraying, Likely)),
            (11, &[("50126", 55)], 0, &[], (Spraying, Possible)),
            (10, &[("50126", 20)], 5, &[], (Spraying, Possible)),
            (40, &[("50034", 25), ("50126", 20)], 0, &[], (Stuffing, Possible)),
            (40, &[("50034", 45), ("50126", 45)], 0, &[Signal::FewSucceeded], (Spraying, Likely)),
            (1, &[("50126", 7)], 1, &[], (ForgetfulPerson, Likely)),
            (1, &[("50126", 7)], 0, &[], (ForgetfulPerson, Possible)),
            (1, &[("50126", 96)], 0, &[], (Guessing, Likely)),
            (1, &[("50126", 96)], 1, &[], (Guessing, Possible)),
            (5, &[("50126", 100)], 0, &[], (Guessing, Likely)),
            (2, &[("50126", 7)], 0, &[], (Unclear, Possible)),
            (0, &[("50126", 7)], 0, &[], (Unclear, Possible)),
            (2, &[("99999999", 7)], 0, &[], (Unclear, Possible)),
        ] {
            let cause = likely_cause(&report(users, codes, succeeded, signals));
            assert_eq!((cause.cause, cause.likelihood), expected, "{users} {codes:?}: {}", cause.reason);
        }
    }

    #[test]
    fn a_reason_has_the_numbers() {
        let reason =
            |users, codes: &[(&str, u64)], signals: &[Signal]| likely_cause(&report(users, codes, 0, signals)).reason;
        assert_eq!(
            reason(11, &[("50126", 25)], &[Signal::FewSucceeded]),
            "11 users failed, about twice each, few or none of them signed in successfully from there"
        );
        assert_eq!(reason(11, &[("50126", 25)], &[]), "11 users failed, about twice each");
        assert_eq!(reason(1, &[("50126", 96)], &[]), "one user failed 96 times in total, more than people mistype");
    }

    #[test]
    fn nothing_is_known_without_failures() {
        assert_eq!(likely_cause(&report(0, &[], 0, &[])).cause, Cause::Unclear);
    }
}
