//! Worlds: the sign-ins and logins of some days, before any order of delivery.
//!
//! A world is small and lies around the limits of its rule: the threshold, both ends of the window, and midnight. It
//! prints as a table, so that a failed test shows its events.

mod evidence;
mod identities;
mod strategies;

use std::fmt;
use std::net::IpAddr;

use chrono::{DateTime, SecondsFormat, Utc};
use pivotwatch::detection::{Rule, Source};
use serde_json::{Value, json};

pub use identities::{IDENTITIES, Identity};
pub use strategies::worlds;

use crate::facts::{ADDRESS, SignIn, console_login};

/// Sign-ins and logins, and the rule for them.
#[derive(Clone)]
pub struct World {
    pub rule: Rule,
    /// Rows of the sign-in logs, some of them duplicates.
    pub rows: Vec<Row>,
    /// CloudTrail records: console logins and other events.
    pub trail: Vec<TrailRecord>,
    /// Successful sign-ins that the exports of the failures show.
    pub successes: Vec<Success>,
}

/// A successful sign-in. It counts if its address has a failure.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "they are those of a failure")]
pub struct Success {
    pub address: IpAddr,
    pub source: Source,
    /// In whole seconds.
    pub time: DateTime<Utc>,
    pub user: String,
}

#[derive(Clone)]
pub struct Row {
    /// The sign-in as it is logged.
    pub sign_in: SignIn,
    /// The address that the row spells, if it spells one.
    pub address: Option<IpAddr>,
}

/// A CloudTrail record. An empty text is a missing field.
#[derive(Clone)]
#[expect(missing_docs, reason = "they are CloudTrail's fields")]
pub struct TrailRecord {
    pub event_id: String,
    pub event_name: &'static str,
    pub event_type: &'static str,
    pub time: DateTime<Utc>,
    pub source_ip_address: String,
    /// The address that `source_ip_address` spells, if it spells one.
    pub address: Option<IpAddr>,
    pub result: &'static str,
    pub identity: Identity,
    pub recipient_account_id: &'static str,
    pub region: &'static str,
    pub user_agent: &'static str,
    pub mfa_used: &'static str,
}

impl World {
    /// The simplest world: these sign-ins from one address, and one user's logins from it at these times.
    #[must_use]
    pub fn plain(sign_ins: &[SignIn], logins: &[DateTime<Utc>]) -> Self {
        let address = ADDRESS.parse().ok();
        let login = |(number, time): (usize, &DateTime<Utc>)| TrailRecord {
            event_id: format!("l{number}"),
            event_name: "ConsoleLogin",
            event_type: "AwsConsoleSignIn",
            time: *time,
            source_ip_address: ADDRESS.to_owned(),
            address,
            result: "Success",
            identity: IDENTITIES[0],
            recipient_account_id: "111122223333",
            region: "eu-north-1",
            user_agent: "Mozilla/5.0",
            mfa_used: "No",
        };
        Self {
            rule: Rule::default(),
            rows: sign_ins.iter().map(|sign_in| Row { sign_in: sign_in.clone(), address }).collect(),
            trail: logins.iter().enumerate().map(login).collect(),
            successes: Vec::new(),
        }
    }
}

/// The source of Azure's category, if the rule counts it.
#[must_use]
pub fn source_of(category: &str) -> Option<Source> {
    match category.to_lowercase().as_str() {
        "signinlogs" => Some(Source::Interactive),
        "noninteractiveusersigninlogs" => Some(Source::NonInteractive),
        _ => None,
    }
}

impl TrailRecord {
    /// The record as CloudTrail writes it.
    #[must_use]
    pub fn record(&self) -> Value {
        let mut record = console_login(&self.event_id, self.time);
        record["eventName"] = json!(self.event_name);
        record["eventType"] = json!(self.event_type);
        record["sourceIPAddress"] = json!(self.source_ip_address);
        record["userIdentity"] = self.identity.user_identity();
        record["awsRegion"] = json!(self.region);
        record["userAgent"] = json!(self.user_agent);
        for (path, key, text) in [
            ("", "recipientAccountId", self.recipient_account_id),
            ("/responseElements", "ConsoleLogin", self.result),
            ("/additionalEventData", "MFAUsed", self.mfa_used),
        ] {
            let fields = record.pointer_mut(path).and_then(Value::as_object_mut).expect("an object");
            if text.is_empty() {
                fields.remove(key);
            } else {
                fields.insert(key.to_owned(), json!(text));
            }
        }
        if !self.identity.resource_arn.is_empty() {
            record["resources"] = json!([{"ARN": self.identity.resource_arn, "type": "AWS::IAM::Role"}]);
        }
        record
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rule { threshold, window, order, ipv6_network, counts_successes, .. } = &self.rule;
        let hours = window.num_hours();
        writeln!(f, "more than {threshold} failures in {hours} h, order {order:?}, networks {ipv6_network}")?;
        writeln!(f, "successes are counted: {counts_successes}")?;
        for row in &self.rows {
            writeln!(f, "  {row:?}")?;
        }
        for record in &self.trail {
            writeln!(f, "  {record:?}")?;
        }
        for Success { address, source, time, user } in &self.successes {
            writeln!(f, "  success {} {address} {source} {user}", shown(*time))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SignIn { id, time, address, code, category, user } = &self.sign_in;
        write!(f, "sign-in {id:?} {} {address:?} {code} {category} {user}", shown(*time))
    }
}

impl fmt::Debug for TrailRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { event_id, event_name, event_type, source_ip_address, result, identity, .. } = self;
        let Self { recipient_account_id, region, user_agent, mfa_used, .. } = self;
        write!(f, "{event_name} {event_id:?} {} {source_ip_address:?} {result:?} {identity:?}", shown(self.time))?;
        write!(f, " {event_type} account {recipient_account_id:?} {region} {user_agent} MFA {mfa_used:?}")
    }
}

fn shown(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
