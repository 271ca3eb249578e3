"""The ledger for scripts has the shape that they lean on."""

from __future__ import annotations

import json

from compose2aws.planning.model import Plan
from compose2aws.report.explain_json import explanation


def test_the_shape_is_the_documented_one(plan: Plan) -> None:
    told = json.loads(json.dumps(explanation("shop", plan.decisions, plan.findings)))
    assert list(told) == ["project", "decisions", "findings"]
    assert told["project"] == "shop"
    for decision in told["decisions"]:
        assert list(decision) == ["path", "pointer", "location", "outcome", "becomes", "code", "reason"]
    for finding in told["findings"]:
        assert list(finding) == ["code", "severity", "path", "location", "message", "remedy"]


def test_paths_pointers_and_becomes_are_written_as_documented(plan: Plan) -> None:
    decisions = {d["path"]: d for d in explanation("shop", plan.decisions, ())["decisions"]}  # type: ignore[attr-defined]
    port = decisions["services.api.ports[0]"]
    assert port["pointer"] == "/services/api/ports/0"
    assert port["becomes"] == ["AWS::ElasticLoadBalancingV2::ListenerRule/ApiListenerRule"]
    assert port["location"] == {"file": "docker-compose.yml", "line": port["location"]["line"], "column": 3}


def test_a_finding_that_hangs_on_nothing_has_no_path_and_no_location(plan: Plan) -> None:
    findings = explanation("shop", (), plan.findings)["findings"]
    alone = [f for f in findings if f["code"] == "no-alarms"]  # type: ignore[attr-defined]
    assert [(f["path"], f["location"]) for f in alone] == [(None, None)]
