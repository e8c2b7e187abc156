import { createHash } from 'node:crypto';
import { Agent } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Fault, proxyFaults, type StandIn, startImmichStandIn } from '../immich-stand-in.js';
import { dial, formType, send, sendFile, sendJson } from './test-client.js';

let standIn: StandIn;
beforeEach(async () => {
  standIn = await startImmichStandIn();
});
afterEach(() => standIn.stop());

const big = Buffer.alloc(3_000_000, 1);
const sha1 = (bytes: string) => createHash('sha1').update(bytes).digest('hex');
const upload = (bytes: string | Buffer = 'x', agent?: Agent) =>
  sendFile(standIn, 'a.jpg', bytes, agent ? { agent } : {});
const isKnown = async (bytes: string) => {
  const assets = [{ id: '0', checksum: sha1(bytes) }];
  const { json } = await sendJson(standIn, 'POST', '/api/assets/bulk-upload-check', { assets });
  return JSON.stringify(json).includes('reject');
};
/** Announces an upload without sending any of it. */
async function announce(sizeBytes: number) {
  const socket = await dial(standIn.port);
  socket.write(
    `POST /api/assets HTTP/1.1\r\nHost: x\r\nx-api-key: ${standIn.apiKey}\r\n` +
      `Content-Type: ${formType['content-type']}\r\nContent-Length: ${sizeBytes}\r\n\r\n`,
  );
  return socket;
}

describe('a fault that answers', () => {
  it.each([
    [500, 'Failed to upload asset'],
    [502, 'Bad Gateway'],
    [503, 'Service Unavailable'],
    [504, 'Gateway Timeout'],
    [429, 'Too Many Requests'],
    [401, 'Invalid API key'],
    [403, 'Missing required permission: asset.upload'],
    [404, 'Not Found'],
  ])('can say %i', async (status, message) => {
    standIn.fail({ kind: 'answer', status, headers: { 'Retry-After': '7' } });
    const answer = await upload(big);
    expect(answer).toMatchObject({
      status,
      json: { message, statusCode: status },
      headers: { 'retry-after': '7' },
    });
    expect(standIn.assets).toEqual([]);
  });

  it('can be a proxy with a limit, from the headers alone', async () => {
    standIn.fail(proxyFaults.tooLarge(1_000));
    expect((await upload()).status).toBe(201);
    const socket = await announce(1_000_000_000);
    await vi.waitFor(() => expect(socket.heard()).toMatch(/^HTTP\/1.1 413 .*text\/html.*<html>/s));
    socket.destroy();
  });

  it('can be a captive portal or a redirect', async () => {
    const takeBack = standIn.fail(proxyFaults.captivePortal());
    const page = await send(`${standIn.url}/api/server/ping`);
    expect(page).toMatchObject({ status: 200, headers: { 'content-type': 'text/html' }, json: undefined });
    takeBack();
    standIn.fail(proxyFaults.redirect('https://elsewhere.example/api/assets'));
    const moved = await upload();
    expect(moved).toMatchObject({
      status: 301,
      headers: { location: 'https://elsewhere.example/api/assets' },
    });
  });

  it('can answer after some bytes and read the rest', async () => {
    standIn.fail({ kind: 'answer', status: 503, afterBytes: 100_000 });
    // As with any server of node:http the rest is read only on a connection that is to be kept.
    const agent = new Agent({ keepAlive: true });
    expect((await upload(big, agent)).status).toBe(503);
    await vi.waitFor(() => expect(standIn.requests.at(-1)?.bytesReceived).toBeGreaterThan(big.length));
    agent.destroy();
  });

  it('can answer early and stop reading', async () => {
    standIn.fail({ kind: 'answer', status: 503, afterBytes: 0, stopsReading: true });
    const socket = await announce(1_000_000_000);
    await vi.waitFor(() => expect(socket.heard()).toContain('503'));
    let isTaken = true;
    for (let count = 0; isTaken && count < 1_000; count += 1) {
      isTaken = await new Promise<boolean>((resolve) => {
        const stuck = setTimeout(() => resolve(false), 300);
        socket.write(big, () => {
          clearTimeout(stuck);
          resolve(true);
        });
      });
    }
    expect(isTaken).toBe(false);
    expect(standIn.requests.at(-1)?.bytesReceived).toBe(0);
    socket.destroy();
  });

  it('can lose the answer of an upload that is stored', async () => {
    standIn.fail({ kind: 'answer', status: 504, takesEffect: true, path: '/api/assets' });
    expect((await upload('kept')).status).toBe(504);
    expect(await isKnown('kept')).toBe(true);
  });
});

