import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ClientOptions } from '../../../lib/immich/immich-client.js';
import { ImmichError } from '../../../lib/immich/immich-error.js';
import type { StableFile, UploadedFile } from '../../../lib/media-file.js';
import { createByteStore } from '../../../lib/upload/byte-store.js';
import { NO_PAUSE } from '../../../lib/upload/pause.js';
import type { UploadQueueOptions } from '../../../lib/upload/queue-options.js';
import { probeServer } from '../../../lib/upload/server-probe.js';
import { type TrashPolicy, uploadFile } from '../../../lib/upload/upload-file.js';
import { createUploadQueue } from '../../../lib/upload/upload-queue.js';
import type { StandIn } from '../../support/immich-stand-in.js';
import { clientOf, sha1Of, stableFile, stableRecord, standIn, tempFolder } from '../../support/world.js';

const PAUSED = { ...NO_PAUSE, isPaused: true };
const UPLOAD = { method: 'POST', path: '/api/assets' } as const;

interface QueueOptions extends Partial<ClientOptions> {
  readonly concurrency?: number;
  readonly trashPolicy?: TrashPolicy;
  /** Runs between the hash and the upload of a file. */
  readonly beforeUpload?: (path: string) => void;
  /** Runs between the upload of a file and its proof. */
  readonly afterUpload?: (path: string) => void;
  /** Whether files go out from the memory in which they were hashed, as small ones do by default; else in pieces. */
  readonly isReadOnce?: boolean;
  /** What the queue itself is given besides. */
  readonly start?: Pick<UploadQueueOptions<string>, 'pause' | 'counts' | 'now' | 'order'>;
}

/** A queue before a stand-in, with pauses of milliseconds; `problems` collects what it told. */
function queueFor(server: StandIn, options: QueueOptions = {}) {
  const { concurrency = 4, trashPolicy = 'hold', beforeUpload, afterUpload, start, ...rest } = options;
  const { isReadOnce = true, ...http } = rest;
  const store = isReadOnce ? createByteStore() : undefined;
  const stop = new AbortController();
  onTestFinished(() => stop.abort(new Error('test over')));
  const problems: { message: string; path: string }[] = [];
  const delays: string[] = [];
  const changes = { count: 0 };
  const client = clientOf(server, http);
  const upload: typeof client.upload = async (form, signal) => {
    beforeUpload?.(form.path);
    const answer = await client.upload(form, signal);
    afterUpload?.(form.path);
    return answer;
  };
  const settled: string[] = [];
  const queue = createUploadQueue<string>({
    upload: (file, attempt) =>
      uploadFile(file, { client: { ...client, upload }, trashPolicy, ...(store && { store }) }, attempt),
    settle: (file) => {
      settled.push(file.path);
      return stableRecord(file.path);
    },
    probe: (trouble) => probeServer(client, trouble),
    wayFor: client.wayFor,
    addresses: client.addresses,
    lookMs: 5,
    signal: stop.signal,
    concurrency,
    onProblem: (error, path) => problems.push({ message: error.message, path }),
    onDelay: (error) => delays.push(error.message),
    onChange: () => {
      changes.count += 1;
    },
    firstMs: 5,
    maxMs: 20,
    ...start,
  });
  const add = (file: StableFile): Promise<UploadedFile> => {
    const uploaded = queue.add(file, file.path);
    uploaded.catch(() => undefined);
    return uploaded;
  };
  return { queue, add, problems, delays, settled, stop, changes };
}

async function photos(count: number): Promise<StableFile[]> {
  const folder = tempFolder();
  const names = Array.from({ length: count }, (_, index) => `photo-${index}.jpg`);
  return Promise.all(names.map((name) => stableFile(join(folder, name), `bytes of ${name}`)));
}

const uploadsOf = (server: StandIn) => server.requests.filter(({ path }) => path === '/api/assets');

