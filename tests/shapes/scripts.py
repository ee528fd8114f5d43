"""Deploy scripts in the shapes that real ones have: what builds in them, and where a line goes above a build.

A line of nothing but ``mark`` is where the step goes; it is not part of the script. `builds` names every build with the
machines that it is run on. `refused` is why there is no step. `lines` is the script where the step breaks a line.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Shape(NamedTuple):
    name: str
    marked: str
    builds: str
    refused: str | None = None
    arguments: tuple[str, ...] = ("",)
    lines: str | None = None

    @property
    def text(self) -> str:
        """The script without the marks."""
        if self.lines is not None:
            return self.lines
        return re.sub(r"(?m)^(\ufeff?)[ \t]*mark\r?\n", r"\1", self.marked)


UNREAD = "the text that it stands in has a part that cannot be read"
ONE_LINE_SSH = "the build runs on another machine, in words of one line"
BROKEN = "bash does not understand the whole script"
WORDS = "the build runs on another machine, in text that several words make"
OTHER_USER = "it builds as whom `su` says, which a step in front would not"
OTHER_ENGINE = "podman has other options: its `prune` knows none of Docker's record types"

SHAPES = (
    Shape("plain", "git pull\nmark\ndocker build -t app .\ndocker push app\n", "build"),
    Shape("no final newline", "mark\ndocker build -t app .", "build"),
    Shape("first line", "mark\ndocker build .\n", "build"),
    Shape("CRLF", "#!/bin/bash\r\nmark\r\ndocker build .\r\ndocker push app\r\n", "build"),
    Shape("BOM", "\ufeffmark\ndocker build .\n", "build", arguments=()),
    Shape("continued", "mark\ndocker build \\\n  -t app \\\n  .\n", "build"),
    Shape("continued with comment above", "# build\nmark\ndocker build \\\n  --pull .\n", "build"),
    Shape("assignment in front", "mark\nDOCKER_BUILDKIT=1 docker build .\n", "build"),
    Shape("two assignments on the line above", "A=1 B=2\nmark\ndocker build .\n", "build"),
    Shape("env", "mark\nenv DOCKER_BUILDKIT=1 docker build .\n", "build"),
    Shape("sudo", "mark\nsudo docker compose build\n", "compose build"),
    Shape("sudo with options", "mark\nsudo -E -u app docker compose build web\n", "compose build"),
    Shape("timeout", "mark\ntimeout 300 docker compose build\n", "compose build"),
    Shape("time", "mark\ntime docker compose build\n", "compose build"),
    Shape("exec", "mark\nexec docker compose build\n", "compose build"),
    Shape("nohup in the background", "mark\nnohup docker build . &\nwait\n", "build"),
    Shape("chain", "mark\ncd . && docker compose build && docker compose up -d\n", "compose build"),
    Shape("chain over lines", "mark\ntrue &&\n  docker compose build &&\n  docker compose up -d\n", "compose build"),
    Shape("or block", "mark\ndocker build . || {\n  echo failed\n  exit 1\n}\n", "build"),
    Shape("pipe", "mark\ndocker build . 2>&1 | tee log\n", "build"),
    Shape("pipe over lines", "mark\ndocker build . |\n  tee log\n", "build"),
    Shape("negated", "mark\n! docker build .\n", "build"),
    Shape("substitution", 'mark\nid=$(docker build -q .)\necho "$id"\n', "build"),
    Shape("substitution in a test", 'mark\nif [ -n "$(docker build -q .)" ]; then\n  echo ok\nfi\n', "build"),
    Shape("backquotes", "mark\nid=`docker build -q .`\n", "build"),
    Shape("condition", "mark\nif ! docker compose build; then\n  exit 1\nfi\n", "compose build"),
    Shape("condition of elif", "mark\nif false; then\n  :\nelif docker build .; then\n  echo ok\nfi\n", "build"),
    Shape("condition over lines", "mark\nif docker build \\\n  .; then\n  echo ok\nfi\n", "build"),
    Shape("then", 'if [ "$1" = build ]; then\n  mark\n  docker build .\nfi\n', "build", arguments=("", "build")),
    Shape("else", 'if [ "$1" = up ]; then\n  :\nelse\n\tmark\n\tdocker build .\nfi\n', "build", arguments=("", "up")),
    Shape(
        "both branches",
        'if [ "$1" = all ]; then\n  mark\n  docker build a\nelse\n  mark\n  docker build b\nfi\n',
        "build; build",
        arguments=("", "all"),
    ),
    Shape(
        "one-line if",
        'if [ "$1" = a ]; then\n    mark\n    docker build .; fi\n',
        "build",
        arguments=("", "a"),
        lines='if [ "$1" = a ]; then docker build .; fi\n',
    ),
    Shape("test and build", 'mark\n[ "$1" = a ] && docker build .\n', "build", arguments=("", "a")),
    Shape(
        "branch on the line of then",
        'if [ "$1" = a ]\nthen\n    mark\n    docker build .\nfi\n',
        "build",
        lines='if [ "$1" = a ]\nthen docker build .\nfi\n',
    ),
    Shape("case arm", 'case "$1" in\n  b)\n    mark\n    docker build .\n    ;;\nesac\n', "build", arguments=("", "b")),
    Shape(
        "arm on one line",
        'case "$1" in\n  b)\n    mark\n    docker build . ;;\n  u) : ;;\nesac\n',
        "build",
        arguments=("", "b", "u"),
        lines='case "$1" in\n  b) docker build . ;;\n  u) : ;;\nesac\n',
    ),
    Shape(
        "case on one line",
        'case "$1" in b)\n    mark\n    docker build . ;; esac\n',
        "build",
        arguments=("", "b"),
        lines='case "$1" in b) docker build . ;; esac\n',
    ),
    Shape("for loop", "mark\nfor s in web api; do\n  docker compose build $s\ndone\n", "compose build"),
    Shape("nested loops", "mark\nfor a in 1 2; do\n  for s in x y; do\n    docker build $s\n  done\ndone\n", "build"),
    Shape("retry loop", "mark\nuntil docker build .; do\n  sleep 0\n  break\ndone\n", "build"),
    Shape("while read", "mark\nprintf 'a\\nb\\n' | while read -r s; do\n  docker build $s\ndone\n", "build"),
    Shape(
        "endless loop over what may be there",
        'while true; do\n  for one in jobs/*.json; do\n    [ -f "$one" ] || continue\n    rm "$one"\n    mark\n'
        "    if docker build .; then\n      docker push app\n    fi\n  done\n  break\ndone\n",
        "build",
    ),
    Shape(
        "endless loop with a choice of builds",
        "while true; do\n  read -r x || break\n  if [ $x = 1 ]; then\n    mark\n    docker build -t a .\n  fi\n"
        "  if [ $x = 2 ]; then\n    mark\n    docker build -t b .\n  fi\ndone\n",
        "build; build",
    ),
    Shape(
        "endless loop over a list",
        "while sleep 5; do\n  mark\n  for one in a b; do\n    docker build -t $one .\n  done\n  break\ndone\n",
        "build",
    ),
    Shape("endless loop", "while true; do\n  git pull\n  mark\n  docker build .\n  break\ndone\n", "build"),
    Shape(
        "loop over hosts",
        "for h in a b; do\n  mark\n  DOCKER_HOST=ssh://$h docker build .\ndone\n",
        "build",
    ),
    Shape(
        "loop over contexts",
        'for c in a b; do\n  mark\n  docker --context "$c" compose build\ndone\n',
        "compose build",
    ),
    Shape("function", "build() {\n  mark\n  docker build .\n}\nbuild\n", "build"),
    Shape("function keyword", "function build {\n    mark\n    docker build .\n}\nbuild\n", "build"),
    Shape("function never called", "build() {\n  mark\n  docker build .\n}\n", "build"),
    Shape(
        "function on one line",
        "b() {\n    mark\n    docker build .; }\nb\n",
        "build",
        lines="b() { docker build .; }\nb\n",
    ),
    Shape("function with a subshell", "b() (\n  cd .\n  mark\n  docker build .\n)\nb\n", "build"),
    Shape("runner function", 'run() {\n  echo "+ $*"\n  "$@"\n}\nmark\nrun docker build .\n', "build"),
    Shape("subshell", "(\n  cd .\n  mark\n  docker build .\n)\n", "build"),
    Shape(
        "one-line subshell",
        "(\n    mark\n    cd . && docker build .)\n",
        "build",
        lines="(cd . && docker build .)\n",
    ),
    Shape("brace group in a pipe", "{\n  mark\n  docker build .\n} | tee log\n", "build"),
    Shape("variable command", 'COMPOSE="docker compose -f a.yml"\nmark\n$COMPOSE build\n', "compose build"),
    Shape("array command", 'DC=(docker compose -f a.yml)\nmark\n"${DC[@]}" build\n', "compose build"),
    Shape(
        "either compose",
        'if [ "$1" ]; then\n  DC="docker compose"\nelse\n  DC=docker-compose\nfi\nmark\n$DC build\n',
        "compose build",
        arguments=("", "a"),
    ),
    Shape("default command", "mark\n${DOCKER:-docker} build .\n", "build"),
    Shape("status below", "mark\ndocker build .\nif [ $? -ne 0 ]; then\n  exit 1\nfi\n", "build"),
    Shape("status of what is above", "mark\ngit pull\n[ $? -eq 0 ] && docker build .\n", "build"),
    Shape("status twice", "mark\ngit pull\nif [ $? -eq 0 ]; then\n  echo ok\nfi && docker build .\n", "build"),
    Shape("status kept", "mark\ngit pull\nrc=$? docker build .\n", "build"),
    Shape("two on a line", "git pull;\nmark\ndocker build .\n", "build", lines="git pull; docker build .\n"),
    Shape(
        "two on a line of a block",
        "if x; then\n  git pull ;\n  mark\n  docker build . ; y\nfi\n",
        "build",
        lines="if x; then\n  git pull ; docker build . ; y\nfi\n",
    ),
    Shape(
        "a block on a line",
        "if x; then git pull;\n    mark\n    docker build .; fi\n",
        "build",
        lines="if x; then git pull; docker build .; fi\n",
    ),
    Shape(
        "behind done on the line",
        "for i in a; do\n  echo $i\ndone;\nmark\ndocker build .\n",
        "build",
        lines="for i in a; do\n  echo $i\ndone; docker build .\n",
    ),
    Shape("behind a heredoc", "cat > f <<'EOF'\ndocker build .\nEOF\nmark\ndocker build .\n", "build"),
    Shape("on the line of a heredoc", "mark\ncat > f <<'EOF' && docker build .\ntext\nEOF\n", "build"),
    Shape("heredoc against its file", "cat <<EOF>f\ndocker build .\nEOF\nmark\ndocker build .\n", "build"),
    Shape("heredoc against a pipe", "cat <<EOF|tee f\ndocker build .\nEOF\nmark\ndocker build .\n", "build"),
    Shape("two heredocs", "cat <<A - <<'B'\ndocker build .\nA\nB\nB\nmark\ndocker build .\n", "build"),
    Shape("heredoc in a condition", "if ssh h <<'EOF'; then\nmark\ndocker build .\nEOF\n  :\nfi\n", "remote h: build"),
    Shape("heredoc in a substitution", "x=$(cat <<EOF\ndocker build .\nEOF\n)\nmark\ndocker build .\n", "build"),
    Shape("substitution in a heredoc", "mark\ncat > f <<EOF\n$(docker build -q .)\nEOF\n", "build"),
    Shape("heredoc in quotes", "echo 'cat <<EOF'\nmark\ndocker build .\n", "build"),
    Shape("heredoc in a comment", "# cat <<EOF\nmark\ndocker build .\n", "build"),
    Shape("shift", "x=$((1 << 2))\n((x << 1))\nmark\ndocker build .\n", "build"),
    Shape("here-string", 'cat <<< "$x"\nmark\ndocker build .\n', "build"),
    Shape("heredoc without an end", "docker build .\ncat <<EOF\ntext\n", "build", refused=BROKEN),
    Shape("words behind a redirection", "mark\ndocker build > log . --pull\n", "build"),
    Shape("redirected assignment", "A=1 > f\nmark\ndocker build .\n", "build"),
    Shape("based number", "x=08\nx=$((10#$x))\nmark\ndocker build .\n", "build"),
    Shape("for without in", "for x do\n  echo $x\ndone\nmark\ndocker build .\n", "build"),
    Shape("nested text that is no shell", "mark\ndocker build .\nbash -c 'if x'\n", "build"),
    Shape("build in broken nested text", "ssh h '\ndocker build .\nif x\n'\n", "remote h: build", refused=UNREAD),
    Shape("sql in a string", "x=$(psql -tAc \\\n 'SELECT (*) FROM x;' || :)\nmark\ndocker build .\n", "build"),
    Shape("forwarding function", 'dc() { docker compose "$@"; }\nmark\ndc build\n', "compose build"),
    Shape(
        "forwarding a verb",
        'b() {\n    mark\n    docker compose build "$@"; }\nb\n',
        "compose build",
        lines='b() { docker compose build "$@"; }\nb\n',
    ),
    Shape("retry from elsewhere", ". ./lib.sh\nmark\nretry 3 docker build .\n", "build"),
    Shape("function named like a runner", 'run() { echo "$1"; }\nrun docker build .\n', ""),
    Shape("newgrp", "newgrp docker <<EOF\nmark\ndocker build .\nEOF\n", "build", arguments=()),
    Shape("options in a variable", 'ARGS="--pull -t app:$1"\nmark\ndocker build $ARGS .\n', "build"),
    Shape("command in a string", 'CMD="docker build -t $1 ."\nmark\n$CMD\n', "build"),
    Shape("array across lines", 'ARGS=(\n  --pull\n  .\n)\nmark\ndocker build "${ARGS[@]}"\n', "build"),
    Shape("quoted text before", 'echo "first\ndocker build .\nlast"; :\nmark\ndocker build .\n', "build"),
    Shape("ssh heredoc", "ssh h <<'EOF'\n  cd .\n  mark\n  docker build .\nEOF\n", "remote h: build"),
    Shape("ssh expanded heredoc", "D=.\nssh h <<EOF\n  cd $D\n  mark\n  docker build .\nEOF\n", "remote h: build"),
    Shape("ssh heredoc for bash", "ssh h 'bash -s' <<'EOF'\nmark\ndocker build .\nEOF\n", "remote h: build"),
    Shape(
        "ssh heredoc for bash with variables",
        "T='a b'\nssh h \"TOKEN='$T' MODE=fast bash -s\" <<'EOF'\nmark\ndocker build .\nEOF\n",
        "remote h: build",
    ),
    Shape(
        "ssh heredoc for words",
        "ssh h MODE=fast sudo -u app bash -s <<'EOF'\nmark\ndocker build .\nEOF\n",
        "remote h: build",
    ),
    Shape("ssh heredoc for another program", "ssh h 'MODE=bash cat' <<'EOF'\ndocker build .\nEOF\n", ""),
    Shape("ssh heredoc with tabs", "ssh h <<-EOF\n\tcd .\n\tmark\n\tdocker build .\n\tEOF\n", "remote h: build"),
    Shape("ssh heredoc piped", "ssh h <<'EOF' | tee log\nmark\ndocker build .\nEOF\n", "remote h: build"),
    Shape("ssh heredoc with exit", "ssh h <<'EOF' || exit 1\nset -e\nmark\ndocker build .\nEOF\n", "remote h: build"),
    Shape("ssh quoted lines", 'ssh h "\n  cd .\n  mark\n  docker build .\n"\n', "remote h: build"),
    Shape("ssh single quoted lines", "ssh h '\n  set -e\n  mark\n  docker build .\n'\n", "remote h: build"),
    Shape(
        "ssh one line",
        "ssh h '\n    mark\n    cd . && docker build .'\n",
        "remote h: build",
        lines="ssh h 'cd . && docker build .'\n",
    ),
    Shape(
        "ssh one line in double quotes",
        'D=.\nssh h "\n    mark\n    cd $D && docker build ." || exit 1\n',
        "remote h: build",
        lines='D=.\nssh h "cd $D && docker build ." || exit 1\n',
    ),
    Shape(
        "ssh one line behind a separator",
        'ssh h "set -e; cd .;\n    mark\n    docker build .; docker push x"\n',
        "remote h: build",
        lines='ssh h "set -e; cd .; docker build .; docker push x"\n',
    ),
    Shape(
        "ssh one line with blanks in front",
        "ssh h '\n    mark\n    docker build . '\n",
        "remote h: build",
        lines="ssh h '  docker build . '\n",
    ),
    Shape(
        "ssh one line of a condition",
        'if ssh h "\n    mark\n    cd . && docker build ."; then\n    echo ok\nfi\n',
        "remote h: build",
        lines='if ssh h "cd . && docker build ."; then\n    echo ok\nfi\n',
    ),
    Shape(
        "ssh one line piped",
        'ssh h "\n    mark\n    docker build ." 2>&1 | tee log\n',
        "remote h: build",
        lines='ssh h "docker build ." 2>&1 | tee log\n',
    ),
    Shape(
        "ssh continued lines",
        'ssh h \\\n  "\n    mark\n    cd . && \\\n   docker build . && \\\n   docker push x"\n',
        "remote h: build",
        lines='ssh h \\\n  "cd . && \\\n   docker build . && \\\n   docker push x"\n',
    ),
    Shape(
        "ssh lines from the quote on",
        "ssh h '\n  mark\n  docker build . &&\n  docker push x'\n",
        "remote h: build",
        lines="ssh h 'docker build . &&\n  docker push x'\n",
    ),
    Shape(
        "ssh lines from the quote on with CRLF",
        'ssh h "\r\n    mark\r\n    docker build .\r\n"\r\n',
        "remote h: build",
        lines='ssh h "docker build .\r\n"\r\n',
    ),
    Shape(
        "ssh one line that starts a shell",
        "ssh h \"\n    mark\n    bash -c 'docker build .'\"\n",
        "remote h: build",
        lines="ssh h \"bash -c 'docker build .'\"\n",
    ),
    Shape(
        "ssh one line that starts a shell in double quotes",
        "ssh h '\n    mark\n    bash -c \"docker build .\"'\n",
        "remote h: build",
        lines="ssh h 'bash -c \"docker build .\"'\n",
    ),
    Shape(
        "ssh one line in a function",
        'f() {\n\tssh h "\n\t\tmark\n\t\tdocker build ."\n}\nf\n',
        "remote h: build",
        lines='f() {\n\tssh h "docker build ."\n}\nf\n',
    ),
    Shape("ssh options behind the host", 'ssh h -t "\n  mark\n  docker build .\n"\n', "remote h: build"),
    Shape("ssh words", "ssh h docker build .\n", "remote h: build", refused=ONE_LINE_SSH),
    Shape("ssh lines of a mix", "D=.\nssh h 'cd '$D'\ndocker build .\n'\n", "remote h: build", refused=WORDS),
    Shape(
        "ssh in a loop",
        "for h in a b; do\n  ssh $h <<'EOF'\n    mark\n    docker build .\nEOF\ndone\n",
        "remote a: build",
    ),
    Shape("bash -c", "mark\nbash -c 'docker build .'\n", "build"),
    Shape("bash -c over lines", "mark\nbash -c '\n  docker build .\n'\n", "build"),
    Shape("sudo bash heredoc", "sudo bash <<'EOF'\nmark\ndocker build .\nEOF\n", "build"),
    Shape("su -c", "su - app -c 'docker build .'\n", "build", refused=OTHER_USER),
    Shape("eval", 'mark\neval "docker build ."\n', "build"),
    Shape("up --build", "mark\ndocker compose up -d --build\n", "compose up"),
    Shape("several builds", "mark\ndocker build a\ndocker build b\n", "build; build"),
    Shape("bake", "mark\ndocker buildx bake -f b.hcl app\n", "buildx bake"),
    Shape("podman", "podman build .\n", "build", refused=OTHER_ENGINE),
    Shape("buildah", "buildah bud .\n", "build", refused=OTHER_ENGINE),
    Shape("trap", "trap 'docker compose down' EXIT\nmark\ndocker build .\n", "build"),
    Shape("inside a container", "docker compose run --rm web npm run build\n", ""),
    Shape("exec in a container", "docker exec web sh -c 'npm run build'\n", ""),
    Shape("text", "echo 'docker build .'\necho docker build .\nprintf 'docker build .'\n", ""),
    Shape(
        "heredoc that writes a script",
        "cat > x.sh <<'EOF'\n#!/bin/sh\ndocker build .\nEOF\ntee y <<EOF\ndocker build\nEOF\n",
        "",
    ),
    Shape("help", "docker build --help\ndocker builder prune --help\n", ""),
    Shape("other tools", "npm run build\n./easyrsa build-client-full x\nmake build\n", ""),
    Shape("comment", "# docker build .\n: docker build .\n", ""),
    Shape("unclosed quote", 'docker build .\necho "oops\n', "build", refused=BROKEN),
    Shape(
        "powershell",
        '$x = Get-Item "a"\nif ($x) {\n  docker build .\n}\n',
        "build",
        BROKEN,
    ),
    Shape("fish", "#!/usr/bin/fish\ndocker build .\n", "build", refused="fish scripts are not edited"),
)
