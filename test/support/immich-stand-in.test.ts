import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  boundary,
  dial,
  encodeForm,
  file,
  formType,
  send,
  sendFile,
  sendForm,
  sendJson,
  text,
  texts,
} from './immich-stand-in/test-client.js';
import { type StandIn, type StandInOptions, startImmichStandIn } from './immich-stand-in.js';

const standIns: StandIn[] = [];
async function start(options: StandInOptions = {}): Promise<StandIn> {
  const standIn = await startImmichStandIn(options);
  standIns.push(standIn);
  return standIn;
}
afterEach(async () => {
  await Promise.all(standIns.splice(0).map((standIn) => standIn.stop()));
});

const sha1 = (bytes: string | Buffer) => createHash('sha1').update(bytes).digest('hex');
const ask = (standIn: StandIn, checksum: string) =>
  sendJson(standIn, 'POST', '/api/assets/bulk-upload-check', { assets: [{ id: '0', checksum }] });
const get = (standIn: StandIn, path: string) =>
  send(standIn.url + path, { headers: { 'x-api-key': standIn.apiKey } });

describe('what the stand-in stores', () => {
  it('keeps hash, size, name, fields, sidecar and order, not the bytes', async () => {
    const standIn = await start({ now: () => new Date('2026-05-06T07:08:09Z') });
    const named = [text('filename', 'wörld.jpg'), file('assetData', 'w.jpg', 'hello')];
    await sendForm(standIn, [...texts({ isFavorite: 'true' }), ...named]);
    await sendForm(standIn, [
      ...texts(),
      file('sidecarData', 'b.xmp', '<x/>'),
      file('assetData', 'b.mp4', ''),
    ]);
    expect(standIn.assets).toMatchObject([
      {
        sha1: sha1('hello'),
        sizeBytes: 5,
        fileName: 'wörld.jpg',
        type: 'IMAGE',
        fields: { isFavorite: 'true', filename: 'wörld.jpg' },
        sidecar: null,
        isTrashed: false,
        createdAt: '2026-05-06T07:08:09.000Z',
        order: 0,
      },
      { sizeBytes: 0, fileName: 'b.mp4', type: 'VIDEO', sidecar: { sizeBytes: 4 }, order: 1 },
    ]);
  });

  it('answers known bytes with 200 and the id, whatever their name, and stores nothing', async () => {
    const standIn = await start();
    const first = await sendFile(standIn, 'a.jpg', 'same');
    expect(first).toMatchObject({ status: 201, json: { status: 'created' } });
    const second = await sendFile(standIn, 'b.mp4', 'same');
    expect(second).toMatchObject({ status: 200, json: { status: 'duplicate', id: first.json?.id } });
    expect(standIn.assets).toHaveLength(1);
  });

  it('takes twenty uploads of the same bytes at once as one', async () => {
    const standIn = await start();
    const bytes = Buffer.alloc(300_000, 'x');
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => sendFile(standIn, `${i}.jpg`, bytes)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(19).fill(200), 201]);
    expect(new Set(answers.map(({ json }) => json?.id)).size).toBe(1);
  });

  it('lets only field errors leave files behind', async () => {
    const standIn = await start();
    await sendFile(standIn, 'a.txt', 'refused by its name');
    expect(standIn.orphans).toBe(0);
    await sendForm(standIn, [...texts({ deviceId: null }), file('assetData', 'a.jpg', 'x')]);
    expect(standIn.orphans).toBe(1);
  });

  it('tests the quota after the whole body, and also for known bytes', async () => {
    const standIn = await start({ quotaBytes: 10, permissions: ['all'] });
    expect((await sendFile(standIn, 'a.jpg', '123456')).status).toBe(201);
    for (const bytes of ['78901', '123456']) {
      const refused = await sendFile(standIn, 'b.jpg', bytes);
      expect(refused).toMatchObject({ status: 400, json: { message: 'Quota has been exceeded!' } });
    }
    const me = await get(standIn, '/api/users/me');
    expect(me.json).toMatchObject({ quotaSizeInBytes: 10, quotaUsageInBytes: 6 });
  });

  it('links the video of a live photo and hides it', async () => {
    const standIn = await start();
    const video = await sendFile(standIn, 'a.mov', 'video');
    const still = (id: unknown, bytes: string) =>
      sendForm(standIn, [...texts({ livePhotoVideoId: String(id) }), file('assetData', 'a.heic', bytes)]);
    const linked = await still(video.json?.id, 'still');
    expect(linked.status).toBe(201);
    expect(standIn.assets).toMatchObject([{ visibility: 'hidden' }, { livePhotoVideoId: video.json?.id }]);
    const wrong = await still(linked.json?.id, 'another');
    expect(wrong).toMatchObject({ status: 400, json: { message: 'Live photo video must be a video' } });
  });

  it('refuses a sidecar whose name the field filename hides', async () => {
    const standIn = await start();
    const files = [file('sidecarData', 'a.xmp', '<x/>'), file('assetData', 'a.jpg', 'x')];
    const answer = await sendForm(standIn, [...texts(), text('filename', 'photo.jpg'), ...files]);
    expect(answer).toMatchObject({ status: 400, json: { message: 'Unsupported file type photo.jpg' } });
  });

  it.each([
    ['without the closing boundary', (form: Buffer) => form.subarray(0, form.lastIndexOf(`--${boundary}--`))],
    ['with half of the file', (form: Buffer) => form.subarray(0, form.indexOf('hello') + 2)],
  ])('refuses a form %s', async (_, cut) => {
    const standIn = await start();
    const body = cut(encodeForm([...texts(), file('assetData', 'a.jpg', 'hello')]));
    const headers = { 'x-api-key': standIn.apiKey, ...formType };
    const answer = await send(`${standIn.url}/api/assets`, { method: 'POST', headers, body });
    expect(answer).toMatchObject({ status: 400, json: { message: 'Multipart: Unexpected end of form' } });
    expect(standIn.assets).toEqual([]);
  });

  it('answers 400 without a body when the client half-closes in the middle', async () => {
    const standIn = await start();
    const socket = await dial(standIn.port);
    socket.end(
      `POST /api/assets HTTP/1.1\r\nHost: x\r\nx-api-key: ${standIn.apiKey}\r\n` +
        `Content-Type: ${formType['content-type']}\r\nContent-Length: 1000\r\n\r\n--${boundary}\r\n`,
    );
    await once(socket, 'close');
    expect(socket.heard()).toBe('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    await vi.waitFor(() => expect(standIn.requests.at(-1)?.outcome).toBe('aborted'));
    expect(standIn.assets).toEqual([]);
  });

  it.each([
    ['takes', file('assetData', 'a.jpg', 'hello'), 201, [{ sha1: sha1('hello') }]],
    [
      'fails on filename* in',
      { disposition: `name="assetData"; filename*=UTF-8''a.jpg`, body: 'x' },
      500,
      [],
    ],
  ])('%s a form that comes byte by byte, without a length', async (_, part, status, stored) => {
    const standIn = await start();
    const headers = { 'x-api-key': standIn.apiKey, ...formType };
    const outgoing = request(`${standIn.url}/api/assets`, { method: 'POST', headers });
    for (const byte of encodeForm([...texts(), part])) outgoing.write(Buffer.of(byte));
    outgoing.end();
    const [response] = await once(outgoing, 'response');
    response.resume();
    expect(response.statusCode).toBe(status);
    expect(standIn.assets).toMatchObject(stored);
  });
});

