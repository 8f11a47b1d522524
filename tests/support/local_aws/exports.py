"""Sign-ins and console logins, as Azure and CloudTrail write them."""

import json
import uuid
from datetime import UTC, datetime, timedelta

TENANT = "0f1e2d3c-4b5a-4978-8695-a4b3c2d1e0f9"
ACCOUNT = "111122223333"
USER_AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
CATEGORY = {
    "interactive": "SignInLogs",
    "non_interactive": "NonInteractiveUserSignInLogs",
    "service_principal": "ServicePrincipalSignInLogs",
}


def sign_in(
    address: str,
    time: datetime,
    *,
    code: str = "50126",
    source: str = "interactive",
    user: str = "ann@contoso.example",
    app: str = "Azure Portal",
    client_app: str = "Browser",
    operation: str = "Sign-in activity",
    identifier: str | None = None,
) -> dict:
    """A sign-in as a diagnostic setting exports it. Its envelope is two minutes later than the sign-in."""
    identifier = identifier or str(uuid.uuid4())
    correlation = str(uuid.uuid4())
    failed = code not in ("0", "50125", "50140")
    return {
        "time": _fraction(time + timedelta(minutes=2)) + "Z",
        "resourceId": f"/tenants/{TENANT}/providers/Microsoft.aadiam",
        "operationName": operation,
        "operationVersion": "1.0",
        "category": CATEGORY[source],
        "tenantId": TENANT,
        "resultType": code,
        "resultSignature": "None" if failed else "SUCCESS",
        "durationMs": 0,
        "callerIpAddress": address,
        "correlationId": correlation,
        "identity": user.split("@")[0].title(),
        "Level": 4,
        "location": "SE",
        "properties": {
            "id": identifier,
            "createdDateTime": _fraction(time) + "+00:00",
            "userDisplayName": user.split("@")[0].title(),
            "userPrincipalName": user,
            "userId": str(uuid.uuid5(uuid.NAMESPACE_DNS, user)),
            "appId": "c44b4083-3bb0-49c1-b47d-974e53cbdf3c",
            "appDisplayName": app,
            "ipAddress": address,
            "status": {
                "errorCode": int(code),
                "failureReason": "Invalid username or password." if failed else "Other.",
            },
            "clientAppUsed": client_app,
            "userAgent": USER_AGENT,
            "deviceDetail": {"deviceId": "", "operatingSystem": "Windows10", "browser": "Chrome 126.0.0"},
            "location": {
                "city": "Malmo",
                "countryOrRegion": "SE",
                "geoCoordinates": {"latitude": 55.6, "longitude": 13},
            },
            "correlationId": correlation,
            "conditionalAccessStatus": "notApplied",
            "appliedConditionalAccessPolicies": [],
            "isInteractive": source == "interactive",
            "authenticationRequirement": "singleFactorAuthentication",
            "riskState": "none",
        },
    }


def failures(address: str, first: datetime, count: int = 6, **fields) -> list[dict]:
    """`count` failed sign-ins, a minute apart."""
    return [sign_in(address, first + timedelta(minutes=number), **fields) for number in range(count)]


def lines(records: list[dict]) -> bytes:
    """An export: one record a line, as Azure writes PT1H.json."""
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def batch(records: list[dict]) -> bytes:
    """An export: a batch, as event hubs deliver it."""
    return json.dumps({"records": records}).encode()


IDENTITIES = {
    "iam_user": {
        "type": "IAMUser",
        "principalId": "AIDACKCEVSQ6C2EXAMPLE",
        "arn": f"arn:aws:iam::{ACCOUNT}:user/alice",
        "accountId": ACCOUNT,
        "userName": "alice",
    },
    "root": {
        "type": "Root",
        "principalId": ACCOUNT,
        "arn": f"arn:aws:iam::{ACCOUNT}:root",
        "accountId": ACCOUNT,
    },
    "identity_center": {
        "type": "AssumedRole",
        "principalId": "AROACKCEVSQ6C2EXAMPLE:bo@contoso.example",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/bo@contoso.example",
        "accountId": ACCOUNT,
        "sessionContext": {"sessionIssuer": {"type": "Role", "userName": "AWSReservedSSO_Admin_0123456789abcdef"}},
    },
    "saml": {
        "type": "AssumedRole",
        "principalId": "AROACKCEVSQ6C2EXAMPLE:carol",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Operators/carol",
        "accountId": ACCOUNT,
    },
}


def console_login(address: str, time: datetime, *, identity: str = "iam_user", **fields) -> dict:
    """A CloudTrail record of a successful console login. Named arguments replace the record's fields."""
    federated = {"SamlProviderArn": f"arn:aws:iam::{ACCOUNT}:saml-provider/corp"} if identity == "saml" else {}
    record = {
        "eventVersion": "1.08",
        "userIdentity": IDENTITIES[identity],
        "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": "signin.amazonaws.com",
        "eventName": "ConsoleLogin",
        "awsRegion": "us-east-1",
        "sourceIPAddress": address,
        "userAgent": USER_AGENT,
        "requestParameters": None,
        "responseElements": {"ConsoleLogin": "Success"},
        "additionalEventData": {"MobileVersion": "No", "MFAUsed": "No"} | federated,
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsConsoleSignIn",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }
    return record | fields


def _fraction(time: datetime) -> str:
    """The time with Azure's seven digits."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + "1234567"
