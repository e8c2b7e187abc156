import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  IMAGES,
  openDialog,
  openEditor,
  openServerDialog,
  settled,
  startBrowser,
} from '../support/editor-page.js';
import { fixturePath } from '../support/fixtures.js';
import { pipelineWorld, startShippedFlow } from '../support/pipeline-world.js';

const DIALOGS = ['ib-watch', 'ib-stable', 'ib-upload', 'ib-archive', 'ib-mqtt', 'ib-health', 'ib-gpu'];

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser.close());

it('draws every dialog', async () => {
  const here = await pipelineWorld({ permissions: ['asset.upload', 'server.storage', 'user.read'] });
  copyFileSync(fixturePath('photo.jpg'), join(here.inbox, 'photo.jpg'));
  const { url } = await startShippedFlow(here);
  const { page, errors } = await openEditor(browser, url, { height: 1300 });
  for (const id of DIALOGS) {
    await openDialog(page, id);
    await page.waitForLoadState('networkidle');
    await page
      .locator('.red-ui-tray')
      .first()
      .screenshot({ path: join(IMAGES, `dialog-${id}.png`) });
    for (const button of await page.locator('.ib-heading[aria-expanded="false"]').all()) await button.click();
    await settled(page);
    await page
      .locator('.red-ui-tray')
      .first()
      .screenshot({ path: join(IMAGES, `dialog-${id}-open.png`) });
    if (id === 'ib-upload') {
      await openServerDialog(page);
      await page.locator('[data-test="server"]').click();
      await page.waitForSelector('.ib-finding');
      await page
        .locator('.red-ui-tray')
        .last()
        .screenshot({ path: join(IMAGES, 'dialog-server.png') });
      await page.locator('#node-config-dialog-cancel').click();
      await settled(page);
    }
    await page.locator('#node-dialog-cancel').click();
    await settled(page);
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
  }
  await page.screenshot({ path: join(IMAGES, 'editor-all.png') });
  expect(errors).toEqual([]);
}, 240_000);
