//! A sign-in as Azure Monitor writes it, with all fields of a real record.

use std::fmt::Write as _;

use crate::chance::Chance;
use crate::sign_in::SignIn;

/// The order of the keys of every object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Azure's order, in which the result comes early.
    Azure,
    /// By name, as a forwarder that parses and serialises writes them; the result comes late.
    Sorted,
    /// Another order in each record.
    Any,
}

const TENANT: &str = "4c8f0b2e-6a51-4d37-9b0c-2f1e7d9a6c43";
const FIRST_NAMES: [&str; 24] = [
    "Ann",
    "Bo",
    "Chloé",
    "David",
    "Eva",
    "Farid",
    "Grace",
    "Ivan",
    "Jun",
    "Katarzyna",
    "Liam",
    "Mei",
    "Noor",
    "Olga",
    "Pär",
    "Quentin",
    "Rosa",
    "Sven",
    "Tove",
    "Uma",
    "Viktor",
    "Wanda",
    "Yusuf",
    "Zoë",
];
const LAST_NAMES: [&str; 32] = [
    "Lindqvist",
    "Åkesson",
    "Martin",
    "Okafor",
    "Novák",
    "Haddad",
    "Kim",
    "Horvat",
    "Tanaka",
    "Kowalska",
    "Murphy",
    "Chen",
    "Rahman",
    "Petrova",
    "Öberg",
    "Dubois",
    "Jiménez",
    "Larsen",
    "Nyström",
    "Iyer",
    "Weber",
    "Zielińska",
    "Demir",
    "Visser",
    "Smith",
    "Garcia",
    "Nguyen",
    "Schmidt",
    "Rossi",
    "Silva",
    "Andersson",
    "Brown",
];
const APPS: [&str; 8] = [
    "Azure Portal",
    "Office 365 Exchange Online",
    "Microsoft Teams",
    "AWS IAM Identity Center",
    "Microsoft Office",
    "Windows Sign In",
    "One Outlook Web",
    "SharePoint Online Client Extensibility",
];
const RESOURCES: [&str; 4] = [
    "Windows Azure Service Management API",
    "Microsoft Graph",
    "Office 365 SharePoint Online",
    "Windows Azure Active Directory",
];
const CITIES: [[&str; 5]; 6] = [
    ["Stockholm", "Stockholms Lan", "SE", "59.325", "18.071"],
    ["Dublin", "Dublin", "IE", "53.344", "-6.267"],
    ["Hyderabad", "Telangana", "IN", "17.381", "78.479"],
    ["São Paulo", "Sao Paulo", "BR", "-23.547", "-46.636"],
    ["Singapore", "Central Singapore", "SG", "1.289", "103.850"],
    ["Seattle", "Washington", "US", "47.606", "-122.332"],
];
const POLICIES: [&str; 10] = [
    "Require MFA for administrators",
    "Require MFA for all users",
    "Block legacy authentication",
    "Require compliant or hybrid joined device",
    "Block sign-ins from unapproved locations",
    "Microsoft-managed: Multifactor authentication and reauthentication for risky sign-ins",
    "Require password change for high-risk users",
    "Sign-in frequency for unmanaged devices",
    "Require terms of use for guests",
    "Session controls for browser access",
];
const OFFICE: &str = r#"[{"networkType":"trustedNamedLocation","networkNames":["Head office","VPN"]}]"#;
const REMEMBERED: &str =
    r#"[{"expirationRequirement":"rememberMultifactorAuthenticationOnTrustedDevices","detail":"Remember MFA"}]"#;

