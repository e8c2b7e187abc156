import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { draw, type EditorPage, settled, tidied, useBrowser, useEditor } from '../support/editor-page.js';
import { FAKE_GPU, fakeNvidiaSmi } from '../support/fake-nvidia-smi.js';
import { filesBelow } from '../support/files-below.js';
import { fixturePath, type PHOTOS } from '../support/fixtures.js';
import { PATIENCE, type PipelineWorld, pipelineWorld, startShippedFlow } from '../support/pipeline-world.js';
import { drawBridge } from './bridge-pictures.js';
import { untranslated } from './texts.js';

const browser = useBrowser();
const openEditor = useEditor(browser);

/** What the editor of Node-RED offers to a page. */
interface Editor {
  readonly RED: {
    readonly actions: { invoke(name: string): void };
    readonly settings: { readonly version: string };
  };
}

const CONDITION = {
  releaseVersion: 'v2.8.0',
  disk: { totalBytes: 4e12, usedBytes: 2.6e12, freeBytes: 1.4e12 },
};

let here: PipelineWorld;
let url: string;
let editor: EditorPage;
let page: Page;
let sidebar: Locator;

/** One Node-RED with the shipped flow on a slow Immich for all tests here, and one page; each goes on from the last. */
beforeAll(async () => {
  const gpu = fakeNvidiaSmi({ gpus: [{ ...FAKE_GPU, name: 'Quadro P1000' }] });
  here = await pipelineWorld(
    { permissions: ['all'], condition: CONDITION, readBytesPerSecond: 2_500_000 },
    { MQTT_INSTANCE: 'nas1', PATH: gpu.env.PATH ?? '' },
  );
  ({ url } = await startShippedFlow(here));
  editor = await openEditor(url, { scale: 2, height: 820 });
  ({ page } = editor);
  sidebar = sidebarOf(page);
});
beforeEach(() => tidied(editor));

const sidebarOf = (on: Page): Locator => on.locator('.immich-bridge-sidebar');

/** Opens the sidebar as wide and as high as people may have it. */
async function openSidebar(on: Page): Promise<Locator> {
  await on.setViewportSize({ width: 1_600, height: 1_180 });
  await on.evaluate(() => (globalThis as unknown as Editor).RED.actions.invoke('immich-bridge:show-sidebar'));
  await sidebarOf(on).waitFor({ state: 'visible' });
  await pull(on, '#red-ui-sidebar-separator', -100, 0);
  // Some editors show two sidebars, one above the other.
  await pull(on, '#red-ui-sidebar .red-ui-sidebar-section-separator', 0, 700);
  return sidebarOf(on);
}

/** Pulls an edge of the sidebar with the mouse, where the editor has it. */
async function pull(on: Page, edge: string, dx: number, dy: number): Promise<void> {
  if ((await on.locator(edge).count()) === 0) return;
  const box = await on.locator(edge).first().boundingBox();
  if (box === null) return;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await on.mouse.move(x, y);
  await on.mouse.down();
  await on.mouse.move(x + dx, y + dy, { steps: 5 });
  await on.mouse.up();
}

/** A photo under a name of its own, for files of one name belong together; and none that Immich has seen before. */
const drop = (...photos: readonly [fixture: (typeof PHOTOS)[number], name: string][]) => {
  for (const [fixture, name] of photos)
    writeFileSync(
      join(here.inbox, `${name}${extname(fixture)}`),
      Buffer.concat([readFileSync(fixturePath(fixture)), Buffer.from(name)]),
    );
};

/** A picture of so many bytes, with a name as cameras give them. */
const dropLarge = (number: number, bytes: number) =>
  writeFileSync(join(here.inbox, `IMG_${number}.jpg`), Buffer.alloc(bytes, number % 251));

const rowOf = (name: string): Locator => sidebar.locator('.ib-file', { hasText: name });
const failureOf = (name: string): Locator => sidebar.locator('.ib-failure', { hasText: name });
const refuse = (times?: number) =>
  here.server.fail({
    kind: 'answer',
    status: 400,
    method: 'POST',
    path: '/api/assets',
    ...(times === undefined ? {} : { times }),
  });

