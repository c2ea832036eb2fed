"""Tell what kind of thing answers a question, and where a text has one: a date, a number, a name, a place.

Comes in: a question, Chinese or English, and a text. Goes out: patterns and spans. Never: a look at the documents.
"""

from __future__ import annotations

import re

_WHAT_YEAR = re.compile(r"\b(?:what|which) year\b|[哪何]一?年", re.IGNORECASE)
_WHEN = re.compile(
    r"\bwhen\b|\b(?:what|which) (?:year|date|day|month|century|decade)\b|[什甚][么麼][时時](?:候|间|間|期)|何[时時月日]"
    r"|哪一?[年天日]|哪[个個一]?(?:[时時]期|年代)|[几幾](?:[月号號日]|世[纪紀])",
    re.IGNORECASE,
)
_WHAT_TIME = re.compile(
    r"\b(?:what|which) times?\b|\bhow (?:early|late)\b|\b(?:opening|office|business|visiting) (?:hours|times)\b"
    r"|[几幾](?:[点點]|[时時](?!候))|(?:[营營]业|營業|[开開][门門放]|办公|上班|下班|作息)[时時][间間]",
    re.IGNORECASE,
)
_VALUE = (
    "(?:total|sum|amount|price|cost|fee|balance|number|percentage|population|height|length|weight|width|depth|distance"
    "|temperature|salary|age|speed|size|duration|revenue|discount|deposit)"
)
_HOW_MANY = re.compile(
    r"\bhow (?:many|much|long|old|far|tall|large|big|often|high|deep|fast|wide)\b|\bwhat (?:percent|number|percentage)"
    r"|多少|几|幾|多[大高长長久深快宽寬远遠重]",
    re.IGNORECASE,
)
_WHAT_COSTS = re.compile(
    r"\bhow much\b(?=.*\b(?:costs?|paid|pays?|price|charged?|spen[dt]|earns?|budget|fees?|reimbursed?|worth)\b"
    r"|\s+(?:is|was|are|were)\b)"
    r"|多少[钱錢元]",
    re.IGNORECASE,
)
_WHAT_VALUE = re.compile(
    rf"\bwhat(?:'s|’s| (?:is|was|are|were)) (?:the |my |our |its |their )?(?:\w+ ){{0,2}}{_VALUE}s?\b"
    r"|(?:[总總][额額数數价價计計]|合[计計]|金[额額]|[价價]格|[费費]用|[数數]量|人口|面[积積]|高度|[长長]度|重量|[温溫]度|距[离離]"
    r"|比例|年[龄齡]|[税稅][额額])(?:是|为|為)?(?:什么|什麼|[？?]|$)",
    re.IGNORECASE,
)
_WHO = re.compile(r"\bwho(?:m|se)?\b", re.IGNORECASE)
_WHAT_NAMED = re.compile(
    r"\b(?:what|which) (?:\w+ )?(?:company|organi[sz]ation|person|man|woman|king|queen|president|team|university|school|player"
    r"|author|artist|band|actor|singer|river|mountain|island|language|newspaper|magazine|church|party|group)\b",
    re.IGNORECASE,
)
_NAMED_WHO = re.compile(r"(?<=[^\W\d_] )Who\b(?! (?:is|are|was|were|has|had|did|does)\b)")
"""Doctor Who, The Who: a name that asks for nobody."""
_WHO_ZH = re.compile("谁|誰|哪一?[位人]|何人|什[么麼]人")
_WHERE = re.compile(
    r"\bwhere\b|\b(?:what|which) (?:city|country|state|place|town|county)\b|哪里|哪裡|哪兒|哪儿|何处|何處|什么地方|什麼地方"
    r"|哪一?[个個座]?[国國省市县縣州城]",
    re.IGNORECASE,
)
_WHERE_TO = re.compile(r"[在放去到搁存往住寄停摆丢扔藏]哪(?!一?[个個些位种種天年月份家款边邊])")
"""放哪, 寄到哪: what answers need not say 在 before the place."""

