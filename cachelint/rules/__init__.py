"""The rules."""

from cachelint.rules.base import Rule
from cachelint.rules.cache_from_fetch import CacheFromFetch
from cachelint.rules.cache_mount_over_output import CacheMountOverOutput
from cachelint.rules.cached_fetch import CachedFetch
from cachelint.rules.constant_commit_arg import ConstantCommitArg
from cachelint.rules.copy_before_install import CopyBeforeInstall
from cachelint.rules.early_commit_arg import EarlyCommitArg
from cachelint.rules.host_output_in_context import HostOutputInContext
from cachelint.rules.inert_commit_arg import InertCommitArg
from cachelint.rules.inline_cache import InlineCache
from cachelint.rules.invalid_compose import InvalidCompose
from cachelint.rules.missing_commit_arg import MissingCommitArg
from cachelint.rules.undeclared_build_arg import UndeclaredBuildArg
from cachelint.rules.unparsable_file import UnparsableFile
from cachelint.rules.unused_suppression import UnusedSuppression
from cachelint.rules.volume_over_build import VolumeOverBuild

_OF_BUILDS: tuple[type[Rule], ...] = (
    MissingCommitArg,
    UndeclaredBuildArg,
    InertCommitArg,
    EarlyCommitArg,
    ConstantCommitArg,
    InlineCache,
    CopyBeforeInstall,
    CachedFetch,
    CacheFromFetch,
    VolumeOverBuild,
    CacheMountOverOutput,
    HostOutputInContext,
)
_OF_FILES: tuple[type[Rule], ...] = (
    InvalidCompose,
    UnparsableFile,
    UnusedSuppression,
)


def all_rules() -> tuple[type[Rule], ...]:
    """Every rule, in the order in which fixes are tried: what adds to a block comes before what empties it."""
    return rules_for(deployments=True)


def rules_for(*, deployments: bool) -> tuple[type[Rule], ...]:
    """Every rule, or those that may find something where no script and no workflow deploys, in the same order."""
    return (*_OF_BUILDS, *(_of_deployments() if deployments else ()), *_OF_FILES)


def _of_deployments() -> tuple[type[Rule], ...]:
    """The rules that look at deployments alone: what they import is a tenth of a start, which others go without."""
    from cachelint.rules.build_without_prune import BuildWithoutPrune
    from cachelint.rules.ineffective_prune import IneffectivePrune
    from cachelint.rules.no_cache_build import NoCacheBuild
    from cachelint.rules.partial_cache_clear import PartialCacheClear
    from cachelint.rules.preserved_mtime import PreservedMtime
    from cachelint.rules.restart_after_build import RestartAfterBuild
    from cachelint.rules.unset_commit_arg import UnsetCommitArg
    from cachelint.rules.up_without_build import UpWithoutBuild

    return (
        BuildWithoutPrune,
        IneffectivePrune,
        PartialCacheClear,
        UnsetCommitArg,
        NoCacheBuild,
        UpWithoutBuild,
        RestartAfterBuild,
        PreservedMtime,
    )
