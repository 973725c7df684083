#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page in src/web keeps its promises: nothing from outside, nothing inline (the server's policy
would stop it), every element that the script names is there, whatever needs a name has one."""

import html.parser
import os
import re
import sys
import unittest

WEB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "src", "web")


def read(name):
    with open(os.path.join(WEB, name), encoding="utf-8") as file:
        return file.read()


class Page(html.parser.HTMLParser):
    """Collects every tag with its attributes, and the tags that were open around it."""

    VOID = {"meta", "link", "img", "input", "br"}

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.open = []
        self.wrong = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs), list(self.open)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append((tag, self.getpos()))


class PageTest(unittest.TestCase):
    def setUp(self):
        self.page = Page(read("page.html"))
        self.script = read("page.js")

    def test_tags_are_closed_in_order(self):
        self.assertEqual(self.page.wrong, [])
        self.assertEqual(self.page.open, [])

    def test_nothing_comes_from_outside(self):
        outside = re.compile(r"(?:https?:|data:\w+/|(?<!\.)url\(|@import|//[a-z]+\.)[^\s\"']*")
        for name in ("page.html", "page.js", "page.css", "favicon.svg"):
            found = set(outside.findall(read(name)))
            self.assertEqual(found - {"http://www.w3.org/2000/svg"}, set(), name)

    def test_every_file_named_is_there(self):
        for tag, attributes, _ in self.page.tags:
            name = attributes.get("src") or (tag == "link" and attributes.get("href"))
            if name:
                self.assertTrue(os.path.exists(os.path.join(WEB, name)), name)

    def test_nothing_is_inline(self):
        for tag, attributes, _ in self.page.tags:
            self.assertNotIn("style", attributes, tag)
            self.assertEqual([name for name in attributes if name.startswith("on")], [], tag)
            self.assertTrue(tag != "style" and (tag != "script" or "src" in attributes), tag)
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            self.assertNotIn(word, self.script)

    def test_every_element_that_the_script_names_is_there_once(self):
        identifiers = [tag[1]["id"] for tag in self.page.tags if "id" in tag[1]]
        self.assertEqual(len(identifiers), len(set(identifiers)))
        for name in re.findall(r"\$\('([^']+)'\)", self.script):
            self.assertIn(name, identifiers)
        for _, attributes, _ in self.page.tags:
            if "aria-labelledby" in attributes:
                self.assertIn(attributes["aria-labelledby"], identifiers)

    def test_everything_has_a_name(self):
        for tag, attributes, around in self.page.tags:
            if tag == "th":
                self.assertEqual(attributes.get("scope"), "col")
            if tag in ("input", "select"):
                self.assertIn("label", around)
            if tag == "img":
                self.assertIn("alt", attributes)
            if tag in ("section", "form", "nav"):
                self.assertTrue({"aria-label", "aria-labelledby"} & set(attributes), tag)


if __name__ == "__main__":
    sys.exit(unittest.main())
