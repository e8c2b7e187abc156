import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { dragFromPalette, type, wire } from '../support/editor-hands.js';
import { openDialog, settled, useEditor } from '../support/editor-page.js';
import { filesBelow } from '../support/files-below.js';
import { fixturePath } from '../support/fixtures.js';
import { startNodeRedProcess } from '../support/node-red-process.js';
import { pipelineWorld } from '../support/pipeline-world.js';

const openEditor = useEditor();

async function done(page: Page): Promise<void> {
  await page.locator('#node-dialog-ok').click();
  await page.waitForSelector('.red-ui-tray', { state: 'detached' });
}

it('is set up by mouse and keyboard alone, and takes a photo into Immich and the archive', async () => {
  const { server, inbox, archive, userDir } = await pipelineWorld();
  mkdirSync(userDir, { recursive: true });
  writeFileSync(
    join(userDir, 'flows.json'),
    JSON.stringify([{ id: 'my-photos', type: 'tab', label: 'My photos' }]),
  );
  // Nothing is set by a variable: all is typed.
  const { url } = await startNodeRedProcess({ userDir });
  const { page, errors } = await openEditor(url);

  const watch = await dragFromPalette(page, 'folder-watch', 200, 120);
  const stable = await dragFromPalette(page, 'stable-file', 440, 120);
  const upload = await dragFromPalette(page, 'immich-upload', 200, 320);
  const move = await dragFromPalette(page, 'archive-move', 440, 320);
  await wire(page, watch, stable);
  await wire(page, stable, upload);
  await wire(page, upload, move);
  expect(await page.locator('.red-ui-flow-link-line').count()).toBe(3);

  await openDialog(page, watch);
  await page.locator('.ib-list .red-ui-editableList-addButton').first().click();
  await page.locator('.ib-list-text').first().fill(inbox);
  await page.locator('.ib-list-text').first().press('Tab');
  await page.waitForSelector('.ib-list .ib-finding[data-verdict="ok"]');
  await done(page);

  await openDialog(page, stable);
  await type(page, 'quietSeconds', 'num', '0.5');
  await done(page);

  await openDialog(page, upload);
  await page.locator('#node-input-btn-server-add').click();
  await page.waitForSelector('.ib-dialog [data-test="server"]', { state: 'visible' });
  await settled(page);
  await type(page, 'url', 'str', server.url, 'node-config-input');
  await page.locator('#node-config-input-apiKey').fill(server.apiKey);
  await page.locator('[data-test="server"]').click();
  await page.waitForSelector('.ib-finding[data-verdict="ok"]');
  await page.locator('#node-config-dialog-ok').click();
  await page.waitForFunction(() => document.querySelectorAll('.red-ui-tray').length === 1);
  await settled(page);
  await done(page);

  await openDialog(page, move);
  await type(page, 'archiveFolder', 'str', archive);
  await done(page);

  await page.locator('#red-ui-header-button-deploy').click();
  await page.locator('.red-ui-notification-success', { hasText: 'Successfully deployed' }).waitFor();
  await page.locator('.red-ui-tab-link-button-menu').click();
  await page.locator('.red-ui-menu-dropdown:visible').getByText('Immich Bridge').click();
  const sidebar = page.locator('.immich-bridge-sidebar');
  await sidebar.waitFor({ state: 'visible' });
  copyFileSync(fixturePath('photo.jpg'), join(inbox, 'my photo.jpg'));
  await sidebar.locator('.ib-file', { hasText: 'my photo.jpg' }).getByText('archived').waitFor();

  expect(server.assets.map(({ fileName }) => fileName)).toEqual(['my photo.jpg']);
  expect(filesBelow(archive).some((path) => path.endsWith('my photo.jpg'))).toBe(true);
  expect(filesBelow(inbox)).toEqual([]);
  expect(errors).toEqual([]);
}, 120_000);
