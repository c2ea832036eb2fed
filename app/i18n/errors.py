"""What the page says went wrong, in Chinese: of questions, models, knowledge bases and files that are sent.

Comes in: nothing. Goes out: patterns of English sentences of ours and their Chinese. Never: what another library said, which
stands in brackets as it is.
"""

from __future__ import annotations

# Patterns of errors that app/, llm/, ingest/ and retrieval/ raise; tests/app/i18n/test_chinese.py reads them there.
ERRORS = (
    # a question
    (r"the question is empty; ask something", "问题是空的；请输入要问的内容。"),
    (r"the question has ([\d,]+) characters; ask in at most ([\d,]+)", r"问题有 \1 个字符；最多 \2 个。"),
    (r"the question and its best passage take (\d+) tokens and the model has room for (-?\d+); .+",
     r"问题和最好的段落共 \1 个词元，模型只容得下 \2 个；请问得短一些，或者换用上下文更大的模型。"),
    (r"the prompt takes (\d+) tokens and (.+) reads (\d+); .+",
     r"提示词有 \1 个词元，\2 只读 \3 个；请少用一些段落，或者换用上下文更大的模型。"),
    (r"name the two things to compare, like: .+", "请说出要比较的两样东西，例如：比较住宿补贴和餐费补贴"),
    # a language model
    (r"there is no model at (.+); give the path of a GGUF file", r"\1 处没有模型；请给出 GGUF 文件的路径。"),
    (r"(.+) is not a GGUF file; .+", r"\1 不是 GGUF 文件；请下载 GGUF，或者用 convert_hf_to_gguf.py 转换模型。"),
    (r"(.+) cannot be read \((.+)\); give the path of a GGUF file", r"无法读取 \1（\2）；请给出 GGUF 文件的路径。"),
    (r"llama\.cpp cannot load (.+) \(architecture (.+)\): .+",
     r"llama.cpp 无法载入 \1（架构 \2）：不认识这种架构（可试 pip install -U xllamacpp），文件不完整，或者内存不够。"),
    (r"(.+) failed \((.+)\); ask again, or open the model again", r"\1 出错（\2）；请再问一次，或者重新选择模型。"),
    (r"(.+) does not answer \((.+)\); open it again", r"\1 没有回应（\2）；请重新选择模型。"),
    (r"(.+) was closed; open it again", r"\1 已经关闭；请重新选择模型。"),
    (r"(.+) names no language model; write one of: (.+)", r"\1 不是语言模型的写法；可以写：\2"),
    (r"(.+) is not of the form (.+), like (.+)", r"\1 的写法不对；应为 \2，例如 \3"),
    (r"(.+) is not the URL of a server; write it like (.+)", r"\1 不是服务器的地址；应写成 \2"),
    (r"there is no model folder (.+); give a folder that holds config\.json, or a model's name",
     r"没有模型文件夹 \1；请给出含有 config.json 的文件夹，或者模型名称。"),
    (r"The language model (.+) is not on this machine; download it once: (.+)",
     r"这台电脑上没有语言模型 \1；请先下载一次：\2"),
    (r"The embedding model (.+) is not on this machine; run: (.+)", r"这台电脑上没有嵌入模型 \1；请运行：\2"),
    (r"extractive quotes and cannot write in the style (.+); choose a model with --llm",
     r"extractive 只引用原文，不能按 \1 方式作答；请先选择语言模型。"),
    (r"(.+) quotes and leaves nothing to chance; ask with temperature 0", r"\1 只引用原文，没有随机性；请把温度设为 0。"),
    (r"(.+) has no (.+); leave the setting out, or use another model", r"\1 没有 \2 这项设置；请去掉它，或者换用别的模型。"),
    (r"(.+) cannot (.+); leave the setting out, or use a backend that can (.+)",
     r"\1 不支持 \2；请去掉这项设置，或者换用支持它的后端 \3"),
    # a knowledge base
    (r"(.+) cannot name a knowledge base; .+", r"\1 不能作为知识库的名称；请用字母、数字、空格、- 和 _。"),
    (r"there is a knowledge base (.+) already; choose another name", r"已经有知识库 \1；请换一个名称。"),
    (r"there is no knowledge base (.+); the knowledge bases are (.+)", r"没有知识库 \1；现有的知识库是 \2。"),
    (r"another kb process is writing to (.+); wait for it to finish, then run this again",
     r"另一个 kb 进程正在写入 \1；请等它结束后再试。"),
    (r"(.+): no knowledge base can be kept there \((.+)\); choose another folder with --home",
     r"\1：那里不能存放知识库（\2）；请用 --home 选择别的文件夹。"),
    (r"there is no conversation (.+); kb chat --list shows what there is", r"没有对话 \1；它可能已被删除。"),
    # files that are sent
    (r"(.+) cannot name an uploaded file; rename it to plain letters and a suffix", r"\1 不能作为上传文件的名称；请重命名。"),
    (r"(.+) lies (\d+) folders deep; the limit is (\d+)", r"\1 在 \2 层文件夹之下；上限是 \3 层。"),
    (r"(\d+) files were sent, several of them named (.+); rename them", r"上传了 \1 个文件，其中有几个都叫 \2；请重命名。"),
    (r"(.+) is a file and a folder at once in the uploads; rename it", r"上传的内容中 \1 既是文件又是文件夹；请重命名。"),
    (r"(\d+) files at once; send 1 to (\d+)", r"一次上传了 \1 个文件；请每次上传 1 到 \2 个。"),
    (r"(.+) was not uploaded; drop it again", r"\1 没有上传成功；请重新拖放。"),
    (r"(.+) is not in the knowledge base; (?:reload the page|kb list shows what is)", r"知识库里没有 \1；请重新载入页面。"),
)  # fmt: skip
