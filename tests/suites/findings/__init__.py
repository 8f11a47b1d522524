"""The form for machines: does OCSF's own schema accept every finding?

The findings are the snapshots of `shared/pivotwatch/src/notify/cases.rs`: one for each kind of message, identity,
signal and attack.
"""
