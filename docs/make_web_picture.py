"""Writes docs/web.png, the page that `symgrad serve` serves: `python -m docs.make_web_picture`.

Needs the extra dev and Chromium.
"""

import shutil
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import sync_playwright

from tests.web.server import served

MODEL = """\
x: Vector(d)
y: Vector(k, one_hot=True)
W: Matrix(k, d)
b: Vector(k)
z = W @ x + b
p = softmax(z)
loss = mean(cross_entropy(y, p)
            for x, y in batch)
"""
ANSWER = "mean((y - p) @ x.T for x, y in batch)"
SIZE = {"width": 1280, "height": 860}

with served("--workers", "1") as server, sync_playwright() as playwright:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
    page = browser.new_page(viewport=SIZE)
    page.goto(f"{server.url}#{urlencode({'model': MODEL})}")
    page.frame_locator("#panel iframe").locator("h1").wait_for()
    page.get_by_label("Your answer").fill(ANSWER)
    page.get_by_role("button", name="Check").click()
    page.get_by_role("button", name="Hint 1").click()
    page.get_by_role("button", name="Hint 2").click()
    page.get_by_role("button", name="Hint 3").wait_for()
    page.screenshot(path=Path(__file__).with_name("web.png"))
    browser.close()
