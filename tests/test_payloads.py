"""Real responses: every one decodes, nothing is lost, annotations do not lie."""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from pipeline.evidence import Evidence, read_payloads
from pipeline.evidence import main as evidence_main
from pipeline.truth import contradictions, decode, encode, unknown_keys
from pipeline.truth import main as truth_main
from scenes import MadeEndpoint
from tmdb_api_client.v3.operations import OPERATIONS

from tmdb_ext import TMDB, APIError, AsyncTMDB

ROOT = Path(__file__).resolve().parent.parent
SINCE = "2022-01-01"
MUTANTS = 10_000
KEY = "0123456789abcdef" * 2


@pytest.fixture(scope="module")
def payloads(shared: Path) -> list[tuple[dict[str, Any], Any]]:
    return list(read_payloads(shared / "payloads", None))


def test_every_response_decodes_and_is_given_back(payloads: list[tuple[dict[str, Any], Any]]) -> None:
    assert len(payloads) == 996
    for row, body in payloads:
        before = copy.deepcopy(body)
        given_back = encode(decode(row["operation"], row["status"], body))
        assert given_back == before, row["file"]
        assert json.dumps(given_back, sort_keys=True).lower() == json.dumps(before, sort_keys=True).lower(), row["file"]
        assert body == before, row["file"]


def test_every_attribute_is_what_its_annotation_says(payloads: list[tuple[dict[str, Any], Any]]) -> None:
    checked = 0
    wrong: Counter[str] = Counter()
    for row, body in payloads:
        if (row["recorded"] or "") >= SINCE:
            for place, contradicts in contradictions(decode(row["operation"], row["status"], body)):
                checked += 1
                wrong[place] += contradicts
    assert checked > 500_000
    assert +wrong == {}


def test_no_unknown_key_is_left_that_occurs_twice(payloads: list[tuple[dict[str, Any], Any]]) -> None:
    files: dict[str, set[str]] = {}
    for row, body in payloads:
        if (row["recorded"] or "") >= SINCE:
            for key in unknown_keys(decode(row["operation"], row["status"], body)):
                files.setdefault(key, set()).add(row["file"])
    assert {key for key, where in files.items() if len(where) > 1} == set()


def test_the_document_is_not_contradicted_by_more_than_one_response(
    payloads: list[tuple[dict[str, Any], Any]],
) -> None:
    evidence = Evidence(json.loads((ROOT / "openapi/tmdb-v3.json").read_text(encoding="utf-8")))
    for row, body in payloads:
        if (row["recorded"] or "") >= SINCE:
            evidence.add(row["operation"], row["status"], row["file"], body)
    assert evidence.checked > 500_000
    assert [finding for finding in evidence.findings if len(finding.bodies) > 1] == []


@pytest.fixture(scope="module")
def payloads_v4(shared: Path) -> list[tuple[dict[str, Any], Any]]:
    return list(read_payloads(shared / "payloads-v4", None))


def test_every_response_of_v4_decodes_and_is_given_back(payloads_v4: list[tuple[dict[str, Any], Any]]) -> None:
    assert len({row["operation"] for row, _ in payloads_v4}) >= 20
    for row, body in payloads_v4:
        before = json.dumps(body, sort_keys=True)
        decoded = decode(row["operation"], row["status"], body)
        assert json.dumps(encode(decoded), sort_keys=True) == before, row["file"]
        assert type(decoded).__module__.startswith("tmdb_api_client.v4.models."), row["file"]


def test_every_attribute_of_v4_is_what_its_annotation_says(payloads_v4: list[tuple[dict[str, Any], Any]]) -> None:
    checked: Counter[str] = Counter()
    files: dict[str, set[str]] = {}
    for row, body in payloads_v4:
        decoded = decode(row["operation"], row["status"], body)
        for place, contradicts in contradictions(decoded):
            checked[place] += 1
            assert not contradicts, (row["file"], place)
        for key in unknown_keys(decoded):
            files.setdefault(key, set()).add(row["file"])
    assert checked.total() > 1_000
    assert {"ListDetails.public", "ListSummary.public", "ListSummary.runtime", "AccountRating.value"} <= set(checked)
    assert {key for key, where in files.items() if len(where) > 1} == set()


def test_the_document_of_v4_is_not_contradicted(payloads_v4: list[tuple[dict[str, Any], Any]]) -> None:
    evidence = Evidence(json.loads((ROOT / "openapi/tmdb-v4.json").read_text(encoding="utf-8")))
    for row, body in payloads_v4:
        evidence.add(row["operation"], row["status"], row["file"], body)
    assert evidence.checked > 1_500
    assert [finding for finding in evidence.findings if len(finding.bodies) > 1] == []


def test_one_field_has_the_type_of_each_operation_that_sends_it(payloads_v4: list[tuple[dict[str, Any], Any]]) -> None:
    sent = {row["operation"]: decode(row["operation"], 200, body) for row, body in payloads_v4}
    details = sent["GET /4/list/{list_id}"]
    assert [type(one) for one in (details.public, details.sort_by, details.runtime)] == [bool, str, int]
    for summary in sent["GET /4/account/{account_object_id}/lists"].results:
        assert [type(one) for one in (summary.public, summary.sort_by, summary.adult, summary.featured)] == [int] * 4
        assert type(summary.runtime) in (int, str)
        assert summary.created_at.tzinfo is not None


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[[dict[str, Any]], Path]:
    """Two recorded pages of an account's lists, with what is given in place of a good value."""

    def record(changed: dict[str, Any]) -> Path:
        row = {"operation": "GET /4/account/{account_object_id}/lists", "status": 200, "recorded": "2026-01"}
        body = {"page": 1, "results": [{"id": 8, "public": 1, "runtime": "0", "revenue": 0, "sort_by": 1, **changed}]}
        for name in ("a.json", "b.json"):
            (tmp_path / name).write_text(json.dumps(body))
        rows = [json.dumps({**row, "file": name}) for name in ("a.json", "b.json")]
        (tmp_path / "index.jsonl").write_text("\n".join(rows))
        return tmp_path

    return record


