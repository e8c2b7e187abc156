import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readVersion } from '../../../lib/file-version.js';
import { createAddressBook } from '../../../lib/immich/address-book.js';
import { apiBases } from '../../../lib/immich/server-address.js';
import { freePort } from '../../support/free-port.js';
import { proxyFaults, type StandIn } from '../../support/immich-stand-in.js';
import { clientOf, stableFile, standIn, tempFolder } from '../../support/world.js';

const QUESTION = { method: 'GET', path: '/api-keys/me' } as const;

it('asks nothing beforehand with one address', async () => {
  const server = await standIn();
  await clientOf(server).check('0'.repeat(40));
  expect(server.requests.map(({ path }) => path)).toEqual(['/api/assets/bulk-upload-check']);
});

it('takes the first address while it answers', async () => {
  const [inner, outer] = [await standIn({ apiKey: 'k' }), await standIn({ apiKey: 'k' })];
  const client = clientOf(inner, { otherBaseUrls: [`${outer.url}/api`] });
  await client.check('0'.repeat(40));
  await client.check('0'.repeat(40));
  expect(inner.requests.map(({ path }) => path)).toEqual([
    '/api/server/ping',
    '/api/assets/bulk-upload-check',
    '/api/assets/bulk-upload-check',
  ]);
  expect(outer.requests).toEqual([]);
});

it('goes on over the next when one dies, and back once a minute', async () => {
  const [inner, outer] = [await standIn({ apiKey: 'k' }), await standIn({ apiKey: 'k' })];
  let now = 0;
  const book = createAddressBook({
    baseUrls: [`${inner.url}/api`, `${outer.url}/api`],
    apiKey: 'k',
    now: () => now,
  });
  onTestFinished(() => book.close());
  await book.request(QUESTION);
  await inner.goDown();
  expect((await book.request(QUESTION)).status).toBe(200);
  expect(book.origin).toBe(outer.url);
  await inner.comeUp();
  now = 59_000;
  await book.request(QUESTION);
  expect(inner.requests).toHaveLength(2);
  now = 61_000;
  await book.request(QUESTION);
  await expect.poll(() => book.origin).toBe(inner.url);
});

it('takes a captive portal for no Immich, and gives it no key', async () => {
  const keys: unknown[] = [];
  const portal = createServer((request, response) => {
    keys.push(request.headers['x-api-key']);
    response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>');
  });
  await new Promise<void>((resolve) => portal.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void portal.close());
  const outer = await standIn({ apiKey: 'k' });
  const baseUrl = `http://127.0.0.1:${(portal.address() as AddressInfo).port}/api`;
  const client = clientOf(outer, { baseUrl, otherBaseUrls: [`${outer.url}/api`] });
  expect(await client.check('0'.repeat(40))).toEqual({ isKnown: false });
  expect(keys).toEqual([undefined]);
  expect(client.addresses()).toMatchObject([
    { isInUse: false, isThere: false, problem: 'wrong-address' },
    { isInUse: true, isThere: true, problem: null },
  ]);
});

/** Two addresses, of which the inner one is down and the outer one lets so much through; and a sender of files. */
async function innerAndOuter(largestBytes: number) {
  const [inner, outer] = [await standIn({ apiKey: 'k' }), await standIn({ apiKey: 'k' })];
  const refuse = (server: StandIn, largerThanBytes: number) =>
    server.fail({ ...proxyFaults.tooLarge(largerThanBytes), path: '/api/assets' });
  const lift = refuse(outer, largestBytes);
  await inner.goDown();
  const clock = { ms: 0 };
  const client = clientOf(outer, {
    baseUrl: `${inner.url}/api`,
    otherBaseUrls: [`${outer.url}/api`],
    now: () => clock.ms,
  });
  const folder = tempFolder();
  const send = async (fileName: string, size: number) => {
    const { path } = await stableFile(join(folder, fileName), fileName.repeat(size).slice(0, size));
    return client.upload({ path, fileName, version: await readVersion(path) });
  };
  const uploads = (server: StandIn) => server.requests.filter(({ path }) => path === '/api/assets').length;
  return { inner, outer, client, clock, send, uploads, refuse, lift };
}

const WAITS = { kind: 'too-large-for-proxy', scope: 'file', tries: Number.POSITIVE_INFINITY };
const FAILS = { kind: 'too-large-for-proxy', scope: 'file', tries: 1, heldBytes: undefined };