describe('the checksum header', () => {
  it.each([
    ['base64', (hex: string) => Buffer.from(hex, 'hex').toString('base64')],
    ['hex', (hex: string) => hex],
    ['upper-case hex', (hex: string) => hex.toUpperCase()],
  ])('is answered before the body when the sha1 in %s is known, and loses other bytes', async (_, write) => {
    const standIn = await start();
    const { json } = await sendFile(standIn, 'a.jpg', 'known');
    const headers = { 'x-immich-checksum': write(sha1('known')) };
    const answer = await sendFile(standIn, 'b.jpg', 'others', { headers });
    expect(answer).toMatchObject({ status: 200, json: { status: 'duplicate', id: json?.id } });
    expect((await ask(standIn, sha1('others'))).json).toEqual({ results: [{ id: '0', action: 'accept' }] });
  });

  it.each(['garbage', sha1('never seen')])('is ignored when it is %s', async (checksum) => {
    const standIn = await start();
    const answer = await sendFile(standIn, 'a.jpg', 'x', { headers: { 'x-immich-checksum': checksum } });
    expect(answer.status).toBe(201);
    expect(standIn.assets).toMatchObject([{ sha1: sha1('x') }]);
  });

  it('is answered although no byte of the body came, and the connection stays usable', async () => {
    const standIn = await start();
    await sendFile(standIn, 'a.jpg', 'known');
    const socket = await dial(standIn.port);
    const size = 2_000_000;
    socket.write(
      `POST /api/assets HTTP/1.1\r\nHost: x\r\nx-api-key: ${standIn.apiKey}\r\nx-immich-checksum: ${sha1('known')}\r\n` +
        `Content-Type: ${formType['content-type']}\r\nContent-Length: ${size}\r\n\r\n`,
    );
    await vi.waitFor(() => expect(socket.heard()).toContain('"duplicate"'));
    socket.write(Buffer.alloc(size));
    socket.write('GET /api/server/ping HTTP/1.1\r\nHost: x\r\n\r\n');
    await vi.waitFor(() => expect(socket.heard()).toContain('pong'));
    expect(standIn.requests.slice(-2)).toMatchObject([
      { status: 200, outcome: 'answered', bytesReceived: size },
      { status: 200, outcome: 'answered' },
    ]);
    socket.destroy();
  });
});

