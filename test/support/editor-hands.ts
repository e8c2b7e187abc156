import type { Locator, Page } from 'playwright-core';
import { settled } from './editor-page.js';

/** What the editor of Node-RED offers to a page. */
interface Editor {
  readonly RED: { readonly nodes: { filterNodes(filter: { type: string }): { id: string }[] } };
}

/** The widgets of Node-RED's editor. */
interface Widgets {
  $(element: Element): { typedInput(question: 'type'): string };
}

const STEPS = { steps: 8 };

/** What comes of a click comes within this time, or the click is lost. */
const SOON = { timeout: 3_000 };

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

/** Does something that a busy editor may not notice, and looks for what must come of it; a few times, as people do. */
async function again(act: () => Promise<unknown>, seen: () => Promise<unknown>): Promise<void> {
  for (let triesLeft = 4; ; triesLeft -= 1) {
    try {
      await act();
      await seen();
      return;
    } catch (error) {
      if (triesLeft === 0) throw error;
    }
  }
}

/** Draws a wire from the first output of a node to the input of another. */
export async function wire(page: Page, from: string, to: string): Promise<void> {
  const output = page.locator(`[id="${from}"] .red-ui-flow-port-output .red-ui-flow-port`).first();
  const input = page.locator(`[id="${to}"] .red-ui-flow-port-input .red-ui-flow-port`);
  const lines = page.locator('.red-ui-flow-link-line');
  const drawn = lines.nth(await lines.count());
  await again(
    async () => dragTo(page, output, await middleOf(input)),
    () => drawn.waitFor({ state: 'attached', ...SOON }),
  );
}

/** Whether the field that people see before a hidden one is of that kind now. */
function isGivenAs([id, kind]: readonly [id: string, kind: string]): boolean {
  const { $ } = globalThis as unknown as Widgets;
  const inputs = document.getElementById(id)?.parentElement?.querySelectorAll(':scope > input') ?? [];
  return Array.from(inputs).some((one) => one.id !== id && $(one).typedInput('type') === kind);
}

/** Chooses how a field is given: `env`, or its own kind. @returns the row of the field */
export async function choose(
  page: Page,
  name: string,
  kind: string,
  prefix = 'node-input',
): Promise<Locator> {
  const field = page.locator(`#${prefix}-${name}`).locator('xpath=..');
  await again(
    async () => {
      await field.locator('.red-ui-typedInput-type-select').first().click();
      await page.locator(`.red-ui-typedInput-options:visible a[value="${kind}"]`).click(SOON);
    },
    () => page.waitForFunction(isGivenAs, [`${prefix}-${name}`, kind] as const, SOON),
  );
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

/** Types into a field as it is given now. */
export async function enter(page: Page, name: string, text: string, prefix = 'node-input'): Promise<void> {
  const field = page.locator(`#${prefix}-${name}`).locator('xpath=..');
  const input = field.locator('.red-ui-typedInput-input').first();
  await input.fill(text);
  await input.press('Tab');
}

/** Imports an example of this pack as people do: Import, Examples, its name; and looks at its tab. */
export async function importExample(page: Page, name: string, tab: string): Promise<void> {
  await page.locator('#red-ui-header-button-sidemenu').click();
  await page.locator('#menu-item-import').click();
  const dialog = page.locator('.ui-dialog', { has: page.locator('#red-ui-clipboard-dialog') });
  const pack = dialog.getByText('@immich-bridge/node-red-immich', { exact: true });
  await again(
    () => dialog.locator('#red-ui-clipboard-dialog-import-tabs').getByText('Examples').click(),
    () => pack.waitFor({ state: 'visible', ...SOON }),
  );
  const entry = dialog.getByText(name, { exact: true });
  await again(
    () => pack.click(SOON),
    () => entry.waitFor({ state: 'visible', ...SOON }),
  );
  await again(
    () => entry.click(SOON),
    () => dialog.locator('#red-ui-clipboard-dialog-ok').click(SOON),
  );
  await dialog.waitFor({ state: 'hidden' });
  await page.locator('#red-ui-workspace-tabs').getByText(tab, { exact: true }).click();
  await settled(page);
}

/** Opens the sidebar of this pack: some editors list all of them in a menu, others have a button for each. */
export async function openSidebarByMouse(page: Page): Promise<Locator> {
  const menu = page.locator('.red-ui-tab-link-button-menu');
  if ((await menu.count()) > 0) {
    await menu.click();
    await page.locator('.red-ui-menu-dropdown:visible').getByText('Immich Bridge').click();
  } else await page.getByRole('button', { name: 'Immich Bridge', exact: true }).click();
  const sidebar = page.locator('.immich-bridge-sidebar');
  await sidebar.waitFor({ state: 'visible' });
  return sidebar;
}
