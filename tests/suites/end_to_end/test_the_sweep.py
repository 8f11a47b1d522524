"""The schedule of the sweep. The emulator keeps schedules and never runs them, so the tests invoke their target."""

import json


def test_the_schedule_sweeps_every_quarter_of_an_hour(stack):
    schedule = stack.server.client("scheduler").get_schedule(Name=stack.outputs["SweepSchedule"])
    target = schedule["Target"]
    assert (schedule["State"], schedule["ScheduleExpression"]) == ("ENABLED", "rate(15 minutes)")
    assert target["Arn"].endswith(f":function:{stack.outputs['DetectFunction']}")

    summary = stack.after("detect", lambda: stack.invoke("detect", json.loads(target["Input"])))
    assert summary["Sweeps"] == 1
    assert summary["EventsUnrecognised"] == 0
    assert summary["ConfirmedSubscribers"] >= 1, "the role may count them"
    assert summary["Unreported"] == 0, "the role may query the index"


def test_the_role_of_the_schedule_may_invoke_detect_and_no_other_function(stack):
    schedule = stack.server.client("scheduler").get_schedule(Name=stack.outputs["SweepSchedule"])
    role = schedule["Target"]["RoleArn"].rsplit("/", 1)[-1]
    policy = stack.server.client("iam").get_role_policy(RoleName=role, PolicyName="sweep")["PolicyDocument"]
    policy = json.loads(policy) if isinstance(policy, str) else policy
    granted = {statement["Action"]: statement["Resource"] for statement in policy["Statement"]}
    assert granted["lambda:InvokeFunction"] == schedule["Target"]["Arn"]
    assert granted.keys() == {"lambda:InvokeFunction", "sqs:SendMessage"}
