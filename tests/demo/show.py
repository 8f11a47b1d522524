"""What the demo prints."""

import textwrap
from typing import Any

from local_aws.deployment import Deployment, Mail

WIDTH = 110


def heading(text: str) -> None:
    print(f"\n── {text} {'─' * max(0, WIDTH - 4 - len(text))}\n")


def ingested(summary: dict, deployed: Deployment) -> None:
    """Prints ingest's summary of the export."""
    print(
        f"    ingest read {summary['RecordsRead']} records: {summary['Failures']} failures, "
        f"{summary['RecordsIgnored']} not counted{_reasons(summary, 'Ignored')}, "
        f"{summary['RecordsRejected']} rejected{_reasons(summary, 'Rejected')}"
    )
    if summary["ObjectsRefused"]:
        print(f"    ingest refused the object{_reasons(summary, 'Refused')}: {deployed.warnings('ingest')[-1]}")


def detected(summaries: list[dict]) -> None:
    """Prints detect's summaries of the logins."""
    total: dict[str, int] = {}
    for summary in summaries:
        for name, number in summary.items():
            if isinstance(number, int):
                total[name] = total.get(name, 0) + number
    print(f"    detect found {total['Logins']} successful console logins{_reasons(total, 'Ignored', 'other: ')}")


def mail(received: Mail) -> None:
    """Prints a mail, subject first."""
    heading("The mail that the security team receives")
    print(f"Subject: {received.subject}\n")
    print(received.text)


def nothing_found(summary: dict, summaries: list[dict]) -> None:
    """Prints the reason for no mail."""
    heading("No incident")
    print(
        f"No address had both: more than 5 failures of one source and a successful console login, within 24 h of each\n"
        f"other. Counted: {summary['Failures']} failures, {sum(one['Logins'] for one in summaries)} logins."
    )


def evidence(address: str, deployed: Deployment) -> None:
    """Prints the records of an address, as a responder's query returns them."""
    heading(f"Everything known of {address}, as a responder queries it: ip = {address}")
    for record in deployed.evidence(address):
        print(record["record"])
        hidden = {"ip", "record", "state", "version", "expires_at", "listed", "rank"}
        for name in sorted(set(record) - hidden):
            value = _readable(record[name])
            if value:
                print(textwrap.fill(f"{name}: {value}", WIDTH, initial_indent="    ", subsequent_indent=" " * 8))
        print()


def _reasons(summary: dict, kind: str, before: str = "") -> str:
    prefix = f"{kind}."
    reasons = [f"{name.removeprefix(prefix)} {number}" for name, number in summary.items() if name.startswith(prefix)]
    return f" ({before}{', '.join(reasons)})" if reasons else ""


def _readable(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_readable(inner)}" for name, inner in sorted(value.items()) if inner is not None)
    if isinstance(value, list):
        return "; ".join(_readable(element) for element in value)
    return "" if value is None else str(value)
