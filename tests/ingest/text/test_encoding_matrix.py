"""Every sample in every encoding that can write it, at 20 lengths: read right, or not without a word."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from kb.ingest.errors import ReadError
from kb.ingest.text.encoding import decode, repair

LENGTHS = (2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128, 192, 256, 400)
UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
WESTERN = ("windows-1252", "iso-8859-15", "mac-roman", "cp850", *UNICODE)
CENTRAL = ("windows-1250", "iso-8859-2", "cp852", *UNICODE)
CYRILLIC = ("windows-1251", "koi8-r", "koi8-u", "cp866", "iso-8859-5", "mac-cyrillic", "cp855", *UNICODE)
CODECS = {
    "hans": ("gb2312", "gbk", "gb18030", "hz", *UNICODE),
    "hant": ("big5", "cp950", "big5hkscs", "gbk", "gb18030", *UNICODE),
    "ja": ("shift_jis", "cp932", "euc-jp", "iso-2022-jp", *UNICODE),
    "ko": ("euc-kr", "cp949", "johab", "iso-2022-kr", *UNICODE),
    "en": ("ascii", *WESTERN),
    "fr": WESTERN,
    "de": WESTERN,
    "es": WESTERN,
    "pl": CENTRAL,
    "cs": CENTRAL,
    "ru": CYRILLIC,
    "uk": CYRILLIC,
    "el": ("windows-1253", "iso-8859-7", *UNICODE),
    "tr": ("windows-1254", "iso-8859-9", *UNICODE),
    "he": ("windows-1255", *UNICODE),
    "ar": ("windows-1256", *UNICODE),
    "th": ("tis-620", *UNICODE),
}
SAMPLES = {
    "hans": (
        (
            "本公司成立于1998年，总部位于深圳，主要从事软件开发与技术服务。员工每年享有十天带薪年假，入职满五年后增至十五天。"
            "出差住宿费每晚最多报销四百五十元，超出部分由个人承担；报销单须在返回后两周内提交财务部门审核。"
        ),
        "会议纪要：张伟负责接口联调，李娜整理测试用例，下周三前完成。数据库迁移推迟到月底，届时服务暂停两小时。",
    ),
    "hant": (
        (
            "本公司成立於1998年，總部位於臺北，主要從事軟體開發與技術服務。員工每年享有十天特別休假，滿五年後增至十五天。"
            "出差住宿費每晚最多報銷四百五十元，超出部分由個人承擔；報銷單須於返回後兩週內提交財務部門審核。"
        ),
    ),
    "ja": (
        (
            "当社は1998年に設立され、本社は東京にあります。社員には年に十日の有給休暇があり、五年後には十五日になります。"
            "出張の宿泊費は一泊一万二千円まで支給し、超過分は自己負担とします。"
        ),
    ),
    "ko": (
        (
            "우리 회사는 1998년에 설립되었으며 본사는 서울에 있습니다. 직원은 매년 열흘의 휴가를 받습니다. "
            "출장 숙박비는 하룻밤에 십만 원까지 지급하며 초과분은 본인이 부담합니다."
        ),
    ),
    "en": (
        "The company was founded in 1998 and has its seat in London. Every employee has ten days of leave a year. ",
    ),
    "fr": (
        "La société a été fondée en 1998 ; le siège est à Paris. Les salariés ont droit à dix jours de congés payés. ",
    ),
    "de": (
        "Die Gesellschaft wurde 1998 gegründet und hat ihren Sitz in München. Alle Beschäftigten erhalten Urlaub. ",
    ),
    "es": (
        "La compañía fue fundada en 1998 y tiene su sede en Málaga. Los empleados tienen diez días de vacaciones. ",
    ),
    "pl": ("Spółka została założona w 1998 roku. Pracownicy mają prawo do dziesięciu dni płatnego urlopu rocznie. ",),
    "cs": ("Společnost byla založena v roce 1998 a sídlí v Praze. Zaměstnanci mají nárok na dovolenou každý rok. ",),
    "ru": ("Компания основана в 1998 году, главный офис находится в Москве. Сотрудники получают отпуск каждый год. ",),
    "uk": ("Компанія заснована в 1998 році, її головний офіс знаходиться у Києві. Працівники мають відпустку. ",),
    "el": ("Η εταιρεία ιδρύθηκε το 1998 και η έδρα της βρίσκεται στην Αθήνα. Οι εργαζόμενοι έχουν άδεια κάθε χρόνο. ",),
    "tr": ("Şirket 1998 yılında kuruldu ve merkezi İstanbul'dadır. Çalışanların ücretli izin hakkı vardır her yıl. ",),
    "he": ("החברה נוסדה בשנת 1998 ומשרדה הראשי נמצא בתל אביב. העובדים זכאים לחופשה בתשלום בכל שנה. ",),
    "ar": ("تأسست الشركة عام 1998 ويقع مقرها الرئيسي في القاهرة. يحق للموظفين إجازة مدفوعة الأجر كل سنة. ",),
    "th": ("บริษัทก่อตั้งเมื่อปี 1998 สำนักงานใหญ่อยู่ที่กรุงเทพ พนักงานมีสิทธิลาพักร้อนทุกปี ",),
}
EAST_ASIAN, ENOUGH = ("hans", "hant", "ja", "ko"), 12
OUTCOMES = ("right", "said", "refused", "silent")


def outcome(text: str, codec: str) -> str:
    """Return whether a text in an encoding is read right, read wrong with a note, refused, or read wrong without a word."""
    try:
        decoded = decode(text.encode(codec))
    except ReadError:
        return "refused"
    if repair(decoded.text).strip() == repair(text).strip():
        return "right"
    return "said" if decoded.notes else "silent"


def test_no_text_is_read_wrong_without_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    """A low confidence that is recorded and reported is not silent; East Asian text of 12 characters is always right."""
    counts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    wrong, total = [], Counter[str]()
    for language, samples in SAMPLES.items():
        for codec in CODECS[language]:
            for text in (piece for sample in samples for piece in pieces(sample, codec)):
                how = outcome(text, codec)
                counts[language, codec][how] += 1
                total[how] += 1
                if how == "silent" or (how != "right" and language in EAST_ASIAN and len(text) >= ENOUGH):
                    wrong.append((how, language, codec, text[:24]))
    with capsys.disabled():
        print(f"\n{'language':<10}{'encoding':<14}" + "".join(f"{name:>9}" for name in OUTCOMES))  # noqa: T201
        for (language, codec), count in counts.items():
            print(f"{language:<10}{codec:<14}" + "".join(f"{count[name]:>9}" for name in OUTCOMES))  # noqa: T201
        print(f"{'all':<24}" + "".join(f"{total[name]:>9}" for name in OUTCOMES))  # noqa: T201
    assert sum(total.values()) > 3000
    assert wrong == []


def pieces(sample: str, codec: str) -> list[str]:
    """Return the sample at each of the lengths, repeated where it is shorter, as far as the encoding can write it."""
    found = []
    for length in LENGTHS:
        text = (sample * (length // len(sample) + 1))[:length]
        try:
            text.encode(codec)
        except UnicodeEncodeError:
            continue
        if text.strip():
            found.append(text)
    return found
