import pytest

from cachelint.diagnostic import Severity
from tests.support import lint_files

CLONE = "RUN git clone https://example.com/shop/web.git /src\n"
SHA = "0123456789abcdef0123456789abcdef01234567"


def findings(files: dict[str, str]) -> list[tuple[str, str]]:
    return [
        (one.severity.name, one.message.partition(" at the first build")[0])
        for one in lint_files(files, ["cached-fetch"])
    ]


def compose(build: str) -> str:
    return f"services:\n  web:\n    build:\n      context: .\n{build}"


@pytest.mark.parametrize(
    "run",
    [
        # a commit, a tag, or what a variable says
        f"git clone https://example.com/a/b.git && cd b && git checkout {SHA}",
        f"git clone https://example.com/a/b.git && git -C b checkout -q {SHA[:12]}",
        f"git clone https://example.com/a/b.git && cd b && git reset --hard {SHA}",
        "git clone https://example.com/a/b.git && cd b && git fetch --tags && git checkout tags/v1.2",
        "git clone --no-checkout https://example.com/a/b.git && cd b && git checkout $REVISION_OF_B",
        "git clone --branch v1.2.3 --depth 1 https://example.com/a/b.git",
        "git clone -b 1.2 https://example.com/a/b.git",
        "git clone --branch=version-15 https://example.com/a/b.git",
        "git clone -bv3 https://example.com/a/b.git",
        f"git clone --revision={SHA} https://example.com/a/b.git",
        'git clone --branch "$VERSION_OF_B" https://example.com/a/b.git',
        "git clone $REPOSITORY app",
        "git clone /srv/git/app.git app",
        "git clone ./app.bundle app",
        "git fetch origin main",
        "git ls-remote https://example.com/a/b.git main",
        "echo git clone https://example.com/a/b.git",
        "echo 'git clone https://example.com/a/b.git' > script.sh",
        "[ -z $DEV ] || git clone https://example.com/a/b.git",
        "if [ -n $DEV ]; then git clone https://example.com/a/b.git; fi",
        "git clone https://example.com/a/b.git 'open",
        # version managers pin what they install
        "git clone https://github.com/pyenv/pyenv.git ~/.pyenv",
        "git clone --depth 1 https://github.com/nvm-sh/nvm.git && . nvm/nvm.sh && nvm install 20.1.0",
        "git clone https://github.com/zsh-users/zsh-autosuggestions",
        "git clone https://github.com/altercation/vim-colors-solarized",
        # downloads
        "curl -fsSL https://deb.nodesource.com/setup_20.x | bash -",
        "curl --proto '=https' -sSf https://sh.rustup.rs | sh -s -- -y",
        "curl https://raw.githubusercontent.com/a/b/main/install.sh | sudo -E bash",
        'sh -c "$(curl -fsSL https://raw.githubusercontent.com/a/b/master/tools/install.sh)"',
        "curl -o i.sh https://raw.githubusercontent.com/a/b/main/install.sh && sh i.sh",
        "wget https://repo.anaconda.com/miniconda/Miniconda3-latest-Linux-x86_64.sh",
        "curl https://raw.githubusercontent.com/a/b/master/stuff.txt | bash",
        "curl -L https://getcomposer.org/installer | php",
        "curl https://raw.githubusercontent.com/a/b/main/key.asc | gpg --dearmor",
        "curl -o /etc/apt/keyrings/x.gpg https://example.com/latest/x.gpg",
        "curl -O https://raw.githubusercontent.com/a/b/main/LICENSE",
        f"curl -LO https://raw.githubusercontent.com/a/b/{SHA}/x.py",
        "curl -LO https://raw.githubusercontent.com/a/b/v1.2/x.py",
        "curl -LO https://raw.githubusercontent.com/a/b/${REF}/x.py",
        "curl -LO https://github.com/a/b/archive/refs/tags/v1.2.tar.gz",
        "curl -LO https://github.com/a/b/archive/v1.2.zip",
        "curl -LO https://github.com/a/b/releases/download/v1.2/b.tgz",
        "curl -LO https://example.com/latest/b-1.2.3.tgz",
        "curl -LO https://example.com/latest/b-${B_VERSION}.tgz",
        f"curl -LO https://example.com/latest.tgz && echo {SHA} latest.tgz | sha1sum -c",
        "curl http://localhost:8080/health",
        # packages
        "apt-get update && apt-get install -y curl",
        "apt-get install --only-upgrade curl",
        "yum update -y openssl",
        "apk add --update --upgrade curl",
        "pip install --upgrade pip",
        "pip install git+https://example.com/a/b.git@v1.2",
        f"pip install git+ssh://git@example.com/a/b.git@{SHA}#egg=b",
        "pip install b==1.2 && pip install -r requirements.txt",
        "pip install git+https://$TOKEN@example.com/a/b.git@$REF",
        "pip install https://github.com/a/b/archive/v1.2.zip",
        "npm install -g typescript",
        "npm install -g npm@latest pnpm@latest",
        "corepack prepare pnpm@latest --activate",
        "npm install -g serve@14",
        "npm install github:a/b#v1.2",
        "npm view serve@latest version",
        "go install example.com/a/b@v1.2",
        "go get -d ./...",
        f"cargo install --git https://example.com/a/b --rev {SHA} b",
        "cargo install --git https://example.com/a/b --tag v1 b",
        "cargo install b",
    ],
)
def test_silent_about_what_stays(run: str) -> None:
    assert findings({"Dockerfile": f"FROM debian\nRUN {run}\n"}) == []


