// Buttons say what they do in their data: data-event is sent to the server with the rest of it. These names are events:
// 'choose' 'read' 'redo' 'rate' 'why' 'open_session' 'drop_session' 'title_session' 'retry' 'forget' 'sort' 'example'
// 'drop_folder' 'look'
const phone = () => innerWidth <= 760;
let turns = 0, left_alone = true;
['wheel', 'touchmove', 'keydown'].forEach((kind) => element.addEventListener(kind, () => { left_alone = false; }));

// The end of the newest answer stays in view while it is written; of one that is longer than the view, its question does.
const follow = () => {
  const all = element.querySelectorAll('.kb-turn'), last = all[all.length - 1];
  if (all.length !== turns) left_alone = true;
  turns = all.length;
  if (!last || !left_alone) return;
  const composer = phone() ? document.querySelector('#kb-ask-row').offsetHeight : 0;
  const room = (phone() ? innerHeight : element.clientHeight) - composer;
  last.style.scrollMarginBottom = `${composer + 8}px`;
  last.scrollIntoView({ block: last.offsetHeight <= room ? 'end' : 'start' });
};

// The address names the conversation that is shown, so that it can be come back to.
const address = () => {
  const shown = element.querySelector('[data-session]');
  if (!shown || !shown.dataset.base) return;
  const url = new URL(location.href);
  url.searchParams.set('base', shown.dataset.base);
  url.searchParams.set('c', shown.dataset.session);
  history.replaceState(null, '', url);
};

// A passage is longer than its card: what is quoted of it is in view.
const show_quotes = () => element.querySelectorAll('.kb-card[data-open=true] blockquote').forEach((passage) => {
  const quote = passage.querySelector('mark');
  if (!quote) return;
  const below = quote.getBoundingClientRect().top - passage.getBoundingClientRect().top;
  passage.scrollTop += below - passage.clientHeight / 3;
});

// What changes by itself is looked at again and again, while it is in view; also when the last look showed nothing new.
let looking = 0;
const look_again = () => {
  clearTimeout(looking);
  const place = element.isConnected && element.querySelector('[data-again]');
  if (place) looking = setTimeout(() => { if (place.offsetParent) trigger('look', {}); look_again(); }, Number(place.dataset.again));
};

watch('value', () => {
  follow();
  show_quotes();
  address();
  look_again();
  element.querySelector('.kb-form textarea:not([data-seen])')?.focus();
  element.querySelectorAll('.kb-form textarea').forEach((box) => { box.dataset.seen = ''; });
});

// A part of another tab: the tab is opened, and what is looked for in it gets the focus.
const go = (name) => {
  const number = name === 'kb-files' ? 1 : 2;
  document.querySelectorAll('button[role=tab]')[number]?.click();
  const find = (left) => {
    const place = document.querySelector(name === 'kb-files' ? '[data-opens=kb-files]' : `#${name}`);
    if (!place) { if (left) setTimeout(find, 50, left - 1); return; }
    place.scrollIntoView({ block: 'center' });
    (place.querySelector('input') ?? place).focus();
  };
  setTimeout(find, 50, 40);
};

const ask = (text) => {
  const box = document.querySelector('#kb-question textarea');
  box.value = text;
  box.dispatchEvent(new Event('input', { bubbles: true }));
  setTimeout(() => document.querySelector('#kb-send')?.click(), 150);
};

const copy = async (button) => {
  const { copy: text, done } = button.dataset, was = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {  // no secure context, as on a server reached over plain HTTP
    const box = Object.assign(document.createElement('textarea'), { value: text });
    document.body.append(box);
    box.select();
    document.execCommand('copy');
    box.remove();
    button.focus();
  }
  button.textContent = done;
  setTimeout(() => { button.textContent = was; }, 1500);
};

const edit = (button) => {
  const { edit: text, then, field, save, cancel, label, ...data } = button.dataset;
  const place = button.closest('[data-editable]');
  const form = Object.assign(document.createElement('form'), { className: 'kb-form kb-edit' });
  Object.assign(form.dataset, data, { event: then });
  const box = Object.assign(document.createElement('textarea'), { name: field, value: text, rows: 2, maxLength: 8000 });
  box.setAttribute('aria-label', label);
  const yes = Object.assign(document.createElement('button'), { type: 'submit', textContent: save });
  const no = Object.assign(document.createElement('button'), { type: 'button', textContent: cancel });
  const leave = () => { form.remove(); place.classList.remove('kb-editing'); button.focus(); };
  no.addEventListener('click', (event) => { event.stopPropagation(); leave(); });
  box.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') leave();
    if (event.key === 'Enter' && !event.shiftKey) { event.preventDefault(); form.requestSubmit(); }
  });
  form.append(box, yes, no);
  place.classList.add('kb-editing');
  place.append(form);
  box.focus();
};

const sure = (button) => {
  if (button.dataset.armed !== undefined) return true;
  const was = button.textContent;
  button.dataset.armed = '';
  button.textContent = button.dataset.sure;
  setTimeout(() => { delete button.dataset.armed; if (button.textContent === button.dataset.sure) button.textContent = was; }, 4000);
  return false;
};

element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button || button.type === 'submit') return;
  const data = button.dataset;
  if (data.copy !== undefined) { copy(button); return; }
  if (data.edit !== undefined) { edit(button); return; }
  if (data.close !== undefined) { button.closest('dialog').close(); return; }
  if (data.goes !== undefined) { go(data.goes); return; }
  if (data.back !== undefined) { document.querySelector('#kb-chat')?.scrollIntoView({ behavior: 'smooth', block: 'end' }); return; }
  if (data.event === undefined) { if (data.question !== undefined) ask(data.question); return; }
  if (data.sure !== undefined && !sure(button)) return;
  if (data.event === 'choose') {
    document.querySelectorAll('.kb-mark[aria-pressed]').forEach((other) => other.removeAttribute('aria-pressed'));
    if (button.classList.contains('kb-mark')) button.setAttribute('aria-pressed', 'true');
  }
  if (data.event === 'read' && !button.closest('dialog')) window.kb_opener = button;
  trigger(data.event, { ...data });
  if (['choose', 'why'].includes(data.event) && phone()) {
    document.querySelector('#kb-side')?.scrollIntoView({ behavior: 'smooth' });
  }
});

element.addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.target;
  trigger(form.dataset.event, { ...form.dataset, ...Object.fromEntries(new FormData(form)) });
  form.closest('.kb-editing')?.classList.remove('kb-editing');
  if (form.classList.contains('kb-edit')) form.remove();
});

element.addEventListener('input', (event) => {
  if (event.target.dataset.filters === undefined) return;
  const wanted = event.target.value.toLocaleLowerCase();
  element.querySelectorAll('li').forEach((row) => { row.hidden = !row.textContent.toLocaleLowerCase().includes(wanted); });
});
