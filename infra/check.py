#!/usr/bin/env python3
"""What no linter knows about the templates together. Run by infra/lint.sh in the repository's root.

- Every function has its alarm of errors and its filter of lines with the field `alarm`, every
  dead-letter queue its alarm, and what rolls a deployment back is an alarm that exists.
- Every alarm is published, shown on the dashboard, and explained in docs/operations.md.
- The dashboard is JSON once CloudFormation has filled it in.
- A nested stack gets the parameters that its template declares.
"""

import json
import re
import sys
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse

PREFIX = "${Stack}-"


def read(path):
    return yaml_parse(Path(path).read_text(encoding="utf-8"))


def of_type(template, kind):
    return {name: each.get("Properties", {}) for name, each in template["Resources"].items() if each["Type"] == kind}


def check_functions(template, alarms, filters):
    names = {alarm["AlarmName"]["Fn::Sub"].removeprefix(PREFIX) for alarm in alarms.values()}
    groups = {each["LogGroupName"]["Fn::Sub"] for each in filters.values()}
    logs = of_type(template, "AWS::Logs::LogGroup")
    for function, properties in of_type(template, "AWS::Serverless::Function").items():
        if f"{function.removesuffix('Function')}ErrorsAlarm" not in alarms:
            yield f"{function} has no alarm of errors"
        group = logs[properties["LoggingConfig"]["LogGroup"]["Ref"]]["LogGroupName"]["Fn::Sub"]
        if group.replace("AWS::StackName", "Stack") not in groups:
            yield f"{function} has no filter of lines with the field alarm"
        for name in properties["DeploymentPreference"]["Alarms"]["Fn::If"][1]:
            if name["Fn::Sub"].removeprefix("${AWS::StackName}-") not in names:
                yield f"{function} is rolled back on {name['Fn::Sub']}, which is no alarm"


def check_dead_letters(template, alarms):
    for queue in of_type(template, "AWS::SQS::Queue"):
        if queue.endswith("DeadLetters") and f"{queue}Alarm" not in alarms:
            yield f"{queue} has no alarm"


def has_row(name, manual):
    """A row names an alarm, or with `…-errors` all that end so."""
    ends = (f"…{name[at:]}" for at, letter in enumerate(name) if letter == "-")
    return any(f"| `{each}`" in manual for each in (name, *ends))


def check_alarms(alarms, dashboard, manual):
    for alarm, properties in alarms.items():
        name = properties["AlarmName"]["Fn::Sub"]
        if properties.get("AlarmActions") != [{"Ref": "Topic"}]:
            yield f"{alarm} tells nobody"
        if f':alarm:{name}"' not in dashboard:
            yield f"{alarm} is not on the dashboard"
        if not has_row(name.removeprefix(PREFIX), manual):
            yield f"{alarm} has no row in docs/operations.md"


def check_dashboard(dashboard):
    try:
        widgets = json.loads(re.sub(r"\$\{[^}]+\}", "name", dashboard))["widgets"]
    except ValueError as error:
        yield f"the dashboard is no JSON: {error}"
        return
    taken = {}
    for widget in widgets:
        for row in range(widget["y"], widget["y"] + widget["height"]):
            for column in range(widget["x"], widget["x"] + widget["width"]):
                if taken.setdefault((row, column), widget) is not widget or column >= 24:
                    yield f"the dashboard's widget at {widget['x']}, {widget['y']} covers another or leaves the grid"
                    return


def check_parameters(template):
    """A nested template's parameters are what its stack gets."""
    for name, stack in of_type(template, "AWS::CloudFormation::Stack").items():
        declared = set(read(stack["TemplateURL"])["Parameters"])
        given = set(stack["Parameters"])
        if declared != given:
            yield f"{name} gives or lacks {sorted(declared ^ given)}"


def main():
    template, source = read("template.yaml"), read("infra/alarms.yaml")
    alarms = of_type(source, "AWS::CloudWatch::Alarm")
    manual = Path("docs/operations.md").read_text(encoding="utf-8")
    (board,) = of_type(read("infra/dashboard.yaml"), "AWS::CloudWatch::Dashboard").values()
    dashboard = board["DashboardBody"]["Fn::Sub"]
    findings = [
        *check_functions(template, alarms, of_type(source, "AWS::Logs::MetricFilter")),
        *check_dead_letters(template, alarms),
        *check_alarms(alarms, dashboard, manual),
        *check_dashboard(dashboard),
        *check_parameters(template),
    ]
    if findings:
        sys.exit("\n".join(findings))


if __name__ == "__main__":
    main()
