"""Commands that bring something from elsewhere which may be another thing tomorrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.buildcache.fetch import Fetch, Kind
from cachelint.buildcache.remotes import (
    branch_in,
    git_requirement,
    is_installer,
    is_moving_ref,
    is_newest_release,
    is_no_code,
    is_remote_repository,
    moving_tag,
    npm_repository,
    repository_name,
)
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cachelint.documents.run import Command

_CLONE_VALUES = frozenset(
    """
    -b --branch -o --origin -u --upload-pack --reference --reference-if-able --depth -j --jobs -c --config --template
    --separate-git-dir --filter --shallow-since --shallow-exclude --server-option --bundle-uri --revision
    """.split()
)
_CHECKOUTS = frozenset(("checkout", "switch", "reset", "fetch"))
_CHECKSUMS = regex(r"(?:sha\d+sum|shasum|md5sum|b2sum|cosign|minisign|gpgv?)\b")
_READERS = frozenset("sh bash zsh ash dash python python3 php perl ruby node gpg apt-key tee".split())
# Managers of versions and decorations of a shell: what they install is pinned elsewhere, or ships nowhere.
_MANAGERS = regex(
    r"(?:.*/)?(?:nvm|pyenv[\w-]*|rbenv|ruby-build|nodenv|node-build|goenv|tfenv|tgenv|asdf|jenv|phpenv|emsdk|vcpkg|spack|"
    r"depot_tools|oh-?my-?(?:zsh|bash)|powerlevel10k|zsh-[\w-]+|fast-syntax-highlighting|[vV]undle\.vim|vim-plug|fzf|"
    r"dotfiles|bash-it|tpm|brew|\.?vim[\w.-]*|[\w-]+\.n?vim|\.emacs\.d)$"
)
_PIP = frozenset(("pip", "pip3", "pipx", "uv", "poetry", "pdm", "pipenv"))
_NPM_INSTALLS = frozenset(("install", "i", "add"))
_PACKAGE_MANAGERS = frozenset(("npm", "pnpm", "yarn", "bun", "corepack", "node-gyp"))
_UPGRADES = {
    **dict.fromkeys(("apt-get", "apt", "aptitude"), ("upgrade", "dist-upgrade", "full-upgrade", "safe-upgrade")),
    "apk": ("upgrade",),
    **dict.fromkeys(("dnf", "yum", "microdnf", "tdnf"), ("upgrade", "update", "distro-sync")),
    "zypper": ("update", "up", "dup", "dist-upgrade"),
}
_ONLY_WITHOUT_NAMES = frozenset(("dnf", "yum", "microdnf", "tdnf", "zypper"))


def fetches(commands: Sequence[Command]) -> Iterator[Fetch]:
    """The commands of one RUN (variables replaced as far as they are known) that surely fetch what moves."""
    is_verified = any(_CHECKSUMS.match(command.words[0]) for command in commands)
    for at, command in enumerate(commands):
        if command.conditional:
            continue
        tool, rest = command.words[0].rpartition("/")[2], list(command.words[1:])
        if tool == "git":
            yield from _clone(command, rest, commands[at + 1 :])
        elif tool in ("curl", "wget", "aria2c"):
            if not is_verified:
                yield from _download(command, rest)
        elif tool in _UPGRADES:
            yield from _upgrade(command, tool, rest)
        else:
            yield from _packages(command, tool, rest)


def pins_checkout(commands: Sequence[Command]) -> bool:
    """Whether git is told to go to a place that stays: a commit, a tag, or what a variable says."""
    return any(_goes_to_fixed(command) for command in commands)


def _goes_to_fixed(command: Command) -> bool:
    _, words = _subcommand(command.words[1:])
    if command.words[0] != "git" or not words or words[0] not in _CHECKOUTS:
        return False
    refs = [word for word in words[1:] if not word.startswith("-") and word not in {".", "origin", "FETCH_HEAD"}]
    return any(not is_moving_ref(ref) and not is_remote_repository(ref) for ref in refs)


def _subcommand(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Git's own options, and the subcommand with what follows it."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in {"-C", "-c", "--git-dir", "--work-tree"} else 1
    return list(words[:at]), list(words[at:])


def _clone(command: Command, rest: list[str], later: Sequence[Command]) -> Iterator[Fetch]:
    _, words = _subcommand(rest)
    if words[:1] != ["clone"]:
        return
    options, names = _options(words[1:], _CLONE_VALUES)
    ref = options.get("-b") or options.get("--branch") or options.get("--revision") or ""
    url = names[0] if names else ""
    if not is_remote_repository(url) or (ref and not is_moving_ref(ref)) or pins_checkout(later):
        return
    name = repository_name(url)
    if not _MANAGERS.fullmatch(name):
        yield _from_branch(command, "clones", name, ref)


def _from_branch(command: Command, verb: str, name: str, ref: str) -> Fetch:
    branch = f"`{ref}`" if ref else "the default branch"
    what = f"{verb} what {branch} of {name} holds" if "$" not in name else f"{verb} what {branch} holds"
    return Fetch(command, Kind.BRANCH, what, "Name a commit or tag")


def _options(words: Sequence[str], with_value: frozenset[str]) -> tuple[dict[str, str], list[str]]:
    """Options with their values (``-bX`` and ``--branch=X`` too), and the other words."""
    options: dict[str, str] = {}
    names: list[str] = []
    queue = iter(words)
    for word in queue:
        name, equals, value = word.partition("=")
        if word in with_value:
            options[word] = next(queue, "")
        elif equals and name.startswith("--"):
            options[name] = value
        elif word[:2] in with_value and not word.startswith("--"):
            options[word[:2]] = word[2:]
        elif not word.startswith("-"):
            names.append(word)
    return options, names


def _download(command: Command, words: list[str]) -> Iterator[Fetch]:
    if command.feeds and command.feeds[0].rpartition("/")[2] in _READERS:
        return
    for url in (word for word in words if word.startswith(("https://", "http://"))):
        if is_installer(url) or is_no_code(url):
            continue
        branch = branch_in(url)
        if branch:
            yield Fetch(command, Kind.BRANCH, f"downloads what branch `{branch}` holds", "Name a commit or tag")
        elif is_newest_release(url):
            yield Fetch(command, Kind.RELEASE, "takes the release that is the newest", "Name a version")


def _upgrade(command: Command, tool: str, rest: list[str]) -> Iterator[Fetch]:
    words = [word for word in rest if not word.startswith("-")]
    if not words or words[0] not in _UPGRADES[tool] or (tool in _ONLY_WITHOUT_NAMES and len(words) > 1):
        return
    does = "upgrades to the packages that are the newest"
    yield Fetch(command, Kind.UPGRADE, does, "Build with `--pull` from a base that is kept up to date")


def _packages(command: Command, tool: str, rest: list[str]) -> Iterator[Fetch]:
    if tool in _PIP or (tool.startswith("python") and rest[:2] == ["-m", "pip"]):
        yield from _python(command, rest)
    elif tool in ("npm", "pnpm", "yarn", "bun") and not _NPM_INSTALLS.isdisjoint(rest[:2]):
        yield from _node(command, rest)
    elif tool == "go" and rest[:1] in (["install"], ["get"]):
        yield from _go(command, rest)
    elif tool == "cargo" and rest[:1] == ["install"]:
        options, _ = _options(rest, frozenset(("--git", "--rev", "--tag", "--branch")))
        if "--git" in options and "--rev" not in options and "--tag" not in options:
            yield from _repository(command, options["--git"], options.get("--branch", ""))


def _repository(command: Command, address: str, ref: str) -> Iterator[Fetch]:
    if "$" not in address and (not ref or is_moving_ref(ref)):
        yield _from_branch(command, "installs", repository_name(address), ref)


def _python(command: Command, rest: list[str]) -> Iterator[Fetch]:
    for word in rest:
        found = git_requirement(word)
        branch = branch_in(word[max(word.find("http"), 0) :])
        if found:
            yield from _repository(command, *found)
        elif branch and not {"-c", "--constraint"}.intersection(rest):
            yield Fetch(command, Kind.BRANCH, f"installs what branch `{branch}` holds", "Name a commit or tag")


def _node(command: Command, rest: list[str]) -> Iterator[Fetch]:
    for word in rest:
        found = npm_repository(word)
        tag = moving_tag(word)
        if found:
            yield from _repository(command, *found)
        elif tag and word.rpartition("@")[0] not in _PACKAGE_MANAGERS:
            yield Fetch(command, Kind.RELEASE, f"installs what `{word}` is", "Name a version")


def _go(command: Command, rest: list[str]) -> Iterator[Fetch]:
    for word in rest[1:]:
        path, _, ref = word.rpartition("@")
        if path and is_moving_ref(ref):
            kind = Kind.RELEASE if ref == "latest" else Kind.BRANCH
            yield Fetch(command, kind, f"installs what `{word}` is", "Name a version")
