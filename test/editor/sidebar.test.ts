import { copyFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname, join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { expect, it, vi } from 'vitest';
import { type EditorView, IMAGES, settled, useEditor } from '../support/editor-page.js';
import { FAKE_GPU, fakeNvidiaSmi } from '../support/fake-nvidia-smi.js';
import { fixturePath, PHOTOS } from '../support/fixtures.js';
import type { StandInOptions } from '../support/immich-stand-in.js';
import { nodeRedDir } from '../support/node-red-process.js';
import { type PipelineWorld, pipelineWorld, startShippedFlow } from '../support/pipeline-world.js';

const { version } = createRequire(import.meta.url)(join(nodeRedDir, 'package.json')) as { version: string };
const isNodeRed5 = Number.parseInt(version, 10) >= 5;
const openEditor = useEditor();

/** What the editor of Node-RED offers to a page. */
interface Editor {
  readonly RED: { readonly actions: { invoke(name: string): void } };
}

interface OpenSidebar {
  readonly here: PipelineWorld;
  readonly page: Page;
  readonly sidebar: Locator;
  readonly errors: readonly string[];
}

const CONDITION = { disk: { totalBytes: 4e12, usedBytes: 2.6e12, freeBytes: 1.4e12 } };

/** The shipped flow on a slow Immich, and the sidebar open beside it. */
async function openSidebar(view: EditorView = {}, options: StandInOptions = {}): Promise<OpenSidebar> {
  const gpu = fakeNvidiaSmi({ gpus: [{ ...FAKE_GPU, name: 'Quadro P1000' }] });
  const here = await pipelineWorld(
    { permissions: ['all'], condition: CONDITION, ...options },
    { PATH: gpu.env.PATH ?? '' },
  );
  const { url } = await startShippedFlow(here);
  const { page, errors } = await openEditor(url, { scale: 2, height: 1_180, ...view });
  await page.evaluate(() =>
    (globalThis as unknown as Editor).RED.actions.invoke('immich-bridge:show-sidebar'),
  );
  await pull(page, '#red-ui-sidebar-separator', -100, 0);
  // Node-RED 5 shows two sidebars, one above the other.
  if (isNodeRed5) await pull(page, '#red-ui-sidebar .red-ui-sidebar-section-separator', 0, 700);
  const sidebar = page.locator('.immich-bridge-sidebar');
  await sidebar.waitFor({ state: 'visible' });
  await sidebar.getByText('Ready').waitFor();
  return { here, page, sidebar, errors };
}

/** Pulls an edge of the sidebar with the mouse. */
async function pull(page: Page, edge: string, dx: number, dy: number): Promise<void> {
  const box = await page.locator(edge).boundingBox();
  if (box === null) return;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + dx, y + dy, { steps: 5 });
  await page.mouse.up();
}

/** Names that have nothing in common: files of one name belong together. */
const shownAs = (name: string) => `${extname(name).slice(1)} of today${extname(name)}`;

const drop = ({ inbox }: PipelineWorld, names: readonly (typeof PHOTOS)[number][]) => {
  for (const name of names) copyFileSync(fixturePath(name), join(inbox, shownAs(name)));
};

/** A picture of so many bytes, with a name as cameras give them. */
const dropLarge = ({ inbox }: PipelineWorld, number: number, bytes = 4_000_000) =>
  writeFileSync(join(inbox, `IMG_${number}.jpg`), Buffer.alloc(bytes, number % 251));