@pytest.mark.parametrize(
    "dockerfile",
    [
        "FROM debian\nARG GIT_COMMIT_HASH\n" + CLONE,
        "FROM debian\nARG CACHEBUST=1\n" + CLONE,
        "FROM debian\nARG CACHE_DATE=none\n" + CLONE,
        "FROM debian\nARG BUILD_DATE\n" + CLONE,
        "FROM debian\nARG RELEASE\n" + CLONE,
        "ARG TAG\nFROM debian:$TAG\n" + CLONE,
        "FROM debian\nCOPY . /app\n" + CLONE,
        "FROM debian\nCOPY package.json .\n" + CLONE,
        "FROM debian\nCOPY conf /etc/conf\n" + CLONE,
        "FROM debian\nADD https://api.example.com/repos/a/b/commits/main /tmp/commit\n" + CLONE,
        "FROM debian AS base\nCOPY . /app\nFROM base\n" + CLONE,
        "FROM debian AS base\nARG GIT_SHA\nFROM base\n" + CLONE,
        "FROM debian AS unused\n" + CLONE + "FROM debian\n",
        "FROM debian\nRUN --mount=type=bind,target=/src true\n" + CLONE,
        "FROM debian\n" + CLONE + f"WORKDIR /src\nRUN git checkout {SHA}\n",
        "FROM debian\nARG BRANCH=main\nRUN git clone -b $BRANCH https://example.com/a/b\n",
        "FROM debian\nARG URL=https://example.com/latest/app.tgz\nRUN curl -LO $URL\n",
        "FROM debian\nENV V=v1.2\nRUN git clone -b ${V} https://example.com/a/b\n",
        "FROM debian\nADD https://example.com/shop/web.git#main /src\n",
        "FROM debian\nADD https://raw.githubusercontent.com/a/b/main/x.py /\n",
        'FROM windows\nSHELL ["powershell", "-Command"]\n' + CLONE,
        "# escape=`\nFROM windows\n" + CLONE,
        "FROM debian\nRUN <<EOF\n#!/usr/bin/env python3\nprint('git clone https://example.com/a/b')\nEOF\n",
    ],
)
def test_silent_below_what_changes(dockerfile: str) -> None:
    assert findings({"Dockerfile": dockerfile}) == []


