import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { IMAGES, useBrowser } from '../support/editor-page.js';
import { FAKE_GPU, fakeNvidiaSmi } from '../support/fake-nvidia-smi.js';
import { fixturePath, PHOTOS } from '../support/fixtures.js';
import { PATIENCE, type PipelineWorld, pipelineWorld, startShippedFlow } from '../support/pipeline-world.js';

const browser = useBrowser();

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

/** A server that has something to tell. */
const CONDITION = {
  releaseVersion: 'v2.8.0',
  disk: { totalBytes: 4e12, usedBytes: 2.6e12, freeBytes: 1.4e12 },
};

/** What the shipped flow has told the broker, last on each topic, after some photos went through. */
async function whatIsTold(): Promise<Map<string, string>> {
  const gpu = fakeNvidiaSmi({ gpus: [{ ...FAKE_GPU, name: 'Quadro P1000' }] });
  const here = await pipelineWorld(
    { permissions: ['all'], condition: CONDITION },
    { MQTT_INSTANCE: 'nas1', PATH: gpu.env.PATH ?? '' },
  );
  for (const name of PHOTOS) copyFileSync(fixturePath(name), join(here.inbox, name));
  await startShippedFlow(here);
  const told = () => new Map(here.broker.messages.map(({ topic, payload }) => [topic, payload]));
  const jsonOn = (topic: string) => JSON.parse(told().get(`immich-bridge/nas1/${topic}`) ?? '{}');
  await vi.waitFor(() => {
    expect(jsonOn('event/upload')).toMatchObject({ event_type: 'batch_finished' });
    expect(jsonOn('uploader/state')).toMatchObject({ totals: { files: PHOTOS.length } });
    expect(jsonOn('server/state')).toMatchObject({ reachable: true });
    const document = told().get('homeassistant/device/immich_bridge_nas1/config') ?? '';
    expect(document).toContain('gpu_0_temperature');
  }, PATIENCE);
  await command(here);
  return told();
}

async function command({ broker }: PipelineWorld): Promise<void> {
  await broker.publish('immich-bridge/nas1/cmd/concurrency', '{"v":1,"id":"7","value":8}');
  await vi.waitFor(
    () => expect(broker.messages.some(({ topic }) => topic.endsWith('/response'))).toBe(true),
    PATIENCE,
  );
}

it('draws the topics and the entities of a bridge that runs', async () => {
  const told = await whatIsTold();
  await draw('mqtt-topics.png', 1240, topicsPage(told));
  await draw('home-assistant-entities.png', 1240, entitiesPage(told));
}, 90_000);

async function draw(file: string, width: number, body: string): Promise<void> {
  const page = await browser().newPage({ viewport: { width, height: 400 }, deviceScaleFactor: 1.5 });
  await page.setContent(`<!doctype html><style>${STYLE}</style>${body}`);
  await page.screenshot({ path: join(IMAGES, file), fullPage: true });
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
function topicsPage(told: Map<string, string>): string {
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
function entitiesPage(told: Map<string, string>): string {
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
function shownBy(component: Component, told: Map<string, string>): string {
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
