import { html, keep, set, write } from './dom.js';
import { openLink } from './open-link.js';
import { count, size, time, word } from './words.js';

/** The files to which something happened last, newest first. */
export function createFiles() {
  const sum = html('span', { class: 'ib-dim' });
  const list = html('ul', { class: 'ib-files', tabindex: 0, 'aria-label': word('sidebar.files') });
  const none = html('p', { class: 'ib-dim' }, word('sidebar.no-files'));
  return {
    element: html(
      'section',
      { class: 'ib-section' },
      html('h3', { class: 'ib-title' }, word('sidebar.files'), sum),
      none,
      list,
    ),
    show({ files }) {
      write(sum, files.length === 0 ? '' : word('sidebar.files-sum', { count: count(files.length) }));
      set(none, { hidden: files.length === 0 ? null : '' });
      set(list, { hidden: files.length === 0 ? '' : null });
      keep(list, files, ({ id }) => id, make, update);
    },
  };
}

function make({ name, folder }) {
  const full = folder === '' ? name : `${folder}/${name}`;
  return html(
    'li',
    { class: 'ib-file' },
    html('span', { class: 'ib-chip' }),
    html('span', { class: 'ib-file-name', title: full }, name),
    html('span', { class: 'ib-dim' }),
    html('span', { class: 'ib-open' }),
  );
}

function update(element, row) {
  if (element.dataset.seq === String(row.seq)) return;
  element.dataset.seq = row.seq;
  const [chip, , facts, open] = element.children;
  const stage = row.isDuplicate && row.stage === 'uploaded' ? 'duplicate' : row.stage;
  set(chip, { 'data-stage': row.stage });
  write(chip, word(`sidebar.file.${stage}`));
  write(facts, `${size(row.sizeBytes)} · ${time(row.at)}`);
  if (open.firstElementChild?.getAttribute('href') === row.link) return;
  const link = openLink(row, true);
  open.replaceChildren(...(link === null ? [] : [link]));
}
