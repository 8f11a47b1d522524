//! Similar records: earlier records must not change the outcome of a later one. They are read twice, the second time
//! with a tab in each, which keeps them from matching a template.

#![no_main]

use libfuzzer_sys::fuzz_target;

const RECORD: &str = r#"{"time":"2026-03-02T12:02:00.0000000Z","category":"SignInLogs","resultType":"50126","callerIpAddress":"203.0.113.7","correlationId":"c","Level":4,"properties":{"id":"8577ec3f-8dd9","createdDateTime":"2026-03-02T12:00:00.1234567+00:00","userPrincipalName":"ann@contoso.example","appDisplayName":"Azure Portal","ipAddress":"203.0.113.7","status":{"errorCode":50126,"failureReason":"Invalid user name or password."},"deviceDetail":{"deviceId":"","isManaged":true},"location":{"city":"Malmö","geoCoordinates":{"latitude":55.6,"longitude":-13.001}},"mfaDetail":{},"policies":[{"id":"a","controls":["Mfa"],"result":"success"},{"id":"b","controls":[],"result":"notApplied"}],"details":[{"key":"Oauth Scope Info","value":"[\"openid\"]"}],"riskEventTypes":[],"resourceDisplayName":"Graph","token":null}}"#;

/// The bytes that are removed from a record, their replacement, and whether the previous record is changed or the
/// first.
type Edit<'a> = (bool, u16, u8, &'a [u8]);

fuzz_target!(|edits: Vec<Edit<'_>>| {
    let mut records = vec![RECORD.as_bytes().to_vec()];
    for (goes_on, position, removed, damage) in edits.into_iter().take(16) {
        let before = if goes_on { records.last() } else { records.first() }.expect("there is one");
        let record = pivotwatch_fuzz::spliced(before, position, removed, damage);
        // Only the added tab may differ, and no line may end early.
        records.push(record.into_iter().filter(|byte| !matches!(byte, b'\n' | b'\r' | b'\t')).collect());
    }
    let with = |mark: &[u8]| {
        let line = |record: &Vec<u8>| match record.strip_prefix(b"{") {
            Some(rest) => [b"{", mark, rest, b"\n"].concat(),
            None => [record, &b"\n"[..]].concat(),
        };
        records.iter().map(line).collect::<Vec<_>>().concat()
    };
    assert_eq!(pivotwatch_fuzz::outcomes(&with(b" ")), pivotwatch_fuzz::outcomes(&with(b"\t")));
});
