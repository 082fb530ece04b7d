"""What is copied from the book is what a reader would have typed."""

from playwright.sync_api import Page

from press import book


def typed(code: str) -> str:
    """What a reader of a check would have typed."""
    prompts = (">>>", "...")
    lines = [line[4:] for line in code.splitlines() if line.startswith(prompts)]
    return "\n".join(lines)


def test_what_is_copied_can_be_run(tab: Page, address: str) -> None:
    tab.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    for chapter in book.chapters():
        fences = book.fences(chapter.read_text("utf-8"))
        tab.goto(f"{address}{chapter.stem}/")
        tab.evaluate(
            "document.querySelectorAll('details').forEach((fold) => fold.open = true)"
        )
        buttons = "button[data-md-type=copy]"
        for language in ("python", "pycon"):
            expected = [
                typed(fence.code) if language == "pycon" else fence.code.strip()
                for fence in fences
                if fence.language == language and "wrong" not in fence.attributes
            ]
            # All as Material's copy button reads them …
            copied = tab.evaluate(
                """(language) => [
                    ...document.querySelectorAll(`.language-${language}:has(button) code`)
                ].map((code) => {
                    code.setAttribute("data-md-copying", "");
                    const text = code.innerText;
                    code.removeAttribute("data-md-copying");
                    return text.trimEnd();
                })""",
                language,
            )
            missing = [code for code in expected if code not in copied]
            assert missing == [], chapter.stem
            # … and one through the button and the clipboard.
            longest = max(range(len(copied)), key=lambda i: len(copied[i]))
            tab.locator(f".language-{language}:has(button)").nth(longest).locator(
                buttons
            ).click()
            assert tab.evaluate("navigator.clipboard.readText()") == copied[longest]
        wrong = sum("wrong" in fence.attributes for fence in fences)
        assert tab.locator(".wrong").count() == wrong
        assert tab.locator(f".wrong {buttons}").count() == 0
