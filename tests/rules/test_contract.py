"""What every rule promises, checked for each of them and for each of its examples."""

import inspect
import re

import pytest

from cachelint.documents.dockerfile import parse_dockerfile
from cachelint.documents.yaml import parse_yaml
from cachelint.fix import Applicability
from cachelint.rules import all_rules, rules_for
from cachelint.rules.base import FixAvailability, Rule
from cachelint.source import SourceFile
from tests.support import fix_files, lint_files

HEADINGS = ["What it does", "Why it matters", "Example", "Fix safety"]
EXAMPLES = [
    pytest.param(rule, example, id=f"{rule.id}-{number}")
    for rule in all_rules()
    for number, example in enumerate(rule.examples, 1)
]
each_rule = pytest.mark.parametrize("rule", [pytest.param(rule, id=rule.id) for rule in all_rules()])
each_example = pytest.mark.parametrize(("rule", "example"), EXAMPLES)


def alone(rule):
    """The selection that runs this rule only; whether a suppression is used shows when the rules it names run."""
    return None if rule.id == "unused-suppression" else [rule.id]


def test_ids_are_unique():
    assert len({rule.id for rule in all_rules()}) == len(all_rules())


@each_rule
def test_a_rule_is_only_left_out_where_it_can_find_nothing(rule):
    names = [name for name in vars(Rule) if name.startswith("check_")]
    checks = {name for name in names if getattr(rule, name) is not getattr(Rule, name)}
    assert (rule in rules_for(deployments=False)) == (checks != {"check_deployment"})


@each_rule
def test_the_id_is_the_name_of_the_module_and_of_the_class(rule):
    assert rule.__module__.rpartition(".")[2] == rule.id.replace("-", "_")
    assert rule.__name__ == "".join(word.capitalize() for word in rule.id.split("-"))
    assert re.fullmatch(r"[a-z]+(?:-[a-z]+)*", rule.id)


@each_rule
def test_the_page_has_its_headings(rule):
    page = inspect.getdoc(rule)
    assert page is not None
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == HEADINGS
    sections = re.split(r"^## .*$", page, flags=re.MULTILINE)
    assert all(section.strip() for section in sections)


@each_rule
def test_the_summary_is_one_line(rule):
    assert "\n" not in rule.summary
    assert not rule.summary.endswith(".")


@each_rule
def test_there_are_examples_and_they_agree_on_fixes(rule):
    assert rule.examples
    fixable = [example.fixable for example in rule.examples]
    assert any(fixable) == (rule.fix_availability is not FixAvailability.NONE)


@each_example
def test_a_bad_example_fires_this_rule(rule, example):
    found = lint_files(example.bad, alone(rule))
    assert found
    assert {one.rule for one in found} == {rule.id}
    for one in found:
        assert one.message.endswith((".", ")"))
        assert "\n" not in one.message


@each_example
def test_a_good_example_is_silent(rule, example):
    assert lint_files(example.good, alone(rule)) == ()


@each_example
def test_a_good_example_is_silent_under_all_rules(rule, example):
    assert [(one.rule, one.message) for one in lint_files(example.good)] == []


@each_example
def test_the_fix_turns_bad_into_good(rule, example):
    fixed = fix_files(example.bad, alone(rule))
    assert fixed.report.refused == ()
    assert fixed.files == (example.good if example.fixable else example.bad)
    again = fix_files(fixed.files, alone(rule))
    assert again.files == fixed.files
    assert again.report.fixed == 0


@each_example
def test_the_result_parses(rule, example):
    for name, text in fix_files(example.good).files.items():
        if name.endswith(".yaml"):
            parse_yaml(SourceFile(name, text))
        elif name.endswith("Dockerfile"):
            parse_dockerfile(SourceFile(name, text))


@each_example
@pytest.mark.parametrize("comment", ["# cachelint: ignore-file[{}]", "{}# cachelint: ignore[{}]"], ids=["file", "line"])
def test_a_suppression_silences_it_and_disables_the_fix(rule, example, comment):
    if rule.id == "unparsable-file":
        pytest.skip("a file that cannot be read has no comments")
    if rule.id == "unused-suppression" and "file" not in comment:
        pytest.skip("a comment above a comment speaks for the line below both")
    files = dict(example.bad)
    for one in sorted(lint_files(example.bad, alone(rule)), key=lambda one: -one.location.start.offset):
        name = next(name for name in files if one.path.endswith(f"/{name}"))
        lines = files[name].splitlines(keepends=True)
        whole = "file" in comment
        indent = re.match(r" *", one.location.line_text).group()  # type: ignore[union-attr]
        text = comment.format(rule.id) if whole else comment.format(indent, rule.id)
        if text not in files[name]:
            lines.insert(0 if whole else one.location.start.line - 1, f"{text} it is meant\n")
        files[name] = "".join(lines)
    fixed = fix_files(files, alone(rule))
    assert fixed.report.diagnostics == ()
    assert fixed.report.suppressed > 0
    assert fixed.files == files


@each_rule
def test_what_is_called_safe_needs_no_second_word(rule):
    """A rule whose fixes are all unsafe, or all for display, says so on its page."""
    levels = {
        one.fix.applicability
        for example in rule.examples
        for one in lint_files(example.bad, alone(rule))
        if one.fix and one.fix.edits
    }
    page = inspect.getdoc(rule) or ""
    safety = page.split("## Fix safety")[1].lower()
    if Applicability.UNSAFE in levels:
        assert "unsafe" in safety
    if Applicability.SAFE in levels:
        assert "safe" in safety
