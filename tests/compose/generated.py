"""A Hypothesis strategy for projects of several files, with everything that Compose puts together in a build.

What is drawn is mostly sound: a project that Compose refuses ends the comparison early.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from hypothesis import strategies as st

NAMES = ("a", "b", "c")
VARIABLES = ("SHELL_SET", "BOTH", "IN_ENV", "EMPTY", "UNSET")


class Raw(NamedTuple):
    """YAML as it is."""

    text: str


class Tagged(NamedTuple):
    tag: str
    value: Any


def written(value: Any, indent: int = 0) -> str:
    """A value as YAML: collections in block style unless they are empty."""
    if isinstance(value, Tagged):
        inner = written(value.value, indent)
        return f"{value.tag}{inner}" if inner.startswith("\n") else f"{value.tag} {inner}"
    if isinstance(value, Raw):
        return value.text
    pad = "\n" + "  " * indent
    if isinstance(value, dict) and value:
        return "".join(f"{pad}{key}: {written(one, indent + 1)}" for key, one in value.items())
    if isinstance(value, list) and value:
        return "".join(f"{pad}- {written(one, indent + 1).lstrip()}" for one in value)
    return json.dumps(value)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A text in which variables may stand, in all their notations."""
    words = st.sampled_from(("x", "v1", "dev", "", "a-b", "$$", "q:r", "$", "é"))
    name = draw(st.sampled_from(VARIABLES))
    plain = draw(words)
    kind = draw(st.integers(0, 13))
    if kind < 5:
        return plain
    nested = draw(st.sampled_from(("d", "${IN_ENV}", "${UNSET:-n}", "${EMPTY-m}", "", "{}", "a}b", "$$", "${BOTH:+y}")))
    operator = draw(st.sampled_from((":-", "-", ":+", "+")))
    if kind < 7:
        return f"{plain}${name}"
    if kind < 9:
        return f"{plain}${{{name}}}"
    variable = f"${{{name}{operator}{nested}}}"
    return variable + plain if kind < 12 else f"{variable}-{plain}${{{draw(st.sampled_from(VARIABLES))}{operator}z}}"


PLAIN = (1, 0, True, False, None, 1.5, Raw("0x1F"), Raw("010"), Raw("1e6"), Raw("yes"), Raw("~"), Raw("1_000"), "on")
SCALARS = st.one_of(texts(), st.sampled_from(PLAIN))
ARG_NAMES = st.sampled_from(("A", "B", "IN_ENV", "SHELL_SET", "UNSET", "GIT_SHA"))
ARGS = st.one_of(
    st.dictionaries(ARG_NAMES, SCALARS, max_size=3),
    st.lists(
        st.one_of(ARG_NAMES, st.builds("{}={}".format, ARG_NAMES, texts())), max_size=3, unique_by=lambda one: one
    ),
    st.just(Raw("*args")),
)
CONTEXTS = st.sampled_from(
    (
        ".",
        "./app",
        "../up",
        "app/../x",
        "/abs//path",
        "https://x.test/r.git#m:d",
        "${IN_ENV}",
        "~/h",
        "git@x:y",
        "service:a",
    )
)
VOLUMES = st.one_of(
    st.builds(
        "{}{}{}".format,
        st.sampled_from(("data:", "./src:", "../s:", "/abs:", "~/h:", "more:", "", "")),
        st.sampled_from(("/t", "/t/", "/u/../t", "/v")),
        st.sampled_from(("", "")),
    ),
    st.sampled_from(("data:/w:ro", "./s:/w:rw", "data:/x:ro,z", "./${IN_ENV}:/y")),
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(("volume", "bind")),
            "source": st.sampled_from(("data", "./l")),
            "target": st.sampled_from(("/t", "/l")),
        },
        optional={"read_only": st.booleans()},
    ).map(lambda one: {**one, "source": "data" if one["type"] == "volume" else "./l"}),
    st.just({"type": "tmpfs", "target": "/tmpfs"}),
)
LONG_BUILD = st.fixed_dictionaries(
    {},
    optional={
        "context": CONTEXTS,
        "dockerfile": st.sampled_from(("Dockerfile", "d/${IN_ENV}.Dockerfile", "x.${EMPTY:-y}")),
        "target": texts(),
        "args": ARGS,
        "cache_from": st.lists(texts(), max_size=2),
        "cache_to": st.lists(texts(), max_size=2),
        "no_cache": st.sampled_from((True, False, "true", "no")),
    },
)


@st.composite
def builds(draw: st.DrawFn) -> Any:
    kind = draw(st.integers(0, 9))
    if kind < 2:
        return draw(CONTEXTS)
    long = draw(LONG_BUILD)
    if kind == 3:
        return {"<<": Raw("*build"), **long}
    if kind == 4:
        return {"<<": Raw("[*build, *other]"), **long}
    if kind == 5:
        return Raw("*build")
    return long


@st.composite
def services(draw: st.DrawFn, *, bases: tuple[Any, ...], over: bool) -> Any:
    """A service; one that lies over another may be anything, even nothing, and may take away."""
    body: dict[str, Any] = {}
    if bases and draw(st.integers(0, 2)) == 0:
        body["extends"] = draw(st.sampled_from(bases))
    if draw(st.integers(0, 4)) > 0:
        body["build"] = draw(builds())
    if not over or draw(st.booleans()):
        body["image"] = "i/" + draw(st.sampled_from(("a", "b:${IN_ENV}", "c:${UNSET:-1}", "d")))
    if draw(st.integers(0, 3)) == 0:
        body["pull_policy"] = draw(st.sampled_from(("always", "build", "if_not_present", "missing")))
    if draw(st.integers(0, 2)) == 0:
        body["volumes"] = draw(st.lists(VOLUMES, max_size=3, unique_by=json.dumps))
    if draw(st.integers(0, 2)) == 0:
        body["environment"] = draw(ENVIRONMENT)
    if draw(st.integers(0, 3)) == 0:
        body["env_file"] = draw(ENV_FILES)
    if over:
        _take_away(draw, body)
        _take_away_environment(draw, body)
    return body


