"""`tmdb_ext.models`: all models, the same classes, and none before it is used."""

from __future__ import annotations

import ast
import inspect
import pickle
import subprocess
import sys
from types import ModuleType

import pytest
from tmdb_api_client import v3, v4

from tmdb_ext import models

TYPES = {"AnyOf", "AppendedSeason", "Filter", "Model", "Page", "UnknownAppend", "Unlisted", "any_of", "season"}


@pytest.mark.parametrize(
    ("module", "generated", "more"),
    [(models, v3.models, TYPES | {"v4"}), (models.v4, v4.models, set())],
    ids=["v3", "v4"],
)
def test_every_generated_model_is_there(module: ModuleType, generated: ModuleType, more: set[str]) -> None:
    assert set(module.__all__) == {*generated.__all__, *more}
    assert len(module.__all__) == len(set(module.__all__))
    assert set(module.__all__) <= set(dir(module))
    for name in generated.__all__:
        assert getattr(module, name) is getattr(generated, name)


def test_the_types_beside_them_are_those_of_the_client() -> None:
    for name in TYPES - {"Model", "Page"}:
        assert getattr(models, name) is getattr(v3, name)
    assert issubclass(models.MovieSummaryPage, models.Page)
    assert issubclass(models.MovieDetails, models.Model)


def test_a_type_checker_sees_what_is_there_when_the_program_runs() -> None:
    tree = ast.parse(inspect.getsource(models))
    (checked,) = [node for node in tree.body if isinstance(node, ast.If) and isinstance(node.test, ast.Name)]
    imported = {
        alias.name for node in checked.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }  # fmt: skip
    assert imported == {*TYPES, "v4", "*"}


@pytest.mark.parametrize("module", [models, models.v4], ids=["v3", "v4"])
def test_a_name_that_does_not_exist_is_an_error(module: ModuleType) -> None:
    for name in ("MovieDetail", "import_module_", "__path_"):
        with pytest.raises(AttributeError, match=f"has no attribute '{name}'"):
            getattr(module, name)


def test_a_model_can_be_pickled_from_there() -> None:
    film = models.MovieDetails.from_dict({"id": 11, "title": "A film"})
    assert pickle.loads(pickle.dumps(film)) == film


@pytest.mark.parametrize(
    "program",
    ["from tmdb_ext import models", "import tmdb_ext.models.v4", "import tmdb_ext; tmdb_ext.models.v4.__all__"],
)
def test_importing_it_imports_no_model(program: str) -> None:
    program += "; import sys; print([name for name in sys.modules if '.models.' in name or name in ('attrs', 'httpx')])"
    loaded = subprocess.check_output([sys.executable, "-c", program], text=True).strip()
    assert loaded in ("[]", "['tmdb_ext.models.v4']")


def test_everything_can_be_imported_at_once() -> None:
    names: dict[str, object] = {}
    exec("from tmdb_ext.models import *", names)
    assert set(models.__all__) <= set(names)
