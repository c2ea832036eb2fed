// The dialog that a document is read in: it opens at the quote, is enlarged and turned by button, click and key.
const STEPS = [1, 1.5, 2, 3];
const dialog_of = () => element.querySelector('dialog');
let zoom = 0, pressed = '', inside = false;

const to_quote = (dialog) => {
  const quote = dialog.querySelector('mark, .kb-box');
  if (quote) quote.scrollIntoView({ block: 'center', inline: zoom ? 'center' : 'nearest' });
};

// Enlarges a page around a place of it, given as shares of its width and height.
const enlarge = (dialog, step, x, y) => {
  const figure = dialog.querySelector('.kb-document figure'), view = dialog.querySelector('.kb-document');
  if (!figure) return;
  zoom = Math.min(Math.max(step, 0), STEPS.length - 1);
  figure.style.width = `${100 * STEPS[zoom]}%`;
  figure.dataset.zoom = zoom;
  dialog.querySelector('[data-zoom=out]').disabled = zoom === 0;
  dialog.querySelector('[data-zoom=in]').disabled = zoom === STEPS.length - 1;
  view.scrollLeft = figure.offsetLeft + x * figure.offsetWidth - view.clientWidth / 2;
  view.scrollTop = figure.offsetTop + y * figure.offsetHeight - view.clientHeight / 2;
};

// Where a page is enlarged that no place of it was clicked on: at the quote if that is in view, else in the middle of the view.
const middle = (dialog) => {
  const figure = dialog.querySelector('.kb-document figure'), view = dialog.querySelector('.kb-document');
  const page = figure.getBoundingClientRect(), shown = view.getBoundingClientRect();
  const quote = figure.querySelector('.kb-box')?.getBoundingClientRect();
  const seen = quote && quote.bottom > shown.top && quote.top < shown.bottom;
  const [x, y] = seen
    ? [quote.left + quote.width / 2, quote.top + quote.height / 2]
    : [shown.left + shown.width / 2, shown.top + shown.height / 2];
  return [(x - page.left) / page.width, (y - page.top) / page.height];
};

const open_reader = () => {
  const dialog = dialog_of();
  if (!dialog || dialog.open) return;
  if (!inside) zoom = 0;
  inside = true;
  dialog.showModal();
  if (pressed) {
    const again = dialog.querySelector(`[data-step=${pressed}]:not(:disabled)`) ?? dialog.querySelector('.kb-document');
    again.focus();
    pressed = '';
  }
  const image = dialog.querySelector('figure img');
  if (image) {
    image.decode().then(() => { enlarge(dialog, zoom, .5, 0); to_quote(dialog); }, () => {});
  } else {
    to_quote(dialog);
  }
  dialog.addEventListener('close', () => { inside = false; window.kb_opener?.focus(); });
};

watch('value', open_reader);

element.addEventListener('click', (event) => {
  const dialog = dialog_of(), button = event.target.closest('button');
  if (button?.dataset.step) pressed = button.dataset.step;
  if (button?.dataset.zoom) enlarge(dialog, zoom + (button.dataset.zoom === 'in' ? 1 : -1), ...middle(dialog));
  const figure = event.target.closest('.kb-document figure');
  if (!figure || !dialog.querySelector('[data-zoom]') || String(getSelection())) return;
  const page = figure.getBoundingClientRect();
  enlarge(dialog, zoom ? 0 : 2, (event.clientX - page.left) / page.width, (event.clientY - page.top) / page.height);
});

element.addEventListener('keydown', (event) => {
  const dialog = dialog_of(), view = dialog?.querySelector('.kb-document');
  if (!view || event.ctrlKey || event.metaKey || event.altKey) return;
  const steps = { '+': zoom + 1, '=': zoom + 1, '-': zoom - 1, 0: 0 };
  if (event.key in steps && dialog.querySelector('[data-zoom]')) enlarge(dialog, steps[event.key], ...middle(dialog));
  const fits = view.scrollWidth <= view.clientWidth + 1;
  const turns = fits ? { ArrowLeft: 'before', ArrowRight: 'next' }[event.key] : undefined;
  if (turns) dialog.querySelector(`[data-step=${turns}]:not(:disabled)`)?.click();
});