def _take_away_environment(draw: st.DrawFn, body: dict[str, Any]) -> None:
    kind = draw(st.integers(0, 9))
    if kind == 0:
        body["environment"] = Tagged("!reset", None)
    elif kind == 1:
        body["environment"] = {"A": Tagged("!reset", None), "OTHER": "1"}
        body["env_file"] = Tagged("!override", ["two.env"])


def _take_away(draw: st.DrawFn, body: dict[str, Any]) -> None:
    kind = draw(st.integers(0, 9))
    if kind == 0:
        body["build"] = Tagged("!reset", None)
    elif kind == 1 and isinstance(body.get("build"), dict):
        body["build"] = Tagged("!override", body["build"])
    elif kind == 2:
        body["volumes"] = Tagged("!reset", [])
    elif kind == 3:
        body["build"] = {"args": Tagged("!reset", None), "target": "t"}
    elif kind == 4:
        body["build"] = {"args": Tagged("!override", {"NEW": "1"})}
    elif kind == 5:
        body["build"] = {"context": Tagged("!reset", None), "args": {"A": Tagged("!reset", None)}}
    elif kind == 6:
        body["build"] = None
    elif kind == 7:
        body["volumes"] = Tagged("!override", ["data:/only"])


ENVIRONMENT_NAMES = st.sampled_from(("A", "IN_ENV", "SHELL_SET", "UNSET", "BOTH", "OTHER", "DEFAULTED"))
ENVIRONMENT = st.one_of(
    st.dictionaries(ENVIRONMENT_NAMES, SCALARS, max_size=3),
    st.lists(
        st.one_of(ENVIRONMENT_NAMES, st.builds("{}={}".format, ENVIRONMENT_NAMES, texts())),
        max_size=3,
        unique_by=lambda one: one,
    ),
    st.just(Raw("*args")),
)
ENV_FILES = st.one_of(
    st.sampled_from(("one.env", "two.env", "./one.env")),
    st.lists(
        st.sampled_from(
            (
                "one.env",
                "two.env",
                {"path": "two.env", "format": "raw"},
                {"path": "gone.env", "required": False},
                {"path": "${IN_ENV:+}one.env", "required": True},
            )
        ),
        max_size=3,
        unique_by=json.dumps,
    ),
)
BLOCKS = st.fixed_dictionaries(
    {
        "x-args": st.dictionaries(ARG_NAMES, SCALARS, max_size=2).map(lambda one: Tagged("&args", one or {"Z": "1"})),
        "x-build": st.fixed_dictionaries(
            {"context": CONTEXTS}, optional={"target": texts(), "args": st.just({"M": "1"})}
        ).map(lambda one: Tagged("&build", one)),
        "x-other": st.just(Tagged("&other", {"context": "other", "dockerfile": "O", "no_cache": True})),
    }
)
ENV_LINES = st.sampled_from(
    (
        "IN_ENV=inside",
        "IN_ENV='single $BOTH'",
        'IN_ENV="double ${BOTH}"',
        "export IN_ENV=exported # comment",
        "IN_ENV: colon",
        "IN_ENV=${EMPTY:-x}",
        "IN_ENV=a\\nb",
        "BOTH=from env",
        "EMPTY=",
        "EMPTY",
        "# comment",
        "",
        "OTHER=$IN_ENV",
    )
)
ENV = st.lists(ENV_LINES, max_size=5).map("\n".join)


def _file(blocks: dict[str, Any], found: dict[str, Any], extra: dict[str, Any]) -> str:
    volumes = {"data": None, "more": None}
    return written({**extra, **blocks, "services": found, "volumes": volumes}).lstrip() + "\n"


@st.composite
def projects(draw: st.DrawFn) -> dict[str, str]:
    """The files of a project by name."""
    files: dict[str, str] = {}
    common = {name: draw(services(bases=(), over=False)) for name in ("one", "two")}
    common["two"]["extends"] = "one"
    files["sub/common.yml"] = _file(draw(BLOCKS), common, {})
    included = {"inc": draw(services(bases=(), over=False))}
    files["inc/compose.yaml"] = _file(draw(BLOCKS), included, {})
    if draw(st.booleans()):
        files["inc/.env"] = draw(ENV)
    other = {"file": "sub/common.yml"}
    bases: tuple[Any, ...] = ({**other, "service": "one"}, {**other, "service": "two"})
    found = {}
    for name in NAMES:
        found[name] = draw(services(bases=bases, over=False))
        bases = (*bases, name, {"service": name})
    short = draw(st.booleans())
    include = ["inc/compose.yaml"] if short else [{"path": "inc/compose.yaml", "project_directory": "."}]
    extra = {"include": include} if draw(st.booleans()) else {}
    files["compose.yaml"] = _file(draw(BLOCKS), found, extra)
    if draw(st.integers(0, 3)):
        over = {
            name: draw(services(bases=({**other, "service": "one"},), over=True))
            for name in NAMES
            if draw(st.booleans())
        }
        if extra and draw(st.booleans()):
            over["inc"] = draw(services(bases=(), over=True))
        files["compose.override.yaml"] = _file(draw(BLOCKS), over, {}) if over else "volumes: {}\n"
    if draw(st.booleans()):
        files[".env"] = draw(ENV)
    for directory in ("", "sub/", "inc/"):
        files[f"{directory}one.env"], files[f"{directory}two.env"] = draw(ENV), draw(ENV)
    return files