describe('the trash', () => {
  it('keeps a trashed asset a duplicate; only the bulk check tells', async () => {
    const standIn = await start({ permissions: ['all'] });
    const id = String((await sendFile(standIn, 'a.jpg', 'x')).json?.id);
    expect((await sendJson(standIn, 'DELETE', '/api/assets', { ids: [id] })).status).toBe(204);
    const entry = { id: '0', action: 'reject', reason: 'duplicate', assetId: id };
    expect((await ask(standIn, sha1('x'))).json).toEqual({ results: [{ ...entry, isTrashed: true }] });
    expect((await sendFile(standIn, 'a.jpg', 'x')).json).toEqual({ status: 'duplicate', id });
    expect((await get(standIn, `/api/assets/${id}`)).json).toMatchObject({ id, isTrashed: true });
    const restored = await sendJson(standIn, 'POST', '/api/trash/restore/assets', { ids: [id] });
    expect(restored).toMatchObject({ status: 200, json: { count: 1 } });
    expect((await ask(standIn, sha1('x'))).json).toEqual({ results: [{ ...entry, isTrashed: false }] });
    await sendJson(standIn, 'DELETE', '/api/assets', { ids: [id], force: true });
    expect((await ask(standIn, sha1('x'))).json).toEqual({ results: [{ id: '0', action: 'accept' }] });
    expect((await sendFile(standIn, 'a.jpg', 'x')).status).toBe(201);
  });

  it('can be filled and emptied from outside', async () => {
    const standIn = await start();
    const id = String((await sendFile(standIn, 'a.jpg', 'x')).json?.id);
    standIn.trash(id);
    expect(standIn.assets).toMatchObject([{ isTrashed: true }]);
    standIn.restore(id);
    expect(standIn.assets).toMatchObject([{ isTrashed: false }]);
    standIn.remove(id);
    expect(standIn.assets).toEqual([]);
    expect(() => standIn.trash(id)).toThrow('has no asset');
  });
});

