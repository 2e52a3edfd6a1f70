"""Expressions of the conformance scripts with a word or two exchanged, left out or doubled, from a seed.

Half of what comes out is wrong: error texts are compared as well. The other half asks the scripts' own data what nobody
thought of asking it.
"""

from __future__ import annotations

import random
import re

_WORDS = re.compile(
    r"""\s+|[A-Za-z_][\w.]*(?=\s*\()|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`"""
    r"""|(?:\d+(?:ms|[smhdwy]))+|\d+\.?\d*(?:[eE][+-]?\d+)?|[A-Za-z_:][\w:]*|[=!]~|[=!<>]=|[<>]/|."""
)


def _kinds(words: list[str]) -> list[str]:
    """Of each word; names before a parenthesis are calls."""
    kinds = [_kind(word) for word in words]
    for i in range(len(words) - 1):
        if kinds[i] == "name" and words[i + 1] == "(":
            kinds[i] = "call"
    return kinds


def _kind(word: str) -> str:
    if word.isspace():
        return "space"
    if word[0] in "\"'`":
        return "text"
    if word[0].isdigit():
        return "duration" if word[-1].isalpha() else "number"
    if word[0].isalpha() or word[0] == "_":
        return "name"
    return "sign"


class Mutator:
    """`texts` are what words are taken from."""

    def __init__(self, seed: int, texts: list[str]):
        self.random = random.Random(seed)
        self.pools: dict[str, list[str]] = {}
        for text in texts:
            words = _WORDS.findall(text)
            for word, kind in zip(words, _kinds(words)):
                self.pools.setdefault(kind, []).append(word)

    def mutate(self, text: str) -> str:
        r = self.random
        words = _WORDS.findall(text)
        for _ in range(r.choice((1, 1, 1, 2))):
            places = [i for i, word in enumerate(words) if not word.isspace()]
            if not places:
                break
            i = r.choice(places)
            what = r.random()
            if what < 0.85:
                words[i] = r.choice(self.pools[_kinds(words)[i]])
            elif what < 0.88:
                del words[i]
            elif what < 0.9:
                words.insert(i, r.choice(self.pools[r.choice(("name", "sign", "number", "duration"))]))
            elif what < 0.92:
                words[i:i] = words[i : i + r.randrange(1, 6)]
            else:
                words = ["(", *words, ")", " ", r.choice(("+", "-", "*", "/", "==", "> bool", "and", "or", "unless")), " ", *words]
        return "".join(words)
