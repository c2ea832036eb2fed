"""How the browser shows it: the style sheet, and the few lines of script that pass clicks on.

Comes in: nothing. Goes out: CSS and JavaScript. Never: an address outside this page.
"""

from __future__ import annotations

FONTS = (
    "system-ui",
    "Segoe UI",
    "Roboto",
    "Noto Sans",
    "PingFang SC",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "sans-serif",
)
MONO = ("ui-monospace", "Menlo", "Consolas", "monospace")

CSS = """
:root { --kb-accent: #0f766e; --kb-soft: #0f766e14; --kb-mark: #fde68a; --kb-line: #0000001f; --kb-dim: #57606a;
  --kb-warn: #9a3412; --kb-warn-soft: #fb923c26; --kb-bad: #b91c1c; --kb-card: #ffffff; }
.dark { --kb-accent: #5eead4; --kb-soft: #5eead41c; --kb-mark: #a16207; --kb-line: #ffffff26; --kb-dim: #a3adb8;
  --kb-warn: #fdba74; --kb-warn-soft: #fb923c26; --kb-bad: #fca5a5; --kb-card: #ffffff0a; }
@media (min-width: 769px) { .sidebar-parent:has(.sidebar.open:not(.right)) { padding-left: 316px !important; } }
.gradio-container footer:not(.kb-answer footer) { display: none; }
.kb-sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
#kb-brand h1 { font-size: 1.5rem; font-weight: 700; margin: 0; letter-spacing: -.02em; }
#kb-brand p { color: var(--kb-dim); font-size: .85rem; margin: .1rem 0 0; }
#kb-chat { height: calc(100vh - 165px); overflow-y: auto !important; flex: none; }
.kb-welcome { text-align: center; padding: 9vh 1rem 4vh; }
.kb-welcome h2 { font-size: 1.7rem; font-weight: 650; margin: 0 0 .4rem; letter-spacing: -.02em; }
.kb-welcome p { color: var(--kb-dim); margin: 0 auto; max-width: 34rem; }
.kb-welcome .kb-try { margin: 2rem auto .5rem; font-size: .85rem; }
.kb-examples { display: flex; flex-wrap: wrap; gap: .5rem; justify-content: center; }
.kb-example, .kb-source, .kb-delete, .kb-answer footer button { font-weight: 400; background: none; }
.kb-source b { font-weight: 650; }
.kb-example { border: 1px solid var(--kb-line); border-radius: 999px; padding: .45rem .9rem; background: var(--kb-card);
  font-size: .92rem; text-align: left; cursor: pointer; color: inherit; }
.kb-example:hover { border-color: var(--kb-accent); background: var(--kb-soft); }
.kb-turn { margin: 0 0 1.6rem; }
.kb-question { background: var(--kb-soft); border-radius: 14px 14px 4px 14px; padding: .6rem .95rem; margin: 0 0 .8rem auto;
  width: fit-content; max-width: 85%; white-space: pre-wrap; overflow-wrap: anywhere; }
.kb-text { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.7; font-size: 1.02rem; }
.kb-mark { display: inline-block; min-width: 1.35em; padding: 0 .35em; margin: 0 .12em 0 .25em; border-radius: 6px;
  background: var(--kb-soft); color: var(--kb-accent); font-size: .78em; font-weight: 650; line-height: 1.5; cursor: pointer;
  border: 1px solid transparent; vertical-align: .12em; }
.kb-mark:hover, .kb-mark[aria-pressed=true] { border-color: var(--kb-accent); }
.kb-unsupported { text-decoration: underline wavy var(--kb-warn) 1px; text-underline-offset: 4px; }
#kb-chat code { font-family: var(--font-mono); font-size: .9em; background: var(--kb-soft); border: 0; border-radius: 5px;
  padding: .08em .35em; color: inherit; }
.kb-partly { text-decoration: underline dotted var(--kb-warn) 2px; text-underline-offset: 4px; }
.kb-flag { font-size: .72em; color: var(--kb-warn); background: var(--kb-warn-soft); border-radius: 6px; padding: .1em .5em;
  white-space: nowrap; vertical-align: .12em; }
.kb-abstained { border: 1px dashed var(--kb-dim); border-radius: 12px; padding: .9rem 1.1rem; }
.kb-badge { display: inline-block; font-size: .8rem; font-weight: 650; color: var(--kb-dim); border: 1px solid var(--kb-line);
  border-radius: 999px; padding: .1rem .7rem; margin-bottom: .5rem; }
.kb-notes { margin: .7rem 0 0; padding: 0 0 0 1rem; font-size: .85rem; color: var(--kb-dim); list-style: disc; }
.kb-answer footer { margin-top: .6rem; display: flex; flex-wrap: wrap; gap: .3rem; align-items: center; font-size: .8rem;
  color: var(--kb-dim); }
.kb-answer footer button { padding: .2rem .6rem; border-radius: 6px; color: var(--kb-dim); cursor: pointer; }
.kb-answer footer button:hover { background: var(--kb-soft); color: var(--kb-accent); }
.kb-answer footer span { margin-left: auto; }
.kb-wait { color: var(--kb-dim); animation: kb-pulse 1.4s ease-in-out infinite; }
@keyframes kb-pulse { 50% { opacity: .45; } }
@media (prefers-reduced-motion: reduce) { .kb-wait { animation: none; } }
.kb-error { color: var(--kb-bad); border: 1px solid currentColor; border-radius: 10px; padding: .6rem .9rem; }
.kb-panel { font-size: .92rem; }
.kb-panel h3 { margin: 0 0 .6rem; font-size: 1rem; font-weight: 650; }
.kb-none { color: var(--kb-dim); }
.kb-card { border: 1px solid var(--kb-line); border-radius: 12px; margin-bottom: .6rem; overflow: hidden;
  background: var(--kb-card); }
.kb-card[data-open=true] { border-color: var(--kb-accent); }
.kb-source { display: block; width: 100%; text-align: left; padding: .6rem .8rem; cursor: pointer; color: inherit; }
.kb-source:hover { background: var(--kb-soft); }
.kb-source b { overflow-wrap: anywhere; }
.kb-source small, .kb-documents small, .kb-why small { display: block; color: var(--kb-dim); font-size: .82em; }
.kb-source span { display: block; margin-top: .25rem; color: var(--kb-dim); font-size: .88em; }
.kb-number { font-style: normal; font-weight: 650; font-size: .8em; background: var(--kb-soft); color: var(--kb-accent);
  border-radius: 6px; padding: .05em .45em; margin-right: .5em; }
.kb-card blockquote { margin: 0; padding: .7rem .9rem; border: 0; border-top: 1px solid var(--kb-line); white-space: pre-wrap;
  overflow-wrap: anywhere; line-height: 1.6; max-height: 22rem; overflow: auto; }
.kb-card mark { background: var(--kb-mark); color: inherit; border-radius: 3px; padding: .05em 0; }
.kb-card > p { padding: 0 .9rem .6rem; margin: 0; }
.kb-card figure { margin: 0; position: relative; border-top: 1px solid var(--kb-line); background: #fff; }
.kb-card img { display: block; width: 100%; }
.kb-box { position: absolute; background: #facc1566; mix-blend-mode: multiply; border-radius: 2px; outline: 1px solid #ca8a04; }
.kb-why { margin-top: .4rem; }
.kb-why summary { cursor: pointer; color: var(--kb-dim); font-size: .88rem; }
.kb-why table, .kb-documents { width: 100%; border-collapse: collapse; font-size: .85rem; }
.kb-why th, .kb-why td, .kb-documents th, .kb-documents td { text-align: left; padding: .45rem .5rem; vertical-align: top;
  border: 0; border-bottom: 1px solid var(--kb-line); overflow-wrap: anywhere; }
.kb-documents { font-size: .92rem; }
.kb-documents th { font-weight: 600; color: var(--kb-dim); font-size: .82rem; }
.kb-documents td:last-child { text-align: right; white-space: nowrap; }
.kb-documents td:first-child { width: 42%; }
.kb-counts { color: var(--kb-dim); font-size: .88rem; }
.kb-state { border-radius: 999px; padding: .05rem .6rem; font-size: .8rem; white-space: nowrap; }
.kb-ok { background: var(--kb-soft); color: var(--kb-accent); }
.kb-bad { background: var(--kb-warn-soft); color: var(--kb-warn); }
.kb-delete { padding: .15rem .6rem; border-radius: 6px; border: 1px solid var(--kb-line); cursor: pointer;
  color: var(--kb-dim); }
.kb-delete:hover, .kb-delete[data-armed] { color: var(--kb-bad); border-color: var(--kb-bad); }
.kb-bar { height: 6px; border-radius: 3px; background: var(--kb-line); margin-top: .4rem; overflow: hidden; }
.kb-bar i { display: block; height: 100%; background: var(--kb-accent); transition: width .2s; }
.kb-report ul { padding-left: 1.1rem; font-size: .88rem; color: var(--kb-dim); list-style: disc; }
.kb-report .kb-failed { color: var(--kb-warn); }
.kb-facts { font-size: .82rem; color: var(--kb-dim); overflow-wrap: anywhere; }
.kb-facts b { display: block; font-weight: 600; color: var(--body-text-color); }
:is(.kb-mark, .kb-source, .kb-example, .kb-delete, .kb-answer footer button):focus-visible {
  outline: 2px solid var(--kb-accent); outline-offset: 1px; }
#kb-ask-row { padding: .4rem 0 0; }
#kb-side { height: calc(100vh - 95px); overflow-y: auto !important; flex-wrap: nowrap; }
@media (max-width: 760px) {
  #kb-side { height: auto; overflow: visible !important; }
  #kb-chat { height: auto; min-height: 40vh; overflow: visible !important; }
  #kb-ask-row { position: sticky; bottom: 0; padding: .5rem 0; background: var(--body-background-fill); z-index: 5; }
  .kb-question { max-width: 94%; }
  .kb-documents td:nth-child(3), .kb-documents th:nth-child(3) { display: none; }
  .kb-welcome { padding-top: 5vh; }
}
"""

