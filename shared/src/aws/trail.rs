//! Which objects of a trail's bucket are log files, by their keys.
//!
//! A trail's bucket holds more than its log files: digests to prove these untouched, Insights, and whatever other services
//! deliver beside them. All lie under `AWSLogs/`, by account and then by service
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html>). Reading them to
//! find that there is nothing in them would cost, and refusing them would alarm somebody about what is in order.

/// What an object is that holds no log of a trail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PassedOver {
    /// A digest file.
    Digest,
    /// CloudTrail Insights.
    Insight,
    /// What another service delivered, or another kind of CloudTrail event.
    Other,
}

impl PassedOver {
    /// The name in metrics and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Digest => "trail_digest",
            Self::Insight => "trail_insight",
            Self::Other => "trail_other",
        }
    }
}

/// What to pass an object over for, by its key; `None` for a log file, and for everything that lies in no service's folder
/// below `AWSLogs/`.
#[must_use]
pub fn passed_over(key: &str) -> Option<PassedOver> {
    let (folders, _) = key.rsplit_once('/')?;
    let mut folders = folders.split('/').skip_while(|folder| *folder != "AWSLogs").skip(1);
    // A trail of an organization puts the organization before the account.
    let service = folders.find(|folder| !is_account(folder) && !is_organization(folder))?;
    match service {
        "CloudTrail" => None,
        "CloudTrail-Digest" => Some(PassedOver::Digest),
        "CloudTrail-Insight" => Some(PassedOver::Insight),
        _ => Some(PassedOver::Other),
    }
}

fn is_account(folder: &str) -> bool {
    folder.len() == 12 && folder.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_organization(folder: &str) -> bool {
    folder.starts_with("o-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_files_are_told_from_what_lies_beside_them() {
        for (key, expected) in [
            ("AWSLogs/111122223333/CloudTrail/eu-north-1/2026/03/02/111122223333_CloudTrail_x.json.gz", None),
            ("trails/all/AWSLogs/o-a1b2c3d4e5/111122223333/CloudTrail/us-east-1/2026/03/02/x.json.gz", None),
            ("AWSLogs/111122223333/CloudTrail-Digest/eu-north-1/2026/03/02/x.json.gz", Some(PassedOver::Digest)),
            ("AWSLogs/o-a1b2c3d4e5/111122223333/CloudTrail-Insight/us-east-1/x.json.gz", Some(PassedOver::Insight)),
            ("AWSLogs/111122223333/CloudTrail-NetworkActivity/us-east-1/x.json.gz", Some(PassedOver::Other)),
            ("AWSLogs/111122223333/Config/us-east-1/x.json.gz", Some(PassedOver::Other)),
            ("AWSLogs/111122223333/vpcflowlogs/us-east-1/x.log.gz", Some(PassedOver::Other)),
            ("tenantId=0f1e/y=2026/m=03/d=02/h=08/m=00/PT1H.json", None),
            ("CloudTrail-Digest.json", None),
            ("AWSLogs/logins.json", None),
            ("AWSLogs/111122223333/logins.json", None),
            ("AWSLogs/", None),
            ("AWSLogs", None),
        ] {
            assert_eq!(passed_over(key), expected, "{key}");
        }
    }
}
