import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Dialect, type StandIn, startImmichStandIn } from '../immich-stand-in.js';
import { type Expected, headersOf, type UploadCase, uploadCases } from './recorded-cases.js';
import { encodeForm, file, type Received, send, texts } from './test-client.js';

describe.each<Dialect>(['v2', 'v3'])('POST /api/assets in %s answers', (dialect) => {
  let standIn: StandIn;
  beforeAll(async () => {
    standIn = await startImmichStandIn({ dialect });
  });
  afterAll(() => standIn.stop());

  it.each(uploadCases)('$name', async (upload) => {
    const expected = (dialect === 'v3' && upload.v3) || upload.v2;
    const answer = await sendCase(standIn, upload);
    expect([answer.status, complaintOf(answer)]).toEqual(expected.slice(0, 2));
    expectForm(dialect, answer, expected);
    const [, , name] = expected;
    if (name !== undefined) expect(standIn.assets.at(-1)?.fileName).toBe(name);
  });
});

function expectForm(dialect: Dialect, { status, json, headers }: Received, [expected]: Expected): void {
  expect(status).toBe(expected);
  if (status === 201) {
    expect(json).toEqual({ id: expect.any(String), status: 'created' });
  } else if (dialect === 'v2') {
    expect(json).toMatchObject({ statusCode: status, error: expect.any(String) });
    expect(json?.correlationId).toMatch(/^[0-9a-z]{8}$/);
  } else {
    expect(json).toMatchObject({ statusCode: status, message: expect.any(String) });
    expect(headers['x-correlation-id']).toMatch(/^[0-9a-z]{8}$/);
  }
}

function sendCase({ url, apiKey }: StandIn, upload: UploadCase): Promise<Received> {
  const headers = Object.entries({ 'x-api-key': apiKey, ...headersOf(upload) }).filter(([, value]) => value);
  const parts = upload.parts ?? [...texts(), file('assetData', 'a.jpg', upload.name)];
  const body = upload.body ?? encodeForm(parts);
  return send(`${url}/api/assets`, { method: 'POST', headers: Object.fromEntries(headers), body });
}

/** What is complained about, 3.x issues as `[path] message`. */
function complaintOf({ json }: Received): unknown {
  if (!Array.isArray(json?.errors)) return json?.message ?? null;
  return json.errors.map(({ path, message }: { path: string[]; message: string }) =>
    path.length === 0 ? message : `[${path.join('.')}] ${message}`,
  );
}
