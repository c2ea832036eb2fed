"""The tables that benchmarks/tables.py asks: made from a seed, in several domains, two languages and six formats."""

from __future__ import annotations

import csv
import io
import random
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

Row = dict[str, str]


@dataclass(frozen=True)
class Made:
    """A table, as it is written to a file."""

    file: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    heading: str = ""
    total: tuple[str, ...] = ()
    """A last row that is no data."""

    def dicts(self) -> list[Row]:
        """Return the rows by the names of their columns."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def made(rng: random.Random) -> dict[str, Made]:
    """Return the tables, by a short name."""
    pick = rng.choice

    def cents(low: int, high: int) -> str:
        return f"{rng.randint(low * 20, high * 20) / 20:.2f}"

    def day(*years: int) -> str:
        return f"{pick(years)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"

    def distinct(n: int, low: int, high: int, step: int = 1) -> list[int]:
        return rng.sample(range(low, high, step), n)

    goods = (
        "Walnut oil 500 ml", "Olive soap", "Desk lamp", "Floor lamp", "Tea towel", "Copper pan", "Bread knife",
        "Picnic rug", "Glass carafe", "Oak board", "Salt mill", "Wool blanket",
    )  # fmt: skip
    kinds = ("Kitchen", "Bath", "Lighting")
    prices = distinct(len(goods), 300, 9900, 5)
    stock = distinct(len(goods), 0, 60)
    people = [f"{a} {b}" for a, b in zip(
        ("Ada", "Bruno", "Carla", "Dmitri", "Esther", "Felix", "Greta", "Hakan", "Irene", "Jonas", "Keiko", "Luis"),
        ("Moss", "Nadir", "Okoye", "Petrov", "Quist", "Rossi", "Sand", "Tekin", "Ueda", "Vogt", "Wada", "Xara"),
        strict=True,
    )]  # fmt: skip
    salaries = distinct(len(people), 38000, 92000, 100)
    clients = ("Alder Ltd", "Birke GmbH", "Cedar Inc", "Dogwood SA")
    amounts = [cents(80, 4000) for _ in range(16)]
    students = ("Mia Kern", "Noah Lenz", "Olga Marx", "Paul Nolte", "Rosa Otto", "Sam Pohl", "Tina Quandt")
    marks = [distinct(len(students), 31, 99) for _ in range(3)]
    names = ("王芳", "李强", "张敏", "刘洋", "陈静", "杨帆", "赵磊", "黄婷", "周杰", "吴昊")
    wages = distinct(len(names), 6000, 22000, 100)
    office = ("复印纸", "签字笔", "文件夹", "订书机", "白板笔", "计算器", "档案盒", "胶带")
    units = distinct(len(office), 20, 900)
    pieces = distinct(len(office), 1, 90)
    shops = ("盒马超市", "滨江加油站", "新华书店", "老王面馆")
    uses = ("食品", "交通", "图书", "餐饮")
    flats = distinct(8, 1800, 7600, 100)
    sizes = distinct(8, 35, 140)
    scores = [distinct(len(names), 42, 100) for _ in range(3)]
    day_temperatures = distinct(20, -120, 390)
    regions = ("North", "South", "East", "West")
    months = ("January", "February", "March", "April", "May", "June")
    power = [[rng.randint(900, 4000) for _ in range(3)] for _ in months]
    columns_of_power = list(zip(*power, strict=True))
    books = (
        ("The Silent Weir", "Ines Falk", 1998), ("Paper Harbour", "Ines Falk", 2006), ("Nine Lanterns", "Tomo Abe", 2011),
        ("A Map of Rust", "Lea Brand", 2019), ("Cold Orchard", "Tomo Abe", 2003), ("The Tin Choir", "Ola Vind", 1987),
    )  # fmt: skip
    spend = [
        (day(2024, 2025), c, p, cents(4, 320))
        for c, p in (pick((("Groceries", "Green Corner"), ("Fuel", "Harbour Garage"), ("Books", "Lantern Books"),
                           ("Eating out", "Cafe Rosso"))) for _ in range(30))
    ]  # fmt: skip
    account = [
        (day(2024, 2025), u, s, cents(8, 600))
        for s, u in (pick(list(zip(shops, uses, strict=True))) for _ in range(26))
    ]
    stations = ("Kelm", "Torvik")
    litres = [f"{rng.randint(1000, 9000):,}" for _ in regions for _ in range(4)]
    tables = [
        Made("shop/shop list.csv", ("Article", "Name", "Category", "Price EUR", "Stock"), tuple(
            (f"S-{100 + n}", name, kinds[n % 3], f"{prices[n] / 100:.2f}", str(stock[n])) for n, name in enumerate(goods))),
        Made("home/spending.csv", ("Date", "Category", "Payee", "Amount EUR"), tuple(spend)),
        Made("hr/staff list.xlsx", ("Name", "Department", "Office", "Joined", "Salary (USD)"), tuple(
            (name, pick(("Sales", "Support", "Engineering")), pick(("Lyon", "Ghent", "Porto")), day(2014, 2016, 2019, 2022),
             str(salaries[n])) for n, name in enumerate(people)), "Staff"),
        Made("office/invoice register.csv", ("Invoice", "Client", "Date", "Amount", "Status"), tuple(
            (f"R-{400 + n}", pick(clients), day(2024, 2025), f"€{amount}", pick(("paid", "unpaid")))
            for n, amount in enumerate(amounts))),
        Made("school/grades.md", ("Student", "Maths", "History", "Physics"), tuple(
            (name, *(str(mark[n]) for mark in marks)) for n, name in enumerate(students)), "Class 9b grades"),
        Made("garden/weather.tsv", ("Date", "Station", "Temperature (°C)", "Rain mm"), tuple(
            (f"2025-{1 + n // 2:02}-{3 + n:02}", stations[n % 2], f"{t / 10:.1f}", str(rng.randint(0, 40)))
            for n, t in enumerate(day_temperatures))),
        Made("home/bookshelf.html", ("Title", "Author", "Year"), tuple((t, a, str(y)) for t, a, y in books), "Bookshelf"),
        Made("sales/regions.xlsx", ("Region", "Rep", "Units", "Revenue"), tuple(
            (region, rep, str(rng.randint(10, 900)), f"${rng.randint(2000, 90000):,}")
            for region, rep in zip(regions * 2, people[:8], strict=True)), "Sales by region"),
        Made("house/electricity.csv", ("Month", "Kitchen kWh", "Cellar kWh", "Attic kWh"), tuple(
            (month, *map(str, row)) for month, row in zip(months, power, strict=True)),
            total=("Total", *(str(sum(column)) for column in columns_of_power))),
        Made("race/results.html", ("Runner", "Club", "Time min", "Place"), tuple(
            (name, pick(("Hillside", "Riverside")), f"{time:.1f}", str(n + 1)) for n, (name, time) in enumerate(
                zip(people, sorted(t / 10 for t in distinct(len(people), 340, 700)), strict=True))), "Ten kilometres"),
        Made("dairy/deliveries.csv", ("Farm", "Quarter", "Litres", "Fat"), tuple(
            (f"{region} farm", f"Q{quarter + 1}", litres[4 * n + quarter], f"{rng.randint(35, 49) / 10}%")
            for n, region in enumerate(regions) for quarter in range(4))),
        Made("travel/hotels.md", ("Hotel", "City", "Nights", "Price per night", "Breakfast"), tuple(
            (hotel, city, str(rng.randint(1, 6)), f"{rng.randint(60, 240)} CHF", pick(("yes", "no")))
            for hotel, city in (("Casa Alba", "Lisbon"), ("Hotel Kupa", "Zagreb"), ("Seehof", "Zurich"),
                                ("Pension Ida", "Vienna"), ("Old Mill Inn", "Bath"),
                                ("Hotel Sava", "Zagreb"))), "Hotels we stayed in"),
        Made("werk/Bestand.csv", ("Part", "Shelf", "Weight kg", "Value EUR"), tuple(
            (f"P-{n:03}", pick("ABC"), f"{rng.randint(1, 90)},{rng.randint(10, 99)}",
             f"{rng.randint(1, 9)}.{rng.randint(100, 999)},{rng.randint(10, 99)}")
            for n in range(1, 15))),
        Made("行政/办公用品价目表.xlsx", ("编号", "品名", "单价（元）", "库存"), tuple(
            (f"B{n + 1:02}", name, f"{units[n] / 10}", str(pieces[n])) for n, name in enumerate(office)), "办公用品"),
        Made("人事/员工花名册.csv", ("姓名", "部门", "城市", "入职日期", "月薪"), tuple(
            (name, pick(("研发部", "市场部", "客服部")), pick(("杭州", "苏州", "成都")), day(2018, 2020, 2023), str(wages[n]))
            for n, name in enumerate(names))),
        Made("家/家庭账本.csv", ("日期", "用途", "商家", "金额"), tuple((d, u, s, f"{a}元") for d, u, s, a in account)),
        Made("财务/发票台账.csv", ("发票号", "客户", "开票日期", "价税合计", "付款状态"), tuple(
            (f"F{n + 21:03}", pick(("宏达机械", "蓝海物流", "晨光文具")), day(2024, 2025), cents(200, 9000),
             pick(("已付", "未付")))
            for n in range(15))),
        Made("租房/房源.md", ("小区", "区", "面积（平方米）", "月租", "地铁"), tuple(
            (estate, pick(("西湖区", "滨江区", "拱墅区")), str(sizes[n]), str(flats[n]), pick(("是", "否")))
            for n, estate in enumerate(
                ("翠苑一区", "彩虹城", "和睦新村", "江南豪园", "古荡新村", "大关苑", "春江花园", "文新里"))), "看过的房子"),
        Made("班级/期末成绩.html", ("学生", "语文", "数学", "英语"), tuple(
            (name, *(str(score[n]) for score in scores)) for n, name in enumerate(names)), "期末成绩"),
        Made("项目/进度.xlsx", ("任务", "负责人", "截止日期", "工时"), tuple(
            (task, pick(names[:3]), f"2026-0{n % 6 + 1}-15", str(rng.randint(2, 40))) for n, task in enumerate(
                ("登录页", "支付接口", "搜索优化", "数据迁移", "短信通知", "报表导出", "权限管理"))), "进度"),
        Made("农场/产量.csv", ("作物", "2023年", "2024年", "2025年"), tuple(
            (crop, *(f"{rng.randint(20, 900)}" for _ in range(3))) for crop in ("水稻", "小麦", "玉米", "大豆"))),
        Made("仓库/出入库.csv", ("日期", "物料", "方向", "数量"), tuple(
            (day(2025), pick(("螺栓", "垫片", "轴承")), pick(("入库", "出库")), str(rng.randint(5, 300))) for _ in range(18))),
        Made("车/加油记录.csv", ("日期", "油站", "升数", "金额（元）"), tuple(
            (day(2024, 2025), pick(("中石化", "壳牌")), f"{rng.randint(200, 550) / 10}", cents(150, 480)) for _ in range(14))),
        Made("market/stalls.csv", ("Stall", "Owner", "Rent", "Rent paid"), tuple(
            (f"Stall {n}", people[n], f"£{rng.randint(40, 140)}", pick(("yes", "no"))) for n in range(1, 11))),
    ]  # fmt: skip
    keys = [
        "shop",
        "spend",
        "staff",
        "bills",
        "grades",
        "weather",
        "books",
        "sales",
        "power",
        "race",
        "dairy",
        "hotels",
        "parts",
        "用品",
        "员工",
        "账本",
        "发票",
        "房源",
        "成绩",
        "进度",
        "产量",
        "出入",
        "加油",
        "stalls",
    ]
    return dict(zip(keys, tables, strict=True))


def written(table: Made, folder: Path) -> None:
    """Write a table in the format that its file name says."""
    path = folder / table.file
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [table.columns, *table.rows, *([table.total] if table.total else [])]
    suffix = path.suffix
    if suffix in {".csv", ".tsv"}:
        delimiter = {".tsv": "\t"}.get(suffix, ";" if "Bestand" in table.file else ",")
        out = io.StringIO()
        csv.writer(out, delimiter=delimiter).writerows(rows)
        path.write_text(out.getvalue(), encoding="utf-8")
    elif suffix == ".md":
        lines = [f"| {' | '.join(row)} |" for row in rows]
        text = "\n".join([f"# {table.heading}", "", lines[0], "|---" * len(table.columns) + "|", *lines[1:], ""])
        path.write_text(text, encoding="utf-8")
    elif suffix == ".html":
        body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows[1:])
        head = "".join(f"<th>{escape(cell)}</th>" for cell in rows[0])
        html = f"<meta charset=utf-8><h1>{table.heading}</h1><table><tr>{head}</tr>{body}</table>"
        path.write_text(html, encoding="utf-8")
    else:
        workbook(path, table.heading, rows)


def workbook(path: Path, sheet: str, rows: Sequence[Sequence[str]]) -> None:
    """Write one sheet of an Excel workbook; numbers as numbers."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"

    def cell(text: str) -> str:
        if re.fullmatch(r"-?\d+(?:\.\d+)?", text):
            return f"<c><v>{text}</v></c>"
        return f'<c t="inlineStr"><is><t>{escape(text)}</t></is></c>'

    data = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", (
            f'<Types xmlns="{package}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Override PartName="/xl/workbook.xml" ContentType='
            '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'))  # fmt: skip
        one = '<Relationship Id="r1" Type="{1}/{2}" Target="{3}"/>'
        relation = f'<Relationships xmlns="{{0}}/relationships">{one}</Relationships>'
        archive.writestr("_rels/.rels", relation.format(package, office, "officeDocument", "xl/workbook.xml"))
        archive.writestr("xl/_rels/workbook.xml.rels", relation.format(package, office, "worksheet", "sheet.xml"))
        archive.writestr("xl/workbook.xml", (
            f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="{escape(sheet)}" sheetId="1" r:id="r1"/>'
            "</sheets></workbook>"))  # fmt: skip
        archive.writestr("xl/sheet.xml", f'<worksheet xmlns="{main}"><sheetData>{data}</sheetData></worksheet>')
