import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fixturePath } from '../support/fixtures.js';
import { projectRoot } from '../support/node-red-process.js';
import { pipelineWorld, startShippedFlow } from '../support/pipeline-world.js';

const IMAGES = join(projectRoot, 'docs/images');
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const DIALOGS = ['ib-watch', 'ib-stable', 'ib-upload', 'ib-archive', 'ib-mqtt', 'ib-health', 'ib-gpu'];
/** Dialogs of which the pages in docs/ show a picture. */
const PICTURES: Record<string, string> = { 'ib-health': 'immich-health.png', 'ib-gpu': 'gpu-stats.png' };
const TYPES = [
  'folder-watch',
  'stable-file',
  'immich-upload',
  'archive-move',
  'mqtt-bridge',
  'immich-health',
  'gpu-stats',
];

let browser: Browser;
beforeAll(async () => {
  mkdirSync(IMAGES, { recursive: true });
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  });
});
afterAll(() => browser.close());

/** Opens the editor on the shipped flow; `errors` collects what the page complains about. */
async function openEditor(): Promise<{ page: Page; errors: string[] }> {
  const here = await pipelineWorld();
  const { url } = await startShippedFlow(here);
  for (const name of ['photo.jpg', 'photo.heic', 'whole.mp4'] as const) {
    copyFileSync(fixturePath(name), join(here.inbox, name));
  }
  const page = await browser.newPage({ viewport: { width: 1600, height: 820 } });
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await page.goto(url);
  await page.waitForSelector('.red-ui-flow-node-group, .red-ui-flow-node', { timeout: 30_000 });
  await page.waitForFunction(
    () => document.querySelector('#red-ui-loading-progress')?.checkVisibility() !== true,
  );
  return { page, errors };
}

it('shows every node in the palette, and three photos that went through the shipped flow', async () => {
  const { page, errors } = await openEditor();
  for (const type of TYPES) {
    expect(await page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`).count()).toBe(1);
  }
  await page.waitForFunction(() => document.body.textContent?.includes('archived 3'));
  await page.screenshot({ path: join(IMAGES, 'flow.png') });
  expect(errors).toEqual([]);
}, 60_000);

it.each(DIALOGS)(
  'opens the dialog of %s without a missing word',
  async (id) => {
    const { page, errors } = await openEditor();
    await page.locator(`#${id} .red-ui-flow-node`).first().dblclick();
    await page.waitForSelector('.red-ui-tray .form-row', { state: 'visible' });
    await page.waitForFunction(() =>
      document.getAnimations().every(({ playState }) => playState !== 'running'),
    );
    const words = (await page.locator('.red-ui-tray-body').allInnerTexts()).join('\n');
    expect(words).not.toMatch(/[a-z]+-[a-z]+\.(label|tip|placeholder|error)\./);
    expect(await page.locator('.red-ui-tray-body .input-error').count()).toBe(0);
    const picture = PICTURES[id];
    if (picture !== undefined) {
      await page
        .locator('.red-ui-tray')
        .first()
        .screenshot({ path: join(IMAGES, picture) });
    }
    expect(errors).toEqual([]);
  },
  60_000,
);