it('holds what the outer address refuses for the inner one, and nothing else', async () => {
  const { inner, outer, client, clock, send, uploads } = await innerAndOuter(5_000);
  await expect(send('a.mp4', 9_000)).rejects.toMatchObject({ ...WAITS, heldBytes: expect.any(Number) });
  await expect(send('b.mp4', 10_000)).rejects.toMatchObject(WAITS);
  expect(uploads(outer)).toBe(1);
  expect(await send('c.jpg', 100)).toMatchObject({ outcome: 'created' });
  expect(await client.wayFor(10_000)).toBe('none');
  expect(await client.wayFor(100)).toBe('open');
  await inner.comeUp();
  // An address is asked at most once a minute, however many files wait for it.
  await expect(send('a.mp4', 9_000)).rejects.toMatchObject(WAITS);
  expect(inner.requests).toEqual([]);
  clock.ms += 60_000;
  expect(await client.wayFor(10_000)).toBe('open');
  expect(await send('a.mp4', 9_000)).toMatchObject({ outcome: 'created' });
  expect(inner.assets.map(({ fileName }) => fileName)).toEqual(['a.mp4']);
  expect(inner.requests.map(({ path }) => path)).toEqual(['/api/server/ping', '/api/assets']);
});

it('learns what each address lets through, also when its limit is moved', async () => {
  const { outer, client, clock, send, refuse, lift } = await innerAndOuter(5_000);
  const learned = () =>
    client.addresses().map(({ acceptedBytes, refusedBytes }) => [acceptedBytes, refusedBytes])[1];
  const bytes = async (name: string, size: number) => {
    await send(name, size).catch(() => undefined);
    return Number(outer.requests.at(-1)?.headers['content-length']);
  };
  const accepted = await bytes('a.jpg', 100);
  expect(learned()).toEqual([accepted, null]);
  const refused = await bytes('b.jpg', 7_000);
  await bytes('c.jpg', 50);
  expect(learned()).toEqual([accepted, refused]);
  lift();
  clock.ms += 3_600_000;
  expect(await client.wayFor(refused)).toBe('trial');
  const raised = await bytes('d.jpg', 8_000);
  expect(learned()).toEqual([raised, null]);
  refuse(outer, 1_000);
  const lowered = await bytes('e.jpg', 2_000);
  expect(learned()).toEqual([null, lowered]);
});

it('fails a file that every address refuses, because waiting helps no more', async () => {
  const { inner, outer, client, refuse, send, uploads } = await innerAndOuter(5_000);
  await inner.comeUp();
  refuse(inner, 6_000);
  await expect(send('a.mp4', 9_000)).rejects.toMatchObject(FAILS);
  await expect(send('b.mp4', 9_500)).rejects.toMatchObject(FAILS);
  expect([uploads(inner), uploads(outer)]).toEqual([1, 1]);
  // The page of the proxy is taken for no stranger.
  expect(inner.requests.filter(({ path }) => path === '/api/server/ping')).toHaveLength(1);
  expect(await client.wayFor(9_500)).toBe('open');
  // The smaller one of the two takes what the other refuses.
  await inner.goDown();
  await expect(send('c.mp4', 5_050)).rejects.toMatchObject(WAITS);
});

it('holds a large file alone, and no others, when the inner address dies between a look and the sending', async () => {
  const { inner, send, client } = await innerAndOuter(5_000);
  await inner.comeUp();
  await client.wayFor(9_000);
  await inner.goDown();
  await send('small.jpg', 100);
  await expect(send('a.mp4', 9_000)).rejects.toMatchObject(WAITS);
  expect(client.addresses()).toMatchObject([
    { isThere: false, problem: 'offline' },
    { isInUse: true, isThere: true },
  ]);
});

it('is offline when none answers', async () => {
  const server = await standIn();
  const urls = [await freePort(), await freePort()].map((port) => `http://127.0.0.1:${port}/api`);
  const client = clientOf(server, { baseUrl: urls[0] as string, otherBaseUrls: urls.slice(1) });
  await expect(client.check('0'.repeat(40))).rejects.toMatchObject({ kind: 'offline', scope: 'server' });
});

it.each([
  ['photos.lan, https://photos.example.org/', ['http://photos.lan/api', 'https://photos.example.org/api']],
  ['photos.lan,photos.lan/api', ['http://photos.lan/api']],
])('reads %s as %j', (text, [baseUrl, ...otherBaseUrls]) => {
  expect(apiBases(text)).toEqual({ baseUrl, otherBaseUrls });
});
