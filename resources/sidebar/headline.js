import { html, icon, set, write } from './dom.js';
import { ask } from './feed.js';
import { count, word } from './words.js';

/** What goes on, as one sentence, and the switch that pauses it. */
export function createHeadline() {
  const mark = html('span', { class: 'ib-mark', 'aria-hidden': 'true' });
  const state = html('span', { class: 'ib-state', role: 'status' });
  const today = html('span', { class: 'ib-dim' });
  const toggleWord = html('span', {});
  const toggleIcon = icon('pause');
  const toggle = html(
    'button',
    { type: 'button', class: 'red-ui-button red-ui-button-small', onclick: flip },
    toggleIcon,
    ' ',
    toggleWord,
  );
  const problem = html('p', { class: 'ib-problem', role: 'alert', hidden: '' });
  let isPaused = false;
  let refusal = null;

  async function flip() {
    try {
      await ask('pause', { isPaused: !isPaused });
      tellError(null);
    } catch (error) {
      tellError(error);
    }
  }

  /** Why the last thing did not work; null when it did. */
  function tellError(error) {
    refusal = error === null ? null : error.message;
    tell([]);
  }

  function tell(problems) {
    const sentences = [...new Set(refusal === null ? problems : [refusal, ...problems])];
    write(problem, sentences.join(' '));
    set(problem, { hidden: sentences.length > 0 ? null : '' });
  }

  return {
    element: html(
      'header',
      { class: 'ib-headline' },
      html('div', { class: 'ib-row' }, mark, html('div', { class: 'ib-grow' }, state, today), toggle),
      problem,
    ),
    show({ uploaders, today: counts, stages }) {
      isPaused = uploaders.length > 0 && uploaders.every((uploader) => uploader.isPaused);
      const mood = moodOf(uploaders, stages);
      set(mark, { 'data-mood': mood });
      write(state, word(`sidebar.state.${mood}`));
      write(today, word('sidebar.today', { uploaded: count(counts.uploaded), failed: count(counts.failed) }));
      write(toggleWord, word(isPaused ? 'sidebar.resume' : 'sidebar.pause'));
      set(toggleIcon, { class: `fa fa-${isPaused ? 'play' : 'pause'}` });
      set(toggle, { disabled: uploaders.length > 0 ? null : '' });
      tell(uploaders.flatMap((uploader) => uploader.problem ?? []));
    },
    tellError,
  };
}

/** What outweighs what. */
function moodOf(uploaders, stages) {
  const is = (state) => uploaders.some((uploader) => uploader.state === state);
  if (uploaders.length === 0) return 'none';
  if (is('error')) return 'error';
  if (is('backoff')) return 'backoff';
  if (is('uploading')) return 'uploading';
  if (is('paused')) return 'paused';
  if (uploaders.some(({ failed }) => failed > 0)) return 'failed';
  return stages.stable.waiting + stages.found.waiting > 0 ? 'waiting' : 'idle';
}
