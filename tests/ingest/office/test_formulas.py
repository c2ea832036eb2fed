"""Formulas of Office files: no operator, bracket or root is lost, and what belongs together stays together."""

from __future__ import annotations

import pytest
from kb.ingest.office.formulas import linear
from kb.ingest.package import parse_xml


def run(text: str) -> str:
    return f"<m:r><m:rPr><m:sty m:val='p'/></m:rPr><m:t>{text}</m:t></m:r>"


def part(name: str, inner: str) -> str:
    return f"<m:{name}>{inner}</m:{name}>"


def sup(base: str, exponent: str) -> str:
    return part("sSup", part("e", run(base)) + part("sup", run(exponent)))


CASES = [
    (part("f", part("num", run("a")) + part("den", run("b"))), "a/b"),
    (part("f", part("num", run("a+1")) + part("den", run("2b"))), "(a+1)/(2b)"),
    (part("f", "<m:fPr><m:type m:val='noBar'/></m:fPr>" + part("num", run("n")) + part("den", run("k"))), "n¦k"),
    (sup("x", "2") + sup("a", "n-k"), "x^2a^(n-k)"),
    (part("sSub", part("e", run("a")) + part("sub", run("max"))), "a_max"),
    (part("sPre", part("sub", run("92")) + part("sup", run("235")) + part("e", run("U"))), "_92^235U"),
    (
        part(
            "nary",
            "<m:naryPr><m:chr m:val='∑'/></m:naryPr>"
            + part("sub", run("k=0"))
            + part("sup", run("n"))
            + part("e", run("x")),
        ),
        "∑_(k=0)^n x",
    ),
    (part("nary", part("naryPr", "") + part("sub", "") + part("sup", "") + part("e", run("f dx"))), "∫ f dx"),
    (part("d", part("e", run("x+1"))), "(x+1)"),
    (
        part(
            "d", "<m:dPr><m:begChr m:val='{'/><m:endChr m:val=''/></m:dPr>" + part("e", run("x")) + part("e", run("y"))
        ),
        "{x|y",
    ),
    (part("rad", part("deg", "") + part("e", run("b-4ac"))), "√(b-4ac)"),
    (part("rad", part("deg", run("3")) + part("e", run("x"))), "√[3]x"),
    (part("func", part("fName", run("cos")) + part("e", run("x"))), "cos x"),
    (
        part(
            "func",
            part("fName", part("limLow", part("e", run("lim")) + part("lim", run("n→∞"))))
            + part("e", part("d", part("e", run("n")))),
        ),
        "lim_(n→∞)(n)",
    ),
    (part("acc", part("e", run("x"))), "x\u0302"),
    (part("m", part("mr", part("e", run("1")) + part("e", run("0"))) + part("mr", part("e", run("2")))), "1, 0; 2"),
    (part("borderBox", part("e", run("E=mc"))), "E=mc"),
]


@pytest.mark.parametrize(("formula", "text"), CASES, ids=[text for _, text in CASES])
def test_formulas_are_written_on_one_line(formula: str, text: str) -> None:
    """Each construct of Office's formulas, as people write it in plain text."""
    root = parse_xml(f"<m:oMath xmlns:m='math'>{formula}</m:oMath>".encode(), "x")
    assert linear(root) == text