/** What axe finds that keeps somebody out. */
async function seriousFindings(): Promise<string[]> {
  if (!(await page.evaluate('"axe" in globalThis')))
    await page.addScriptTag({ path: createRequire(import.meta.url).resolve('axe-core/axe.min.js') });
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(selector: string): Promise<{
          violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
        }>;
      };
    };
    const { violations } = await axe.run('.immich-bridge-sidebar');
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
      );
  });
}

/** Draws the sidebar with the last four files, where they fit: no section is cut. */
async function drawSidebar(on: Page, file: string, isOfAnother = false): Promise<void> {
  const style = await on.addStyleTag({ content: '.ib-file:nth-child(n + 5) { display: none }' });
  const place = () =>
    sidebarOf(on).evaluate((element) => {
      const { x, y, width, bottom } = element.getBoundingClientRect();
      const ends = Array.from(element.querySelectorAll('.ib-section'))
        .map((section) => section.getBoundingClientRect().bottom)
        .filter((end) => end < bottom);
      return { x, y, width, height: Math.max(...ends) + 14 - y };
    });
  // What comes while it is drawn moves all that is below.
  await vi.waitFor(async () => {
    const clip = await place();
    await draw(on, file, { clip, isOfAnother });
    expect(await place()).toEqual(clip);
  });
  await style.evaluate((element) => (element as Element).remove());
}

it('shows three photos that went through the shipped flow', async () => {
  // Files of one name would belong together.
  drop(['photo.jpg', 'beach'], ['photo.heic', 'dinner'], ['photo.png', 'ticket']);
  await page.waitForFunction(() => document.body.textContent?.includes('archived 3'));
  await page.waitForFunction(() => document.body.textContent?.includes('3 uploaded'));
  // Our own part of the palette, not that of Node-RED.
  await page.locator('#red-ui-palette-header-immich').evaluate((header) => header.scrollIntoView());
  await page.evaluate(() =>
    (globalThis as unknown as Editor).RED.actions.invoke('immich-bridge:show-sidebar'),
  );
  await sidebar.getByText('Ready').waitFor();
  await draw(page, 'flow.png', { scale: 'css' });
  expect(filesBelow(here.archive).sort()).toEqual(['beach.jpg', 'dinner.heic', 'ticket.png']);
  expect(editor.errors).toEqual([]);
}, 60_000);

it('tells the broker all that the pictures of topics and entities show', async () => {
  const told = () => new Map(here.broker.messages.map(({ topic, payload }) => [topic, payload]));
  const jsonOn = (topic: string) => JSON.parse(told().get(`immich-bridge/nas1/${topic}`) ?? '{}');
  await vi.waitFor(() => {
    expect(jsonOn('event/upload')).toMatchObject({ event_type: 'batch_finished' });
    expect(jsonOn('uploader/state')).toMatchObject({ totals: { files: 3 } });
    expect(jsonOn('server/state')).toMatchObject({ reachable: true });
    expect(told().get('homeassistant/device/immich_bridge_nas1/config')).toContain('gpu_0_temperature');
  }, PATIENCE);
  await here.broker.publish('immich-bridge/nas1/cmd/concurrency', '{"v":1,"id":"7","value":8}');
  await vi.waitFor(
    () => expect(here.broker.messages.some(({ topic }) => topic.endsWith('/response'))).toBe(true),
    PATIENCE,
  );
  await drawBridge(browser(), told());
}, 60_000);

