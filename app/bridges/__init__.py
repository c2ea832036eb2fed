"""kb inside other frameworks: LangChain and LlamaIndex."""