describe('a fault of the connection', () => {
  it('resets after some bytes', async () => {
    standIn.fail({ kind: 'reset', afterBytes: 500_000, times: 1 });
    await expect(upload(big)).rejects.toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) });
    const { bytesReceived, outcome, status } = standIn.requests.at(-1)!;
    expect({ outcome, status }).toEqual({ outcome: 'aborted', status: null });
    expect(bytesReceived).toBeGreaterThanOrEqual(500_000);
    expect(bytesReceived).toBeLessThan(1_000_000);
    expect((await upload(big)).status).toBe(201);
  });

  it('resets after the last byte, stored or not', async () => {
    const takeBack = standIn.fail({ kind: 'reset', afterBytes: 'all', path: '/api/assets' });
    await expect(upload('lost')).rejects.toThrow();
    expect(await isKnown('lost')).toBe(false);
    takeBack();
    standIn.fail({ kind: 'reset', takesEffect: true, path: '/api/assets' });
    await expect(upload('stored')).rejects.toThrow();
    expect(await isKnown('stored')).toBe(true);
  });

  it('takes the whole body and hangs until the client leaves', async () => {
    standIn.fail({ kind: 'hang' });
    const agent = new Agent();
    const failed = upload(big, agent).catch((error: Error) => error);
    await vi.waitFor(() => expect(standIn.requests.at(-1)?.bytesReceived).toBeGreaterThan(big.length));
    expect(standIn.requests.at(-1)?.outcome).toBe('open');
    agent.destroy();
    expect(await failed).toBeInstanceOf(Error);
    await vi.waitFor(() => expect(standIn.requests.at(-1)?.outcome).toBe('aborted'));
  });

  it('hangs in the middle of the body and lets the stand-in stop nevertheless', async () => {
    standIn.fail({ kind: 'hang', afterBytes: 100_000 });
    const failed = upload(big).catch((error: Error) => error);
    await vi.waitFor(() => expect(standIn.requests.at(-1)?.bytesReceived).toBeGreaterThanOrEqual(100_000));
    await standIn.stop();
    expect(await failed).toBeInstanceOf(Error);
    expect(standIn.requests.at(-1)?.outcome).toBe('aborted');
    expect(standIn.requests.at(-1)?.bytesReceived).toBeLessThan(1_000_000);
  });

  it('resets only a connection that is used again', async () => {
    standIn.fail({ kind: 'stale-socket' });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect((await upload('1', agent)).status).toBe(201);
    await expect(upload('2', agent)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect((await upload('2', agent)).status).toBe(201);
    agent.destroy();
  });
});

describe('a fault of the server', () => {
  it('stores other bytes than were sent', async () => {
    standIn.fail({ kind: 'corrupt', times: 1 });
    expect(await isKnown('x')).toBe(false);
    expect((await upload('x')).status).toBe(201);
    expect(await isKnown('x')).toBe(false);
    expect(standIn.assets).toHaveLength(1);
    expect((await upload('x')).status).toBe(201);
    expect(await isKnown('x')).toBe(true);
  });

  it('says created and stores nothing', async () => {
    standIn.fail({ kind: 'forget', times: 1 });
    expect(await upload('x')).toMatchObject({ status: 201, json: { status: 'created' } });
    expect(standIn.assets).toEqual([]);
  });

  it('answers late', async () => {
    standIn.fail({ kind: 'delay', delayMs: 120, times: 1 });
    const startedMs = performance.now();
    expect((await upload()).status).toBe(201);
    expect(performance.now() - startedMs).toBeGreaterThan(110);
  });

  it('is in maintenance until it is taken back', async () => {
    const takeBack = standIn.fail({ kind: 'maintenance' });
    const config = () => send(`${standIn.url}/api/server/config`);
    expect((await config()).json).toMatchObject({ maintenanceMode: true });
    expect((await send(`${standIn.url}/api/server/ping`)).json).toEqual({ res: 'pong' });
    expect(await upload()).toMatchObject({ status: 404, json: { message: 'Cannot POST /api/assets' } });
    takeBack();
    expect((await config()).json).toMatchObject({ maintenanceMode: false });
    expect((await upload()).status).toBe(201);
  });
});

describe('the scope of a fault', () => {
  it('meets so many requests, of a method, on a path', async () => {
    standIn.fail({ kind: 'answer', status: 500, times: 2, method: 'post', path: '/api/assets' });
    standIn.fail({ kind: 'answer', status: 502, path: /statistics$/ });
    expect((await send(`${standIn.url}/api/server/ping`)).status).toBe(200);
    expect((await send(`${standIn.url}/api/server/statistics`)).status).toBe(502);
    const statuses = [await upload('1'), await upload('2'), await upload('3')].map(({ status }) => status);
    expect(statuses).toEqual([500, 500, 201]);
  });

  it('lets faults add up and end one after the other', async () => {
    const faults: Fault[] = [
      { kind: 'reset', times: 1 },
      { kind: 'answer', status: 503, times: 1 },
      { kind: 'forget', times: 1 },
      { kind: 'delay', delayMs: 1 },
    ];
    for (const fault of faults) standIn.fail(fault);
    await expect(upload()).rejects.toThrow();
    expect((await upload()).status).toBe(503);
    expect((await upload()).status).toBe(201);
    expect(standIn.assets).toEqual([]);
    expect((await upload()).status).toBe(201);
    expect(standIn.assets).toHaveLength(1);
  });
});
