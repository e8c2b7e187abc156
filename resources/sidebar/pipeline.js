import { html, icon, set, write } from './dom.js';
import { count, word } from './words.js';

const STAGES = [
  ['found', 'folder-open-o'],
  ['stable', 'check'],
  ['uploaded', 'cloud-upload'],
  ['archived', 'archive'],
];

/** The four stages: how many files passed each since the start, and how many are at it now. */
export function createPipeline() {
  const stages = STAGES.map(([name, picture]) => {
    const passed = html('span', { class: 'ib-number' });
    const waiting = html('span', { class: 'ib-waiting' });
    const element = html(
      'li',
      { class: 'ib-stage' },
      html('span', { class: 'ib-stage-name' }, icon(picture), ' ', word(`sidebar.stage.${name}`)),
      passed,
      waiting,
    );
    return { name, element, passed, waiting };
  });
  return {
    element: html(
      'ol',
      { class: 'ib-pipeline', 'aria-label': word('sidebar.pipeline') },
      ...stages.map(({ element }) => element),
    ),
    show(view) {
      for (const { name, element, passed, waiting } of stages) {
        const stage = view.stages[name];
        write(passed, count(stage.passed));
        write(
          waiting,
          stage.waiting === 0 ? '\u00a0' : word('sidebar.waiting', { count: count(stage.waiting) }),
        );
        set(element, { 'data-busy': stage.waiting > 0 });
      }
    },
  };
}