_HAN = re.compile("[\u3400-\u9fff]")
_MONTH = (
    "(?:january|february|(?-i:March|MARCH)|april|(?-i:May|MAY)|(?<=\\d )may|june|july|august|september|october|november"
    "|december)"
)
"""What *may* be is not a month."""
_MEASURED = (
    r"(?!\s?(?:[元块塊人名个個位次件条條份台套吨噸米克斤度页頁字瓦伏]|公里|公斤|平方|%|(?:euros?|dollars?|pounds?|yuan|eur|usd|gbp|rmb|cny"
    r"|k?g|k?m|[cm]m|m?l|[kmgt]b|k?wh?|mah|people|persons|employees|users|members|items|pieces|words|pages|units|copies|hours)\b))"
)
"""After a number that is an amount: 1800 元 is not a year."""
_BARE_YEAR = r"(?<![$€£¥#\d.,])(?<![$€£¥]\s)\b(?:1\d{3}|20\d{2})"
_DATE = re.compile(
    rf"\b\d{{4}}-\d{{2}}-\d{{2}}\b|\b(?:\d{{1,2}}(?:st|nd|rd|th)? )?{_MONTH}(?: \d{{1,2}}(?:st|nd|rd|th)?\b)?(?:,? \d{{4}})?\b"
    r"|\bbetween \d{4} and \d{4}\b|\d{4}\s?年?[到至–-]\s?\d{4}\s?年?"
    rf"|{_BARE_YEAR}s?\b(?!\s*年){_MEASURED}"
    r"|\b\d{1,2}th century\b"
    r"|(?:\d+\s*(?:年代|年|月|日|号|號|世纪|世紀|点|點)[初末中底]?\s*)+|(?:[一二三四五六七八九十〇零]+(?:年代|年|月|日|世纪|世紀))+"
    r"|\b(?:monday|tuesday|wednesday|thursday|friday|saturday|sunday|today)\b",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"(?<![\d:.])(?:[01]?\d|2[0-4])[:：h][0-5]\d(?![:\d])|(?<![\d.,:])\d{1,2}(?:[.:]\d\d)?\s?[ap]\.?m\b|\bo['’]clock\b"
    r"|\b(?:noon|midday|midnight|half past \w+|quarter (?:past|to) \w+)\b"
    r"|\b(?:at|by|until|till) (?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b(?! \w+s\b)"
    r"|(?:[上中下]午|早上?|晚上?|凌晨|傍晚)(?:\d{1,2}|十[一二]?|[一二两三四五六七八九])[点點]半?"
    r"|(?<![\d.])\d{1,2}[点點]半?(?![\d个個])|(?:十[一二]?|[二两三四五六七八九])[点點]半?(?![个個条要建意原])"
    r"|一[点點](?=[半整钟鐘前后到至])|中午|正午|午夜|零[点點]",
    re.IGNORECASE,
)
"""A time of day. 一点 is *a little* and 三点意见 are *three points*."""
_MOMENT = re.compile(rf"{_DATE.pattern}|{_CLOCK.pattern}", re.IGNORECASE)
_YEAR = re.compile(rf"{_BARE_YEAR}\b(?!\s?年){_MEASURED}|\d+\s?年|[一二三四五六七八九〇零]{{2,4}}年", re.IGNORECASE)
_LOW, _HIGH = "二三四五六七八九两兩", "十百千万萬亿億"
_UNIT = "[年月日天元米尺寸斤克吨噸岁歲周倍成%％]|小时|小時|分钟|分鐘|公里|公尺|平方|公斤|海里|英里"
_COUNTED = "[个個位名人次场場部种種座条條只隻间間本册冊队隊支颗顆枚艘架辆輛所家层層票字集届屆代组組卷章]"
_CHINESE_NUMBER = (
    f"[数數几幾]?[一{_LOW}{_HIGH}]{{2,}}|第?[一{_LOW}](?=第|{_UNIT})|第[一{_LOW}]|[{_LOW}{_HIGH}](?={_UNIT}|{_COUNTED})"
)
"""A single character is a figure only before what is counted, and 一 hardly ever then: 一种, 一般, 一起."""
_NUMBER = re.compile(
    r"(?<!\bno\. )(?<!#)(?<![\d.,])"
    r"(?!\b(?:1[5-9]|20)\d{2}(?:\b(?!,\d)|\s?年))[$€£¥]?\d+(?:[.,]\d+)*(?:\s?(?:%|percent|thousand|million|billion|trillion|[百千万萬亿億]+))*"
    rf"|{_CHINESE_NUMBER}"
    r"|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|twenty|thirty|forty|fifty|hundred"
    r"|thousand|million|billion|once|twice)\b",
    re.IGNORECASE,
)
_STARTS = (
    "(?:The|An?|This|That|These|Those|It|He|She|They|We|You|I|There|Here|What|Which|Who|One|All|Each|Every|Both|Some|Many|Most"
    "|Other|Others|Such|Any|No|Nobody|Everyone|Someone|Another)\\b"
)
_VERB = (
    "(?:is|was|has|had|will|can|leads?|led|runs?|ran|made|wrote|won|became|began|built|took|said|[a-z]{2,}(?:ed|es))\\b"
)
_NO_NAME = f"(?i:{_MONTH}|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\\b"
_NAME = re.compile(
    rf"(?:^(?!{_STARTS})(?=[A-Z][a-z]+ {_VERB})|(?!^[A-Z][a-z]+ [^A-Z]))(?!{_NO_NAME})"
    r"[A-Z][\w.'’-]*\w(?:\s+(?:(?:of|de|van|von|the|al|bin)\s+)?[A-Z][\w.'’-]*\w)*"
)
_NAME_ZH = re.compile(
    rf"[\u3400-\u9fff]{{1,6}}(?:[·‧・•][\u3400-\u9fff]{{1,8}})+|(?<=由)[\u3400-\u9fff]{{2,6}}?(?=[于於在所和与與、，。])|{_NAME.pattern}"
)
_PLACE = re.compile(
    rf"(?<=\b(?:in|at) )(?:the )?{_NAME.pattern}|(?<=\b(?:near|from) )(?:the )?{_NAME.pattern}"
    r"|(?<=[在于於])[\u3400-\u9fff]{1,6}?[省市县縣区區国國州岛島城镇鎮村]"
)
_AMOUNT = re.compile(
    r"[$€£¥]\s?\d[\d.,]*(?:\s?(?:thousand|million|billion|trillion|k|m|bn)\b)?"
    r"|\d[\d.,]*(?:\s?(?:thousand|million|billion|trillion))?\s?(?:%|percent|euros?|dollars?|pounds?|yuan|USD|EUR|GBP|RMB)"
    r"|\d[\d.,]*\s?(?:[百千万萬亿億]+)?[元块塊]|(?<![\d.,/-])\d[\d,]*\.\d\d(?![\d.])",
    re.IGNORECASE,
)
_ADDRESS = (
    r"\d+[a-z]?,? (?:[A-Z][\w.'’-]*\s){1,3}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Drive|Square|Way|Court|Place)\b"
    r"|[A-Z][\w.'’-]*(?:stra(?:ss|ß)e|allee|platz|weg|gasse|straat|gata|gatan|gade) \d+|\b\d{5} [A-Z][\w'’-]+"
    r"|[省市区縣县鎮镇][\u3400-\u9fff]{1,8}(?:[路街道巷弄里村]|小区|大厦)[\u3400-\u9fff]{0,4}\d*号?"
)
_SPOT = re.compile(
    rf"{_PLACE.pattern}|{_ADDRESS}|(?<![\w.])[~/][\w.-]*/[\w./-]*|\b(?:[A-Za-z]:\\\\|https?://)\S+"
    r"|\b(?:folder|directory|file|menu|page|tab|settings|section|drawer|cabinet|cupboard|wardrobe|shelf|box|locker|safe|stairs|garage|cellar|attic|shed|hall(?:way)?|room|floor|building|office|desk|portal|server|website"
    r"|channel|button)\b|文件夹|資料夾|目录|目錄|菜单|選單|页面|頁面|设置|設定|网站|網站|办公室|辦公室|大楼|大樓|[楼樓][层層]|柜|抽屉|架子|车库|地下室|阳台|仓库"
)

