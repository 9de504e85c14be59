"""Files by which others find, cite, package and check the project, against the code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import colorize_engine

yaml = pytest.importorskip("yaml")
packaging = pytest.importorskip("packaging")
from packaging.requirements import Requirement  # noqa: E402

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("[!c]*.yml"))
# What conda-forge calls the part of dask that napari needs.
ON_CONDA = {"dask": "dask-core"}


def read(path: Path | str) -> Any:
    """Read a YAML file of the checkout."""
    return yaml.safe_load((ROOT / path).read_text("utf-8"))


def steps(workflow: Path) -> list[dict[str, Any]]:
    """Return the steps of all jobs of a workflow."""
    jobs = read(workflow)["jobs"].values()
    return [step for job in jobs for step in job.get("steps", [])]


def called(workflow: Path) -> set[str]:
    """Targets of make that a workflow calls."""
    scripts = [step["run"] for step in steps(workflow) if "run" in step]
    return set(re.findall(r"\bmake ([\w-]+)", "\n".join(scripts)))


def dry_run(*targets: str) -> list[str]:
    """Lines that make would run for targets where everything is installed."""
    done = subprocess.run(
        [
            "make",
            "--no-print-directory",
            "--dry-run",
            "--assume-old=.venv/.dev",
            *targets,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


needs_make = pytest.mark.skipif(
    sys.platform == "win32" or not shutil.which("make"), reason="there is no make"
)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_call_targets_that_there_are(workflow: Path) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert called(workflow)
    for target in called(workflow):
        assert re.search(rf"^{target}:", makefile, re.M), target


def test_the_tests_on_github_are_those_before_a_change_lands() -> None:
    here = set(re.findall(r"^make ([\w-]+)", (ROOT / ".ci" / "run").read_text(), re.M))
    jobs = read(".github/workflows/test.yml")["jobs"]
    linux = {step.get("run", "") for step in jobs["linux"]["steps"]}
    assert {f"make {target}" for target in here} <= linux
    systems = jobs["elsewhere"]["strategy"]["matrix"]["system"]
    assert systems == ["macos-latest", "windows-latest"]
    assert "make test" in {step.get("run") for step in jobs["elsewhere"]["steps"]}


def test_the_oldest_and_the_newest_python_are_tested() -> None:
    matrix = read(".github/workflows/test.yml")["jobs"]["linux"]["strategy"]["matrix"]
    classifier = re.compile(r"Programming Language :: Python :: (3\.\d+)")
    known = [classifier.fullmatch(text) for text in PROJECT["project"]["classifiers"]]
    versions = [match[1] for match in known if match]
    assert matrix["python"] == [versions[0], versions[-1]]
    assert PROJECT["project"]["requires-python"] == f">={versions[0]}"


@pytest.mark.parametrize(
    ("tag", "passes"), [(f"v{colorize_engine.__version__}", True), ("v9.9.9", False)]
)
def test_a_tag_publishes_its_own_version_alone(tag: str, passes: bool) -> None:
    workflow = ROOT / ".github" / "workflows" / "release.yml"
    named = {step.get("name"): step for step in steps(workflow)}
    check = named["The tag is the version"]["run"]
    environment = {**os.environ, "GITHUB_REF_NAME": tag}
    done = subprocess.run(["bash", "-c", check], cwd=ROOT, env=environment)
    assert (done.returncode == 0) == passes
    jobs = read(workflow)["jobs"]
    assert jobs["build"]["needs"] == "test"
    assert jobs["publish"]["needs"] == "build"


@needs_make
def test_the_hooks_are_make_lint() -> None:
    (repo,) = read(".pre-commit-config.yaml")["repos"]
    assert repo["repo"] == "local"
    entries = [hook["entry"] for hook in repo["hooks"]]
    assert all(entry.startswith("make ") for entry in entries)
    targets = [entry.removeprefix("make ") for entry in entries]
    lint = dry_run("lint")
    assert {"ruff", "mypy", "lint-imports", "interrogate"} <= {
        Path(line.split()[0]).name for line in lint
    }
    assert dry_run(*targets) == lint
    for hook in repo["hooks"]:
        assert hook["language"] == "system"
        assert hook["pass_filenames"] is False


@pytest.mark.parametrize("form", FORMS, ids=lambda path: path.name)
def test_forms_of_issues_ask_for_something(form: Path) -> None:
    about = read(form)
    assert {"name", "description", "body"} <= about.keys()
    fields = [part for part in about["body"] if part["type"] != "markdown"]
    assert len({field["id"] for field in fields}) == len(fields)
    assert any(field.get("validations", {}).get("required") for field in fields)


def test_the_citation_is_of_this_version() -> None:
    citation = read("CITATION.cff")
    project = PROJECT["project"]
    assert citation["version"] == colorize_engine.__version__
    assert citation["title"] == project["name"]
    assert citation["license"] == project["license"]
    assert citation["authors"] == project["authors"]
    assert citation["keywords"] == project["keywords"]
    readme = (ROOT / "README.md").read_text("utf-8")
    for paper in citation["references"]:
        assert paper["url"] in readme


def as_conda(texts: list[str]) -> list[str]:
    """Return requirements as a recipe writes them."""
    found = []
    for requirement in map(Requirement, texts):
        name = ON_CONDA.get(requirement.name, requirement.name)
        found.append(f"{name} {requirement.specifier}")
    return found


def test_the_recipe_asks_for_what_the_project_asks_for() -> None:
    project = PROJECT["project"]
    needs = read("recipe/recipe.yaml")["requirements"]
    python = f"python {project['requires-python']}"
    assert needs["run"] == [python, *as_conda(project["dependencies"])]
    extras = project["optional-dependencies"]
    assert needs["run_constraints"] == as_conda(extras["napari"])
    build = as_conda(PROJECT["build-system"]["requires"])
    assert needs["host"] == [python, "pip", *build]


def test_the_recipe_builds_the_sdist_of_this_version() -> None:
    recipe = read("recipe/recipe.yaml")
    version = recipe["context"]["version"]
    assert version == colorize_engine.__version__
    name = recipe["source"]["path"].replace("${{ version }}", version)
    assert name == f"../dist/napari_colorize-{version}.tar.gz"
    assert recipe["package"]["name"] == PROJECT["project"]["name"]
    about = recipe["about"]
    assert about["summary"] == PROJECT["project"]["description"]
    assert about["license"] == PROJECT["project"]["license"]
    assert about["license_file"] == PROJECT["project"]["license-files"]
    imports = recipe["tests"][0]["python"]["imports"]
    assert imports == PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


def test_the_hub_names_what_the_manifest_and_the_widget_have() -> None:
    text = (ROOT / ".napari-hub" / "DESCRIPTION.md").read_text("utf-8")
    manifest = read("napari.yaml")
    for widget in manifest["contributions"]["widgets"]:
        assert widget["display_name"] in text
    code = "".join(
        path.read_text("utf-8") for path in (ROOT / "napari_colorize").rglob("*.py")
    )
    first_steps = text.partition("## Start")[2].partition("##")[0]
    labels = re.findall(r"\*\*([^*]+)\*\*", first_steps)
    assert len(labels) > 3
    for label in labels:
        assert f'"{label}' in code, label
    extras = PROJECT["project"]["optional-dependencies"]
    for extra in re.findall(r"extra `(\w+)`", text):
        assert extra in extras


def test_no_file_has_a_placeholder() -> None:
    files = [*WORKFLOWS, *FORMS, *(ROOT / "recipe").iterdir()]
    names = ("CITATION.cff", "CODE_OF_CONDUCT.md", ".napari-hub/DESCRIPTION.md")
    placeholder = r"TODO|FIXME|INSERT|<your|your[-_](name|email)|example\.(com|org)"
    for path in [*files, *(ROOT / name for name in names)]:
        assert not re.search(placeholder, path.read_text("utf-8")), path
