import { html, icon } from './dom.js';
import { word } from './words.js';

/** A link to where Immich shows a file, `isBrief` as an icon with a name; null when there is no such place. */
export function openLink({ link, name }, isBrief = false) {
  if (link === null || !/^https?:/.test(link)) return null;
  return html(
    'a',
    {
      href: link,
      target: '_blank',
      rel: 'noopener noreferrer',
      'aria-label': word('sidebar.open-of', { name }),
      title: word('sidebar.open'),
    },
    icon('external-link'),
    isBrief ? null : ` ${word('sidebar.open')}`,
  );
}
