import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { KnownParts } from '../../../lib/bridge/part-list.js';
import {
  canonicalJson,
  discoveryDocument,
  discoveryTopic,
} from '../../../lib/home-assistant/discovery-document.js';
import { bridgeTopics } from '../../../lib/mqtt/mqtt-topics.js';
import packageJson from '../../../package.json' with { type: 'json' };

const NOTHING: KnownParts = { hasUploader: false, server: null, folders: [], gpus: [] };
const camera = { id: 'camera-1a2b3c', name: 'Camera', node: 'n1' };
const context = (instance = 'nas1') => ({
  instance,
  topics: bridgeTopics('immich-bridge', instance),
  version: '1.2.3',
});
const made = (parts: Partial<KnownParts>, instance?: string) =>
  discoveryDocument({ ...NOTHING, ...parts }, context(instance));
const componentsOf = (parts: Partial<KnownParts>) => made(parts)?.components ?? {};

describe('the document that is in the folder "golden"', () => {
  const folder = join(import.meta.dirname, 'golden');
  it.each([
    ['photos-only', { hasUploader: true, folders: [camera] }],
    [
      'everything',
      {
        hasUploader: true,
        server: { url: 'http://nas1.local:2283' },
        folders: [camera, { id: 'scans-4d5e6f', name: 'Scans', node: 'n1' }],
        gpus: [{ id: 'gpu-5c8c1e1a-0b2f-4a5e-9d8c-0123456789ab', number: 0 }],
      },
    ],
  ])(
    '%s.json is what is published (RENEW_GOLDEN=1 npx vitest run test/lib/home-assistant writes it anew)',
    (name, parts) => {
      const file = join(folder, `${name}.json`);
      const text = readable(made(parts));
      if (process.env.RENEW_GOLDEN !== undefined) writeFileSync(file, text);
      expect(existsSync(file) ? readFileSync(file, 'utf8') : 'no such file').toBe(text);
    },
  );
});

describe('the device', () => {
  it('lies where Home Assistant looks', () => {
    expect(discoveryTopic('homeassistant', 'nas1')).toBe('homeassistant/device/immich_bridge_nas1/config');
  });

  it('says who it is', () => {
    expect(made({ hasUploader: true }, 'my-nas')?.device).toEqual({
      identifiers: ['immich_bridge_my-nas'],
      name: 'Immich Bridge my-nas',
      manufacturer: 'Immich Bridge',
      model: 'Node-RED node pack',
      sw_version: '1.2.3',
      serial_number: 'my-nas',
    });
  });

  it.each([
    ['http://nas1:2283', 'http://nas1:2283'],
    ['https://photos.example/', 'https://photos.example/'],
    ['nas1:2283', undefined],
    ['file:///etc/passwd', undefined],
    ['', undefined],
    [null, undefined],
  ])('of a server at %j has the page %j', (url, expected) => {
    expect(made({ server: { url } })?.device.configuration_url).toBe(expected);
  });

  it('names the project as its origin', () => {
    expect(packageJson.repository.url).toBe(`git+${made({ hasUploader: true })?.origin.support_url}.git`);
  });
});

describe('the components', () => {
  it('are none without a part, and then there is no document', () => {
    expect(made({})).toBeUndefined();
  });

  it('come with their parts', () => {
    const keys = (parts: Partial<KnownParts>) => Object.keys(componentsOf(parts)).sort();
    expect(keys({ folders: [camera] })).toEqual([
      'folder_camera_1a2b3c_files',
      'folder_camera_1a2b3c_problem',
      'folder_camera_1a2b3c_state',
    ]);
    expect(keys({ hasUploader: true })).toHaveLength(25);
    expect(keys({ server: { url: null } })).toHaveLength(26);
    const gpus = [0, 1].map((number) => ({ id: `gpu-${number}`, number }));
    expect(keys({ gpus }).filter((key) => !/^gpu_gpu-[01]_/.test(key))).toEqual(['gpu_event']);
    expect(keys({ gpus })).toHaveLength(23);
  });

  it('have ids that last, and proposals for people', () => {
    const instance = 'my-nas';
    const components = made(
      { hasUploader: true, gpus: [{ id: '0000-01-00-0', number: 3 }] },
      instance,
    )?.components;
    expect(components?.queue_depth).toMatchObject({
      unique_id: 'immich_bridge_my-nas_queue_depth',
      default_entity_id: 'sensor.immich_bridge_my_nas_queue_depth',
    });
    expect(components?.['gpu_0000-01-00-0_temperature']).toMatchObject({
      unique_id: 'immich_bridge_my-nas_gpu_0000-01-00-0_temperature',
      default_entity_id: 'sensor.immich_bridge_my_nas_gpu_3_temperature',
      name: 'GPU 3 temperature',
    });
  });
});

describe('the name of a folder', () => {
  const names = (...folders: [id: string, name: string | null][]) =>
    Object.values(componentsOf({ folders: folders.map(([id, name]) => ({ id, name, node: 'n1' })) }))
      .map(({ name }) => name)
      .filter((name) => String(name).endsWith(' files'));

  it('is its own', () => {
    expect(names(['camera-1', 'Camera'])).toEqual(['Folder Camera files']);
  });

  it('gets a number when another has it, in the order of ids', () => {
    const three: [string, string][] = [
      ['camera-3', 'camera'],
      ['camera-1', 'Camera'],
      ['camera-2', 'Camera 2'],
    ];
    expect(names(...three)).toEqual([
      'Folder Camera files',
      'Folder Camera 2 files',
      'Folder camera 3 files',
    ]);
  });

  it('is a number when names are not told', () => {
    expect(names(['b', null], ['a', null])).toEqual(['Folder 1 files', 'Folder 2 files']);
  });

  it('is one short line', () => {
    expect(names(['a', ' two\nlines\u0007 '])).toEqual(['Folder two lines files']);
    expect(names(['a', '\n'])).toEqual(['Folder 1 files']);
    expect(names(['a', 'x'.repeat(300)])).toEqual([`Folder ${'x'.repeat(39)}… files`]);
  });
});

describe('the text of a document', () => {
  it('is the same for the same content', () => {
    expect(canonicalJson({ b: [{ d: 1, c: null }], a: 'x' })).toBe('{"a":"x","b":[{"c":null,"d":1}]}');
    const parts = { hasUploader: true, server: { url: null }, folders: [camera] };
    expect(JSON.stringify(made(parts))).toBe(canonicalJson(made(parts)));
    const mirrored = { folders: [camera], server: { url: null }, hasUploader: true };
    expect(JSON.stringify(made(mirrored))).toBe(JSON.stringify(made(parts)));
  });
});

/** As Biome would write it: lists of words on one line. */
function readable(document: unknown): string {
  const text = JSON.stringify(document, null, 2);
  return `${text.replace(/\[\s+("[^[\]{}]*")\s+\]/g, (_, list: string) => `[${list.replace(/\s*\n\s*/g, ' ')}]`)}\n`;
}
