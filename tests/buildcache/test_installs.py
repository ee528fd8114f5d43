import pytest

from cachelint.buildcache.declaration import first_step_on_source
from cachelint.buildcache.graph import build_graph
from cachelint.buildcache.installs import installs
from cachelint.documents.dockerfile import parse_dockerfile
from cachelint.source import SourceFile


@pytest.mark.parametrize(
    ("run", "tool", "required"),
    [
        ("uv sync --extra test --frozen --no-install-project", "uv sync", ["pyproject.toml"]),
        ("uv sync --no-install-project --python 3.12 --only-group dev", "uv sync", ["pyproject.toml"]),
        ("npm ci --workspace @shop/web --workspace @shop/lib --include-workspace-root", "npm ci", ["package.json"]),
        ("cd /app && yarn workspaces focus @shop/web --production", "yarn workspaces focus", ["package.json"]),
        ("pip install -r ${DIR}/${ENVIRONMENT}.txt", "pip install", []),
        ("pip install -r requirements/$X.txt && pip install gunicorn", "pip install", []),
    ],
)
def test_installs(run: str, tool: str, required: list[str]):
    [_, instruction] = parse_dockerfile(SourceFile("Dockerfile", f"FROM b\nRUN {run}\n")).instructions
    [found] = installs(instruction)
    assert (found.tool, list(found.required)) == (tool, required)


@pytest.mark.parametrize("run", ["uv sync --extra test", "yarn workspaces list", "yarn workspace web add left-pad"])
def test_installs_nothing_from_manifests_alone(run: str):
    [_, instruction] = parse_dockerfile(SourceFile("Dockerfile", f"FROM b\nRUN {run}\n")).instructions
    assert list(installs(instruction)) == []


@pytest.mark.parametrize(
    "install",
    [
        "chmod +x ./install_deps.sh && ./install_deps.sh",
        "ansible-playbook -c local files/install-dependencies.yaml",
        "make deps",
        "yarn workspaces focus",
    ],
)
def test_a_new_commit_is_not_to_re_run_what_installs_by_its_name(install: str):
    text = f"FROM b\nCOPY scripts ./\nRUN {install}\nCOPY . .\nRUN make build\n"
    step = first_step_on_source(build_graph(parse_dockerfile(SourceFile("Dockerfile", text))))
    assert step
    assert step.value == "make build"


@pytest.mark.parametrize("run", ["make depends.html", "./independent", "./show-deps"])
def test_other_names_that_look_like_it(run: str):
    text = f"FROM b\nCOPY . .\nRUN {run}\n"
    step = first_step_on_source(build_graph(parse_dockerfile(SourceFile("Dockerfile", text))))
    assert step
    assert step.value == run
