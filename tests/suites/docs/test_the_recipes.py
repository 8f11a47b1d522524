"""The recipes of the runbook are the entries that the tests apply."""

import json
import re

from pages import PROJECT, section

RUNBOOK = (PROJECT / "docs/RUNBOOK.md").read_text("utf-8")
SCENARIOS = PROJECT / "tests/support/tuning_scenarios.json"


def test_the_runbook_has_the_entry_of_each_scenario():
    recipes = section(RUNBOOK, "Recipes for the rule's scenarios")
    blocks = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```$", recipes, re.M | re.S)]
    assert blocks == json.loads(SCENARIOS.read_text("utf-8"))
