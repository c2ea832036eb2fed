() => {
  // A screen reader is told the page's language; on a phone, the side bar, which else covers everything, is folded.
  document.documentElement.lang = navigator.language.startsWith('zh') ? 'zh' : 'en';
  const fold = (left) => {
    const toggle = document.querySelector('.sidebar.open .toggle-button');
    if (toggle) toggle.click(); else if (left) setTimeout(fold, 100, left - 1);
  };
  if (innerWidth <= 768) fold(50);
}
