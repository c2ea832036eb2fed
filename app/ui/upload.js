// Files and folders are sent one by one, then handed over in batches with 'sent'.
const BATCH = 100, AT_ONCE = 3;
const list = () => element.querySelector('.kb-queue');
const said = (row, key) => {
  const zone = element.querySelector('.kb-zone');
  row.className = `kb-file-${key}`;
  row.querySelector('i').textContent = zone.dataset[key];
};

const row_of = (name) => {
  const row = document.createElement('li');
  row.append(Object.assign(document.createElement('span'), { textContent: name }), document.createElement('i'));
  list().append(row);
  said(row, 'waiting');
  return row;
};

const hand_over = (sent) => {
  trigger('sent', { files: sent.map(({ path, name }) => ({ path, name })) });
  sent.forEach(({ row }) => row.remove());
};

const send = async (files) => {
  const waiting = files.map(([file, name]) => ({ file, name, row: row_of(name) }));
  let sent = [];
  const worker = async () => {
    for (let one = waiting.shift(); one; one = waiting.shift()) {
      said(one.row, 'sending');
      try {
        one.path = (await upload(one.file)).path;
        said(one.row, 'sent');
        sent.push(one);
        if (sent.length >= BATCH) hand_over(sent.splice(0));
      } catch {
        said(one.row, 'failed');
        again(one);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  if (sent.length) hand_over(sent.splice(0));
};

const again = ({ file, name, row }) => {
  const button = Object.assign(document.createElement('button'), {
    type: 'button', className: 'kb-delete', textContent: element.querySelector('.kb-zone').dataset.retry,
  });
  button.addEventListener('click', () => { row.remove(); send([[file, name]]); });
  row.append(button);
};

const inside = async (entry, path) => {
  if (entry.isFile) {
    const file = await new Promise((found, failed) => entry.file(found, failed));
    return [[file, path + entry.name]];
  }
  const reader = entry.createReader(), entries = [];
  for (;;) {  // a reader gives a hundred at a time
    const more = await new Promise((found, failed) => reader.readEntries(found, failed));
    if (!more.length) break;
    entries.push(...more);
  }
  const found = await Promise.all(entries.map((one) => inside(one, `${path}${entry.name}/`)));
  return found.flat();
};

const visible = ([, name]) => !name.split('/').some((part) => part.startsWith('.'));  // .DS_Store and its like

element.addEventListener('dragover', (event) => {
  event.preventDefault();
  element.querySelector('.kb-zone')?.classList.add('kb-over');
});
['dragleave', 'drop'].forEach((kind) => element.addEventListener(kind, () => {
  element.querySelector('.kb-zone')?.classList.remove('kb-over');
}));
element.addEventListener('drop', async (event) => {
  event.preventDefault();
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const files = entries.length
    ? (await Promise.all(entries.map((entry) => inside(entry, '')))).flat()
    : [...event.dataTransfer.files].map((file) => [file, file.name]);
  await send(files.filter(visible));
});
element.addEventListener('change', async (event) => {
  const files = [...event.target.files].map((file) => [file, file.webkitRelativePath || file.name]);
  event.target.value = '';
  await send(files.filter(visible));
});
element.addEventListener('click', (event) => {
  const button = event.target.closest('button[data-opens]');
  if (button) element.querySelector(`#${button.dataset.opens}`).click();
});