@pytest.mark.parametrize(
    ("build", "dockerfile"),
    [
        ("      args:\n        RELEASE: ${RELEASE}\n", "FROM debian\nARG RELEASE=1\n" + CLONE),
        ("      args: [RELEASE]\n", "FROM debian\nARG RELEASE=1\n" + CLONE),
        ("      args: {REF: v1.2}\n", "FROM debian\nARG REF=main\nRUN git clone -b $REF https://example.com/a/b\n"),
        ("      no_cache: true\n", "FROM debian\n" + CLONE),
        ("      no_cache_filter: [one]\n", "FROM debian AS one\n" + CLONE + "FROM one\n"),
        ("    extends: {file: other.yaml, service: x}\n", "FROM debian\nARG RELEASE=1\n" + CLONE),
    ],
)
def test_silent_about_builds(build: str, dockerfile: str) -> None:
    assert findings({"compose.yaml": compose(build), "Dockerfile": dockerfile}) == []


def test_silent_about_development_containers() -> None:
    assert findings({".devcontainer/Dockerfile": "FROM debian\n" + CLONE}) == []


@pytest.mark.parametrize(
    ("run", "message"),
    [
        ("git clone https://example.com/a/b.git", "This clones what the default branch of a/b holds"),
        ("git clone git@example.com:a/b.git", "This clones what the default branch of a/b holds"),
        ("git -c x=y clone --depth=1 ssh://git@h/a/b src", "This clones what the default branch of a/b holds"),
        ("git clone -b main https://example.com/a/b", "This clones what `main` of a/b holds"),
        ("git clone https://example.com/a/b && git checkout main", "This clones what the default branch of"),
        ("set -e; sudo git clone https://example.com/a/b || exit", "This clones what the default branch of a/b holds"),
        ("sh -c 'git clone https://example.com/a/b'", "This clones what the default branch of a/b holds"),
        ("f() { git clone https://example.com/a/b; }; f", "This clones what the default branch of a/b holds"),
        ("curl -LO https://raw.githubusercontent.com/a/b/main/x.py", "This downloads what branch `main` holds"),
        ("curl -LO https://raw.githubusercontent.com/a/b/refs/heads/1/x.py", "This downloads what branch `1` holds"),
        ("wget https://github.com/a/b/archive/master.zip", "This downloads what branch `master` holds"),
        ("curl -L https://github.com/a/b/archive/refs/heads/x.tar.gz | tar xz", "This downloads what branch `x` holds"),
        ("curl -L https://codeload.github.com/a/b/tar.gz/main | tar xz", "This downloads what branch `main` holds"),
        ("curl -L https://gitlab.com/a/b/-/archive/main/b-main.zip", "This downloads what branch `main` holds"),
        ("pip install git+https://example.com/a/b.git", "This installs what the default branch of a/b holds"),
        ("pip install 'b @ git+https://example.com/a/b.git@main'", "This installs what `main` of a/b holds"),
        ("python3 -m pip install git+ssh://git@h/a/b.git", "This installs what the default branch of a/b holds"),
        ("uv pip install https://github.com/a/b/archive/main.zip", "This installs what branch `main` holds"),
        ("npm install github:a/b", "This installs what the default branch of a/b holds"),
        ("go install example.com/a/b@main", "This installs what `example.com/a/b@main` is"),
        ("cargo install --git https://example.com/a/b b", "This installs what the default branch of a/b holds"),
    ],
)  # fmt: skip
def test_reports_branches(run: str, message: str) -> None:
    [(severity, text)] = findings({"Dockerfile": f"FROM debian\nRUN {run}\n"})
    assert severity == "ERROR"
    assert text.startswith(message)


