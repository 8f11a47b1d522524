"""A responder's day: a generated but realistic day of a company, in which few incidents are true.

The rule finds every login from an address that failed often, so most of its incidents are false. Severity must rank
them. The judge labels the incidents of `pivotwatch hunt` with the truth, and counts them by severity.

facts      sign-ins, console logins with their truth, and the day that collects them
benign     the benign scenarios of the responder's day;  places  further ones;  attacks  scenarios with an attacker
plans      the scenarios of a day: the responder's day and its variations
files      writing a day
signals    signals and severity, derived again from the facts
judge      the incidents of hunt, with the truth, counted
"""
