import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { choose, enter, type } from '../support/editor-hands.js';
import {
  answered,
  closeDialog,
  closeServerDialog,
  draw,
  type EditorPage,
  isInstalledEditor,
  openAllHeadings,
  openDialog,
  openServerDialog,
  settled,
  tidied,
  trayOf,
  useEditor,
} from '../support/editor-page.js';
import { projectRoot, startNodeRedProcess } from '../support/node-red-process.js';
import { type PipelineWorld, pipelineWorld } from '../support/pipeline-world.js';
import { tooNarrow, untranslated } from './texts.js';
import { WRONG_VALUES } from './wrong-values.js';

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

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

const openEditor = useEditor();
let here: PipelineWorld;
let url: string;
let editor: EditorPage;

/** One Node-RED and one page for all tests here; none of them deploys anything. */
beforeAll(async () => {
  here = await pipelineWorld({ permissions: PERMISSIONS }, { UPLOAD_CONCURRENCY: '6' });
  const flowFile = join(here.inbox, '../flows-with-mistakes.json');
  const shipped = JSON.parse(readFileSync(join(projectRoot, 'flows/immich-bridge.json'), 'utf8')) as object[];
  writeFileSync(flowFile, JSON.stringify([...shipped, ...flowOfMistakes()]));
  ({ url } = await startNodeRedProcess({ userDir: here.userDir, env: here.env, flowFile }));
  editor = await openEditor(url, { height: 1_250 });
});
beforeEach(() => tidied(editor));

/** On a flow of their own, which is switched off: nodes with choices that no list offers. */
function flowOfMistakes(): object[] {
  const nodes = Object.entries(WRONG_VALUES).map(([type, values], index) => ({
    id: `wrong-${type}`,
    type,
    ...(type === 'immich-server' ? {} : { z: 'wrong-tab', x: 200, y: 60 + 60 * index, wires: [] }),
    ...(type === 'immich-upload' ? { server: 'wrong-immich-server' } : {}),
    ...Object.fromEntries(
      Object.entries(values).map(([name, { way, text }]) => [name, way === 'stored' ? text : '']),
    ),
  }));
  return [{ id: 'wrong-tab', type: 'tab', label: 'Mistakes', disabled: true }, ...nodes];
}

/** The serious things that axe-core finds in the dialog; Node-RED's own frame around it is not ours. */
async function weaknesses(page: Page): Promise<string[]> {
  if (!(await page.evaluate('"axe" in globalThis'))) await page.addScriptTag({ path: axeFile });
  const found: { violations: { id: string; impact: string; nodes: { html: string }[] }[] } =
    await page.evaluate(
      'axe.run({ include: [".red-ui-tray .ib-dialog"], exclude: [["#red-ui-trap-user"], ["#red-ui-trap-username"], ["#red-ui-trap-password"]] }, { resultTypes: ["violations"] })',
    );
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
}

/** Draws the dialog on top, all of it and nothing below it, with addresses and folders as they are at home. */
async function drawDialog(page: Page, file: string): Promise<void> {
  const homes = [
    [dirname(here.inbox), '/photos'],
    [here.server.url, 'http://photos.lan:2283'],
    [here.broker.url, 'mqtt://mqtt.lan'],
  ];
  const tray = trayOf(page);
  await tray.evaluate((element, names) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      for (const [own = '', shown = ''] of names) {
        if (node.textContent?.includes(own)) node.textContent = node.textContent.replaceAll(own, shown);
      }
    }
  }, homes);
  const missing = await tray.evaluate((element) => {
    const ends = Array.from(element.querySelectorAll('.ib-dialog > *')).map(
      (one) => one.getBoundingClientRect().bottom,
    );
    const footer = element.querySelector('.red-ui-tray-footer')?.getBoundingClientRect().top ?? 0;
    return Math.ceil(Math.max(...ends) + 20 - footer);
  });
  const size = page.viewportSize();
  if (size !== null) await page.setViewportSize({ ...size, height: size.height + missing });
  await settled(page);
  await draw(page, file, { of: tray });
  if (size !== null) await page.setViewportSize(size);
}

/** What a node would be in an exported flow, and whether the editor takes it for changed. */
const stateOf = (page: Page, id: string) =>
  page.evaluate<string>(
    `JSON.stringify([RED.nodes.createExportableNodeSet([RED.nodes.node('${id}')])[0], RED.nodes.node('${id}').changed || false, RED.nodes.dirty()])`,
  );

it('shows every dialog with few fields and nothing that a screen reader cannot say, and changes nothing', async () => {
  const { page, errors } = editor;
  for (const [id, picture] of Object.entries(DIALOGS)) {
    const before = await stateOf(page, id);
    await openDialog(page, id);
    await answered(page);
    expect(await page.locator('.ib-dialog .input-error').count(), id).toBe(0);
    await openAllHeadings(page);
    await settled(page);
    expect(await untranslated(trayOf(page), 'en-US'), id).toEqual([]);
    expect(await tooNarrow(trayOf(page).locator('.ib-dialog')), id).toEqual([]);
    expect(await weaknesses(page), id).toEqual([]);
    if (id === 'ib-upload') expect(await trayOf(page).innerText()).toContain('UPLOAD_CONCURRENCY is: 6');
    await drawDialog(page, picture);
    await closeDialog(page, 'ok');
    expect(await stateOf(page, id), id).toBe(before);
  }
  const server = await stateOf(page, 'ib-server');
  await openDialog(page, 'ib-upload');
  await openServerDialog(page);
  await closeServerDialog(page, 'ok');
  await closeDialog(page, 'ok');
  expect(await stateOf(page, 'ib-server')).toBe(server);
  expect(errors).toEqual([]);
}, 120_000);

