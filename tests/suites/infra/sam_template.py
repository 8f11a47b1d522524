"""The SAM template as CloudFormation resolves it: parameters replaced, intrinsic functions evaluated."""

import re
from pathlib import Path

import yaml

TEMPLATE = Path(__file__).parents[3] / "infra" / "sam" / "template.yaml"

REGION, ACCOUNT = "eu-central-1", "123456789012"
PSEUDO_PARAMETERS = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": "pivotwatch",
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/pivotwatch/00000000-0000-0000-0000-000000000000",
}
NO_VALUE = object()


class RefusedError(Exception):
    """CloudFormation refuses this combination of parameters; the text has the reason."""


class _Loader(yaml.SafeLoader):
    pass


def _intrinsic(loader, suffix, node):
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {name: value.split(".") if name == "Fn::GetAtt" else value}


_Loader.add_multi_constructor("!", _intrinsic)


def load() -> dict:
    return yaml.load(TEMPLATE.read_text(encoding="utf-8"), _Loader)


# The values of Ref and of GetAtt Arn for each type, from the resource's resolved name.
_ARN = f"arn:aws:{{}}:{REGION}:{ACCOUNT}:{{}}"
_NAMED = {
    "AWS::S3::Bucket": ("BucketName", lambda name: name, lambda name: f"arn:aws:s3:::{name}"),
    "AWS::DynamoDB::Table": ("TableName", lambda name: name, lambda name: _ARN.format("dynamodb", f"table/{name}")),
    "AWS::SNS::Topic": ("TopicName", lambda name: _ARN.format("sns", name), lambda name: _ARN.format("sns", name)),
    "AWS::Serverless::Function": (
        "FunctionName",
        lambda name: name,
        lambda name: _ARN.format("lambda", f"function:{name}"),
    ),
    "AWS::Logs::LogGroup": ("LogGroupName", lambda name: name, lambda name: _ARN.format("logs", f"log-group:{name}:*")),
    "AWS::Events::Rule": ("Name", lambda name: name, lambda name: _ARN.format("events", f"rule/{name}")),
    "AWS::Scheduler::Schedule": (
        "Name",
        lambda name: name,
        lambda name: _ARN.format("scheduler", f"schedule/default/{name}"),
    ),
    "AWS::SQS::Queue": (
        "QueueName",
        lambda name: f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}",
        lambda name: _ARN.format("sqs", name),
    ),
}


class Stack:
    """A deployment of the template with these parameters, the others by default."""

    def __init__(self, **parameters: str):
        self.template = load()
        declared = self.template["Parameters"]
        assert parameters.keys() <= declared.keys(), f"no such parameter: {parameters.keys() - declared.keys()}"
        self.parameters = {name: str(parameters.get(name, declared[name]["Default"])) for name in declared}
        self._assert_patterns()
        self._assert_rules()
        self.resources = {
            name: {"Type": resource["Type"], "Properties": self._resolve(self._with_globals(resource))}
            for name, resource in self.template["Resources"].items()
            if "Condition" not in resource or self._condition(resource["Condition"])
        }
        self.outputs = {
            name: self._resolve(output["Value"])
            for name, output in self.template["Outputs"].items()
            if "Condition" not in output or self._condition(output["Condition"])
        }

    def of_type(self, kind: str) -> dict[str, dict]:
        """The properties of the resources of a type, by logical name."""
        return {name: r["Properties"] for name, r in self.resources.items() if r["Type"] == kind}

    def only(self, kind: str) -> dict:
        (properties,) = self.of_type(kind).values()
        return properties

    def _assert_patterns(self) -> None:
        for name, value in self.parameters.items():
            declared = self.template["Parameters"][name]
            fits = len(value) <= declared.get("MaxLength", len(value))
            if not fits or not re.search(declared.get("AllowedPattern", ""), value):
                raise RefusedError(f"{name} {declared['ConstraintDescription']}")

    def _assert_rules(self) -> None:
        for rule in self.template.get("Rules", {}).values():
            if self._resolve(rule["RuleCondition"]):
                for assertion in rule["Assertions"]:
                    if not self._resolve(assertion["Assert"]):
                        raise RefusedError(assertion["AssertDescription"])

    def _with_globals(self, resource: dict) -> dict:
        properties = resource.get("Properties", {})
        if resource["Type"] != "AWS::Serverless::Function":
            return properties
        defaults = self.template.get("Globals", {}).get("Function", {})
        assert not defaults.keys() & properties.keys(), "a property of a function is both global and its own"
        return {**defaults, **properties}

    def _condition(self, name: str) -> bool:
        return self._resolve(self.template["Conditions"][name])

    def _ref(self, name: str):
        if name == "AWS::NoValue":
            return NO_VALUE
        if name in PSEUDO_PARAMETERS:
            return PSEUDO_PARAMETERS[name]
        if name in self.parameters:
            return self.parameters[name]
        return self._identity(name, 1)

    def _get_att(self, name: str, attribute: str) -> str:
        assert attribute == "Arn", f"{name}.{attribute}: this reader knows only Arn"
        if self.template["Resources"][name]["Type"] == "AWS::IAM::Role":
            return f"arn:aws:iam::{ACCOUNT}:role/{name}"
        return self._identity(name, 2)

    def _identity(self, name: str, which: int) -> str:
        resource = self.template["Resources"][name]
        rule = _NAMED[resource["Type"]]
        return rule[which](self._resolve(resource["Properties"][rule[0]]))

    def _sub(self, argument) -> str:
        text, values = argument if isinstance(argument, list) else (argument, {})
        values = {name: self._resolve(value) for name, value in values.items()}

        parts = text.split("${")
        resolved = parts[0]
        for part in parts[1:]:
            name, rest = part.split("}", 1)
            if name in values:
                value = values[name]
            elif "." in name:
                value = self._get_att(*name.split("."))
            else:
                value = self._ref(name)
            resolved += value + rest
        return resolved

    def _resolve(self, node):
        if isinstance(node, list):
            return [value for value in map(self._resolve, node) if value is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, argument),) = node.items()
            match name:
                case "Ref":
                    return self._ref(argument)
                case "Fn::GetAtt":
                    return self._get_att(*argument)
                case "Fn::Sub":
                    return self._sub(argument)
                case "Fn::If":
                    return self._resolve(argument[1] if self._condition(argument[0]) else argument[2])
                case "Fn::Equals":
                    first, second = self._resolve(argument)
                    return str(first) == str(second)
                case "Fn::Not":
                    return not self._resolve(argument[0])
                case "Fn::Split":
                    return self._resolve(argument[1]).split(argument[0])
                case "Fn::Select":
                    return self._resolve(argument[1])[int(argument[0])]
            assert not name.startswith("Fn::"), f"this reader does not know {name}"
        resolved = {name: self._resolve(value) for name, value in node.items()}
        return {name: value for name, value in resolved.items() if value is not NO_VALUE}
