import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { projectRoot } from './node-red-process.js';

/** Where the tests of the editor put the pictures of the documentation. */
export const IMAGES = join(projectRoot, 'docs/images');

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
export function useEditor(): (url: string, view?: EditorView) => Promise<EditorPage> {
  const browser = useBrowser();
  return async (
    url,
    { width = 1600, height = 1000, locale = 'en-US', colorScheme = 'light', scale = 1 } = {},
  ) => {
    const viewport = { width, height };
    const page = await browser().newPage({ viewport, locale, colorScheme, deviceScaleFactor: scale });
    onTestFinished(() => page.close());
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(url);
    await page.waitForFunction(
      () =>
        document.querySelector('.red-ui-palette-node') !== null &&
        document.querySelector('#red-ui-workspace-tabs li') !== null &&
        document.querySelector('#red-ui-loading-progress')?.checkVisibility() !== true,
      undefined,
      { timeout: 60_000 },
    );
    return { page, errors };
  };
}

/** Waits until nothing moves any more. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    document.getAnimations().every(({ playState }) => playState !== 'running'),
  );
}

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
