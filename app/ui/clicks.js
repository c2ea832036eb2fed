// Buttons say what they do in their data: data-event is sent to the server with the rest of it. These names are events:
// 'choose' 'redo' 'rate' 'why' 'open_session' 'drop_session' 'title_session' 'retry' 'forget'
let turns = 0, left_alone = true;
['wheel', 'touchmove', 'keydown'].forEach((kind) => element.addEventListener(kind, () => { left_alone = false; }));
watch('value', () => {
  const all = element.querySelectorAll('.kb-turn');
  if (all.length > turns) left_alone = true;
  if (all.length !== turns && left_alone && all.length) all[all.length - 1].scrollIntoView({ block: 'start' });
  turns = all.length;
  element.querySelector('.kb-form textarea:not([data-seen])')?.focus();
  element.querySelectorAll('.kb-form textarea').forEach((box) => { box.dataset.seen = ''; });
});

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
  if (data.back !== undefined) { document.querySelector('#kb-chat')?.scrollIntoView({ behavior: 'smooth', block: 'end' }); return; }
  if (data.event === undefined) { if (data.question !== undefined) ask(data.question); return; }
  if (data.sure !== undefined && !sure(button)) return;
  if (data.event === 'choose') {
    document.querySelectorAll('.kb-mark[aria-pressed]').forEach((other) => other.removeAttribute('aria-pressed'));
    if (button.classList.contains('kb-mark')) button.setAttribute('aria-pressed', 'true');
  }
  trigger(data.event, { ...data });
  if (['choose', 'why'].includes(data.event) && innerWidth <= 760) {
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
