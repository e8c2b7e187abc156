import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { choose, type } from '../support/editor-hands.js';
import { IMAGES, openDialog, openServerDialog, settled, useEditor } from '../support/editor-page.js';
import { pipelineWorld, startShippedFlow } from '../support/pipeline-world.js';

/** Each node of the shipped flow, and the picture that the documentation has of its dialog. */
const DIALOGS = {
  'ib-watch': 'dialog-folder-watch.png',
  'ib-stable': 'dialog-stable-file.png',
  'ib-upload': 'dialog-immich-upload.png',
  'ib-archive': 'dialog-archive-move.png',
  'ib-mqtt': 'dialog-mqtt-bridge.png',
  'ib-health': 'immich-health.png',
  'ib-gpu': 'gpu-stats.png',
} as const;

/** Server's dialog: permissions that are given, and some that are not. */
const PERMISSIONS = ['asset.upload', 'server.storage', 'user.read'];

/** Something wrong in each kind of field, and a word of the sentence that says so. */
const WRONG = [
  ['ib-watch', 'rescanMinutes', '-1', /minutes from 0\.01/],
  ['ib-watch', 'extensions', 'jpg, a/b', /list such as/],
  ['ib-watch', 'archiveFolder', 'photos', /full path/],
  ['ib-stable', 'quietSeconds', 'soon', /at least 0/],
  ['ib-stable', 'checkIntervalSeconds', '0', /at least 0\.05/],
  ['ib-upload', 'concurrency', '17', /from 1 to 16/],
  ['ib-upload', 'timeZone', 'Mars/Olympus', /name of a time zone/],
  ['ib-archive', 'template', '../{yyyy}', /no "\.\."/],
  ['ib-mqtt', 'url', 'mqtt://me:secret@broker', /./],
  ['ib-mqtt', 'baseTopic', 'a/#', /./],
  ['ib-mqtt', 'queueSize', '1.5', /./],
  ['ib-health', 'storagePercent', '101', /from 1 to 100/],
  ['ib-health', 'metricsApi', 'http://me:pw@host', /without a login/],
  ['ib-gpu', 'interval', '61', /from 1 to 60/],
] as const;

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const openEditor = useEditor();

const trayOf = (page: Page): Locator => page.locator('.red-ui-tray').last();

async function openAllHeadings(page: Page): Promise<void> {
  const closed = page.locator('.ib-dialog .ib-heading[aria-expanded="false"]:visible');
  while ((await closed.count()) > 0) await closed.first().click();
}

async function closeDialog(page: Page): Promise<void> {
  await page.locator('#node-dialog-cancel').click();
  await page.waitForSelector('.red-ui-tray', { state: 'detached' });
}

/** The serious things that axe-core finds in the dialog; Node-RED's own frame around it is not ours. */
async function weaknesses(page: Page): Promise<string[]> {
  const found: { violations: { id: string; impact: string; nodes: { html: string }[] }[] } =
    await page.evaluate(
      'axe.run({ include: [".red-ui-tray .ib-dialog"], exclude: [["#red-ui-trap-user"], ["#red-ui-trap-username"], ["#red-ui-trap-password"]] }, { resultTypes: ["violations"] })',
    );
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
}

it('shows every dialog with few fields, the rest under headings, and nothing that a screen reader cannot say', async () => {
  const here = await pipelineWorld({ permissions: PERMISSIONS }, { UPLOAD_CONCURRENCY: '6' });
  const { url } = await startShippedFlow(here);
  const { page, errors } = await openEditor(url, { height: 1250 });
  await page.addScriptTag({ path: axeFile });
  for (const [id, picture] of Object.entries(DIALOGS)) {
    await openDialog(page, id);
    await page.waitForLoadState('networkidle');
    expect(await page.locator('.ib-dialog .input-error').count(), id).toBe(0);
    await openAllHeadings(page);
    await settled(page);
    const words = (await trayOf(page).allInnerTexts()).join('\n');
    expect(words).not.toMatch(/(label|tip|placeholder|error|dialog)\.[a-z]/);
    expect(await weaknesses(page), id).toEqual([]);
    await trayOf(page).screenshot({ path: join(IMAGES, picture) });
    if (id === 'ib-upload') expect(words).toContain('UPLOAD_CONCURRENCY is: 6');
    await closeDialog(page);
  }
  expect(errors).toEqual([]);
}, 300_000);

it('says in a sentence below the field what is wrong with it, and opens its heading', async () => {
  const here = await pipelineWorld();
  const { url } = await startShippedFlow(here);
  const { page, errors } = await openEditor(url);
  for (const [id, name, text, sentence] of WRONG) {
    await openDialog(page, id);
    await openAllHeadings(page);
    const kind = await page
      .locator(`#node-input-${name}`)
      .evaluate((input) => (['number', 'limit'].includes(input.dataset.kind ?? '') ? 'num' : 'str'));
    await type(page, name, kind, text);
    const error = page.locator(`#ib-error-${name}`);
    await error.waitFor({ state: 'visible' });
    expect(await error.textContent(), `${id} ${name}`).toMatch(sentence);
    await type(page, name, 'env', 'SOME_VARIABLE');
    await error.waitFor({ state: 'hidden' });
    expect(await page.locator(`#node-input-${name}`).inputValue()).toBe('${SOME_VARIABLE}');
    await closeDialog(page);
  }
  expect(errors).toEqual([]);
}, 300_000);