it('uploads a file, proves it and says what it knows', async () => {
  const server = await standIn();
  const [photo] = await photos(1);
  const { add, queue } = queueFor(server);
  const uploaded = await add(photo!);
  expect(uploaded).toMatchObject({
    path: photo!.path,
    sha1: sha1Of('bytes of photo-0.jpg'),
    assetId: server.assets[0]?.id,
    uploadOutcome: 'created',
    isTrashed: false,
  });
  expect(queue.state()).toMatchObject({
    state: 'idle',
    pending: 0,
    totals: { files: 1, bytes: photo!.sizeBytes, duplicates: 0 },
    lastFile: 'photo-0.jpg',
  });
});

it('does not send what Immich has already', async () => {
  const server = await standIn();
  const [photo] = await photos(1);
  await queueFor(server).add(photo!);
  const { add, queue } = queueFor(server);
  expect((await add(photo!)).uploadOutcome).toBe('duplicate');
  expect(uploadsOf(server)).toHaveLength(1);
  expect(queue.state().totals.duplicates).toBe(1);
});

it('keeps to its concurrency and asks about files together', async () => {
  const server = await standIn();
  server.fail({ kind: 'delay', delayMs: 50, ...UPLOAD });
  const { add } = queueFor(server, { concurrency: 3, answerMs: 5_000 });
  let most = 0;
  const files = await photos(12);
  const timer = setInterval(() => {
    most = Math.max(most, uploadsOf(server).filter(({ outcome }) => outcome === 'open').length);
  }, 1);
  await Promise.all(files.map(add));
  clearInterval(timer);
  expect(most).toBe(3);
  expect(server.requests.filter(({ path }) => path.endsWith('check')).length).toBeLessThan(12);
});

