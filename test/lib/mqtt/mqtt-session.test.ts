import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { cert, key } from '../../support/certificate.js';
import { hasMosquitto } from '../../support/mosquitto.js';
import {
  bareBrokerWith,
  brokerWith,
  closedPort,
  EVENT,
  events,
  kinds,
  listenerAt,
  mosquittoWith,
  numbers,
  offline,
  online,
  STATUS,
  sessionWith,
  soon,
} from '../../support/mqtt-world.js';
import { projectRoot } from '../../support/node-red-process.js';

const PASSWORD = 'open-sesame-4711';

describe('a session', () => {
  it('says online, delivers events in order, and says offline at the end', async () => {
    const broker = await brokerWith();
    const session = sessionWith(broker.url);
    session.tell('a', 'b', 'c');
    await soon(() => expect(session.statuses.at(-1)).toMatchObject({ kind: 'connected', waiting: 0 }));
    expect(broker.clientIds()).toEqual(['immich-bridge-test-1']);
    await session.stop();
    const event = { topic: EVENT, retain: false, qos: 1 };
    expect(broker.messages).toEqual([
      online,
      { ...event, payload: 'a' },
      { ...event, payload: 'b' },
      { ...event, payload: 'c' },
      offline,
    ]);
    expect(kinds(session)).toEqual(['connecting', 'connected', 'closed']);
    await soon(() => expect(broker.clientIds()).toEqual([]));
  });

  it('leaves nothing retained but its status', async () => {
    const broker = await brokerWith();
    const session = sessionWith(broker.url);
    session.tell('a');
    await soon(() => expect(events(broker)).toEqual(['a']));
    const listener = await listenerAt(broker.url);
    await soon(() => expect(listener.messages).toEqual([online]));
    await session.stop();
    await soon(() => expect(listener.messages.at(-1)).toEqual({ ...offline, retain: false }));
  });

  it.each([
    ['of its own authority', { ca: cert }],
    ['of nobody, when that is wanted', { rejectUnauthorized: false }],
  ])('trusts a certificate %s', async (_, tls) => {
    const broker = await brokerWith({ tls: { cert, key } });
    sessionWith(broker.url, { tls });
    await soon(() => expect(broker.messages).toEqual([online]));
  });

  it('has two lives side by side under two names', async () => {
    const broker = await brokerWith();
    const one = sessionWith(broker.url, { clientId: 'one' });
    const two = sessionWith(broker.url, { clientId: 'two' });
    one.tell('1');
    two.tell('2');
    await soon(() => expect(events(broker).sort()).toEqual(['1', '2']));
    expect(broker.connections).toBe(2);
  });

  it('ends at once when it was never connected', async () => {
    const session = sessionWith(`mqtt://127.0.0.1:${await closedPort()}`, {
      firstRetryMs: 60_000,
      maxRetryMs: 60_000,
    });
    await soon(() => expect(session.statuses.at(-1)?.kind).toBe('offline'));
    session.tell('a', 'b');
    await session.stop();
    expect(session.statuses.at(-1)).toEqual({ kind: 'closed', code: '', waiting: 2, dropped: 0 });
  });

  it('starts nothing when its signal was aborted before', async () => {
    const broker = await brokerWith();
    const session = sessionWith(broker.url, { signal: AbortSignal.abort() });
    session.tell('a');
    await session.ended;
    expect([broker.connections, session.statuses.at(-1)?.waiting]).toEqual([0, 0]);
  });

  it('delivers what still waits before it ends', async () => {
    const broker = await brokerWith();
    const session = sessionWith(broker.url, { closeMs: 20_000 });
    await soon(() => expect(kinds(session)).toContain('connected'));
    session.tell(...numbers(1, 500));
    const began = performance.now();
    await session.stop();
    expect(performance.now() - began).toBeLessThan(15_000);
    expect(events(broker)).toEqual(numbers(1, 500));
    expect(broker.messages.at(-1)).toEqual(offline);
    expect(session.statuses.at(-1)).toMatchObject({ kind: 'closed', waiting: 0 });
  });
});

