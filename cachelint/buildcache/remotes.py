"""Remote names that stand for other content from day to day: branches, newest releases, distribution tags.

Only names that surely move count. A name with a variable that nobody can resolve, or with a number in it (``v1.2``,
``version-15``), is taken for one that stays.
"""

from __future__ import annotations

import re
from posixpath import basename
from urllib.parse import urlsplit

from cachelint.regex import regex

_BRANCHES = frozenset(
    """
    main master trunk develop development dev devel head default next staging stable edge nightly latest canary
    """.split()
)
_REF = r"(?P<head>refs/heads/)?(?P<ref>[^/?#]+?)(?=/|\.tar\.\w+|\.t[gx]z|\.zip|[?#]|$)"
_REPOSITORY_URLS = tuple(
    regex(pattern + _REF)
    for pattern in (
        r"https?://raw\.githubusercontent\.com/[^/]+/[^/]+/",
        r"https?://github\.com/[^/]+/[^/]+/(?:raw|blob|archive|tarball|zipball)/",
        r"https?://codeload\.github\.com/[^/]+/[^/]+/(?:legacy\.)?(?:zip|tar\.gz)/",
        r"https?://api\.github\.com/repos/[^/]+/[^/]+/(?:zipball|tarball)/",
        r"https?://[^/]+/.+?/-/(?:raw|archive)/",
        r"https?://(?:gitlab|bitbucket|codeberg|gitea|git)\.[^/]+/[^/]+/[^/]+/(?:raw|archive|get)/(?:branch/)?",
        r"https?://cdn\.jsdelivr\.net/gh/[^/]+/[^/@]+@",
    )
)
_LATEST = regex(r"/(?:releases/)?latest(?:[/?#]|$)|/latest-[^/]*/|/latest\.(?:tar|t[gx]z|zip)|[_-]latest[._-]")
_NIGHTLY = regex(r"/releases/download/(?:nightly|latest|continuous|edge|canary|tip)/")
_NUMBER = regex(r"\d\.\d|\$\{?\w*VER", re.IGNORECASE)
_INSTALLER = regex(r"(?:install|setup|bootstrap|get-|get_|rustup|nodesource)", re.IGNORECASE)
_SCRIPT = (".sh", ".bash", ".run")
_NO_CODE = regex(
    r"\.(?:asc|gpg|key|pub|sig|pem|crt|cer|list|repo|sources|md|rst|html|vim|zsh|bash|fish|mmdb|ttf|otf|svg|png|"
    r"sha\d+|sha\d+sum|md5|pdf|ico)$|/(?:licen[cs]e|copying|notice|gpg|_?[\w-]*completions?)[^/]*$|rc$",
    re.IGNORECASE,
)
_TAGS = frozenset("latest next canary nightly beta alpha rc dev edge insiders experimental".split())
_GIT_URL = regex(r"(?:[\w.+-]+@)?[\w.-]+:(?!//)|(?:https?|ssh|git|git\+\w+)://")


def is_moving_ref(ref: str) -> bool:
    """Whether a git reference is surely a branch: ``main``, ``origin/develop``, ``refs/heads/…``."""
    name = ref.removeprefix("refs/remotes/").removeprefix("origin/")
    return name.startswith("refs/heads/") or name.lower() in _BRANCHES


def is_remote_repository(url: str) -> bool:
    """Whether git reaches the repository over a network, and it is known which one."""
    return bool(_GIT_URL.match(url))


def repository_name(url: str) -> str:
    """``owner/name`` of a repository's address, to speak about it."""
    path = urlsplit(url).path if "://" in url else url.rpartition(":")[2]
    parts = path.strip("/").removesuffix(".git").split("/")
    return "/".join(parts[-2:]) or url


def branch_in(url: str) -> str | None:
    """The branch that a download from a repository follows; None for any other URL, and for a tag or a commit."""
    for pattern in _REPOSITORY_URLS:
        if match := pattern.match(url):
            return match["ref"] if match["head"] or is_moving_ref(match["ref"]) else None
    return None


def is_newest_release(url: str) -> bool:
    """Whether a URL stands for the newest release: ``/releases/latest/``, ``/latest.tar.gz``."""
    return bool(_NIGHTLY.search(url) or (_LATEST.search(url) and not _NUMBER.search(url)))


def is_installer(url: str) -> bool:
    """Whether a download is a script that goes on to install something, in a version of its own choice."""
    name = basename(urlsplit(url).path)
    return bool(_INSTALLER.search(name)) or (name.endswith(_SCRIPT) and is_newest_release(url))


def is_no_code(url: str) -> bool:
    """Whether a download is a key, a package list, a document: nothing that runs."""
    return bool(_NO_CODE.search(urlsplit(url).path))


def git_requirement(word: str) -> tuple[str, str] | None:
    """(address, reference) of pip's ``git+https://…@ref``; the reference is empty when none is given."""
    at = word.find("git+")
    if at < 0:
        return None
    address = re.split(r"[#;\s]", word[at + 4 :], maxsplit=1)[0]
    head, separator, ref = address.rpartition("@")
    is_ref = separator and "/" in head.partition("://")[2] and ":" not in ref
    return (head, ref) if is_ref else (address, "")


def npm_repository(word: str) -> tuple[str, str] | None:
    """(address, reference) of npm's ``github:owner/name#ref`` and ``git+https://…#ref``."""
    if not word.startswith(("git+", "git:", "git@", "github:", "gitlab:", "bitbucket:")):
        return None
    address, _, ref = word.partition("#")
    return address.removeprefix("git+"), ref


def moving_tag(package: str) -> str | None:
    """The distribution tag of npm's ``name@latest``; None for a version or no tag."""
    name, _, tag = package.rpartition("@")
    return tag if name and tag.lower() in _TAGS else None