describe('while the server is in trouble', () => {
  it('sends one probe at a time instead of every file, and then goes on', async () => {
    const server = await standIn();
    const repaired = server.fail({ kind: 'answer', status: 502 });
    const { add, queue } = queueFor(server);
    const uploads = (await photos(30)).map(add);
    await vi.waitFor(() => expect(server.requests.length).toBeGreaterThan(6));
    expect(uploadsOf(server)).toHaveLength(0);
    expect(server.requests.length).toBeLessThan(30);
    expect(queue.state()).toMatchObject({ state: 'backoff', pending: 30, problem: { kind: 'busy' } });
    repaired();
    await Promise.all(uploads);
    expect(server.assets).toHaveLength(30);
    expect(queue.state()).toMatchObject({ state: 'idle', problem: null });
  });

  it('lets one file go ahead of the others after the trouble', async () => {
    const server = await standIn();
    server.fail({ kind: 'answer', status: 503, ...UPLOAD, times: 8 });
    const { add } = queueFor(server, { concurrency: 4 });
    await Promise.all((await photos(8)).map(add));
    // Four were on their way when it began; from then on each try comes after a question.
    const paths = server.requests.map(({ path }) => path);
    const tries = paths.flatMap((path, index) => (path === '/api/assets' ? [index] : [])).slice(3, 9);
    expect(tries.slice(1).filter((index) => paths[index - 1] === '/api/assets')).toEqual([]);
    expect(server.assets).toHaveLength(8);
  });

  it('waits as long as Retry-After says', async () => {
    const server = await standIn();
    server.fail({ kind: 'answer', status: 429, headers: { 'Retry-After': '1' }, times: 1 });
    const [photo] = await photos(1);
    const before = performance.now();
    await queueFor(server).add(photo!);
    expect(performance.now() - before).toBeGreaterThan(950);
  });

  it.each([
    ['is down at the start', (server: StandIn) => server.goDown()],
    [
      'resets after some bytes',
      async (server: StandIn) => server.fail({ kind: 'reset', afterBytes: 100, times: 3, ...UPLOAD }),
    ],
    [
      'takes the file and its answer is lost',
      async (server: StandIn) => server.fail({ kind: 'reset', takesEffect: true, times: 1, ...UPLOAD }),
    ],
    [
      'takes the connection and hangs',
      async (server: StandIn) => server.fail({ kind: 'hang', times: 2, ...UPLOAD }),
    ],
    [
      'answers 500 for a while',
      async (server: StandIn) => server.fail({ kind: 'answer', status: 500, times: 5, ...UPLOAD }),
    ],
    ['is in maintenance', async (server: StandIn) => server.fail({ kind: 'maintenance', times: 6 })],
  ])('%s: every file is there exactly once in the end', async (_name, trouble) => {
    const server = await standIn();
    await trouble(server);
    const { add } = queueFor(server);
    const uploads = (await photos(6)).map(add);
    await vi.waitFor(() => expect(server.requests.length + 1).toBeGreaterThan(0));
    await server.comeUp();
    await Promise.all(uploads);
    expect(new Set(server.assets.map(({ sha1 }) => sha1)).size).toBe(6);
    expect(server.assets).toHaveLength(6);
  });

  it('goes on with a file that was half sent when the server went down', async () => {
    const server = await standIn({ readBytesPerSecond: 2_000_000 });
    const { add, queue } = queueFor(server, { stallMs: 5_000, answerMs: 5_000 });
    const large = await stableFile(join(tempFolder(), 'large.mp4'), Buffer.alloc(1_500_000, 1));
    const upload = add(large);
    await vi.waitFor(() => expect(uploadsOf(server)[0]?.bytesReceived).toBeGreaterThan(100_000));
    await server.goDown();
    await vi.waitFor(() =>
      expect(queue.state()).toMatchObject({ state: 'backoff', problem: { kind: 'offline' } }),
    );
    expect(server.assets).toEqual([]);
    await server.comeUp();
    expect((await upload).uploadOutcome).toBe('created');
    expect(server.assets).toHaveLength(1);
  });

  it('calls the trouble over when the server answers, though no file is left to try', async () => {
    const server = await standIn();
    await server.goDown();
    const { add, queue } = queueFor(server);
    const [photo] = await photos(1);
    void add(photo!);
    await vi.waitFor(() => expect(queue.state().problem?.kind).toBe('offline'));
    rmSync(photo!.path);
    await server.comeUp();
    await vi.waitFor(() => expect(queue.state()).toMatchObject({ state: 'idle', pending: 0, problem: null }));
  });

  it('holds all behind a refused key, says so once, and goes on when the key is accepted again', async () => {
    const server = await standIn();
    const repaired = server.fail({ kind: 'answer', status: 401 });
    const { add, queue, problems } = queueFor(server);
    const uploads = (await photos(5)).map(add);
    await vi.waitFor(() => expect(queue.state()).toMatchObject({ state: 'error', pending: 5, failed: 0 }));
    expect(queue.state().problem?.kind).toBe('unauthorized');
    expect(problems).toEqual([]);
    repaired();
    await Promise.all(uploads);
    expect(server.assets).toHaveLength(5);
  });

  it('holds all while Immich is full, and goes on when there is room', async () => {
    const server = await standIn({ permissions: ['asset.upload', 'user.read'], quotaBytes: 30 });
    const { add, queue } = queueFor(server);
    const uploads = (await photos(3)).map(add);
    await vi.waitFor(() =>
      expect(queue.state()).toMatchObject({ state: 'error', problem: { kind: 'quota' } }),
    );
    const first = server.assets[0];
    expect(queue.state().failed).toBe(0);
    // Someone deletes each photo as it comes, so that there is room for the next.
    const makeRoom = setInterval(() => {
      for (const { id } of [...server.assets]) server.remove(id);
    }, 5);
    onTestFinished(() => clearInterval(makeRoom));
    await vi.waitFor(() => expect(queue.state().totals.files).toBeGreaterThanOrEqual(first ? 1 : 0));
    await vi.waitFor(() => expect(queue.state().problem).toBeNull());
    void uploads;
  });
});

