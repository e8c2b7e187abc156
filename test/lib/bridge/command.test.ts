import { describe, expect, it } from 'vitest';
import { COMMAND_NAMES, parseCommand, parseSetting } from '../../../lib/bridge/command.js';

const newId = () => 'made';
const parse = (name: string, payload: string | Buffer) => parseCommand(name, Buffer.from(payload), newId);

describe('a command', () => {
  it.each([
    ['pause', '', { name: 'pause', value: '', id: 'made' }],
    ['resume', '  ', { name: 'resume', value: '', id: 'made' }],
    ['retry', '{}', { name: 'retry', value: '', id: 'made' }],
    ['retry', '{"v":1}', { name: 'retry', value: '', id: 'made' }],
    ['pause', '{"v":1,"id":"a-1"}', { name: 'pause', value: '', id: 'a-1' }],
    ['pause', '{"id":7}', { name: 'pause', value: '', id: '7' }],
    ['pause', '{"v":1,"minutes":30}', { name: 'pause', value: 30, id: 'made' }],
    ['retry', '{"path":"/photos/a.jpg"}', { name: 'retry', value: { path: '/photos/a.jpg' }, id: 'made' }],
    [
      'dismiss',
      '{"path":"/photos/a.jpg"}',
      { name: 'dismiss', value: { path: '/photos/a.jpg' }, id: 'made' },
    ],
    ['audit', '', { name: 'audit', value: '', id: 'made' }],
    ['audit', '{"requeue":false}', { name: 'audit', value: '', id: 'made' }],
    ['audit', '{"v":1,"requeue":true}', { name: 'audit', value: { requeue: true }, id: 'made' }],
    ['rescan', '', { name: 'rescan', value: '', id: 'made' }],
    ['rescan', '{"all":false}', { name: 'rescan', value: '', id: 'made' }],
    ['rescan', '{"all":true}', { name: 'rescan', value: 'all', id: 'made' }],
    ['concurrency', '{"value":1}', { name: 'concurrency', value: 1, id: 'made' }],
    ['concurrency', '{"v":1,"id":"x","value":16}', { name: 'concurrency', value: 16, id: 'x' }],
  ])('%s %s', (name, payload, command) => {
    expect(parse(name, payload)).toStrictEqual(command);
  });

  it('gets an id of its own', () => {
    const ids = [1, 2].map(() => parseCommand('pause', Buffer.alloc(0)).id);
    expect(new Set(ids).size).toBe(2);
  });
});

