//! Decides by its key whether an object of a trail's bucket can be a log file.
//!
//! A trail's bucket holds more than log files: digests that prove the log files' integrity, Insights, and the logs of
//! other services. All are below `AWSLogs/`, by account and then by service
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html>). Reading
//! these other objects would cost time and find nothing. Refusing them would raise an alarm about valid objects.
//!
//! An object is skipped only if its key shows that it *cannot* be a log file. Trails have prefixes, organisations put
//! their id before the account, and people who copy log files add folders. An object below an unknown folder is
//! therefore read.

/// Why an object is skipped: what it is in place of a log file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkipReason {
    /// A digest file.
    Digest,
    /// CloudTrail Insights.
    Insight,
    /// An object of another service, or with another kind of CloudTrail event.
    Other,
}

impl SkipReason {
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

/// Folders below an account with the logs of other AWS services, or with kinds of CloudTrail events that have no
/// logins.
const OTHER_SERVICES: [&str; 14] = [
    "CloudFront",
    "CloudTrail-Aggregated",
    "CloudTrail-NetworkActivity",
    "Config",
    "elasticloadbalancing",
    "globalaccelerator",
    "GuardDuty",
    "network-firewall",
    "redshift",
    "RedshiftAuditLogs",
    "vpcdnsquerylogs",
    "vpcflowlogs",
    "VPCLattice",
    "WAFLogs",
];

/// Why an object is skipped, if its key shows that it cannot be a log file; otherwise `None`.
#[must_use]
pub fn skip_reason(key: &str) -> Option<SkipReason> {
    let (folders, file) = key.rsplit_once('/')?;
    let folders: Vec<_> = folders.split('/').collect();
    let root = folders.iter().rposition(|folder| *folder == "AWSLogs")?;
    let below_root = &folders[root + 1..];
    let account = below_root.iter().position(|folder| is_account(folder));
    let below_account = account.map(|account| &below_root[account + 1..]).unwrap_or_default();
    if below_account.contains(&"CloudTrail") {
        return None;
    }
    below_account.iter().copied().chain(service_of(file)).find_map(|service| match service {
        "CloudTrail-Digest" => Some(SkipReason::Digest),
        "CloudTrail-Insight" => Some(SkipReason::Insight),
        _ => OTHER_SERVICES.contains(&service).then_some(SkipReason::Other),
    })
}

/// The service in the name of a file: `111122223333_CloudTrail-Digest_eu-north-1_...`.
fn service_of(file: &str) -> Option<&str> {
    let (account, rest) = file.split_once('_')?;
    let (service, _) = rest.split_once('_')?;
    is_account(account).then_some(service)
}

fn is_account(folder: &str) -> bool {
    folder.len() == 12 && folder.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    const NAME: &str = "111122223333_CloudTrail_us-east-1_20260302T1235Z_AbCdEfGhIjKlMnOp.json.gz";

    #[test]
    fn an_object_below_a_folder_cloudtrail_of_an_account_is_read() {
        for folders in [
            "AWSLogs/111122223333/CloudTrail/eu-north-1/2026/03/02",
            "trails/all/AWSLogs/o-a1b2c3d4e5/111122223333/CloudTrail/us-east-1/2026/03/02",
            "o-a1b2c3d4e5/AWSLogs/o-a1b2c3d4e5/111122223333/CloudTrail/us-east-1/2026/03/02",
            "AWSLogs/team-a/111122223333/CloudTrail/us-east-1/2026/03/02",
            "AWSLogs/111122223333/team-a/CloudTrail/us-east-1/2026/03/02",
            "AWSLogs/team-a/o-a1b2c3d4e5/111122223333/restored/CloudTrail/us-east-1",
            "AWSLogs/Config/111122223333/CloudTrail",
            "CloudTrail-Digest/AWSLogs/111122223333/CloudTrail/us-east-1",
            "case/AWSLogs/999988887777/Config/AWSLogs/111122223333/CloudTrail/us-east-1",
        ] {
            for name in [NAME, "x.json.gz", "999988887777_Config_x.json"] {
                let key = format!("{folders}/{name}");
                assert_eq!(skip_reason(&key), None, "{key}");
            }
        }
    }

    #[test]
    fn what_may_be_a_log_file_is_read() {
        for key in [
            "tenantId=0f1e/y=2026/m=03/d=02/h=08/m=00/PT1H.json",
            "CloudTrail-Digest.json",
            "CloudTrail-Digest/x.json",
            "111122223333/CloudTrail-Digest/x.json",
            "AWSLogs/logins.json",
            "AWSLogs/case42/logins.json",
            "AWSLogs/111122223333/logins.json",
            "AWSLogs/111122223333/2026/03/02/x.json.gz",
            "AWSLogs/111122223333/cloudtrail/x.json.gz",
            "AWSLogs/CloudTrail/x.json.gz",
            "AWSLogs/Config/x.json.gz",
            "my-AWSLogs/111122223333/Config/x.json.gz",
            "AWSLogs/",
            "AWSLogs",
            "",
        ] {
            assert_eq!(skip_reason(key), None, "{key}");
        }
    }

    #[test]
    fn what_cannot_be_a_log_file_is_skipped() {
        for (rest, expected) in [
            ("CloudTrail-Digest/eu-north-1/2026/03/02/x.json.gz", SkipReason::Digest),
            ("CloudTrail-Insight/us-east-1/x.json.gz", SkipReason::Insight),
            ("CloudTrail-NetworkActivity/us-east-1/x.json.gz", SkipReason::Other),
            ("Config/us-east-1/2026/3/2/ConfigHistory/x.json.gz", SkipReason::Other),
            ("elasticloadbalancing/us-east-1/2026/03/02/x.log.gz", SkipReason::Other),
            ("vpcflowlogs/us-east-1/x.log.gz", SkipReason::Other),
            ("WAFLogs/us-east-1/x.log.gz", SkipReason::Other),
            ("team-a/vpcflowlogs/us-east-1/x.log.gz", SkipReason::Other),
            ("2026/111122223333_CloudTrail-Digest_us-east-1_x.json.gz", SkipReason::Digest),
            ("2026/111122223333_vpcflowlogs_us-east-1_x.log.gz", SkipReason::Other),
        ] {
            for before in ["", "trails/all/", "o-a1b2c3d4e5/"] {
                for above in ["", "o-a1b2c3d4e5/", "team-a/"] {
                    let key = format!("{before}AWSLogs/{above}111122223333/{rest}");
                    assert_eq!(skip_reason(&key), Some(expected), "{key}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn folders_around_a_log_file_do_not_hide_it(
            before in vec("[A-Za-z0-9-]{1,12}", 0..3),
            above in vec("[A-Za-z0-9-]{1,12}", 0..3),
            between in vec("[A-Za-z0-9-]{1,12}", 0..3),
            below in vec("[A-Za-z0-9-]{1,12}", 0..5),
        ) {
            let folders = [&before[..], &["AWSLogs".to_owned()], &above, &["111122223333".to_owned()], &between];
            let key = format!("{}/CloudTrail/{}/{NAME}", folders.concat().join("/"), below.join("/"));
            prop_assert_eq!(skip_reason(&key), None);
        }
    }
}
