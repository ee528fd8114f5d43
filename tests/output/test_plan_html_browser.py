"""The page of a plan in a real browser: what is shown, what the keyboard reaches, what it asks the network for.

Needs Debian's chromium (.ci/browser installs it) and playwright; without them the tests are skipped, but not in CI.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.support import run

pytestmark = pytest.mark.browser
REQUIRED = os.environ.get("CI") == "true"
BEFORE = Path(__file__).parent.parent.parent / "examples" / "stale-deploy" / "before"
WIDTHS = {"wide": 1400, "narrow": 380}
AA = 4.5


@pytest.fixture(scope="module")
def chromium():
    path = shutil.which("chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        missing("playwright", str(error))
    if path is None:
        missing("chromium", "there is no chromium here: .ci/browser installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


def missing(what, reason):
    if REQUIRED:
        pytest.fail(f"CI needs {what}: {reason}")
    pytest.skip(f"needs {what}: {reason}")


@pytest.fixture(scope="module")
def plan_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("plan") / "plan.html"
    assert run("plan", "--output-format", "html", "--output-file", str(file), cwd=BEFORE).code == 0
    return file


@pytest.fixture
def open_page(chromium, plan_file):
    """Opens the page; afterwards nothing but the page itself was asked for, and nothing was complained about."""
    contexts, requests, complaints = [], [], []

    def start(width="wide", scheme="light", **settings):
        context = chromium.new_context(
            viewport={"width": WIDTHS[width], "height": 900}, color_scheme=scheme, **settings
        )
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(plan_file.as_uri())
        return page

    yield start
    for context in contexts:
        context.close()
    assert set(requests) == {plan_file.as_uri()}
    assert complaints == []


def step(page, build, instruction):
    return page.locator(f"#{build} .step", has=page.locator(".words", has_text=instruction))


def shown_marks(page, build):
    return page.locator(f"#{build} .top .mark:visible").all_inner_texts()


def why(page, build, instruction):
    return step(page, build, instruction).locator(".why")


def test_opens_with_the_first_change_that_re_runs_anything(open_page):
    page = open_page()
    assert page.get_by_role("radio", name="Source").is_checked()
    assert shown_marks(page, "b1") == [*["✓ CACHED"] * 4, *["▶ RUN"] * 2]
    sentence = "Changed source re-runs 3 of 9 steps and may re-run 2 more; dependencies are installed again."
    assert page.get_by_text(sentence).is_visible()


@pytest.mark.parametrize("javascript", [True, False])
def test_the_switch_changes_marks_sentences_and_reasons(open_page, javascript):
    page = open_page(java_script_enabled=javascript)
    page.get_by_text("Dependencies", exact=True).click()
    assert shown_marks(page, "b1") == [*["✓ CACHED"] * 2, *["▶ RUN"] * 4]
    assert page.get_by_text("Changed dependencies re-run 4 of 6 steps.").is_visible()
    assert page.locator("#b1 .reasons:visible").inner_text().count("requirements.txt") == 2
    page.get_by_text("New commit", exact=True).click()
    assert set(shown_marks(page, "b1")) == {"✓ CACHED"}
    assert page.locator("#b1 .reasons:visible").count() == 0
    assert page.get_by_text("no RUN below ARG GIT_COMMIT_HASH sees it").is_visible()


def test_the_switch_obeys_the_keyboard(open_page):
    page = open_page()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "c-source"
    page.keyboard.press("ArrowRight")
    assert page.get_by_role("radio", name="Dependencies").is_checked()
    assert page.get_by_text("Changed dependencies re-run 4 of 6 steps.").is_visible()


def test_hovering_shows_the_cause_and_escape_puts_it_away(open_page):
    page = open_page()
    cause = why(page, "b1", "collectstatic")
    assert not cause.is_visible()
    step(page, "b1", "collectstatic").hover()
    assert cause.is_visible()
    assert "COPY . . (line 11) brings config/__init__.py: source changed" in " ".join(cause.inner_text().split())
    page.keyboard.press("Escape")
    assert not cause.is_visible()
    page.locator("h1").hover()
    step(page, "b1", "collectstatic").hover()
    assert cause.is_visible()


def test_focus_shows_the_cause_and_describes_the_step(open_page):
    page = open_page()
    first = step(page, "b0", "npm ci")
    first.focus()
    assert why(page, "b0", "npm ci").is_visible()
    page.keyboard.press("Tab")
    assert not why(page, "b0", "npm ci").is_visible()
    assert why(page, "b0", "npm run build").is_visible()
    tree = page.locator("#b0").aria_snapshot()
    assert 'group "RUN npm run build"' in tree
    assert "commit" not in tree.lower()


def test_a_tap_shows_the_cause(open_page):
    page = open_page("narrow", has_touch=True, is_mobile=True)
    step(page, "b1", "collectstatic").tap()
    assert why(page, "b1", "collectstatic").is_visible()


def test_a_step_that_may_run_says_why(open_page):
    page = open_page()
    one = step(page, "b0", "static ./.next/static")
    one.hover()
    assert "? MAYBE" in one.inner_text()
    assert "cannot be known" in why(page, "b0", "static ./.next/static").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_fits_and_is_legible(open_page, tmp_path, width, scheme):
    page = open_page(width, scheme)
    step(page, "b0", "npm ci").hover()
    page.screenshot(path=tmp_path / f"plan-{width}-{scheme}.png", full_page=True, animations="disabled")
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTHS[width]
    for change in ("New commit", "Source", "Dependencies"):
        page.get_by_text(change, exact=True).click()
        found = json.loads(page.evaluate(CONTRASTS))
        assert len(found) > 30
        assert {text: ratio for text, ratio in found.items() if ratio < AA} == {}


# The contrast of each visible text with the nearest background behind it (WCAG 2.2, relative luminance).
CONTRASTS = """(() => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((one) => one / 255)
    .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
    .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = channels(getComputedStyle(at).backgroundColor);
      if (found.length === 3 || found[3] === 1) return found;
    }
    return [255, 255, 255];
  };
  const ratios = {};
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((one) => one.nodeType === 3 && one.data.trim());
    if (!own || element.tagName === "SCRIPT" || !element.checkVisibility({visibilityProperty: true})) continue;
    const [one, two] = [light(channels(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
    const key = element.className + ": " + element.textContent.trim().slice(0, 60);
    ratios[key] = Math.min(ratio, ratios[key] ?? 99);
  }
  return JSON.stringify(ratios);
})()"""
