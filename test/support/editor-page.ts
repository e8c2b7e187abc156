import { join } from 'node:path';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { whenOver } from './ending.js';
import { projectRoot } from './node-red-process.js';

/** Where the tests of the editor put the pictures of the documentation. */
const IMAGES = join(projectRoot, 'docs/images');

/** Pictures show the editor that is installed here; another one, which the matrix names, only what this one lacks. */
export const isInstalledEditor = process.env.NODE_RED_DIR === undefined;

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** What is never needed here and only takes time. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
];

/** How a page is looked at. */
export interface EditorView {
  readonly width?: number;
  readonly height?: number;
  readonly locale?: string;
  readonly colorScheme?: 'light' | 'dark';
  readonly scale?: number;
}

/** An open editor; `errors` collects what the page complains about. */
export interface EditorPage {
  readonly page: Page;
  readonly errors: string[];
}

/** One real Chromium for the tests of a file, as it is installed. @returns what gives it, once the tests run */
export function useBrowser(): () => Browser {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
  });
  afterAll(() => browser?.close());
  return () => browser;
}

/** A Chromium for the tests of a file. @returns what opens the editor of a running Node-RED, once it can be used */
export function useEditor(browser = useBrowser()): (url: string, view?: EditorView) => Promise<EditorPage> {
  return async (
    url,
    { width = 1600, height = 1000, locale = 'en-US', colorScheme = 'light', scale = 1 } = {},
  ) => {
    const viewport = { width, height };
    const page = await browser().newPage({ viewport, locale, colorScheme, deviceScaleFactor: scale });
    whenOver(() => page.close());
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      const { url: source } = message.location();
      // Node-RED asks its makers for a catalogue of nodes, and there may be no way to them.
      if (message.type() === 'error' && source.startsWith(url)) errors.push(`${message.text()} ${source}`);
    });
    page.setDefaultNavigationTimeout(60_000);
    await page.goto(url);
    await isReady(page);
    return { page, errors };
  };
}

async function isReady(page: Page): Promise<void> {
  await page.waitForFunction(
    () =>
      document.querySelector('.red-ui-palette-node') !== null &&
      document.querySelector('#red-ui-workspace-tabs li') !== null &&
      document.querySelector('#red-ui-loading-progress')?.checkVisibility() !== true,
    undefined,
    { timeout: 60_000 },
  );
}

/** Brings a page that several tests share back to the editor as it opens, where the one before left a dialog. */
export async function tidied({ page, errors }: EditorPage): Promise<void> {
  errors.length = 0;
  if ((await page.locator('.red-ui-tray, .ui-dialog:visible').count()) === 0) return;
  page.once('dialog', (question) => void question.accept());
  await page.reload();
  await isReady(page);
}

/** What a picture shows: all of the page, an element, or a rectangle of it. */
export interface PictureOptions {
  readonly of?: Locator;
  readonly clip?: { x: number; y: number; width: number; height: number };
  readonly fullPage?: boolean;
  /** Pixels of the screen or of CSS. */
  readonly scale?: 'css' | 'device';
  /** Whether an editor draws it that the matrix names: it shows what the installed one lacks. */
  readonly isOfAnother?: boolean;
}

/** Puts a picture into the documentation. */
export async function draw(page: Page, file: string, options: PictureOptions = {}): Promise<void> {
  const { of, isOfAnother = false, scale = 'device', ...rest } = options;
  if (isInstalledEditor === isOfAnother) return;
  const common = { path: join(IMAGES, file), animations: 'disabled', caret: 'hide', scale } as const;
  await (of === undefined ? page.screenshot({ ...common, ...rest }) : of.screenshot(common));
}

/** Waits until nothing moves any more. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    document.getAnimations().every(({ playState }) => playState !== 'running'),
  );
}

/** Waits until the runtime has answered all that the editor asked, as the values of variables. */
export async function answered(page: Page): Promise<void> {
  await page.waitForFunction('jQuery.active === 0');
}

/** The dialog that is on top. */
export const trayOf = (page: Page): Locator => page.locator('.red-ui-tray').last();

/** Opens the dialog of a node in the workspace. */
export async function openDialog(page: Page, id: string): Promise<void> {
  await page.locator(`[id="${id}"] .red-ui-flow-node`).first().dblclick();
  await page.waitForSelector('.red-ui-tray .ib-dialog .ib-row', { state: 'visible' });
  await settled(page);
}

/** Opens the dialog of the immich-server that the open dialog has chosen. */
export async function openServerDialog(page: Page): Promise<void> {
  await page.locator('#node-input-btn-server-edit, [id^="node-input-lookup-server"]').first().click();
  await page.waitForSelector('#node-config-input-url', { state: 'attached' });
  await page.waitForSelector('.red-ui-tray .ib-dialog .ib-row [data-test="server"]', { state: 'visible' });
  await settled(page);
}

/** Opens every heading of the dialog on top. */
export async function openAllHeadings(page: Page): Promise<void> {
  const closed = trayOf(page).locator('.ib-heading[aria-expanded="false"]:visible');
  while ((await closed.count()) > 0) await closed.first().click();
}

/** Closes the dialog of a node with Done or Cancel. */
export async function closeDialog(page: Page, button: 'ok' | 'cancel' = 'cancel'): Promise<void> {
  await page.locator(`#node-dialog-${button}`).click();
  await page.waitForSelector('.red-ui-tray', { state: 'detached' });
}

/** Closes the dialog of a config node, which lies above another. */
export async function closeServerDialog(page: Page, button: 'ok' | 'cancel' = 'cancel'): Promise<void> {
  await page.locator(`#node-config-dialog-${button}`).click();
  await page.waitForFunction(() => document.querySelectorAll('.red-ui-tray').length === 1);
  await settled(page);
}