it('shows photos on their way, and each where it arrived', async () => {
  await openSidebar(page);
  await sidebar.getByText('Ready').waitFor();
  refuse(1);
  drop(['photo.jpg', 'IMG_2031']);
  await failureOf('IMG_2031').waitFor();
  drop(['photo.png', 'IMG_2032'], ['photo.webp', 'IMG_2033'], ['photo.avif', 'IMG_2034']);
  for (const number of [2032, 2033, 2034]) await rowOf(`IMG_${number}`).getByText('archived').waitFor();
  for (const number of [2041, 2042, 2043]) dropLarge(number, (number - 2038) * 4_000_000);
  const bar = sidebar.getByRole('progressbar', { name: 'IMG_2041.jpg' });
  await vi.waitFor(async () => {
    expect(Number(await bar.getAttribute('aria-valuenow'))).toBeGreaterThan(30);
  });
  expect(await sidebar.getByRole('status').textContent()).toBe('Uploading');
  expect(await sidebar.getByRole('img', { name: /^6 files arrived/ }).count()).toBe(1);
  expect(await sidebar.getByRole('meter', { name: 'Disk' }).getAttribute('aria-valuenow')).toBe('65');
  expect(await sidebar.getByRole('meter', { name: 'Load' }).count()).toBe(1);
  await drawSidebar(page, 'sidebar.png');
  expect(await seriousFindings()).toEqual([]);

  await sidebar.getByText('Some files need you').waitFor();
  const stages = await sidebar.locator('.ib-number').allTextContents();
  expect(stages.map(Number)).toEqual([10, 10, 9, 9]);
  const asset = here.server.assets.find(({ fileName }) => fileName === 'IMG_2042.jpg');
  const link = rowOf('IMG_2042').getByRole('link', { name: 'Open in Immich: IMG_2042.jpg' });
  expect(await link.getAttribute('href')).toBe(`${here.server.url}/photos/${asset?.id}`);
  const [opened] = await Promise.all([page.waitForEvent('popup'), link.click()]);
  expect(opened.url()).toBe(`${here.server.url}/photos/${asset?.id}`);
  await opened.close();
  expect(editor.errors).toEqual([]);
}, 90_000);

it('shows failures with their reasons, tries one again by the keyboard, and lets another be for good', async () => {
  const heal = refuse();
  drop(['photo.png', 'IMG_2051']);
  await failureOf('IMG_2051').waitFor();
  expect(await sidebar.getByText('Needs you: 2').count()).toBe(1);
  expect(await failureOf('IMG_2051').locator('.ib-reason').textContent()).toMatch(/\.$/);
  expect(await seriousFindings()).toEqual([]);
  heal();
  const retry = sidebar.getByRole('button', { name: 'Retry IMG_2051.png' });
  await retry.focus();
  await page.keyboard.press('Enter');
  await rowOf('IMG_2051').getByText('archived').waitFor();
  await vi.waitFor(async () => expect(await sidebar.locator('.ib-failure').count()).toBe(1));
  // The focus went on to what is left.
  expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(
    'Retry IMG_2031.jpg',
  );
  await sidebar.getByRole('button', { name: 'Dismiss IMG_2031.jpg' }).click();
  await failureOf('IMG_2031').waitFor({ state: 'detached' });
  await sidebar.getByText('Ready').waitFor();

  // A look at all folders by the button of the node, and another file after it, bring nothing back.
  await page.locator('[id="ib-watch"] .red-ui-flow-node-button-button').click();
  await page.locator('.red-ui-notification-success', { hasText: 'looked at anew' }).waitFor();
  drop(['photo.webp', 'IMG_2052']);
  await rowOf('IMG_2052').getByText('archived').waitFor();
  expect(await sidebar.locator('.ib-failure').count()).toBe(0);
  expect(filesBelow(here.inbox)).toEqual(['IMG_2031.jpg']);
  expect(here.server.assets.some(({ fileName }) => fileName === 'IMG_2031.jpg')).toBe(false);
  expect(editor.errors).toEqual([]);
}, 90_000);

it('pauses and resumes', async () => {
  await sidebar.getByRole('button', { name: 'Pause' }).click();
  await sidebar.getByText('Paused', { exact: true }).waitFor();
  const before = here.server.assets.length;
  drop(['photo.heic', 'IMG_2061']);
  await sidebar.locator('.ib-stage', { hasText: 'In Immich' }).getByText('1 here').waitFor();
  expect(here.server.assets.length).toBe(before);
  await sidebar.getByRole('button', { name: 'Resume' }).click();
  await rowOf('IMG_2061').getByText('archived').waitFor();
  expect(editor.errors).toEqual([]);
}, 60_000);

it('speaks German where the browser does', async () => {
  const other = await openEditor(url, { locale: 'de', scale: 2 });
  const shown = await openSidebar(other.page);
  refuse(1);
  drop(['photo.avif', 'IMG_2081']);
  await shown.locator('.ib-failure', { hasText: 'IMG_2081' }).waitFor();
  await drawSidebar(other.page, 'sidebar-german.png');
  expect(await untranslated(shown, 'de')).toEqual([]);
  expect(other.errors).toEqual([]);
}, 60_000);