@pytest.mark.parametrize(
    ("run", "severity"),
    [
        ("curl -LO https://github.com/a/b/releases/latest/download/b.tgz", "WARNING"),
        ("wget -q https://wordpress.org/latest.tar.gz", "WARNING"),
        ("V=$(curl -s https://api.github.com/repos/a/b/releases/latest | jq -r .tag_name)", "WARNING"),
        ("curl -LO https://github.com/a/b/releases/download/nightly/b.tgz", "WARNING"),
        ("npm install -g serve@latest", "WARNING"),
        ("yarn global add serve@next", "WARNING"),
        ("go install example.com/a/b@latest", "WARNING"),
        ("apt-get update && apt-get -y upgrade", "NOTE"),
        ("apt-get dist-upgrade -y", "NOTE"),
        ("apk --no-cache upgrade", "NOTE"),
        ("yum -y update && yum install -y curl", "NOTE"),
        ("dnf upgrade -y", "NOTE"),
    ],
)
def test_reports_releases_and_upgrades(run: str, severity: str) -> None:
    assert [one for one, _ in findings({"Dockerfile": f"FROM debian\nRUN {run}\n"})] == [severity]


@pytest.mark.parametrize(
    ("build", "dockerfile"),
    [
        ("", "FROM debian\n" + CLONE),
        ("", "FROM debian\nARG TARGETARCH\n" + CLONE),
        ("", "FROM debian\nARG HTTP_PROXY\nARG UID\n" + CLONE),
        ("      args: {REF: main}\n", "FROM debian\nARG REF=v1\nRUN git clone -b $REF https://example.com/a/b\n"),
        ("", "FROM debian\nARG REF=main\nRUN git clone -b $REF https://example.com/a/b\n"),
        ("", "FROM debian\nENV REF=master\nRUN git clone -b ${REF} https://example.com/a/b\n"),
        ("", "FROM debian\nARG GIT_SHA\nFROM debian\n" + CLONE),
        ("", "FROM debian\n" + CLONE + "ARG GIT_SHA\nCOPY . .\nRUN make\n"),
        ("      no_cache: false\n      no_cache_filter: two\n", "FROM debian AS one\n" + CLONE + "FROM one AS two\n"),
        ("      target: one\n", "FROM debian AS one\n" + CLONE + "FROM debian\n"),
        ("", "FROM debian AS one\n" + CLONE + "FROM debian\nCOPY --from=one /src /src\n"),
    ],
)
def test_reports_builds(build: str, dockerfile: str) -> None:
    assert len(findings({"compose.yaml": compose(build), "Dockerfile": dockerfile})) == 1


def test_the_place_is_the_command() -> None:
    dockerfile = "FROM debian\nRUN apt-get update \\\n  && git clone \\\n    https://example.com/a/b \\\n  && ls\n"
    [found] = lint_files({"Dockerfile": dockerfile}, ["cached-fetch"])
    start, end = found.location.start, found.location.end
    assert dockerfile[start.offset : end.offset] == "git clone \\\n    https://example.com/a/b"
    assert (start.line, start.column) == (3, 6)


def test_an_inline_dockerfile_is_reported_at_its_build() -> None:
    text = "services:\n  web:\n    build:\n      dockerfile_inline: |\n        FROM debian\n        " + CLONE
    [found] = lint_files({"compose.yaml": text}, ["cached-fetch"])
    assert (found.location.start.line, found.severity) == (3, Severity.ERROR)


@pytest.mark.parametrize(
    ("args", "name"),
    [("GIT_SHA: ${GIT_SHA}", "GIT_SHA"), ("{}", "GIT_COMMIT_HASH"), ("{VCS_REF: $A, GIT_SHA: $A}", "GIT_COMMIT_HASH")],
)
def test_names_the_argument_as_the_project_does(args, name):
    files = {
        "compose.yaml": f"services:\n  web:\n    build:\n      context: .\n      args:\n        {args}\n",
        "Dockerfile": "FROM alpine/git\nRUN git clone https://example.com/shop/web.git /src\nARG GIT_SHA\nARG VCS_REF\n"
        if "GIT" in args
        else "FROM alpine/git\nRUN git clone https://example.com/shop/web.git /src\n",
    }
    [found] = lint_files(files, ["cached-fetch"])
    assert f"or put `ARG {name}` above it" in found.message
