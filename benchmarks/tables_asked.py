"""What benchmarks/tables.py asks of its tables, each question with the answer that plain Python works out."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from tables_made import Made, Row

Cell = str | Decimal | int


@dataclass(frozen=True)
class Question:
    """What is asked, and what plain Python says to it."""

    text: str
    values: tuple[Cell, ...]
    """All of them must be in the answer: numbers by value, texts as written."""
    table: str
    rows: int = 0
    """How many rows may be cited; 0: any number."""
    is_colloquial: bool = False


def number(text: str) -> Decimal:
    """Return the number that a cell is, without its unit."""
    return Decimal(re.sub(r"[^\d.-]", "", text.replace(",", "")))


def colloquial(tables: dict[str, Made]) -> Iterator[Question]:  # noqa: PLR0915  a list
    """Yield questions as they come to mind; they were written before the rules that answer them."""

    def of(table: str, text: str, *values: Cell, rows: int = 0) -> Question:
        return Question(text, values, table, rows, is_colloquial=True)

    t = {name: table.dicts() for name, table in tables.items()}
    amount, price = "Amount EUR", "Price EUR"
    shop, spend, staff, bills = t["shop"], t["spend"], t["staff"], t["bills"]

    def total(rows: list[Row], column: str) -> Decimal:
        return sum((number(row[column]) for row in rows), Decimal())

    def least(rows: list[Row], column: str) -> Row:
        return min(rows, key=lambda row: number(row[column]))

    def most(rows: list[Row], column: str) -> Row:
        return max(rows, key=lambda row: number(row[column]))

    yield of("shop", "what's the cheapest thing on the shop list?", least(shop, price)["Name"], rows=1)
    yield of("shop", "whats the dearest item in the shop list", most(shop, price)["Name"], rows=1)
    low = [row for row in shop if int(row["Stock"]) < 10]
    yield of("shop", "which articles have less than 10 left in stock?", *(row["Name"] for row in low), rows=len(low))
    dear = [row for row in shop if number(row[price]) > 50]
    yield of("shop", "Which shop articles cost more than 50 euros?", *(row["Name"] for row in dear), rows=len(dear))
    yield of("shop", "how much is the copper pan", number(shop[5][price]), rows=1)
    yield of("shop", "how many tea towels have we got in stock?", int(shop[4]["Stock"]), rows=1)
    food25 = [row for row in spend if row["Category"] == "Groceries" and row["Date"].startswith("2025")]
    yield of("spend", "how much did we spend on groceries in 2025?", total(food25, amount))
    cafe = [row for row in spend if row["Payee"] == "Cafe Rosso"]
    yield of("spend", "what did I pay Cafe Rosso altogether?", total(cafe, amount))
    fuel = [row for row in spend if row["Category"] == "Fuel"]
    yield of("spend", "how much have I paid the harbour garage so far", total(fuel, amount))
    year24 = [row for row in spend if row["Date"].startswith("2024")]
    yield of("spend", "what was our biggest expense in 2024?", number(most(year24, amount)[amount]), rows=1)
    yield of("spend", "total spending in 2024", total(year24, amount))
    yield of(
        "spend", "When did we last pay Lantern Books?", max(r["Date"] for r in spend if r["Payee"] == "Lantern Books")
    )
    yield of("staff", "who earns the most on the staff list?", most(staff, "Salary (USD)")["Name"], rows=1)
    ghent = [row for row in staff if row["Office"] == "Ghent"]
    yield of("staff", "how many people work in Ghent?", len(ghent))
    sales = [row for row in staff if row["Department"] == "Sales"]
    yield of("staff", "who works in sales?", *(row["Name"] for row in sales), rows=len(sales))
    average = (total(sales, "Salary (USD)") / max(len(sales), 1)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    yield of("staff", "what's the average salary in Sales?", average)
    yield of(
        "staff", "when did Greta Sand join?", next(r["Joined"] for r in staff if r["Name"] == "Greta Sand"), rows=1
    )
    unpaid = [row for row in bills if row["Status"] == "unpaid"]
    yield of("bills", "which invoices are still unpaid?", *(row["Invoice"] for row in unpaid), rows=len(unpaid))
    birke = [row for row in bills if row["Client"] == "Birke GmbH"]
    yield of("bills", "how much did we bill Birke in total?", total(birke, "Amount"))
    yield of("bills", "is R-403 paid?", bills[3]["Status"], rows=1)
    yield of("bills", "how many unpaid invoices are there", len(unpaid))
    yield of("grades", "who got the best grade in maths?", most(t["grades"], "Maths")["Student"], rows=1)
    yield of("grades", "what did Rosa Otto get in physics?", int(t["grades"][4]["Physics"]), rows=1)
    failed = [row for row in t["grades"] if int(row["History"]) < 50]
    if failed:
        yield of("grades", "who has under 50 in history?", *(row["Student"] for row in failed), rows=len(failed))
    kelm = [row for row in t["weather"] if row["Station"] == "Kelm"]
    yield of("weather", "what was the highest temperature in Kelm?", most(kelm, "Temperature (°C)")["Temperature (°C)"])
    yield of("books", "which books are by Ines Falk?", "The Silent Weir", "Paper Harbour", rows=2)
    yield of("books", "what's the oldest book on the shelf?", "The Tin Choir", rows=1)
    yield of("race", "who was fastest over ten kilometres?", t["race"][0]["Runner"], rows=1)
    april = next(row for row in t["power"] if row["Month"] == "April")
    yield of("power", "how much electricity did the cellar use in April?", int(april["Cellar kWh"]), rows=1)
    yield of("power", "kitchen electricity, all months together?", total(t["power"], "Kitchen kWh"))
    yield of("hotels", "how many nights were we at the Seehof", int(t["hotels"][2]["Nights"]), rows=1)
    goods, people, book = t["用品"], t["员工"], t["账本"]
    yield of("用品", "办公用品里哪个最便宜？", least(goods, "单价（元）")["品名"], rows=1)
    few = [row for row in goods if int(row["库存"]) < 20]
    if few:
        yield of("用品", "库存不到20的有哪些", *(row["品名"] for row in few), rows=len(few))
    yield of("用品", "订书机多少钱一个？", Decimal(goods[3]["单价（元）"]), rows=1)
    yield of("用品", "签字笔还剩多少", int(goods[1]["库存"]), rows=1)
    march = [row for row in book if row["日期"].startswith("2025")]
    yield of("账本", "2025年家里一共花了多少钱？", total(march, "金额"))
    noodles = [row for row in book if row["商家"] == "老王面馆"]
    yield of("账本", "在老王面馆总共花了多少", total(noodles, "金额"))
    yield of("员工", "谁的工资最高", most(people, "月薪")["姓名"], rows=1)
    hangzhou = [row for row in people if row["城市"] == "杭州"]
    yield of("员工", "杭州有几个员工？", len(hangzhou))
    yield of("员工", "市场部都有谁", *(row["姓名"] for row in people if row["部门"] == "市场部"))
    due = [row for row in t["发票"] if row["付款状态"] == "未付"]
    yield of("发票", "哪些发票还没付款？", *(row["发票号"] for row in due), rows=len(due))
    blue = [row for row in due if row["客户"] == "蓝海物流"]
    yield of("发票", "蓝海物流未付的发票一共多少钱", total(blue, "价税合计"))
    yield of("成绩", "数学谁考得最好？", most(t["成绩"], "数学")["学生"], rows=1)
    yield of("成绩", "黄婷语文考了多少分", int(t["成绩"][7]["语文"]), rows=1)
    flats = t["房源"]
    cheap = [row for row in flats if int(row["月租"]) < 3000]
    if cheap:
        yield of("房源", "月租3000块以下的房子有哪些？", *(row["小区"] for row in cheap), rows=len(cheap))
    yield of("房源", "最大的房子在哪个小区", most(flats, "面积（平方米）")["小区"], rows=1)
    yield of("加油", "壳牌加油一共花了多少钱？", total([r for r in t["加油"] if r["油站"] == "壳牌"], "金额（元）"))


def formal(tables: dict[str, Made], rng: random.Random) -> Iterator[Question]:  # noqa: C901  a list
    """Yield questions made from every table: each kind over columns and cells that are drawn."""
    for name, table in tables.items():
        zh = any("\u4e00" <= character <= "\u9fff" for character in "".join(table.columns))
        rows = table.dicts()

        def all_are(pattern: str, column: str, rows: Sequence[Row] = rows) -> bool:
            return all(re.fullmatch(pattern, row[column]) for row in rows)

        numeric = [one for one in table.columns if all_are(r"[^\w]*[\d.,]+\D*", one)]
        texts = [one for one in table.columns if one not in numeric and not all_are(r"\d{4}-\d\d-\d\d", one)]
        keys = [one for one in texts if len({row[one] for row in rows}) == len(rows)]
        groups = [one for one in texts if len({row[one] for row in rows}) < len(rows)]
        is_comma = name == "parts"
        numbers = [one for one in numeric if one not in {"Year", "Place"}]

        def value(row: Row, column: str, *, comma: bool = is_comma) -> Decimal:
            return number(row[column].replace(".", "").replace(",", ".") if comma else row[column])

        file = Path(table.file).stem
        for column in rng.sample(numbers, min(2, len(numbers))):
            bare = re.sub(r"[（(].*|\s(?:EUR|USD|mm|min|kWh|kg)$", "", column).strip()
            total = sum((value(row, column) for row in rows), Decimal())
            mean = (total / len(rows)).quantize(Decimal("0.01"), ROUND_HALF_UP)
            if name in {"books", "race"} or "%" in rows[0][column]:
                continue
            if keys:
                key, high = keys[0], max(rows, key=lambda row, column=column: value(row, column))
                one = rng.choice(rows)
                yield Question(f"{one[key]}的{bare}是多少？" if zh else f"What is the {bare} of {one[key]}?",
                               (value(one, column),), name, 1)  # fmt: skip
                ties = [row for row in rows if value(row, column) == value(high, column)]
                if len(ties) == 1:
                    yield Question(f"{file}里{bare}最高的是哪个{key}？" if zh
                                   else f"Which {key} has the highest {bare} in {file}?",
                                   (high[key],), name, 1)  # fmt: skip
                limit = sorted(value(row, column) for row in rows)[len(rows) // 3]
                under = [row[key] for row in rows if value(row, column) < limit]
                if under:
                    yield Question(f"{file}里{bare}低于{limit}的{key}有哪些？" if zh
                                   else f"Which {key} in {file} have a {bare} below {limit}?",
                                   tuple(under), name, len(under))  # fmt: skip
            if "Price" not in column and "单价" not in column:
                yield Question(
                    f"{file}的{bare}{'' if '合计' in bare else '合计'}是多少？"
                    if zh
                    else f"What is the total {bare} in {file}?",
                    (total,),
                    name,
                )
            yield Question(
                f"{file}的平均{bare}是多少？" if zh else f"What is the average {bare} in {file}?", (mean,), name
            )
            if groups:
                group = groups[0]
                said = rng.choice(rows)[group]
                some = [row for row in rows if row[group] == said]
                yield Question(f"{file}里{group}为{said}的{bare}总和是多少" if zh
                               else f"sum of {bare} for {group} {said} in {file}",
                               (sum((value(row, column) for row in some), Decimal()),), name)  # fmt: skip
        if groups and name not in {"race", "books"}:
            group = groups[-1]
            said = rng.choice(rows)[group]
            some = [row for row in rows if row[group] == said]
            yield Question(f"{file}里{group}是{said}的有几条？" if zh else f"How many rows in {file} have {group} {said}?",
                           (len(some),), name)  # fmt: skip


def traps() -> Iterator[str]:
    """Yield questions that no table answers, though their words come near."""
    yield from (
        "How much did we spend on insurance in 2025?",
        "who earns the most in Madrid?",
        "which client has the most invoices?",
        "What is the salary of the chief executive?",
        "How many people live in Ghent?",
        "which shop articles are vegan?",
        "how much did Ada Moss spend in total?",
        "What is the weight of the desk lamp?",
        "which category costs the most?",
        "Which invoices are not unpaid?",
        "Who joined before Greta Sand?",
        "how much is the copper pan without tax",
        "王芳的生日是哪天？",
        "哪个客户的发票最多？",
        "西安有几个员工？",
        "不在杭州的员工有哪些？",
        "订书机的保修期多长？",
        "除了市场部，谁的工资最高？",
        "去年一共花了多少钱？",
        "What was the total spending last month?",
        "Which book should I read next?",
        "how many books did Ines Falk sell?",
        "Why is the rent of Stall 3 so high?",
        "who won the race in 2019?",
    )