describe('a refusal says what is wrong', () => {
  const id = 'made';
  const range = 'a whole number from 1 to 16';
  it.each([
    [
      'format',
      '',
      'There is no command "format". There are pause, resume, retry, dismiss, rescan, concurrency, audit.',
    ],
    ['constructor', '', /no command "constructor"/],
    ['x'.repeat(500), '', `There is no command "${'x'.repeat(31)}…". There are ${COMMAND_NAMES.join(', ')}.`],
    ['pause', 'now', 'pause: this is no JSON. Send an object such as {"v": 1}, or nothing.'],
    ['pause', Buffer.from([0xff, 0xfe]), /no JSON/],
    ['pause', '[1]', 'pause: it must be a JSON object such as {"v": 1}, or nothing.'],
    ['pause', 'null', /must be a JSON object/],
    ['pause', '"x"', /must be a JSON object/],
    ['pause', '{"v":2}', 'pause: "v" must be 1, the only version there is.'],
    ['pause', '{"v":"1"}', /"v" must be 1/],
    ['pause', '{"value":3}', 'pause: it takes no "value", only "v", "id", "minutes".'],
    ['pause', '{"minutes":0}', 'pause: "minutes" must be a number from 1 to 10080.'],
    ['pause', '{"minutes":"30"}', /"minutes" must be/],
    ['pause', '{"minutes":null}', /"minutes" must be/],
    ['rescan', '{"force":true}', 'rescan: it takes no "force", only "v", "id", "all".'],
    ['rescan', '{"__proto__":1}', /takes no "__proto__"/],
    ['rescan', '{"all":"yes"}', 'rescan: "all" must be true or false.'],
    [
      'dismiss',
      '',
      'dismiss: "path" must be the full path of a failed file, as in {"path": "/photos/a.jpg"}.',
    ],
    ['dismiss', '{"path":""}', /"path" must be the full path/],
    ['retry', '{"path":"a.jpg"}', /"path" must be the full path/],
    ['retry', '{"path":["/a.jpg"]}', /"path" must be the full path/],
    ['retry', '{"path":null}', /"path" must be the full path/],
    ['audit', '{"requeue":1}', 'audit: "requeue" must be true or false.'],
    ['audit', '{"folder":"/"}', 'audit: it takes no "folder", only "v", "id", "requeue".'],
    ['concurrency', '', `concurrency: "value" must be ${range}, for example {"value": 4}.`],
    ['concurrency', '{"value":0}', /"value" must be/],
    ['concurrency', '{"value":17}', /"value" must be/],
    ['concurrency', '{"value":2.5}', /"value" must be/],
    ['concurrency', '{"value":"4"}', /"value" must be/],
    ['concurrency', '{"value":null}', /"value" must be/],
    ['concurrency', '{"value":1e999}', /"value" must be/],
    [
      'pause',
      `{"id":"${'x'.repeat(129)}"}`,
      'pause: "id" must be a text of 1 to 128 characters, or a number.',
    ],
    ['pause', '{"id":""}', /"id" must be/],
    ['pause', '{"id":{}}', /"id" must be/],
    ['pause', `{"id":"a"}${' '.repeat(4_096)}`, 'pause: it has more than 4096 bytes.'],
  ])('%s %s', (name, payload, error) => {
    const refusal = parse(name, payload);
    expect(refusal).toStrictEqual({ name, id, error: expect.anything() });
    expect('error' in refusal && refusal.error).toEqual(
      typeof error === 'string' ? error : expect.stringMatching(error),
    );
  });

  it('keeps the id that came, so that its sender knows which command it was', () => {
    expect(parse('concurrency', '{"id":"a-1","value":99}')).toMatchObject({ id: 'a-1' });
    expect(parse('format', '{"id":"a-2"}')).toMatchObject({ id: 'a-2' });
  });

  it('is none for 4096 bytes and an id of 128 characters', () => {
    expect(parse('pause', `{"id":"a"}${' '.repeat(4_086)}`)).not.toHaveProperty('error');
    expect(parse('pause', `{"id":"${'x'.repeat(128)}"}`)).not.toHaveProperty('error');
  });
});

describe('a setting', () => {
  const set = (setting: 'paused' | 'concurrency', text: string) =>
    parseSetting(setting, Buffer.from(text), newId);

  it.each([
    ['paused', 'ON', { name: 'pause', value: '', id: 'made' }],
    ['paused', 'OFF', { name: 'resume', value: '', id: 'made' }],
    ['paused', 'on\n', { name: 'pause', value: '', id: 'made' }],
    ['concurrency', '4', { name: 'concurrency', value: 4, id: 'made' }],
    ['concurrency', '4.0', { name: 'concurrency', value: 4, id: 'made' }],
    ['concurrency', ' 16 ', { name: 'concurrency', value: 16, id: 'made' }],
  ] as const)('%s %j', (setting, text, command) => {
    expect(set(setting, text)).toStrictEqual(command);
  });

  it.each([
    ['paused', '', 'paused: it must be ON or OFF.'],
    ['paused', 'true', 'paused: it must be ON or OFF.'],
    ['paused', `ON${' '.repeat(5_000)}`, 'paused: it must be ON or OFF.'],
    ['concurrency', '', 'concurrency: it must be a whole number from 1 to 16.'],
    ['concurrency', '0', 'concurrency: it must be a whole number from 1 to 16.'],
    ['concurrency', '17', 'concurrency: it must be a whole number from 1 to 16.'],
    ['concurrency', '4.5', 'concurrency: it must be a whole number from 1 to 16.'],
    ['concurrency', '0x4', 'concurrency: it must be a whole number from 1 to 16.'],
    ['concurrency', '-1', 'concurrency: it must be a whole number from 1 to 16.'],
  ] as const)('is refused: %s %j', (setting, text, error) => {
    expect(set(setting, text)).toStrictEqual({ name: setting, id: 'made', error });
  });
});