_SOMEWHERE_ZH = re.compile(r"[在于於是为為位到至往从從自][\u3400-\u9fff]{2,}")
"""北京 needs no 市 to be a place: text in the position of a place."""
_SPOT_ZH = re.compile(rf"{_SPOT.pattern}|{_SOMEWHERE_ZH.pattern}|[一二三四五六七八九十\d][号楼层]")

_CALL = re.compile(
    r"\b(?:phone|telephone|mobile|cell)(?: phone)? (?:number|no)\b|\bnumber (?:do i|can i|to) call\b|\b(?:phone|mobile)\W*$"
    r"|(?:电话|電話)(?:号码|號碼)?(?:是多少|是什么|多少|几号|\W*$)|手机号|手機號|打(?:哪个|什么|多少)(?:电话|電話)",
    re.IGNORECASE,
)
_DIALLED = re.compile(
    r"(?<![\w.:-])(?!\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?!\d))\+?\(?\d(?:[ ()/–-]{0,2}\d){5,}(?!\d*[.:]\d)"
    r"|(?<![\d.:/-])(?:95|96|12|10|11)\d{3}(?![\d.:/-])|(?:\bext(?:ension|\.)?|分机号?|[内短]线|转)\W{0,2}\d{2,5}\b",
    re.IGNORECASE,
)
_WRITE = re.compile(r"\be-?mail address\b|\be-?mail\W*$|邮箱|郵箱", re.IGNORECASE)
_MAILED = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+")
_COSTS = re.compile(
    r"\bhow much (?:is|are|was|were|does|do|did|will) .*\b(?:cost|ticket|flight|insurance|subscription)\b"
    r"|\bwhat (?:does|do|did) .* cost\b|多少[钱錢元]|几块钱",
    re.IGNORECASE,
)
_PAID = re.compile(
    rf"{_AMOUNT.pattern}|(?:[€£$¥]|\b(?:price|cost|fee|total|rate|amount|charge|EUR|USD|GBP|CNY)\b|[价價费費额額元钱錢])[^.。]{{0,60}}\d"
    r"|\bfree\b|免费|免費",
    re.IGNORECASE,
)
_REACHES = ((_CALL, _DIALLED), (_WRITE, _MAILED))
_SURE = (
    (_WHAT_YEAR, _YEAR),
    (_WHAT_TIME, _CLOCK),
    (_WHEN, _MOMENT),
    (_HOW_MANY, _NUMBER),
    (_WHO, _NAME),
    (_WHERE, _PLACE),
)
_LIKELY = (
    (_WHERE, _SPOT),
    (_WHERE_TO, _SPOT_ZH),
    (_WHAT_COSTS, _AMOUNT),
    *_SURE,
    (_WHAT_VALUE, _NUMBER),
    (_WHAT_NAMED, _NAME),
    (_WHO_ZH, _NAME_ZH),
)


