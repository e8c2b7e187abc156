import { html, set, svg, write } from './dom.js';
import { count, size, word } from './words.js';

const WIDTH = 300;
const HEIGHT = 56;

/** A bar for each minute of the last hour. */
export function createChart() {
  const bars = svg('g', { class: 'ib-chart-bars' });
  const drawing = svg(
    'svg',
    { class: 'ib-chart', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img' },
    ...[0.5, HEIGHT / 2, HEIGHT - 0.5].map((y) =>
      svg('line', { class: 'ib-chart-line', x1: 0, x2: WIDTH, y1: y, y2: y }),
    ),
    bars,
  );
  const sum = html('span', { class: 'ib-dim' });
  const highest = html('span', { class: 'ib-chart-top' });
  return {
    element: html(
      'section',
      { class: 'ib-section' },
      html('h3', { class: 'ib-title' }, word('sidebar.hour'), sum),
      html('div', { class: 'ib-chart-box' }, drawing, highest),
      html(
        'div',
        { class: 'ib-axis', 'aria-hidden': 'true' },
        html('span', {}, word('sidebar.hour-ago')),
        html('span', {}, word('sidebar.now')),
      ),
    ),
    show({ hour: { files, bytes } }) {
      const most = Math.max(...files);
      const total = files.reduce((all, number) => all + number, 0);
      const told = { files: count(total), size: size(bytes.reduce((all, number) => all + number, 0)) };
      write(sum, word('sidebar.hour-sum', told));
      write(highest, most === 0 ? '' : word('sidebar.hour-top', { count: count(most) }));
      set(drawing, { 'aria-label': word('sidebar.hour-told', { ...told, most: count(most) }) });
      draw(bars, files, Math.max(most, 1));
    },
  };
}

/** The bars are kept, and only their heights change. */
function draw(bars, files, most) {
  const step = WIDTH / files.length;
  while (bars.children.length < files.length) bars.append(svg('rect', { width: step - 1, rx: 0.8 }));
  files.forEach((number, minute) => {
    const height = number === 0 ? 0 : Math.max(2, ((HEIGHT - 2) * number) / most);
    set(bars.children[minute], { x: minute * step + 0.5, y: HEIGHT - height, height });
  });
}
