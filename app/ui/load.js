() => {
  // A screen reader is told the page's language; on a phone, the side bar, which else covers everything, is folded: when the
  // page opens, and when a conversation was chosen or begun in it.
  document.documentElement.lang = navigator.language.startsWith('zh') ? 'zh' : 'en';
  const fold = (left) => {
    const toggle = innerWidth <= 768 && document.querySelector('.sidebar.open .toggle-button');
    if (toggle) toggle.click(); else if (left) setTimeout(fold, 100, left - 1);
  };
  fold(50);
  document.addEventListener('click', (event) => { if (event.target.closest('.kb-session, #kb-new-chat')) fold(0); });
}