def expected_answer(question: str) -> re.Pattern[str] | None:
    """Return what an answering text must match: a date for *when*, a number for *how many*; ``None`` if anything may."""
    kind = _sure_answer(question)
    return _SOMEWHERE_ZH if kind is _PLACE and _HAN.search(question) else kind


def _sure_answer(question: str) -> re.Pattern[str] | None:
    question = _NAMED_WHO.sub("", question)
    return next((shape for asks, shape in _SURE if asks.search(question)), None)


def likely_answer(question: str) -> re.Pattern[str] | None:
    """Return what an answering text is likely to match: also a number for *what is the price*, a folder for *where*.

    A text without a match proves less than with ``expected_answer``: no pattern knows every name.
    """
    question = _NAMED_WHO.sub("", question)
    return next((shape for asks, shape in _LIKELY if asks.search(question)), None)


def lacks_contact(question: str, text: str) -> bool:
    """Return whether the question asks for a telephone number or mail address, and a text has none.

    These look alike everywhere; other kinds may appear in a text in a form that no pattern knows.
    """
    return any(asks.search(question) and not shape.search(text) for asks, shape in _REACHES)


def lacks_what_is_asked(question: str, text: str) -> bool:
    """Return the same as ``lacks_contact``, also true if an amount of money is asked for and the text gives none."""
    return lacks_contact(question, text) or bool(_COSTS.search(question) and not _PAID.search(text))


def asks_who(question: str) -> bool:
    """Return whether the question asks for a person."""
    return bool(_WHO.search(_NAMED_WHO.sub("", question)) or _WHO_ZH.search(question))


def exact_answer(question: str) -> re.Pattern[str] | None:
    """Return what the answer itself matches, if it stands out from its sentence: a folder for *where* says too little."""
    kind = likely_answer(question)
    return _sure_answer(question) if kind is _SPOT else kind


def new_matches(kind: re.Pattern[str], text: str, question: str) -> list[tuple[int, int]]:
    """Return the spans of ``text`` that match the kind of answer and are not in the question itself."""
    asked = question.lower()
    return [match.span() for match in kind.finditer(text) if match.group().strip().lower() not in asked]
