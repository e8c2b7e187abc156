import type { Locator, Page } from 'playwright-core';
import { settled } from './editor-page.js';

/** What the editor of Node-RED offers to a page. */
interface Editor {
  readonly RED: { readonly nodes: { filterNodes(filter: { type: string }): { id: string }[] } };
}

const STEPS = { steps: 8 };

async function middleOf(target: Locator): Promise<readonly [x: number, y: number]> {
  const box = await target.boundingBox();
  if (box === null) throw new Error('There is nothing to take with the mouse.');
  return [box.x + box.width / 2, box.y + box.height / 2];
}

async function dragTo(page: Page, from: Locator, to: readonly [x: number, y: number]): Promise<void> {
  await page.mouse.move(...(await middleOf(from)));
  await page.mouse.down();
  await page.mouse.move(...to, STEPS);
  await page.mouse.up();
}

/** Drags a node from the palette to a place of the workspace. @returns the id of the new node */
export async function dragFromPalette(page: Page, type: string, x: number, y: number): Promise<string> {
  const entry = page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
  await entry.scrollIntoViewIfNeeded();
  await settled(page);
  const canvas = await page.locator('#red-ui-workspace-chart').boundingBox();
  await dragTo(page, entry, [(canvas?.x ?? 0) + x, (canvas?.y ?? 0) + y]);
  await page.mouse.move((canvas?.x ?? 0) + x, (canvas?.y ?? 0) + y + 120);
  const added = await page.waitForFunction(
    (wanted) =>
      (globalThis as unknown as Editor).RED.nodes.filterNodes({ type: wanted }).map(({ id }) => id)[0],
    type,
  );
  return String(await added.jsonValue());
}

/** Draws a wire from the first output of a node to the input of another. */
export async function wire(page: Page, from: string, to: string): Promise<void> {
  const output = page.locator(`[id="${from}"] .red-ui-flow-port-output .red-ui-flow-port`).first();
  const input = page.locator(`[id="${to}"] .red-ui-flow-port-input .red-ui-flow-port`);
  await dragTo(page, output, await middleOf(input));
}

/** Chooses how a field is given: `env`, or its own kind. @returns the row of the field */
export async function choose(
  page: Page,
  name: string,
  kind: string,
  prefix = 'node-input',
): Promise<Locator> {
  const field = page.locator(`#${prefix}-${name}`).locator('xpath=..');
  await field.locator('.red-ui-typedInput-type-select').first().click();
  await page.locator(`.red-ui-typedInput-options:visible a[value="${kind}"]`).click();
  return field;
}

/** Chooses how a field is given and types into it. */
export async function type(
  page: Page,
  name: string,
  kind: string,
  text: string,
  prefix = 'node-input',
): Promise<void> {
  const input = (await choose(page, name, kind, prefix)).locator('.red-ui-typedInput-input').first();
  await input.fill(text);
  await input.press('Tab');
}
