"""The keys that Compose knows in a service and in its build; it refuses a file with any other (compose-spec.json)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachelint.compose.tree import ComposeError
from cachelint.documents.yaml import Mapping, Scalar, deref, has_compose_tag
from cachelint.regex import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cachelint.documents.compose import ComposeFile

TOP_KEYS = frozenset("configs include models name networks secrets services version volumes".split())

SERVICE_KEYS = frozenset(
    """
    annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent command configs container_name cpu_count
    cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpus cpuset credential_spec depends_on
    deploy develop device_cgroup_rules devices dns dns_opt dns_search domainname entrypoint env_file environment expose
    extends external_links extra_hosts gpus group_add healthcheck hostname image init ipc isolation label_file labels
    links logging mac_address mem_limit mem_reservation mem_swappiness memswap_limit models network_mode networks
    oom_kill_disable oom_score_adj pid pids_limit platform ports post_start pre_start pre_stop privileged profiles
    provider pull_policy pull_refresh_after read_only restart runtime scale secrets security_opt shm_size stdin_open
    stop_grace_period stop_signal storage_opt sysctls tmpfs tty ulimits use_api_socket user userns_mode uts volumes
    volumes_from working_dir
    """.split()
)

BUILD_KEYS = frozenset(
    """
    additional_contexts args cache_from cache_to context dockerfile dockerfile_inline entitlements extra_hosts isolation
    labels network no_cache no_cache_filter platforms privileged provenance pull sbom secrets shm_size ssh tags target
    ulimits
    """.split()
)

_LONGEST = 40
_NAME = regex(r"[a-zA-Z0-9._-]+")


def wrong_at_top(file: ComposeFile, root: Mapping) -> Iterator[ComposeError]:
    """What Compose refuses of a document as a whole: its keys, and the names of its services."""
    entry = root.merged.get("services")
    if entry is None:
        return  # a file that only includes, or one of version 1
    if not root.merged.keys() <= TOP_KEYS:
        yield from _unknown_in(file, root, TOP_KEYS, "Compose file")
    services = deref(entry.value)
    if not isinstance(services, Mapping):
        if not has_compose_tag(services):
            yield ComposeError("`services` must be a mapping", (file.source, entry.key.span))
        return
    for name, one in services.merged.items():
        key = deref(one.key)
        is_text = isinstance(key, Scalar) and key.is_string
        if not (is_text and _NAME.fullmatch(name)) and not has_compose_tag(one.value):
            why = "only letters, digits, dots, dashes and underscores may be in it" if is_text else "it must be text"
            yield ComposeError(f"{name!r} is no name of a service: {why}", (file.source, one.key.span))


def has_unknown(service: Mapping) -> bool:
    """Whether a service or its build may have a key that Compose does not know: most have none."""
    build = service.merged.get("build")
    known = not build or not isinstance(node := deref(build.value), Mapping) or node.merged.keys() <= BUILD_KEYS
    return not (known and service.merged.keys() <= SERVICE_KEYS)


def unknown_keys(file: ComposeFile, service: Mapping) -> Iterator[ComposeError]:
    """The keys of a service of a file, and of its build, that Compose does not know."""
    yield from _unknown_in(file, service, SERVICE_KEYS, "service")
    entry = service.merged.get("build")
    build = deref(entry.value) if entry else None
    if isinstance(build, Mapping):
        yield from _unknown_in(file, build, BUILD_KEYS, "build")


def _unknown_in(file: ComposeFile, node: Mapping, known: frozenset[str], what: str) -> Iterator[ComposeError]:
    for name, entry in node.merged.items():
        if name not in known and not name.startswith("x-") and not has_compose_tag(entry.value):
            message = f"`{name}` is no key of a {what}{_hint(name, known)}"
            yield ComposeError(message, (file.source, entry.key.span))


def _hint(name: str, known: frozenset[str]) -> str:
    import difflib

    close = difflib.get_close_matches(name, sorted(known), n=1) if len(name) <= _LONGEST else []
    return f", did you mean `{close[0]}`?" if close else ""
