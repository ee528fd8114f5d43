import pytest

from cachelint.documents.script_parser import read_script
from cachelint.documents.script_paths import Paths


def where(text: str) -> str:
    """The directory of the command `build`."""
    directory = next(one for one in read_script(text).commands if one.texts[:1] == ("build",)).directory
    return f"{directory.base} {directory.path}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("build", "start ."),
        ("cd app\nbuild", "start app"),
        ("cd app && build", "start app"),
        ("cd app\ncd ..\nbuild", "start ."),
        ("cd ..\ncd ..\nbuild", "start ../.."),
        ("cd /srv/app\ncd web\nbuild", "/ srv/app/web"),
        ("cd\nbuild", "home ."),
        ("cd ~/app\nbuild", "home app"),
        ("cd -- app\nbuild", "start app"),
        ("cd -\nbuild", "unknown ."),
        ("(cd app; build)", "start app"),
        ("(cd app)\nbuild", "start ."),
        ("x=$(cd app && pwd)\nbuild", "start ."),
        ("pushd app\nbuild\npopd", "start app"),
        ("pushd app\npopd\nbuild", "start ."),
        ("if a; then cd app; fi\nbuild", "unknown ."),
        ("cd app || exit 1\nbuild", "start app"),
        ("for d in a b; do cd $d; build; done", "unknown ."),
        ("for d in a b; do (cd x; build); done", "start x"),
        ("f() { cd app; }\nf\nbuild", "start app"),
        ('cd "$(dirname "$0")"\nbuild', "script ."),
        ('cd "$(dirname "$0")/.."\nbuild', "script .."),
        ("cd $(dirname $0)/..\nbuild", "script .."),
        ("cd `dirname $0`\nbuild", "script ."),
        ('cd "${0%/*}"\nbuild', "script ."),
        ('cd "$(dirname "${BASH_SOURCE[0]}")/../.."\nbuild', "script ../.."),
        ('cd "$(dirname "$(readlink -f "$0")")"\nbuild', "script ."),
        ('cd "$(dirname -- "${BASH_SOURCE[0]}")"\nbuild', "script ."),
        ('D="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"\ncd "$D"\nbuild', "script ../.."),
        ('D=$(cd -P -- "$(dirname -- "$0")" > /dev/null 2>&1 && pwd -P)\ncd "$D/app"\nbuild', "script app"),
        ('A="$(dirname "$0")"\nB="$A/.."\ncd "${B}"\nbuild', "script .."),
        ('readonly A="$(dirname "$0")"\ncd "$A"\nbuild', "script ."),
        ('local_dir() {\n  local d="$(dirname "$0")"\n  cd "$d"\n}\nlocal_dir\nbuild', "script ."),
        ('cd "$(git rev-parse --show-toplevel)"\nbuild', "repository ."),
        ('ROOT=$(git rev-parse --show-toplevel)\ncd "$ROOT/app"\nbuild', "repository app"),
        ('D="$PWD"\ncd app\ncd "$D"\nbuild', "start ."),
        ("APP=/srv/app\ncd $APP\nbuild", "/ srv/app"),
        ('cd "$1"\nbuild', "unknown ."),
        ('cd "$1"\ncd app\nbuild', "unknown ."),
        ('cd "$1"\ncd /srv\nbuild', "/ srv"),
        ("cd app*\nbuild", "unknown ."),
        ("cd app\nssh h 'build'", "home ."),
        ("cd app\nssh h 'cd /srv && build'", "/ srv"),
        ("cd app\nbash -c 'cd web; build'", "start app/web"),
        ("docker exec web sh -c 'build'", "unknown ."),
        ("cd app\nexit\nbuild", "unknown ."),
    ],
)
def test_directory(text, expected):
    assert where(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("./build.sh", "start build.sh"),
        ("cd app; ./build.sh", "start app/build.sh"),
        ("bash scripts/x.sh", "start scripts/x.sh"),
        ('D="$(cd "$(dirname "$0")" && pwd)"\n"$D/build.sh" a', "script build.sh"),
        ('sh "$(dirname "$0")/build.sh"', "script build.sh"),
        ('"$1/build.sh"', "None"),
    ],
)
def test_called_scripts(text, expected):
    place = read_script(text).called[-1].place
    assert (f"{place.base} {place.path}" if place else "None") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("source lib.sh", "start lib.sh"), ('. "$(dirname "$0")/lib.sh"', "script lib.sh"), ('. "$LIB"', "None")],
)
def test_sourced_files(text, expected):
    place = read_script(text).sourced[-1].place
    assert (f"{place.base} {place.path}" if place else "None") == expected


def test_paths_of_words():
    script = read_script('R="$(dirname "$0")/.."\ncd "$R"\ndocker build -f "$R/docker/Dockerfile" .')
    command = script.commands[-1]
    found = [Paths(script).locate(command, word) for word in command.words[-2:]]
    assert found == [("script", "../docker/Dockerfile"), ("script", "..")]