/** What axe finds that keeps somebody out. */
async function seriousFindings(page: Page): Promise<string[]> {
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

async function draw({ page }: OpenSidebar, file: string): Promise<void> {
  const box = await page.locator('.immich-bridge-sidebar').boundingBox();
  if (box !== null) await page.screenshot({ path: join(IMAGES, file), clip: box, animations: 'disabled' });
}

it('shows photos on their way, and each where it arrived', async () => {
  const open = await openSidebar({}, { readBytesPerSecond: 4_000_000 });
  const { here, sidebar, page, errors } = open;
  const [refused = 'photo.jpg', ...others] = PHOTOS;
  here.server.fail({ kind: 'answer', status: 400, method: 'POST', path: '/api/assets', times: 1 });
  drop(here, [refused]);
  await sidebar.locator('.ib-failure', { hasText: shownAs(refused) }).waitFor();
  drop(here, others);
  await sidebar
    .locator('.ib-file', { hasText: 'archived' })
    .nth(others.length - 1)
    .waitFor();
  for (const number of [2041, 2042, 2043]) dropLarge(here, number, (number - 2038) * 6_000_000);
  const bar = sidebar.getByRole('progressbar', { name: 'IMG_2043.jpg' });
  await vi.waitFor(async () => {
    expect(Number(await bar.getAttribute('aria-valuenow'))).toBeGreaterThan(30);
  });
  expect(await sidebar.getByRole('status').textContent()).toBe('Uploading');
  await sidebar.getByRole('img', { name: new RegExp(`^${others.length} files arrived`) }).waitFor();
  expect(await sidebar.getByRole('meter', { name: 'Disk' }).getAttribute('aria-valuenow')).toBe('65');
  expect(await sidebar.getByRole('meter', { name: 'Load' }).count()).toBe(1);
  if (!isNodeRed5) await draw(open, 'sidebar.png');
  expect(await seriousFindings(page)).toEqual([]);

  await sidebar.getByText('Some files need you').waitFor();
  const stages = await sidebar.locator('.ib-number').allTextContents();
  expect(stages.map(Number)).toEqual([8, 8, 7, 7]);
  const link = sidebar.locator('.ib-file', { hasText: 'IMG_2042' }).getByRole('link');
  const asset = here.server.assets.find(({ fileName }) => fileName === 'IMG_2042.jpg');
  expect(await link.getAttribute('href')).toBe(`${here.server.url}/photos/${asset?.id}`);
  expect(errors).toEqual([]);
}, 120_000);

it('shows a failure with its reason, and tries it again or lets it be by the keyboard', async () => {
  const { here, sidebar, page, errors } = await openSidebar();
  const heal = here.server.fail({ kind: 'answer', status: 400, method: 'POST', path: '/api/assets' });
  drop(here, ['photo.jpg', 'photo.png']);
  const failures = sidebar.locator('.ib-failure');
  await failures.nth(1).waitFor();
  expect(await sidebar.getByText('Needs you: 2').count()).toBe(1);
  expect(await failures.first().locator('.ib-reason').textContent()).toMatch(/\.$/);
  expect(await seriousFindings(page)).toEqual([]);
  heal();
  const retry = sidebar.getByRole('button', { name: 'Retry jpg of today.jpg' });
  await retry.focus();
  await page.keyboard.press('Enter');
  await sidebar.locator('.ib-file', { hasText: 'jpg of today' }).getByText('archived').waitFor();
  expect(await failures.count()).toBe(1);
  // The focus went on to what is left.
  expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe(
    'Retry png of today.png',
  );
  expect(errors).toEqual([]);
}, 120_000);

it('pauses and resumes', async () => {
  const { here, sidebar, errors } = await openSidebar();
  await sidebar.getByRole('button', { name: 'Pause' }).click();
  await sidebar.getByText('Paused', { exact: true }).waitFor();
  drop(here, ['photo.jpg']);
  await sidebar.locator('.ib-stage', { hasText: 'In Immich' }).getByText('1 here').waitFor();
  expect(here.server.assets).toEqual([]);
  await sidebar.getByRole('button', { name: 'Resume' }).click();
  await sidebar.locator('.ib-file', { hasText: 'jpg of today' }).getByText('archived').waitFor();
  expect(errors).toEqual([]);
}, 120_000);

it('fits into every width', async () => {
  const { here, sidebar, page } = await openSidebar();
  drop(here, PHOTOS);
  await sidebar
    .locator('.ib-file', { hasText: 'archived' })
    .nth(PHOTOS.length - 1)
    .waitFor();
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
}, 120_000);

it.runIf(isNodeRed5)(
  'follows the dark theme (Node-RED 5)',
  async () => {
    const open = await openSidebar({ colorScheme: 'dark' }, { readBytesPerSecond: 4_000_000 });
    const { here, sidebar, page } = open;
    // What the editor does by itself where its theme follows the system.
    await page.evaluate(() => document.documentElement.classList.add('nr-theme-dark'));
    here.server.fail({ kind: 'answer', status: 400, method: 'POST', path: '/api/assets', times: 1 });
    drop(here, ['photo.jpg']);
    await sidebar.locator('.ib-failure').first().waitFor();
    for (const number of [2041, 2042, 2043]) dropLarge(here, number, (number - 2038) * 6_000_000);
    await sidebar.getByRole('progressbar').nth(2).waitFor();
    const paper = await sidebar.evaluate((element) => getComputedStyle(element).backgroundColor);
    expect(Number(/\d+/.exec(paper)?.[0])).toBeLessThan(80);
    await draw(open, 'sidebar-dark.png');
    expect(await seriousFindings(page)).toEqual([]);
  },
  120_000,
);

it('draws 200 files that all change in a moment', async () => {
  const { page, sidebar } = await openSidebar();
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
    document.querySelector('.immich-bridge-sidebar')?.append(list.element);
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
}, 120_000);
