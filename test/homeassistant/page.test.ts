import { describe, expect, it } from 'vitest';
import { ALERT_EVENT_TYPES } from '../../lib/alert.js';
import { AUDIT_EVENT_TYPES } from '../../lib/bridge/audit-event.js';
import { FOLDER_STATES } from '../../lib/bridge/folder-payload.js';
import { ARCHIVE_EVENT_TYPES, UPLOAD_EVENT_TYPES } from '../../lib/bridge/upload-event.js';
import { UPLOADER_STATES } from '../../lib/bridge/uploader-payload.js';
import { discoveryTopic } from '../../lib/home-assistant/discovery-document.js';
import {
  blueprintFiles,
  blueprintText,
  entities,
  type Fields,
  fieldsOf,
  messageOn,
  readYaml,
  samples,
  textOfFile,
  topics,
} from './product.js';

const page = textOfFile('docs/home-assistant.md');
const root = 'immich-bridge/nas1/';

/** The rows of all tables, as their cells. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) =>
    line
      .slice(2, -2)
      .split(' | ')
      .map((cell) => cell.trim()),
  );
const codeIn = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? '');
const wordsOf = (node: string): Fields =>
  fieldsOf(fieldsOf(JSON.parse(textOfFile(`locales/en-US/${node}.json`)))[node]);

describe('the page on Home Assistant', () => {
  it('names every entity, as it is called, and no other', () => {
    const told = rows.flatMap(([name, cell = '', meaning = '']) =>
      /^`\w+\.…_\w+`$/.test(cell)
        ? [
            {
              id: codeIn(cell).join().replace('…', 'immich_bridge_nas1'),
              name,
              isOff: meaning.includes('(*off*)'),
            },
          ]
        : [],
    );
    const there = entities.map(({ id, name, isOff }) => ({ id, name, isOff }));
    const byId = (list: typeof told) => list.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    expect(byId(told)).toEqual(byId(there));
  });

  it.each([
    ['Uploader state', UPLOADER_STATES],
    ['Folder Camera state', FOLDER_STATES],
    ['Upload', UPLOAD_EVENT_TYPES],
    ['Archive', ARCHIVE_EVENT_TYPES],
    ['Immich alert', ALERT_EVENT_TYPES],
    ['Audit', AUDIT_EVENT_TYPES],
    ['GPU alert', ALERT_EVENT_TYPES],
  ])('lists all that %s can say', (entity, words) => {
    const meaning = rows.find(([name]) => name === entity)?.[2] ?? '';
    expect(codeIn(meaning).toSorted()).toEqual([...words].toSorted());
  });

  it('has a row for each topic, whether it is retained, and keys that are in its message', () => {
    const known = {
      'watch/<folder>/state': topics.folderState('camera-1a2b3c'),
      'gpu/<id>/state': topics.gpuState('gpu-5f3a'),
    };
    const table = rows.filter((row) => row.length === 4 && row[0] !== 'topic');
    const told = new Map(table.map(([cell = '', ...row]) => [codeIn(cell).join(), row]));
    const own = Object.values(topics).filter(
      (topic) => typeof topic === 'string' && topic.startsWith(root) && !topic.endsWith('+'),
    );
    const expected = [
      ...own.map((topic) => String(topic).slice(root.length)),
      ...Object.keys(known),
      'cmd/<name>',
      'cmd/<name>/response',
    ];
    expect([...told.keys()].sort()).toEqual(expected.sort());
    for (const [short, [payload = '', retained]] of told) {
      const topic = known[short as keyof typeof known] ?? root + short;
      const published = samples.published[topic];
      if (published === undefined || short === 'status') continue;
      expect([short, retained?.startsWith('yes')]).toEqual([short, published.isRetained]);
      const keys = codeIn(payload).filter((key) => /^[a-z_]+$/.test(key));
      expect(Object.keys(messageOn(topic)), short).toEqual(expect.arrayContaining(keys));
    }
  });

  it('gives commands that the bridge takes', () => {
    const sent = [
      ...page.matchAll(/mosquitto_pub [^\n]*-t (\S*\/(?:cmd|uploader)\/\S+) (?:-n|-m (?:'([^']*)'|(\w+)))/g),
    ];
    expect(sent).toHaveLength(8);
    for (const [line, topic = '', json, word] of sent)
      expect(samples.takes(topic, json ?? word ?? ''), line).toBe(true);
    const inTable = rows.flatMap(([cell = '', payload = '']) =>
      /^`cmd\/\w+`$/.test(cell) ? [[codeIn(cell).join(), codeIn(payload).join()]] : [],
    );
    expect(inTable).toHaveLength(7);
    for (const [name, payload = ''] of inTable) expect(samples.takes(root + name, payload), name).toBe(true);
  });

  it('tries the notification with an event as the bridge makes it', () => {
    const [, topic, json = ''] = /-t (\S+event\/upload) \\\n\s+-m '([^']+)'/.exec(page) ?? [];
    const event = fieldsOf(JSON.parse(json));
    expect(topic).toBe(topics.uploadEvent);
    expect(UPLOAD_EVENT_TYPES).toContain(event.event_type);
    expect(Object.keys(messageOn(topics.uploadEvent))).toEqual(expect.arrayContaining(Object.keys(event)));
  });

  it('knows where the document for Home Assistant lies', () => {
    const topic = discoveryTopic('homeassistant', 'nas1');
    expect(page).toContain(topic.replace('nas1', '<instance>'));
    expect(page).toContain(`-t ${topic}`);
  });

  it('imports every blueprint', () => {
    const start = 'https://my.home-assistant.io/redirect/blueprint_import/?blueprint_url=';
    const links = rows.flatMap(([cell = '']) =>
      [...cell.matchAll(/\((https:\/\/my\.[^)]+)\)/g)].map(([, link]) => link),
    );
    const sources = blueprintFiles.map(
      (file) => fieldsOf(readYaml(blueprintText(file)).blueprint).source_url,
    );
    expect(links.toSorted()).toEqual(
      sources.map((source) => start + encodeURIComponent(String(source))).toSorted(),
    );
  });

  it.each(['connected', 'no broker set', 'broker offline', 'login refused', 'name used twice'])(
    'calls the status %s as the node does',
    (status) => {
      expect(page).toContain(`*${status}*`);
      expect(Object.values(fieldsOf(wordsOf('mqtt-bridge').status))).toContain(status);
    },
  );

  it.each([
    'say nothing to Home Assistant',
    'names of files and folders',
    'full paths, too',
    'no names at all',
  ])('calls the choice "%s" as the dialog does', (choice) => {
    expect(page.toLowerCase()).toContain(`*${choice.toLowerCase()}*`);
    expect(Object.values(fieldsOf(wordsOf('mqtt-bridge').label))).toContain(choice);
  });
});
