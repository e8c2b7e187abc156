import { html, icon, keep, set, write } from './dom.js';
import { ask } from './feed.js';
import { openLink } from './open-link.js';
import { count, time, word } from './words.js';

/** Files that wait for a person, each with its reason and what can be done. */
export function createFailures() {
  const title = html('span', { tabindex: -1 });
  const all = html(
    'button',
    { type: 'button', class: 'red-ui-button red-ui-button-small', onclick: () => act('retry') },
    icon('repeat'),
    ' ',
    word('sidebar.retry-all'),
  );
  const refusal = html('p', { class: 'ib-problem', role: 'alert', hidden: '' });
  const list = html('ul', { class: 'ib-failures' });
  const element = html(
    'section',
    { class: 'ib-section', hidden: '' },
    html('h3', { class: 'ib-title' }, title, all),
    refusal,
    list,
  );

  async function act(path, button) {
    const row = button?.closest('li');
    // Whoever works with the keyboard goes on with the next one.
    const next = row?.nextElementSibling ?? row?.previousElementSibling;
    const hasFocus = row?.contains(document.activeElement);
    for (const one of row?.querySelectorAll('button') ?? []) one.disabled = true;
    try {
      await ask(path, {});
      write(refusal, '');
      if (hasFocus) (next?.querySelector('button') ?? title).focus();
    } catch (error) {
      write(refusal, error.message);
      for (const one of row?.querySelectorAll('button') ?? []) one.disabled = false;
      if (hasFocus) button.focus();
    }
    set(refusal, { hidden: refusal.textContent === '' ? '' : null });
  }

  const make = (failure) => {
    const { id, name, folder, reason } = failure;
    const button = (deed, picture) =>
      html(
        'button',
        {
          type: 'button',
          class: 'red-ui-button red-ui-button-small',
          'aria-label': word(`sidebar.deed-of.${deed}`, { name }),
          onclick: ({ currentTarget }) => act(`failures/${id}/${deed}`, currentTarget),
        },
        icon(picture),
        ' ',
        word(`sidebar.deed.${deed}`),
      );
    return html(
      'li',
      { class: 'ib-failure' },
      html('div', { class: 'ib-file-name', title: folder === '' ? name : `${folder}/${name}` }, name),
      html('p', { class: 'ib-reason' }, reason),
      html(
        'div',
        { class: 'ib-row ib-wrap' },
        button('retry', 'repeat'),
        button('dismiss', 'times'),
        openLink(failure),
        html('span', { class: 'ib-dim' }, time(failure.at)),
      ),
    );
  };

  return {
    element,
    show({ failures }) {
      set(element, { hidden: failures.length > 0 ? null : '' });
      set(all, { hidden: failures.length > 1 ? null : '' });
      write(title, word('sidebar.failures', { count: count(failures.length) }));
      keep(
        list,
        failures,
        ({ id }) => id,
        make,
        () => undefined,
      );
    },
  };
}
