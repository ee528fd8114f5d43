"""Scripts in the shapes that deploy scripts have, each with the ways in which it can be called.

The builds of each of them are to be reached by exactly one step of their builder, on every way.
"""

from __future__ import annotations

from typing import NamedTuple


class Shape(NamedTuple):
    """A script and the arguments or variables (``A=1``) of each way through it.

    `early` says that the step may come before it is known that something is built. `quiet`: a failing build does not
    end the script. `commit` is false where no line may set the commit.
    """

    name: str
    text: str
    ways: tuple[str, ...] = ("",)
    early: bool = False
    commit: bool = True


HELPERS = """\
log_info() { echo "[INFO] $*"; }
log_success() { echo "[ OK ] $*"; }
log_warning() { echo "[WARN] $1" >&2; }
"""

SHAPES = (
    Shape("plain", "#!/bin/bash\nset -e\ndocker compose build\ndocker compose up -d\n"),
    Shape("plain without set -e", "#!/bin/bash\ndocker compose build\ndocker compose up -d\n"),
    Shape("sh", "#!/bin/sh\nset -eu\ndocker build -t web .\ndocker push web\n"),
    Shape("sh with -e in its first line", "#!/bin/sh -e\ndocker build -t web .\n"),
    Shape("no first line", "docker-compose build\ndocker-compose up -d\n"),
    Shape("crlf", "set -e\r\ntrue\r\n"),  # bash cannot run more of it
    Shape("no final newline", "#!/bin/bash\ndocker compose build"),
    Shape(
        "a dry run that returns",
        """#!/bin/bash
set -e
deploy() {
  if [ "$1" = dry ]; then
    echo dry
  else
    docker compose build
  fi
}
main() {
  if [ "$1" = dry ]; then
    deploy dry
    return 0
  fi
  true
  deploy
}
main "$@"
""",
        ("", "dry"),
    ),
    Shape(
        "a choice that exits",
        "#!/bin/bash\nset -e\ncase $1 in\n  api)\n    docker build -t api .\n    exit 0\n    ;;\nesac\n"
        '[ "$1" = none ] && exit 0\ndocker build -t web .\n',
        ("", "api", "none"),
    ),
    Shape("tabs", "#!/bin/bash\nset -e\nif true; then\n\tdocker compose build\nfi\n"),
    Shape("helpers", f"#!/bin/bash\nset -euo pipefail\n{HELPERS}docker compose build\n"),
    Shape("helpers too late", f"#!/bin/bash\nset -e\ndocker compose build\n{HELPERS}log_info done\n"),
    Shape("function", "#!/bin/bash\nset -e\nbuild() {\n  docker compose build\n}\nbuild\ndocker compose up -d\n"),
    Shape(
        "three functions behind a case",
        f"""#!/usr/bin/env bash
set -euo pipefail
{HELPERS}
one() {{
    log_info "one"
    docker compose build one
}}
two() {{
    docker compose build two
    docker compose up -d two
}}
all() {{
    docker compose build
}}
case "${{1:-all}}" in
    one)
        one
        ;;
    two) two ;;
    all) all ;;
    -h | --help)
        echo usage
        ;;
    *) exit 2 ;;
esac
""",
        ("", "one", "two", "all", "--help", "other"),
    ),
    Shape(
        "all calls the others",
        """#!/bin/bash
set -e
one() { docker compose build one; }
two() {
  docker compose build two
}
case "$1" in
  one) one ;;
  two) two ;;
  all)
    one
    two
    ;;
esac
""",
        ("one", "two", "all", ""),
    ),
    Shape(
        "if and else",
        """#!/bin/bash
set -e
if [ "$1" = prod ]; then
  docker compose -f prod.yml build
elif [ "$1" = stage ]; then
  docker compose -f stage.yml build
else
  echo nothing
fi
""",
        ("prod", "stage", ""),
    ),
    Shape(
        "two conditions, one after the other",
        """#!/bin/bash
if [ "$1" = web ] || [ "$2" = web ]; then
  docker build -t web web
fi
if [ "$1" = api ] || [ "$2" = api ]; then
  docker build -t api api
fi
""",
        ("web", "api", "web api", ""),
        early=True,
    ),
    Shape(
        "sometimes before, then always",
        '#!/bin/bash\nset -e\nif [ -n "$1" ]; then\n  docker build -t base base\nfi\ndocker build -t web .\n',
        ("", "base"),
    ),
    Shape(
        "build is the condition", "#!/bin/bash\nif ! docker compose build; then\n  echo failed\n  exit 1\nfi\necho ok\n"
    ),
    Shape(
        "function is the condition",
        "#!/bin/bash\nset -e\nbuild() {\n  docker compose build || return 1\n}\n"
        "if build; then\n  echo ok\nelse\n  echo failed\n  exit 3\nfi\n",
    ),
    Shape("chain", "#!/bin/bash\ntrue && docker compose build && docker compose up -d\n"),
    Shape(
        "chain after cd", "#!/bin/bash\nset -e\ncd . && docker compose build && docker compose up -d\n", commit=False
    ),
    Shape("chain over lines", "#!/bin/bash\ntrue \\\n  && docker compose build \\\n  && docker compose up -d\n"),
    Shape("or block", "#!/bin/bash\ndocker compose build || {\n  echo failed\n  exit 1\n}\ndocker compose up -d\n"),
    Shape(
        "function in a chain",
        "#!/bin/bash\nbuild() {\n  docker compose build\n}\nbuild || exit 1\ndocker compose up -d\n",
    ),
    Shape("test in front", '#!/bin/bash\n[ "$1" = go ] && docker compose build\ntrue\n', ("go", ""), early=True),
    Shape(
        "block behind a test",
        '#!/bin/bash\n[ "$1" = go ] && {\n  docker compose build\n}\ntrue\n',
        ("go", ""),
    ),
    Shape("for", '#!/bin/bash\nset -e\nfor service in web api; do\n  docker compose build "$service"\ndone\n'),
    Shape(
        "for with a function",
        '#!/bin/bash\nbuild() {\n  docker build -t "$1" .\n}\nfor one in a b; do\n  build "$one"\ndone\n',
    ),
    Shape("for on one line", "#!/bin/bash\nfor one in a b; do docker build -t $one .; done\n"),
    Shape(
        "while with input",
        "#!/bin/bash\nprintf 'a\\nb\\n' | while read -r one; do\n  docker build -t \"$one\" .\ndone\n",
    ),
    Shape("continued lines", "#!/bin/bash\nset -e\ndocker build \\\n  --pull \\\n  -t web \\\n  .\n"),
    Shape("in front of it a variable", "#!/bin/bash\nset -e\nTAG=1 docker compose build\n"),
    Shape("piped", "#!/bin/bash\nset -eo pipefail\ndocker compose build 2>&1 | tee build.log\n"),
    Shape("function piped", "#!/bin/bash\nset -e\nbuild() {\n  docker compose build\n}\nbuild | cat\n"),
    Shape("subshell", "#!/bin/bash\nset -e\n(\n  cd .\n  docker compose build\n)\ndocker compose up -d\n"),
    Shape("subshell on one line", "#!/bin/bash\nset -e\n(cd . && docker compose build)\n", commit=False),
    Shape("in the background", "#!/bin/bash\ndocker build -t a . &\ndocker build -t b . &\nwait\n"),
    Shape("substitution", '#!/bin/bash\nset -e\nid=$(docker build -q .)\necho "$id"\n'),
    Shape("asks for the status", '#!/bin/bash\nfalse\necho "$?" && docker compose build\n'),
    Shape("status of the build", "#!/bin/bash\ndocker compose build\nif [ $? -ne 0 ]; then\n  exit 1\nfi\necho fine\n"),
    Shape("array", '#!/bin/bash\nset -e\ncompose=(docker compose -f prod.yml)\n"${compose[@]}" build\n'),
    Shape("variable", '#!/bin/bash\nset -e\nCOMPOSE="docker compose"\n$COMPOSE build\n$COMPOSE up -d\n'),
    Shape("variable with a default", "#!/bin/bash\nset -e\nDOCKER=${DOCKER:-docker}\n$DOCKER build -t web .\n"),
    Shape("sudo", "#!/bin/bash\nset -e\nsudo docker compose build\n", commit=False),
    Shape("sudo that keeps the environment", "#!/bin/bash\nset -e\nsudo -E docker compose build\n"),
    Shape("variable that holds sudo", '#!/bin/bash\nset -e\nDOCKER="sudo docker"\n$DOCKER build .\n', commit=False),
    Shape("default that holds sudo", "#!/bin/bash\nset -e\nD=${D:-sudo docker}\n$D build .\n", commit=False),
    Shape("sudo or not", "#!/bin/bash\nset -e\n${SUDO:+sudo} docker compose build\n", ("", "SUDO=1"), commit=False),
    Shape(
        "sudo or not, in a variable",
        '#!/bin/bash\nset -e\nSUDO=$([ -z "$ROOT" ] || echo sudo)\nDC="$SUDO docker compose"\n$DC up --build\n',
        commit=False,
    ),
    Shape(
        "options in a variable",
        '#!/bin/bash\nset -e\nfor f in a b; do FILES="$FILES -f $f.yml"; done\ndocker compose $FILES up -d --build\n',
    ),
    Shape("options in an argument", "#!/bin/bash\nset -e\ndocker compose $1 -f a.yml build\n", ("", "--ansi=never")),
    Shape(
        "options in an array",
        '#!/bin/bash\nset -e\nfor f in a b; do FILES+=(-f "$f.yml"); done\n'
        'dc() { docker compose "${FILES[@]}" "$@"; }\ndc build\n',
    ),
    Shape(
        "more words for an array",
        '#!/bin/bash\nset -e\nMORE=("$@")\nbuild=(docker buildx build . --load)\n[ $# = 0 ] || build+=("${MORE[@]}")\n'
        '"${build[@]}"\n',
        ("", "--pull"),
    ),
    Shape(
        "compose in a local array",
        '#!/bin/bash\nset -e\ndc() {\n  local c=(docker compose -f a.yml)\n  "${c[@]}" "$@"\n}\ndc up --build\n',
    ),
    Shape("timeout of a variable", '#!/bin/bash\nset -e\nt=60\ntimeout "$t" docker compose build\n'),
    Shape(
        "clean environment",
        '#!/bin/bash\nenv -i PATH="$PATH" STAGE="$STAGE" PRUNE_EXIT="${PRUNE_EXIT:-0}" docker build .\n',
        commit=False,
    ),
    Shape("lock", "#!/bin/bash\nset -e\nflock -w 9 lock docker compose up --build\n"),
    Shape("lock with a text", "#!/bin/bash\nset -e\nflock -w 9 lock -c 'docker compose up --build'\n"),
    Shape("compose by default", '#!/bin/bash\nset -e\nDC="${DC:-docker compose}"\n$DC up -d --build\n'),
    Shape("timeout", "#!/bin/bash\nset -e\ntimeout 60 docker compose build\n"),
    Shape("up --build", "#!/bin/bash\nset -e\ndocker compose up -d --build\n"),
    Shape("named builder", "#!/bin/bash\nset -e\ndocker buildx build --builder slim -t web --load .\n"),
    Shape(
        "builder that it makes or has",
        "#!/bin/bash\ndocker buildx create --name slim --use\ndocker buildx build -t web --load .\n",
    ),
    Shape("context", "#!/bin/bash\nset -e\ndocker --context prod compose build\n"),
    Shape("host", "#!/bin/bash\nset -e\nDOCKER_HOST=ssh://prod docker compose build\n"),
    Shape("comment above", "#!/bin/bash\nset -e\n\n# Build it.\n# shellcheck disable=SC2086\ndocker build $FLAGS .\n"),
    Shape("comment below the first line", "#!/bin/bash\n# shellcheck disable=SC2086\ndocker build $FLAGS .\n"),
    Shape("here document that is data", "#!/bin/bash\nset -e\ncat <<EOF\ndocker build .\nEOF\ndocker compose build\n"),
    Shape("here document of the build", "#!/bin/bash\nset -e\ndocker build -t web - <<EOF\nFROM scratch\nEOF\n"),
    Shape("bash -c", '#!/bin/bash\nset -e\nbash -c "docker compose build"\n'),
    Shape(
        "ssh with a quoted here document",
        "#!/bin/bash\nset -e\nssh prod <<'EOF'\nset -e\ndocker compose build\ndocker compose up -d\nEOF\n",
    ),
    Shape(
        "ssh with a here document",
        "#!/bin/bash\nset -e\n"
        "ssh prod 'bash -s' <<EOF\n  docker compose build $1\n  docker compose up -d\nEOF\necho done\n",
        ("", "web"),
    ),
    Shape(
        "ssh with lines in single quotes",
        "#!/bin/bash\nset -e\nssh prod '\n  docker compose build\n  docker compose up -d\n'\n",
    ),
    Shape(
        "ssh with lines in double quotes",
        '#!/bin/bash\nset -e\nssh prod "\n  docker compose build\n  docker compose up -d\n"\n',
    ),
    Shape(
        "ssh with one line in single quotes",
        "#!/bin/bash\nset -e\nssh prod 'cd . && docker compose build && docker compose up -d'\n",
        commit=False,
    ),
    Shape(
        "ssh with one line in double quotes",
        '#!/bin/bash\nset -e\nSERVICE=web\nssh prod "docker compose build $SERVICE; docker compose up -d" || exit 1\n',
    ),
    Shape(
        "ssh with continued lines in double quotes",
        '#!/bin/bash\nset -e\nssh prod "cd . && \\\n  docker compose build && \\\n  docker compose up -d"\n',
        commit=False,
    ),
    Shape(
        "ssh with lines from the quote on",
        "#!/bin/bash\nset -e\nssh prod 'docker compose build\n  docker compose up -d'\necho done\n",
    ),
    Shape(
        "ssh one after the other",
        '#!/bin/bash\nset -e\nfor host in a b; do\n  ssh -p 22 "$host" -t "docker compose build"\ndone\n'
        'ssh a "docker compose build && docker compose up -d"\n',
    ),
    Shape(
        "gcloud with a command",
        "#!/bin/bash\nset -e\ngcloud compute ssh prod --zone x --command='cd $HOME; docker compose build'\n",
    ),
    Shape(
        "gcloud with lines",
        '#!/bin/bash\nset -e\ngcloud compute ssh prod --command="\n  docker compose build\n"\n',
    ),
    Shape(
        "ssh with sudo and a shell",
        "#!/bin/bash\nset -e\nssh prod 'sudo bash -c \"docker compose build\"'\n",
        commit=False,
    ),
    Shape(
        "here and there",
        "#!/bin/bash\nset -e\ndocker build -t web .\nssh prod <<'EOF'\nset -e\ndocker compose build\nEOF\n",
    ),
    Shape("branches on one line", '#!/bin/bash\nif [ "$1" = go ]; then docker compose build; fi\n', ("go", "")),
    Shape(
        "returns early",
        '#!/bin/bash\nmain() {\n  [ "$1" = go ] || return 0\n  docker compose build\n}\nmain "$@"\n',
        ("go", ""),
    ),
    Shape("exits early", '#!/bin/bash\nif [ "$1" = no ]; then\n  exit 0\nfi\ndocker compose build\n', ("no", "")),
    Shape(
        "function that is dispatched",
        '#!/bin/bash\nbuild() {\n  docker compose build\n}\nhelp() { echo help; }\n"$@"\n',
        ("build", "help"),
    ),
    Shape(
        "wrapped in a function",
        '#!/bin/bash\nset -e\nrun() { echo "> $*"; "$@"; }\nbuild() {\n  docker compose build\n}\nrun build\n',
    ),
    Shape(
        "commit is set",
        "#!/bin/bash\nset -e\nexport GIT_SHA=$(git rev-parse HEAD)\ndocker compose build\n",
        commit=False,
    ),
    Shape("commit is passed", "#!/bin/bash\nset -e\ndocker build --build-arg GIT_COMMIT=1 .\n", commit=False),
    Shape("after a pull", "#!/bin/bash\nset -e\ngit pull\ndocker compose build\ndocker compose up -d\n"),
    Shape("set +e", "#!/bin/bash\nset -e\nset +e\ndocker compose build\n"),
    Shape(
        "nested functions", "#!/bin/bash\nset -e\ninner() {\n  docker compose build\n}\nouter() {\n  inner\n}\nouter\n"
    ),
    Shape("recursion", '#!/bin/bash\nf() {\n  docker compose build\n  [ "$1" = x ] || f x\n}\nf\n'),
    Shape("select a service", '#!/bin/bash\nset -e\nservice="${1:?}"\ndocker compose build "$service"\n', ("web",)),
    Shape(
        "output in a file",
        "#!/bin/bash\nset -e\nbuild() {\n  docker build -q .\n  echo web\n}\nbuild > id.txt\n"
        'docker push "$(cat id.txt)"\n',
    ),
    Shape(
        "output of a group in a file",
        '#!/bin/bash\nset -e\n{\n  docker build -q .\n  echo web\n} > id.txt\ndocker push "$(cat id.txt)"\n',
    ),
    Shape(
        "output for the next command",
        "#!/bin/bash\nset -e\nbuild() {\n  docker build -q .\n  echo web\n}\nbuild | xargs docker push\n",
    ),
    Shape(
        "output that is read on one of two ways",
        "#!/bin/bash\nset -e\nbuild() {\n  docker build -q .\n  echo web\n}\n"
        'if [ "$1" = quiet ]; then\n  docker push "$(build)"\nelse\n  build\nfi\n',
        ("quiet", ""),
    ),
    Shape(
        "output of a function's function",
        "#!/bin/bash\nset -e\nbuild() {\n  docker build -q .\n  echo web\n}\nname() {\n  build\n}\n"
        'docker push "$(name)"\n',
    ),
    Shape(
        "function whose output goes to a file",
        "#!/bin/bash\nset -e\nbuild() {\n  docker build -q .\n  echo web\n} > id.txt\nbuild\n"
        'docker push "$(cat id.txt)"\n',
    ),
    Shape(
        "function that reads what it runs",
        '#!/bin/bash\nrun() {\n  local out\n  out=$("$@" 2>&1)\n  docker tag "${#out}"\n}\n'
        "build() {\n  docker build -q .\n  echo web\n}\nrun build\n",
    ),
    Shape("output in a log", "#!/bin/bash\nset -e\nbuild() {\n  docker build .\n}\nbuild 2>&1 | tee deploy.log\n"),
    Shape("output in a file of a log", "#!/bin/bash\nset -e\nbuild() {\n  docker build .\n}\nbuild > deploy.log\n"),
    Shape(
        "menu that comes back",
        "#!/bin/bash\nset -e\nbuild() {\n  docker compose build\n}\n"
        'logs() {\n  [ "$1" != back ] || menu "$2"\n}\n'
        'menu() {\n  if [ "$1" = build ]; then\n    build\n  elif [ "$1" = logs ]; then\n'
        '    logs "$2" "$3"\n    menu "$2"\n  fi\n}\nmenu "$@"\n',
        ("build", "logs", "logs build", "logs back build"),
    ),
)