it('changes nothing that was only looked at, and keeps what is typed', async () => {
  const here = await pipelineWorld();
  const { url } = await startShippedFlow(here);
  const { page } = await openEditor(url);
  const settingsOf = (id: string) =>
    page.evaluate<string>(`JSON.stringify(RED.nodes.createExportableNodeSet([RED.nodes.node('${id}')])[0])`);
  for (const id of Object.keys(DIALOGS)) {
    const before = await settingsOf(id);
    await openDialog(page, id);
    await page.locator('#node-dialog-ok').click();
    await page.waitForSelector('.red-ui-tray', { state: 'detached' });
    // A property that the flow does not have yet comes with its default, as in any node.
    expect(JSON.parse(await settingsOf(id)), id).toMatchObject(JSON.parse(before) as object);
  }
  await openDialog(page, 'ib-watch');
  await choose(page, 'folders', 'list');
  await page.locator('.ib-list .red-ui-editableList-addButton').first().click();
  await page.locator('.ib-list-text').first().fill(`${here.inbox}, /nowhere`);
  await page.locator('.ib-list-text').first().press('Tab');
  expect(await page.locator('.ib-list-text').count()).toBe(2);
  await page.waitForSelector('.ib-list .ib-finding[data-verdict="ok"]');
  await page.waitForSelector('.ib-list .ib-finding[data-verdict="problem"]');
  expect((await page.locator('.ib-list .ib-finding').allInnerTexts()).join()).toMatch(
    /can be read.*is missing/s,
  );
  await trayOf(page).screenshot({ path: join(IMAGES, 'dialog-folders.png') });
  await page.locator('#node-dialog-ok').click();
  await page.waitForSelector('.red-ui-tray', { state: 'detached' });
  const foldersNow = () => page.evaluate("RED.nodes.node('ib-watch').folders");
  expect(await foldersNow()).toBe(`${here.inbox}\n/nowhere`);
  await openDialog(page, 'ib-watch');
  await page.locator('#node-dialog-ok').click();
  await page.waitForSelector('.red-ui-tray', { state: 'detached' });
  expect(await foldersNow()).toBe(`${here.inbox}\n/nowhere`);
}, 240_000);

it('tests a server and a broker, good and bad', async () => {
  const here = await pipelineWorld({ permissions: PERMISSIONS });
  const { url } = await startShippedFlow(here);
  const { page } = await openEditor(url, { height: 1250 });
  await page.addScriptTag({ path: axeFile });
  await openDialog(page, 'ib-upload');
  await openServerDialog(page);
  await page.locator('[data-test="server"]').click();
  await page.waitForSelector('.ib-finding[data-verdict="missing"]');
  const good = (await page.locator('.ib-findings').allInnerTexts()).join('\n');
  expect(good).toMatch(/version\s+2\./);
  expect(good).toMatch(/storage/);
  expect(good).not.toContain(here.server.apiKey);
  expect(await weaknesses(page)).toEqual([]);
  await trayOf(page).screenshot({ path: join(IMAGES, 'dialog-immich-server.png') });
  await page.locator('#node-config-input-apiKey').fill('wrong');
  await page.locator('[data-test="server"]').click();
  await page.waitForSelector('.ib-finding[data-verdict="problem"]');
  await page.locator('#node-config-dialog-cancel').click();
  await page.waitForFunction(() => document.querySelectorAll('.red-ui-tray').length === 1);
  await closeDialog(page);
  await openDialog(page, 'ib-mqtt');
  await page.locator('[data-test="broker"]').click();
  await page.waitForSelector('.ib-finding[data-verdict="ok"]');
  await type(page, 'url', 'str', 'mqtt://127.0.0.1:9');
  await page.locator('[data-test="broker"]').click();
  await page.waitForSelector('.ib-finding[data-verdict="problem"]');
  expect(await page.locator('.ib-findings').innerText()).toContain('refuses the connection');
}, 240_000);

it('looks again and tries again on a click, once the nodes are deployed', async () => {
  const here = await pipelineWorld();
  const { url } = await startShippedFlow(here);
  const { page } = await openEditor(url);
  await page.locator('#ib-watch .red-ui-flow-node-button-button').click();
  await page.locator('.red-ui-notification-success', { hasText: 'looked at anew' }).waitFor();
  await openDialog(page, 'ib-upload');
  await page.locator('[data-command="retry"]').click();
  await page.locator('.red-ui-notification-success', { hasText: 'tried again' }).waitFor();
}, 120_000);

it('speaks German where the browser does', async () => {
  const here = await pipelineWorld();
  const { url } = await startShippedFlow(here);
  const { page, errors } = await openEditor(url, { locale: 'de-DE' });
  await openDialog(page, 'ib-upload');
  const words = (await trayOf(page).allInnerTexts()).join('\n');
  expect(words).toMatch(/Dateien|Server/);
  expect(words).not.toMatch(/Files at a time|is not set/);
  await trayOf(page).screenshot({ path: join(IMAGES, 'dialog-german.png') });
  expect(errors).toEqual([]);
}, 120_000);