it.each(Object.entries(WRONG_VALUES))(
  '%s: says in a sentence below each field what is wrong with it',
  async (type, values) => {
    const { page, errors } = editor;
    const isConfig = type === 'immich-server';
    const prefix = isConfig ? 'node-config-input' : 'node-input';
    const ruled = await page.evaluate<string[]>(
      `Object.entries(RED.nodes.getType('${type}').defaults).filter(([, one]) => one.validate && !one.type).map(([name]) => name)`,
    );
    expect(Object.keys(values).sort(), 'every rule is in the table').toEqual(ruled.sort());
    await page.locator('#red-ui-workspace-tabs').getByText('Mistakes').click();
    await openDialog(page, `wrong-${isConfig ? 'immich-upload' : type}`);
    if (isConfig) await openServerDialog(page);
    await openAllHeadings(page);
    const said: Record<string, string | null> = {};
    for (const [name, { way, text }] of Object.entries(values)) {
      const field = page.locator(`#${prefix}-${name}`).locator('xpath=..');
      if (way === 'typed') await enter(page, name, text, prefix);
      if (way === 'listed') {
        await field.locator('.red-ui-editableList-addButton').click();
        await field.locator('.ib-list-text').fill(text);
        await field.locator('.ib-list-text').press('Tab');
      }
      const error = page.locator(`#ib-error-${name}`);
      await error.waitFor({ state: 'visible' });
      said[name] = await error.textContent();
      await choose(page, name, 'env', prefix);
      await enter(page, name, 'SOME_VARIABLE', prefix);
      await error.waitFor({ state: 'hidden' });
      expect(await page.locator(`#${prefix}-${name}`).inputValue()).toBe('${SOME_VARIABLE}');
    }
    expect(said).toEqual(
      Object.fromEntries(Object.entries(values).map(([name, { sentence }]) => [name, sentence])),
    );
    if (isConfig) await closeServerDialog(page);
    await closeDialog(page);
    expect(errors).toEqual([]);
  },
  60_000,
);

it('keeps the folders that are typed, and says of each what is there', async () => {
  const { page } = editor;
  await page.locator('#red-ui-workspace-tabs').getByText('Immich Bridge').click();
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
  await closeDialog(page, 'ok');
  const foldersNow = () => page.evaluate("RED.nodes.node('ib-watch').folders");
  expect(await foldersNow()).toBe(`${here.inbox}\n/nowhere`);
  const before = await stateOf(page, 'ib-watch');
  await openDialog(page, 'ib-watch');
  await closeDialog(page, 'ok');
  expect(await stateOf(page, 'ib-watch')).toBe(before);
}, 60_000);

it('tests a server and a broker, good and bad', async () => {
  const { page } = editor;
  await openDialog(page, 'ib-upload');
  await openServerDialog(page);
  await page.locator('[data-test="server"]').click();
  await page.waitForSelector('.ib-finding[data-verdict="missing"]');
  const good = (await page.locator('.ib-findings').allInnerTexts()).join('\n');
  expect(good).toMatch(/version\s+2\./);
  expect(good).toMatch(/storage/);
  expect(good).not.toContain(here.server.apiKey);
  expect(await weaknesses(page)).toEqual([]);
  await drawDialog(page, 'dialog-immich-server.png');
  await page.locator('#node-config-input-apiKey').fill('wrong');
  await page.locator('[data-test="server"]').click();
  await page.waitForSelector('.ib-finding[data-verdict="problem"]');
  await closeServerDialog(page);
  await closeDialog(page);
  await openDialog(page, 'ib-mqtt');
  await page.locator('[data-test="broker"]').click();
  await page.waitForSelector('.ib-finding[data-verdict="ok"]');
  await type(page, 'url', 'str', 'mqtt://127.0.0.1:9');
  await page.locator('[data-test="broker"]').click();
  await page.waitForSelector('.ib-finding[data-verdict="problem"]');
  expect(await page.locator('.ib-findings').innerText()).toContain('refuses the connection');
  await closeDialog(page);
}, 60_000);

it('tries again on a click in a dialog', async () => {
  const { page } = editor;
  await openDialog(page, 'ib-upload');
  await page.locator('[data-command="retry"]').click();
  await page.locator('.red-ui-notification-success', { hasText: 'tried again' }).waitFor();
  await closeDialog(page);
}, 60_000);

/** One that is drawn for the documentation, one of long words, one of other letters; another editor needs one to show. */
const LANGUAGES = [
  ['de', 'dialog-german.png'],
  ['fr', undefined],
  ['ja', undefined],
] as const;

it.each(isInstalledEditor ? LANGUAGES : LANGUAGES.slice(0, 1))(
  'speaks %s where the browser does, and every word fits',
  async (language, picture) => {
    const { page, errors } = await openEditor(url, { locale: language, height: 1_250 });
    for (const id of Object.keys(DIALOGS)) {
      await openDialog(page, id);
      await answered(page);
      if (id === 'ib-stable' && picture !== undefined) await drawDialog(page, picture);
      await openAllHeadings(page);
      await settled(page);
      expect(await untranslated(trayOf(page).locator('.ib-dialog'), language), id).toEqual([]);
      expect(await tooNarrow(trayOf(page).locator('.ib-dialog')), id).toEqual([]);
      await closeDialog(page);
    }
    expect(errors).toEqual([]);
  },
  120_000,
);
