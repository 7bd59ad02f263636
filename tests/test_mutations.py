"""What TMDB may publish tomorrow: it is taken whole, or the report names what is not, and everything taken works."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from mutated import taken
from mutations import MUTATIONS, OPERATIONS, SECTIONS, Mutation, page
from pipeline.identity import ATTRIBUTES_OF_CLIENTS
from project import ROOT
from tmdb_api_client.v3.operations import OPERATIONS as OF_V3

from tmdb_ext import TMDB, AsyncTMDB

THOROUGH = bool(os.environ.get("TMDB_EXT_ALL_MUTATIONS"))
"""Whether to try all, as scripts/check does; otherwise one of four, in turn."""
CHOSEN = MUTATIONS if THOROUGH else MUTATIONS[::4]
TYPED = {mutation.name for mutation in CHOSEN[:: 12 if THOROUGH else 15]}
"""Those of which mypy checks the types; of the others, ruff looks for names that are not defined."""


@pytest.fixture(scope="session")
def mypy_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What mypy has learnt of the standard library, httpx and attrs, which it would read anew for each mutation."""
    return tmp_path_factory.mktemp("mypy")


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    assert len(MUTATIONS) >= 450
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS)


def test_the_page_that_lists_them_is_what_is_tried() -> None:
    assert (ROOT / "docs/pages/mutations.md").read_text(encoding="utf-8") == page(), (
        "write it anew: PYTHONPATH=scripts:tests/helpers python -m mutations"
    )
    assert {*SECTIONS} <= {mutation.name for mutation in MUTATIONS}


def test_no_resource_hides_what_a_client_has() -> None:
    known = {row.tag for row in OF_V3.values()}
    public = {name for client in (TMDB, AsyncTMDB) for name in dir(client) if not name.startswith("_")}
    assert public - known <= ATTRIBUTES_OF_CLIENTS


@pytest.mark.parametrize("mutation", CHOSEN, ids=lambda mutation: mutation.name)
def test_a_mutation_is_taken_whole_and_all_of_it_works(mutation: Mutation, tmp_path: Path, mypy_cache: Path) -> None:
    result = taken(mutation.document(), tmp_path, types=mutation.name in TYPED, cache=mypy_cache)
    if mutation.refused is not None:
        assert mutation.refused in (result.refused or "")
        return
    assert result.refused is None
    assert [str(problem) for problem in result.problems] == []
    assert {one for one in OPERATIONS if one not in result.operations} == {*mutation.lost}
    report = "\n".join(result.said)
    for text in mutation.says:
        assert text in report
    for method in mutation.has:
        name, _, arguments = method.partition("(")
        assert name in result.methods
        if arguments:
            assert result.methods[name] == arguments.rstrip(")").split(", ")