describe('the server', () => {
  it('is refused while it is down and knows everything when it comes up on the same port', async () => {
    const standIn = await start();
    await sendFile(standIn, 'a.jpg', 'x');
    await standIn.goDown();
    await expect(get(standIn, '/api/server/ping')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await standIn.comeUp();
    expect((await get(standIn, '/api/server/ping')).json).toEqual({ res: 'pong' });
    expect((await ask(standIn, sha1('x'))).json).toMatchObject({ results: [{ action: 'reject' }] });
  });

  it('cuts an upload in flight when it goes down', async () => {
    const standIn = await start();
    const headers = { 'x-api-key': standIn.apiKey, ...formType, 'content-length': '1000000' };
    const outgoing = request(`${standIn.url}/api/assets`, { method: 'POST', headers });
    const failed = once(outgoing, 'error');
    outgoing.on('error', () => undefined);
    outgoing.write(`--${boundary}\r\n`);
    await vi.waitFor(() => expect(standIn.requests.at(-1)?.bytesReceived).toBeGreaterThan(0));
    await standIn.goDown();
    expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
    expect(standIn.requests.at(-1)).toMatchObject({ outcome: 'aborted', status: null });
  });

  it('keeps connections alive for five seconds and tells which requests shared one', async () => {
    const standIn = await start();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const answer = await sendFile(standIn, 'a.jpg', 'x', { agent });
    await sendFile(standIn, 'a.jpg', 'x', { agent });
    agent.destroy();
    await sendFile(standIn, 'a.jpg', 'x');
    expect(answer.headers['keep-alive']).toBe('timeout=5');
    const [first, second, third] = standIn.requests.map(({ connection }) => connection);
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it('records requests without the key', async () => {
    const standIn = await start({ apiKey: 'very-secret' });
    await sendFile(standIn, 'a.jpg', 'x', { headers: { authorization: 'Bearer very-secret' } });
    await send(`${standIn.url}/api/users/me?apiKey=very-secret`);
    expect(standIn.requests).toMatchObject([
      { method: 'POST', path: '/api/assets', status: 201, outcome: 'answered' },
      { method: 'GET', path: '/api/users/me', status: 403 },
    ]);
    expect(JSON.stringify(standIn.requests)).not.toContain('very-secret');
  });

  it('forgets all on reset', async () => {
    const standIn = await start();
    standIn.fail({ kind: 'answer', status: 500, path: '/nowhere' });
    await sendFile(standIn, 'a.jpg', 'x');
    standIn.reset();
    expect(standIn).toMatchObject({ assets: [], requests: [], orphans: 0 });
    expect((await sendFile(standIn, 'a.jpg', 'x')).status).toBe(201);
  });

  it('reads no faster than it is told', async () => {
    const standIn = await start({ readBytesPerSecond: 10_000_000 });
    const startedMs = performance.now();
    expect((await sendFile(standIn, 'a.jpg', Buffer.alloc(3_000_000))).status).toBe(201);
    expect(performance.now() - startedMs).toBeGreaterThan(250);
  });

  it('needs no more memory for a large body', async () => {
    const seen: number[] = [];
    const standIn = await start({ onBytes: () => seen.push(process.memoryUsage.rss()) });
    const head = encodeForm([...texts(), file('assetData', 'a.mp4', '')]).toString();
    const [before, after] = [head.slice(0, head.indexOf(`\r\n--${boundary}--`)), `\r\n--${boundary}--\r\n`];
    const megabyte = Buffer.alloc(1_000_000, 1);
    const hash = createHash('sha1');
    const headers = { 'x-api-key': standIn.apiKey, ...formType };
    const outgoing = request(`${standIn.url}/api/assets`, { method: 'POST', headers });
    outgoing.write(before);
    for (let count = 0; count < 150; count += 1) {
      hash.update(megabyte);
      if (!outgoing.write(megabyte)) await once(outgoing, 'drain');
    }
    outgoing.end(after);
    const [response] = await once(outgoing, 'response');
    response.resume();
    expect(standIn.assets).toMatchObject([{ sizeBytes: 150_000_000, sha1: hash.digest('hex') }]);
    expect(Math.max(...seen) - seen[0]!).toBeLessThan(100_000_000);
  });
});
