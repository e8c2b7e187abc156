import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Command } from '../../../lib/bridge/command.js';
import { type CommandDeskOptions, openCommandDesk } from '../../../lib/bridge/command-desk.js';
import type { MqttMessage, ReceivedMessage } from '../../../lib/mqtt/mqtt-message.js';
import { bridgeTopics } from '../../../lib/mqtt/mqtt-topics.js';

const topics = bridgeTopics('immich-bridge', 'nas1');

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function desk(options: Partial<CommandDeskOptions> = {}) {
  const stop = new AbortController();
  const commands: Command[] = [];
  const sent: MqttMessage[] = [];
  const ignored: string[] = [];
  const opened = openCommandDesk({
    topics,
    signal: stop.signal,
    detail: 'names',
    forward: (command) => commands.push(command),
    send: (message) => sent.push(message),
    onBadSetting: () => ignored.push('bad setting'),
    onIgnored: (topic) => ignored.push(topic),
    isReserved: (topic) => topic.startsWith('immich-bridge/nas1/') || topic.startsWith('homeassistant/'),
    ...options,
  });
  const ask = (name: string, payload = '', more: Partial<ReceivedMessage> = {}) =>
    opened.take({ topic: topics.command(name), payload: Buffer.from(payload), isRetained: false, ...more });
  const ok = (name: string, id: string) => opened.answer({ name, id, isOk: true, error: null });
  const answers = () => sent.map(({ topic, payload }) => [topic, JSON.parse(payload)] as const);
  return { ...opened, stop, commands, sent, ignored, ask, ok, answers };
}

describe('command desk', () => {
  it('does one command after the other under one id', () => {
    const { ask, ok, commands, answers } = desk();
    for (const name of ['pause', 'resume', 'retry']) {
      ask(name, '{"id":"evening"}');
      ok(name, 'evening');
    }
    expect(commands.map(({ name }) => name)).toEqual(['pause', 'resume', 'retry']);
    expect(answers().map(([, { id, ok }]) => [id, ok])).toEqual(Array(3).fill(['evening', true]));
  });

  it('does a command that is delivered twice once, and answers both', () => {
    const { ask, ok, commands, sent } = desk();
    ask('retry', '{"id":"1"}');
    ask('retry', '{"id":"1"}');
    ok('retry', '1');
    ask('retry', '{"id":"1"}');
    expect(commands).toHaveLength(1);
    expect(sent).toHaveLength(2);
  });

  it('does the same command under the same id again after a while', () => {
    const { ask, ok, commands } = desk();
    ask('retry', '{"id":"evening"}');
    ok('retry', 'evening');
    vi.advanceTimersByTime(10_001);
    ask('retry', '{"id":"evening"}');
    expect(commands).toHaveLength(2);
  });

  it('answers once, whoever else answers, and only what was asked', () => {
    const { ask, ok, sent } = desk();
    ask('pause', '{"id":"1"}');
    ok('pause', '1');
    ok('pause', '1');
    ok('pause', 'nobody asked');
    ok('a/#', '1');
    vi.advanceTimersByTime(60_000);
    expect(sent).toHaveLength(1);
  });

  it('refuses what is too much at a time, and forgets what was answered', () => {
    const { ask, commands, answers } = desk();
    for (let i = 0; i < 150; i += 1) ask('pause', `{"id":"${i}"}`);
    expect(commands).toHaveLength(100);
    expect(answers().filter(([, { error }]) => /Too many/.test(error))).toHaveLength(50);
    vi.advanceTimersByTime(5_000);
    ask('pause', '{"id":"later"}');
    expect(commands).toHaveLength(101);
  });

  it('remembers only the newest of a flood', () => {
    const { ask, ok, commands, answers } = desk();
    for (let i = 0; i < 20_000; i += 1) {
      ask('resume', `{"id":"${i}"}`);
      ok('resume', String(i));
    }
    expect([commands.length, answers().length]).toEqual([20_000, 20_000]);
    ask('resume', '{"id":"19500"}');
    expect([commands.length, answers().length]).toEqual([20_000, 20_001]);
    ask('resume', '{"id":"18000"}');
    expect(commands).toHaveLength(20_001);
  });

  it('answers where the asker wants it, too, with his mark', () => {
    const { ask, sent } = desk();
    const correlationData = Buffer.from('7');
    ask('unknown', '', { responseTopic: 'my/answers', correlationData });
    expect(sent.map(({ topic, correlationData: mark }) => [topic, mark])).toEqual([
      [topics.response('unknown'), undefined],
      ['my/answers', correlationData],
    ]);
  });

  it.each([
    '$SYS/x',
    'a/#',
    'a/+/b',
    '',
    'a\nb',
    'a\u0001',
    'a\u{1fffe}',
    'x'.repeat(257),
    topics.uploaderState,
    topics.command('pause'),
    topics.response('unknown'),
    'homeassistant/device/other/config',
  ])('sends no answer to %s', (responseTopic) => {
    const { ask, sent } = desk();
    ask('unknown', '', { responseTopic });
    expect(sent.map(({ topic }) => topic)).toEqual([topics.response('unknown')]);
  });

  it.each(['', 'a/b', 'x'.repeat(65), 'a\n[error] FAKE LINE', 'a\x1b[2J', '\uffff'])(
    'leaves a name that no answer can carry alone: %j',
    (name) => {
      const { ask, sent, commands, ignored } = desk();
      ask(name);
      ask(name, '{}', { isRetained: true });
      expect([sent, commands, ignored]).toEqual([[], [], []]);
    },
  );

  it('leaves retained commands alone, and says nothing when one is taken away', () => {
    const { ask, commands, ignored } = desk();
    ask('pause', '{}', { isRetained: true });
    ask('pause', '', { isRetained: true });
    expect(commands).toEqual([]);
    expect(ignored).toEqual([topics.command('pause')]);
  });

  it('tells no more of files in an answer than is told elsewhere', () => {
    const { answer, answers } = desk({ detail: 'none' });
    answer({ name: 'retry', id: null, isOk: false, error: 'Cannot read "/photos/wedding.jpg".' });
    expect(answers()[0]?.[1].error).not.toContain('wedding');
  });

  it('leaves no timer behind', () => {
    const { ask, stop } = desk();
    ask('pause');
    stop.abort();
    expect(vi.getTimerCount()).toBe(0);
  });
});
