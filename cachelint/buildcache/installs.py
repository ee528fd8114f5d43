"""Commands that install a project's own dependencies from its manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.documents.run import Command, commands, text_of_run
from cachelint.record import NamedTuple
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.documents.dockerfile import Instruction


class Install(NamedTuple):
    """One install: the tool's name, the files it reads (in the order they are copied) and the directory it is run in.

    `required` must be among them for the install to work; `directory` is where a ``cd`` before it leads, else ``.``.
    """

    tool: str
    required: tuple[str, ...]
    optional: tuple[str, ...]
    directory: str = "."

    @property
    def manifests(self) -> tuple[str, ...]:
        """Every file it reads."""
        return self.required + self.optional


_NPM = (("package.json",), ("package-lock.json", "npm-shrinkwrap.json", ".npmrc"))
_YARN = (("package.json",), ("yarn.lock", ".yarnrc", ".yarnrc.yml", ".npmrc"))
_PNPM = (("package.json",), ("pnpm-lock.yaml", "pnpm-workspace.yaml", ".npmrc"))
_BUN = (("package.json",), ("bun.lock", "bun.lockb", "bunfig.toml"))
_SUBCOMMANDS: dict[tuple[str, str], tuple[tuple[str, ...], tuple[str, ...]]] = {
    ("npm", "ci"): _NPM,
    ("npm", "install"): _NPM,
    ("npm", "i"): _NPM,
    ("yarn", "install"): _YARN,
    ("pnpm", "install"): _PNPM,
    ("pnpm", "i"): _PNPM,
    ("pnpm", "fetch"): (("pnpm-lock.yaml",), ("package.json", "pnpm-workspace.yaml", ".npmrc")),
    ("bun", "install"): _BUN,
    ("poetry", "install"): (("pyproject.toml",), ("poetry.lock", "poetry.toml")),
    ("uv", "sync"): (("pyproject.toml",), ("uv.lock",)),
    ("pdm", "install"): (("pyproject.toml",), ("pdm.lock",)),
    ("pdm", "sync"): (("pyproject.toml",), ("pdm.lock",)),
    ("pipenv", "install"): (("Pipfile",), ("Pipfile.lock",)),
    ("pipenv", "sync"): (("Pipfile", "Pipfile.lock"), ()),
    ("bundle", "install"): (("Gemfile",), ("Gemfile.lock", ".ruby-version")),
    ("composer", "install"): (("composer.json",), ("composer.lock",)),
    ("dotnet", "restore"): ((), ()),
    ("mix", "deps.get"): (("mix.exs",), ("mix.lock",)),
}
_WITH_PROJECT = {"poetry": "--no-root", "uv": "--no-install-project", "pdm": "--no-self"}
"""Tools that install the project itself too, for which they need its source, unless told not to."""

_COMPOSER_ALONE = ("--no-scripts", "--no-autoloader")
_MENTIONS = regex(
    r"\b(?:npm|yarn|pnpm|bun|poetry|uv|pdm|pipenv|pip3?|bundle|composer|dotnet|mix|go|cargo|mvn|gradle)\b"
)
"""The tools by name: a RUN that mentions none is not read as a script, which takes time."""

_GLOBAL = frozenset(("-g", "--global", "--location=global"))
_VALUE_OPTIONS = frozenset(
    """
    --registry --prefix --cache --cache-folder --network-timeout --loglevel --omit --include --jobs -j --without
    --with --only --extras -E --path --retry --network-concurrency --mutex --filter --reporter --store-dir -G
    --group --extra --only-group --no-group --package --project --directory --link-mode --python --index --index-url
    --extra-index-url --find-links --cache-dir --dir -C --workspace --fetch-retries --fetch-timeout --maxsockets
    --userconfig --audit-level --cpu --os --libc
    """.split()
)


def installs(instruction: Instruction) -> Iterator[Install]:
    """The installs that a RUN surely executes, in order; none for a RUN that binds its files into the step."""
    if instruction.keyword != "RUN" or _binds_files(instruction) or not _MENTIONS.search(text_of_run(instruction)):
        return
    directory = "."
    for command in commands(instruction):
        if command.words[:1] == ("cd",) and len(command.words) == 2:
            directory = command.words[1]
        elif not command.conditional and (install := _install(command)):
            yield install._replace(directory=directory)


def _binds_files(instruction: Instruction) -> bool:
    return any(
        flag.name == "mount" and flag.value and ("type=bind" in flag.value or "type=" not in flag.value)
        for flag in instruction.flags
    )


def _install(command: Command) -> Install | None:
    tool, *rest = command.words
    tool = tool.rpartition("/")[2]
    if tool in ("pip", "pip3", "uv") or tool.startswith("python"):
        found = _pip(tool, rest)
        if found:
            return found
    if tool == "yarn" and not [word for word in rest if not word.startswith("-")]:
        rest = ["install", *rest]
    if tool in ("go", "cargo", "mvn", "gradle"):
        return _compiled(tool, rest)
    words = _positional(rest)
    if tool == "yarn" and words[:2] == ["workspaces", "focus"]:
        return Install("yarn workspaces focus", *_YARN)
    files = _SUBCOMMANDS.get((tool, words[0])) if words else None
    if files is None or len(words) > 1 or _GLOBAL.intersection(rest) or not _runs_alone(tool, rest):
        return None
    return Install(f"{tool} {words[0]}", *files)


def _runs_alone(tool: str, options: list[str]) -> bool:
    """Whether the install needs no file besides its manifests."""
    if tool == "composer":
        return any(option in options for option in _COMPOSER_ALONE)
    return tool not in _WITH_PROJECT or _WITH_PROJECT[tool] in options


def _positional(words: list[str]) -> list[str]:
    """Words that are neither options nor values of the options that take one."""
    found: list[str] = []
    before = ""
    for word in words:
        if not word.startswith("-") and before not in _VALUE_OPTIONS:
            found.append(word)
        before = word
    return found


def _pip(tool: str, rest: list[str]) -> Install | None:
    """``pip install -r FILE…`` with nothing else to install; ``uv pip`` and ``python -m pip`` are the same.

    Which files it reads is not known where a variable names one.
    """
    prefix = {"uv": ["pip"], "pip": [], "pip3": []}.get(tool, ["-m", "pip"])
    if rest[: len(prefix)] != prefix or rest[len(prefix) : len(prefix) + 1] != ["install"]:
        return None
    files: list[str] = []
    words = iter(rest[len(prefix) + 1 :])
    for word in words:
        if word in ("-r", "--requirement", "-c", "--constraint"):
            files.append(next(words, ""))
        elif word.startswith("--requirement="):
            files.append(word.partition("=")[2])
        elif word in ("-e", "--editable") or (not word.startswith("-") and _is_local(word)):
            return None
    if not files or not all(files):
        return None
    return Install("pip install", () if any("$" in one for one in files) else tuple(files), ())


def _is_local(word: str) -> bool:
    return word.startswith(".") or ("/" in word and "://" not in word)


def _compiled(tool: str, rest: list[str]) -> Install | None:
    if tool == "go" and rest[:2] == ["mod", "download"]:
        return Install("go mod download", ("go.mod",), ("go.sum",))
    if tool == "cargo" and rest[:2] == ["chef", "cook"]:
        return Install("cargo chef cook", ("recipe.json",), ())
    if tool == "mvn" and any(word.startswith("dependency:") for word in rest):
        return Install("mvn dependency", ("pom.xml",), ())
    if tool == "gradle" and _positional(rest) == ["dependencies"]:
        return Install(
            "gradle dependencies", (), ("build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts")
        )
    return None
