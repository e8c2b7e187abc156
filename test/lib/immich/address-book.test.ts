import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readVersion } from '../../../lib/file-version.js';
import { createAddressBook } from '../../../lib/immich/address-book.js';
import { apiBases } from '../../../lib/immich/server-address.js';
import { freePort } from '../../support/free-port.js';
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
});

it('holds what the outer address refuses for the inner one, and nothing else', async () => {
  const [inner, outer] = [await standIn({ apiKey: 'k' }), await standIn({ apiKey: 'k' })];
  outer.fail({ kind: 'answer', status: 413, path: '/api/assets', largerThanBytes: 5_000 });
  await inner.goDown();
  const client = clientOf(outer, { baseUrl: `${inner.url}/api`, otherBaseUrls: [`${outer.url}/api`] });
  const folder = tempFolder();
  const send = async (fileName: string, size: number) => {
    const { path } = await stableFile(join(folder, fileName), 'x'.repeat(size));
    return client.upload({ path, fileName, version: await readVersion(path) });
  };
  const uploads = () => outer.requests.filter(({ path }) => path === '/api/assets').length;
  const waits = { kind: 'too-large-for-proxy', scope: 'file', tries: Number.POSITIVE_INFINITY };
  await expect(send('a.mp4', 9_000)).rejects.toMatchObject(waits);
  await expect(send('b.mp4', 10_000)).rejects.toMatchObject(waits);
  expect(uploads()).toBe(1);
  expect(await send('c.jpg', 100)).toMatchObject({ outcome: 'created' });
  await inner.comeUp();
  expect(await send('a.mp4', 9_000)).toMatchObject({ outcome: 'created' });
  expect(inner.assets.map(({ fileName }) => fileName)).toEqual(['a.mp4']);
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