describe('a file that Immich does not want', () => {
  it('fails alone and once, stays in hand, and goes up when it is retried', async () => {
    const server = await standIn();
    server.fail({ kind: 'answer', status: 413, times: 1, ...UPLOAD, body: '<html>too large</html>' });
    const { add, queue, problems } = queueFor(server, { concurrency: 1 });
    const uploads = (await photos(4)).map(add);
    await vi.waitFor(() => expect(queue.state()).toMatchObject({ state: 'idle', failed: 1, pending: 0 }));
    expect(server.assets).toHaveLength(3);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.message).toContain(`${basename(problems[0]?.path ?? '')} is larger`);
    queue.retryFailed();
    const uploaded = await Promise.all(uploads);
    expect(uploaded.map(({ uploadOutcome }) => uploadOutcome)).toEqual(Array(4).fill('created'));
    expect(queue.state().failed).toBe(0);
  });

  it('gives up on a file that always arrives as another, without calling it uploaded', async () => {
    const server = await standIn();
    server.fail({ kind: 'corrupt' });
    const { add, queue, problems } = queueFor(server);
    void add((await photos(1))[0]!);
    await vi.waitFor(() => expect(queue.state().failed).toBe(1));
    expect(problems[0]?.message).toContain('stored something else');
    expect(queue.state().totals.files).toBe(0);
  });

  it('does not believe an answer that the proof contradicts, and sends again', async () => {
    const server = await standIn();
    server.fail({ kind: 'forget', times: 1 });
    const { add } = queueFor(server);
    expect((await add((await photos(1))[0]!)).assetId).toBe(server.assets[0]?.id);
  });
});

describe('a photo that lies in the trash', () => {
  async function trashed(policy: TrashPolicy, permissions = ['asset.upload', 'asset.delete']) {
    const server = await standIn({ permissions });
    const [photo] = await photos(1);
    await queueFor(server).add(photo!);
    server.trash(server.assets[0]!.id);
    return { server, photo: photo!, ...queueFor(server, { trashPolicy: policy }) };
  }

  it('is held and reported, and goes on after it was restored by hand', async () => {
    const { server, photo, add, queue, problems } = await trashed('hold');
    const upload = add(photo);
    await vi.waitFor(() => expect(problems[0]?.message).toContain('trash'));
    server.restore(server.assets[0]!.id);
    queue.retryFailed();
    expect((await upload).uploadOutcome).toBe('duplicate');
  });

  it('is restored when the user chose that', async () => {
    const { server, photo, add } = await trashed('restore');
    expect(await add(photo)).toMatchObject({ uploadOutcome: 'duplicate', isTrashed: false });
    expect(server.assets[0]?.isTrashed).toBe(false);
  });

  it('is reported alone when the key may not restore it', async () => {
    const { photo, add, queue, problems } = await trashed('restore', ['asset.upload']);
    void add(photo);
    await vi.waitFor(() => expect(problems[0]?.message).toContain('asset.delete'));
    expect(queue.state()).toMatchObject({ failed: 1, problem: null });
  });

  it('counts as uploaded when the user chose that', async () => {
    const { photo, add } = await trashed('accept');
    expect(await add(photo)).toMatchObject({ isTrashed: true });
  });
});

