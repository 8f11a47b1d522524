//! The text of a finding in the message of a failed test.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

use super::{Failures, Finding};

impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |time: &DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
        writeln!(f, "{} {}", self.day, self.columns.join(" | "))?;
        writeln!(f, "    from {} to {}", time(&self.start_time), time(&self.end_time))?;
        writeln!(f, "    {:?}", self.signals)?;
        for (at, event_id) in &self.logins {
            writeln!(f, "    login {event_id} {}", time(at))?;
        }
        for (source, failures) in &self.failures {
            let Failures { count, exceeded, first, last, error_codes, users, users_total } = failures;
            writeln!(f, "    {source}: {count}, exceeded: {exceeded}, from {} to {}", time(first), time(last))?;
            writeln!(f, "      {error_codes:?} {users_total} users: {users:?}")?;
        }
        writeln!(f, "    {:#?}", self.context)
    }
}