it('fits into every width', async () => {
  refuse(1);
  drop(['photo.jpg', 'a-name-that-is-longer-than-any-column-of-this-sidebar-could-ever-be']);
  await failureOf('a-name-that-is-longer').waitFor();
  for (const width of [170, 240, 320, 600]) {
    await sidebar.evaluate((element, pixels) => {
      element.style.width = `${pixels}px`;
    }, width);
    await settled(page);
    const tooWide = await sidebar.evaluate((element) =>
      [element, ...Array.from(element.querySelectorAll('section, header, ul, ol, li:not(.ib-stage)'))]
        .filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0)
        .map((one) => `${one.tagName}.${one.className} ${one.scrollWidth} > ${one.clientWidth}`),
    );
    expect(tooWide, `${width} pixels`).toEqual([]);
  }
  await sidebar.evaluate((element) => element.removeAttribute('style'));
}, 60_000);

it('follows the dark theme, where the editor has one', async (test) => {
  const paper = () => sidebar.evaluate((element) => getComputedStyle(element).backgroundColor);
  const light = await paper();
  // What the editor does by itself where its theme follows the system.
  await page.evaluate(() => document.documentElement.classList.add('nr-theme-dark'));
  const dark = await paper();
  const version = await page.evaluate(() => (globalThis as unknown as Editor).RED.settings.version);
  if (Number(version.split('.', 1)) < 5) return test.skip('Node-RED 4 has no dark theme');
  expect(dark).not.toBe(light);
  expect(Number(/\d+/.exec(dark)?.[0])).toBeLessThan(80);
  const dismiss = sidebar.getByRole('button', { name: /^Dismiss/ });
  for (let left = await dismiss.count(); left > 0; left -= 1) {
    await dismiss.first().click();
    await vi.waitFor(async () => expect(await dismiss.count()).toBeLessThan(left));
  }
  await page.setViewportSize({ width: 1_600, height: 1_600 });
  await page.mouse.move(700, 500);
  refuse(1);
  drop(['photo.jpg', 'IMG_2070']);
  await failureOf('IMG_2070').waitFor();
  for (const number of [2071, 2072, 2073]) dropLarge(number, (number - 2068) * 7_000_000);
  await sidebar.getByRole('progressbar').nth(2).waitFor();
  await drawSidebar(page, 'sidebar-dark.png', true);
  expect(await seriousFindings()).toEqual([]);
  await page.evaluate(() => document.documentElement.classList.remove('nr-theme-dark'));
  await sidebar.getByRole('button', { name: 'Dismiss IMG_2070.jpg' }).click();
  await rowOf('IMG_2073').getByText('archived').waitFor();
}, 60_000);

it('draws 200 files that all change in a moment', async () => {
  await page.addScriptTag({
    type: 'module',
    content: `
    import { createFiles } from './resources/@immich-bridge/node-red-immich/sidebar/files.js';
    globalThis.list = createFiles();
  `,
  });
  await page.waitForFunction(() => 'list' in globalThis);
  const meanMs = await page.evaluate(() => {
    const { list } = globalThis as unknown as { list: { element: Element; show(view: object): void } };
    document.querySelector('.immich-bridge-sidebar')?.replaceChildren(list.element);
    const files = (round: number) =>
      Array.from({ length: 200 }, (_, index) => ({
        id: round * 50 + index,
        seq: round * 200 + index,
        name: `IMG_${index}.jpg`,
        folder: '',
        sizeBytes: 3e6,
        stage: 'archived',
        at: new Date().toISOString(),
        isDuplicate: false,
        link: 'http://photos.lan/photos/1',
      })).reverse();
    const start = performance.now();
    for (let round = 0; round < 20; round += 1) {
      list.show({ files: files(round) });
      list.element.getBoundingClientRect();
    }
    return (performance.now() - start) / 20;
  });
  console.log(`200 changed rows are drawn in ${meanMs.toFixed(1)} ms`);
  // An idle machine takes a tenth of that.
  expect(meanMs).toBeLessThan(500);
  expect(await sidebar.locator('.ib-file').count()).toBe(200);
}, 60_000);