describe.each([
  ['read once', true],
  ['read in pieces', false],
])('a file that moves under its feet, %s', (_name, isReadOnce) => {
  it('goes back to waiting when it changed before or while it was sent, and goes up once it stands still', async () => {
    const server = await standIn();
    const [photo] = await photos(1);
    let isFirst = true;
    const beforeUpload = (path: string) => {
      if (isFirst) appendFileSync(path, ' and more');
      isFirst = false;
    };
    const uploaded = await queueFor(server, { isReadOnce, beforeUpload }).add(photo!);
    expect(uploaded.sha1).toBe(sha1Of('bytes of photo-0.jpg and more'));
    expect(server.assets.map(({ sha1 }) => sha1)).toEqual([uploaded.sha1]);
  });

  it('is not called uploaded when it changed between the upload and the proof', async () => {
    const server = await standIn();
    const [photo] = await photos(1);
    let isFirst = true;
    const afterUpload = (path: string) => {
      if (isFirst) appendFileSync(path, ' and more');
      isFirst = false;
    };
    const { add, settled } = queueFor(server, { isReadOnce, afterUpload });
    expect((await add(photo!)).sha1).toBe(sha1Of('bytes of photo-0.jpg and more'));
    expect(settled).toEqual([photo!.path]);
  });

  it('waits anew when it changed before its turn', async () => {
    const server = await standIn();
    const [photo] = await photos(1);
    appendFileSync(photo!.path, ' and more');
    const { add, settled } = queueFor(server, { isReadOnce });
    await add(photo!);
    expect(settled).toEqual([photo!.path]);
    expect(server.assets).toHaveLength(1);
  });

  it('is dropped with a note when it vanished before its turn or while it was sent', async () => {
    const server = await standIn();
    const [early, late] = await photos(2);
    rmSync(early!.path);
    const { add, queue } = queueFor(server, { isReadOnce, beforeUpload: (path) => rmSync(path) });
    await expect(add(early!)).rejects.toMatchObject({
      code: 'vanished',
      message: expect.stringContaining('photo-0'),
    });
    await expect(add(late!)).rejects.toMatchObject({ code: 'vanished' });
    expect(queue.state()).toMatchObject({ pending: 0, failed: 0 });
  });

  it('is uploaded once when several messages tell of it', async () => {
    const server = await standIn();
    const [photo] = await photos(1);
    const { add } = queueFor(server, { isReadOnce });
    const first = add(photo!);
    await expect(add(photo!)).rejects.toMatchObject({ code: 'superseded' });
    await first;
    expect(uploadsOf(server)).toHaveLength(1);
  });

  it('goes up in its newer version when that is told of while the older one waits', async () => {
    const server = await standIn();
    const { add, queue } = queueFor(server, { isReadOnce });
    queue.setPause(PAUSED);
    const [photo] = await photos(1);
    const older = add(photo!);
    writeFileSync(photo!.path, 'newer bytes');
    const newer = add(await stableRecord(photo!.path));
    await expect(older).rejects.toMatchObject({ code: 'superseded' });
    queue.setPause(NO_PAUSE);
    expect((await newer).sha1).toBe(sha1Of('newer bytes'));
  });
});

it('says once why a file is tried again', async () => {
  const server = await standIn();
  server.fail({ kind: 'answer', status: 500, times: 3, ...UPLOAD });
  const { add, delays, problems } = queueFor(server);
  await add((await photos(1))[0]!);
  expect(delays).toEqual([expect.stringContaining('its disk may be full')]);
  expect(problems).toEqual([]);
});

it('lets a file that alone breaks the connection wait alone', async () => {
  const server = await standIn();
  server.fail({ kind: 'reset', largerThanBytes: 10_000, afterBytes: 5_000, ...UPLOAD });
  const { add, queue, delays } = queueFor(server, { concurrency: 1 });
  const cursed = add(await stableFile(join(tempFolder(), 'cursed.jpg'), Buffer.alloc(20_000, 1)));
  await Promise.all((await photos(5)).map(add));
  await vi.waitFor(() => expect(delays).toEqual([expect.stringContaining('ended the connection')]));
  await vi.waitFor(() =>
    expect(queue.state()).toMatchObject({ pending: 1, totals: { files: 5 }, problem: null }),
  );
  void cursed;
});

it('finishes what has begun first, so that a rate limit lets the queue come forward', async () => {
  const server = await standIn();
  const { add } = queueFor(server, { concurrency: 1 });
  let uploads = 0;
  // Each proof is refused once, as by a limit of requests a second.
  const fault = () =>
    server.fail({ kind: 'answer', status: 503, times: 1, path: '/api/assets/bulk-upload-check' });
  const timer = setInterval(() => {
    if (uploadsOf(server).length > uploads) fault();
    uploads = uploadsOf(server).length;
  }, 1);
  onTestFinished(() => clearInterval(timer));
  await Promise.all((await photos(6)).map(add));
  expect(server.assets).toHaveLength(6);
  expect(uploadsOf(server)).toHaveLength(6);
});

it('tries a newer version though the older one that was under way failed', async () => {
  const server = await standIn();
  server.fail({ kind: 'answer', status: 413, times: 1, body: '<html>', ...UPLOAD });
  const [photo] = await photos(1);
  let newer: Promise<UploadedFile> | undefined;
  const beforeUpload = (path: string) => {
    if (newer !== undefined) return;
    newer = stableRecord(path).then((file) => add({ ...file, mtimeMs: file.mtimeMs + 1 }));
    newer.catch(() => undefined);
  };
  const { add, queue } = queueFor(server, { beforeUpload });
  const older = add(photo!);
  await expect(older).rejects.toMatchObject({ code: 'superseded' });
  await vi.waitFor(() => expect(queue.state()).toMatchObject({ failed: 0, totals: { files: 1 } }));
});

