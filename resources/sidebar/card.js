import { html, keep, set, write } from './dom.js';
import { count, word } from './words.js';

/** A card with a mark, a title, facts, meters and what is wrong. */
export function makeCard() {
  return html(
    'li',
    { class: 'ib-card' },
    html(
      'div',
      { class: 'ib-row' },
      html('span', { class: 'ib-mark', 'aria-hidden': 'true' }),
      html('strong', { class: 'ib-grow' }),
      html('span', { class: 'ib-dim' }),
    ),
    html('div', { class: 'ib-meters' }),
    html('p', { class: 'ib-problem', hidden: '' }),
  );
}

/** Shows all of it; a meter is a key, a label, a value (null is not shown) and a unit. */
export function showCard(card, { mood, title, facts, meters, alerts, problem }) {
  const [head, box, trouble] = card.children;
  const [mark, name, told] = head.children;
  set(mark, { 'data-mood': mood });
  write(name, title);
  write(told, facts.filter((fact) => fact !== null).join(' · '));
  keep(
    box,
    meters.filter(([, , value]) => value !== null),
    ([key]) => key,
    makeMeter,
    showMeter,
  );
  const sentences = [
    ...alerts.map((alert) => word(`sidebar.alert.${alert}`)),
    ...(problem === null ? [] : [problem]),
  ];
  write(trouble, sentences.join(' '));
  set(trouble, { hidden: sentences.length > 0 ? null : '', 'data-mood': mood });
}

function makeMeter([, label]) {
  const track = html(
    'div',
    { class: 'ib-track', role: 'meter', 'aria-label': label, 'aria-valuemin': 0, 'aria-valuemax': 100 },
    html('div', { class: 'ib-fill' }),
  );
  return html(
    'div',
    { class: 'ib-meter' },
    html('span', {}, label),
    html('span', { class: 'ib-value' }),
    track,
  );
}

function showMeter(element, [, , value, unit]) {
  const [, text, track] = element.children;
  const told = `${count(Math.round(value))} ${unit}`;
  write(text, told);
  set(track, { 'aria-valuenow': Math.round(value), 'aria-valuetext': told, 'data-high': value >= 90 });
  track.firstElementChild.style.width = `${Math.min(100, value)}%`;
}
