import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { IMAGES, useEditor } from '../support/editor-page.js';
import { fixturePath } from '../support/fixtures.js';
import { pipelineWorld, startShippedFlow } from '../support/pipeline-world.js';

const TYPES = [
  'folder-watch',
  'stable-file',
  'immich-upload',
  'archive-move',
  'mqtt-bridge',
  'immich-health',
  'gpu-stats',
];

const openEditor = useEditor();

it('shows every node in the palette, and three photos that went through the shipped flow', async () => {
  const here = await pipelineWorld();
  const { url } = await startShippedFlow(here);
  // Files of one name would belong together.
  copyFileSync(fixturePath('photo.jpg'), join(here.inbox, 'beach.jpg'));
  copyFileSync(fixturePath('photo.heic'), join(here.inbox, 'dinner.heic'));
  copyFileSync(fixturePath('whole.mp4'), join(here.inbox, 'waves.mp4'));
  const { page, errors } = await openEditor(url, { height: 820 });
  for (const type of TYPES) {
    expect(await page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`).count(), type).toBe(1);
  }
  await page.waitForFunction(() => document.body.textContent?.includes('archived 3'));
  await page.screenshot({ path: join(IMAGES, 'flow.png') });
  expect(errors).toEqual([]);
}, 60_000);
