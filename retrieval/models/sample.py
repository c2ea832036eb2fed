"""Hold the texts on which a compiled model is compared with the original, in several languages and lengths."""

from __future__ import annotations

_PASSAGES = (
    """The warranty covers parts and labour for two years from the date of purchase, provided that the device was
installed by an authorised technician and that the serial number is still legible.""",
    "保修期自购买之日起两年，覆盖零件和人工费用，前提是设备由授权技术人员安装，并且序列号清晰可辨。",
    """To restore a backup, stop the server, copy the archive into the data directory, and start it again with
`--restore`. The log reports how many records were replayed; a count of zero means that the archive was empty.""",
    "恢复备份时，先停止服务器，把归档文件复制到数据目录，再用 --restore 参数重新启动。日志会报告重放了多少条记录。",
    """Employees accrue 1.75 days of leave a month. Up to five unused days carry over into the next calendar year;
the rest lapse on 31 December unless a manager has agreed otherwise in writing.""",
    "员工每月累积1.75天年假，最多五天可结转至下一自然年度，其余在12月31日失效，除非经理另有书面同意。",
    "| Model | Voltage | Mass |\n| --- | --- | --- |\n| A-100 | 230 V | 4.2 kg |\n| A-200 | 110 V | 3.9 kg |",
    "def moving_average(values, width):\n    total = sum(values[:width])\n    yield total / width",
    "Photosynthesis turns light, water and carbon dioxide into sugar and oxygen; it takes place in the chloroplasts.",
    "光合作用发生在叶绿体中，植物利用光能把水和二氧化碳转化为糖和氧气，是地球上大多数食物链的基础。",
    """In 1905 he published four papers, on the photoelectric effect, Brownian motion, relativity and the equivalence
of mass and energy, each of which changed its field.""",
    "臺北市政府表示，新的捷運路線預計於明年動工，全長約十二公里，共設十個車站。",
    "Le contrat prend fin sans préavis si le loyer reste impayé pendant plus de soixante jours.",
    "Either party may end this agreement with ninety days' notice; clause 14.2 on confidentiality survives it.",
    "本合同自双方签字之日起生效。任何一方可提前九十天书面通知终止；第14.2条保密义务在合同终止后继续有效。",
)

SAMPLE: tuple[str, ...] = (
    "refund",
    "年假",
    "How long is the warranty?",
    "如何恢复备份？",
    *_PASSAGES,
    *(" ".join(_PASSAGES[start : start + 2]) for start in range(0, len(_PASSAGES) - 1, 3)),
    "\n\n".join(_PASSAGES[0:6:2]),
    "\n\n".join(_PASSAGES[1:12:2]),
    "\n\n".join(_PASSAGES),
)
"""Single words, questions, passages, pairs of passages, and texts that fill windows of 256 tokens and more."""
