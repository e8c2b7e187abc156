import { html, keep, set, write } from './dom.js';
import { count, size, word } from './words.js';

/** Progress bars of the files on their way. */
export function createUnderway() {
  const rate = html('span', { class: 'ib-dim' });
  const list = html('ul', { class: 'ib-bars' });
  const more = html('p', { class: 'ib-dim', hidden: '' });
  const element = html(
    'section',
    { class: 'ib-section' },
    html('h3', { class: 'ib-title' }, word('sidebar.underway'), rate),
    list,
    more,
  );
  return {
    element,
    show({ underway, underwayCount, bytesPerSecond }) {
      set(element, { hidden: underwayCount > 0 || bytesPerSecond > 0 ? null : '' });
      write(rate, word('sidebar.rate', { size: size(bytesPerSecond) }));
      keep(list, underway, ({ id }) => id, make, update);
      const rest = underwayCount - underway.length;
      set(more, { hidden: rest > 0 ? null : '' });
      write(more, word('sidebar.more', { count: count(rest) }));
    },
  };
}

function make({ name }) {
  return html(
    'li',
    {},
    html('span', { class: 'ib-file-name', title: name }, name),
    html('span', { class: 'ib-dim' }),
    html(
      'div',
      {
        class: 'ib-track',
        role: 'progressbar',
        'aria-valuemin': 0,
        'aria-valuemax': 100,
        'aria-label': name,
      },
      html('div', { class: 'ib-fill' }),
    ),
  );
}

function update(element, { sizeBytes, sentBytes }) {
  const [, amount, track] = element.children;
  const percent = sizeBytes === 0 ? 0 : Math.floor((100 * sentBytes) / sizeBytes);
  write(amount, word('sidebar.sent', { sent: size(sentBytes), all: size(sizeBytes) }));
  set(track, { 'aria-valuenow': percent });
  track.firstElementChild.style.width = `${percent}%`;
}
