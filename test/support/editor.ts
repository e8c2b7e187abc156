import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, onTestFinished } from 'vitest';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
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
  readonly colorScheme?: 'light' | 'dark';
  readonly scale?: number;
}

/** An open editor; `errors` collects what the page complains about. */
export interface OpenEditor {
  readonly page: Page;
  readonly errors: string[];
}

/** A real Chromium for the tests of a file. @returns what opens the editor of a running Node-RED */
export function useEditor(): (url: string, view?: EditorView) => Promise<OpenEditor> {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
  });
  afterAll(() => browser.close());
  return async (url, { width = 1600, height = 820, colorScheme = 'light', scale = 1 } = {}) => {
    const page = await browser.newPage({
      viewport: { width, height },
      colorScheme,
      deviceScaleFactor: scale,
      locale: 'en-US',
    });
    onTestFinished(() => page.close());
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(url);
    await page.waitForSelector('.red-ui-flow-node-group, .red-ui-flow-node', { timeout: 30_000 });
    await page.waitForFunction(
      () => document.querySelector('#red-ui-loading-progress')?.checkVisibility() !== true,
    );
    return { page, errors };
  };
}