describe('an unreachable broker', () => {
  it('gets everything in order once it is there', async () => {
    const port = await closedPort();
    const session = sessionWith(`mqtt://127.0.0.1:${port}`);
    session.tell(...numbers(1, 200));
    await soon(() =>
      expect(session.statuses.at(-1)).toEqual({
        kind: 'offline',
        code: 'ECONNREFUSED',
        waiting: 200,
        dropped: 0,
      }),
    );
    const broker = await brokerWith({ port });
    await soon(() => expect(events(broker)).toEqual(numbers(1, 200)));
    expect(broker.messages[0]).toEqual(online);
  });

  it('leaves a bounded number, all failures among it, and says how many were dropped', async () => {
    const port = await closedPort();
    const session = sessionWith(`mqtt://127.0.0.1:${port}`, { queueSize: 10 });
    session.fail('F1', 'F2');
    session.tell(...numbers(1, 20));
    session.fail('F3');
    await soon(() =>
      expect(session.statuses.at(-1)).toMatchObject({ kind: 'offline', waiting: 10, dropped: 13 }),
    );
    const broker = await brokerWith({ port });
    await soon(() => expect(events(broker)).toEqual(['F1', 'F2', ...numbers(14, 20), 'F3']));
    await soon(() =>
      expect(session.statuses.at(-1)).toEqual({ kind: 'connected', code: '', waiting: 0, dropped: 0 }),
    );
    expect(session.statuses).toContainEqual({ kind: 'connected', code: '', waiting: 0, dropped: 13 });
  });

  it('costs the publisher nothing', async () => {
    const session = sessionWith('mqtt://no-such-host.invalid', { queueSize: 1_000, statusEveryMs: 1_000 });
    const began = performance.now();
    session.tell(...numbers(1, 20_000));
    expect(performance.now() - began).toBeLessThan(10_000);
    await soon(() => expect(session.statuses.at(-1)).toMatchObject({ kind: 'offline', dropped: 19_000 }));
    expect(session.statuses.length).toBeLessThan(10);
    expect(session.statuses.at(-1)?.code).toMatch(/ENOTFOUND|EAI_AGAIN/);
  });

  it('that accepts and then says nothing is given up', async () => {
    const sockets: Socket[] = [];
    const silent: Server = createServer((socket) => sockets.push(socket.resume())).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const { port } = silent.address() as { port: number };
    const session = sessionWith(`127.0.0.1:${port}`, { connectTimeoutMs: 50 });
    await soon(() =>
      expect(session.statuses.at(-1)).toMatchObject({ kind: 'offline', code: 'connack timeout' }),
    );
    await soon(() => expect(sockets.length).toBeGreaterThan(2));
  });

  it.each([
    ['is not known to anybody', {}, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    [
      'cannot be compared with an unreadable one',
      { cert: 'no certificate', key },
      'ERR_OSSL_PEM_NO_START_LINE',
    ],
  ])('whose certificate %s is told apart', async (_, tls, code) => {
    const broker = await brokerWith({ tls: { cert, key } });
    const session = sessionWith(broker.url, { tls });
    await soon(() => expect(session.statuses.at(-1)).toMatchObject({ kind: 'untrusted', code }));
  });
});

describe('a broker that comes and goes', () => {
  it('loses nothing: every event arrives, in order but for what is sent again', async () => {
    const first = await brokerWith();
    const session = sessionWith(first.url);
    const brokers = [first];
    for (let round = 0; round < 5; round += 1) {
      const current = brokers.at(-1)!;
      session.tell(...numbers(round * 100 + 1, round * 100 + 100));
      await soon(() => expect(events(current).length).toBeGreaterThan(30));
      await current.stop();
      brokers.push(await brokerWith({ port: first.port }));
    }
    session.tell('last');
    await soon(() => expect(events(brokers.at(-1)!)).toContain('last'));
    const all = brokers.flatMap((broker) => events(broker));
    const firstTimes = all.filter((payload, index) => all.indexOf(payload) === index);
    expect(firstTimes).toEqual([...numbers(1, 500), 'last']);
    expect(kinds(session)).toContain('offline');
  });

  it('hears online again after every cut', async () => {
    const broker = await brokerWith();
    const session = sessionWith(broker.url);
    await soon(() => expect(broker.messages).toEqual([online]));
    broker.cut();
    await soon(() => expect(broker.messages).toEqual([online, offline, online]));
    await soon(() =>
      expect(kinds(session).slice(0, 4)).toEqual(['connecting', 'connected', 'offline', 'connected']),
    );
  });

  it('sends again what was not acknowledged', async () => {
    let isHeld = true;
    const broker = await brokerWith({
      delayPublish: ({ topic }) => (topic === EVENT && isHeld ? new Promise(() => {}) : Promise.resolve()),
    });
    const session = sessionWith(broker.url);
    session.tell('a', 'b');
    await soon(() => expect(kinds(session)).toContain('connected'));
    expect(session.statuses.at(-1)?.waiting).toBe(2);
    isHeld = false;
    broker.cut();
    await soon(() => expect(session.statuses.at(-1)).toMatchObject({ kind: 'connected', waiting: 0 }));
    expect(events(broker)).toEqual(['a', 'b']);
  });

  it('is asked less and less often while it throws us out, and then somebody else has our name', async () => {
    const broker = await brokerWith();
    const session = sessionWith(broker.url, {
      firstRetryMs: 40,
      maxRetryMs: 100_000,
      refusedRetryMs: 100_000,
    });
    const waits: number[] = [];
    for (let round = 1; round <= 2; round += 1) {
      await soon(() => expect(session.statuses.at(-1)?.kind).toBe('connected'));
      await soon(() => expect(broker.messages.length).toBe(2 * round - 1));
      const cutAt = performance.now();
      broker.cut();
      await soon(() => expect(broker.connections).toBe(round + 1));
      waits.push(performance.now() - cutAt);
    }
    // 20–40 and 40–80 ms, and never less.
    expect(waits.map((wait, index) => wait >= 19 * 2 ** index)).toEqual([true, true]);
    await soon(() => expect(broker.messages.length).toBe(5));
    broker.cut();
    await soon(() => expect(session.statuses.at(-1)).toMatchObject({ kind: 'taken-over', code: 'closed' }));
  });
});

describe('a slow broker', () => {
  it('is sent no more than the window, and the queue stays bounded', async () => {
    const broker = await bareBrokerWith({ puback: (topic) => (topic === EVENT ? undefined : 0) });
    const session = sessionWith(broker.url, { queueSize: 100, windowSize: 20 });
    await soon(() => expect(kinds(session)).toContain('connected'));
    for (let burst = 0; burst < 50; burst += 1) session.tell(...numbers(1, 1_000));
    await soon(() =>
      expect(session.statuses.at(-1)).toMatchObject({ kind: 'connected', waiting: 100, dropped: 49_900 }),
    );
    // The status and a window of events; the status may wait for its acknowledgement, too.
    await soon(() => expect(broker.heard).toHaveLength(21));
    expect(broker.mostUnacknowledged).toBeLessThanOrEqual(21);
    const began = performance.now();
    await session.stop();
    expect(performance.now() - began).toBeLessThan(15_000);
  });

  it('that never acknowledges offline does not hold up the end', async () => {
    let isHeld = false;
    const broker = await brokerWith({
      delayPublish: () => (isHeld ? new Promise(() => {}) : Promise.resolve()),
    });
    const session = sessionWith(broker.url, { closeMs: 2_000 });
    await soon(() => expect(broker.messages).toEqual([online]));
    isHeld = true;
    const began = performance.now();
    await session.stop();
    expect(performance.now() - began).toBeLessThan(15_000);
    expect(session.statuses.at(-1)?.kind).toBe('closed');
  });
});

describe('a login', () => {
  const authenticate = (username?: string, password?: string) => username === 'anna' && password === PASSWORD;

  it('is used', async () => {
    const broker = await brokerWith({ authenticate });
    sessionWith(broker.url, { username: 'anna', password: PASSWORD });
    await soon(() => expect(broker.messages).toEqual([online]));
  });

  it('that is refused is told apart, and tried again slowly', async () => {
    let isWelcome = false;
    const broker = await brokerWith({ authenticate: () => isWelcome });
    const session = sessionWith(broker.url, { username: 'anna', password: 'wrong', refusedRetryMs: 100 });
    session.tell('a');
    await soon(() => expect(session.statuses.at(-1)).toMatchObject({ kind: 'login-refused', waiting: 1 }));
    const refusedAt = performance.now();
    isWelcome = true;
    await soon(() => expect(events(broker)).toEqual(['a']));
    expect(performance.now() - refusedAt).toBeGreaterThan(60);
    expect(broker.attempts).toBe(4);
  });

  it('is in nothing that a session says', async () => {
    const written: string[] = [];
    const spies = (['stdout', 'stderr'] as const).map((name) =>
      vi.spyOn(process[name], 'write').mockImplementation((text) => written.push(String(text)) > 0),
    );
    onTestFinished(() => {
      for (const spy of spies) spy.mockRestore();
    });
    const broker = await brokerWith({ authenticate });
    const good = sessionWith(broker.url, { username: 'anna', password: PASSWORD });
    const bad = sessionWith(broker.url, { username: 'bert', password: PASSWORD, clientId: 'two' });
    const lost = sessionWith(`mqtt://127.0.0.1:${await closedPort()}`, {
      password: PASSWORD,
      clientId: 'three',
    });
    good.tell('a');
    await soon(() => expect(events(broker)).toEqual(['a']));
    await soon(() => expect(kinds(bad)).toContain('login-refused'));
    await soon(() => expect(kinds(lost)).toContain('offline'));
    const sessions = [good, bad, lost];
    await Promise.all(sessions.map((session) => session.stop()));
    const said = inspect([sessions, broker.messages, written], {
      depth: 20,
      showHidden: true,
      maxStringLength: null,
    });
    expect(said).toContain('login-refused');
    expect(said).not.toContain(PASSWORD);
  });
});

describe('a process', () => {
  const script = join(projectRoot, 'dist/test/support/mqtt-session-process.js');

  function processWith(url: string, env: NodeJS.ProcessEnv = process.env): ChildProcess {
    const child = spawn(process.execPath, [script, url, STATUS], { env });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    return child;
  }

  it('writes the password nowhere, not even when DEBUG is set', async () => {
    const broker = await brokerWith({ authenticate: (_, password) => password === PASSWORD });
    const env = { ...process.env, DEBUG: '*' };
    const child = processWith(broker.url.replace('://', `://anna:${PASSWORD}@`), env);
    let written = '';
    for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (text) => (written += text));
    await soon(() => expect(broker.messages).toEqual([online]));
    child.kill('SIGTERM');
    await once(child, 'close');
    expect(written).toContain('connected');
    expect(written).not.toContain(PASSWORD);
  });

  it.each([
    ['killed without a word', 'SIGKILL'],
    ['ended as planned', 'SIGTERM'],
  ] as const)('that is %s is offline afterwards', async (_, signal) => {
    const broker = await brokerWith();
    const child = processWith(broker.url);
    await soon(() => expect(broker.messages).toEqual([online]));
    child.kill(signal);
    await once(child, 'exit');
    await soon(() => expect(broker.messages).toEqual([online, offline]));
    const listener = await listenerAt(broker.url);
    await soon(() => expect(listener.messages).toEqual([offline]));
  });

  it('does the same with mosquitto', async (ctx) => {
    if (!hasMosquitto()) return ctx.skip('mosquitto is not installed');
    const login = { username: 'anna', password: PASSWORD };
    const mosquitto = await mosquittoWith({ logins: { anna: PASSWORD } });
    const before = await listenerAt(mosquitto.url, login);
    const child = processWith(mosquitto.url.replace('://', `://anna:${PASSWORD}@`));
    await soon(() => expect(before.messages).toMatchObject([{ payload: 'online' }]));
    child.kill('SIGKILL');
    await soon(() => expect(before.messages).toMatchObject([{ payload: 'online' }, { payload: 'offline' }]));
    const after = await listenerAt(mosquitto.url, login);
    await soon(() => expect(after.messages).toEqual([offline]));
  });
});
