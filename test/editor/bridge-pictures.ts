import type { Browser } from 'playwright-core';
import { draw } from '../support/editor-page.js';

/** What a broker last heard on each topic. */
export type Told = ReadonlyMap<string, string>;

interface Component {
  readonly platform: string;
  readonly name?: string;
  readonly default_entity_id?: string;
  readonly state_topic?: string;
  readonly value_template?: string;
  readonly unit_of_measurement?: string;
  readonly entity_category?: string;
  readonly enabled_by_default?: boolean;
  readonly device_class?: string;
}

/** Draws what a bridge tells over MQTT as mosquitto_sub prints it, and its device as Home Assistant groups it. */
export async function drawBridge(browser: Browser, told: Told): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1_240, height: 400 }, deviceScaleFactor: 1.5 });
  await page.setContent(`<!doctype html><style>${STYLE}</style>${topicsPage(told)}`);
  await draw(page, 'mqtt-topics.png', { fullPage: true });
  await page.setContent(`<!doctype html><style>${STYLE}</style>${entitiesPage(told)}`);
  await draw(page, 'home-assistant-entities.png', { fullPage: true });
  await page.close();
}

const STYLE = `
  body { font: 14px/1.5 system-ui, 'DejaVu Sans', sans-serif; margin: 24px; background: #f4f5f7; color: #1c2430 }
  pre { font: 12.5px/1.6 'DejaVu Sans Mono', monospace; background: #14181f; color: #cfd8e3; padding: 18px 22px;
    border-radius: 10px; white-space: pre-wrap; word-break: break-all; margin: 0 }
  pre b { color: #7ee0a8; font-weight: normal }
  pre i { color: #6f7d90; font-style: normal }
  .cards { columns: 3; column-gap: 16px }
  section { background: #fff; border-radius: 12px; padding: 12px 16px; margin: 0 0 16px; break-inside: avoid;
    box-shadow: 0 1px 3px #0002 }
  h2 { font-size: 15px; margin: 2px 0 8px }
  div.row { display: flex; justify-content: space-between; gap: 12px; padding: 3px 0; border-top: 1px solid #eef0f3 }
  div.row span:last-child { color: #5a6676; text-align: right }
`;

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** As mosquitto_sub prints it, without the long document. */
function topicsPage(told: Told): string {
  const own = [...told]
    .filter(([topic]) => topic.startsWith('immich-bridge/'))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = own.map(([topic, payload]) => `<b>${escaped(topic)}</b> ${escaped(payload)}`);
  return `<pre><i>$ mosquitto_sub -t 'immich-bridge/#' -v</i>\n${lines.join('\n')}</pre>`;
}

const GROUPS: readonly [string, (component: Component) => boolean][] = [
  ['Controls', ({ platform }) => ['switch', 'number', 'button'].includes(platform)],
  ['Events', ({ platform }) => platform === 'event'],
  ['Diagnostic', ({ entity_category }) => entity_category === 'diagnostic'],
  ['Sensors', () => true],
];

/** The entities of the device in groups, each with its present value. */
function entitiesPage(told: Told): string {
  const document = JSON.parse(told.get('homeassistant/device/immich_bridge_nas1/config') ?? '{}');
  const components = (Object.values(document.components) as Component[]).filter(
    ({ name, enabled_by_default }) => name !== undefined && enabled_by_default !== false,
  );
  const cards = ['Sensors', 'Controls', 'Events', 'Diagnostic'].map((title) => {
    const rows = components
      .filter((component) => groupOf(component) === title)
      .map(
        (component) =>
          `<div class=row><span>${escaped(component.name ?? '')}</span><span>${shownBy(component, told)}</span></div>`,
      );
    return `<section><h2>${title}</h2>${rows.join('')}</section>`;
  });
  return `<h2 style="font-size:20px">${escaped(document.device.name)}</h2><div class=cards>${cards.join('')}</div>`;
}

const groupOf = (component: Component): string => GROUPS.find(([, isOne]) => isOne(component))?.[0] ?? '';

/** What Home Assistant would show of a component, as far as its template takes one value. */
function shownBy(component: Component, told: Told): string {
  const { platform, device_class, state_topic = '', value_template = '' } = component;
  if (platform === 'button') return 'Press';
  const payload: unknown = JSON.parse(told.get(state_topic) ?? '{}');
  if (platform === 'event') return textAt(payload, 'event_type') ?? 'unknown';
  if (platform === 'update')
    return `${textAt(payload, 'installed_version')} → ${textAt(payload, 'latest_version')}`;
  const [, dotted = '', key] = /value_json\.([\w.]+)(?:\['(\w+)'\])?/.exec(value_template) ?? [];
  const value = textAt(payload, key === undefined ? dotted : `${dotted}.${key}`);
  if (value === undefined) return 'unknown';
  if (device_class === 'problem') return ['false', '0', 'watching'].includes(value) ? 'OK' : 'Problem';
  if (device_class === 'connectivity') return value === 'true' ? 'Connected' : 'Disconnected';
  if (platform === 'switch') return value === 'true' ? 'On' : 'Off';
  if (device_class === 'timestamp') return `${value.slice(0, 10)} ${value.slice(11, 16)}`;
  const { unit_of_measurement: unit = '' } = component;
  return escaped(`${unit === 'GiB' ? (Number(value) / 2 ** 30).toFixed(1) : value} ${unit}`);
}

/** The value at a path such as `queue.depth`, as text; undefined where it is null or missing. */
function textAt(payload: unknown, path: string): string | undefined {
  const value = path
    .split('.')
    .reduce<unknown>((part, key) => (part as Record<string, unknown> | null)?.[key], payload);
  return value === null || value === undefined ? undefined : String(value);
}
