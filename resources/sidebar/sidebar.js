import { createChart } from './chart.js';
import { html } from './dom.js';
import { createFailures } from './failures.js';
import { follow } from './feed.js';
import { createFiles } from './files.js';
import { createGauges } from './gauges.js';
import { createHeadline } from './headline.js';
import { createPipeline } from './pipeline.js';
import { createUnderway } from './underway.js';
import { word } from './words.js';

const ID = 'immich-bridge';
const STYLES = ['sidebar', 'words', 'pipeline', 'chart', 'cards', 'files'];

/** Adds the sidebar to the editor. Nothing is asked before it is opened. */
export function addSidebar(RED) {
  for (const name of STYLES) {
    document.head.append(html('link', { rel: 'stylesheet', href: new URL(`${name}.css`, import.meta.url) }));
  }
  const headline = createHeadline();
  const parts = [
    headline,
    createPipeline(),
    createUnderway(),
    createFailures(),
    createChart(),
    createGauges(),
    createFiles(),
  ];
  const content = html('div', { class: 'immich-bridge-sidebar' }, ...parts.map(({ element }) => element));
  const refresh = follow({
    isVisible: () => content.checkVisibility() && !document.hidden,
    show: (view) => {
      for (const part of parts) part.show(view);
    },
    onError: headline.tellError,
  });
  RED.actions.add('immich-bridge:show-sidebar', () => RED.sidebar.show(ID));
  RED.sidebar.addTab({
    id: ID,
    label: word('sidebar.label'),
    name: word('sidebar.name'),
    iconClass: 'fa fa-picture-o',
    action: 'immich-bridge:show-sidebar',
    content,
    enableOnEdit: true,
    // The tab is shown only after this.
    onchange: () => setTimeout(refresh),
  });
}