it('goes on with others beside a long upload that outlived the trouble', async () => {
  const server = await standIn({ readBytesPerSecond: 400_000 });
  const { add, queue } = queueFor(server, { stallMs: 5_000, answerMs: 20_000 });
  const long = add(await stableFile(join(tempFolder(), 'long.mp4'), Buffer.alloc(6_000_000, 1)));
  await vi.waitFor(() => expect(queue.state().percent).toBeGreaterThan(0));
  server.fail({ kind: 'answer', status: 502, times: 1, ...UPLOAD });
  await Promise.all((await photos(3)).map(add));
  expect(queue.state()).toMatchObject({ active: 1, totals: { files: 3 } });
  void long;
});

describe('what is counted', () => {
  const EVENING = new Date(2026, 10, 21, 23, 59, 50);

  it('goes on where it was before a restart', async () => {
    const server = await standIn();
    const [first, second] = await photos(2);
    const before = queueFor(server);
    await before.add(first!);
    const { add, queue } = queueFor(server, { start: { counts: before.queue.counts() } });
    const { addresses } = queue.state();
    expect(queue.state()).toEqual({ ...before.queue.state(), addresses, bytesPerSecond: 0 });
    await add(second!);
    await vi.waitFor(() =>
      expect(queue.state()).toMatchObject({
        totals: { files: 2, bytes: first!.sizeBytes + second!.sizeBytes, duplicates: 0 },
        today: { uploaded: 2, failed: 0 },
        lastFile: 'photo-1.jpg',
      }),
    );
  });

  it('begins anew at midnight, which is told though nothing happens', async () => {
    vi.useFakeTimers({ now: EVENING, toFake: ['Date', 'setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const today = { uploaded: 5, failed: 2, day: '2026-11-21', clockDay: '2026-11-21' };
    const totals = { files: 9, bytes: 900, duplicates: 1 };
    const counts = { totals, today, lastUploadAt: '2026-11-21T12:00:00.000Z', lastFile: 'a.jpg' };
    const { queue, changes } = queueFor(await standIn(), { start: { counts } });
    expect(queue.state().today).toEqual({ uploaded: 5, failed: 2 });
    vi.advanceTimersByTime(9_999);
    expect(changes.count).toBe(0);
    vi.advanceTimersByTime(2);
    expect(changes.count).toBe(1);
    expect(queue.state()).toMatchObject({ today: { uploaded: 0, failed: 0 }, totals, lastFile: 'a.jpg' });
    expect(queue.counts().today.day).toBe('2026-11-22');
  });

  it('as failed is each time that a person is told', async () => {
    const server = await standIn();
    server.fail({ kind: 'answer', status: 413, times: 2, ...UPLOAD, body: '<html>too large</html>' });
    const { add, queue, problems } = queueFor(server);
    const upload = add((await photos(1))[0]!);
    for (const failed of [1, 2]) {
      await vi.waitFor(() => expect(queue.state()).toMatchObject({ failed: 1, today: { failed } }));
      queue.retryFailed();
    }
    await upload;
    expect(queue.state()).toMatchObject({ failed: 0, today: { uploaded: 1, failed: 2 } });
    expect(problems).toHaveLength(2);
  });

  it('is a copy that nobody can spoil', async () => {
    const { queue } = queueFor(await standIn());
    Object.assign(queue.state().totals, { files: 99 });
    Object.assign(queue.state().today, { uploaded: 99 });
    expect(queue.state()).toMatchObject({ totals: { files: 0 }, today: { uploaded: 0 } });
  });
});

it('sends nothing at all when it begins paused', async () => {
  const server = await standIn();
  const { add, queue } = queueFor(server, { start: { pause: PAUSED } });
  const uploads = (await photos(3)).map(add);
  expect(queue.state()).toMatchObject({ state: 'paused', isPaused: true, pending: 3, active: 0 });
  expect(server.requests).toEqual([]);
  queue.setPause(NO_PAUSE);
  await Promise.all(uploads);
});

it('starts nothing while it is paused, and goes on where it was', async () => {
  const server = await standIn();
  const { add, queue } = queueFor(server);
  queue.setPause(PAUSED);
  const uploads = (await photos(3)).map(add);
  expect(queue.state()).toMatchObject({ state: 'paused', pending: 3, active: 0 });
  expect(server.requests).toEqual([]);
  queue.setPause(NO_PAUSE);
  await Promise.all(uploads);
});

it('tells which files are in hand, and gives all up at once when it ends', async () => {
  const server = await standIn({ readBytesPerSecond: 10_000 });
  const { add, queue, stop } = queueFor(server);
  const large = await stableFile(join(tempFolder(), 'large.mp4'), Buffer.alloc(3_000_000, 1));
  const upload = add(large);
  await vi.waitFor(() => expect(queue.state().percent).toBeGreaterThan(0));
  expect(queue.paths()).toEqual([large.path]);
  stop.abort(new Error('closing'));
  await expect(upload).rejects.toThrow('closing');
  expect(server.assets).toEqual([]);
});

describe('a server that wants rest', () => {
  const reason = new ImmichError('busy', 'Immich wants rest.');

  it('gets one file at a time, and all again when it had its rest', async () => {
    const server = await standIn({ readBytesPerSecond: 20_000 });
    const { add, queue } = queueFor(server, { concurrency: 4 });
    queue.press({ mode: 'slow', reason });
    const uploads = (await photos(6)).map(add);
    await uploads[0];
    expect(queue.state()).toMatchObject({ state: 'uploading', active: 1, concurrency: 4, problem: null });
    expect(uploadsOf(server).length).toBeLessThanOrEqual(2);
    queue.press(undefined);
    expect(queue.state().active).toBeGreaterThan(1);
    await Promise.all(uploads);
  });

  it('gets nothing that has not begun while it is held, and then all', async () => {
    const server = await standIn();
    const { add, queue } = queueFor(server);
    queue.press({ mode: 'hold', reason });
    const uploads = (await photos(3)).map(add);
    expect(queue.state()).toMatchObject({
      state: 'backoff',
      pending: 3,
      active: 0,
      problem: { kind: 'busy', message: 'Immich wants rest.' },
    });
    queue.setConcurrency(8);
    expect(queue.state().active).toBe(0);
    expect(server.requests).toEqual([]);
    queue.press(undefined);
    await Promise.all(uploads);
    expect(queue.state()).toMatchObject({ state: 'idle', problem: null, concurrency: 8 });
  });
});

it('sends waiting files in the order of its settings', async () => {
  const server = await standIn();
  const folder = tempFolder();
  // Each of them takes a whole place: small ones are in work together, and sent as they were hashed.
  const sizes = [7, 5, 6].map((megabytes) => megabytes * 1024 * 1024);
  const files = await Promise.all(
    sizes.map((size) => stableFile(join(folder, `${size}.jpg`), Buffer.alloc(size, `${size}`))),
  );
  const { add, queue } = queueFor(server, { start: { pause: PAUSED, order: 'small' } });
  queue.setConcurrency(1);
  server.fail({ kind: 'delay', delayMs: 20, ...UPLOAD });
  const done: string[] = [];
  const uploads = files.map((file) => add(file).then(({ path }) => done.push(basename(path))));
  queue.setPause(NO_PAUSE);
  await Promise.all(uploads);
  expect(uploadsOf(server)).toHaveLength(3);
  expect(server.assets.map(({ sizeBytes }) => sizeBytes)).toEqual(sizes.toSorted((a, b) => a - b));
});

describe('files that are too large for the address in use', () => {
  const HOUR_MS = 3_600_000;

  /** A queue away from home: the inner address is down, the outer one lets through 5,000 bytes. */
  async function awayFromHome(sizes: readonly number[]) {
    const [inner, outer] = [await standIn({ apiKey: 'k' }), await standIn({ apiKey: 'k' })];
    await inner.goDown();
    const lift = outer.fail({ kind: 'answer', status: 413, path: '/api/assets', largerThanBytes: 5_000 });
    const clock = { ms: 0 };
    const asked = { count: 0 };
    const world = queueFor(outer, {
      baseUrl: `${inner.url}/api`,
      otherBaseUrls: [`${outer.url}/api`],
      now: () => {
        asked.count += 1;
        return clock.ms;
      },
    });
    const folder = tempFolder();
    const small = await stableFile(join(folder, 'small.jpg'), 'small');
    const large = await Promise.all(
      sizes.map((size) => stableFile(join(folder, `${size}.mp4`), 'x'.repeat(size))),
    );
    const ends = large.map(world.add);
    await world.add(small);
    const isHeld = (count: number) =>
      vi.waitFor(() =>
        expect(world.queue.state()).toMatchObject({ waitingForAddress: count, pending: count, active: 0 }),
      );
    await isHeld(sizes.length);
    /** Some rounds of looking, all of them within the same moment. */
    const rounds = async () => {
      const before = asked.count;
      await vi.waitFor(() => expect(asked.count).toBeGreaterThan(before + 20));
    };
    return { ...world, inner, outer, lift, clock, large, ends, isHeld, rounds };
  }

  it('wait without a request, and are counted, with the limits that were learned', async () => {
    const { queue, outer, rounds, problems, delays } = await awayFromHome([9_000, 9_500]);
    const before = outer.requests.length;
    await rounds();
    expect(outer.requests).toHaveLength(before);
    const { addresses, ...state } = queue.state();
    expect(state).toMatchObject({ state: 'backoff', failed: 0, problem: null });
    expect(addresses).toMatchObject([
      { isInUse: false, isThere: false, problem: 'offline', acceptedBytes: null, refusedBytes: null },
      { url: outer.url, isInUse: true, isThere: true, problem: null },
    ]);
    expect(addresses[1]?.acceptedBytes).toBeLessThan(5_000);
    expect(addresses[1]?.refusedBytes).toBeGreaterThan(9_000);
    expect(problems).toEqual([]);
    expect(new Set(delays).size).toBe(1);
  });

  it('go out as soon as a look finds another address, and none before a minute is over', async () => {
    const { inner, ends, clock, rounds, isHeld } = await awayFromHome([9_000, 9_500]);
    await inner.comeUp();
    await rounds();
    await isHeld(2);
    expect(inner.requests).toEqual([]);
    clock.ms += 60_000;
    await Promise.all(ends);
    expect(inner.assets).toHaveLength(2);
  });

  it('are tried by the smallest of them alone when the limit is an hour old', async () => {
    const { outer, clock, rounds, isHeld, ends, lift } = await awayFromHome([9_500, 9_000, 9_900]);
    const sent = () => uploadsOf(outer).length;
    const before = sent();
    clock.ms += HOUR_MS;
    await vi.waitFor(() => expect(sent()).toBe(before + 1));
    await isHeld(3);
    await rounds();
    expect(sent()).toBe(before + 1);
    lift();
    clock.ms += HOUR_MS;
    await Promise.all(ends);
    const [first] = outer.assets.slice(1);
    expect(first?.fileName).toBe('9000.mp4');
    expect(outer.assets).toHaveLength(4);
  });

  it('are let go when they vanish, change or come anew', async () => {
    const { queue, add, large, ends, isHeld, settled } = await awayFromHome([9_000, 9_500, 9_900]);
    const [gone, changed, newer] = large;
    rmSync(gone!.path);
    writeFileSync(changed!.path, 'now a small one');
    expect((await ends[1])?.sizeBytes).toBe(15);
    await expect(ends[0]).rejects.toMatchObject({ code: 'vanished' });
    expect(settled).toEqual([changed!.path]);
    void add({ ...newer!, mtimeMs: newer!.mtimeMs - 1 });
    await expect(ends[2]).rejects.toMatchObject({ code: 'superseded' });
    await isHeld(1);
    expect(queue.paths()).toEqual([newer!.path]);
  });
});
