"""The compared deployments: one with the defaults, one with every parameter changed."""

import pictures
import sam_template

# The runs of mocked.tftest.hcl, with the same values under the template's names.
RUNS = {
    "defaults": {},
    "changed": {
        # The mock's names begin with it. Another test covers other names.
        "Name": "pivotwatch",
        "Architecture": "x86_64",
        "AlertEmail": "soc@example.com",
        "Threshold": "7",
        "Window": "36h",
        "Order": "failures_first",
        "Sources": "adfs",
        "Ipv6Network": "none",
        "Successes": "ignore",
        "RetentionDays": "30",
        "ExportRetentionDays": "0",
        "LogRetentionDays": "7",
        "DeletionProtection": "false",
        # Spelled as Terraform's jsonencode does: without blanks, in the order of the names.
        "TuningEntries": (
            '[{"exclude":"failures","expires_at":"2027-01-31T00:00:00Z","id":"backup-veeam",'
            '"when":{"app":["Veeam*"],"cidr":["198.51.100.0/24"]}},'
            '{"id":"office-oslo","permanent":true,"threshold":50,"when":{"cidr":["192.0.2.0/24"]}}]'
        ),
        "AddressLimit": "1",
        "HourLimit": "250",
        "Mode": "observe",
        "ObserveUntil": "2028-02-29T23:59:59Z",
        "AccountNames": '{"111122223333":"payments-prod","444455556666":"Påfyll \\"7\\""}',
        "HttpsForm": "finding",
        "RunbookUrl": "https://wiki.example/pivotwatch?page=1#contain",
        "ExtraEventSources": "pivotwatch.selftest,another",
        "TrailBucket": "trail-of-all-regions",
        "TrailKeyArn": "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555",
    },
}


def of_sam(run: str) -> dict:
    return pictures.sam(sam_template.Stack(**RUNS[run]))


def of_terraform(run: str, deployments: dict) -> dict:
    return pictures.terraform(deployments[run])