/// An object while it is written: its members by name, each value serialised already.
#[derive(Default)]
struct Members(Vec<(&'static str, String)>);

impl Members {
    fn raw(&mut self, name: &'static str, value: impl Into<String>) -> &mut Self {
        self.0.push((name, value.into()));
        self
    }

    /// Writes a text, which needs no escapes or already has them.
    fn text(&mut self, name: &'static str, value: &str) -> &mut Self {
        self.raw(name, format!("\"{value}\""))
    }

    fn written(mut self, order: Order, chance: &mut Chance) -> String {
        match order {
            Order::Azure => {}
            Order::Sorted => self.0.sort_by_key(|(name, _)| *name),
            Order::Any => chance.shuffle(&mut self.0),
        }
        let mut text =
            String::with_capacity(2 + self.0.iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>());
        for (name, value) in self.0 {
            let _ = write!(text, "{}\"{name}\":{value}", if text.is_empty() { '{' } else { ',' });
        }
        text.push('}');
        text
    }
}

/// The user of a sign-in, the same for the same number.
struct Person {
    name: String,
    id: String,
    city: [&'static str; 5],
    /// The place in the city, as precise as a network reveals it.
    offset: u64,
    agent: String,
    device: String,
}

impl Person {
    fn of(user: u64) -> Self {
        let mut chance = Chance::new(user);
        let name = format!("{} {}", chance.one_of(&FIRST_NAMES), chance.one_of(&LAST_NAMES));
        let version = 120 + chance.below(24);
        let build = format!("{version}.0.{}.{}", chance.below(7000), chance.below(200));
        let agent = match chance.below(4) {
            0 => format!(
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{build} Safari/537.36 Edg/{build}"
            ),
            1 => format!(
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{version} Safari/605.1.15"
            ),
            2 => format!(
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E{version}"
            ),
            _ => format!("Mozilla/5.0 (X11; Linux x86_64; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"),
        };
        let device = if chance.happens(40) {
            format!(r#"{{"deviceId":"","operatingSystem":"Windows10","browser":"Edge {build}"}}"#)
        } else {
            format!(
                r#"{{"deviceId":"{}","displayName":"LAPTOP-{:06X}","operatingSystem":"Windows10","browser":"Edge {build}","isCompliant":true,"isManaged":true,"trustType":"Hybrid Azure AD joined"}}"#,
                chance.guid(),
                chance.below(0xff_ffff)
            )
        };
        let city = CITIES[usize::try_from(chance.below(6)).unwrap_or_default()];
        Self { name, id: chance.guid(), city, offset: chance.below(1_000_000_000), agent, device }
    }

    fn location(&self) -> String {
        let ([city, state, country, latitude, longitude], offset) = (self.city, self.offset);
        format!(
            r#"{{"city":"{city}","state":"{state}","countryOrRegion":"{country}","geoCoordinates":{{"latitude":{latitude}{offset:09},"longitude":{longitude}{offset:09}}}}}"#
        )
    }
}

/// The id of a name.
fn id_of(name: &str) -> String {
    Chance::new(name.bytes().fold(0, |id, byte| id.wrapping_mul(31).wrapping_add(u64::from(byte)))).guid()
}

/// Appends the record of a sign-in to `out`.
pub fn write_record(sign_in: &SignIn, order: Order, out: &mut Vec<u8>) {
    let mut chance = sign_in.chance.clone();
    // From another stream, so that the order of keys does not change values.
    let mut shuffling = Chance::new(chance.number());
    let envelope = envelope(sign_in, order, &mut chance, &mut shuffling);
    out.extend_from_slice(envelope.written(order, &mut shuffling).as_bytes());
}

fn envelope(sign_in: &SignIn, order: Order, chance: &mut Chance, shuffling: &mut Chance) -> Members {
    let correlation_id = chance.guid();
    let person = Person::of(sign_in.user);
    let mut members = Members::default();
    members
        .text("time", &sign_in.logged.format("%Y-%m-%dT%H:%M:%S%.6f0Z").to_string())
        .text("resourceId", &format!("/tenants/{TENANT}/providers/Microsoft.aadiam"))
        .text("operationName", "Sign-in activity")
        .text("operationVersion", "1.0")
        .text("category", if sign_in.is_interactive { "SignInLogs" } else { "NonInteractiveUserSignInLogs" })
        .text("tenantId", TENANT)
        .text("resultType", sign_in.code)
        .text("resultSignature", if sign_in.code == "0" { "SUCCESS" } else { "FAILURE" });
    if sign_in.code != "0" {
        members.text("resultDescription", "Error validating credentials due to invalid username or password.");
    }
    members
        .raw("durationMs", "0")
        .text("callerIpAddress", &sign_in.address)
        .text("correlationId", &correlation_id)
        .text("identity", &person.name)
        .raw("Level", "4")
        .text("location", person.city[2])
        .raw("properties", properties(sign_in, &correlation_id, &person, order, chance, shuffling));
    members
}

fn properties(
    sign_in: &SignIn,
    correlation_id: &str,
    person: &Person,
    order: Order,
    chance: &mut Chance,
    shuffling: &mut Chance,
) -> String {
    let id = chance.guid();
    let (app, resource) = (chance.one_of(&APPS), chance.one_of(&RESOURCES));
    let event_time = sign_in.time.format("%Y-%m-%dT%H:%M:%S%.6f0+00:00").to_string();
    let mut status = Members::default();
    status.raw("errorCode", sign_in.code);
    if sign_in.code != "0" {
        status.text("failureReason", "Error validating credentials due to invalid username or password.");
        status.text(
            "additionalDetails",
            "The user didn't enter the right credentials. \\u00a0It's expected to see some of these.",
        );
    }
    let status = status.written(order, shuffling);
    let mut members = Members::default();
    members
        .text("id", &id)
        .text("createdDateTime", &event_time)
        .text("userDisplayName", &person.name)
        .text("userPrincipalName", &format!("user{:05}@contoso.example", sign_in.user))
        .text("userId", &person.id)
        .text("appId", &id_of(app))
        .text("appDisplayName", app)
        .text("ipAddress", &sign_in.address)
        .raw("status", status)
        .text("clientAppUsed", "Browser")
        .text("userAgent", &person.agent)
        .raw("deviceDetail", person.device.clone())
        .raw("location", person.location())
        .raw("mfaDetail", "{}")
        .text("correlationId", correlation_id)
        .text("conditionalAccessStatus", "success")
        .raw("appliedConditionalAccessPolicies", policies(chance))
        .text("originalRequestId", &id)
        .raw("isInteractive", if sign_in.is_interactive { "true" } else { "false" })
        .text("tokenIssuerName", "")
        .text("tokenIssuerType", "AzureAD")
        .raw("authenticationProcessingDetails", processing_details(chance))
        .raw("networkLocationDetails", if sign_in.is_interactive { OFFICE } else { "[]" })
        .text("clientCredentialType", "none")
        .raw("processingTimeInMilliseconds", chance.below(900).to_string())
        .text("riskDetail", "none")
        .text("riskLevelAggregated", "none")
        .text("riskLevelDuringSignIn", "none")
        .text("riskState", "none")
        .raw("riskEventTypes", "[]")
        .raw("riskEventTypes_v2", "[]")
        .text("resourceDisplayName", resource)
        .text("resourceId", &id_of(resource))
        .text("resourceTenantId", TENANT)
        .text("homeTenantId", TENANT)
        .raw("authenticationDetails", authentication_details(sign_in, &event_time, chance))
        .raw("authenticationRequirementPolicies", r#"[{"requirementProvider":"user","detail":"Per-user MFA"}]"#)
        .raw("sessionLifetimePolicies", if chance.happens(40) { REMEMBERED } else { "[]" })
        .text("authenticationRequirement", "multiFactorAuthentication")
        .text("servicePrincipalId", "")
        .text("userType", "Member")
        .raw("flaggedForReview", "false")
        .raw("isTenantRestricted", "false")
        .raw("autonomousSystemNumber", (1000 + chance.below(60_000)).to_string())
        .text("crossTenantAccessType", "none")
        .raw("privateLinkDetails", "{}")
        .text("ssoExtensionVersion", "")
        .text("uniqueTokenIdentifier", &format!("{:016x}{:06x}AA", chance.number(), chance.below(0xff_ffff)))
        .text("incomingTokenType", "none")
        .text("authenticationProtocol", "none")
        .raw("appServicePrincipalId", "null")
        .text("resourceServicePrincipalId", &id_of(&[resource, "principal"].concat()))
        .text("sessionId", &chance.guid())
        .text("rngcStatus", "0");
    members.written(order, shuffling)
}

fn policies(chance: &mut Chance) -> String {
    let policies: Vec<_> = POLICIES
        .iter()
        .cycle()
        .skip(usize::try_from(chance.below(10)).unwrap_or_default())
        .take(usize::try_from(chance.below(4)).unwrap_or_default())
        .map(|name| {
            let (result, satisfied) = chance.one_of(&[&("notApplied", 0), &("success", 3), &("notEnabled", 1)]);
            format!(
                r#"{{"id":"{}","displayName":"{name}","enforcedGrantControls":["Mfa"],"enforcedSessionControls":[],"result":"{result}","conditionsSatisfied":{satisfied},"conditionsNotSatisfied":8}}"#,
                id_of(name)
            )
        })
        .collect();
    format!("[{}]", policies.join(","))
}

fn processing_details(chance: &mut Chance) -> String {
    let scopes = chance.one_of(&[r#"[\"user_impersonation\"]"#, r#"[\"openid\",\"profile\",\"User.Read\"]"#, ""]);
    format!(
        r#"[{{"key":"Login Hint Present","value":"True"}},{{"key":"Legacy TLS (TLS 1.0, 1.1, 3DES)","value":"False"}},{{"key":"Oauth Scope Info","value":"{scopes}"}},{{"key":"Domain Hint Present","value":"True"}},{{"key":"Is CAE Token","value":"False"}}]"#
    )
}

fn authentication_details(sign_in: &SignIn, event_time: &str, chance: &mut Chance) -> String {
    if !sign_in.is_interactive {
        return "[]".to_owned();
    }
    let steps: Vec<_> = ["Password", "Mobile app notification"]
        .iter()
        .take(1 + usize::try_from(chance.below(2)).unwrap_or_default())
        .enumerate()
        .map(|(number, method)| {
            format!(
                r#"{{"authenticationStepDateTime":"{event_time}","authenticationMethod":"{method}","authenticationMethodDetail":"Password Hash Sync","succeeded":true,"authenticationStepResultDetail":"First factor requirement satisfied by claim in the token","authenticationStepRequirement":"Primary authentication","StatusSequence":0,"RequestSequence":{number}}}"#
            )
        })
        .collect();
    format!("[{}]", steps.join(","))
}