@pytest.mark.parametrize("check", [evidence_main, truth_main], ids=["evidence", "truth"])
def test_responses_of_v4_are_held_against_its_document_and_its_models(
    check: Callable[[list[str]], int], recorded: Callable[[dict[str, Any]], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    good = ({}, {"runtime": 12, "revenue": "12"}, {"public": None, "created_at": "2025-02-04 17:24:37 UTC"})
    assert [check([str(recorded(changed))]) for changed in good] == [0, 0, 0]
    for changed in ({"public": True}, {"runtime": 1.5}, {"sort_by": "title.asc"}, {"no_such_key": 1}):
        capsys.readouterr()
        assert check([str(recorded(changed))]) == 1, changed
        assert f"ListSummary.{next(iter(changed))}" in capsys.readouterr().out


def endpoint_of(row: dict[str, Any]) -> MadeEndpoint:
    method, path = row["operation"].split(" ")
    operation = next(o for o in OPERATIONS.values() if (o.method, o.path) == (method, path))
    filled = path
    for name in ("guest_session_id", "account_id"):
        filled = filled.replace(f"{{{name}}}", "1")
    url = "/".join("1" if part.startswith("{") else part for part in filled.split("/"))
    return MadeEndpoint(operation.id, {"method": method, "url": url}, lambda data: decode(row["operation"], 200, data))


def test_the_clients_decode_alike_and_raise_tmdbs_errors(payloads: list[tuple[dict[str, Any], Any]]) -> None:
    """The whole way, sync and async: an answer with the payload as its body becomes the model, or a typed error."""
    served: dict[str, Any] = {}

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(served["status"], json=served["body"])

    credentials = {"api_key": KEY, "session_id": "0123456789" * 4, "guest_session_id": KEY}
    tmdb = TMDB(**credentials, transport=httpx.MockTransport(answer))

    async def twice() -> tuple[int, int]:
        decoded = failed = 0
        async with AsyncTMDB(**credentials, transport=httpx.MockTransport(answer)) as other:
            for row, body in payloads:
                served.update(status=row["status"], body=body)
                outcomes = []
                for client in (tmdb, other):
                    try:
                        outcome = client._call(endpoint_of(row), {})
                        outcomes.append(await outcome if hasattr(outcome, "__await__") else outcome)
                    except APIError as error:
                        outcomes.append((type(error), error.http_status, error.tmdb_code))
                assert outcomes[0] == outcomes[1], row["file"]
                if isinstance(outcomes[0], tuple):
                    failed += 1
                    assert outcomes[0][1:] == (row["status"], body.get("status_code")), row["file"]
                else:
                    decoded += 1
        return decoded, failed

    decoded, failed = anyio.run(twice)
    tmdb.close()
    assert decoded + failed == 996
    assert failed >= sum(row["status"] >= 400 for row, _ in payloads)


def test_two_thousand_mutants_of_v4_decode_and_lose_nothing(payloads_v4: list[tuple[dict[str, Any], Any]]) -> None:
    chance = random.Random(20250501)
    for number in range(2_000):
        row, body = chance.choice(payloads_v4)
        changed = copy.deepcopy(body)
        for _ in range(chance.randint(1, 3)):
            mutate(changed, chance)
        assert encode(decode(row["operation"], 200, changed)) == changed, (number, row["file"])


STRANGE = [None, "", 0, -1, 10**30, 1.5, True, [], {}, [None], {"x": None}, "ünïcödé ✓", [[[[[[[[[[]]]]]]]]]]]


def test_ten_thousand_mutants_decode_and_lose_nothing(payloads: list[tuple[dict[str, Any], Any]]) -> None:
    """As tests/test_models.py does on small bodies of ours, here on real ones: many, seeded, without shrinking."""
    chance = random.Random(20260323)
    small = [(row, body) for row, body in payloads if row["status"] < 400 and len(json.dumps(body)) < 20_000]
    assert len(small) > 400
    for number in range(MUTANTS):
        row, body = chance.choice(small)
        changed = copy.deepcopy(body)
        for _ in range(chance.randint(1, 3)):
            mutate(changed, chance)
        assert encode(decode(row["operation"], 200, changed)) == changed, (number, row["file"])


def mutate(value: Any, chance: random.Random) -> None:
    """Walk down at random and change one place."""
    while isinstance(value, (dict, list)) and value:
        key = chance.choice(list(value)) if isinstance(value, dict) else chance.randrange(len(value))
        inner = value[key]
        if isinstance(inner, (dict, list)) and inner and chance.random() < 0.8:
            value = inner
            continue
        action = chance.choice(("drop", "add", "replace", "replace"))
        if action == "drop":
            del value[key]
        elif action == "add" and isinstance(value, dict):
            value[f"new_{chance.randrange(99)}"] = copy.deepcopy(chance.choice(STRANGE))
        else:
            value[key] = copy.deepcopy(chance.choice(STRANGE))
        return