CLICKS = """
let turns = 0, left_alone = true;
['wheel', 'touchmove', 'keydown'].forEach((kind) => element.addEventListener(kind, () => { left_alone = false; }));
watch('value', () => {
  const all = element.querySelectorAll('.kb-turn');
  if (all.length > turns) left_alone = true;
  if (all.length && left_alone) all[all.length - 1].scrollIntoView({ block: 'start' });
  turns = all.length;
});
const typed = (text) => {
  const box = document.querySelector('#kb-question textarea');
  box.value = text;
  box.dispatchEvent(new Event('input', { bubbles: true }));
  box.focus();
};
element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  const data = button.dataset;
  if (data.copy !== undefined) {
    const was = button.textContent;
    navigator.clipboard?.writeText(data.copy).then(() => {
      button.textContent = data.done;
      setTimeout(() => { button.textContent = was; }, 1500);
    });
  } else if (data.question !== undefined) {
    typed(data.question);
    setTimeout(() => document.querySelector('#kb-send')?.click(), 150);
  } else if (data.edit !== undefined) {
    typed(data.edit);
  } else if (data.mark !== undefined) {
    document.querySelectorAll('.kb-mark[aria-pressed]').forEach((other) => other.removeAttribute('aria-pressed'));
    if (button.classList.contains('kb-mark')) button.setAttribute('aria-pressed', 'true');
    trigger('click', { turn: Number(data.turn), sentence: data.sentence ?? '', mark: Number(data.mark) });
    if (innerWidth <= 760) document.querySelector('#kb-side')?.scrollIntoView({ behavior: 'smooth' });
  } else if (data.source !== undefined) {
    if (data.armed !== undefined) { button.disabled = true; trigger('click', { source: data.source }); return; }
    const was = button.textContent;
    data.armed = '';
    button.textContent = data.sure;
    setTimeout(() => { delete data.armed; button.textContent = was; }, 4000);
  }
});
"""

DOWNLOAD = """
(text) => {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/markdown' }));
  link.download = 'kb.md';
  link.click();
}
"""

ON_LOAD = """
() => {
  document.documentElement.lang = navigator.language.startsWith('zh') ? 'zh' : 'en';
  const fold = (left) => {
    const toggle = document.querySelector('.sidebar.open .toggle-button');
    if (toggle) toggle.click(); else if (left) setTimeout(fold, 100, left - 1);
  };
  if (innerWidth <= 768) fold(50);
}
"""
"""Tells a screen reader the page's language; on a phone, folds the side bar, which else covers everything."""
