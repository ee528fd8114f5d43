import os
import stat
import sys

import pytest

from cachelint.source import BOM, Position, SourceError, SourceFile, Span, decode, read_source, write_source


@pytest.mark.parametrize(
    ("text", "offset", "line", "column"),
    [
        ("", 0, 1, 1),
        ("a\nb", 2, 2, 1),
        ("a\r\nb", 3, 2, 1),
        ("a\r\nb", 2, 1, 3),
        ("ä€\U0001f600x", 3, 1, 4),
        (f"{BOM}a", 1, 1, 1),
        (f"{BOM}a", 0, 1, 1),
        ("a\n", 2, 2, 1),
        ("a\rb", 2, 1, 3),
    ],
)
def test_position(text: str, offset: int, line: int, column: int):
    assert SourceFile("", text).position(offset) == Position(line, column, offset)


def test_lines_leave_out_their_ends_and_the_bom():
    source = SourceFile("", f"{BOM}a\r\nb\n\nc")
    assert [source.line_text(number) for number in range(1, 5)] == ["a", "b", "", "c"]
    assert source.line_span(1) == Span(1, 2)


@pytest.mark.parametrize(
    ("text", "offset", "expected"),
    [
        ("a\nb\n", 0, "\n"),
        ("a\r\nb\n", 0, "\r\n"),
        ("a\r\nb\n", 3, "\n"),
        ("a\r\nb", 3, "\r\n"),
        ("a", 0, "\n"),
        ("", 0, "\n"),
    ],
)
def test_line_break_at(text: str, offset: int, expected: str):
    assert SourceFile("", text).line_break_at(offset) == expected


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"a\n\xe4", "0xe4 on line 2"),
        (b"a\n\nb\0", "NUL character on line 3"),
        (b"x" * (10 * 1024 * 1024 + 1), "10 MiB"),
    ],
    ids=["Latin-1", "NUL", "large"],
)
def test_decode_refuses(data: bytes, reason: str):
    with pytest.raises(SourceError, match=reason):
        decode(data)


NOBODY = 0xFFFFFFFF


@pytest.fixture
def file(tmp_path):
    """A file that others may not read."""
    path = tmp_path / "compose.yaml"
    path.write_bytes(b"\xef\xbb\xbfa\r\nb\n")
    path.chmod(0o640)
    return path


def rewrite(path, text: str) -> None:
    write_source(read_source(str(path)), text)


def test_bytes_survive(file):
    before = read_source(str(file))
    assert before.text.encode() == file.read_bytes()
    write_source(before, before.text + "c")
    assert file.read_bytes() == b"\xef\xbb\xbfa\r\nb\nc"


@pytest.mark.parametrize("mode", [0o640, 0o600, 0o755, 0o664])
def test_mode_and_owner_are_kept(file, mode: int):
    file.chmod(mode)
    before = file.stat()
    rewrite(file, "new")
    after = file.stat()
    assert stat.S_IMODE(after.st_mode) == mode
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
    assert file.read_text() == "new"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_root_does_not_take_a_file_over(file):
    os.chown(file, 12345, 23456)
    rewrite(file, "new")
    assert (file.stat().st_uid, file.stat().st_gid) == (12345, 23456)


def test_symbolic_links_stay(file, tmp_path):
    link = tmp_path / "link.yaml"
    link.symlink_to("compose.yaml")
    rewrite(link, "new")
    assert link.is_symlink()
    assert file.read_text() == "new"
    assert not file.is_symlink()


def test_hard_links_are_refused(file, tmp_path):
    other = tmp_path / "compose.link"
    os.link(file, other)
    with pytest.raises(SourceError, match="hard links"):
        rewrite(file, "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["compose.link", "compose.yaml"]
    assert file.read_bytes() == other.read_bytes() == b"\xef\xbb\xbfa\r\nb\n"
    other.unlink()
    rewrite(file, "new")
    assert file.read_text() == "new"


@pytest.mark.skipif(sys.platform != "linux", reason="the attributes of Linux")
def test_extended_attributes_are_kept(file):
    # linux/posix_acl_xattr.h: user::rw-, user:1234:r--, group::---, mask::r--, other::---
    access = b"\x02\0\0\0" + b"".join(
        tag.to_bytes(2, "little") + mode.to_bytes(2, "little") + who.to_bytes(4, "little")
        for tag, mode, who in ((1, 6, NOBODY), (2, 4, 1234), (4, 0, NOBODY), (16, 4, NOBODY), (32, 0, NOBODY))
    )
    try:
        os.setxattr(file, "user.origin", b"a \0 b")
        os.setxattr(file, "system.posix_acl_access", access)
    except OSError as error:
        pytest.skip(f"no extended attributes here: {error}")
    rewrite(file, "new")
    assert os.getxattr(file, "user.origin") == b"a \0 b"
    assert os.getxattr(file, "system.posix_acl_access") == access
    assert file.read_text() == "new"


@pytest.mark.skipif(sys.platform != "linux", reason="the attributes of Linux")
def test_extended_attributes_that_nobody_may_set_stop_nothing(file, monkeypatch):
    def deny(*args: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "listxattr", lambda path: ["security.x"])
    monkeypatch.setattr(os, "getxattr", lambda path, name: b"x")
    monkeypatch.setattr(os, "setxattr", deny)
    rewrite(file, "new")
    assert file.read_text() == "new"


def test_a_file_that_changed_on_disk_is_left_alone(file, tmp_path):
    before = read_source(str(file))
    file.write_text("somebody else's")
    with pytest.raises(SourceError, match="changed on disk"):
        write_source(before, "new")
    assert file.read_text() == "somebody else's"
    assert os.listdir(tmp_path) == ["compose.yaml"]


def test_a_file_that_has_the_new_text_already_is_left_alone(file):
    before = read_source(str(file))
    rewrite(file, "new")
    inode = file.stat().st_ino
    write_source(before, "new")
    assert file.stat().st_ino == inode


def test_a_file_that_is_gone_is_not_made_anew(file):
    before = read_source(str(file))
    file.unlink()
    with pytest.raises(SourceError, match="no such file"):
        write_source(before, "new")
    assert not file.exists()


@pytest.mark.parametrize("step", ["fsync", "fchmod", "replace"])
def test_a_failing_write_leaves_file_and_directory_as_they_were(file, tmp_path, monkeypatch, step: str):
    before = file.read_bytes()

    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(SourceError, match="no space left"):
        rewrite(file, "new")
    assert file.read_bytes() == before
    assert os.listdir(tmp_path) == ["compose.yaml"]


def test_the_new_text_is_on_disk_before_it_takes_the_place_of_the_old(file, monkeypatch):
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (steps.append("fsync"), fsync(handle)))
    monkeypatch.setattr(os, "replace", lambda *paths: (steps.append("replace"), replace(*paths)))
    rewrite(file, "new")
    assert steps == ["fsync", "replace"]
